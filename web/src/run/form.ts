/** The form of a tool: what its fields hold while a person fills it in, and what is sent of it. */
import type { Field } from '../api/types';
import { t } from '../i18n/t';

export type Value = string | boolean | string[];
export type Values = Record<string, Value>;
export type Mistakes = Record<string, string>;

/** What a form holds before anybody touches it. */
export const initial = (fields: readonly Field[]): Values => Object.fromEntries(fields.map((field) => [field.name, first(field)]));

function first({ kind }: Field): Value {
  switch (kind.type) {
    case 'text': return kind.format === 'date_time' ? local(kind.default) : (kind.default ?? '');
    case 'number': return kind.default === null ? '' : String(kind.default);
    case 'flag': return kind.default ?? false;
    case 'one': return kind.default ?? '';
    case 'several': return [...kind.default];
  }
}

/** What is sent: fields that were left empty are left out. Or what is wrong, by field. */
export function content(fields: readonly Field[], values: Values): { content: Record<string, unknown> } | { mistakes: Mistakes } {
  const content: Record<string, unknown> = {}, mistakes: Mistakes = {};
  for (const field of fields) {
    const value = values[field.name] ?? first(field);
    if (value === '' || (Array.isArray(value) && !value.length)) {
      if (field.required) mistakes[field.name] = t.run.elicit.required;
      continue;
    }
    const read = parse(field, value);
    if ('wrong' in read) mistakes[field.name] = read.wrong; else content[field.name] = read.value;
  }
  return Object.keys(mistakes).length ? { mistakes } : { content };
}

function parse({ kind }: Field, value: Value): { value: unknown } | { wrong: string } {
  if (kind.type === 'number') {
    const number = Number(value);
    if (!Number.isFinite(number)) return { wrong: t.run.elicit.notNumber };
    return kind.whole && !Number.isInteger(number) ? { wrong: t.run.elicit.notWhole } : { value: number };
  }
  if (kind.type === 'text' && kind.format === 'date_time') {
    const moment = new Date(String(value));
    return Number.isNaN(moment.getTime()) ? { wrong: t.run.elicit.notMoment } : { value: moment.toISOString() };
  }
  return { value };
}

/** A moment as `datetime-local` takes it; nothing where it is none. */
function local(moment: string | null): string {
  const at = new Date(moment ?? '');
  if (Number.isNaN(at.getTime())) return '';
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The server's complaints about one question, by field. */
export function complaints(key: string, errors: readonly { pointer: string; message: string }[]): Mistakes {
  const before = `/answers/${escape(key)}/content/`;
  const about = errors.filter((it) => it.pointer.startsWith(before));
  return Object.fromEntries(about.map((it) => [it.pointer.slice(before.length).replaceAll('~1', '/').replaceAll('~0', '~'), it.message]));
}
const escape = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** An address in three pieces, so that the host stands out; nothing where it must not be opened. */
export function pieces(address: string): { before: string; host: string; after: string } | null {
  let url: URL;
  try { url = new URL(address); } catch { return null; }
  if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.username || url.password) return null;
  return { before: `${url.protocol}//`, host: url.host, after: url.href.slice(url.origin.length) };
}
