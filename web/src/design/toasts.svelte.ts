/** Short messages at the edge of the page. Refusals stay longer; nothing that must be read is only here. */
import { explain } from '../i18n/problem';

export interface Toast { id: number; text: string; tone: 'plain' | 'fail' | 'done'; action?: { label: string; act(): void } }

const STAY = 5000, STAY_LONGER = 10_000, MOST = 4;

class Toasts {
  items = $state.raw<readonly Toast[]>([]);
  #last = 0;

  show(text: string, { tone = 'plain', action }: Partial<Pick<Toast, 'tone' | 'action'>> = {}) {
    const toast: Toast = { id: ++this.#last, text, tone, ...(action && { action }) };
    this.items = [...this.items.filter((it) => it.text !== text), toast].slice(-MOST);
    setTimeout(() => this.dismiss(toast.id), tone === 'fail' || action ? STAY_LONGER : STAY);
  }
  /** Tells what an error says. */
  fail(err: unknown) { this.show(explain(err), { tone: 'fail' }); }
  dismiss(id: number) { this.items = this.items.filter((it) => it.id !== id); }
}

export const toasts = new Toasts();
