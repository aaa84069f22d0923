/**
 * Whether a password will do, told while it is typed. The server decides, with a longer list of common
 * words; this only spares people the way there and back.
 */
export const SHORTEST = 12;
/** The fewest different characters, and what must be left without common pieces. */
const LEAST_DIFFERENT = 5, LEAST_LEFT = 6;
const COMMON = [
  'password', 'passwort', 'letmein', 'welcome', 'qwertyuiop', 'qwerty', 'qwertz', 'asdfghjkl', 'asdfgh', 'zxcvbnm', 'admin', 'administrator', 'login', 'secret', 'iloveyou',
  'sunshine', 'princess', 'football', 'monkey', 'dragon', 'master', 'changeme', 'default', 'hello', '0123456789', '123456789', '12345678', '1234567', '123456', '12345', '1234',
  '987654321', 'abcdef', 'abc123', 'abc', '111', '000', '123', '2024', '2025', '2026',
];

export interface Strength { length: boolean; personal: boolean; guess: boolean }

/** `about` is what anybody knows: address, name, what the application is called. */
export function strength(password: string, about: readonly string[]): Strength {
  const plain = squeezed(password);
  const known = about.flatMap((it) => [it, it.split('@')[0] ?? '']).map(squeezed).filter((it) => [...it].length >= 4);
  return {
    length: [...password].length >= SHORTEST,
    personal: plain !== '' && !known.some((it) => plain.includes(it)),
    guess: new Set(plain).size >= LEAST_DIFFERENT && !repeated(plain) && !common(plain) && !common(unmasked(plain)),
  };
}

export const isStrong = (it: Strength) => it.length && it.personal && it.guess;

/** Lower case, without what people put between words. */
const squeezed = (text: string) => text.toLowerCase().replace(/[\s\-_.,]/g, '');
/** With the usual stand-ins for letters undone. */
const unmasked = (text: string) => text.replace(/[013457!@$]/g, (it) => ({ 0: 'o', 1: 'i', '!': 'i', 3: 'e', 4: 'a', '@': 'a', 5: 's', $: 's', 7: 't' })[it] ?? it);

/** One short piece over and over. */
function repeated(text: string): boolean {
  for (let size = 1; size <= text.length / 2; size++) if (text.slice(size) === text.slice(0, -size)) return true;
  return false;
}

function common(text: string): boolean {
  const rest = COMMON.reduce((left, word) => left.replaceAll(word, ' '), text);
  return rest !== text && rest.replaceAll(' ', '').length < LEAST_LEFT;
}
