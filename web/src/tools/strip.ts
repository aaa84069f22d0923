/** The checks of a day as bars: when it was looked at, whether it answered, and how fast. */
import type { ServerCheck } from '../api/types';

const HOUR = 3_600_000, HOURS = 24;
/** Bars of a day. */
const BARS = 48, SPAN = (HOURS * HOUR) / BARS;
/** The fastest and the slowest answer that bars tell apart, in milliseconds. */
const FAST = 5, SLOW = 5000;

export interface Bar {
  /** When it begins, in milliseconds since 1970. */
  from: number;
  checks: number;
  good: number;
  /** The middle one of those that are known. */
  latency: number | null;
  /** From 0 to 1, by the logarithm of the latency. */
  height: number;
}

/** A server that wants a sign-in has answered. */
const isGood = ({ state }: ServerCheck) => state === 'ready' || state === 'idle' || state === 'connecting' || state === 'needs_sign_in';

/** The bars of the 24 hours before `now`, oldest first; those without a check stay empty. */
export function barsOf(checks: readonly ServerCheck[], now: number): Bar[] {
  const start = now - HOURS * HOUR;
  const filled = Array.from({ length: BARS }, (): ServerCheck[] => []);
  for (const check of checks) {
    const i = Math.floor((Date.parse(check.at) - start) / SPAN);
    // A clock that is a little ahead of ours still counts.
    if (i >= 0) filled[Math.min(i, BARS - 1)]!.push(check);
  }
  return filled.map((own, i) => {
    const latencies = own.flatMap((it) => it.latency_ms ?? []).sort((a, b) => a - b);
    const latency = latencies[latencies.length >> 1] ?? null;
    return { from: start + i * SPAN, checks: own.length, good: own.filter(isGood).length, latency, height: own.length ? heightOf(latency) : 0 };
  });
}

/** Even the fastest is seen. */
function heightOf(latency: number | null): number {
  if (latency === null) return 0.2;
  const share = Math.log(Math.max(latency, FAST) / FAST) / Math.log(SLOW / FAST);
  return 0.2 + 0.8 * Math.min(1, share);
}

export const goodOf = (checks: readonly ServerCheck[]) => checks.filter(isGood).length;
