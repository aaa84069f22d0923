/** Text that has not been sent, kept for this tab: a reload or a lost connection costs nobody a sentence. */
const key = (conversation: string | null) => `galaxy.draft.${conversation ?? 'new'}`;

export function load(conversation: string | null): string {
  try { return sessionStorage.getItem(key(conversation)) ?? ''; } catch { return ''; }
}
export function store(conversation: string | null, text: string) {
  try {
    if (text) sessionStorage.setItem(key(conversation), text);
    else sessionStorage.removeItem(key(conversation));
  } catch { /* storage is off: the text lives as long as the page */ }
}
