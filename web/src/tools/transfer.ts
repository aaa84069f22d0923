/** Reading the configuration of another application, before the server looks at it. */
import type { Candidate } from '../api/types';

/** A configuration is not larger, in characters: the server takes 1 MB. */
const MOST = 500_000;

export type Read = { file: unknown } | { wrong: 'empty' | 'too-big' } | { wrong: 'json'; why: string };

/** JSON; also the inside of one, as documentation often shows it: `"mcpServers": { … }`. */
export function fileFrom(text: string): Read {
  const written = text.replace(/^\ufeff/, '').trim();
  if (!written) return { wrong: 'empty' };
  if (written.length > MOST) return { wrong: 'too-big' };
  try { return { file: JSON.parse(written) as unknown }; } catch (err) {
    if (written.startsWith('"')) { try { return { file: JSON.parse(`{${written.replace(/,$/, '')}}`) as unknown }; } catch { /* neither */ } }
    return { wrong: 'json', why: err instanceof Error ? err.message : '' };
  }
}

/** What is chosen at first: what can be added and starts no program. A program is chosen by whoever read what it is. */
export const chosenAtFirst = (candidates: readonly Candidate[]) => new Set(candidates.filter((it) => !it.mistakes.length && it.link.kind === 'http').map((it) => it.label));
