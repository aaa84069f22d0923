/** Something that is asked for when a page opens: on its way, there, or failed. */
export class Loaded<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<unknown>(null);
  #turn = 0;

  constructor(private readonly get: () => Promise<T>) { void this.load(); }

  async load() {
    const turn = ++this.#turn;
    this.problem = null;
    try {
      const value = await this.get();
      if (turn === this.#turn) this.value = value;
    } catch (err) { if (turn === this.#turn) this.problem = err; }
  }
}
