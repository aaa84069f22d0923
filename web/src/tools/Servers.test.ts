import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { Problem, toolServers as api } from '../api/client';
import type { Me, RuntimeConfig, ToolPrograms } from '../api/types';
import { toasts } from '../design/toasts.svelte';
import { session } from '../session.svelte';
import { detail, health, server } from './a-server';
import Servers from './Servers.svelte';

const BROKEN = server({ id: 's2', name: 'crm', title: 'Customers', health: health({ state: 'failed', message: 'exit 1', advice: 'Look into the log.' }) });
const CONFINED: ToolPrograms = { state: 'confined', reason: null, fetchers: ['npx', 'uvx'] };
beforeEach(() => { session.me = { role: 'admin' } as Me; vi.spyOn(api, 'programs').mockResolvedValue(CONFINED); });
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

const PLAIN = 'Programs are not started here, because the walls around them do not hold.';
const SHELL = server({ id: 's3', name: 'shell', title: 'Shell', shared: true, link: { kind: 'program', command: '/bin/sh', arguments: [], environment: [], folders: [], network: 'none' }, health: health({ state: 'failed', message: 'programs are not started here, because the walls around them do not hold', advice: 'An administrator finds the reason on the page Tools.' }) });

it('tells administrators why no program is started', async () => {
  vi.spyOn(api, 'list').mockResolvedValue({ items: [] });
  vi.spyOn(api, 'programs').mockResolvedValue({ ...CONFINED, state: 'refused', reason: 'in a test a file outside was\u202E read' });
  const screen = await render(Servers);
  await expect.element(screen.getByText(PLAIN)).toBeVisible();
  await expect.element(screen.getByText('Why: in a test a file outside was⟨U+202E⟩ read.')).toBeVisible();
  await expect.element(screen.getByText(/Linux 6.12 or newer/)).toBeVisible();
});

it('tells members that no program is started, and does not ask why', async () => {
  vi.spyOn(api, 'list').mockResolvedValue({ items: [SHELL] });
  const asked = vi.spyOn(api, 'programs');
  session.me = { role: 'member' } as Me;
  session.config = { features: { tool_programs: 'refused' } } as RuntimeConfig;
  const screen = await render(Servers);
  await expect.element(screen.getByText(PLAIN)).toBeVisible();
  await expect.element(screen.getByText('An administrator finds the reason on the page Tools.')).toBeVisible();
  expect(screen.getByText(/^Why:/).elements()).toHaveLength(0);
  expect(asked).not.toHaveBeenCalled();
  session.config = null;
});

it('says so when a program is not started again, and looks at the reason anew', async () => {
  vi.spyOn(api, 'list').mockResolvedValue({ items: [SHELL] });
  const said = `${PLAIN} An administrator finds the reason on the page Tools.`;
  vi.spyOn(api, 'restart').mockRejectedValue(new Problem(503, 'sandbox_unavailable', 'Service Unavailable', said, [], null, 3600));
  const screen = await render(Servers);
  await expect.element(screen.getByRole('button', { name: 'Restart Shell' })).toBeVisible();
  expect(screen.getByText(/^Why:/).elements()).toHaveLength(0);
  vi.spyOn(api, 'programs').mockResolvedValue({ ...CONFINED, state: 'refused', reason: 'a daemon was reached' });
  await screen.getByRole('button', { name: 'Restart Shell' }).click();
  await vi.waitFor(() => expect(toasts.items.map((it) => it.text)).toEqual([`${said} Try again in 60 min.`]));
  await expect.element(screen.getByText('Why: a daemon was reached.')).toBeVisible();
});
