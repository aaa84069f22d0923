/** What would be started or reached, so that it can be read for what it is: whole, every character visible, each argument told from the next. */
import { visible } from '../design/visible';

/** What looks like a plain space, or breaks a line, and is neither. */
const ODD_SPACE = /[\t\n\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/g;
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

const byNumber = (it: string) => `⟨U+${it.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`;

/** One line on which nothing hides. */
export const exact = (text: string) => visible(text).replace(ODD_SPACE, byNumber);

/** Quoted as a shell would want it, where it is not plain. */
const quoted = (text: string) => (PLAIN.test(text) ? text : `'${exact(text).replaceAll("'", "'\\''")}'`);

export const commandLine = (command: string, args: readonly string[]) => [command, ...args].map(quoted).join(' ');

/** Whether something in there is shown by its number. */
export const hides = (...texts: readonly string[]) => texts.some((it) => exact(it) !== it);

/** Arguments as people write them: one a line, or a list of JSON. `null` when it is meant as a list and is none. */
export function argumentsFrom(text: string): string[] | null {
  if (/^\s*\[/.test(text)) {
    try {
      const list: unknown = JSON.parse(text);
      if (Array.isArray(list) && list.every((it) => typeof it === 'string')) return list;
      return null;
    } catch { if (/^\s*\[\s*"/.test(text)) return null; }
  }
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}

/** What [`argumentsFrom`] reads as exactly these. */
export function argumentsText(args: readonly string[]): string {
  const lines = args.join('\n'), read = argumentsFrom(lines);
  return read && read.length === args.length && read.every((it, i) => it === args[i]) ? lines : JSON.stringify(args);
}
