import { expect, it } from 'vitest';
import { question, way } from './a-offer';
import { blank, firstWay, inputsOf, missing, wrongOf } from './answers';

const ASKED = [
  question({ key: 'folders', repeated: true }), question({ key: 'key', secret: true }), question({ key: 'mode', required: false, default: 'ro' }), question({ key: 'extra', required: false }),
];

it('begins with what was answered before, or goes without saying', () => {
  expect(blank(ASKED, { folders: ['/a', '/b'] })).toEqual({ folders: '/a\n/b', key: '', mode: 'ro', extra: '' });
});

it('sends what was answered, and what is to be left out from now on', () => {
  const answers = { folders: ' /a \n\n/b', key: ' s ', mode: 'ro', extra: ' ' };
  expect(inputsOf(ASKED, answers)).toEqual({ folders: ['/a', '/b'], key: [' s '], mode: ['ro'] });
  expect(inputsOf(ASKED, answers, { extra: ['x'] })).toMatchObject({ extra: [] });
});

it('knows what is missing, but not what is stored', () => {
  expect(Object.keys(missing(ASKED, blank(ASKED), false))).toEqual(['folders', 'key']);
  expect(Object.keys(missing(ASKED, blank(ASKED), true))).toEqual(['folders']);
});

it('finds the field of a mistake by its pointer', () => {
  const { wrong, others } = wrongOf([
    { pointer: '/inputs/header.X~1Y~01', message: 'is needed' }, { pointer: '/way', message: 'only an administrator may add a program' }, { pointer: '/link/headers/X-Key', message: 'enter the value again' },
  ]);
  expect(wrong).toEqual({ 'header.X/Y~1': 'is needed' });
  expect(others).toEqual(['only an administrator may add a program', 'headers, X-Key: enter the value again']);
});

it('begins with a way that can be taken', () => {
  const ways = [way({ key: 'a', obstacle: 'no' }), way({ key: 'b' }), way({ key: 'c', program: false })];
  expect([firstWay(ways, true)?.key, firstWay(ways, false)?.key, firstWay(ways.slice(0, 1), true)?.key, firstWay([], true)]).toEqual(['b', 'c', 'a', undefined]);
});
