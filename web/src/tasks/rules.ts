/** What belongs where: pure functions over tasks, the same for what was fetched and for what arrives live. */
import type { Notice, Priority, Task, TaskFields, TaskQuery } from '../api/types';
import { dueState, endOf } from './due';

export type Sort = NonNullable<TaskQuery['sort']>;
export interface View { status: 'all' | 'pending' | 'completed'; q: string; tag: string; priority: Priority | ''; sort: Sort; descending: boolean }
/** A part of a longer list: there are `total` that fit, and more to fetch if `next` is given. */
export interface Shown { items: readonly Task[]; total: number; next: string | null }

const WEIGHT: Record<Priority, number> = { low: 0, normal: 1, high: 2 };
const collator = new Intl.Collator('en', { sensitivity: 'base', numeric: true });

export function fits(task: Task, view: View): boolean {
  if (view.status !== 'all' && task.completed !== (view.status === 'completed')) return false;
  if (view.priority && task.priority !== view.priority) return false;
  if (view.tag && !task.tags.includes(view.tag)) return false;
  const text = `${task.title}\n${task.description}\n${task.tags.join(' ')}`.toLowerCase();
  return view.q.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** Less than zero when `a` comes before `b`. */
export function order(a: Task, b: Task, { sort, descending }: Pick<View, 'sort' | 'descending'>): number {
  const by = {
    created: () => Date.parse(a.created_at) - Date.parse(b.created_at),
    updated: () => Date.parse(a.updated_at) - Date.parse(b.updated_at),
    due: () => (a.due_at ? Date.parse(a.due_at) : Number.MAX_SAFE_INTEGER) - (b.due_at ? Date.parse(b.due_at) : Number.MAX_SAFE_INTEGER),
    priority: () => WEIGHT[a.priority] - WEIGHT[b.priority],
    title: () => collator.compare(a.title, b.title),
  }[sort]() || (a.id < b.id ? -1 : Number(a.id > b.id));
  return descending ? -by : by;
}

/** The list after one notice. An older state of a task than the one that is known changes nothing. */
export function reduce(shown: Shown, notice: Pick<Notice, 'type'> & Partial<{ task: Task; task_id: string }>, view: View): Shown {
  if (notice.type === 'task.deleted') return without(shown, notice.task_id ?? '');
  const task = notice.type === 'task.updated' ? notice.task : undefined;
  if (!task) return shown;
  const known = shown.items.find((it) => it.id === task.id);
  if (known && known.updated_at > task.updated_at) return shown;
  if (!fits(task, view)) return without(shown, task.id);
  const rest = known ? shown.items.filter((it) => it !== known) : shown.items;
  const place = rest.findIndex((it) => order(task, it, view) < 0), total = known ? shown.total : shown.total + 1;
  // Behind the end of what was fetched: it comes with the next page.
  if (place < 0 && shown.next && !known) return { ...shown, total };
  return { ...shown, total, items: place < 0 ? [...rest, task] : rest.toSpliced(place, 0, task) };
}

function without(shown: Shown, id: string): Shown {
  const items = shown.items.filter((it) => it.id !== id);
  return items.length === shown.items.length ? shown : { ...shown, items, total: Math.max(items.length, shown.total - 1) };
}

export type Column = 'todo' | 'due' | 'done';
export const COLUMNS: readonly Column[] = ['todo', 'due', 'done'];

export function columnOf(task: Task, now: Date): Column {
  if (task.completed) return 'done';
  const due = dueState(task.due_at, now);
  return due === 'overdue' || due === 'today' ? 'due' : 'todo';
}

/** The tasks of a column: what matters most first, what was finished last first. */
export function inColumn(tasks: readonly Task[], column: Column, now: Date): Task[] {
  const own = tasks.filter((task) => columnOf(task, now) === column);
  if (column === 'done') return own.sort((a, b) => (b.completed_at ?? '').localeCompare(a.completed_at ?? ''));
  const due = (a: Task, b: Task) => order(a, b, { sort: 'due', descending: false });
  return own.sort(column === 'due' ? due : (a, b) => WEIGHT[b.priority] - WEIGHT[a.priority] || due(a, b));
}

/** What has to change for `task` to stand in `column`; `null` when it does already. */
export function moveTo(task: Task, column: Column, now: Date): TaskFields | null {
  const from = columnOf(task, now);
  if (from === column) return null;
  if (column === 'done') return { completed: true };
  const reopened = task.completed ? { completed: false } : {};
  const isDue = columnOf({ ...task, completed: false }, now) === 'due';
  if (column === 'due') return isDue ? reopened : { ...reopened, due_at: endOf(now) };
  return isDue ? { ...reopened, due_at: null } : reopened;
}

/** "#home, errands" → ["errands", "home"] */
export const tagsFrom = (text: string) => [...new Set(text.split(/[\s,]+/).map((it) => it.replace(/^#+/, '')).filter(Boolean))].sort();
