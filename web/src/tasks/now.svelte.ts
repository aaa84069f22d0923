/** The time, to the minute: what is due today is overdue tomorrow, also on a page that stays open. */
export class Now {
  at = $state.raw(new Date());
  constructor() {
    $effect(() => {
      const timer = setInterval(() => { this.at = new Date(); }, 30_000);
      return () => clearInterval(timer);
    });
  }
}
