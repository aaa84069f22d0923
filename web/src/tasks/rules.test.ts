import { describe, expect, it } from 'vitest';
import type { Task } from '../api/types';
import { columnOf, inColumn, moveTo, reduce, tagsFrom, type Shown, type View } from './rules';
import { dueFields, dueFrom, dueText } from './due';
import { aTask } from './a-task';

const NOW = new Date('2026-03-10T12:00:00');
const VIEW: View = { status: 'pending', q: '', tag: '', priority: '', sort: 'title', descending: false };
const shown = (...items: Task[]): Shown => ({ items, total: items.length, next: null });
const titles = (it: Shown) => it.items.map((task) => task.title);
const ant = aTask('ant'), cat = aTask('cat'), bee = aTask('bee');

describe('a task that changes elsewhere', () => {
  it('comes in at its place when it is new', () => {
    const after = reduce(shown(ant, cat), { type: 'task.updated', task: bee }, VIEW);
    expect([titles(after), after.total]).toEqual([['ant', 'bee', 'cat'], 3]);
  });
  it('moves when its title changes', () => {
    expect(titles(reduce(shown(ant, cat), { type: 'task.updated', task: { ...ant, title: 'dog' } }, VIEW))).toEqual(['cat', 'dog']);
  });
  it('goes when it no longer fits the filter', () => {
    const after = reduce(shown(ant, cat), { type: 'task.updated', task: { ...ant, completed: true } }, VIEW);
    expect([titles(after), after.total]).toEqual([['cat'], 1]);
  });
  it('goes when it is deleted, and only once', () => {
    const once = reduce(shown(ant, cat), { type: 'task.deleted', task_id: ant.id }, VIEW);
    expect([titles(once), once.total]).toEqual([['cat'], 1]);
    expect(reduce(once, { type: 'task.deleted', task_id: ant.id }, VIEW)).toBe(once);
  });
  it('is ignored when the news is old', () => {
    const before = shown({ ...ant, updated_at: '2026-03-02T00:00:00.000Z' });
    expect(reduce(before, { type: 'task.updated', task: { ...ant, title: 'old' } }, VIEW)).toBe(before);
  });
  it('only counts when it lies behind what was fetched', () => {
    const after = reduce({ ...shown(ant, bee), total: 9, next: 'x' }, { type: 'task.updated', task: cat }, VIEW);
    expect([titles(after), after.total]).toEqual([['ant', 'bee'], 10]);
  });
  it('is measured by search, tag and priority', () => {
    const task = aTask('Buy milk', { tags: ['home'], priority: 'high', description: 'oat' });
    const count = (view: Partial<View>) => reduce(shown(), { type: 'task.updated', task }, { ...VIEW, ...view }).total;
    expect(['milk oat', 'butter'].map((q) => count({ q }))).toEqual([1, 0]);
    expect(['home', 'work'].map((tag) => count({ tag }))).toEqual([1, 0]);
    expect((['high', 'low'] as const).map((priority) => count({ priority }))).toEqual([1, 0]);
  });
});

describe('the board', () => {
  const at = (due: string) => aTask(due, { due_at: new Date(due).toISOString() });
  const yesterday = at('2026-03-09T10:00'), tonight = at('2026-03-10T23:00'), tomorrow = at('2026-03-11T00:01');
  it('sorts tasks into columns by what is due', () => {
    expect([yesterday, tonight, tomorrow, ant, { ...yesterday, completed: true }].map((it) => columnOf(it, NOW))).toEqual(['due', 'due', 'todo', 'todo', 'done']);
  });
  it('puts what matters most first', () => {
    const high = aTask('high', { priority: 'high' });
    expect(inColumn([ant, tomorrow, high], 'todo', NOW).map((it) => it.title)).toEqual(['high', tomorrow.title, 'ant']);
  });
  it.each([
    ['todo', ant, null], ['done', ant, { completed: true }], ['due', ant, { due_at: new Date('2026-03-10T23:59').toISOString() }],
    ['todo', yesterday, { due_at: null }], ['todo', { ...ant, completed: true }, { completed: false }],
    ['todo', { ...yesterday, completed: true }, { completed: false, due_at: null }], ['due', { ...yesterday, completed: true }, { completed: false }],
  ] as const)('moves to %s by the least change', (column, task, change) => {
    expect(moveTo(task, column, NOW)).toEqual(change);
  });
  it.each(['todo', 'due', 'done'] as const)('has every task in %s after moving it there', (column) => {
    for (const task of [ant, yesterday, tomorrow, { ...tonight, completed: true }]) expect(columnOf({ ...task, ...moveTo(task, column, NOW) } as Task, NOW)).toBe(column);
  });
});

describe('due dates', () => {
  it('survive being edited', () => {
    for (const [date, time] of [['2026-03-10', '14:30'], ['2026-12-31', '']] as const) expect(dueFields(dueFrom(date, time))).toEqual({ date, time });
    expect(dueFrom('', '14:30')).toBeNull();
  });
  it('are told as people say them', () => {
    const text = (date: string, time = '') => dueText(dueFrom(date, time)!, NOW);
    expect([text('2026-03-10'), text('2026-03-10', '14:30'), text('2026-03-11'), text('2026-03-09')]).toEqual(['today', 'today at 14:30', 'tomorrow', 'yesterday']);
  });
});

it('reads tags however they are typed', () => {
  expect(tagsFrom(' #home, errands  #home ')).toEqual(['errands', 'home']);
});
