/** Something that is asked for again and again: what was there stays until there is something newer. */
export class Watched<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<unknown>(null);
  #turn = 0;

  constructor(private readonly get: () => Promise<T>) {}

  async load() {
    const turn = ++this.#turn;
    try {
      const value = await this.get();
      if (turn === this.#turn) this.put(value);
    } catch (err) { if (turn === this.#turn) this.problem = err; }
  }

  /** Newer than whatever is on its way. */
  put(value: T) {
    this.#turn++;
    this.value = value;
    this.problem = null;
  }
}
