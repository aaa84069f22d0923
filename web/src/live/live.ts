/**
 * One connection for every live topic of this tab. Each event carries its topic's number, so a lost
 * line loses nothing: whoever listens gets every event once, in order, or is told to start afresh.
 */
import type { Connect, Frame, Link, LiveEvent } from './link';
import { socketLink } from './socket';
import { streamLink } from './stream';

export type { LiveEvent } from './link';
export type Status = 'connecting' | 'open' | 'waiting';

export interface Listener<E extends LiveEvent = LiveEvent> {
  on(event: E): void;
  /** The log was compacted, or something may have been missed: fetch the state anew and give the number it stands at. `seq` is the newest number of the topic, if that is known; giving `null` goes on from now. */
  reset(seq: number | null): Promise<number | null> | number | null;
  /** The topic cannot be followed (any more). */
  lost?(code: string): void;
}

/** Milliseconds: silence that ends a connection, bounds of the back-off, pause between two questions about one hole, how long server-sent events do before the socket gets another chance. */
const SILENCE = 45_000, SHORTEST = 500, LONGEST = 15_000, HOLE = 250, SOCKET_AGAIN = 120_000;
/** Milliseconds after which something that was unavailable is asked for again, more or less. */
const LATER = 2_000;
/** Further than any log goes: the server answers with a reset that tells how far it does go. */
const FROM_NOW = Number.MAX_SAFE_INTEGER;
/** So many sockets that never opened mean that there is no way for them. */
const HOPELESS = 2;

interface Ear {
  listener: Listener;
  seq: number | null;
  /** Between a reset and the state that was fetched for it. */
  busy: boolean;
  /** Where a hole was that has been asked for. */
  hole: number | null;
}

export class Live {
  onstatus: (status: Status) => void = () => {};
  #topics = new Map<string, Set<Ear>>();
  #asked = new Map<string, ReturnType<typeof setTimeout>>();
  #link: Link | undefined;
  #open = false;
  #well = false;
  #closed = false;
  #attempt = 0;
  #failures = 0;
  #heard = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setInterval> | undefined;
  #socketAgain: ReturnType<typeof setTimeout> | undefined;

  constructor(private socketAllowed = true, private socket: Connect = socketLink(), private stream: Connect = streamLink()) {
    addEventListener('online', this.#wake);
    document.addEventListener('visibilitychange', this.#wake);
    this.#watchdog = setInterval(() => { if (this.#link && performance.now() - this.#heard > SILENCE) this.#lose(); }, 5_000);
    this.#connect();
  }

  /** Tells `listener` every event of `topic` after number `after` (`null`: from now on). Returns how to stop. */
  follow<E extends LiveEvent>(topic: string, after: number | null, listener: Listener<E>): () => void {
    const ear: Ear = { listener: listener as unknown as Listener, seq: after, busy: false, hole: null };
    const ears = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, ears.add(ear));
    if (this.#open) this.#ask(topic);
    return () => {
      if (!ears.delete(ear) || ears.size) return;
      this.#topics.delete(topic);
      if (this.#open) this.#link?.leave(topic);
    };
  }

  close() {
    this.#closed = true;
    removeEventListener('online', this.#wake);
    document.removeEventListener('visibilitychange', this.#wake);
    clearInterval(this.#watchdog);
    for (const timer of [this.#timer, this.#socketAgain, ...this.#asked.values()]) clearTimeout(timer);
    this.#drop();
  }

  #connect() {
    if (this.#link || this.#closed) return;
    clearTimeout(this.#timer);
    this.onstatus('connecting');
    const bySocket = this.socketAllowed && this.#failures < HOPELESS;
    this.#heard = performance.now();
    this.#link = (bySocket ? this.socket : this.stream)({
      opened: () => this.#opened(bySocket),
      heard: () => this.#hear(),
      frame: (frame) => this.#receive(frame),
      closed: () => {
        if (bySocket && !this.#open) this.#failures++;
        // Nothing came this way either: it is the server that is away, not the socket.
        else if (!bySocket && !this.#well) this.#failures = 0;
        this.#lose();
      },
    });
  }

  #opened(bySocket: boolean) {
    this.#open = true;
    if (bySocket) { this.#failures = 0; this.#hear(); }
    else if (this.socketAllowed) this.#socketAgain = setTimeout(() => { this.#failures = HOPELESS - 1; this.#lose(0); }, SOCKET_AGAIN);
    for (const topic of this.#topics.keys()) this.#ask(topic);
  }

  /** A sign of life. Only that makes a connection a good one: a stream has no moment at which it opens. */
  #hear() {
    this.#heard = performance.now();
    this.#attempt = 0;
    if (this.#well) return;
    this.#well = true;
    this.onstatus('open');
  }

  #lose(wait?: number) { this.#drop(); this.#later(wait); }

  #drop() {
    clearTimeout(this.#socketAgain);
    this.#open = this.#well = false;
    this.#link?.close();
    this.#link = undefined;
  }

  /** Full jitter: the wait is anything up to a bound that doubles. */
  #later(wait = Math.random() * Math.min(LONGEST, SHORTEST * 2 ** this.#attempt++)) {
    if (this.#closed) return;
    this.onstatus('waiting');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #wake = () => {
    if (document.hidden) return;
    if (this.#link && performance.now() - this.#heard > SILENCE / 2) this.#drop();
    if (this.#link) return;
    this.#attempt = 0;
    this.#connect();
  };

  /** A question replaces the one before it, so it has to serve everybody: who has no number yet gets one only from a reset. */
  #ask(topic: string) {
    const waiting = [...(this.#topics.get(topic) ?? [])].filter((ear) => !ear.busy).map((ear) => ear.seq);
    const numbers = waiting.filter((seq) => seq !== null);
    this.#link?.follow(topic, numbers.length && numbers.length === waiting.length ? Math.min(...numbers) : FROM_NOW);
  }

  #receive(frame: Frame) {
    if (!('op' in frame)) return this.#event(frame);
    switch (frame.op) {
      case 'ping': return;
      case 'reset': for (const ear of this.#topics.get(frame.topic) ?? []) void this.#reset(frame.topic, ear, frame.seq); return;
      // Not now, which says nothing about the topic.
      case 'error': return frame.code === 'unavailable' ? this.#lose(LATER * (0.5 + Math.random())) : this.#refused(frame.topic, frame.code);
      case 'server-stopping': return this.#lose(frame.retry_ms * (0.5 + Math.random()));
    }
  }

  #event(event: LiveEvent) {
    const waits = this.#asked.has(event.topic);
    let hole = false;
    for (const ear of this.#topics.get(event.topic) ?? []) {
      if (ear.busy || ear.seq === null || event.seq <= ear.seq) continue;
      if (event.seq === ear.seq + 1) {
        ear.seq = event.seq;
        ear.hole = null;
        ear.listener.on(event);
      } else if (waits) continue;
      // Asked for, and still not there: the log of a run that is long over keeps only what tells.
      else if (ear.hole === ear.seq) void this.#reset(event.topic, ear, null);
      else { ear.hole = ear.seq; hole = true; }
    }
    if (hole) this.#askAgain(event.topic);
  }

  /** Asks for what is missing, and not again for a moment: everything behind the hole looks like a hole. */
  #askAgain(topic: string) {
    this.#ask(topic);
    this.#asked.set(topic, setTimeout(() => this.#asked.delete(topic), HOLE));
  }

  #refused(topic: string, code: string) {
    const ears = this.#topics.get(topic);
    this.#topics.delete(topic);
    for (const ear of ears ?? []) ear.listener.lost?.(code);
  }

  async #reset(topic: string, ear: Ear, seq: number | null) {
    if (ear.busy) return;
    ear.busy = true;
    ear.hole = null;
    try { ear.seq = (await ear.listener.reset(seq)) ?? seq; } catch { return this.#lose(); } finally { ear.busy = false; }
    if (this.#open && this.#topics.get(topic)?.has(ear)) this.#ask(topic);
  }
}
