/** The conversations of the sidebar: paged, live. */
import { conversations as api, type ConversationFields } from '../api/client';
import type { Conversation, Notice, RunState } from '../api/types';
import type { State } from '../design/Mark.svelte';
import { topics } from '../live/topics';
import { session } from '../session.svelte';

const PAGE = 40;

class Conversations {
  items = $state.raw<readonly Conversation[]>([]);
  phase = $state<'loading' | 'ready' | 'failed'>('loading');
  archived = $state(false);
  hasMore = $state(false);
  problem = $state.raw<unknown>(null);
  /** Finished while something else was looked at. */
  unseen = $state.raw<ReadonlySet<string>>(new Set());
  /** The conversation that is looked at. */
  open: string | null = null;
  #next: string | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** Loads the list and keeps it up to date; returns how to stop. */
  start(): () => void {
    this.items = [];
    this.phase = 'loading';
    this.load().catch(() => {});
    const me = session.me?.id;
    return (me && session.live?.follow<Notice & { topic: string }>(topics.user(me), null, {
      on: (event) => this.#hear(event),
      reset: async (seq) => { await this.load(); return seq; },
    })) || (() => {});
  }

  async load() {
    const { archived } = this;
    try {
      const page = await api.list({ archived, limit: Math.max(PAGE, Math.min(100, this.items.length)) });
      if (archived !== this.archived) return;
      this.items = page.items;
      this.#next = page.next;
      this.hasMore = page.next !== null;
      this.phase = 'ready';
    } catch (err) {
      this.problem = err;
      if (this.phase === 'loading') this.phase = 'failed';
      throw err;
    }
  }

  async more() {
    if (!this.#next) return;
    const page = await api.list({ archived: this.archived, cursor: this.#next, limit: PAGE });
    const known = new Set(this.items.map((it) => it.id));
    this.items = [...this.items, ...page.items.filter((it) => !known.has(it.id))];
    this.#next = page.next;
    this.hasMore = page.next !== null;
  }

  setArchived(archived: boolean) {
    this.archived = archived;
    this.items = [];
    this.phase = 'loading';
    this.load().catch(() => {});
  }

  async change(id: string, fields: ConversationFields) {
    this.#put(await api.change(id, fields));
  }

  async delete(id: string) {
    await api.delete(id);
    this.items = this.items.filter((it) => it.id !== id);
  }

  see(id: string | null) {
    this.open = id;
    if (id && this.unseen.has(id)) this.unseen = new Set([...this.unseen].filter((it) => it !== id));
  }

  mark({ id, state }: Conversation): State | null {
    if (state === 'finished') return this.unseen.has(id) ? 'done' : null;
    return state && MARKS[state];
  }

  #put(conversation: Conversation) {
    const rest = this.items.filter((it) => it.id !== conversation.id);
    this.items = conversation.archived === this.archived ? sorted([...rest, conversation]) : rest;
  }

  #hear(event: Notice) {
    switch (event.type) {
      case 'conversation.updated': {
        const { conversation_id: id, title, pinned, archived } = event, old = this.items.find((it) => it.id === id);
        if (old) this.#put({ ...old, title, pinned, archived });
        else this.#loadSoon();
        return;
      }
      case 'conversation.deleted': this.items = this.items.filter((it) => it.id !== event.conversation_id); return;
      case 'message.added': return this.#touch(event.conversation_id, {});
      case 'run.changed': {
        if (event.state === 'finished' && event.conversation_id !== this.open) this.unseen = new Set([...this.unseen, event.conversation_id]);
        return this.#touch(event.conversation_id, { state: event.state });
      }
      case 'task.updated': case 'task.deleted': return;
    }
  }

  #touch(id: string, change: { state?: RunState }) {
    const old = this.items.find((it) => it.id === id);
    if (old) this.#put({ ...old, ...change, updated_at: new Date().toISOString() });
    else this.#loadSoon();
  }

  /** Several pieces of news about something unknown make one request. */
  #loadSoon() {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => void this.load().catch(() => {}), 150);
  }
}

const MARKS: Record<Exclude<RunState, 'finished'>, State | null> = { queued: 'live', running: 'live', parked: 'ask', cancelled: null, exhausted: 'fail', incomplete: 'fail', failed: 'fail' };

const sorted = (items: Conversation[]) => items.sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updated_at.localeCompare(a.updated_at));

export const conversations = new Conversations();
