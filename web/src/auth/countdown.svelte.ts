/** Seconds that run down to nothing, by the clock rather than by counting ticks. */
export class Countdown {
  left = $state(0);
  #until = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  start(seconds: number) {
    this.#until = performance.now() + seconds * 1000;
    this.left = Math.ceil(seconds);
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tick(), 250);
  }
  stop() { clearInterval(this.#timer); this.left = 0; }

  #tick() {
    this.left = Math.max(0, Math.ceil((this.#until - performance.now()) / 1000));
    if (this.left === 0) clearInterval(this.#timer);
  }
}
