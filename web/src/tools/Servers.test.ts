import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { Problem, toolServers as api } from '../api/client';
import type { Me } from '../api/types';
import { toasts } from '../design/toasts.svelte';
import { session } from '../session.svelte';
import { detail, health, server } from './a-server';
import Servers from './Servers.svelte';

const BROKEN = server({ id: 's2', name: 'crm', title: 'Customers', health: health({ state: 'failed', message: 'exit 1', advice: 'Look into the log.' }) });
beforeEach(() => { session.me = { role: 'admin' } as Me; });
afterEach(() => { session.me = null; toasts.items = []; vi.useRealTimers(); vi.restoreAllMocks(); });

it('says what a tool server is when there is none, and how to add one to those who may', async () => {
  vi.spyOn(api, 'list').mockResolvedValue({ items: [] });
  const screen = await render(Servers);
  await expect.element(screen.getByText(/A tool server lends tools to your agents/)).toBeVisible();
  expect(screen.getByRole('button', { name: 'Add server' }).elements()).toHaveLength(2);
  screen.unmount();
  session.me = { role: 'viewer' } as Me;
  const reader = await render(Servers);
  await expect.element(reader.getByText(/Whoever looks after this place can add one/)).toBeVisible();
  expect(reader.getByRole('button', { name: 'Add server' }).elements()).toHaveLength(0);
});

it('tells of each server how it is, by mark and word, and what to do', async () => {
  vi.spyOn(api, 'list').mockResolvedValue({ items: [server({ tools: 14, offered: 12 }), BROKEN] });
  const screen = await render(Servers);
  await expect.element(screen.getByRole('img', { name: 'ready' })).toBeVisible();
  await expect.element(screen.getByText('12 of 14 tools offered')).toBeVisible();
  await expect.element(screen.getByText('42 ms').first()).toBeVisible();
  await expect.element(screen.getByRole('img', { name: 'failed' })).toBeVisible();
  await expect.element(screen.getByText('exit 1')).toBeVisible();
  await expect.element(screen.getByText('Look into the log.')).toBeVisible();
  await expect.element(screen.getByRole('link', { name: 'Log of Customers' })).toHaveAttribute('href', '/tools/s2/log');
  expect(screen.getByRole('button', { name: 'Try Warehouse again' }).elements()).toHaveLength(0);
});

it('goes on asking without taking the focus away, and keeps what it has when that fails', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const list = vi.spyOn(api, 'list').mockResolvedValueOnce({ items: [server(), BROKEN] });
  const screen = await render(Servers);
  const restart = screen.getByRole('button', { name: 'Restart Customers' });
  await expect.element(restart).toBeVisible();
  (restart.element() as HTMLElement).focus();
  list.mockResolvedValueOnce({ items: [server({ id: 's0', title: 'Another' }), { ...BROKEN, health: health() }] });
  await vi.advanceTimersByTimeAsync(4000);
  await expect.element(screen.getByText('Another')).toBeVisible();
  await expect.element(restart).toHaveFocus();
  list.mockRejectedValue(new Problem(0, 'offline', '', ''));
  await vi.advanceTimersByTimeAsync(4000);
  await expect.element(screen.getByText(/This may not be how it is now/)).toBeVisible();
  await expect.element(restart).toHaveFocus();
});

it('tries again, and says how it is then', async () => {
  vi.spyOn(api, 'list').mockResolvedValue({ items: [BROKEN] });
  let answer = (_: ReturnType<typeof detail>) => {};
  const probe = vi.spyOn(api, 'probe').mockReturnValue(new Promise((done) => { answer = done; }));
  const screen = await render(Servers);
  await screen.getByRole('button', { name: 'Try Customers again' }).click();
  await expect.element(screen.getByRole('img', { name: 'connecting' })).toBeVisible();
  answer(detail({ server: { ...BROKEN, health: health() } }));
  await expect.element(screen.getByText('Customers: ready')).toBeInTheDocument();
  expect(probe).toHaveBeenCalledExactlyOnceWith('s2');
});
