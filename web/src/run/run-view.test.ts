import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../api/types';
import { asks, callsOf, newRun, reduce, textOf, type RunView } from './run-view';

type Bare = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'seq' | 'at' | 'topic'> : never) : never;
const AT = '2026-11-20T14:02:00.000Z';
/** The view after `events`, numbered from 1. */
const after = (...events: Bare[]): RunView => events.map((event, i) => ({ ...event, seq: i + 1, at: AT }) as RunEvent).reduce(reduce, newRun());

const STARTED: Bare = { type: 'run.started', message_id: 'm', parts: [] };
const STEP: Bare = { type: 'step.started', model: 'demo', because: null };
const CALLS: Bare = { type: 'message.done', parts: [{ kind: 'text', text: 'Looking.' }], calls: [{ id: 'a', tool: 'math', input: { x: 1 } }, { id: 'b', tool: 'mail', input: {} }], finish: 'calls', model: 'demo' };
const call = (view: RunView, id: string) => callsOf(view).find((it) => it.id === id)!;

describe('a run, event by event', () => {
  it('run.started: it runs', () => expect(after(STARTED)).toMatchObject({ state: 'running', startedAt: AT, seq: 1, steps: [] }));

  it('step.started: a step begins, and says why it is another model', () => {
    expect(after(STARTED, { type: 'step.started', model: 'small', because: 'large is away' }).steps).toMatchObject([{ key: 2, model: 'small', because: 'large is away', finish: null }]);
  });

  it('step.started: what was streamed and not finished is void', () => {
    const view = after(STARTED, STEP, { type: 'message.delta', text: 'half an ans' }, STEP, { type: 'message.delta', text: 'whole' });
    expect(view.steps.map((step) => step.text)).toEqual(['whole']);
  });

  it('message.delta and reasoning.delta: text grows', () => {
    const view = after(STARTED, STEP, { type: 'reasoning.delta', text: 'hm' }, { type: 'reasoning.delta', text: 'm' }, { type: 'message.delta', text: 'Hel' }, { type: 'message.delta', text: 'lo' });
    expect(view.steps[0]).toMatchObject({ reasoning: 'hmm', text: 'Hello', finish: null });
  });

  it('tool.args.delta: a call appears with its arguments as far as they came', () => {
    const view = after(STARTED, STEP, { type: 'tool.args.delta', call: 'a', tool: 'math', text: '{"x"' }, { type: 'tool.args.delta', call: 'b', tool: 'mail', text: '{' }, { type: 'tool.args.delta', call: 'a', tool: 'math', text: ':1}' });
    expect(callsOf(view)).toMatchObject([{ id: 'a', state: 'writing', writing: '{"x":1}', input: undefined }, { id: 'b', writing: '{' }]);
  });

  it('message.done: replaces what was streamed', () => {
    const view = after(STARTED, STEP, { type: 'message.delta', text: 'Loo' }, { type: 'tool.args.delta', call: 'a', tool: 'math', text: '{' }, CALLS);
    expect(view.steps).toMatchObject([{ key: 2, text: 'Looking.', finish: 'calls', calls: [{ id: 'a', state: 'waiting', input: { x: 1 } }, { id: 'b' }] }]);
  });

  it('message.done: without its deltas, as a stored log has it, gives the same', () => {
    const live = after(STARTED, STEP, { type: 'message.delta', text: 'Looking.' }, CALLS), stored = after(STARTED, CALLS);
    expect(stored.steps.map(({ key: _, ...step }) => step)).toEqual(live.steps.map(({ key: _, ...step }) => step));
  });

  it('message.done: pictures and thoughts find their place', () => {
    const view = after(STARTED, STEP, { type: 'message.done', parts: [{ kind: 'reasoning', text: 'why' }, { kind: 'text', text: 'one' }, { kind: 'image', media_type: 'image/png', data: 'AA==' }, { kind: 'text', text: 'two' }], calls: [], finish: 'stop', model: 'demo' });
    expect(view.steps[0]).toMatchObject({ reasoning: 'why', text: 'one\n\ntwo', images: [{ kind: 'image' }] });
  });

  it('tool.approval: the run waits for a person', () => {
    const view = after(STARTED, STEP, CALLS, { type: 'tool.approval', call: 'b', question: 'approval', digest: 'd' });
    expect(view.state).toBe('parked');
    expect(asks(view)).toMatchObject([{ id: 'b', state: 'ask', question: 'approval', digest: 'd' }]);
  });

  it('tool.approval: it runs as long as another call does', () => {
    const view = after(STARTED, STEP, CALLS, { type: 'tool.started', call: 'a', effect: 'reads', view: null }, { type: 'tool.approval', call: 'b', question: 'approval', digest: 'd' });
    expect(view.state).toBe('running');
    expect(asks(view)).toHaveLength(1);
  });

  it('tool.decided: with changed arguments', () => {
    const view = after(STARTED, STEP, CALLS, { type: 'tool.approval', call: 'b', question: 'approval', digest: 'd' }, { type: 'tool.decided', call: 'b', decision: 'allow', reach: 'conversation', input: { to: 'x' }, reason: null, by: 'p' });
    expect(view.state).toBe('running');
    expect(call(view, 'b')).toMatchObject({ state: 'waiting', input: { to: 'x' }, decided: { decision: 'allow', reach: 'conversation', edited: true } });
  });

  const ELICITED: Bare = { type: 'tool.elicited', call: 'b', elicitation: { round: 1, server: 'far', tool: 'mail', declined: 0, until: null, questions: { q: { kind: 'form', message: 'Who?', fields: [] } } } };
  it('tool.elicited: a call that runs waits for a person, and so does the run', () => {
    const view = after(STARTED, STEP, CALLS, { type: 'tool.started', call: 'b', effect: 'reaches', view: null }, ELICITED);
    expect(view.state).toBe('parked');
    expect(asks(view)).toMatchObject([{ id: 'b', state: 'ask', question: 'form', elicitation: { server: 'far', round: 1 } }]);
  });

  it('tool.started: a call may come with a view', () => {
    const view = { server: 'weather', uri: 'ui://weather/view' };
    expect(call(after(STARTED, STEP, CALLS, { type: 'tool.started', call: 'a', effect: 'reads', view }), 'a')).toMatchObject({ state: 'live', view });
  });

  it('tool.task: a server goes on with it by itself, and it runs on as long as that takes', () => {
    const task = { type: 'tool.task', call: 'b', server: 'far', since: AT, until: null } as const;
    const view = after(STARTED, STEP, CALLS, { type: 'tool.started', call: 'b', effect: 'reaches', view: null }, task, { type: 'tool.progress', call: 'b', share: null, note: 'half' });
    expect(view.state).toBe('running');
    expect(call(view, 'b')).toMatchObject({ state: 'live', task: { server: 'far', since: AT, until: null }, progress: { note: 'half' } });
  });

  it('tool.answered: it goes on, and what it was told stays', () => {
    const view = after(STARTED, STEP, CALLS, { type: 'tool.started', call: 'b', effect: 'reaches', view: null }, ELICITED, { type: 'tool.answered', call: 'b', answers: { q: { action: 'decline' } }, by: 'p' });
    expect(view.state).toBe('running');
    expect(call(view, 'b')).toMatchObject({ state: 'waiting', elicitation: null, heard: [{ elicitation: { round: 1 }, answers: { q: { action: 'decline' } } }] });
  });

  it('tool.started, tool.progress, tool.finished: a call runs and ends', () => {
    const begun: Bare[] = [STARTED, STEP, CALLS, { type: 'tool.started', call: 'a', effect: 'reads', view: null }, { type: 'tool.progress', call: 'a', share: 0.5, note: 'half' }];
    expect(call(after(...begun), 'a')).toMatchObject({ state: 'live', effect: 'reads', startedAt: AT, progress: { share: 0.5, note: 'half' } });
    const done = after(...begun, { type: 'tool.finished', call: 'a', outcome: 'done', output: [{ kind: 'text', text: '2' }], message: null, took_ms: 12 });
    expect(call(done, 'a')).toMatchObject({ state: 'done', output: [{ text: '2' }], tookMs: 12, progress: null });
  });

  it.each(['failed', 'denied', 'aborted', 'unknown'] as const)('tool.finished: %s is told apart', (outcome) => {
    expect(call(after(STARTED, STEP, CALLS, { type: 'tool.finished', call: 'b', outcome, output: [], message: 'why', took_ms: 0 }), 'b')).toMatchObject({ state: outcome, message: 'why' });
  });

  it('usage.updated: adds up', () => {
    const usage: Bare = { type: 'usage.updated', model: 'demo', input: 10, cached: 4, output: 5, reasoning: 1 };
    expect(after(STARTED, usage, usage).usage).toEqual({ input: 20, cached: 8, output: 10, reasoning: 2 });
  });

  it.each(['finished', 'exhausted', 'cancelled', 'incomplete'] as const)('run.finished: %s, and nothing moves any more', (state) => {
    const view = after(STARTED, STEP, CALLS, { type: 'tool.approval', call: 'b', question: 'approval', digest: 'd' }, { type: 'run.finished', state, message: 'because' });
    expect(view).toMatchObject({ state, message: 'because', endedAt: AT });
    expect(callsOf(view).map((it) => it.state)).toEqual(['aborted', 'aborted']);
    expect(asks(view)).toEqual([]);
  });

  it('run.failed: with the provider’s own words', () => {
    expect(after(STARTED, STEP, { type: 'message.delta', text: 'it be' }, { type: 'run.failed', code: 'model_unauthorized', message: 'The key was refused.', detail: '401' }))
      .toMatchObject({ state: 'failed', code: 'model_unauthorized', message: 'The key was refused.', detail: '401', steps: [{ text: 'it be', finish: 'broken' }] });
  });

  it('run.resumed: goes on behind what was said', () => {
    const view = after(STARTED, STEP, { type: 'message.done', parts: [{ kind: 'text', text: 'One' }], calls: [], finish: 'broken', model: 'demo' }, { type: 'run.finished', state: 'incomplete', message: 'cut' }, { type: 'run.resumed', by: 'p' }, STEP, { type: 'message.delta', text: 'two' });
    expect(view).toMatchObject({ state: 'running', message: null, endedAt: null });
    expect(textOf(view)).toBe('One\n\ntwo');
  });

  it('an event of a later version changes nothing', () => {
    const view = after(STARTED), later = reduce(view, { type: 'plan.updated', seq: 2, at: AT } as unknown as RunEvent);
    expect(later).toEqual({ ...view, seq: 2 });
  });

  it('never changes the view it was given', () => {
    const frozen = (view: RunView): RunView => { const freeze = (it: unknown) => { if (it && typeof it === 'object') { Object.values(it).forEach(freeze); Object.freeze(it); } }; freeze(view); return view; };
    let view = frozen(after(STARTED, STEP, CALLS));
    const rest: Bare[] = [{ type: 'tool.started', call: 'a', effect: 'reads', view: null }, { type: 'tool.finished', call: 'a', outcome: 'done', output: [], message: null, took_ms: 1 }, { type: 'run.finished', state: 'finished', message: null }];
    rest.forEach((event, i) => { view = frozen(reduce(view, { ...event, seq: i + 9, at: AT } as RunEvent)); });
    expect(view.state).toBe('finished');
  });
});
