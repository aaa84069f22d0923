import { expect, it } from 'vitest';
import type { Message, RunEvent } from '../api/types';
import { storedRun } from './run.svelte';

const AT = '2026-11-20T14:02:00.000Z';
const message = (more: Partial<Message>): Message => ({ id: 'm', parent_id: null, speaker: 'agent', created_at: AT, siblings: ['m'], parts: [], run: null, events: [], feedback: null, ...more });
const events: RunEvent[] = [
  { type: 'run.started', seq: 1, at: AT, message_id: 'q', parts: [] },
  { type: 'message.done', seq: 4, at: AT, parts: [{ kind: 'text', text: 'Hello' }], calls: [], finish: 'stop', model: 'demo' },
];

it('a person’s message has no run', () => expect(storedRun(message({ speaker: 'person' }))).toBeUndefined());

it('a reply has its run as the server knows it', () => {
  expect(storedRun(message({ run: { id: 'r', state: 'running', seq: 4 }, events }))).toEqual({ id: 'r', state: 'running', seq: 4, events });
});

it('a copy in a fork stands where its log ends, and never moves', () => {
  expect(storedRun(message({ events: events.slice(0, 1) }))).toMatchObject({ id: 'm', state: 'cancelled', seq: 1 });
  expect(storedRun(message({ events }))).toMatchObject({ state: 'finished', seq: 4 });
  expect(storedRun(message({ events: [...events, { type: 'run.finished', seq: 5, at: AT, state: 'finished', message: null }] }))).toMatchObject({ state: 'finished', seq: 5 });
});
