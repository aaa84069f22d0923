import { expect, it } from 'vitest';
import { health, server, tool } from './a-server';
import { remediesOf, stateOf, toolStateOf, wayOf } from './state';

it.each([
  ['ready', 'done', 'ready'], ['idle', 'queued', 'idle'], ['connecting', 'live', 'connecting'], ['needs_sign_in', 'ask', 'sign-in needed'],
  ['backing_off', 'fail', 'does not answer, is tried again'], ['failed', 'fail', 'failed'], ['something_new', 'none', 'in an unknown state'],
])('a server that is %s has the mark %s and a word', (state, mark, word) => {
  expect(stateOf(server({ health: health({ state }) }))).toEqual({ mark, word });
});

it('tools that wait are told before all is well, and after what is wrong', () => {
  const waiting = (state: string) => stateOf(server({ waiting: 2, health: health({ state }) }));
  expect(waiting('ready')).toEqual({ mark: 'ask', word: '2 tools wait to be allowed' });
  expect(stateOf(server({ waiting: 1, health: health({ state: 'idle' }) }))).toEqual({ mark: 'ask', word: '1 tool waits to be allowed' });
  expect(waiting('failed')).toEqual({ mark: 'fail', word: 'failed' });
  expect(waiting('needs_sign_in').word).toBe('sign-in needed');
});

it('a sign-in that went wrong is told from one that is only needed', () => {
  const wants = { health: health({ state: 'needs_sign_in' }) };
  expect(stateOf(server({ ...wants, auth: { state: 'refused', reason: 'Another issuer answers.' } }))).toEqual({ mark: 'fail', word: 'signing in did not work' });
  expect(stateOf(server({ ...wants, auth: { state: 'needed', reason: null } })).mark).toBe('ask');
});

it('what is not used is told as that, whatever its health', () => {
  const bad = { waiting: 1, health: health({ state: 'failed' }) };
  expect(stateOf(server({ ...bad, enabled: false }))).toEqual({ mark: 'queued', word: 'off' });
  expect(stateOf(server({ ...bad, shadowed: true }))).toEqual({ mark: 'none', word: 'not used' });
});

it('only those who look after it get remedies, and only those that help', () => {
  expect(remediesOf(server())).toEqual({ log: true, restart: true, again: false });
  expect(remediesOf(server({ health: health({ state: 'backing_off' }) }))).toEqual({ log: true, restart: true, again: true });
  expect(remediesOf(server({ enabled: false, health: health({ state: 'failed' }) }))).toEqual({ log: true, restart: false, again: false });
  expect(remediesOf(server({ managed: false, health: health({ state: 'failed' }) }))).toEqual({ log: false, restart: false, again: false });
});

it.each([['approved', true, 'done', 'allowed'], ['approved', false, 'queued', 'off'], ['new', true, 'ask', 'new'], ['changed', true, 'ask', 'changed'], ['gone', true, 'none', 'no longer listed'], ['gone', false, 'none', 'no longer listed']] as const)('a tool that is %s and on: %s has the mark %s', (standing, enabled, mark, word) => {
  expect(toolStateOf(tool({ standing, enabled }))).toEqual({ mark, word });
});

it('says how a server is reached', () => {
  const at = (url: string) => wayOf(server({ link: { kind: 'http', url, headers: [], inside: true } }));
  expect([at('https://a.example/'), at('http://10.0.0.1/'), wayOf(server({ link: { kind: 'program', command: '/bin/a', arguments: [], environment: [], folders: [], network: 'none' } }))]).toEqual(['https', 'http, inside', 'program']);
});
