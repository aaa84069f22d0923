/** Dragging a card with mouse or pen. Fingers scroll; they, and keys, have other ways to move a card. */
import type { Column } from './rules';

/** A press becomes a drag after so many pixels. */
const THRESHOLD = 6;
interface Held { id: string; node: HTMLElement; pointer: number; x: number; y: number; moving: boolean }

export class Drag {
  /** The card that is being dragged, and how far it is from its place. */
  id = $state<string | null>(null);
  dx = $state(0);
  dy = $state(0);
  over = $state<Column | null>(null);
  #held: Held | null = null;

  constructor(private readonly drop: (id: string, column: Column) => void) {}

  /** Puts the listeners on a card. */
  card = (id: string) => (node: HTMLElement) => {
    const down = (event: PointerEvent) => this.#down(id, node, event);
    const click = (event: MouseEvent) => { if (this.#justDropped) { event.preventDefault(); event.stopPropagation(); } };
    node.addEventListener('pointerdown', down);
    node.addEventListener('click', click, true);
    return () => { node.removeEventListener('pointerdown', down); node.removeEventListener('click', click, true); if (this.#held?.node === node) this.#end(); };
  };

  #justDropped = false;

  #down(id: string, node: HTMLElement, event: PointerEvent) {
    if (event.button !== 0 || event.pointerType === 'touch' || (event.target as Element).closest('[popover], input, .act')) return;
    this.#held = { id, node, pointer: event.pointerId, x: event.clientX, y: event.clientY, moving: false };
    addEventListener('pointermove', this.#move);
    addEventListener('pointerup', this.#up);
    addEventListener('pointercancel', this.#end);
    addEventListener('keydown', this.#key, true);
  }

  #move = (event: PointerEvent) => {
    const held = this.#held;
    if (!held || event.pointerId !== held.pointer) return;
    const dx = event.clientX - held.x, dy = event.clientY - held.y;
    if (!held.moving && Math.hypot(dx, dy) < THRESHOLD) return;
    held.moving = true;
    event.preventDefault();
    getSelection()?.removeAllRanges();
    this.id = held.id;
    this.dx = dx;
    this.dy = dy;
    this.over = (document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>('[data-column]')?.dataset.column as Column | undefined) ?? null;
  };

  #up = () => {
    const held = this.#held, over = this.over;
    const dropped = held?.moving === true;
    this.#end();
    if (!dropped) return;
    // The click that ends a drag is not a click.
    this.#justDropped = true;
    setTimeout(() => { this.#justDropped = false; });
    if (held && over) this.drop(held.id, over);
  };

  #key = (event: KeyboardEvent) => { if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); this.#end(); } };

  #end = () => {
    removeEventListener('pointermove', this.#move);
    removeEventListener('pointerup', this.#up);
    removeEventListener('pointercancel', this.#end);
    removeEventListener('keydown', this.#key, true);
    this.#held = null;
    this.id = this.over = null;
    this.dx = this.dy = 0;
  };
}
