import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { userEvent } from 'vitest/browser';
import '../design/tokens.css';
import '../design/base.css';
import { account } from '../api/client';
import type { ApiKey, Me } from '../api/types';
import { asking } from '../design/confirm.svelte';
import { session } from '../session.svelte';
import Keys from './Keys.svelte';

const SECRET = 'gxy_1234567890abcdef';
const KEY: ApiKey = { id: 'k1', name: 'nightly report', prefix: 'gxy_1234', scopes: ['read'], created_at: '2026-03-01T08:00:00.000Z', expires_at: null, used_at: null };

beforeEach(() => { session.me = { id: 'p1', role: 'member', scopes: ['read', 'chat', 'tasks'] } as Me; });
afterEach(() => { session.me = null; vi.restoreAllMocks(); });

async function making() {
  vi.spyOn(account, 'keys').mockResolvedValue({ items: [] });
  const screen = await render(Keys);
  await screen.getByRole('button', { name: 'New key' }).click();
  return screen;
}

it('shows a new key once, and never again', async () => {
  const addKey = vi.spyOn(account, 'addKey').mockResolvedValue({ ...KEY, key: SECRET });
  const screen = await making();
  await screen.getByLabelText('Name').fill('nightly report');
  await screen.getByRole('checkbox', { name: /^Chat/ }).click();
  await screen.getByRole('checkbox', { name: /^Tasks/ }).click();
  await screen.getByLabelText('How long it works').selectOptions('A year');
  await screen.getByRole('button', { name: 'Make the key' }).click();
  expect(addKey).toHaveBeenCalledWith({ name: 'nightly report', scopes: ['read'], expires_in_days: 365 });
  const shown = screen.getByLabelText('Key', { exact: true });
  await expect.element(shown).toHaveValue(SECRET);

  await userEvent.keyboard('{Escape}');
  await expect.poll(() => asking.now?.title).toBe('Close without the key?');
  asking.reply(false);
  await expect.element(shown).toBeVisible();
  await screen.getByRole('button', { name: 'I have copied it' }).click();
  await expect.element(shown).not.toBeInTheDocument();
  await expect.element(screen.getByText('nightly report')).toBeVisible();
  expect(document.documentElement.outerHTML).not.toContain(SECRET);
});

it('asks for a name and at least one thing the key may do', async () => {
  const addKey = vi.spyOn(account, 'addKey');
  const screen = await making();
  for (const scope of ['Read', 'Chat', 'Tasks']) await screen.getByRole('checkbox', { name: new RegExp(`^${scope}`) }).click();
  await screen.getByRole('button', { name: 'Make the key' }).click();
  await expect.element(screen.getByText('Give it a name.')).toBeVisible();
  await expect.element(screen.getByText('Choose at least one.')).toBeVisible();
  await expect.element(screen.getByLabelText('Name')).toHaveFocus();
  expect(addKey).not.toHaveBeenCalled();
});

it('offers nobody more than they may do themselves', async () => {
  const screen = await making();
  await expect.element(screen.getByRole('checkbox', { name: /^Tasks/ })).toBeVisible();
  expect(screen.getByRole('checkbox', { name: /^Administration/ }).elements()).toHaveLength(0);
});

it('deletes a key only after asking', async () => {
  vi.spyOn(account, 'keys').mockResolvedValue({ items: [KEY] });
  const deleteKey = vi.spyOn(account, 'deleteKey').mockResolvedValue();
  const screen = await render(Keys);
  const press = () => screen.getByRole('button', { name: 'Delete the key nightly report' }).click();
  await press();
  asking.reply(false);
  await press();
  expect(deleteKey).not.toHaveBeenCalled();
  asking.reply(true);
  await expect.element(screen.getByText('No keys yet')).toBeVisible();
  expect(deleteKey).toHaveBeenCalledExactlyOnceWith('k1');
});
