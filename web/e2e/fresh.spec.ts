/** What needs a fresh sign-in asks for the password in place, and goes on by itself. */
import { Api, button, enter, expect, expectSound, PASSWORD, test } from './test';

test('a key needs the password again after a while, in the middle of making it', async ({ page, context, launch, watch }) => {
  watch.allow(/status of 403 .*\/api\/auth\/keys$/, /status of 422 .*\/api\/auth\/confirm$/);
  const galaxy = await launch({ FRESH_SIGN_IN_SECONDS: '2' });
  const ana = await Api.setUp(galaxy.url, galaxy.token);
  await enter(context, ana);
  await page.goto(`${galaxy.url}/settings/keys`);
  // Until the sign-in is old: what makes no sense is refused for another reason as long as it is fresh.
  await expect.poll(async () => {
    const made = await page.request.post(`${galaxy.url}/api/auth/keys`, { data: {}, headers: { 'x-requested-with': 'galaxy', origin: galaxy.url } });
    return made.status();
  }).toBe(403);
  await button(page, 'New key').click();
  const dialog = page.getByRole('dialog', { name: 'New key' });
  await dialog.getByLabel('Name').fill('nightly report');
  await button(dialog, 'Make the key').click();

  const ask = page.getByRole('dialog', { name: 'Confirm it is you' });
  const field = ask.getByLabel('Password', { exact: true });
  await expect(field).toBeFocused();
  await field.fill('not it 12345');
  await page.keyboard.press('Enter');
  await expect(ask.getByText('This is not your password.')).toBeVisible();
  await expect(field).toBeFocused();
  // Esc leaves it, and what was begun is still there.
  await page.keyboard.press('Escape');
  await expect(ask).toHaveCount(0);
  await expect(dialog.getByText('This needs a fresh sign-in')).toBeVisible();
  await expect(dialog.getByLabel('Name')).toHaveValue('nightly report');
  await expect(button(dialog, 'Make the key')).toBeFocused();

  await page.keyboard.press('Enter');
  await field.fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'The key “nightly report”' })).toBeVisible();
  await expect(page.getByLabel('Key', { exact: true })).toHaveValue(/^gx_/);
});

test('the question fits a phone and both lights, and anybody can read it', async ({ page, context, launch, watch }) => {
  watch.allow(/status of 403 .*\/api\/auth\/keys$/);
  const galaxy = await launch({ FRESH_SIGN_IN_SECONDS: '1' });
  const ana = await Api.setUp(galaxy.url, galaxy.token);
  await enter(context, ana);
  for (const [scheme, width] of [['dark', 1280], ['light', 390]] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(`${galaxy.url}/settings/keys`);
    await expect.poll(async () => (await page.request.post(`${galaxy.url}/api/auth/keys`, { data: {}, headers: { 'x-requested-with': 'galaxy', origin: galaxy.url } })).status()).toBe(403);
    await button(page, 'New key').click();
    await page.getByRole('dialog').getByLabel('Name').fill('nightly report');
    await button(page, 'Make the key').click();
    const ask = page.getByRole('dialog', { name: 'Confirm it is you' });
    await expect(ask).toBeVisible();
    await expectSound(page);
  }
});
