/** One message on the page, and the run that writes it. */
import { messages as api } from '../api/client';
import type { Feedback, Image, Message, Part } from '../api/types';
import { newKey } from '../api/call';
import { Run, storedRun } from '../run/run.svelte';

export class Entry {
  /** Stays while the message gets its id from the server, and with it the elements on the page. */
  readonly key = newKey();
  message = $state.raw() as Message;
  run = $state.raw<Run | null>(null);
  /** Not at the server yet. */
  sending = $state(false);

  constructor(readonly conversation: string, message: Message, sending = false) {
    this.message = message;
    this.sending = sending;
    this.#watch();
  }

  get id() { return this.message.id; }
  get #texts() { return this.message.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])); }
  /** What the person wrote, or all that an agent said. */
  get text() { return this.message.speaker === 'person' ? (this.#texts[0] ?? '') : this.#texts.join('\n\n'); }
  /** What views of tool servers had to say beside it, each under a label. */
  get context() { return this.message.speaker === 'person' ? this.#texts.slice(1) : []; }
  get images() { return this.message.parts.filter((part) => part.kind === 'image'); }

  /** The server's word on the same message. */
  adopt(message: Message) {
    this.message = message;
    this.sending = false;
    this.#watch();
  }

  setFeedback(feedback: Feedback | null) { this.message = { ...this.message, feedback }; }

  leave() { this.run?.stop(); }

  #watch() {
    const stored = storedRun(this.message);
    if (!stored) return;
    if (this.run?.id === stored.id) { this.run.catchUp(stored); return; }
    this.run?.stop();
    this.run = new Run(stored, async () => {
      const { items } = await api.list(this.conversation, { around: this.id, limit: 2 });
      const now = items.find((item) => item.id === this.id);
      return now && storedRun(now);
    });
  }
}

const bare = (id: string, parent: string | null, speaker: Message['speaker'], parts: Part[]): Message =>
  ({ id, parent_id: parent, speaker, created_at: new Date().toISOString(), siblings: [id], parts, run: null, events: [], feedback: null });

/** What a person has just written, before the server has it. */
export const asked = (conversation: string, parent: string | null, text: string, images: readonly Image[]) =>
  new Entry(conversation, bare(`local-${newKey()}`, parent, 'person', [...images.map((image) => ({ kind: 'image' as const, ...image })), { kind: 'text' as const, text }]), true);

/** The reply that a run has been started for. */
export const replying = (conversation: string, id: string, parent: string, run: string) =>
  new Entry(conversation, { ...bare(id, parent, 'agent', []), run: { id: run, state: 'queued', seq: 0 } });
