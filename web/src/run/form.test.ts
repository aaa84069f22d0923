import { describe, expect, it } from 'vitest';
import type { Field } from '../api/types';
import { complaints, content, initial, pieces } from './form';

const field = (name: string, kind: Field['kind'], required = false): Field => ({ name, title: null, description: null, required, kind });
const TEXT: Field['kind'] = { type: 'text', min_length: null, max_length: null, format: null, default: null };
const FIELDS = [
  field('name', TEXT, true), field('at', { ...TEXT, format: 'date_time' }), field('n', { type: 'number', whole: false, minimum: null, maximum: null, default: 2.5 }),
  field('sure', { type: 'flag', default: true }), field('one', { type: 'one', choices: [{ value: 'a', title: 'A' }], default: null }), field('some', { type: 'several', choices: [{ value: 'a', title: 'A' }], least: null, most: null, default: ['a'] }),
];

describe('a form of a tool', () => {
  it('begins with what the server filled in', () => expect(initial(FIELDS)).toEqual({ name: '', at: '', n: '2.5', sure: true, one: '', some: ['a'] }));

  it('leaves out what was left empty, but not what has to be filled in', () => {
    expect(content(FIELDS, { ...initial(FIELDS), name: 'Ann', n: '' })).toEqual({ content: { name: 'Ann', sure: true, some: ['a'] } });
    expect(content(FIELDS, initial(FIELDS))).toEqual({ mistakes: { name: 'This has to be filled in.' } });
  });

  it('reads numbers and moments', () => {
    const filled = content(FIELDS, { name: 'Ann', n: '-3e2', at: '2026-11-30T14:00', sure: false, one: 'a', some: [] });
    expect(filled).toEqual({ content: { name: 'Ann', n: -300, at: new Date('2026-11-30T14:00').toISOString(), sure: false, one: 'a' } });
    expect(content(FIELDS, { name: 'Ann', n: 'three', at: 'soon' })).toEqual({ mistakes: { n: 'This is not a number.', at: 'This is not a moment.' } });
  });

  it('keeps a moment that the server filled in', () => {
    const moment = field('at', { ...TEXT, format: 'date_time', default: '2026-11-30T14:00:00Z' });
    expect(content([moment], initial([moment]))).toEqual({ content: { at: '2026-11-30T14:00:00.000Z' } });
  });

  it('sorts the server’s complaints by field', () => {
    const errors = [{ pointer: '/answers/a~1b/content/x~0y', message: 'no' }, { pointer: '/answers/other/content/z', message: 'not this' }];
    expect(complaints('a/b', errors)).toEqual({ 'x~y': 'no' });
  });

  it('takes an address apart only where it is one of the web', () => {
    expect(pieces('https://a.example:8443/x?y#z')).toEqual({ before: 'https://', host: 'a.example:8443', after: '/x?y#z' });
    for (const bad of ['javascript:alert(1)', 'data:text/html,x', 'https://bank.example@evil.example/', 'no address']) expect(pieces(bad)).toBeNull();
  });
});
