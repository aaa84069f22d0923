/** What is shown stands in the address, so that going back, reloading and sharing a link keep it. */
import type { Priority } from '../api/types';
import { queryString } from '../api/call';
import type { Sort, View } from './rules';

export type Shape = 'list' | 'board';
const STATUSES = ['pending', 'completed', 'all'] as const, PRIORITIES = ['low', 'normal', 'high'] as const;
export const SORTS = ['due', 'created', 'updated', 'priority', 'title'] as const;
/** Newest, latest and highest first; earliest date and A first. */
const DESCENDING: Record<Sort, boolean> = { due: false, created: true, updated: true, priority: true, title: false };

const oneOf = <T extends string, D>(all: readonly T[], value: string | null, otherwise: D): T | D => all.find((it) => it === value) ?? otherwise;

export function viewFrom(query: URLSearchParams): View & { shape: Shape } {
  const sort = oneOf(SORTS, query.get('sort'), 'due' as const);
  return {
    shape: query.get('view') === 'board' ? 'board' : 'list',
    status: oneOf(STATUSES, query.get('status'), 'pending' as const),
    q: query.get('q') ?? '', tag: query.get('tag') ?? '', priority: oneOf<Priority, ''>(PRIORITIES, query.get('priority'), ''),
    sort, descending: query.get('order') ? query.get('order') === 'down' : DESCENDING[sort],
  };
}

export function addressOf({ shape, status, q, tag, priority, sort, descending }: View & { shape: Shape }): string {
  return '/tasks' + queryString({
    view: shape === 'board' ? shape : '', status: status === 'pending' ? '' : status, q, tag, priority,
    sort: sort === 'due' ? '' : sort, order: descending === DESCENDING[sort] ? '' : descending ? 'down' : 'up',
  });
}

/** The same view, sorted by something else in its usual direction. */
export const sortedBy = <V extends View>(view: V, sort: Sort): V => ({ ...view, sort, descending: DESCENDING[sort] });
