import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { whileVisible } from './polling';

let hidden = false;
const turn = (now: boolean) => { hidden = now; document.dispatchEvent(new Event('visibilitychange')); };
beforeEach(() => {
  hidden = false;
  vi.useFakeTimers();
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden);
});
afterEach(() => { vi.useRealTimers(); vi.restoreAllMocks(); });

it('asks at once and again, but never while the last answer is on its way', async () => {
  let answer = () => {};
  const act = vi.fn(() => new Promise<void>((done) => { answer = done; }));
  const stop = whileVisible(act, 1000);
  await vi.advanceTimersByTimeAsync(5000);
  expect(act).toHaveBeenCalledTimes(1);
  answer();
  await vi.advanceTimersByTimeAsync(1000);
  expect(act).toHaveBeenCalledTimes(2);
  stop();
});

it('rests while nobody looks, and asks at once when somebody does', async () => {
  const act = vi.fn(() => Promise.reject(new Error('no')));
  const stop = whileVisible(act, 1000);
  await vi.advanceTimersByTimeAsync(2000);
  expect(act).toHaveBeenCalledTimes(3);
  turn(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(act).toHaveBeenCalledTimes(3);
  turn(false);
  expect(act).toHaveBeenCalledTimes(4);
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  turn(false);
  expect(act).toHaveBeenCalledTimes(4);
});
