import { afterEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { tasks as api } from '../api/client';
import { Problem } from '../api/call';
import type { Task } from '../api/types';
import { toasts } from '../design/toasts.svelte';
import { aTask } from './a-task';
import List from './List.svelte';
import { Hands, Shelf } from './tasks.svelte';
import type { View } from './rules';

const VIEW: View = { status: 'pending', q: '', tag: '', priority: '', sort: 'title', descending: false };
afterEach(() => { toasts.items = []; vi.restoreAllMocks(); });

async function aList(tasks: Task[], { next = null as string | null, total = tasks.length, view = VIEW } = {}) {
  vi.spyOn(api, 'list').mockResolvedValue({ items: tasks, next, total });
  const shelf = new Shelf(view);
  await shelf.load();
  const screen = await render(List, { shelf, view, hands: new Hands(() => [shelf]), now: new Date(), writable: true, onedit: vi.fn(), onview: vi.fn() });
  return { screen, shelf, title: (name: string) => screen.getByRole('button', { name, exact: true }) };
}

it('takes a task back after deleting it, with everything in it', async () => {
  const task = aTask('bee', { description: 'of honey', tags: ['home'], priority: 'high' });
  vi.spyOn(api, 'delete').mockResolvedValue();
  const create = vi.spyOn(api, 'create').mockResolvedValue({ ...task, id: 'another' });
  const { screen, title } = await aList([aTask('ant'), task]);
  await screen.getByRole('button', { name: 'Delete bee' }).click();
  await expect.element(title('bee')).not.toBeInTheDocument();
  await expect.element(screen.getByRole('button', { name: 'Delete ant' })).toHaveFocus();
  await expect.poll(() => toasts.items.at(-1)?.action?.label).toBe('Undo');
  toasts.items.at(-1)?.action?.act();
  await expect.element(title('bee')).toBeVisible();
  expect(create).toHaveBeenCalledWith(expect.objectContaining({ title: 'bee', description: 'of honey', tags: ['home'], priority: 'high' }));
});

it('ticks a task off at once, and puts it back when the server refuses', async () => {
  let refuse: (err: unknown) => void = () => {};
  vi.spyOn(api, 'change').mockReturnValue(new Promise((_, reject) => { refuse = reject; }));
  const { screen, title } = await aList([aTask('ant'), aTask('bee')]);
  await screen.getByRole('checkbox', { name: 'Done: ant' }).click();
  await expect.element(title('ant')).not.toBeInTheDocument();
  await expect.element(screen.getByRole('checkbox', { name: 'Done: bee' })).toHaveFocus();
  refuse(new Problem(409, 'conflict', '', 'something is in the way'));
  await expect.element(title('ant')).toBeVisible();
  await expect.element(screen.getByRole('checkbox', { name: 'Done: ant' })).not.toBeChecked();
});

it('adds the next page below', async () => {
  const { screen, title } = await aList([aTask('ant')], { next: 'c', total: 2 });
  await expect.element(screen.getByText('1 of 2 tasks')).toBeVisible();
  vi.mocked(api.list).mockResolvedValue({ items: [aTask('bee')], next: null, total: 2 });
  await screen.getByRole('button', { name: 'Show more' }).click();
  await expect.element(title('bee')).toBeVisible();
  await expect.element(screen.getByRole('button', { name: 'Show more' })).not.toBeInTheDocument();
  expect(api.list).toHaveBeenLastCalledWith(expect.objectContaining({ cursor: 'c' }));
});

it('shows a task that was made elsewhere while the list was on its way', async () => {
  let answer: (page: { items: Task[]; next: null; total: number }) => void = () => {};
  vi.spyOn(api, 'list').mockReturnValue(new Promise((resolve) => { answer = resolve; }));
  const shelf = new Shelf(VIEW), loading = shelf.load();
  shelf.notice({ type: 'task.updated', task: aTask('bee'), seq: 1, at: '' });
  answer({ items: [aTask('ant')], next: null, total: 1 });
  await loading;
  expect(shelf.shown.items.map((it) => it.title)).toEqual(['ant', 'bee']);
});

it.each([[{}, 'Nothing to do'], [{ status: 'completed' }, 'Nothing is done yet'], [{ q: 'zebra' }, 'No task fits']] as const)('says what to do when nothing is there: %o', async (view, heading) => {
  const { screen } = await aList([], { view: { ...VIEW, ...view } });
  await expect.element(screen.getByRole('heading', { name: heading })).toBeVisible();
});
