import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { Problem } from '../api/call';
import { account } from '../api/client';
import type { RuntimeConfig } from '../api/types';
import { session } from '../session.svelte';
import SignIn from './SignIn.svelte';

const config = (auth: Partial<RuntimeConfig['auth']> = {}) => ({ name: 'Galaxy Chat', set_up: true, auth: { password: true, proxy: false, test_mode: false, ...auth } }) as RuntimeConfig;
beforeEach(() => { session.config = config(); });
afterEach(() => { session.expired = false; vi.restoreAllMocks(); vi.useRealTimers(); });

async function tried() {
  const screen = await render(SignIn);
  await screen.getByLabelText('E-mail').fill('ana@example.org');
  await screen.getByLabelText('Password', { exact: true }).fill('not it');
  await screen.getByRole('button', { name: 'Sign in' }).click();
  return screen;
}

it('does not say which of the two is wrong', async () => {
  vi.spyOn(account, 'signIn').mockRejectedValue(new Problem(401, 'unauthenticated', '', ''));
  await expect.element((await tried()).getByText(/do not belong together/)).toBeVisible();
});

it('counts down after too many attempts, and then lets one try again', async () => {
  vi.spyOn(account, 'signIn').mockRejectedValue(new Problem(429, 'too_many_attempts', '', '', [], null, 2));
  const screen = await tried();
  await expect.element(screen.getByText('Too many attempts.', { exact: false })).toBeVisible();
  await expect.element(screen.getByRole('timer')).toHaveTextContent('You can try again in 2 seconds.');
  await expect.element(screen.getByRole('button', { name: 'Sign in' })).toBeDisabled();
  await expect.element(screen.getByRole('timer'), { timeout: 4000 }).toHaveTextContent('You can try again now.');
  await expect.element(screen.getByRole('button', { name: 'Sign in' })).toBeEnabled();
});

it('says why one is asked again', async () => {
  session.expired = true;
  await expect.element((await render(SignIn)).getByText(/Your session has ended/)).toBeVisible();
});

it('has no form where only the proxy signs people in', async () => {
  session.config = config({ password: false, proxy: true });
  const screen = await render(SignIn);
  await expect.element(screen.getByRole('button', { name: 'Try that way again' })).toBeVisible();
  expect(screen.getByLabelText('E-mail').elements()).toHaveLength(0);
});
