import { expect, it } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { Model } from '../api/types';
import ModelName from './ModelName.svelte';

const shown = async (name: string, demo: boolean) => (await render(ModelName, { model: { name, demo } as Model })).container.textContent?.trim();

it('marks the model that is no language model, and says no word twice', async () => {
  expect(await shown('demo', true)).toBe('demo');
  expect(await shown('Rehearsal', true)).toBe('Rehearsal demo');
  expect(await shown('Claude', false)).toBe('Claude');
});
