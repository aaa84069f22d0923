/** What a tool server goes on with by itself: the page says so, whatever happens to it or to Galaxy meanwhile, and shows what came of it. */
import { FakeBuilder } from './builder';
import type { Galaxy } from './server';
import { scripted } from './scripted';
import { answered, Api, button, card, enter, expect, expectSound, opened, questions, say, test, type Page } from './test';

const TOOL = 'builder__build';
let builder: FakeBuilder, model: { url: string; close: () => void };

test.beforeEach(async () => {
  builder = await FakeBuilder.listen();
  model = await scripted((asked, spoken) => (asked.includes('build') && spoken === 0 ? { calls: [{ tool: TOOL, input: {} }] } : { text: asked.includes('build') ? 'Your house is there.' : 'I am still here.' }));
});
test.afterEach(() => {
  builder.close();
  model.close();
});

/** Somebody whose agents may have houses built, on a page where one is being built. */
async function begin(page: Page, galaxy: Galaxy): Promise<Api> {
  const api = await Api.setUp(galaxy.url, galaxy.token);
  await enter(page.context(), api);
  await api.call('POST', '/api/tool-servers', { name: 'builder', link: { kind: 'http', url: builder.url, inside: true } });
  await api.rule(TOOL, 'allow');
  builder.works('digging');
  await page.goto(galaxy.url);
  await say(page, 'build a house');
  await expect(card(page, TOOL)).toContainText('as a task: digging');
  return api;
}

/** The card says that it is at work, in the server's words. */
async function works(page: Page, words: string) {
  await expect(card(page, TOOL).locator('summary')).toContainText(`as a task: ${words}`);
  await expect(card(page, TOOL).getByRole('img', { name: 'running' })).toBeVisible();
}

const settings = () => ({ LLM_BASE_URL: model.url, LLM_API_KEY: 'none', LLM_MODEL_NAME: 'local-70b' });

test('a task outlives a reload and a kill, is made once, and what came of it is shown', async ({ page, launch, watch }) => {
  watch.allow(/ERR_CONNECTION|ERR_SOCKET|WebSocket|status of 50\d|ERR_EMPTY_RESPONSE/);
  const galaxy = await launch(settings());
  const api = await begin(page, galaxy);
  const conversation = await opened(page);
  await works(page, 'digging');
  await page.reload();
  await works(page, 'digging');
  await card(page, TOOL).locator('summary').click();
  await expect(card(page, TOOL)).toContainText(/builder works on it by itself since .*; this goes on whatever happens to this page or to Galaxy\./);
  await expectSound(page);

  await galaxy.kill();
  builder.works('\u202Eroofing');
  await galaxy.start();
  // The page finds back by itself.
  await works(page, '\\u{202e}roofing');
  await page.reload();
  await works(page, '\\u{202e}roofing');
  await expect(button(page, 'Stop')).toBeVisible();

  builder.ends('Four walls and a roof.');
  await expect(await answered(page, 1)).toContainText('Your house is there.');
  await expect(card(page, TOOL).getByRole('img', { name: 'done' })).toBeVisible();
  await card(page, TOOL).locator('summary').click();
  await expect(card(page, TOOL)).toContainText('Four walls and a roof.');
  await expect(card(page, TOOL)).toContainText('It ran at builder as a task');
  await expectSound(page);
  expect([builder.count('tools/call'), builder.count('tasks/cancel')]).toEqual([1, 0]);
  for (const seen of [await page.content(), JSON.stringify(await api.messages(conversation))]) expect(seen).not.toContain(builder.mark);
});

test('a task that is stopped by hand is stopped at the server, after a kill too, and the chat goes on', async ({ page, launch, watch }) => {
  watch.allow(/ERR_CONNECTION|ERR_SOCKET|WebSocket|status of 50\d|ERR_EMPTY_RESPONSE/);
  const galaxy = await launch(settings());
  await begin(page, galaxy);
  await button(page, 'Stop').click();
  await expect(await answered(page, 1)).toContainText('You stopped this.');
  // It has effects, and nobody knows which of them there are.
  await expect(card(page, TOOL).getByRole('img', { name: 'outcome unknown' })).toBeVisible();
  await card(page, TOOL).locator('summary').click();
  await expect(card(page, TOOL)).toContainText('It was cut off before it ended. It may or may not have happened.');
  await expect.poll(() => builder.count('tasks/cancel')).toBe(1);

  builder.works('digging again');
  await say(page, 'build another house');
  await works(page, 'digging again');
  await galaxy.kill();
  await galaxy.start();
  await page.reload();
  await works(page, 'digging again');
  await button(page, 'Stop').click();
  await expect(await answered(page, 2)).toContainText('You stopped this.');
  await expect.poll(() => builder.count('tasks/cancel')).toBe(2);
  expect(builder.count('tools/call')).toBe(2);

  await say(page, 'hello');
  await expect(await answered(page, 3)).toContainText('I am still here.');
  await expect(questions(page)).toHaveCount(3);
  await expectSound(page);
});
