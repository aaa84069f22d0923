/** What a tool asks a person, read from its arguments. Models fill them in, so anything that is missing has a sensible reading. */
export interface Choice { value: string; label: string; hint: string }
export interface Asked { text: string; choices: Choice[]; several: boolean }

export function questionOf(input: unknown): Asked {
  const fields = (input !== null && typeof input === 'object' ? input : { question: input }) as Record<string, unknown>;
  const text = first(fields, ['question', 'prompt', 'text', 'message', 'title']);
  const list = [fields.choices, fields.options].find(Array.isArray) as unknown[] | undefined;
  return { text: typeof text === 'string' ? text : '', choices: (list ?? []).flatMap(choice), several: first(fields, ['several', 'multiple', 'multi']) === true };
}

function choice(it: unknown): Choice[] {
  if (typeof it === 'string' || typeof it === 'number') return [{ value: String(it), label: String(it), hint: '' }];
  if (it === null || typeof it !== 'object') return [];
  const fields = it as Record<string, unknown>, value = first(fields, ['value', 'id', 'label', 'title']), label = first(fields, ['label', 'title', 'value', 'id']), hint = first(fields, ['description', 'hint']);
  return typeof value === 'string' && typeof label === 'string' ? [{ value, label, hint: typeof hint === 'string' ? hint : '' }] : [];
}

const first = (fields: Record<string, unknown>, names: string[]) => names.map((name) => fields[name]).find((it) => it !== undefined && it !== null);
