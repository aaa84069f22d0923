/** What this browser remembers about its person: appearance and keys. Nothing here is secret. */

export const THEMES = ['system', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];
/** Of all text: the root's font size, see design/base.css. */
export const SIZES = ['normal', 'large', 'larger'] as const;
export type Size = (typeof SIZES)[number];
const KEY = 'galaxy.prefs';            // public/theme.js reads it before the first paint

class Prefs {
  theme = $state<Theme>('system');
  size = $state<Size>('normal');
  /** Whether single letters act (WCAG 2.1.4). */
  shortcuts = $state(true);
  #light = matchMedia('(prefers-color-scheme: light)');

  constructor() {
    const stored = read();
    if (stored.theme === 'dark' || stored.theme === 'light') this.theme = stored.theme;
    if (stored.size === 'large' || stored.size === 'larger') this.size = stored.size;
    if (stored.shortcuts === false) this.shortcuts = false;
    this.#light.addEventListener('change', () => this.#show());
    this.#show();
  }

  setTheme(theme: Theme) { this.theme = theme; this.#show(); this.#write(); }
  setSize(size: Size) { this.size = size; this.#show(); this.#write(); }
  setShortcuts(on: boolean) { this.shortcuts = on; this.#write(); }

  #show() {
    const { dataset } = document.documentElement;
    dataset.theme = this.theme === 'system' ? (this.#light.matches ? 'light' : 'dark') : this.theme;
    dataset.size = this.size;
  }
  #write() { try { localStorage.setItem(KEY, JSON.stringify({ theme: this.theme, size: this.size, shortcuts: this.shortcuts })); } catch { /* private mode: it lasts until the page closes */ } }
}

function read(): { theme?: unknown; size?: unknown; shortcuts?: unknown } {
  try { return JSON.parse(localStorage.getItem(KEY) ?? '{}') as object; } catch { return {}; }
}

export const prefs = new Prefs();
