import { expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { Tool } from '../api/types';
import { Problem } from '../api/call';
import type { Call } from './run-view';
import ToolCard from './ToolCard.svelte';

const CALL: Call = {
  id: 'c', tool: 'mail_send', state: 'ask', input: { to: 'a@b.example', subject: 'pay \u202Enow' }, writing: '', question: 'approval', digest: 'd1g', decided: null, effect: null,
  progress: null, output: [], message: null, startedAt: null, tookMs: null,
};
const TOOL: Tool = { name: 'mail_send', description: '', origin: 'office', effect: 'reaches', verdict: 'ask', default_verdict: 'ask', schema: {} };
const card = (call: Partial<Call>, ondecide = vi.fn(() => Promise.resolve()), onanswer = vi.fn(() => Promise.resolve())) =>
  render(ToolCard, { call: { ...CALL, ...call }, tool: TOOL, ondecide, onanswer });

it('asks, and sends a yes that is bound to these arguments', async () => {
  const decide = vi.fn(() => Promise.resolve());
  const screen = await card({}, decide);
  await expect.element(screen.getByRole('img', { name: 'needs approval' })).toBeVisible();
  await expect.element(screen.getByText('It reaches outside this workspace.')).toBeVisible();
  await screen.getByRole('button', { name: 'Run once' }).click();
  expect(decide).toHaveBeenCalledExactlyOnceWith({ call: 'c', digest: 'd1g', decision: 'allow', reach: 'once' });
});

it.each([['Always in this chat', 'conversation'], ['Always', 'always']])('%s reaches as far as it says', async (name, reach) => {
  const decide = vi.fn(() => Promise.resolve());
  const screen = await card({}, decide);
  await screen.getByRole('button', { name, exact: true }).click();
  expect(decide).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ decision: 'allow', reach }));
});

it('sends a no with its reason', async () => {
  const decide = vi.fn(() => Promise.resolve());
  const screen = await card({}, decide);
  await screen.getByRole('button', { name: 'Deny', exact: true }).click();
  await screen.getByLabelText('Why not?').fill('wrong person');
  await screen.getByRole('button', { name: 'Deny it' }).click();
  expect(decide).toHaveBeenCalledExactlyOnceWith({ call: 'c', digest: 'd1g', decision: 'deny', reason: 'wrong person' });
});

it('sends changed arguments, and only when they are an object of JSON', async () => {
  const decide = vi.fn(() => Promise.resolve());
  const screen = await card({}, decide);
  await screen.getByRole('button', { name: 'Edit arguments' }).click();
  const area = screen.getByLabelText('Arguments as JSON');
  await area.fill('{ "to": ');
  await screen.getByRole('button', { name: 'Run once' }).click();
  await expect.element(screen.getByRole('alert')).toHaveTextContent('not valid JSON');
  await area.fill('[1]');
  await screen.getByRole('button', { name: 'Run once' }).click();
  await expect.element(screen.getByRole('alert')).toHaveTextContent('JSON object');
  expect(decide).not.toHaveBeenCalled();
  await area.fill('{ "to": "c@d.example" }');
  await screen.getByRole('button', { name: 'Run once' }).click();
  expect(decide).toHaveBeenCalledExactlyOnceWith({ call: 'c', digest: 'd1g', decision: 'allow', reach: 'once', input: { to: 'c@d.example' } });
});

it('tells why the server refused, and can be asked again', async () => {
  const screen = await card({}, vi.fn(() => Promise.reject(new Problem(422, 'invalid', 'Invalid', 'The arguments do not fit.', [{ pointer: '/to', message: 'is missing' }]))));
  await screen.getByRole('button', { name: 'Run once' }).click();
  await expect.element(screen.getByRole('alert')).toHaveTextContent('The arguments do not fit. /to is missing');
  await expect.element(screen.getByRole('button', { name: 'Run once' })).toBeEnabled();
});

it('makes visible what hides in arguments', async () => {
  const screen = await card({});
  await expect.element(screen.getByText('"pay ⟨U+202E⟩now"')).toBeVisible();
});

it('opens when it needs a person and closes when it does not', async () => {
  const screen = await card({});
  expect(screen.container.querySelector('details')?.open).toBe(true);
  await screen.rerender({ call: { ...CALL, state: 'live', startedAt: new Date().toISOString() } });
  expect(screen.container.querySelector('details')?.open).toBe(false);
  await expect.element(screen.getByRole('img', { name: 'running' })).toBeVisible();
});

it('shows the result, JSON set out, and how long it took', async () => {
  const screen = await card({ state: 'done', tookMs: 1834, output: [{ kind: 'text', text: '{"rows":2}' }] });
  await expect.element(screen.getByText('1.8 s')).toBeVisible();
  await screen.getByText('mail_send').click();
  await expect.element(screen.getByText('"rows": 2')).toBeVisible();
});

it('takes an answer by button, and by box and text', async () => {
  const one = vi.fn(() => Promise.resolve()), several = vi.fn(() => Promise.resolve());
  const screen = await card({ question: 'answer', input: { question: 'Which quarter?', choices: ['Q2', 'Q3'] } }, undefined, one);
  await screen.getByRole('button', { name: 'Q3' }).click();
  expect(one).toHaveBeenCalledExactlyOnceWith('c', 'Q3');
  screen.unmount();
  const boxes = await card({ question: 'answer', input: { question: 'Which ones?', options: [{ value: 'a', label: 'A' }, 'B'], multiple: true } }, undefined, several);
  await boxes.getByRole('checkbox', { name: 'A' }).click();
  await boxes.getByLabelText('Something else').fill('and C');
  await boxes.getByRole('button', { name: 'Answer' }).click();
  expect(several).toHaveBeenCalledExactlyOnceWith('c', ['a', 'and C']);
});
