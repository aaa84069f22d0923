import { expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { Elicitation, Tool } from '../api/types';
import { Problem } from '../api/call';
import type { Call } from './run-view';
import ToolCard from './ToolCard.svelte';

const CALL: Call = {
  id: 'c', tool: 'mail_send', state: 'ask', input: { to: 'a@b.example', subject: 'pay \u202Enow' }, writing: '', question: 'approval', digest: 'd1g', decided: null, elicitation: null, heard: [], effect: null, view: null, task: null,
  progress: null, output: [], message: null, startedAt: null, tookMs: null,
};
const TOOL: Tool = { name: 'mail_send', description: '', origin: 'office', effect: 'reaches', verdict: 'ask', default_verdict: 'ask', schema: {} };
const card = (call: Partial<Call>, ondecide = vi.fn(() => Promise.resolve()), onanswer = vi.fn(() => Promise.resolve()), onrespond = vi.fn(() => Promise.resolve())) =>
  render(ToolCard, { call: { ...CALL, ...call }, tool: TOOL, ondecide, onanswer, onrespond });

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

it('says why a call failed without being opened', async () => {
  const screen = await card({ state: 'failed', message: 'the office is \u202Eclosed' });
  await expect.element(screen.getByText('office, failed, the office is ⟨U+202E⟩closed')).toBeVisible();
  await screen.getByText('mail_send').click();
  await expect.element(screen.getByText('office, failed', { exact: true })).toBeVisible();
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

it('tells that a server goes on with it by itself, and what it says', async () => {
  const since = new Date(Date.now() - 3_700_000).toISOString();
  const live = { ...CALL, state: 'live' as const, startedAt: new Date().toISOString(), task: { server: 'far', since, until: null } };
  const screen = await card({ ...live, progress: { share: null, note: 'building 3 of 5' } });
  await expect.element(screen.getByText('office, as a task: building 3 of 5')).toBeVisible();
  await expect.element(screen.getByText(/^1:01:4/)).toBeVisible();
  await screen.getByText('mail_send').click();
  await expect.element(screen.getByText(/far works on it by itself since/)).toBeVisible();
  await screen.rerender({ call: live });
  await expect.element(screen.getByText('office, as a task: at work')).toBeVisible();
  await screen.rerender({ call: { ...live, state: 'done', tookMs: 3_700_000 } });
  await expect.element(screen.getByText(/It ran at far as a task/)).toBeVisible();
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

const FORM: Elicitation = {
  round: 2, server: 'far', tool: 'book', declined: 1, until: null,
  questions: { table: { kind: 'form', message: 'Which \u202Etable?', fields: [
    { name: 'seats', title: 'Seats', description: 'How many come', required: true, kind: { type: 'number', whole: true, minimum: 1, maximum: null, default: null } },
    { name: 'mail', title: null, description: null, required: false, kind: { type: 'text', min_length: null, max_length: 80, format: 'email', default: null } },
    { name: 'colour', title: 'Colour', description: null, required: false, kind: { type: 'one', choices: [{ value: 'r', title: 'Red' }, { value: 'g', title: 'Green' }], default: 'r' } },
    { name: 'sure', title: 'Sure', description: null, required: false, kind: { type: 'flag', default: null } },
    { name: 'days', title: 'Days', description: null, required: false, kind: { type: 'several', choices: [{ value: 'mo', title: 'Monday' }, { value: 'tu', title: 'Tuesday' }], least: null, most: null, default: [] } },
  ] } },
};
const elicits = (elicitation: Elicitation, onrespond = vi.fn(() => Promise.resolve())) => card({ question: 'form', elicitation }, undefined, undefined, onrespond);

it('shows what a tool wants to know, who asks, and sends what was filled in', async () => {
  const respond = vi.fn(() => Promise.resolve());
  const screen = await elicits(FORM, respond);
  await expect.element(screen.getByRole('img', { name: 'waits for your answer' })).toBeVisible();
  await expect.element(screen.getByText(/far asks this, for its tool book.*Do not give it passwords/)).toBeVisible();
  await expect.element(screen.getByText('Which ⟨U+202E⟩table?')).toBeVisible();
  await expect.element(screen.getByText(/1 more question was declined/)).toBeVisible();
  await screen.getByLabelText('Seats').fill('4');
  await screen.getByLabelText('Colour').selectOptions('Green');
  await screen.getByRole('checkbox', { name: 'Sure' }).click();
  await screen.getByRole('checkbox', { name: 'Tuesday' }).click();
  await screen.getByRole('button', { name: 'Send' }).click();
  expect(respond).toHaveBeenCalledExactlyOnceWith({ call: 'c', round: 2, answers: { table: { action: 'accept', content: { seats: 4, colour: 'g', sure: true, days: ['tu'] } } } });
});

it('puts the cursor where something is missing, and sends nothing', async () => {
  const respond = vi.fn(() => Promise.resolve());
  const screen = await elicits(FORM, respond);
  await screen.getByRole('button', { name: 'Send' }).click();
  await expect.element(screen.getByText('This has to be filled in.')).toBeVisible();
  await expect.element(screen.getByLabelText('Seats')).toHaveFocus();
  await screen.getByLabelText('Seats').fill('2.5');
  await screen.getByRole('button', { name: 'Send' }).click();
  await expect.element(screen.getByText('This is not a whole number.')).toBeVisible();
  expect(respond).not.toHaveBeenCalled();
});

it('shows the server’s complaints at their fields', async () => {
  const screen = await elicits(FORM, vi.fn(() => Promise.reject(new Problem(422, 'invalid', 'Invalid', 'Some answers do not fit.', [{ pointer: '/answers/table/content/mail', message: 'an address such as ann@example.org' }]))));
  await screen.getByLabelText('Seats').fill('4');
  await screen.getByLabelText('mail').fill('ann');
  await screen.getByRole('button', { name: 'Send' }).click();
  await expect.element(screen.getByText('an address such as ann@example.org')).toBeVisible();
  await expect.element(screen.getByLabelText('mail')).toHaveFocus();
  await expect.element(screen.getByRole('button', { name: 'Send' })).toBeEnabled();
});

it.each([['Decline', 'decline'], ['Cancel', 'cancel']])('%s needs nothing filled in', async (name, action) => {
  const respond = vi.fn(() => Promise.resolve());
  const screen = await elicits(FORM, respond);
  await screen.getByRole('button', { name, exact: true }).click();
  expect(respond).toHaveBeenCalledExactlyOnceWith({ call: 'c', round: 2, answers: { table: { action } } });
});

it('shows all of a page’s address and opens it only by a click, elsewhere', async () => {
  const respond = vi.fn(() => Promise.resolve());
  const page: Elicitation = { ...FORM, declined: 0, questions: { pay: { kind: 'page', message: 'Pay here.', url: 'https://pay.example.org/7?b=c' } } };
  const screen = await elicits(page, respond);
  expect(screen.container.querySelector('.address')?.textContent).toBe('https://pay.example.org/7?b=c');
  await expect.element(screen.getByText('pay.example.org', { exact: true })).toBeVisible();
  const link = screen.getByRole('link', { name: 'Open the page' });
  await expect.element(link).toHaveAttribute('rel', 'noopener noreferrer');
  await expect.element(link).toHaveAttribute('target', '_blank');
  await screen.getByRole('button', { name: 'Continue' }).click();
  expect(respond).toHaveBeenCalledExactlyOnceWith({ call: 'c', round: 2, answers: { pay: { action: 'accept' } } });
});

it('never makes a link of an address that is none of the web', async () => {
  const page: Elicitation = { ...FORM, questions: { x: { kind: 'page', message: 'Look.', url: 'javascript:alert(1)' } } };
  const screen = await elicits(page);
  expect(screen.container.querySelector('a')).toBeNull();
  await expect.element(screen.getByText('javascript:alert(1)')).toBeVisible();
});

it('lets one of several questions be left out, and says when it is too late', async () => {
  const respond = vi.fn(() => Promise.resolve());
  const two: Elicitation = { ...FORM, until: '2020-01-01T00:00:00.000Z', questions: { ...FORM.questions, yes: { kind: 'form', message: 'Go on?', fields: [] } } };
  const screen = await elicits(two, respond);
  await expect.element(screen.getByText(/does not wait any more/)).toBeVisible();
  await screen.getByRole('checkbox', { name: 'Do not answer this' }).first().click();
  await screen.getByRole('button', { name: 'Send' }).click();
  expect(respond).toHaveBeenCalledExactlyOnceWith({ call: 'c', round: 2, answers: { table: { action: 'decline' }, yes: { action: 'accept', content: {} } } });
});

it('tells afterwards what a tool was told', async () => {
  const heard = [{ elicitation: FORM, answers: { table: { action: 'accept' as const, content: { seats: 4 } } } }];
  const screen = await card({ state: 'done', heard });
  await screen.getByText('mail_send').click();
  await expect.element(screen.getByText('You sent')).toBeVisible();
  await expect.element(screen.getByText('seats')).toBeVisible();
});
