import { afterEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { userEvent } from 'vitest/browser';
import '../design/tokens.css';
import '../design/base.css';
import { tasks as api } from '../api/client';
import { Problem } from '../api/call';
import type { Task } from '../api/types';
import { toasts } from '../design/toasts.svelte';
import { aTask } from './a-task';
import Board from './Board.svelte';
import { Hands, Shelf } from './tasks.svelte';
import type { View } from './rules';

const NOW = new Date('2026-03-10T12:00:00');
const VIEW: View = { status: 'pending', q: '', tag: '', priority: '', sort: 'due', descending: false };
afterEach(() => vi.restoreAllMocks());

async function aBoard(...tasks: Task[]) {
  vi.spyOn(api, 'list').mockImplementation(async ({ status } = {}) => { const items = tasks.filter((it) => it.completed === (status === 'completed')); return { items, next: null, total: items.length }; });
  const open = new Shelf(VIEW), done = new Shelf({ ...VIEW, status: 'completed', sort: 'updated', descending: true });
  await Promise.all([open.load(), done.load()]);
  const onedit = vi.fn();
  const screen = await render(Board, { open, done, hands: new Hands(() => [open, done]), now: NOW, writable: true, onedit });
  const card = (title: string) => screen.getByRole('button', { name: title, exact: true });
  const column = (name: string) => screen.getByRole('region', { name });
  return { screen, card, column, onedit };
}
const answers = () => vi.spyOn(api, 'change').mockImplementation(async (id, fields) => ({ ...aTask('x'), ...fields, id, title: id.replace('id-', ''), updated_at: '2026-03-10T12:00:00.000Z' }) as Task);

it('moves a card to the next column with Shift and an arrow, and the cursor goes with it', async () => {
  const change = answers();
  const { card, column, screen } = await aBoard(aTask('water the plants'));
  card('water the plants').element().focus();
  await userEvent.keyboard('{Shift>}{ArrowRight}{/Shift}');
  await expect.element(column('Overdue or due').getByRole('button', { name: 'water the plants', exact: true })).toHaveFocus();
  await userEvent.keyboard('{Shift>}{ArrowRight}{/Shift}');
  await expect.element(column('Done').getByRole('button', { name: 'water the plants', exact: true })).toHaveFocus();
  await expect.element(screen.getByText('“water the plants” moved to “Done”')).toBeInTheDocument();
  expect(change.mock.calls.map(([, fields]) => fields)).toEqual([{ due_at: new Date('2026-03-10T23:59').toISOString() }, { completed: true }]);
});

it('goes from card to card with the arrows alone, past empty columns', async () => {
  const change = answers();
  const { card } = await aBoard(aTask('one'), aTask('two', { id: 'id-two' }), aTask('three', { completed: true, completed_at: '2026-03-09T00:00:00.000Z' }));
  card('one').element().focus();
  await userEvent.keyboard('{ArrowDown}');
  await expect.element(card('two')).toHaveFocus();
  await userEvent.keyboard('{ArrowRight}');
  await expect.element(card('three')).toHaveFocus();
  await userEvent.keyboard('{ArrowLeft}');
  await expect.element(card('one')).toHaveFocus();
  expect(change).not.toHaveBeenCalled();
});

it('moves a card by its menu', async () => {
  answers();
  const { screen, column } = await aBoard(aTask('one'));
  await screen.getByRole('button', { name: 'Move one' }).click();
  await screen.getByRole('button', { name: 'To “Done”' }).click();
  await expect.element(column('Done').getByRole('button', { name: 'one', exact: true })).toBeVisible();
});

it('moves a card by dragging it, without opening it', async () => {
  answers();
  const { card, column, onedit } = await aBoard(aTask('one'));
  await userEvent.dragAndDrop(card('one'), column('Done'));
  await expect.element(column('Done').getByRole('button', { name: 'one', exact: true })).toBeVisible();
  expect(onedit).not.toHaveBeenCalled();
});

it('puts a card back when the server refuses', async () => {
  vi.spyOn(api, 'change').mockRejectedValue(new Problem(403, 'forbidden', 'Forbidden', 'not allowed'));
  const { card, column } = await aBoard(aTask('one'));
  card('one').element().focus();
  await userEvent.keyboard('{Shift>}{ArrowRight}{/Shift}');
  await expect.element(column('To do').getByRole('button', { name: 'one', exact: true })).toBeVisible();
  expect(toasts.items.at(-1)).toMatchObject({ tone: 'fail', text: 'not allowed' });
});
