/** A conversation that is open: a window of its messages, and what can be done to it. */
import { conversations as api, messages, runs, type ConversationFields } from '../api/client';
import { newKey, Problem } from '../api/call';
import type { Conversation, Image, Message, Notice, ViewContext } from '../api/types';
import { topics } from '../live/topics';
import type { Around } from '../run/app-host.svelte';
import { asks, isOver, type Call } from '../run/run-view';
import type { Run } from '../run/run.svelte';
import { session } from '../session.svelte';
import * as drafts from './draft';
import { asked, Entry, replying } from './entry.svelte';

export type Phase = 'new' | 'loading' | 'ready' | 'failed' | 'gone';
/** Makes a change to the messages without moving those that are looked at. */
export type Move = (change: () => void) => Promise<void>;
/** Messages asked for at once, and mounted at most: what is mounted decides how fast the page is. */
const PAGE = 40, WINDOW = 200;
/** So many views may say something with one message. */
const VIEWS = 4;

const isGone = (err: unknown) => err instanceof Problem && err.status === 404;

export class Chat {
  id = $state<string | null>(null);
  phase = $state<Phase>('new');
  problem = $state.raw<unknown>(null);
  conversation = $state.raw<Conversation | null>(null);
  entries = $state.raw<readonly Entry[]>([]);
  hasOlder = $state(false);
  /** The window was opened in the middle and does not reach the end. */
  hasNewer = $state(false);
  /** What a conversation that is not there yet will be made with. */
  wishes = $state.raw<ConversationFields>({});
  /** Called when the first message made the conversation. */
  oncreated: (id: string) => void = () => {};
  /** Called when the person has said something: a reply is to come at the end. */
  onsaid: () => void = () => {};
  #busy = false;
  #sending = 0;
  /** How many messages were sent from here; a page of messages that was asked for before the newest of them is stale. */
  #said = 0;
  #stale = false;
  #leave: (() => void) | undefined;

  constructor(id: string | null) { this.id = id; }

  /** What views want the agent to know with the next message. */
  context = $state.raw<readonly (ViewContext & { server: string })[]>([]);

  /** What the view of a call is lent by this conversation. */
  around(run: string, call: Call): Around {
    const others = () => this.context.filter((it) => it.run !== run || it.call !== call.id);
    return {
      say: async (text) => { if (this.active) throw new Error('an answer is under way'); await this.send(text); },
      know: (text) => { this.context = [...others(), ...(text === null ? [] : [{ run, call: call.id, text, server: call.view?.server ?? '' }])].slice(-VIEWS); },
    };
  }

  /** The run that has not come to its end, if there is one. */
  get active(): Run | undefined { return this.entries.findLast((entry) => entry.run && !isOver(entry.run.view.state))?.run ?? undefined; }
  get newest(): Run | undefined { return this.entries.findLast((entry) => entry.run)?.run ?? undefined; }
  get asks() { return this.entries.flatMap((entry) => (entry.run ? asks(entry.run.view) : [])); }
  get model() { return this.conversation ? this.conversation.model : (this.wishes.model ?? null); }
  get tools() { return this.conversation ? this.conversation.tools : (this.wishes.tools ?? null); }
  get toolsLocked() { return this.conversation?.tools_locked ?? false; }

  /** Opens the end of the conversation, or a window `around` a message. */
  async open(around?: string) {
    const { id } = this;
    if (!id) return;
    this.phase = 'loading';
    try {
      this.#follow(id);
      const [conversation, page] = await Promise.all([api.get(id), messages.list(id, { limit: PAGE, ...(around && { around }) })]);
      this.conversation = conversation;
      this.#replace(page.items);
      this.hasOlder = page.has_more;
      this.hasNewer = around !== undefined && page.items.at(-1)?.id !== around;
      this.phase = 'ready';
      if (this.hasNewer) await this.newer();
    } catch (err) {
      if (isGone(err)) { this.#gone(); return; }
      this.problem = err;
      this.phase = 'failed';
    }
  }

  close() {
    this.#leave?.();
    this.#leave = undefined;
    for (const entry of this.entries) entry.leave();
  }

  /** Somebody deleted the conversation, here or elsewhere: nothing of it stays on the page. */
  #gone() {
    this.close();
    this.entries = [];
    this.conversation = null;
    this.hasOlder = this.hasNewer = false;
    if (this.id) { drafts.store(this.id, ''); drafts.remember(this.id, null); }
    this.phase = 'gone';
  }

  async older(move: Move) {
    const first = this.entries[0];
    if (!this.id || !first || !this.hasOlder || this.#busy) return;
    this.#busy = true;
    try {
      const page = await messages.list(this.id, { before: first.id, limit: PAGE });
      const known = new Set(this.entries.map((entry) => entry.id)), more = page.items.filter((item) => !known.has(item.id));
      const all = [...more.map((item) => this.#entry(item)), ...this.entries];
      for (const entry of all.slice(WINDOW)) entry.leave();
      this.hasNewer ||= all.length > WINDOW;
      this.hasOlder = page.has_more;
      await move(() => { this.entries = all.slice(0, WINDOW); });
    } finally { this.#busy = false; }
  }

  async newer(move: Move = async (change) => change()) {
    const last = this.entries.at(-1);
    if (!this.id || !last || !this.hasNewer || this.#busy) return;
    this.#busy = true;
    try {
      const page = await messages.list(this.id, { around: last.id, limit: PAGE });
      const more = page.items.slice(page.items.findIndex((item) => item.id === last.id) + 1);
      const all = [...this.entries, ...more.map((item) => this.#entry(item))];
      this.hasOlder ||= all.length > WINDOW;
      for (const entry of all.slice(0, -WINDOW)) entry.leave();
      this.hasNewer = more.length > 0;
      await move(() => { this.entries = all.slice(-WINDOW); });
    } finally { this.#busy = false; }
  }

  /** The newest page as the server has it: another branch, another window of this tab, or the end of the conversation. */
  async refresh(): Promise<void> {
    if (!this.id) return;
    const said = this.#said;
    const [conversation, page] = await Promise.all([api.get(this.id), messages.list(this.id, { limit: PAGE })]);
    if (this.#sending) { this.#stale = true; return; }
    if (said !== this.#said) return this.refresh();
    this.conversation = conversation;
    const overlap = this.entries.findIndex((entry) => entry.id === page.items[0]?.id);
    const before = overlap > 0 ? this.entries.slice(0, overlap) : [];
    this.#replace(page.items, before);
    if (!before.length) this.hasOlder = page.has_more;
    this.hasNewer = false;
  }

  /**
   * Sends a message; the conversation is made first if it is not there. Rejects when the server refuses or does not answer: text and `attempt` are then the
   * caller's to keep. What is attempted again is not said twice.
   */
  async send(text: string, images: readonly Image[] = [], attempt: drafts.Attempt = { key: newKey(), print: '' }) {
    const before = attempt.after, known = this.context;
    if (this.hasNewer || before !== undefined) await this.refresh();
    const id = this.id ?? await this.#create(attempt.key);
    const is = ({ message, text: said }: Entry) => message.speaker === 'person' && message.parent_id === before && said === text;
    const arrived = before !== undefined && this.entries.some(is), parent = arrived ? before : (this.entries.at(-1)?.id ?? null);
    // Somebody else spoke in between, and this was not heard: it follows what they said, which makes it another request.
    if (before !== undefined && before !== parent) attempt.key = newKey();
    attempt.after = parent;
    const entry = asked(id, parent, text, images);
    if (!arrived) this.entries = [...this.entries, entry];
    this.phase = 'ready';
    this.onsaid();
    this.#sending++;
    try {
      const { question_id, answer_id, run_id } = await messages.send(id, { text, ...(images.length && { images: [...images] }), ...(parent && { parent_id: parent }), ...(text && known.length && { context: known.map(({ run, call, text: said }) => ({ run, call, text: said })) }) }, attempt.key);
      this.context = this.context.filter((it) => !known.includes(it));
      if (!arrived) {
        entry.adopt({ ...entry.message, id: question_id, siblings: [question_id] });
        this.entries = [...this.entries, replying(id, answer_id, question_id, run_id)];
      }
      if (this.conversation) this.conversation = { ...this.conversation, tools_locked: true };
    } catch (err) {
      this.entries = this.entries.filter((it) => it !== entry);
      throw err;
    } finally {
      this.#sending--;
      this.#said++;
      if (this.#stale && !this.#sending) { this.#stale = false; void this.refresh().catch(() => {}); }
    }
  }

  async edit(entry: Entry, text: string, rerun: boolean) { await messages.edit(this.#id, entry.id, { text, rerun }); await this.refresh(); if (rerun) this.onsaid(); }
  async regenerate(entry: Entry, model?: string) { await messages.regenerate(this.#id, entry.id, model === undefined ? {} : { model }); await this.refresh(); this.onsaid(); }
  async show(sibling: string) { await messages.show(this.#id, sibling); await this.refresh(); }
  async continue(run: Run) { await runs.continue(run.id); run.follow(); }
  fork(entry: Entry) { return api.fork(this.#id, entry.id); }

  /** Changes what the conversation is called, or which model and tools it has. */
  async change(fields: ConversationFields) {
    if (!this.id) { this.wishes = { ...this.wishes, ...fields }; return; }
    this.conversation = await api.change(this.id, fields);
  }

  async rate(entry: Entry, rating: 'up' | 'down' | null, comment = '') {
    const before = entry.message.feedback;
    entry.setFeedback(rating && { rating, comment });
    try {
      if (rating) await messages.rate(this.#id, entry.id, { rating, comment });
      else await messages.unrate(this.#id, entry.id);
    } catch (err) { entry.setFeedback(before); throw err; }
  }

  get #id() { return this.id ?? ''; }

  async #create(key: string): Promise<string> {
    const conversation = await api.create(this.wishes, key);
    this.conversation = conversation;
    this.#follow(conversation.id);
    this.id = conversation.id;
    this.oncreated(conversation.id);
    return conversation.id;
  }

  #entry(item: Message) { return this.entries.find((entry) => entry.id === item.id) ?? new Entry(this.#id, item); }

  /** Messages that were there keep their entry, and so their place, their selection and their stream. */
  #replace(items: readonly Message[], before: readonly Entry[] = []) {
    const known = new Map(this.entries.map((entry) => [entry.id, entry])), kept = new Set<Entry>(before);
    const now = items.map((item) => {
      const old = known.get(item.id);
      if (!old) return new Entry(this.#id, item);
      old.adopt(item);
      kept.add(old);
      return old;
    });
    for (const entry of this.entries) if (!kept.has(entry)) entry.leave();
    this.entries = [...before, ...now].slice(-WINDOW);
  }

  #follow(id: string) {
    this.#leave ??= session.live?.follow<Notice & { topic: string }>(topics.chat(id), null, {
      on: (event) => this.#hear(event),
      reset: async (seq) => {
        try { if (this.phase === 'ready' && !this.hasNewer) await this.refresh(); } catch (err) {
          if (!isGone(err)) throw err;
          this.#gone();
        }
        return seq;
      },
      lost: () => { if (this.phase === 'ready') this.#gone(); },
    });
  }

  #hear(event: Notice) {
    if (event.type === 'conversation.updated' && this.conversation) {
      this.conversation = { ...this.conversation, title: event.title, pinned: event.pinned, archived: event.archived };
    } else if (event.type === 'conversation.deleted') this.#gone();
    else if (event.type === 'message.added' && !this.#sending && !this.hasNewer && this.phase === 'ready') void this.#look(event.message_id);
  }

  /** Somebody (another tab, another device) added a message. */
  async #look(message: string) {
    await new Promise((done) => setTimeout(done, 50));          // the answer to our own request may be on its way
    if (!this.entries.some((entry) => entry.id === message)) await this.refresh().catch(() => {});
  }
}
