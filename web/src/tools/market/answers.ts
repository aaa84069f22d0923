/** What an entry asks, as a form holds it, and what is wrong with it. */
import type { Mistake } from '../../api/call';
import type { EntryQuestion, Way } from '../../api/types';
import { t } from '../../i18n/t';

/** What the form holds, by the key of the question; several answers are one a line. */
export type Answers = Record<string, string>;

/** What the form begins with: what was answered before, or what goes without saying. */
export const blank = (questions: readonly EntryQuestion[], before: Record<string, readonly string[]> = {}): Answers =>
  Object.fromEntries(questions.map((it) => [it.key, before[it.key]?.join('\n') ?? it.default ?? '']));

/** What would be sent. Questions that were answered before and are empty now are sent as such: they are to be left out. */
export function inputsOf(questions: readonly EntryQuestion[], answers: Answers, before: Record<string, readonly string[]> = {}): Record<string, string[]> {
  const inputs: [string, string[]][] = [];
  for (const question of questions) {
    const written = answers[question.key] ?? '';
    const given = (question.repeated ? written.split('\n') : [written]).map((it) => (question.secret ? it : it.trim())).filter((it) => it.trim());
    if (given.length || question.key in before) inputs.push([question.key, given]);
  }
  return Object.fromEntries(inputs);
}

/** What is missing at first sight, so that nobody has to ask the server about it. */
export function missing(questions: readonly EntryQuestion[], answers: Answers, kept: boolean): Answers {
  const empty = questions.filter((it) => it.required && it.default === null && !(kept && it.secret) && !(answers[it.key] ?? '').trim());
  return Object.fromEntries(empty.map((it) => [it.key, t.tools.market.need]));
}

/** Mistakes by the question they are about; the rest belongs to no field. */
export function wrongOf(mistakes: readonly Mistake[]): { wrong: Answers; others: string[] } {
  const wrong: [string, string][] = [], others: string[] = [];
  for (const { pointer, message } of mistakes) {
    const key = /^\/inputs\/(.*)$/.exec(pointer)?.[1];
    // RFC 6901: what was escaped last comes back first.
    if (key === undefined) others.push(pointer.startsWith('/link/') ? `${pointer.slice('/link/'.length).replaceAll('/', ', ')}: ${message}` : message);
    else wrong.push([key.replaceAll('~1', '/').replaceAll('~0', '~'), message]);
  }
  return { wrong: Object.fromEntries(wrong), others };
}

/** The way to begin with: the first that can be taken, by whoever is asked. */
export const firstWay = (ways: readonly Way[], admin: boolean): Way | undefined =>
  ways.find((it) => it.obstacle === null && (admin || !it.program)) ?? ways.find((it) => it.obstacle === null) ?? ways[0];

export const wayName = (way: Way): string => t.tools.market.way[way.kind] ?? way.kind;
