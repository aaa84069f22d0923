import { afterEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import '../design/tokens.css';
import '../design/base.css';
import { audit, people } from '../api/client';
import type { AuditRecord, AuditState, Me } from '../api/types';
import { session } from '../session.svelte';
import Audit from './Audit.svelte';

const RECORD: AuditRecord = {
  id: '1.7', at: '2026-03-01T08:00:00.000Z', act: 'tool.called', ending: 'refused', run: null, hash: 'ab'.repeat(32),
  actor: { person: 'p1', name: 'Ana', way: 'key', credential: 'k1', address: '203.0.113.7' },
  subject: { kind: 'tool', id: 'mail__send\u202e', name: null }, facts: [{ name: 'reason', value: 'approval_needed' }],
};
const STATE: AuditState = { checking: false, last: null, kept_days: 400 };
const as = (role: 'admin' | 'member') => { session.me = { id: 'p1', role, scopes: [] } as unknown as Me; };
afterEach(() => { session.me = null; vi.restoreAllMocks(); });

it('shows administrators what happened, and all that is known of it, with nothing hidden', async () => {
  as('admin');
  vi.spyOn(people, 'list').mockResolvedValue({ items: [] });
  vi.spyOn(audit, 'state').mockResolvedValue(STATE);
  const list = vi.spyOn(audit, 'list').mockResolvedValue({ items: [RECORD], next: 'n' });
  const screen = await render(Audit);
  await screen.getByText('Called a tool').last().click();
  await expect.element(screen.getByText('approval_needed')).toBeVisible();
  await expect.element(screen.getByText('203.0.113.7')).toBeVisible();
  await expect.element(screen.getByText('mail__send⟨U+202E⟩').last()).toBeVisible();
  await screen.getByRole('combobox').first().selectOptions('Made a key');
  await expect.poll(() => list.mock.lastCall?.[0]).toEqual({ limit: 50, act: 'key.created' });
  list.mockResolvedValue({ items: [{ ...RECORD, id: '1.6' }], next: null });
  await screen.getByRole('button', { name: 'Show earlier' }).click();
  await expect.poll(() => list.mock.lastCall?.[0]).toEqual({ limit: 50, act: 'key.created', cursor: 'n' });
  await expect.poll(() => screen.getByRole('listitem').elements().length).toBe(2);
});

it('shows everybody else only what was done in their name', async () => {
  as('member');
  const all = vi.spyOn(audit, 'list'), own = vi.spyOn(audit, 'own').mockResolvedValue({ items: [], next: null });
  const screen = await render(Audit);
  await expect.element(screen.getByText('Nothing was written down yet.')).toBeVisible();
  expect(own).toHaveBeenCalledOnce();
  expect(all).not.toHaveBeenCalled();
  expect(screen.getByRole('button', { name: 'Check now' }).elements()).toHaveLength(0);
  expect(screen.getByRole('link', { name: /Export/ }).elements()).toHaveLength(0);
});

it('says what is not as it was written', async () => {
  as('admin');
  vi.spyOn(people, 'list').mockResolvedValue({ items: [] });
  vi.spyOn(audit, 'list').mockResolvedValue({ items: [], next: null });
  vi.spyOn(audit, 'state').mockResolvedValueOnce(STATE);
  const check = vi.spyOn(audit, 'check').mockResolvedValue({ ...STATE, checking: true });
  const screen = await render(Audit);
  await expect.element(screen.getByText('Not checked since this server was started.')).toBeVisible();
  const last = { at: RECORD.at, records: 12, removed: 0, heads: ['1:12:ab'], troubles: ['audit chain 1: record 1.4 is not what was written there'], more_troubles: 0 };
  vi.spyOn(audit, 'state').mockResolvedValue({ ...STATE, last });
  await screen.getByRole('button', { name: 'Check now' }).click();
  expect(check).toHaveBeenCalledOnce();
  await expect.element(screen.getByText('1 thing is not as it was written.')).toBeVisible();
  await expect.element(screen.getByText('audit chain 1: record 1.4 is not what was written there')).toBeVisible();
});
