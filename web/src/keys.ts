/** Single-key shortcuts: ignored in fields and in dialogs, off when the person switched them off. */
import { prefs } from './prefs.svelte';

const acts = new Map<string, (() => void)[]>();

/** Binds `key` (as `KeyboardEvent.key`, lower case) until the returned function is called; the newest binding wins. */
export function bind(key: string, act: () => void): () => void {
  const bound = acts.get(key) ?? [];
  acts.set(key, bound);
  bound.push(act);
  return () => { const i = bound.indexOf(act); if (i >= 0) bound.splice(i, 1); };
}

export function listenForKeys() { addEventListener('keydown', press); }

function press(event: KeyboardEvent) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const key = event.key.toLowerCase(), escape = key === 'escape';
  if (!escape && (!prefs.shortcuts || event.repeat || writes(event.target))) return;
  if (document.querySelector('dialog:modal')) return;
  const act = acts.get(key)?.at(-1);
  if (!act) return;
  if (!escape) event.preventDefault();
  act();
}

/** Whether the person is writing there: letters then mean letters. */
function writes(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type=checkbox],[type=radio],[type=button]), textarea, select'));
}
