import { Api, button, enter, expect, PASSWORD, test, toast } from './test';

test('the theme is chosen, kept, and there before the first paint', async ({ signedIn: page }) => {
  await page.goto('/settings');
  await page.getByText('Light', { exact: true }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.getByText('Larger', { exact: true }).click();
  await page.reload({ waitUntil: 'commit' });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await expect(page.locator('html')).toHaveAttribute('data-size', 'larger');
});

test('a key is shown once, works, and works no more when it is deleted', async ({ signedIn: page, api }) => {
  await page.goto('/settings/keys');
  await button(page, 'New key').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('nightly report');
  await dialog.getByRole('checkbox', { name: /^Chat/ }).uncheck();
  await button(dialog, 'Make the key').click();
  const key = await dialog.getByLabel('Key', { exact: true }).inputValue();
  await button(dialog, 'Copy key').click();
  await expect(button(dialog, 'Copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  await button(dialog, 'I have copied it').click();
  const ask = async (path: string, method = 'GET') => (await fetch(api.url + path, { method, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, ...(method === 'POST' && { body: '{"message":"hi"}' }) })).status;
  expect(await ask('/api/tasks')).toBe(200);
  expect(await ask('/api/chat', 'POST')).toBe(403);
  await page.reload();
  await expect(page.getByText('nightly report')).toBeVisible();
  await expect(page.getByText(key)).toHaveCount(0);
  await button(page, 'Delete the key nightly report').click();
  await button(page.getByRole('dialog'), 'Delete').click();
  await expect(toast(page, 'The key “nightly report” is gone')).toBeVisible();
  expect(await ask('/api/tasks')).toBe(401);
});

test('sessions are listed and ended', async ({ signedIn: page, api }) => {
  const elsewhere = await Api.signIn(api.url, api.me.email);
  await page.goto('/settings/sessions');
  await expect(page.getByText('this browser', { exact: true })).toBeVisible();
  await button(page, /^End the session of/).click();
  await expect(toast(page, 'The session has ended')).toBeVisible();
  await expect(elsewhere.tasks()).rejects.toThrow('401');
  expect(await api.tasks()).toEqual([]);
});

test('the password is changed, and other sessions end with it', async ({ signedIn: page, api, watch }) => {
  watch.allow(/status of 4\d\d .*\/api\/auth\/password$/);
  const elsewhere = await Api.signIn(api.url, api.me.email);
  await page.goto('/settings/account');
  await page.getByLabel('Current password').fill('not this one 77');
  await page.getByLabel('New password').fill('eight quiet herons 8');
  await button(page, 'Change password').click();
  await expect(page.locator('[aria-invalid=true]').or(page.getByRole('alert').filter({ hasText: /./ })).first()).toBeVisible();
  await page.getByLabel('Current password').fill(PASSWORD);
  await button(page, 'Change password').click();
  await expect(toast(page, 'The password is changed.')).toBeVisible();
  await expect(elsewhere.tasks()).rejects.toThrow('401');
});

test('models are checked, and tools get rules', async ({ signedIn: page, api }) => {
  await page.goto('/settings/models');
  await button(page, 'Check all').click();
  await expect(page.getByText('1 of 1 model answer')).toBeVisible();
  await page.goto('/settings/tools');
  await page.getByLabel('Rule for add_task').selectOption('Never');
  await expect(toast(page, 'add_task: Never')).toBeVisible();
  expect((await api.chat('add a task to buy milk')).tool_calls).toEqual([]);
  await page.getByLabel('Rule for add_task').selectOption('Allow (default)');
  await expect(toast(page, 'add_task: Allow')).toBeVisible();
  expect((await api.chat('add a task to buy milk')).tool_calls).toMatchObject([{ outcome: 'done' }]);
});

test('an administrator adds a person, who may not see what administrators see', async ({ page, context, browser, admin, watch }) => {
  watch.allow(/status of 403/);
  await enter(context, admin);
  await page.goto('/settings/people');
  await button(page, 'Add a person').click();
  const dialog = page.getByRole('dialog'), email = `kim-${Date.now()}@example.org`;
  await dialog.getByLabel('E-mail').fill(email);
  await dialog.getByLabel('Name', { exact: true }).fill('Kim');
  await dialog.getByLabel('Role').selectOption({ index: 0 });
  await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await button(dialog, 'Add').click();
  await expect(toast(page, 'Kim can sign in now')).toBeVisible();
  const kim = await Api.signIn(admin.url, email);
  expect(kim.me.role).toBe('viewer');

  const theirs = await browser.newContext();
  await enter(theirs, kim);
  const view = await theirs.newPage();
  await view.goto(`${admin.url}/settings`);
  await expect(view.getByRole('link', { name: 'Appearance' })).toBeVisible();
  await expect(view.getByRole('link', { name: 'People' })).toHaveCount(0);
  await view.goto(`${admin.url}/tasks`);
  await expect(view.getByText('You may look at tasks here but not change them.')).toBeVisible();
  await theirs.close();

  const row = page.getByRole('listitem').filter({ hasText: email });
  await button(row, /^Switch Kim off$/).click();
  await button(page.getByRole('dialog'), 'Switch off').click();
  await expect(row).toContainText('switched off');
  await expect(kim.tasks()).rejects.toThrow(/401|403/);
});
