/** A form out of a JSON Schema, and arguments out of the form. What is more than a text, a number, a yes or a choice is written as JSON. */
import { t } from '../i18n/t';

export type Kind = 'text' | 'number' | 'integer' | 'yes-no' | 'choice' | 'json';
export interface Field {
  name: string;
  title: string;
  hint: string;
  kind: Kind;
  required: boolean;
  /** Of a `choice`: what can be chosen; the form holds their places in this list. */
  choices: readonly unknown[];
  /** What the form begins with. */
  initial: string;
}
/** What the form holds, by name. */
export type Filled = Record<string, string>;
type Fields = Record<string, unknown>;

const isObject = (it: unknown): it is Fields => it !== null && typeof it === 'object' && !Array.isArray(it);
const text = (it: unknown) => (typeof it === 'string' ? it : '');

/** The fields of a schema, those that are needed first; `null` when it is none that a form can stand for. */
export function fieldsOf(schema: unknown): Field[] | null {
  if (!isObject(schema) || ['anyOf', 'oneOf', 'allOf', '$ref', 'if'].some((it) => it in schema)) return null;
  const { properties = {}, required } = schema;
  if (!isObject(properties)) return null;
  const needed = new Set(Array.isArray(required) ? required : []);
  const fields = Object.entries(properties).map(([name, property]) => fieldOf(name, property, needed.has(name)));
  return [...fields.filter((it) => it.required), ...fields.filter((it) => !it.required)];
}

function fieldOf(name: string, given: unknown, required: boolean): Field {
  const outer = isObject(given) ? given : {}, property = withoutNull(outer);
  const choices = Array.isArray(property.enum) ? property.enum : 'const' in property ? [property.const] : [];
  const kind = choices.length ? 'choice' : kindOf(property.type);
  const field = { name, title: text(outer.title), hint: text(outer.description) || text(property.description), kind, required, choices };
  return { ...field, initial: initialOf(field, 'default' in outer ? outer.default : property.default) };
}

/** "A text or nothing" is a text that may be left out. */
function withoutNull(property: Fields): Fields {
  for (const key of ['anyOf', 'oneOf']) {
    const ways = property[key];
    if (!Array.isArray(ways)) continue;
    const real = ways.filter((it) => isObject(it) && it.type !== 'null');
    return real.length === 1 ? (real[0] as Fields) : {};
  }
  if (!Array.isArray(property.type)) return property;
  const types = property.type.filter((it) => it !== 'null');
  return { ...property, type: types.length === 1 ? types[0] : undefined };
}

function kindOf(type: unknown): Kind {
  switch (type) {
    case 'string': return 'text';
    case 'number': return 'number';
    case 'integer': return 'integer';
    case 'boolean': return 'yes-no';
    default: return 'json';
  }
}

function initialOf({ kind, choices }: Pick<Field, 'kind' | 'choices'>, value: unknown): string {
  if (value === undefined || value === null) return '';
  switch (kind) {
    case 'text': return text(value);
    case 'number': case 'integer': return typeof value === 'number' ? String(value) : '';
    case 'yes-no': return typeof value === 'boolean' ? String(value) : '';
    case 'choice': { const i = choices.findIndex((it) => JSON.stringify(it) === JSON.stringify(value)); return i < 0 ? '' : String(i); }
    case 'json': return JSON.stringify(value, null, 2);
  }
}

export const blank = (fields: readonly Field[]): Filled => Object.fromEntries(fields.map((it) => [it.name, it.initial]));

/** What would be sent, and every mistake by its field. What is empty and not needed is left out. */
export function argumentsOf(fields: readonly Field[], filled: Filled): { args: Fields; wrong: Filled } {
  const args: [string, unknown][] = [], wrong: [string, string][] = [];
  for (const field of fields) {
    const written = filled[field.name] ?? '';
    if (written.trim() === '' && !(field.kind === 'text' && written)) {
      if (field.required) wrong.push([field.name, t.tools.trying.need]);
      continue;
    }
    const read = valueOf(field, written);
    if ('wrong' in read) wrong.push([field.name, read.wrong]); else args.push([field.name, read.value]);
  }
  // Not by assignment: a field may be called `__proto__`.
  return { args: Object.fromEntries(args), wrong: Object.fromEntries(wrong) };
}

function valueOf({ kind, choices }: Field, written: string): { value: unknown } | { wrong: string } {
  const words = t.tools.trying;
  switch (kind) {
    case 'text': return { value: written };
    case 'number': case 'integer': {
      const value = Number(written);
      if (!Number.isFinite(value)) return { wrong: words.notNumber };
      return kind === 'integer' && !Number.isInteger(value) ? { wrong: words.notWhole } : { value };
    }
    case 'yes-no': return { value: written === 'true' };
    case 'choice': return { value: choices[Number(written)] };
    case 'json': try { return { value: JSON.parse(written) as unknown }; } catch { return { wrong: words.notJson }; }
  }
}

/** Arguments that were written as JSON as a whole. */
export function argumentsFromJson(written: string): { args: Fields } | { wrong: string } {
  let value: unknown;
  try { value = JSON.parse(written.trim() || '{}'); } catch { return { wrong: t.tools.trying.notJson }; }
  return isObject(value) ? { args: value } : { wrong: t.tools.trying.notObject };
}
