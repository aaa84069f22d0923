import { FakeToolServer } from './tool-server';
import { answered, Api, button, card, enter, expect, expectSound, replies, say, test, type Page } from './test';

const SECTIONS = ['appearance', 'account', 'keys', 'sessions', 'models', 'tools', 'audit', 'people', 'feedback'];
const settled = async (page: Page) => { await expect(page.getByText('Loading', { exact: true })).toHaveCount(0); };

const lend = (api: Api, fake: FakeToolServer, name: string) =>
  api.call<{ server: { id: string } }>('POST', '/api/tool-servers', { name, title: `Of the ${name}`, link: { kind: 'http', url: fake.url, inside: true, headers: { 'X-Secret': 'canary' } }, may_ask: true });
/** A server with a tool that changed and one that is new. */
async function office(api: Api, fake: FakeToolServer) {
  const made = await lend(api, fake, 'office');
  fake.tools = [{ ...fake.tools[0]!, description: 'Adds two numbers, and tells nobody.' }, ...fake.tools.slice(1), { name: 'a_tool_with_a_name_that_goes_on_for_longer_than_anybody_would_like', description: 'Was not there before.', inputSchema: { type: 'object', properties: {} } }];
  await api.call('POST', `/api/tool-servers/${made.server.id}/probe`);
  return made;
}

for (const colorScheme of ['dark', 'light'] as const) {
  test.describe(`in the ${colorScheme}`, () => {
    test.use({ colorScheme });

    test('the doors are sound', async ({ page, launch }) => {
      const galaxy = await launch();
      await page.goto(galaxy.url);
      await button(page, 'Make the account').click();
      await expect(page.getByText('Enter a name.')).toBeVisible();
      await page.getByText('Where exactly?').click();
      await expectSound(page);
      await Api.setUp(galaxy.url, galaxy.token);
      await page.reload();
      await button(page, 'Sign in').click();
      await expect(page.getByText('Enter the password.')).toBeVisible();
      await expectSound(page);
    });

    test('the chat is sound: empty, with calls, and while it asks', async ({ signedIn: page, api }) => {
      await expect(page.getByRole('heading', { name: 'What shall we look at?' })).toBeVisible();
      await expectSound(page);
      await api.rule('add_task', 'ask');
      const shown = await api.chat('what is 17*23');
      await api.chat('show markdown', { conversation_id: shown.conversation_id });
      await page.goto(`/c/${shown.conversation_id}`);
      await answered(page, 2);
      const math = card(page, 'math');
      await math.locator('summary').click();
      await say(page, 'add a task to buy milk');
      await expect(button(card(page, 'add_task'), 'Run once')).toBeVisible();
      await replies(page).nth(1).getByText('struck out').scrollIntoViewIfNeeded();
      await expectSound(page);
      await button(card(page, 'add_task'), 'Deny').click();
      await expectSound(page);
      await page.keyboard.press('Escape');
      await button(page, /^Model:/).click();
      await expectSound(page);
      await page.keyboard.press('Escape');
      await button(page, /^Tools:/).click();
      await expectSound(page);
    });

    test('the tasks are sound: as a list, as a board, and one of them', async ({ page, context, api }) => {
      await enter(context, api);
      await page.goto('/tasks');
      await expect(page.getByRole('heading', { name: 'Nothing to do' })).toBeVisible();
      await expectSound(page);
      await api.task('Pay the rent', { priority: 'high', tags: ['home', 'money'], due_at: '2024-01-02T10:00:00Z', description: 'To the new account' });
      await api.task('A rather long title that wants more than one line on a small screen: compare the offers of all three suppliers', { priority: 'low', due_at: '2031-01-02T10:00:00Z' });
      const done = await api.task('Buy groceries');
      await api.call('PATCH', `/api/tasks/${done.id}/complete`, {});
      await page.goto('/tasks?status=all');
      await expect(page.getByText('3 tasks')).toBeVisible();
      await expectSound(page);
      await page.goto('/tasks?view=board');
      await expect(page.locator('[data-task]')).toHaveCount(3);
      await expectSound(page);
      await button(page, 'Pay the rent').click();
      await expect(page.getByRole('dialog', { name: 'Task' })).toBeVisible();
      await expectSound(page);
    });

    test('the tool servers are sound: none, a list, and the ways to add one', async ({ page, launch, context }) => {
      const galaxy = await launch(), fake = await FakeToolServer.listen(), ana = await Api.setUp(galaxy.url, galaxy.token);
      await enter(context, ana);
      await page.goto(`${galaxy.url}/tools`);
      await expect(page.getByRole('heading', { name: 'No tool server yet' })).toBeVisible();
      await expectSound(page);
      await office(ana, fake);
      fake.down = true;
      await lend(ana, fake, 'archive');
      await ana.call('PATCH', `/api/tool-servers/${(await lend(ana, fake, 'attic')).server.id}`, { enabled: false });
      await page.reload();
      await expect(page.getByText('2 tools wait to be allowed')).toBeVisible();
      await expect(page.getByText('What to do:')).toBeVisible();
      await expectSound(page);
      await button(page, 'Add server').click();
      await button(page.getByRole('dialog'), 'Add a header').click();
      await expectSound(page);
      await page.keyboard.press('Escape');
      await button(page, 'Import').click();
      await expectSound(page);
      fake.close();
    });

    test('a tool server is sound: its tools, what is to be allowed, its log and settings', async ({ page, launch, context }) => {
      const galaxy = await launch(), fake = await FakeToolServer.listen(), ana = await Api.setUp(galaxy.url, galaxy.token);
      await enter(context, ana);
      const { server } = await office(ana, fake);
      await page.goto(`${galaxy.url}/tools/${server.id}`);
      await expect(button(page, 'Allow all 2')).toBeVisible();
      await page.getByText('As a table').click();
      await page.getByText('Description and arguments').first().click();
      await expectSound(page);
      await button(page, 'Try greet').click();
      await expectSound(page);
      for (const part of ['log', 'settings']) {
        await page.goto(`${galaxy.url}/tools/${server.id}/${part}`);
        await expect(button(page, part === 'log' ? 'Refresh' : 'Save changes')).toBeVisible();
        await settled(page);
        await expectSound(page);
      }
      await page.goto(galaxy.url);
      await button(page, /^Tools:/).click();
      await expect(page.getByRole('group', { name: 'office' })).toBeVisible();
      await expectSound(page);
      fake.close();
    });

    test('the marketplace is sound: the list, what an entry asks, and what it comes to', async ({ page, context, admin }) => {
      await enter(context, admin);
      await page.goto('/tools/marketplace');
      await expect(page.getByRole('link', { name: 'DeepWiki' })).toBeVisible();
      await expectSound(page);
      await page.goto('/tools/marketplace?q=nothing+of+that+name');
      await expect(page.getByRole('heading', { name: 'Nothing fits' })).toBeVisible();
      await page.goto('/tools/marketplace/galaxy%2Fgithub');
      await button(page, 'Show what would be done').click();
      await expect(page.getByText('Enter a value.')).toBeVisible();
      await expectSound(page);
      await page.getByLabel('token').fill('canary');
      await button(page, 'Show what would be done').click();
      await expect(page.getByText('https://api.githubcopilot.com/mcp/')).toBeVisible();
      await expect(page.getByText('canary')).toHaveCount(0);
      await expectSound(page);
    });

    test('the settings are sound, each of them', async ({ page, context, admin }) => {
      await enter(context, admin);
      for (const section of SECTIONS) {
        await page.goto(`/settings/${section}`);
        await expect(page.getByRole('heading', { level: 2 })).toBeVisible();
        await settled(page);
        await expectSound(page);
      }
    });
  });
}
