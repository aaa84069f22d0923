import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api, button, enter, expect, expectSound, test } from './test';

/** Stands in for what runs packages: fetches nothing, and serves one tool that is called as its last argument. */
const RUNNER = `#!${process.execPath}
const answer = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (method === 'initialize') answer(id, { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'files', version: '1' } });
  else if (method === 'tools/list') answer(id, { tools: [{ name: 'list_' + process.argv.at(-1).replace(/\\W/g, '_'), inputSchema: { type: 'object' } }] });
  else if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'not known' } }) + '\\n');
});
`;

test.describe('the marketplace', () => {
  let folder = '';
  test.beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'galaxy-runner-'));
    await writeFile(join(folder, 'npx'), RUNNER, { mode: 0o755 });
  });
  test.afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

  test('a server is found, its exact command is shown and agreed to, and it works', async ({ page, context, launch }) => {
    const galaxy = await launch({ TOOL_PROGRAMS_PATH: folder });
    await enter(context, await Api.setUp(galaxy.url, galaxy.token));
    await page.goto(`${galaxy.url}/tools`);
    await page.getByRole('navigation', { name: 'Tools', exact: true }).getByRole('link', { name: 'Marketplace' }).click();
    await expect(page.getByRole('link', { name: 'DeepWiki' })).toBeVisible();
    await expectSound(page);
    await page.getByRole('searchbox', { name: 'Search the marketplace' }).fill('files folders');
    await expect(page).toHaveURL(/q=files\+folders/);
    await page.getByRole('link', { name: 'Files', exact: true }).click();
    await expect(page.getByText('files on the server’s machine')).toBeVisible();
    await button(page, 'Show what would be done').click();
    await expect(page.getByText('Enter a value.')).toBeVisible();
    await page.getByLabel('folder').fill('srv');
    await button(page, 'Show what would be done').click();
    await expect(page.getByText(/must be an absolute path/)).toBeVisible();
    await expectSound(page);
    await page.getByLabel('folder').fill('/tmp\n/var/tmp');
    await button(page, 'Show what would be done').click();
    await expect(page.getByText(/npx -y @modelcontextprotocol\/server-filesystem@[\d.]+ \/tmp \/var\/tmp$/)).toBeVisible();
    await expect(button(page, 'Add')).toBeDisabled();
    await page.getByRole('checkbox', { name: /I have read this command/ }).check();
    await expectSound(page);
    await button(page, 'Add').click();
    await expect(page).toHaveURL(/\/tools\/[0-9a-f-]{36}$/, { timeout: 20_000 });
    await expect(page.locator('[data-tool="list__var_tmp"]')).toContainText('allowed');
    await expect(page.getByRole('link', { name: 'galaxy/filesystem' })).toBeVisible();
    await expectSound(page);
  });
});
