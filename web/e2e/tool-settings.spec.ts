/** The settings of a tool server: what is stored of it, and what becomes of a change. */
import { FakeToolServer } from './tool-server';
import { Api, button, enter, expect, test, toast, type Page } from './test';

const tab = (page: Page, name: string) => page.getByRole('navigation', { name: 'Parts of this server' }).getByRole('link', { name, exact: true });

/** A server of an administrator, and the fake that stands behind it. */
const add = (admin: Api, fake: FakeToolServer, more: object = {}) =>
  admin.call<{ server: { id: string } }>('POST', '/api/tool-servers', { name: `fake-${Math.random().toString(36).slice(2, 10)}`, link: { kind: 'http', url: fake.url, inside: true }, ...more });

test.describe('settings of a tool server', () => {
  let fake: FakeToolServer;
  test.beforeEach(async () => { fake = await FakeToolServer.listen(); });
  test.afterEach(() => { fake.close(); });

  test('a stored value is kept, replaced, and asked for again elsewhere', async ({ page, context, admin }) => {
    const other = await FakeToolServer.listen();
    const { server } = await add(admin, fake, { link: { kind: 'http', url: fake.url, inside: true, headers: { 'X-Secret': 'canary' } } });
    await enter(context, admin);
    await page.goto(`/tools/${server.id}/settings`);
    await page.getByLabel('Title').fill('Renamed');
    await button(page, 'Save changes').click();
    await expect(page.getByRole('heading', { name: 'Renamed' })).toBeVisible();
    await page.getByRole('textbox', { name: 'Address' }).fill(other.url);
    await button(page, 'Save changes').click();
    await expect(page.getByText('The place changed: enter the value again.')).toBeVisible();
    await page.getByLabel('Value of X-Secret').fill('another');
    const saved = page.waitForResponse((it) => it.request().method() === 'PATCH' && it.ok());
    await button(page, 'Save changes').click();
    await saved;
    await tab(page, 'Tools').click();
    await button(page, 'Try add').click();
    await button(page.getByRole('dialog'), 'Write as JSON').click();
    await page.getByLabel('Arguments as JSON').fill('{"a": 1, "b": 2}');
    await button(page.getByRole('dialog'), 'Call').click();
    await expect(page.getByRole('status', { name: 'Result' })).toContainText('3');
    expect(other.calls).toEqual([{ tool: 'add', args: { a: 1, b: 2 }, secret: 'another' }]);
    await admin.call('DELETE', `/api/tool-servers/${server.id}`);
    other.close();
  });

  test('whoever goes elsewhere while it is saved is told there how that ended', async ({ page, context, admin, watch }) => {
    watch.allow(/status of 409/);
    const { server } = await add(admin, fake);
    await enter(context, admin);
    for (const refuses of [false, true]) {
      await page.goto(`/tools/${server.id}/settings`);
      const title = page.getByLabel('Title');
      await page.route(`**/api/tool-servers/${server.id}`, async (route) => {
        if (route.request().method() !== 'PATCH') return route.continue();
        await expect(title).toHaveCount(0);
        await (refuses ? route.fulfill({ status: 409, contentType: 'application/problem+json', json: { type: 'about:blank', title: 'Conflict', status: 409, code: 'conflict', detail: 'Somebody was faster.' } }) : route.continue());
      });
      await title.fill(`Renamed ${refuses}`);
      await button(page, 'Save changes').click();
      await tab(page, 'Tools').click();
      await expect(toast(page, refuses ? 'Somebody was faster.' : 'Saved')).toBeVisible();
      await page.unrouteAll();
    }
    await expect(page.getByRole('heading', { name: 'Renamed false' })).toBeVisible();
    await admin.call('DELETE', `/api/tool-servers/${server.id}`);
  });
});
