import '../design/tokens.css';
import '../design/base.css';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { Problem } from '../api/call';
import { account } from '../api/client';
import type { Me } from '../api/types';
import { session } from '../session.svelte';
import { fresh } from './fresh.svelte';
import Fresh from './Fresh.svelte';

const me = (credential: Me['credential'] = 'session') => ({ id: 'a', email: 'ana@example.org', name: 'Ana', role: 'admin', credential, scopes: [] }) as Me;
beforeEach(() => { session.me = me(); });
afterEach(() => { fresh.reply(false); session.me = null; vi.restoreAllMocks(); });

/** The dialog, and whether whoever asked got their yes. */
async function shown() {
  const answers: boolean[] = [];
  for (let n = 0; n < 2; n += 1) void fresh.ask().then((yes) => answers.push(yes));
  const screen = await render(Fresh);
  return { screen, answers, field: screen.getByLabelText('Password', { exact: true }), confirm: screen.getByRole('button', { name: 'Confirm' }) };
}

it('begins in the field, and one password is enough for all who wait', async () => {
  const confirmed = vi.spyOn(account, 'confirm').mockResolvedValue(undefined);
  const { screen, answers, field, confirm } = await shown();
  await expect.element(screen.getByRole('dialog', { name: 'Confirm it is you' })).toBeVisible();
  await expect.element(field).toHaveFocus();
  await field.fill('three quiet lanterns');
  await confirm.click();
  await expect.poll(() => answers).toEqual([true, true]);
  expect(confirmed.mock.calls).toEqual([['three quiet lanterns']]);
  expect(fresh.asked).toBe(false);
});

it('says that it is not the password, empties the field and stays', async () => {
  vi.spyOn(account, 'confirm').mockRejectedValue(new Problem(422, 'invalid', '', '', [{ pointer: '/password', message: 'is not your password' }]));
  const { screen, answers, field, confirm } = await shown();
  await confirm.click();
  await expect.element(screen.getByText('Enter the password.')).toBeVisible();
  await field.fill('wrong');
  await confirm.click();
  await expect.element(screen.getByText('This is not your password.')).toBeVisible();
  await expect.element(field).toHaveValue('');
  await expect.element(field).toHaveFocus();
  expect(answers).toEqual([]);
});

it('pauses after too many attempts', async () => {
  vi.spyOn(account, 'confirm').mockRejectedValue(new Problem(429, 'too_many_attempts', '', '', [], null, 2));
  const { screen, field, confirm } = await shown();
  await field.fill('wrong');
  await confirm.click();
  await expect.element(screen.getByRole('timer')).toHaveTextContent('You can try again in 2 seconds.');
  await expect.element(confirm).toBeDisabled();
  await expect.element(confirm, { timeout: 4000 }).toBeEnabled();
});

it('goes on where another tab was faster', async () => {
  vi.spyOn(account, 'confirm').mockRejectedValue(new Problem(409, 'conflict', '', ''));
  const { answers, field, confirm } = await shown();
  await field.fill('three quiet lanterns');
  await confirm.click();
  await expect.poll(() => answers).toEqual([true, true]);
});

it('is left with a no', async () => {
  const { screen, answers } = await shown();
  await screen.getByRole('button', { name: 'Cancel' }).click();
  await expect.poll(() => answers).toEqual([false, false]);
});

it('has no field for whom a proxy vouches', async () => {
  session.me = me('proxy');
  const { screen, field } = await shown();
  await expect.element(screen.getByText(/sign in there again/)).toBeVisible();
  expect(field.elements()).toHaveLength(0);
});
