import { expect, it } from 'vitest';
import { addressOf, sortedBy, viewFrom } from './view';

const read = (query: string) => viewFrom(new URLSearchParams(query));

it('shows what is to do by due date when the address says nothing', () => {
  expect(read('')).toEqual({ shape: 'list', status: 'pending', q: '', tag: '', priority: '', sort: 'due', descending: false });
  expect(addressOf(read(''))).toBe('/tasks');
});

it.each(['view=board&q=milk', 'status=all&q=oat+milk&tag=home&priority=high&sort=title&order=down', 'sort=created', 'sort=created&order=up'])('keeps %s', (query) => {
  expect(addressOf(read(query))).toBe(`/tasks?${query}`);
});

it('reads nonsense as the default', () => {
  expect(addressOf(read('status=lost&sort=taste&priority=huge&view=pie'))).toBe('/tasks');
});

it('sorts in the usual direction of each order', () => {
  expect([sortedBy(read('order=down'), 'title').descending, sortedBy(read(''), 'created').descending]).toEqual([false, true]);
});
