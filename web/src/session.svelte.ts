/** Who is here and what the server is: the first thing the page asks, and what every other part reads. */
import { account, config, Problem } from './api/client';
import { onSignedOut, onStale } from './api/call';
import type { Me, RuntimeConfig } from './api/types';
import { fresh } from './auth/fresh.svelte';
import { Live, type Status } from './live/live';

export type Phase = 'starting' | 'unreachable' | 'set_up' | 'sign_in' | 'ready';
const DEFAULT_NAME = 'Galaxy Chat';
/** Waits between two tries to reach a server that does not answer, in milliseconds. */
const FIRST_WAIT = 500, LONGEST_WAIT = 8000;

class Session {
  phase = $state<Phase>('starting');
  config = $state.raw<RuntimeConfig | null>(null);
  me = $state.raw<Me | null>(null);
  /** How the live connection stands. */
  link = $state<Status>('connecting');
  /** The server has another page than the one that runs here. */
  outdated = $state(false);
  /** The session ended without the person having ended it. */
  expired = $state(false);
  /** Every live topic of this tab; only there while somebody is signed in. */
  live: Live | undefined;

  get name() { return this.config?.name ?? DEFAULT_NAME; }
  /** How tool servers that are programs run here. */
  get programs() { return this.config?.features?.tool_programs ?? 'confined'; }

  /** Asks until the server answers. */
  async start() {
    onSignedOut(() => { if (this.me) this.expired = true; this.leave(); });
    onStale(() => fresh.ask());
    for (let wait = FIRST_WAIT; ; wait = Math.min(LONGEST_WAIT, wait * 2)) {
      try { return await this.#begin(); } catch (err) {
        if (!(err instanceof Problem)) throw err;
        if (this.phase !== 'starting' || wait > FIRST_WAIT) this.phase = 'unreachable';
        await new Promise((done) => setTimeout(done, wait * (0.5 + Math.random())));
      }
    }
  }

  /** A person signed in, or set the server up. */
  enter(me: Me) {
    this.me = me;
    this.expired = false;
    if (this.config) this.config = { ...this.config, set_up: true };
    this.live?.close();
    this.live = new Live(this.config?.features.websocket ?? true);
    this.live.onstatus = (status) => { if (status === 'open' && this.link === 'waiting') void this.#compare(); this.link = status; };
    this.link = 'connecting';
    this.phase = 'ready';
  }

  /** Nobody is signed in any more. */
  leave() {
    this.live?.close();
    this.live = undefined;
    fresh.reply(false);
    this.me = null;
    this.phase = this.config?.set_up === false ? 'set_up' : 'sign_in';
  }

  async signOut() {
    await account.signOut();
    this.leave();
  }

  async #begin() {
    const [server, me] = await Promise.all([config(), account.me().catch((err: unknown) => {
      if (err instanceof Problem && (err.status === 401 || err.status === 403)) return null;
      throw err;
    })]);
    this.config = server;
    if (me) this.enter(me); else this.leave();
  }

  /** After a pause the server may be a newer one, with a newer page. */
  async #compare() {
    const now = await config().catch(() => null);
    if (now && this.config && now.page_hash !== this.config.page_hash) this.outdated = true;
  }
}

export const session = new Session();
