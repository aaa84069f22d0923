/**
 * Follows the end of something that scrolls: a latch that the person's intent moves, never a
 * distance. Going up unlatches, reaching the end latches.
 */
const NEAR = 4;
const UP = new Set(['PageUp', 'Home', 'ArrowUp']);

export class Follow {
  latched = $state(true);
  #node: HTMLElement | undefined;

  /** Attachment for the element that scrolls; its first child is what grows. */
  attach = (node: HTMLElement) => {
    this.#node = node;
    let top = node.scrollTop, finger = 0;
    const overflows = () => node.scrollHeight > node.clientHeight + NEAR;
    const release = () => { if (overflows()) this.latched = false; };
    const on: { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void } = {
      wheel: (event) => { if (event.deltaY < 0) release(); },
      touchstart: (event) => { finger = event.touches[0]?.clientY ?? 0; },
      touchmove: (event) => { if ((event.touches[0]?.clientY ?? 0) > finger) release(); },
      keydown: (event) => { if (UP.has(event.key) && !(event.target as Element).matches('textarea, input')) release(); },
      // On the scrollbar, or on something that opens and should stay where it is.
      pointerdown: (event) => { if ((event.target === node && event.offsetX > node.clientWidth) || (event.target as Element).closest('summary')) release(); },
      focusin: (event) => { if ((event.target as Element).matches(':focus-visible')) requestAnimationFrame(() => { if (!this.#atEnd()) release(); }); },
      scroll: () => { if (node.scrollTop >= top && this.#atEnd()) this.latched = true; top = node.scrollTop; },
    };
    for (const [type, act] of Object.entries(on)) node.addEventListener(type, act as EventListener, { passive: true });
    const grows = new ResizeObserver(() => { if (!overflows()) this.latched = true; if (this.latched) this.#toEnd(); });
    grows.observe(node);
    if (node.firstElementChild) grows.observe(node.firstElementChild);
    return () => {
      grows.disconnect();
      for (const [type, act] of Object.entries(on)) node.removeEventListener(type, act as EventListener);
    };
  };

  latch() { this.latched = true; this.#toEnd(); }
  release() { this.latched = false; }

  #atEnd() { const node = this.#node; return !!node && node.scrollHeight - node.scrollTop - node.clientHeight < NEAR; }
  #toEnd() { if (this.#node) this.#node.scrollTop = this.#node.scrollHeight; }
}
