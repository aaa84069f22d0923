import { button, expect, expectSound, PASSWORD, test } from './test';

test('a newcomer sets the server up, signs out, and signs in again', async ({ page, launch, watch }) => {
  watch.allow(/status of 401 .*\/api\/auth\/(setup|sign-in)$/);
  const galaxy = await launch();

  await page.goto(`${galaxy.url}/tasks`);
  await expect(page.getByRole('heading', { name: 'Set up Galaxy Chat' })).toBeVisible();
  await expectSound(page);
  await page.getByLabel('One-time token').fill('not the token');
  await page.getByLabel('E-mail').fill('ana@example.org');
  await page.getByLabel('Name', { exact: true }).fill('Ana Ruiz');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await button(page, 'Make the account').click();
  await expect(page.getByText('This is not the token of the newest start.')).toBeVisible();
  await page.getByLabel('One-time token').fill(galaxy.token);
  await button(page, 'Make the account').click();
  // It goes on where the newcomer wanted to go.
  await expect(page.getByRole('heading', { name: 'Tasks' })).toBeVisible();

  await page.goto(`${galaxy.url}/settings/account`);
  await expect(page.getByText('Administrator')).toBeVisible();
  await button(page, 'Sign out').click();
  await expect(page.getByRole('heading', { name: 'Sign in to Galaxy Chat' })).toBeVisible();
  await expectSound(page);
  await page.getByLabel('E-mail').fill('ana@example.org');
  await page.getByLabel('Password', { exact: true }).fill('something else 7');
  await button(page, 'Sign in').click();
  await expect(page.getByRole('alert')).toContainText('E-mail and password do not belong together');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Administrator')).toBeVisible();
});

test('a session that is ended elsewhere leads to the sign-in page, and back', async ({ signedIn: page, api, watch }) => {
  watch.allow(/status of 401/, /WebSocket connection to .* failed/);
  await api.call('POST', '/api/auth/sign-out');
  // Whatever asks first finds out: the live connection, or a press.
  const ended = page.getByText('Your session has ended.'), tasks = page.getByRole('link', { name: 'Tasks' });
  await expect(async () => {
    if (await tasks.isVisible()) await tasks.click({ timeout: 500 });
    await expect(ended).toBeVisible({ timeout: 500 });
  }).toPass();
  await page.getByLabel('E-mail').fill(api.me.email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await button(page, 'Sign in').click();
  await expect(page.getByRole('navigation', { name: 'Conversations' })).toBeVisible();
});
