import { answered, Api, button, card, enter, expect, expectSound, replies, say, test, type Page } from './test';

const SECTIONS = ['appearance', 'account', 'keys', 'sessions', 'models', 'tools', 'people', 'feedback'];
const settled = async (page: Page) => { await expect(page.getByText('Loading', { exact: true })).toHaveCount(0); };

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
