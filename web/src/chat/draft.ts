/** Text that has not been sent, kept for this tab: a reload or a lost connection costs nobody a sentence, and says none twice. */
import { newKey } from '../api/call';
import type { Image } from '../api/types';

/** The sending of a draft. As long as the draft is the same and nobody has confirmed it, it is the same request. */
export interface Attempt {
  /** The request's idempotency key. */
  key: string;
  /** What is sent, so that a change of it is noticed. */
  print: string;
  /** The message it was sent after; absent while it has not been sent. */
  after?: string | null;
}
/** What a request is made of. */
export interface Wanted { text: string; images: readonly Image[]; model: string | null; tools: readonly string[] | null; context?: readonly string[] }

const place = (conversation: string | null) => `galaxy.draft.${conversation ?? 'new'}`;
const attempted = (conversation: string | null) => `galaxy.attempt.${conversation ?? 'new'}`;

export function load(conversation: string | null): string { return get(place(conversation)) ?? ''; }
export function store(conversation: string | null, text: string) { put(place(conversation), text); }

/** The attempt that has not been confirmed, if there is one. */
export function unconfirmed(conversation: string | null): Attempt | null {
  try { return JSON.parse(get(attempted(conversation)) ?? 'null') as Attempt | null; } catch { return null; }
}
/** Remembers an attempt until it is confirmed. */
export function remember(conversation: string | null, attempt: Attempt | null) { put(attempted(conversation), attempt ? JSON.stringify(attempt) : ''); }

/** The next attempt: the last one again if it is about the same, else a new one. */
export function attempt(last: Attempt | null, { text, images, model, tools, context = [] }: Wanted): Attempt {
  const print = JSON.stringify([text, model, tools, ...(context.length ? [context] : []), images.map(({ media_type, data }) => [media_type, data.length, data.slice(-32)])]);
  return last?.print === print ? last : { key: newKey(), print };
}

function get(key: string): string | null { try { return sessionStorage.getItem(key); } catch { return null; } }
function put(key: string, text: string) {
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch { /* storage is off: the text lives as long as the page */ }
}
