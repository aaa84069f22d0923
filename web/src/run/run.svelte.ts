/** A run that is watched: its events become its view, at most once per frame. */
import { flushSync } from 'svelte';
import type { Message, RunEvent } from '../api/types';
import { topics } from '../live/topics';
import { session } from '../session.svelte';
import { isOver, newRun, reduce, type RunView } from './run-view';

/** A flush that cost more than this many milliseconds is followed by a pause of `REST` times its cost. */
const HEAVY = 8, REST = 3;
/** A hidden page draws no frames, but still wants to be up to date when it is looked at. */
const HIDDEN = 500;

export interface Stored { id: string; state: RunView['state']; seq: number; events: readonly RunEvent[] }

export class Run {
  readonly id: string;
  view = $state.raw<RunView>(newRun());
  #pending: RunEvent[] = [];
  #flushing = false;
  #leave: (() => void) | undefined;

  /** `fetch` gives the run as the server has it now, for when events were missed for good. */
  constructor(stored: Stored, private fetch: () => Promise<Stored | undefined>) {
    this.id = stored.id;
    this.#restore(stored);
    if (!isOver(stored.state)) this.follow();
  }

  /** Watches it until it is over. */
  follow() {
    if (this.#leave) return;
    this.#leave = session.live?.follow<RunEvent & { topic: string }>(topics.run(this.id), this.view.seq, {
      on: (event) => { this.#pending.push(event); this.#later(); },
      reset: async (seq) => {
        const stored = await this.fetch();
        this.#pending = [];
        if (stored) this.#restore(stored);
        return stored?.seq ?? seq;
      },
    });
  }

  /** Takes over what the server says, where that is newer: the run went on while nobody here watched. */
  catchUp(stored: Stored) {
    if (this.#leave || stored.seq <= this.view.seq) return;
    this.#restore(stored);
    if (!isOver(stored.state)) this.follow();
  }

  stop() { this.#leave?.(); this.#leave = undefined; }

  #restore({ events, state, seq }: Stored) {
    const view = events.reduce(reduce, newRun(state));
    // The row knows better than the log how a run stands whose last step a crash cut off.
    this.view = { ...view, seq: Math.max(seq, view.seq), state: isOver(state) || !events.length ? state : view.state };
  }

  #later() {
    if (this.#flushing) return;
    this.#flushing = true;
    if (document.hidden) setTimeout(() => this.#flush(), HIDDEN);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    const began = performance.now(), events = this.#pending;
    this.#pending = [];
    flushSync(() => { this.view = events.reduce(reduce, this.view); });
    if (isOver(this.view.state)) this.stop();
    const cost = performance.now() - began;
    if (cost > HEAVY) setTimeout(() => this.#rested(), REST * cost);
    else this.#rested();
  }

  #rested() {
    this.#flushing = false;
    if (this.#pending.length) this.#later();
  }
}

/** The run of a message; the copy of a reply in a fork, or one that was brought along, has none, but still tells what happened. */
export function storedRun({ id, run, events }: Message): Stored | undefined {
  if (run) return { ...run, events };
  if (!events.length) return undefined;
  const { state, seq, steps } = events.reduce(reduce, newRun());
  const whole = steps.at(-1)?.finish === 'stop';
  return { id, state: isOver(state) ? state : whole ? 'finished' : 'cancelled', seq, events };
}
