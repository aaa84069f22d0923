import { afterEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { Problem, toolServers as api } from '../api/client';
import { asking } from '../design/confirm.svelte';
import { toasts } from '../design/toasts.svelte';
import { detail } from './a-server';
import Kept from './Kept.svelte';

const KEPT = detail({ kept: { bytes: 46_000_000, most_bytes: 20_000_000_000 } }), NAME = 'Empty the folder of Warehouse';
afterEach(() => { toasts.items = []; vi.restoreAllMocks(); });

it('says what a program keeps, and nothing of other servers', async () => {
  const screen = await render(Kept, { detail: KEPT, admin: false, onchanged: () => {} });
  await expect.element(screen.getByText('Its folder holds 46 MB of 20 GB.')).toBeVisible();
  expect(screen.getByRole('button').elements()).toHaveLength(0);
  await screen.rerender({ detail: detail({ kept: { bytes: null, most_bytes: 20_000_000_000 } }) });
  await expect.element(screen.getByText('Its folder may hold 20 GB.')).toBeVisible();
  await screen.rerender({ detail: detail() });
  expect(screen.getByRole('region').elements()).toHaveLength(0);
});

it('empties it only after a yes, and tells why it cannot', async () => {
  const gone = detail(), empty = vi.spyOn(api, 'empty').mockResolvedValueOnce(gone).mockRejectedValueOnce(new Problem(503, 'unavailable', '', 'It stays.')), onchanged = vi.fn();
  const screen = await render(Kept, { detail: KEPT, admin: true, onchanged });
  await screen.getByRole('button', { name: NAME }).click();
  expect(asking.now?.title).toBe('Empty the folder of Warehouse?');
  asking.reply(false);
  expect(empty).not.toHaveBeenCalled();
  await screen.getByRole('button', { name: NAME }).click();
  asking.reply(true);
  await vi.waitFor(() => expect(onchanged).toHaveBeenCalledExactlyOnceWith(gone));
  expect(empty).toHaveBeenCalledExactlyOnceWith('s1');
  await screen.getByRole('button', { name: NAME }).click();
  asking.reply(true);
  await vi.waitFor(() => expect(toasts.items.map((it) => it.text)).toEqual(['The folder of Warehouse is empty', 'It stays.']));
  expect(onchanged).toHaveBeenCalledOnce();
});
