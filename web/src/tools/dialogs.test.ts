import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import '../design/tokens.css';
import '../design/base.css';
import { Problem, toolServers as api, tools } from '../api/client';
import type { Candidate, Me, Tried } from '../api/types';
import { session } from '../session.svelte';
import { detail, server, tool } from './a-server';
import AddDialog from './AddDialog.svelte';
import ImportDialog from './ImportDialog.svelte';
import TryDialog from './TryDialog.svelte';

beforeEach(() => { vi.spyOn(api, 'programs').mockResolvedValue({ state: 'confined', reason: null, fetchers: ['npx', 'uvx'] }); });
afterEach(() => { session.me = null; vi.restoreAllMocks(); });

it('starts no program before its exact command was shown', async () => {
  const add = vi.spyOn(api, 'add').mockResolvedValue(detail()), onadded = vi.fn();
  const screen = await render(AddDialog, { admin: true, onadded, onclose: () => {} });
  await screen.getByText('As a program').click();
  await screen.getByLabelText('Program', { exact: true }).fill('/bin/sh');
  await screen.getByLabelText('Arguments').fill('-c\nrm  -rf /\u202E tmp');
  await screen.getByRole('button', { name: 'Add a variable' }).click();
  await screen.getByLabelText('Variable: Name 1').fill('TOKEN');
  await screen.getByLabelText('Value of TOKEN').fill('canary');
  await screen.getByRole('button', { name: 'Add a folder' }).click();
  await screen.getByRole('textbox', { name: 'Path 1' }).fill('/srv/docs');
  await screen.getByRole('checkbox', { name: '/srv/docs may be written' }).click();
  await screen.getByLabelText('Name', { exact: true }).fill('shell');
  await screen.getByRole('button', { name: 'Continue' }).click();
  await expect.element(screen.getByText("/bin/sh -c 'rm  -rf /⟨U+202E⟩ tmp'")).toBeVisible();
  await expect.element(screen.getByText('with the variables TOKEN')).toBeVisible();
  await expect.element(screen.getByText('writes a folder of its own, /srv/docs; reaches no network')).toBeVisible();
  expect(screen.container.textContent).not.toContain('canary');
  expect(add).not.toHaveBeenCalled();
  await screen.getByRole('button', { name: 'Add and start it' }).click();
  expect(add).toHaveBeenCalledExactlyOnceWith({ name: 'shell', link: { kind: 'program', command: '/bin/sh', arguments: ['-c', 'rm  -rf /\u202E tmp'], environment: { TOKEN: 'canary' }, folders: [{ path: '/srv/docs', write: true }], network: 'none' }, shared: false, trusted: false, may_ask: false });
  expect(onadded).toHaveBeenCalled();
});

it('gives the web to a program of which the server says that it fetches what it runs', async () => {
  session.me = { role: 'admin' } as Me;
  const add = vi.spyOn(api, 'add').mockResolvedValue(detail());
  const screen = await render(AddDialog, { admin: true, onadded: () => {}, onclose: () => {} });
  await screen.getByText('As a program').click();
  await screen.getByLabelText('Program', { exact: true }).fill('/usr/bin/uvx');
  await expect.element(screen.getByRole('radio', { name: 'The web' })).toBeChecked();
  await screen.getByLabelText('Name', { exact: true }).fill('time');
  await screen.getByRole('button', { name: 'Continue' }).click();
  await expect.element(screen.getByText('writes a folder of its own; reaches the web')).toBeVisible();
  await screen.getByRole('button', { name: 'Add and start it' }).click();
  expect(add).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ link: expect.objectContaining({ command: '/usr/bin/uvx', network: 'web' }) }));
});

it('says beside its field what the server finds wrong', async () => {
  vi.spyOn(api, 'add').mockRejectedValueOnce(new Problem(422, 'invalid', '', '', [{ pointer: '/link/url', message: 'must be https' }])).mockRejectedValueOnce(new Problem(409, 'conflict', '', 'There is a tool server of that name already.'));
  const screen = await render(AddDialog, { admin: false, onadded: () => {}, onclose: () => {} });
  await screen.getByLabelText('Address').fill('http://a.example');
  await screen.getByLabelText('Name', { exact: true }).fill('a');
  await screen.getByRole('button', { name: 'Add server' }).click();
  await expect.element(screen.getByText('must be https')).toBeVisible();
  await expect.element(screen.getByLabelText('Address')).toHaveFocus();
  await screen.getByRole('button', { name: 'Add server' }).click();
  await expect.element(screen.getByText('There is a tool server of that name already.')).toBeVisible();
  await expect.element(screen.getByLabelText('Name', { exact: true })).toHaveFocus();
});

it('offers nobody what only administrators may say', async () => {
  const screen = await render(AddDialog, { admin: false, onadded: () => {}, onclose: () => {} });
  for (const name of ['For everybody', 'Trusted', 'Inside our own network']) expect(screen.getByRole('checkbox', { name }).elements()).toHaveLength(0);
  expect(screen.getByText('As a program').elements()).toHaveLength(0);
  await expect.element(screen.getByRole('checkbox', { name: 'May ask people' })).toBeVisible();
});

it('imports what was chosen, and says what came of each', async () => {
  const candidates: Candidate[] = [
    { label: 'tracker', name: 'tracker', mistakes: [], link: { kind: 'http', url: 'https://tracker.example/\u200Bmcp', headers: [], inside: false } },
    { label: 'Local Files', name: 'local-files', mistakes: [], link: { kind: 'program', command: 'npx', arguments: ['-y', 'a b'], environment: ['HOME'], folders: [], network: 'web' } },
    { label: 'broken', name: 'broken', mistakes: [{ pointer: '/broken', message: 'has neither `command` nor `url`' }], link: { kind: 'program', command: '', arguments: [], environment: [], folders: [], network: 'none' } },
  ];
  const preview = vi.spyOn(api, 'preview').mockResolvedValue({ items: candidates }), onimported = vi.fn();
  const bring = vi.spyOn(api, 'import').mockResolvedValue({ items: [{ label: 'tracker', server: server({ id: 's7' }), message: null }, { label: 'Local Files', server: null, message: 'There is a tool server of that name already.' }] });
  const screen = await render(ImportDialog, { admin: true, onimported, onclose: () => {} });
  await screen.getByRole('button', { name: 'Look at it' }).click();
  await expect.element(screen.getByRole('alert')).toHaveTextContent('Paste a configuration first.');
  await screen.getByLabelText('Configuration').fill('{"mcpServers":{"x":{}}}');
  await screen.getByRole('button', { name: 'Look at it' }).click();
  expect(preview).toHaveBeenCalledExactlyOnceWith({ file: { mcpServers: { x: {} } }, shared: false });
  await expect.element(screen.getByText('https://tracker.example/⟨U+200B⟩mcp')).toBeVisible();
  await expect.element(screen.getByText("npx -y 'a b'")).toBeVisible();
  await expect.element(screen.getByText('has neither `command` nor `url`')).toBeVisible();
  await expect.element(screen.getByRole('checkbox', { name: 'Import broken' })).toBeDisabled();
  await screen.getByRole('checkbox', { name: 'Import Local Files' }).click();
  await screen.getByRole('button', { name: 'Import 2' }).click();
  expect(bring).toHaveBeenCalledExactlyOnceWith({ file: { mcpServers: { x: {} } }, shared: false, servers: ['tracker', 'Local Files'] });
  await expect.element(screen.getByText('There is a tool server of that name already.')).toBeVisible();
  await expect.element(screen.getByRole('link', { name: 'tracker' })).toHaveAttribute('href', '/tools/s7');
  expect(onimported).toHaveBeenCalled();
});

it('calls with what was filled in, shows the result, and can be stopped', async () => {
  const TOOL = tool({ schema: { type: 'object', properties: { n: { type: 'integer' }, deep: { type: 'boolean' } }, required: ['n'] } });
  const done: Tried = { outcome: 'done', output: [{ kind: 'text', text: '{"rows":2}' }], message: null, took_ms: 1834 };
  let signal: AbortSignal | undefined;
  const call = vi.spyOn(tools, 'call').mockResolvedValueOnce(done).mockImplementationOnce((_name, _args, given) => { signal = given; return new Promise((_, no) => { given.addEventListener('abort', () => no(new DOMException('', 'AbortError'))); }); });
  const screen = await render(TryDialog, { tool: TOOL, onclose: () => {} });
  await screen.getByRole('button', { name: 'Call' }).click();
  await expect.element(screen.getByText('Enter a value.')).toBeVisible();
  await expect.element(screen.getByRole('textbox', { name: 'n' })).toHaveFocus();
  await screen.getByRole('textbox', { name: 'n' }).fill('3');
  await screen.getByLabelText('deep').selectOptions('no');
  await screen.getByRole('button', { name: 'Call' }).click();
  expect(call).toHaveBeenCalledExactlyOnceWith('warehouse__query', { n: 3, deep: false }, expect.any(AbortSignal));
  await expect.element(screen.getByText('"rows": 2')).toBeVisible();
  await expect.element(screen.getByText('after 1.8 s')).toBeVisible();
  await screen.getByRole('button', { name: 'Call' }).click();
  await screen.getByRole('button', { name: 'Stop' }).click();
  await expect.element(screen.getByText(/Stopped\./)).toBeVisible();
  expect(signal?.aborted).toBe(true);
});
