/** Asks before something cannot be taken back: `if (await confirm({…})) …`. */

export interface Ask { title: string; text: string; verb: string; danger?: boolean }

class Asking {
  now = $state.raw<Ask | null>(null);
  #answer: (yes: boolean) => void = () => {};

  ask(ask: Ask): Promise<boolean> {
    this.reply(false);
    this.now = ask;
    return new Promise((done) => { this.#answer = done; });
  }
  reply(yes: boolean) { this.now = null; this.#answer(yes); this.#answer = () => {}; }
}

export const asking = new Asking();
export const confirm = (ask: Ask) => asking.ask(ask);
