import { expect, it } from 'vitest';
import { argumentsFromJson, argumentsOf, blank, fieldsOf } from './schema-form';

const SCHEMA = {
  type: 'object',
  properties: {
    title: { type: 'string', description: 'What it is called' }, note: { type: ['string', 'null'] }, share: { type: 'number' }, count: { type: 'integer', default: 3 }, loud: { type: 'boolean' },
    colour: { enum: ['red', 'green', 7] }, tags: { type: 'array', items: { type: 'string' } }, maybe: { anyOf: [{ type: 'integer' }, { type: 'null' }], default: null, title: 'Perhaps' }, either: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
  },
  required: ['title', 'share'],
};
const fields = fieldsOf(SCHEMA)!;
const filled = (more: Record<string, string>) => argumentsOf(fields, { ...blank(fields), ...more });

it('makes a field of each property, by what it takes, those that are needed first', () => {
  expect(fields.map(({ name, kind, required }) => [name, kind, required])).toEqual([
    ['title', 'text', true], ['share', 'number', true], ['note', 'text', false], ['count', 'integer', false], ['loud', 'yes-no', false], ['colour', 'choice', false], ['tags', 'json', false], ['maybe', 'integer', false], ['either', 'json', false],
  ]);
  expect(fields[0]!.hint).toBe('What it is called');
  expect(fields[7]!.title).toBe('Perhaps');
});

it('sends what was filled in, each as what it is, and leaves out the rest', () => {
  expect(filled({ title: 'A', share: '0.5', loud: 'false', colour: '2', tags: '["x"]' })).toEqual({ args: { title: 'A', share: 0.5, count: 3, loud: false, colour: 7, tags: ['x'] }, wrong: {} });
  expect(filled({ title: 'A', share: '-1e3', count: '' }).args).toEqual({ title: 'A', share: -1000 });
  expect(filled({ title: '  ', share: '0' })).toEqual({ args: { title: '  ', share: 0, count: 3 }, wrong: {} });
});

it('tells every mistake at once, by its field', () => {
  expect(filled({ share: 'half', count: '1.5', tags: '[', maybe: 'x' }).wrong).toEqual({ title: 'Enter a value.', share: 'This is not a number.', count: 'This is not a whole number.', tags: 'This is not valid JSON.', maybe: 'This is not a number.' });
});

it('begins with what the schema says is usual', () => {
  const made = fieldsOf({ type: 'object', properties: { a: { enum: ['x', 'y'], default: 'y' }, b: { type: 'boolean', default: true }, c: { type: 'object', default: { d: 1 } }, e: { type: 'string', default: 5 } } })!;
  expect(blank(made)).toEqual({ a: '1', b: 'true', c: '{\n  "d": 1\n}', e: '' });
  expect(argumentsOf(made, blank(made)).args).toEqual({ a: 'y', b: true, c: { d: 1 } });
});

it('a name is only a name', () => {
  const made = fieldsOf(JSON.parse('{"properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"}}}'))!;
  const { args } = argumentsOf(made, Object.fromEntries([['__proto__', 'p'], ['constructor', 'c']]));
  expect(JSON.stringify(args)).toBe('{"__proto__":"p","constructor":"c"}');
  expect(Object.getPrototypeOf(args)).toBe(Object.prototype);
});

it.each<[unknown]>([[null], [true], [{ oneOf: [] }], [{ $ref: '#/a' }], [{ properties: [] }]])('gives no form for %j', (schema) => expect(fieldsOf(schema)).toBeNull());
it('a tool without arguments has an empty form', () => expect(fieldsOf({ type: 'object' })).toEqual([]));

it('takes arguments as JSON, if they are an object', () => {
  expect(argumentsFromJson(' ')).toEqual({ args: {} });
  expect(argumentsFromJson('{"a":1}')).toEqual({ args: { a: 1 } });
  expect(argumentsFromJson('[1]')).toEqual({ wrong: 'Arguments are a JSON object: { … }.' });
  expect(argumentsFromJson('{')).toEqual({ wrong: 'This is not valid JSON.' });
});
