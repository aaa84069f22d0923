/** How tool servers that are programs run here: administrators are told why they do not, and which of them need the web. */
import { toolServers as api } from '../api/client';
import type { ToolPrograms } from '../api/types';
import { session } from '../session.svelte';

class Programs {
  #last = $state.raw<ToolPrograms | null>(null);

  /** Nothing of it is for whoever sits here after an administrator. */
  get #told() { return session.me?.role === 'admin' ? this.#last : null; }
  get state() { return this.#told?.state ?? session.programs; }
  get reason() { return this.#told?.reason ?? null; }
  get fetchers(): readonly string[] { return this.#told?.fetchers ?? []; }

  /** Asks the server. What it said before stays until there is something newer. */
  async load() { this.#last = await api.programs().catch(() => this.#last); }
}

export const programs = new Programs();
