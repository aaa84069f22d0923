/**
 * A run as it is shown: a pure function of its events. Live, replayed and stored events take the
 * same way, so a reload shows what was there before it.
 */
import type { Effect, Elicitation, Finish, Heard, Id, Outcome, Part, Question, Reach, RunEvent, RunState, Time, Usage, ViewOfCall } from '../api/types';

/** `writing`: its arguments still arrive. `waiting`: it has them and has not begun. */
export type CallState = 'writing' | 'waiting' | 'ask' | 'live' | Outcome;
export interface Decided { decision: 'allow' | 'deny'; reach: Reach | null; edited: boolean; reason: string | null; by: Id }
export interface Call {
  readonly id: string;
  readonly tool: string;
  readonly state: CallState;
  /** What it is called with; `undefined` while that is still written. */
  readonly input: unknown;
  /** The arguments as far as they have arrived. */
  readonly writing: string;
  readonly question: Question | null;
  readonly digest: string | null;
  readonly decided: Decided | null;
  /** What its tool wants to know, while it waits for that. */
  readonly elicitation: Elicitation | null;
  /** What its tool wanted to know before, and what it was told. */
  readonly heard: readonly { readonly elicitation: Elicitation; readonly answers: Readonly<Record<string, Heard>> }[];
  readonly effect: Effect | null;
  /** The view that it is shown with, once it has begun. */
  readonly view: ViewOfCall | null;
  /** Who goes on with it by itself, since when, and how long it keeps it, where it does. */
  readonly task: { readonly server: string; readonly since: Time; readonly until: Time | null } | null;
  readonly progress: { share: number | null; note: string } | null;
  readonly output: readonly Part[];
  readonly message: string | null;
  readonly startedAt: Time | null;
  readonly tookMs: number | null;
}
/** One turn of the model: what it thought, said and asked for. */
export interface Step {
  readonly key: number;
  readonly model: string;
  /** Why it was not the model asked for. */
  readonly because: string | null;
  readonly reasoning: string;
  readonly text: string;
  readonly images: readonly Part[];
  readonly calls: readonly Call[];
  /** `null` while it speaks. */
  readonly finish: Finish | null;
}
export interface RunView {
  readonly state: RunState;
  readonly seq: number;
  readonly steps: readonly Step[];
  readonly usage: Usage;
  readonly startedAt: Time | null;
  readonly endedAt: Time | null;
  /** Why it stopped, when that was not because all was said. */
  readonly message: string | null;
  readonly code: string | null;
  readonly detail: string | null;
}

export const newRun = (state: RunState = 'queued'): RunView => ({
  state, seq: 0, steps: [], usage: { input: 0, cached: 0, output: 0, reasoning: 0 }, startedAt: null, endedAt: null, message: null, code: null, detail: null,
});

export function reduce(view: RunView, event: RunEvent): RunView {
  const next = apply(view, event);
  return { ...next, seq: event.seq, state: event.type.startsWith('run.') ? next.state : stateOf(next) };
}

export const isOver = (state: RunState) => state === 'finished' || state === 'exhausted' || state === 'cancelled' || state === 'incomplete' || state === 'failed';
export const callsOf = (view: RunView): Call[] => view.steps.flatMap((step) => step.calls);
export const asks = (view: RunView): Call[] => (isOver(view.state) ? [] : callsOf(view).filter((call) => call.state === 'ask'));
/** Everything the agent said to the person. */
export const textOf = (view: RunView) => view.steps.map((step) => step.text.trim()).filter(Boolean).join('\n\n');

/** The tool server that a person has to sign in at before a call goes on. */
export const signsInAt = (asked: Elicitation | null): Id | null => Object.values(asked?.questions ?? {}).flatMap((it) => (it.kind === 'sign_in' ? [it.server] : []))[0] ?? null;

function apply(view: RunView, event: RunEvent): RunView {
  switch (event.type) {
    case 'run.started': return { ...view, state: 'running', startedAt: event.at };
    case 'run.resumed': return { ...view, state: 'running', endedAt: null, message: null, code: null, detail: null };
    case 'run.finished': return { ...ended(view, event.at), state: event.state, message: event.message ?? null };
    case 'run.failed': return { ...ended(view, event.at), state: 'failed', code: event.code, message: event.message, detail: event.detail ?? null };
    // Whatever was streamed since the last finished answer is void.
    case 'step.started': return { ...view, steps: [...spoken(view), { ...newStep(event.seq), model: event.model, because: event.because ?? null }] };
    case 'message.delta': return speak(view, event.seq, (step) => ({ ...step, text: step.text + event.text }));
    case 'reasoning.delta': return speak(view, event.seq, (step) => ({ ...step, reasoning: step.reasoning + event.text }));
    case 'tool.args.delta': return speak(view, event.seq, (step) => ({ ...step, calls: written(step.calls, event.call, event.tool, event.text) }));
    case 'message.done': return speak(view, event.seq, (step) => ({
      ...step,
      text: joined(event.parts, step.text), reasoning: thoughts(event.parts), images: event.parts.filter((part) => part.kind === 'image'),
      calls: event.calls.map((call) => ({ ...newCall(call.id, call.tool), state: 'waiting', input: call.input })),
      finish: event.finish, model: event.model,
    }));
    case 'tool.approval': return edit(view, event.call, (call) => ({ ...call, state: 'ask', question: event.question, digest: event.digest }));
    case 'tool.decided': return edit(view, event.call, (call) => ({
      ...call, state: 'waiting', input: event.input ?? call.input,
      decided: { decision: event.decision, reach: event.reach ?? null, edited: event.input !== undefined && event.input !== null, reason: event.reason ?? null, by: event.by },
    }));
    case 'tool.started': return edit(view, event.call, (call) => ({ ...call, state: 'live', effect: event.effect, view: event.view ?? null, startedAt: event.at }));
    case 'tool.task': return edit(view, event.call, (call) => ({ ...call, task: { server: event.server, since: event.since, until: event.until ?? null } }));
    case 'tool.elicited': return edit(view, event.call, (call) => ({ ...call, state: 'ask', question: 'form', elicitation: event.elicitation, progress: null }));
    case 'tool.answered': return edit(view, event.call, (call) => ({
      ...call, state: 'waiting', elicitation: null, heard: call.elicitation ? [...call.heard, { elicitation: call.elicitation, answers: event.answers }] : call.heard,
    }));
    case 'tool.progress': return edit(view, event.call, (call) => ({ ...call, progress: { share: event.share ?? null, note: event.note } }));
    case 'tool.finished': return edit(view, event.call, (call) => ({ ...call, state: event.outcome, output: event.output, message: event.message ?? null, tookMs: event.took_ms, progress: null, elicitation: null }));
    case 'usage.updated': return { ...view, usage: {
      input: view.usage.input + event.input, cached: view.usage.cached + event.cached, output: view.usage.output + event.output, reasoning: view.usage.reasoning + event.reasoning,
    } };
    default: return unknown(event, view);
  }
}

/** A type that this page does not know yet changes nothing; one that it ought to know does not compile. */
const unknown = (_event: never, view: RunView): RunView => view;

/** A run that moves waits for a person when nothing else in it moves. */
function stateOf(view: RunView): RunState {
  if (isOver(view.state)) return view.state;
  const calls = view.steps.at(-1)?.calls ?? [];
  return calls.some((call) => call.state === 'ask') && !calls.some((call) => call.state === 'live') ? 'parked' : 'running';
}

/** What was not finished when the run ended stays as far as it came. */
function ended(view: RunView, at: Time): RunView {
  const stopped = (call: Call): Call => (call.state === 'writing' || call.state === 'waiting' || call.state === 'ask' || call.state === 'live' ? { ...call, state: 'aborted', elicitation: null } : call);
  const steps = view.steps.map((step) => (step.finish === null ? { ...step, finish: 'broken' as const, calls: step.calls.map(stopped) } : { ...step, calls: step.calls.map(stopped) }));
  return { ...view, steps, endedAt: at };
}

const newStep = (key: number): Step => ({ key, model: '', because: null, reasoning: '', text: '', images: [], calls: [], finish: null });
const newCall = (id: string, tool: string): Call => ({
  id, tool, state: 'writing', input: undefined, writing: '', question: null, digest: null, decided: null, elicitation: null, heard: [], effect: null, view: null, task: null, progress: null, output: [], message: null, startedAt: null, tookMs: null,
});

const spoken = (view: RunView) => view.steps.filter((step) => step.finish !== null);

/** Changes the step that is being spoken; a stored log may have left out its beginning. */
function speak(view: RunView, seq: number, change: (step: Step) => Step): RunView {
  const last = view.steps.at(-1);
  return last && last.finish === null ? { ...view, steps: [...view.steps.slice(0, -1), change(last)] } : { ...view, steps: [...view.steps, change(newStep(seq))] };
}

function written(calls: readonly Call[], id: string, tool: string, text: string): readonly Call[] {
  const known = calls.some((call) => call.id === id) ? calls : [...calls, newCall(id, tool)];
  return known.map((call) => (call.id === id ? { ...call, writing: call.writing + text } : call));
}

function edit(view: RunView, id: string, change: (call: Call) => Call): RunView {
  const i = view.steps.findLastIndex((step) => step.calls.some((call) => call.id === id));
  if (i < 0) return view;
  const step = view.steps[i]!;
  return { ...view, steps: view.steps.with(i, { ...step, calls: step.calls.map((call) => (call.id === id ? change(call) : call)) }) };
}

/** Text in several parts; where it is what was streamed, it stays exactly that. */
function joined(parts: readonly Part[], streamed: string): string {
  const texts = parts.flatMap((part) => (part.kind === 'text' && part.text ? [part.text] : []));
  const plain = texts.join('');
  return plain === streamed ? streamed : texts.join('\n\n');
}
const thoughts = (parts: readonly Part[]) => parts.flatMap((part) => (part.kind === 'reasoning' && part.text ? [part.text] : [])).join('\n\n');
