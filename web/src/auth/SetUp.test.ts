import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { Problem } from '../api/call';
import { account } from '../api/client';
import type { Me, RuntimeConfig } from '../api/types';
import { session } from '../session.svelte';
import SetUp from './SetUp.svelte';

const ME: Me = { id: 'p1', email: 'ana@example.org', name: 'Ana', role: 'admin', credential: 'session', scopes: ['read', 'chat', 'tasks', 'admin'] };
const GOOD = 'my password is a long river of tea';

beforeEach(() => {
  session.config = { name: 'Galaxy Chat', set_up: false } as RuntimeConfig;
  vi.spyOn(session, 'enter').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

async function filled({ token = ' one-time ', email = 'ana@example.org', name = 'Ana Silva', password = GOOD } = {}) {
  const screen = await render(SetUp);
  await screen.getByLabelText('One-time token').fill(token);
  await screen.getByLabelText('E-mail').fill(email);
  await screen.getByLabelText('Name').fill(name);
  await screen.getByLabelText('Password', { exact: true }).fill(password);
  return screen;
}
const submit = (screen: Awaited<ReturnType<typeof filled>>) => screen.getByRole('button', { name: 'Make the account' }).click();

it('makes the account and goes in', async () => {
  const setUp = vi.spyOn(account, 'setUp').mockResolvedValue(ME);
  await submit(await filled());
  expect(setUp).toHaveBeenCalledWith({ token: 'one-time', email: 'ana@example.org', name: 'Ana Silva', password: GOOD });
  expect(session.enter).toHaveBeenCalledWith(ME);
});

it('asks for everything at once, and puts the cursor into the first gap', async () => {
  const setUp = vi.spyOn(account, 'setUp');
  const screen = await render(SetUp);
  await submit(screen);
  for (const text of ['Enter the token.', 'Enter a name.', 'Enter the password.']) await expect.element(screen.getByText(text)).toBeVisible();
  await expect.element(screen.getByLabelText('One-time token')).toHaveFocus();
  expect(setUp).not.toHaveBeenCalled();
});

it('tells while typing what the password lacks', async () => {
  const screen = await filled({ password: 'galaxychat' });
  await expect.element(screen.getByText('has at least 12 characters (2 to go)')).toBeVisible();
  expect(screen.getByRole('img', { name: 'not yet' }).elements()).toHaveLength(2);
  await screen.getByLabelText('Password', { exact: true }).fill(GOOD);
  await expect.poll(() => screen.getByRole('img', { name: 'met' }).elements().length).toBe(3);
});

it('says beside its field what the server finds wrong', async () => {
  vi.spyOn(account, 'setUp').mockRejectedValue(new Problem(422, 'invalid', '', '', [{ pointer: '/password', message: 'is too easy to guess' }]));
  const screen = await filled();
  await submit(screen);
  await expect.element(screen.getByText('is too easy to guess')).toBeVisible();
  await expect.element(screen.getByLabelText('Password', { exact: true })).toHaveFocus();
});

it('says that the token is an old one', async () => {
  vi.spyOn(account, 'setUp').mockRejectedValue(new Problem(401, 'unauthenticated', '', ''));
  const screen = await filled();
  await submit(screen);
  await expect.element(screen.getByText(/not the token of the newest start/)).toBeVisible();
  await expect.element(screen.getByLabelText('One-time token')).toHaveFocus();
});

it('offers to sign in when somebody was faster', async () => {
  vi.spyOn(account, 'setUp').mockRejectedValue(new Problem(409, 'conflict', '', ''));
  const screen = await filled();
  await submit(screen);
  await screen.getByRole('button', { name: 'Sign in instead' }).click();
  expect(session.phase).toBe('sign_in');
});
