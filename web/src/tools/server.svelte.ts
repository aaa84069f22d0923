/** A tool server whose page is open: how it is, what waits to be allowed, and what is done to it. */
import { Problem, toolServers as api } from '../api/client';
import type { DecideTool, ToolServerDetail, ToolServerFields } from '../api/types';
import { catalogue } from '../chat/catalogue.svelte';
import { toasts } from '../design/toasts.svelte';
import { t } from '../i18n/t';
import { approvals, hold, release, type Held } from './seen';
import { stateOf } from './state';
import { Watched } from './watched.svelte';

export class ServerPage {
  readonly watched: Watched<ToolServerDetail>;
  /** As they were first shown. */
  held = $state.raw<readonly Held[]>([]);
  /** Something is done that takes a while. */
  busy = $state(false);
  /** What came of it, for those who do not see it. */
  said = $state('');

  constructor(readonly id: string) { this.watched = new Watched(() => api.get(id)); }

  get detail() { return this.watched.value; }
  /** It is not there, or not theirs. */
  get gone() { return this.watched.problem instanceof Problem && this.watched.problem.status === 404; }

  async load() {
    await this.watched.load();
    this.#hold();
  }

  /** Looks at it now, or starts it afresh. */
  async look(what: 'probe' | 'restart') {
    if (this.busy) return;
    this.busy = true;
    try {
      const detail = await api[what](this.id);
      this.#put(detail);
      this.said = t.tools.looked(detail.server.title, stateOf(detail.server).word);
    } catch (err) { toasts.fail(err); } finally { this.busy = false; }
  }

  /** Something was done elsewhere, and this is how it is now. */
  changed(detail: ToolServerDetail) { this.#put(detail); this.#tellChat(); }

  /** Refusals are the form's to tell. */
  async change(fields: ToolServerFields) { this.#put(await api.change(this.id, fields)); this.#tellChat(); }

  /** It was moved to a newer version. */
  moved(detail: ToolServerDetail) {
    this.#put(detail);
    this.#tellChat();
    toasts.show(t.tools.market.moved(detail.server.title, detail.server.origin?.version ?? ''), { tone: 'done' });
  }

  /** Allows exactly what was shown. */
  async allow(held: readonly Held[]) {
    const wanted = approvals(held), words = t.tools.tool;
    if (wanted.length && await this.#decide(wanted)) toasts.show(words.allowed(wanted.length, wanted[0]!.tool), { tone: 'done' });
  }
  async offer(tool: string, enabled: boolean) {
    if (await this.#decide([{ tool, enabled }])) toasts.show(t.tools.tool.switched(tool, enabled), { tone: 'done' });
  }
  /** Shows a tool that changed while it was looked at as it is now. */
  show(tool: string) { this.held = release(this.held, tool, this.detail?.tools ?? []); }

  async #decide(decisions: DecideTool[]): Promise<boolean> {
    try {
      this.#put(await api.decide(this.id, decisions));
      this.#tellChat();
      return true;
    } catch (err) {
      toasts.fail(err);
      // Somebody, or the server, was faster: see how it is now.
      await this.load();
      return false;
    }
  }

  #put(detail: ToolServerDetail) { this.watched.put(detail); this.#hold(); }
  #hold() { this.held = hold(this.held, this.detail?.tools ?? []); }
  /** The chat offers other tools now; that they could not be asked for is told there. */
  #tellChat() { catalogue.load().catch(() => {}); }
}
