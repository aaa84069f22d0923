import { expect, it } from 'vitest';
import { fit } from './router.svelte';

it.each([
  ['/', '/', {}], ['/c/:id', '/c/42', { id: '42' }], ['/c/:id', '/c/a%20b/', { id: 'a b' }],
  ['/c/:id', '/c', undefined], ['/tasks', '/tasks/1', undefined], ['/c/:id', '/c/%E0%A4%A', undefined],
])('%s and %s', (route, path, params) => expect(fit(route, path)).toEqual(params));
