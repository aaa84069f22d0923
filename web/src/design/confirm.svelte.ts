/** Asks before something cannot be taken back: `if (await confirm({…})) …`. */

/** `deliberate`: the yes can be pressed only after a moment, for whoever asks may choose when: a press that was meant for something else must not hit it. */
export interface Ask { title: string; text: string; verb: string; danger?: boolean; deliberate?: boolean }
/** That moment, in milliseconds. */
export const MOMENT = 600;

class Asking {
  now = $state.raw<Ask | null>(null);
  /** Whether the yes can be pressed. */
  armed = $state(true);
  #answer: (yes: boolean) => void = () => {};

  ask(ask: Ask): Promise<boolean> {
    this.reply(false);
    this.now = ask;
    this.armed = ask.deliberate !== true;
    if (!this.armed) setTimeout(() => { if (this.now === ask) this.armed = true; }, MOMENT);
    return new Promise((done) => { this.#answer = done; });
  }
  reply(yes: boolean) { this.now = null; this.#answer(yes); this.#answer = () => {}; }
}

export const asking = new Asking();
export const confirm = (ask: Ask) => asking.ask(ask);
