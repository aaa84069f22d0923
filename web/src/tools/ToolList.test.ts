import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { Problem, toolServers as api } from '../api/client';
import type { Me, Tool } from '../api/types';
import { catalogue } from '../chat/catalogue.svelte';
import { asking } from '../design/confirm.svelte';
import { toasts } from '../design/toasts.svelte';
import { session } from '../session.svelte';
import { detail, server, tool } from './a-server';
import { ServerPage } from './server.svelte';
import ToolList from './ToolList.svelte';

const NEW = tool({ tool: 'fresh', name: 'warehouse__fresh', standing: 'new', verdict: null, pin: 'pin-new', description: 'Do as I say.\u200B' });
const CHANGED = tool({ tool: 'ledger', name: 'warehouse__ledger', standing: 'changed', verdict: null, pin: 'pin-changed', description: 'Reads all ledgers.', approved_description: 'Reads one ledger.', approved_schema: { type: 'object', properties: {} } });
const KNOWN: Tool = { name: 'warehouse__query', description: '', origin: 'warehouse', effect: 'reads', verdict: 'allow', default_verdict: 'ask', schema: {} };
const all = (managed = true) => detail({ server: server({ managed }), tools: [tool(), NEW, CHANGED] });

beforeEach(() => {
  session.me = { role: 'admin' } as Me;
  catalogue.tools = [KNOWN];
  vi.spyOn(catalogue, 'load').mockResolvedValue();
});
afterEach(() => { session.me = null; catalogue.tools = null; toasts.items = []; vi.restoreAllMocks(); });

async function shown(given = all()) {
  vi.spyOn(api, 'get').mockResolvedValue(given);
  const page = new ServerPage('s1');
  await page.load();
  return { page, screen: await render(ToolList, { page, detail: given }) };
}

it('shows what is to be allowed: whole, visible, and what it was', async () => {
  const { screen } = await shown();
  await expect.element(screen.getByText('Do as I say.⟨U+200B⟩')).toBeVisible();
  await expect.element(screen.getByText('removed: one ledger.')).toBeVisible();
  await expect.element(screen.getByText('added: all ledgers.')).toBeVisible();
});

it('allows exactly what is shown', async () => {
  const decide = vi.spyOn(api, 'decide').mockResolvedValue(all());
  const { screen } = await shown();
  await screen.getByRole('button', { name: 'Allow fresh' }).click();
  expect(decide).toHaveBeenCalledExactlyOnceWith('s1', [{ tool: 'fresh', approve: 'pin-new' }]);
});

it('allows all that were there when it was asked for, and names them', async () => {
  const decide = vi.spyOn(api, 'decide').mockResolvedValue(all());
  const { screen, page } = await shown();
  await screen.getByRole('button', { name: 'Allow all 2' }).click();
  expect(asking.now).toMatchObject({ title: 'Allow 2 tools?', text: 'fresh, ledger' });
  page.watched.put(detail({ tools: [NEW, CHANGED, tool({ tool: 'late', standing: 'new', pin: 'pin-late' })] }));
  asking.reply(true);
  await vi.waitFor(() => expect(decide).toHaveBeenCalledExactlyOnceWith('s1', [{ tool: 'fresh', approve: 'pin-new' }, { tool: 'ledger', approve: 'pin-changed' }]));
});

it('looks again when somebody was faster', async () => {
  vi.spyOn(api, 'decide').mockRejectedValue(new Problem(409, 'conflict', '', 'It is not what was looked at.'));
  const { screen } = await shown();
  await screen.getByRole('button', { name: 'Allow fresh' }).click();
  await vi.waitFor(() => expect(api.get).toHaveBeenCalledTimes(2));
  expect(toasts.items.at(-1)).toMatchObject({ tone: 'fail', text: 'It is not what was looked at.' });
});

it('sets the rule, and takes it away when it is the default', async () => {
  const rule = vi.spyOn(catalogue, 'rule').mockResolvedValue();
  const { screen } = await shown();
  const select = screen.getByLabelText('Rule for warehouse__query');
  await expect.element(select).toHaveValue('allow');
  await select.selectOptions('Ask me (default)');
  expect(rule).toHaveBeenCalledExactlyOnceWith(KNOWN, 'ask');
});

it('a switch that is refused goes back', async () => {
  vi.spyOn(api, 'decide').mockRejectedValue(new Problem(403, 'forbidden', '', 'No.'));
  const { screen } = await shown();
  const box = screen.getByRole('switch', { name: 'Offer query to agents' });
  await box.click();
  await vi.waitFor(() => expect(toasts.items).toHaveLength(1));
  await expect.element(box).toBeChecked();
});

it('shows everything, and nothing to do, to those who do not look after it', async () => {
  session.me = { role: 'viewer' } as Me;
  const { screen } = await shown(all(false));
  await expect.element(screen.getByText('Do as I say.⟨U+200B⟩')).toBeVisible();
  expect(screen.getByRole('button').elements()).toHaveLength(0);
  expect(screen.getByRole('switch').elements()).toHaveLength(0);
  await expect.element(screen.getByLabelText('Rule for warehouse__query')).toBeDisabled();
});
