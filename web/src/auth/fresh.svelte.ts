/** Asks whoever is signed in to show once more that they are themselves. However many requests wait for it, they are asked once. */

class Fresh {
  asked = $state(false);
  #waiting: ((confirmed: boolean) => void)[] = [];

  /** Whether they have. */
  ask(): Promise<boolean> {
    this.asked = true;
    return new Promise((done) => { this.#waiting.push(done); });
  }
  reply(confirmed: boolean) {
    this.asked = false;
    for (const done of this.#waiting.splice(0)) done(confirmed);
  }
}

export const fresh = new Fresh();

let last: HTMLElement | null = null;
/** What had the focus last, outside of `except`: a button that is switched off while its request waits has lost it. */
export function lastFocused(except: Element): HTMLElement | null { return last && !except.contains(last) ? last : null; }
if (typeof document !== 'undefined') document.addEventListener('focusin', (event) => { if (event.target instanceof HTMLElement && !event.target.closest('[data-fresh]')) last = event.target; });

/** Gives the focus back to `node`, if it is nowhere else, as soon as that can have it. */
export function giveBack(node: HTMLElement) {
  const give = () => { if (document.activeElement === document.body || document.activeElement?.contains(node)) node.focus(); };
  if (!node.matches(':disabled')) return give();
  const watch = new MutationObserver(() => {
    if (node.matches(':disabled')) return;
    watch.disconnect();
    give();
  });
  watch.observe(node, { attributes: true, attributeFilter: ['disabled'] });
}
