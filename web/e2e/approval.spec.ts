import { answered, Api, button, card, draft, enter, expect, opened, questions, replies, say, second, test } from './test';

test.describe('a tool that asks first', () => {
  test.beforeEach(({ api }) => api.rule('add_task', 'ask'));

  test('runs when it is allowed, once', async ({ signedIn: page, api }) => {
    await say(page, 'add a task to buy milk');
    const call = card(page, 'add_task');
    await expect(call).toContainText('It changes something in this workspace.');
    await expect(call).toContainText('buy milk');
    await expect(page.getByRole('status').filter({ hasText: 'Needs approval: add_task' })).toHaveCount(1);
    // Asking takes the cursor from nobody.
    await expect(draft(page)).toBeFocused();
    expect(await api.tasks()).toEqual([]);
    await button(call, 'Run once').click();
    await answered(page, 1);
    expect((await api.tasks()).map((it) => it.title)).toEqual(['buy milk']);
    await say(page, 'add a task to buy bread');
    await expect(button(card(page, 'add_task'), 'Run once')).toBeVisible();
    expect(await api.tasks()).toHaveLength(1);
  });

  test('does not run when it is denied, and the model is told why', async ({ signedIn: page, api }) => {
    await say(page, 'add a task to buy milk');
    const call = card(page, 'add_task');
    await button(call, 'Deny').click();
    await call.getByLabel('Why not?').fill('we have plenty');
    await button(call, 'Deny it').click();
    const reply = await answered(page, 1);
    await expect(reply).toContainText('we have plenty');
    await expect(call).toContainText('denied');
    expect(await api.tasks()).toEqual([]);
  });

  test('asks no more in this chat, but in the next one', async ({ signedIn: page, api }) => {
    await say(page, 'add a task to buy milk');
    await button(card(page, 'add_task'), 'Always in this chat').click();
    await answered(page, 1);
    await say(page, 'add a task to buy bread');
    await answered(page, 2);
    expect(await api.tasks()).toHaveLength(2);
    await page.getByRole('link', { name: 'New chat' }).click();
    await say(page, 'add a task to buy cheese');
    await expect(button(card(page, 'add_task'), 'Run once')).toBeVisible();
    expect(await api.tasks()).toHaveLength(2);
  });

  test('asks nowhere any more when it is always allowed', async ({ signedIn: page, api }) => {
    await say(page, 'add a task to buy milk');
    await button(card(page, 'add_task'), 'Always').click();
    await answered(page, 1);
    await page.getByRole('link', { name: 'New chat' }).click();
    await say(page, 'add a task to buy bread');
    await answered(page, 1);
    expect(await api.tasks()).toHaveLength(2);
  });

  test('runs with the arguments that a person put in place of the model’s', async ({ signedIn: page, api, watch }) => {
    watch.allow(/status of 422 .*\/approve$/);
    await say(page, 'add a task to buy milk');
    const call = card(page, 'add_task');
    await button(call, 'Edit arguments').click();
    const field = call.getByLabel('Arguments as JSON');
    await field.fill('{ "title": ');
    await button(call, 'Run once').click();
    await expect(call.getByRole('alert')).toHaveText('This is not valid JSON.');
    await field.fill('{ "title": 7 }');
    await button(call, 'Run once').click();
    await expect(call.getByRole('alert')).toContainText('title');
    await field.fill('{ "title": "buy oat milk" }');
    await button(call, 'Run once').click();
    await answered(page, 1);
    await call.locator('summary').click();
    await expect(call).toContainText('allowed once, with changed arguments');
    expect((await api.tasks()).map((it) => it.title)).toEqual(['buy oat milk']);
  });

  test('is decided in one tab and settled in the other', async ({ signedIn: page }) => {
    await say(page, 'add a task to buy milk');
    await expect(button(card(page, 'add_task'), 'Run once')).toBeVisible();
    const other = await second(page, `/c/${await opened(page)}`);
    await expect(button(card(other, 'add_task'), 'Run once')).toBeVisible();
    await button(card(page, 'add_task'), 'Run once').click();
    await answered(page, 1);
    await answered(other, 1);
    await expect(button(other, 'Run once')).toHaveCount(0);
  });
});

test('a run that waits for a yes survives the sudden end of the server', async ({ page, context, launch, watch }) => {
  watch.allow(/ERR_CONNECTION|ERR_SOCKET|WebSocket|status of 50\d|ERR_EMPTY_RESPONSE/);
  const galaxy = await launch();
  const api = await Api.setUp(galaxy.url, galaxy.token);
  await api.rule('add_task', 'ask');
  await enter(context, api);
  await page.goto(galaxy.url);
  await say(page, 'add a task to buy milk');
  await expect(button(card(page, 'add_task'), 'Run once')).toBeVisible();
  await galaxy.kill();
  await expect(page.getByText('Reconnecting. What you write is kept.')).toBeVisible();
  await draft(page).fill('still here');
  await galaxy.start();
  await expect(page.getByText('Reconnecting. What you write is kept.')).toBeHidden({ timeout: 20_000 });
  await button(card(page, 'add_task'), 'Run once').click();
  await answered(page, 1);
  expect((await api.tasks()).map((it) => it.title)).toEqual(['buy milk']);
  await expect(draft(page)).toHaveValue('still here');
});

test('a question to the person is a form, and its answer goes to the model', async ({ signedIn: page }) => {
  await say(page, 'ask me which colour I like: red or green');
  const call = card(page, 'ask_person');
  await expect(call).toContainText('Which colour do you like?');
  await button(call, 'green').click();
  await expect(await answered(page, 1)).toContainText('green');
  await say(page, 'ask me which colour I like: red or green');
  const again = card(page, 'ask_person');
  await again.getByLabel('Something else').fill('a warm grey');
  await button(again, 'Answer').click();
  await expect(await answered(page, 2)).toContainText('a warm grey');
  await expect(questions(page)).toHaveCount(2);
  await expect(replies(page)).toHaveCount(2);
});

test('a run that waits can be stopped', async ({ signedIn: page, api }) => {
  await api.rule('add_task', 'ask');
  await say(page, 'add a task to buy milk');
  await expect(button(card(page, 'add_task'), 'Run once')).toBeVisible();
  await button(page, 'Stop').click();
  await expect(await answered(page, 1)).toContainText('You stopped this.');
  await expect(button(page, 'Run once')).toHaveCount(0);
  expect(await api.tasks()).toEqual([]);
});
