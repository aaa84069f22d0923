import { answered, button, card, expect, opened, questions, replies, say, second, test } from './test';

test('a request becomes a call, and the task is on the board of another tab at once', async ({ signedIn: page, api }) => {
  const other = await second(page, '/tasks?view=board');
  await expect(other.getByText('Nothing waits here.')).toBeVisible();

  await say(page, 'add a task to buy groceries');
  await answered(page, 1);
  await expect(card(page, 'add_task').getByRole('img', { name: 'done' })).toBeVisible();
  await expect(button(other.getByRole('region', { name: 'To do' }), 'buy groceries')).toBeVisible();
  expect((await api.tasks()).map((it) => it.title)).toEqual(['buy groceries']);

  await say(page, 'what is 17*23');
  const reply = await answered(page, 2);
  await expect(reply).toContainText('391');
  const math = card(page, 'math');
  await math.locator('summary').click();
  await expect(math).toContainText('17*23');
  await expect(math).toContainText('391');
  await expect(page.getByRole('status').filter({ hasText: /Reply finished, \d+ words/ })).toHaveCount(1);
  // The run beside the chat tells the same, and leads to the call.
  await button(page.getByRole('complementary', { name: 'This run' }), 'Go to math').click();
  await expect(math.locator('summary')).toBeFocused();
});

test('several calls of one request run side by side', async ({ signedIn: page, api }) => {
  await say(page, 'what is 2+2 and add a task to call Bob');
  const reply = await answered(page, 1);
  await expect(reply.locator('details[data-call]')).toHaveCount(2);
  await expect(reply).toContainText('4');
  expect((await api.tasks()).map((it) => it.title)).toEqual(['call Bob']);
});

test('a message that takes its time stays where it is, whatever is fetched meanwhile', async ({ signedIn: page }) => {
  await page.route(/\/messages$/, async (route) => {
    if (route.request().method() === 'POST') await page.waitForResponse((it) => it.request().method() === 'GET' && it.url().includes('/messages?'));
    await route.continue();
  });
  await say(page, 'what is 2+2');
  await expect(await answered(page, 1)).toContainText('4');
  await expect(questions(page)).toHaveText([/what is 2\+2/]);
});

test('what is written is kept: a draft over a reload, and a message over the way back', async ({ signedIn: page }) => {
  await page.getByRole('textbox', { name: 'Message', exact: true }).fill('not sent yet');
  await page.reload();
  await expect(page.getByRole('textbox', { name: 'Message', exact: true })).toHaveValue('not sent yet');
  await say(page, 'hello');
  await answered(page, 1);
  const id = await opened(page);
  await page.goto('/tasks');
  await page.goBack();
  await expect(page).toHaveURL(new RegExp(id));
  await expect(questions(page)).toHaveText([/hello/]);
  await expect(replies(page)).toContainText(['demo model']);
});

test('an address that leads nowhere says so', async ({ signedIn: page, watch }) => {
  watch.allow(/status of 404/);
  await page.goto('/c/01890000-0000-7000-8000-000000000000');
  await expect(page.getByRole('heading', { name: 'This conversation is not here' })).toBeVisible();
  await page.goto('/nowhere');
  await expect(page.getByRole('heading', { name: 'Nothing is here' })).toBeVisible();
});
