import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { marketplace as api, Problem } from '../../api/client';
import type { Market as Page, Me, Update } from '../../api/types';
import { router } from '../../router.svelte';
import { session } from '../../session.svelte';
import { toasts } from '../../design/toasts.svelte';
import { detail as serverDetail, server } from '../a-server';
import { detail, offer, question, resolution, way } from './a-offer';
import Market from './Market.svelte';
import OfferPage from './Offer.svelte';
import UpdateNotice from './UpdateNotice.svelte';

const page = (more: Partial<Page> = {}): Page => ({ items: [offer()], next: null, tags: ['files', 'time'], mirror: { address: null, entries: 0, done_at: null, due_at: null, trouble: null }, ...more });
beforeEach(() => { session.me = { role: 'admin' } as Me; });
afterEach(() => { session.me = null; toasts.items = []; vi.restoreAllMocks(); router.go('/', { replace: true }); });

it('lists what can be chosen, and what is looked for stands in the address', async () => {
  const list = vi.spyOn(api, 'list').mockResolvedValueOnce(page({ next: 'c:x' })).mockResolvedValueOnce(page({ items: [offer({ name: 'a/b', title: 'Other\u202E', source: 'registry', status: 'deprecated', tags: [], touches: [] })] })).mockResolvedValue(page({ items: [] }));
  const screen = await render(Market);
  await expect.element(screen.getByRole('link', { name: 'Files' })).toHaveAttribute('href', '/tools/marketplace/galaxy%2Ffilesystem');
  await expect.element(screen.getByText(/No registry is read here/)).toBeVisible();
  await screen.getByRole('button', { name: 'Show more' }).click();
  await expect.element(screen.getByRole('link', { name: 'Other⟨U+202E⟩' })).toBeVisible();
  await expect.element(screen.getByText('deprecated')).toBeVisible();
  expect(list.mock.calls.map(([query]) => query?.cursor)).toEqual([undefined, 'c:x']);
  await screen.getByLabelText('About', { exact: true }).selectOptions('time');
  await expect.element(screen.getByText('Nothing fits')).toBeVisible();
  expect(location.search).toBe('?tag=time');
});

it('says how far a registry was read, and what went wrong', async () => {
  vi.spyOn(api, 'list').mockResolvedValue(page({ mirror: { address: 'https://registry.example', entries: 1200, done_at: null, due_at: null, trouble: 'it fell over' } }));
  const screen = await render(Market);
  await expect.element(screen.getByText('1,200 entries of https://registry.example')).toBeVisible();
  await expect.element(screen.getByText('It could not be read: it fell over')).toBeVisible();
});

it('adds nothing but what was shown and agreed to', async () => {
  vi.spyOn(api, 'get').mockResolvedValue(detail({ ways: [way({ questions: [question(), question({ key: 'environment.KEY', label: 'KEY', secret: true, format: 'text' })] })] }));
  const resolve = vi.spyOn(api, 'resolve').mockResolvedValueOnce(resolution({ digest: null, link: null, values: {}, mistakes: [{ pointer: '/inputs/argument.0', message: 'must be an absolute path' }] })).mockResolvedValue(resolution());
  const add = vi.spyOn(api, 'add').mockResolvedValue(serverDetail());
  const screen = await render(OfferPage, { name: 'galaxy/filesystem' });
  await screen.getByRole('button', { name: 'Show what would be done' }).click();
  await expect.element(screen.getByText('Enter a value.').first()).toBeVisible();
  expect(resolve).not.toHaveBeenCalled();
  await screen.getByLabelText('folder').fill('data');
  await screen.getByLabelText('KEY').fill('canary');
  await screen.getByRole('button', { name: 'Show what would be done' }).click();
  await expect.element(screen.getByText('must be an absolute path')).toBeVisible();
  await expect.element(screen.getByLabelText('folder')).toHaveFocus();
  await screen.getByLabelText('folder').fill('/srv/data');
  await screen.getByRole('button', { name: 'Show what would be done' }).click();
  await expect.element(screen.getByText('/usr/bin/npx -y files@1.2.0 /srv/data')).toBeVisible();
  await expect.element(screen.getByText('not shown', { exact: true })).toBeVisible();
  await expect.element(screen.getByRole('button', { name: 'Add', exact: true })).toBeDisabled();
  const agree = screen.getByRole('checkbox', { name: /I have read this command/ });
  await agree.click();
  // What is shown is for these answers only.
  await screen.getByLabelText('folder').fill('/srv/other');
  expect(screen.getByRole('button', { name: 'Add', exact: true }).elements()).toHaveLength(0);
  await screen.getByRole('button', { name: 'Show what would be done' }).click();
  await expect.element(agree).not.toBeChecked();
  await agree.click();
  await screen.getByRole('button', { name: 'Add', exact: true }).click();
  expect(add).toHaveBeenCalledExactlyOnceWith('galaxy/filesystem', { version: '1.2.0', way: 'package-0', inputs: { 'argument.0': ['/srv/other'], 'environment.KEY': ['canary'] }, digest: 'd1', name: 'files', shared: false, may_ask: false });
  expect(location.pathname).toBe('/tools/s1');
});

it('shows it anew when it is something else by now, and says so when only the name is taken', async () => {
  vi.spyOn(api, 'get').mockResolvedValue(detail({ ways: [way({ questions: [] })] }));
  const resolve = vi.spyOn(api, 'resolve').mockResolvedValueOnce(resolution()).mockResolvedValue(resolution({ digest: 'd2' }));
  vi.spyOn(api, 'add').mockRejectedValueOnce(new Problem(409, 'conflict', '', 'This is not what was shown.')).mockRejectedValueOnce(new Problem(409, 'conflict', '', 'There is a tool server of that name already.'));
  const screen = await render(OfferPage, { name: 'galaxy/filesystem' });
  const agree = screen.getByRole('checkbox', { name: /I have read this command/ }), add = screen.getByRole('button', { name: 'Add', exact: true });
  await agree.click();
  await add.click();
  await expect.element(screen.getByText(/It is not what was shown any more/)).toBeVisible();
  await expect.element(agree).not.toBeChecked();
  await agree.click();
  await add.click();
  await expect.element(screen.getByText('There is a tool server of that name already.')).toBeVisible();
  expect(resolve).toHaveBeenCalledTimes(3);
});

it('offers programs to administrators, and nothing that cannot be had', async () => {
  session.me = { role: 'member' } as Me;
  vi.spyOn(api, 'get').mockResolvedValueOnce(detail()).mockResolvedValueOnce(detail({ ways: [way({ obstacle: 'its version is not fixed' })], offer: offer({ touches: [] }) }));
  const screen = await render(OfferPage, { name: 'galaxy/filesystem' });
  await expect.element(screen.getByText(/Only an administrator may add it/)).toBeVisible();
  screen.unmount();
  const other = await render(OfferPage, { name: 'a/b' });
  await expect.element(other.getByText('This way cannot be taken here: its version is not fixed.')).toBeVisible();
  await expect.element(other.getByText(/Nobody here looked at what it touches/)).toBeVisible();
});

it('moves to a newer version only after another yes', async () => {
  const old = { kind: 'program' as const, command: '/usr/bin/npx', arguments: ['-y', 'files@1.1.0', '/srv/data'], environment: [], folders: [], network: 'web' as const };
  const update: Update = { now: old, from: '1.1.0', becomes: resolution(), ways: [way()], inputs: { 'argument.0': ['/srv/data'] } };
  const preview = vi.spyOn(api, 'previewUpdate').mockResolvedValue(update), apply = vi.spyOn(api, 'update').mockResolvedValue(serverDetail()), onmoved = vi.fn();
  const here = server({ origin: { entry: 'galaxy/filesystem', version: '1.1.0', newer: '1.2.0' } });
  const screen = await render(UpdateNotice, { server: here, onmoved });
  await expect.element(screen.getByText('Version 1.2.0 is there')).toBeVisible();
  await screen.getByRole('button', { name: 'Look at it' }).click();
  await expect.element(screen.getByText('/usr/bin/npx -y files@1.1.0 /srv/data')).toBeVisible();
  await expect.element(screen.getByText('/usr/bin/npx -y files@1.2.0 /srv/data')).toBeVisible();
  const move = screen.getByRole('button', { name: 'Move to it' });
  await expect.element(move).toBeDisabled();
  await screen.getByRole('checkbox', { name: /I have read this command/ }).click();
  await move.click();
  expect(preview).toHaveBeenCalledExactlyOnceWith('s1', {});
  expect(apply).toHaveBeenCalledExactlyOnceWith('s1', { version: '1.2.0', inputs: { 'argument.0': ['/srv/data'] }, digest: 'd1' });
  expect(onmoved).toHaveBeenCalled();
  screen.unmount();
  const reader = await render(UpdateNotice, { server: { ...here, managed: false }, onmoved });
  expect(reader.getByRole('button', { name: 'Look at it' }).elements()).toHaveLength(0);
});
