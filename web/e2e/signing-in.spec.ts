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

for (const scheme of ['dark', 'light'] as const) {
  test(`the page that people come back to is the product’s, in the ${scheme}`, async ({ page, context, launch, watch }, info) => {
    watch.allow(/status of 4\d\d .*\/api\/oauth\/callback$/);
    const issuer = await FakeIssuer.listen();
    try {
      await page.emulateMedia({ colorScheme: scheme });
      const galaxy = await launch({ APP_NAME: 'Stars & <b>Sons</b>' });
      /** How it looks, beside the page itself. */
      const look = () => page.evaluate(async () => {
        await document.fonts.ready;
        const html = getComputedStyle(document.documentElement), title = getComputedStyle(document.querySelector('h1')!);
        const canvas = document.createElement('canvas').getContext('2d')!;
        // A colour is written in several ways, and painted in one.
        const painted = (color: string) => {
          canvas.fillStyle = color;
          canvas.fillRect(0, 0, 1, 1);
          return [...canvas.getImageData(0, 0, 1, 1).data].join();
        };
        return { scheme: html.colorScheme, plate: painted(html.backgroundColor), ink: painted(title.color), typeface: title.fontFamily, loaded: [...document.fonts].some((it) => it.family.includes('Spectral') && it.status === 'loaded') };
      });
      const told = async (title: string, state: string) => {
        await expect(page).toHaveTitle(`${title} · Stars & <b>Sons</b>`);
        await expect(page.getByRole('heading', { name: title })).toBeFocused();
        await expect(page.getByText('Stars & <b>Sons</b>', { exact: true })).toBeVisible();
        await expect(page.locator(`.mark .${state}`)).toBeVisible();
        await expectSound(page);
        expect(await look()).toEqual(ours);
        await page.screenshot({ path: info.outputPath(`${state}.png`) });
      };
      await Api.setUp(galaxy.url, galaxy.token);
      await page.goto(galaxy.url);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      const ours = await look();
      await page.goto(`${galaxy.url}/api/oauth/callback?code=x&state=y`);
      await told('You are not signed in', 'fail');
      await expect(page.getByRole('status')).toHaveText('Sign in here first, in this browser, and begin again.');

      const api = await Api.signIn(galaxy.url, 'ana@example.org');
      await enter(context, api);
      const { server } = await api.call<{ server: { id: string } }>('POST', '/api/tool-servers', { name: 'weather', title: 'Weather', link: { kind: 'http', url: issuer.url, inside: true }, trusted: true });
      const { url } = await api.call<{ url: string }>('POST', `/api/tool-servers/${server.id}/connect`);
      await page.goto(url);
      await page.getByRole('link', { name: 'Allow' }).click();
      await told('You are signed in', 'done');
      await expect(page.getByRole('status')).toHaveText('Weather can be used now. You can close this window.');
      await page.getByRole('link', { name: 'Back to the tools' }).click();
      await expect(page.getByText('ready', { exact: true })).toBeVisible();
    } finally { issuer.close(); }
  });
}
