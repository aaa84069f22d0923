import { answered, button, card, draft, expect, replies, test } from './test';

test('everything of a chat is done without a mouse', async ({ signedIn: page, api }) => {
  await api.rule('add_task', 'ask');
  const keys = page.keyboard;
  // A new chat has the cursor where one writes.
  await expect(draft(page)).toBeFocused();
  await keys.type('add a task to buy milk');
  await keys.press('Shift+Enter');
  await keys.type('and bread');
  await expect(draft(page)).toHaveValue('add a task to buy milk\nand bread');
  await keys.press('Enter');
  await expect(button(card(page, 'add_task'), 'Run once')).toBeVisible();
  await expect(draft(page)).toBeFocused();

  // Letters are letters while one writes, and ways to get about otherwise.
  await keys.press('a');
  await expect(draft(page)).toHaveValue('a');
  await keys.press('Backspace');
  await keys.press('Escape');
  await keys.press('a');
  await expect(button(card(page, 'add_task'), 'Run once')).toBeFocused();
  await keys.press('Enter');
  await answered(page, 1);
  expect(await api.tasks()).toHaveLength(1);

  await page.locator('body').press('/');
  await expect(draft(page)).toBeFocused();
  await keys.type('show markdown');
  await keys.press('Enter');
  await expect(replies(page).last()).toContainText('written in Markdown');
  await keys.press('Tab');
  await expect(button(page, 'Stop')).toBeFocused();
  await keys.press('Enter');
  await expect(await answered(page, 2)).toContainText('You stopped this.');
  await expect(draft(page)).toBeFocused();

  await keys.press('Escape');
  await keys.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(help).toBeVisible();
  await keys.press('Escape');
  await expect(help).toHaveCount(0);
  await keys.press('n');
  await expect(page).toHaveURL('/');
  await expect(draft(page)).toBeFocused();
});

test('menus open, are walked through and close by keys, and give the cursor back', async ({ signedIn: page, api }) => {
  const { conversation_id: id } = await api.chat('hello');
  await page.goto(`/c/${id}`);
  const menu = button(page, 'Conversation menu'), keys = page.keyboard;
  await menu.focus();
  await keys.press('Enter');
  await expect(menu).toHaveAttribute('aria-expanded', 'true');
  await keys.press('Tab');
  await expect(button(page, 'Rename')).toBeFocused();
  await keys.press('ArrowDown');
  await expect(button(page, 'Pin')).toBeFocused();
  await keys.press('ArrowUp');
  await keys.press('ArrowUp');
  await expect(button(page, 'Delete')).toBeFocused();
  await keys.press('Escape');
  await expect(menu).toHaveAttribute('aria-expanded', 'false');
  await expect(menu).toBeFocused();
  await keys.press('Enter');
  await expect(button(page, 'Rename')).toBeVisible();
  await keys.press('Tab');
  await keys.press('Enter');
  await expect(page.getByLabel('Title', { exact: true })).toBeFocused();
  await keys.type('Good day');
  await keys.press('Enter');
  await expect(page.getByRole('heading', { name: 'Good day', level: 1 })).toBeVisible();
});

test('the first Tab skips to the content, and shortcuts can be switched off', async ({ signedIn: page }) => {
  await page.goto('/settings/appearance');
  await expect(page.getByRole('heading', { name: 'Appearance' })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#content')).toBeFocused();
  await page.getByRole('checkbox').uncheck();
  await page.keyboard.press('n');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page).toHaveURL(/appearance/);
});
