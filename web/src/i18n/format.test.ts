import { expect, it } from 'vitest';
import { bytes, count, duration, elapsed, number, relativeTime, shortTime, timeOfDay } from './format';

it.each([[0, '0 ms'], [3, '3 ms'], [412, '0.4 s'], [9_940, '9.9 s'], [12_700, '12 s'], [59_999, '59 s'], [185_000, '3:05'], [3_720_000, '1:02:00']])('tells %i ms as %s', (ms, text) => expect(duration(ms)).toBe(text));
it.each([[900, '0 s'], [3_900, '3 s'], [61_000, '1:01'], [-5, '0 s']])('tells %i ms so far as %s', (ms, text) => expect(elapsed(ms)).toBe(text));
it.each([[0, '0 B'], [999, '999 B'], [5_240_000, '5.2 MB'], [120_000, '120 KB']])('tells %i bytes as %s', (size, text) => expect(bytes(size)).toBe(text));

it('groups digits and counts things', () => {
  expect(number(21480)).toBe('21,480');
  expect(count(1, 'word', 'words')).toBe('1 word');
  expect(count(2140, 'word', 'words')).toBe('2,140 words');
});

it('says a time as shortly as it is clear', () => {
  const now = new Date(2026, 10, 20, 14, 2);
  expect(timeOfDay(now)).toBe('14:02');
  expect(shortTime(now, now)).toBe('14:02');
  expect(shortTime(new Date(2026, 10, 16, 7, 0), now)).toBe('Mon, Nov 16');
  expect(shortTime(new Date(2025, 10, 16), now)).toBe('Nov 16, 2025');
  expect(relativeTime(new Date(2026, 10, 20, 13, 50), now)).toBe('12 minutes ago');
  expect(relativeTime(new Date(2026, 10, 21, 14, 2), now)).toBe('tomorrow');
});
