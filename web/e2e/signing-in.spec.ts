import { FakeIssuer } from './issuer';
import { scripted } from './scripted';
import { Api, answered, button, card, enter, expect, expectSound, say, test, toast, type Page } from './test';

/** What a page does that is open in a window of its own. */
async function allow(page: Page, press: () => Promise<void>) {
  const opens = page.waitForEvent('popup');
  await press();
  const popup = await opens;
  await popup.getByRole('link', { name: 'Allow' }).click();
  // It closes itself where the browser lets it, and says so where not.
  const said = popup.getByRole('heading', { name: 'You are signed in' }).waitFor();
  await Promise.race([said, popup.waitForEvent('close')]);
  if (!popup.isClosed()) await popup.close();
}

test('one connects a server, works, and signs in again when the token is revoked', async ({ page, context, launch, watch }) => {
  // The server is killed on the way.
  watch.allow(/ERR_CONNECTION|ERR_SOCKET|WebSocket|status of 50\d|ERR_EMPTY_RESPONSE/);
  const issuer = await FakeIssuer.listen();
  const model = await scripted((_, spoken) => (spoken === 0 ? { calls: [{ tool: 'weather__forecast', input: {} }] } : { text: 'It is sunny.' }));
  try {
    const galaxy = await launch({ LLM_BASE_URL: model.url, LLM_API_KEY: 'none', LLM_MODEL_NAME: 'local-70b' });
    const api = await Api.setUp(galaxy.url, galaxy.token);
    await enter(context, api);
    const { server } = await api.call<{ server: { id: string } }>('POST', '/api/tool-servers', { name: 'weather', title: 'Weather', link: { kind: 'http', url: issuer.url, inside: true }, trusted: true });
    await page.goto(`${galaxy.url}/tools`);
    await expect(page.getByText('sign-in needed')).toBeVisible();
    await expectSound(page);
    await allow(page, () => button(page, 'Connect Weather').click());
    await expect(page.getByText('ready', { exact: true })).toBeVisible();
    await page.goto(`${galaxy.url}/tools/${server.id}`);
    await expect(page.getByText('Signed in', { exact: true })).toBeVisible();
    await expect(page.locator('[data-tool="forecast"]')).toContainText('allowed');
    await expectSound(page);

    await page.goto(galaxy.url);
    await say(page, 'How is the weather?');
    await expect(await answered(page, 1)).toContainText('It is sunny.');
    expect(issuer.calls).toBe(1);

    issuer.revoke();
    await say(page, 'And now?');
    const call = card(page, 'weather__forecast');
    await expect(call).toContainText('weather wants you to sign in first.');
    await expectSound(page);
    // It waits for as long as it takes, and whatever is restarted meanwhile.
    await galaxy.kill();
    await galaxy.start();
    await page.reload();
    await allow(page, () => button(card(page, 'weather__forecast'), 'Sign in at weather').click());
    await expect(await answered(page, 2)).toContainText('It is sunny.');
    expect(issuer.calls).toBe(2);

    await page.goto(`${galaxy.url}/tools/${server.id}`);
    await button(page, 'Disconnect Weather').click();
    await button(page.getByRole('dialog'), 'Disconnect').click();
    await expect(toast(page, 'Weather is disconnected')).toBeVisible();
    await expect(button(page, 'Connect Weather')).toBeVisible();
  } finally { model.close(); issuer.close(); }
});
