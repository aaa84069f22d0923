import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AppCalled, AppView } from '../api/types';
import { asking } from '../design/confirm.svelte';
import { AppHost, type Around } from './app-host.svelte';

const VIEW: AppView = { server: 's', name: 'weather', title: 'The weather', tool: {}, frame: '/sandbox/app.html', html: '', granted: { connect: [], resource: [], frame: [], base: [] }, keeps: false, border: null };
const ASKS: AppCalled = { kind: 'asks', tool: 'weather__refresh', input: { at: 'noon' }, effect: 'reaches', digest: 'd1g' };
let answers: AppCalled[], sent: unknown[];
beforeEach(() => {
  [answers, sent] = [[], []];
  vi.stubGlobal('fetch', (_: string, request: RequestInit) => {
    sent.push(JSON.parse(String(request.body)));
    return Promise.resolve(new Response(JSON.stringify(answers.shift()), { status: 200, headers: { 'content-type': 'application/json' } }));
  });
});
afterEach(() => { vi.unstubAllGlobals(); asking.reply(false); });

const around = (more: Partial<Around> = {}): Around => ({ say: vi.fn(() => Promise.resolve()), know: vi.fn(), ...more });
const host = (lent = around()) => new AppHost('r', 'c', VIEW, lent);
const asked = (of: AppHost) => vi.waitFor(() => { if (!of.question) throw new Error('nobody is asked'); return of.question; });

it('gives the view what its server answered, where nobody has to be asked', async () => {
  answers = [{ kind: 'answered', result: { content: [], future: 1 } }];
  await expect(host().callTool('refresh', { at: 'noon' })).resolves.toEqual({ content: [], future: 1 });
  expect(sent).toEqual([{ tool: 'refresh', arguments: { at: 'noon' } }]);
});

it('asks the person, and sends a yes that is bound to what was shown', async () => {
  const mine = host();
  answers = [ASKS, { kind: 'answered', result: { content: [] } }];
  const ends = mine.callTool('refresh', { at: 'noon' });
  (await asked(mine)).answer('conversation');
  await expect(ends).resolves.toEqual({ content: [] });
  expect(sent[1]).toEqual({ tool: 'refresh', arguments: { at: 'noon' }, yes: { digest: 'd1g', reach: 'conversation' } });
  expect(mine.question).toBeNull();
});

it('gives up what it waits for when nobody looks any more', async () => {
  const mine = host();
  vi.stubGlobal('fetch', (_: string, { signal }: RequestInit) => new Promise((_done, fail) => { signal?.addEventListener('abort', () => fail(new DOMException('left', 'AbortError'))); }));
  const ends = mine.callTool('refresh', {});
  mine.leave();
  await expect(ends).rejects.toThrow();
});

it('does not ask twice when the tool became another one meanwhile', async () => {
  const mine = host();
  answers = [ASKS, { ...ASKS, digest: 'other' }];
  const ends = mine.callTool('refresh', {});
  (await asked(mine)).answer('once');
  await expect(ends).rejects.toThrow('not the one that was asked about');
});

it('asks for one thing at a time, and after two noes for nothing', async () => {
  const mine = host();
  for (let no = 0; no < 2; no++) {
    answers = [ASKS];
    const ends = mine.callTool('refresh', {});
    const question = await asked(mine);
    if (no === 0) await expect(mine.openLink('https://example.org/')).rejects.toThrow('being asked something else');
    question.answer(null);
    await expect(ends).rejects.toThrow('did not allow');
  }
  answers = [ASKS];
  await expect(mine.callTool('refresh', {})).rejects.toThrow('does not want to be asked any more');
  expect(asking.now).toBeNull();
});

it('says something in the name of the person only when they agree to these very words', async () => {
  const lent = around(), mine = host(lent);
  const ends = mine.sendMessage([{ type: 'text', text: 'And tomorrow?\u202E' }]);
  await vi.waitFor(() => { expect(asking.now).not.toBeNull(); });
  expect(asking.now).toMatchObject({ text: 'And tomorrow?⟨U+202E⟩', deliberate: true });
  expect(asking.armed).toBe(false);
  expect(lent.say).not.toHaveBeenCalled();
  asking.reply(true);
  await expect(ends).resolves.toEqual({});
  expect(lent.say).toHaveBeenCalledExactlyOnceWith('And tomorrow?\u202E');
  await expect(mine.sendMessage([{ type: 'image' }])).rejects.toThrow('only text');
});

it('tells the view when what it would say is not said', async () => {
  const mine = host(around({ say: () => Promise.reject(new Error('an answer is under way')) }));
  const ends = mine.sendMessage([{ type: 'text', text: 'Now' }]);
  await vi.waitFor(() => { expect(asking.now).not.toBeNull(); });
  asking.reply(true);
  await expect(ends).resolves.toEqual({ isError: true });
});

it('keeps what the agent is to know, and forgets it when the view takes it back', () => {
  const lent = around(), mine = host(lent);
  mine.updateContext({ content: [{ type: 'text', text: 'Bonn' }] });
  mine.updateContext({});
  expect(vi.mocked(lent.know).mock.calls).toEqual([['Bonn'], [null]]);
  expect(() => mine.updateContext({ content: [{ type: 'audio' }] })).toThrow('only text and data');
});

it('opens nothing that is not of the web, and what is only when the person agrees', async () => {
  const opened = vi.fn();
  vi.stubGlobal('open', opened);
  const mine = host();
  await expect(mine.openLink('javascript:alert(1)')).rejects.toThrow('only addresses of the web');
  const ends = mine.openLink('https://example.org/forecast');
  await vi.waitFor(() => { expect(asking.now).not.toBeNull(); });
  expect(asking.now?.title).toContain('example.org');
  asking.reply(true);
  await expect(ends).resolves.toEqual({});
  expect(opened).toHaveBeenCalledExactlyOnceWith('https://example.org/forecast', '_blank', 'noopener,noreferrer');
});
