import type { WebSocketRoute } from '@playwright/test';
import { answered, Api, button, copied, enter, expect, opened, replies, say, second, test, type Page } from './test';

/** A long answer is on its way: some of it is there. */
async function begin(page: Page, text = 'show markdown') {
  await say(page, text);
  await expect(replies(page).last()).toContainText('written in Markdown');
  return opened(page);
}

/** The page shows what the server has, to the letter, and no otherwise than a page that is opened now. */
async function expectWhole(page: Page, api: Api, conversation: string) {
  const reply = await answered(page);
  const said = await api.answer(conversation);
  expect(said).toContain('finish');
  expect(await copied(page, reply)).toBe(said);
  const shown = await reply.locator('.said').allInnerTexts();
  const fresh = await second(page, `/c/${conversation}`);
  expect(shown).toEqual(await (await answered(fresh)).locator('.said').allInnerTexts());
  await fresh.close();
}

test('a stopped answer stays as far as it came, and goes on when it is told to', async ({ signedIn: page, api }) => {
  const conversation = await begin(page);
  await button(page, 'Stop').click();
  const reply = await answered(page);
  await expect(reply).toContainText('You stopped this.');
  const kept = await api.answer(conversation);
  expect(kept).toContain('written in **Markdown**');
  expect(kept).not.toContain('struck out');
  expect(await copied(page, reply)).toBe(kept);

  await page.reload();
  await expect(replies(page).last()).toContainText('written in Markdown');
  await button(replies(page).last(), 'Continue').click();
  await expect(replies(page).last()).not.toContainText('You stopped this.');
  await answered(page, 1);
  await expect(button(replies(page).last(), 'Continue')).toHaveCount(0);
});

test('a reload in the middle of an answer loses nothing and doubles nothing', async ({ signedIn: page, api }) => {
  const conversation = await begin(page);
  await page.reload();
  await expect(replies(page).last()).toHaveAttribute('aria-busy', 'true');
  await expectWhole(page, api, conversation);
});

test('a socket that breaks in the middle of an answer loses nothing and doubles nothing', async ({ page, context, api, watch }) => {
  watch.allow(/WebSocket/);
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/ws$/, (socket) => { sockets.push(socket); socket.connectToServer(); });
  await enter(context, api);
  await page.goto('/');
  const conversation = await begin(page);
  await sockets.at(-1)?.close({ code: 1011 });
  await expect.poll(() => sockets.length).toBeGreaterThan(1);
  await expect(replies(page).last()).toContainText('A table');
  await sockets.at(-1)?.close({ code: 1011 });
  await expectWhole(page, api, conversation);
  expect(sockets.length).toBeGreaterThan(2);
});

test('frames that get lost on the way are asked for again', async ({ page, context, api }) => {
  let dropped = 0, seen = 0;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => { if (String(message).includes('message.delta') && ++seen % 20 === 0) dropped++; else socket.send(message); });
  });
  await enter(context, api);
  await page.goto('/');
  const conversation = await begin(page);
  await expectWhole(page, api, conversation);
  expect(dropped).toBeGreaterThan(2);
});

test('a line that is down is said, and made up for', async ({ signedIn: page, context, api, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED/, /WebSocket/);
  const conversation = await begin(page);
  await context.setOffline(true);
  await expect(page.getByText('You are offline. What you write is kept.')).toBeVisible();
  await context.setOffline(false);
  await expectWhole(page, api, conversation);
});

test('a second tab follows word by word, and hears of the next message', async ({ signedIn: page }) => {
  const conversation = await begin(page);
  const other = await second(page, `/c/${conversation}`);
  await expect(replies(other).last()).toHaveAttribute('aria-busy', 'true');
  await expect(replies(other).last()).toContainText('struck out', { timeout: 20_000 });
  const texts = await Promise.all([page, other].map(async (it) => (await answered(it, 1)).locator('.said').allInnerTexts()));
  expect(texts[0]).toEqual(texts[1]);
  await say(page, 'what is 6*7');
  await expect(await answered(other, 2)).toContainText('42');
});

test('without a WebSocket the same comes as server-sent events', async ({ page, context, launch }) => {
  const galaxy = await launch({ DISABLE_WEBSOCKET: 'true' });
  const api = await Api.setUp(galaxy.url, galaxy.token);
  await enter(context, api);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('websocket', (socket) => asked.push(socket.url()));
  await page.goto(galaxy.url);
  await say(page, 'show markdown');
  await expect(replies(page).last()).toContainText('written in Markdown');
  await expect(replies(page).last()).toHaveAttribute('aria-busy', 'true');
  await button(page, 'Stop').click();
  await expect(await answered(page)).toContainText('You stopped this.');
  expect(asked.some((it) => it.includes('/api/live?topic=run'))).toBe(true);
  expect(asked.filter((it) => it.includes('/ws'))).toEqual([]);
});

test('where a WebSocket is refused the page finds the other way by itself', async ({ page, context, api }) => {
  await page.addInitScript(() => {
    window.WebSocket = class extends EventTarget {
      static readonly OPEN = 1;
      readonly readyState = 3;
      onclose: ((event: Event) => void) | null = null;
      constructor() { super(); setTimeout(() => this.onclose?.(new Event('close'))); }
      send() {}
      close() {}
    } as unknown as typeof WebSocket;
  });
  await enter(context, api);
  await page.goto('/');
  const conversation = await begin(page);
  await expectWhole(page, api, conversation);
});
