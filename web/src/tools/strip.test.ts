import { expect, it } from 'vitest';
import type { ServerCheck } from '../api/types';
import { barsOf, goodOf } from './strip';

const NOW = Date.parse('2026-11-20T12:00:00.000Z'), MINUTE = 60_000;
const check = (minutesAgo: number, state = 'ready', latency_ms: number | null = 40): ServerCheck => ({ at: new Date(NOW - minutesAgo * MINUTE).toISOString(), state, latency_ms });

it('puts each check where it belongs, the newest last', () => {
  const bars = barsOf([check(24 * 60 - 1), check(45), check(40, 'failed', null), check(1)], NOW);
  expect(bars).toHaveLength(48);
  expect(bars[0]).toMatchObject({ checks: 1, good: 1, from: NOW - 24 * 60 * MINUTE });
  expect(bars[46]).toMatchObject({ checks: 2, good: 1, latency: 40 });
  expect(bars[47]).toMatchObject({ checks: 1, good: 1 });
  expect(bars.filter((it) => it.checks === 0).every((it) => it.height === 0)).toBe(true);
});

it('leaves out what is older, and keeps what a faster clock says', () => {
  const bars = barsOf([check(25 * 60), check(-2)], NOW);
  expect(bars.map((it) => it.checks).reduce((a, b) => a + b)).toBe(1);
  expect(bars[47]!.checks).toBe(1);
});

it('is higher the slower it was, and never invisible or too high', () => {
  const height = (latency: number | null) => barsOf([check(1, 'ready', latency)], NOW)[47]!.height;
  expect([height(1), height(5), height(null)]).toEqual([0.2, 0.2, 0.2]);
  expect(height(50)).toBeLessThan(height(500));
  expect(height(60_000)).toBe(1);
});

it('counts what answered', () => expect(goodOf([check(1), check(2, 'idle'), check(3, 'failed'), check(4, 'backing_off'), check(5, 'needs_sign_in')])).toBe(3));
