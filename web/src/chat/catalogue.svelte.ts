/** The models and tools there are, asked for once and again on demand. */
import { models, tools } from '../api/client';
import type { Model, Models, Tool } from '../api/types';

class Catalogue {
  models = $state.raw<Models | null>(null);
  tools = $state.raw<readonly Tool[] | null>(null);
  checking = $state(false);

  async load() {
    await Promise.all([
      models.list().then((it) => { this.models = it; }),
      tools.list().then((it) => { this.tools = it.items; }),
    ]);
  }

  /** Asks every model, or one, whether it answers. */
  async check(name?: string) {
    this.checking = true;
    try { this.models = await models.check(name); } finally { this.checking = false; }
  }

  /** The model a conversation that names `name` (or none) gets. */
  model(name: string | null): Model | undefined {
    const wanted = name ?? this.models?.default;
    return this.models?.items.find((it) => it.name === wanted);
  }
  tool(name: string): Tool | undefined { return this.tools?.find((it) => it.name === name); }
}

export const catalogue = new Catalogue();
