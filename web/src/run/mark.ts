/** State and effort of a call as a star. */
import type { State } from '../design/Mark.svelte';
import type { RunState } from '../api/types';
import { t } from '../i18n/t';
import type { Call, CallState } from './run-view';

const MARK: Record<CallState, State> = { writing: 'live', waiting: 'queued', ask: 'ask', live: 'live', done: 'done', failed: 'fail', denied: 'none', aborted: 'none', unknown: 'fail' };
const RUN: Record<RunState, State> = { queued: 'queued', running: 'live', parked: 'ask', finished: 'done', exhausted: 'fail', cancelled: 'none', incomplete: 'fail', failed: 'fail' };

export const markOf = (call: Call): State => MARK[call.state];
/** How far it is, in words; a tool that waits for an answer wants no approval. */
export const wordOf = (call: Call): string => (call.state === 'ask' && call.question === 'form' ? t.run.elicit.waits : t.run.callStates[call.state]);
export const markOfRun = (state: RunState): State => RUN[state];

/** Grows with the logarithm of the time it took: 10 ms is a small star, a minute a large one. */
export const magnitudeOf = (call: Call): number => (call.tookMs === null ? 1.2 : Math.max(0.4, Math.min(2.6, Math.log10(Math.max(call.tookMs, 1)) / 2)));
