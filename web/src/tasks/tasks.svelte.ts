/** The tasks that a page shows, kept up to date by live notices, and what can be done to them. */
import { Problem, tasks as api } from '../api/client';
import type { Notice, Task, TaskFields, TaskQuery } from '../api/types';
import { toasts } from '../design/toasts.svelte';
import { t } from '../i18n/t';
import { reduce, type Shown, type View } from './rules';

const PAGE = 50, MOST = 200;
/** Notices come in bunches; counts are asked for anew this many milliseconds after the last one. */
const CALM = 400;
const NOTHING: Shown = { items: [], total: 0, next: null };

export class Shelf {
  shown = $state.raw<Shown>(NOTHING);
  phase = $state<'loading' | 'ready' | 'failed'>('loading');
  problem = $state.raw<unknown>(null);
  growing = $state(false);
  #view: View;
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What happened while a page was on its way: the page may not know of it. */
  #meanwhile: Notice[] | undefined;

  constructor(view: View, private readonly page = PAGE) { this.#view = view; }

  /** Shows another selection. */
  async show(view: View) {
    this.#view = view;
    this.phase = this.phase === 'ready' ? 'ready' : 'loading';
    await this.load();
  }

  /** Asks for the first page, or for as much as is shown. */
  async load(limit = this.page) {
    const turn = ++this.#turn;
    clearTimeout(this.#timer);
    const meanwhile: Notice[] = this.#meanwhile = [];
    try {
      const page = await api.list({ ...this.#query(), limit });
      if (turn !== this.#turn) return;
      const fetched: Shown = { items: page.items, next: page.next, total: page.total ?? page.items.length };
      this.#meanwhile = undefined;
      this.shown = meanwhile.reduce((shown, notice) => reduce(shown, notice, this.#view), fetched);
      this.phase = 'ready';
    } catch (err) {
      if (turn !== this.#turn) return;
      this.#meanwhile = undefined;
      this.problem = err;
      if (this.phase === 'ready') toasts.fail(err); else this.phase = 'failed';
    }
  }

  async more() {
    const { next } = this.shown, turn = this.#turn;
    if (!next || this.growing) return;
    this.growing = true;
    try {
      const page = await api.list({ ...this.#query(), cursor: next, limit: this.page });
      if (turn !== this.#turn) return;
      const known = new Set(this.shown.items.map((it) => it.id));
      this.shown = { items: [...this.shown.items, ...page.items.filter((it) => !known.has(it.id))], next: page.next, total: page.total ?? this.shown.total };
    } catch (err) { toasts.fail(err); } finally { this.growing = false; }
  }

  /** Takes in what happened elsewhere. What is shown follows at once; the count is made sure of a little later. */
  notice(notice: Notice) {
    if (notice.type !== 'task.updated' && notice.type !== 'task.deleted') return;
    this.#meanwhile?.push(notice);
    const before = this.shown;
    this.shown = reduce(before, notice, this.#view);
    if (before === this.shown || before.total === this.shown.total) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#recount(), CALM);
  }
  put(task: Task) { this.shown = reduce(this.shown, { type: 'task.updated', task }, this.#view); }
  drop(id: string) { this.shown = reduce(this.shown, { type: 'task.deleted', task_id: id }, this.#view); }
  close() { clearTimeout(this.#timer); this.#turn++; }

  async #recount() {
    // Beyond what one page can hold the list stays as the notices made it.
    if (this.shown.items.length <= MOST) await this.load(Math.max(this.page, this.shown.items.length));
  }

  #query(): TaskQuery {
    const { status, q, tag, priority, sort, descending } = this.#view;
    return { status, sort, descending, ...(q && { q }), ...(tag && { tag }), ...(priority && { priority }) };
  }
}

/** What people do to tasks. Each change is shown at once and taken back if the server refuses it. */
export class Hands {
  constructor(private readonly shelves: () => readonly Shelf[]) {}

  async create(fields: TaskFields & { title: string }): Promise<Task> {
    const task = await api.create(fields);
    this.#put(task);
    return task;
  }

  async change(task: Task, fields: TaskFields): Promise<Task> {
    const changed = await api.change(task.id, fields);
    this.#put(changed);
    return changed;
  }

  /** As `change`, but without waiting for the answer; tells what went wrong. Returns whether it went well. */
  async changeAtOnce(task: Task, fields: TaskFields): Promise<boolean> {
    const completed_at = fields.completed === undefined ? task.completed_at : fields.completed ? new Date().toISOString() : null;
    this.#put({ ...task, ...fields, completed_at });
    try { await this.change(task, fields); return true; } catch (err) {
      if (err instanceof Problem && err.status === 404) this.#drop(task.id); else this.#put(task);
      toasts.fail(err);
      return false;
    }
  }

  complete(task: Task, completed: boolean) { return this.changeAtOnce(task, { completed }); }

  async delete(task: Task) {
    this.#drop(task.id);
    try { await api.delete(task.id); } catch (err) {
      if (err instanceof Problem && err.status === 404) return;
      this.#put(task);
      return toasts.fail(err);
    }
    toasts.show(t.tasks.deleted(task.title), { action: { label: t.tasks.undo, act: () => void this.#restore(task) } });
  }

  /** A task that is back has another id, but everything a person wrote into it. */
  async #restore({ title, description, priority, tags, due_at, assignee, depends_on, completed }: Task) {
    try {
      const task = await this.create({ title, description, priority, tags, due_at, assignee, depends_on });
      if (completed) this.#put(await api.complete(task.id));
      toasts.show(t.tasks.restored(title), { tone: 'done' });
    } catch (err) { toasts.fail(err); }
  }

  #put(task: Task) { for (const shelf of this.shelves()) shelf.put(task); }
  #drop(id: string) { for (const shelf of this.shelves()) shelf.drop(id); }
}
