import { answered, button, card, draft, expect, expectSound, say, test } from './test';

test('on a phone the chat fills the page and the rest is a drawer', async ({ signedIn: page, api }) => {
  await api.rule('add_task', 'ask');
  const { conversation_id: older } = await api.chat('show markdown');
  await api.call('PATCH', `/api/conversations/${older}`, { title: 'All of Markdown' });
  await expect(page.getByRole('link', { name: 'New chat' })).not.toBeInViewport();
  // The keyboard opens only when it is asked for.
  await expect(draft(page)).not.toBeFocused();

  await button(page, 'Menu').tap();
  await expect(page.getByRole('link', { name: 'New chat' })).toBeInViewport();
  await expectSound(page);
  await page.getByRole('link', { name: 'All of Markdown' }).tap();
  await expect(page.getByRole('heading', { name: 'All of Markdown', level: 1 })).toBeVisible();
  await expect(page.getByRole('link', { name: 'New chat' })).not.toBeInViewport();
  await expectSound(page);

  await say(page, 'add a task to buy milk');
  await button(card(page, 'add_task'), 'Run once').tap();
  await answered(page, 2);
  await button(page, 'This run').tap();
  const sheet = page.getByRole('dialog', { name: 'This run' });
  await expectSound(page);
  await button(sheet, 'Go to add_task').tap();
  await expect(sheet).toHaveCount(0);
  await expect(card(page, 'add_task').locator('summary')).toBeInViewport();
});

test('on a phone tasks are ticked off and moved with a finger', async ({ signedIn: page, api }) => {
  await api.task('Write the report');
  await button(page, 'Menu').tap();
  await page.getByRole('link', { name: 'Tasks' }).tap();
  await page.getByRole('link', { name: 'Board' }).tap();
  await button(page, 'Move Write the report').tap();
  await button(page, 'To “Done”').tap();
  await expect.poll(async () => (await api.tasks())[0]?.completed).toBe(true);
  await expect(page.locator('[data-column=done] [data-task]')).toHaveCount(1);
  await expectSound(page);
});

test('on a phone what is pressed is large enough for a finger', async ({ signedIn: page, api }) => {
  const { conversation_id: id } = await api.chat('what is 17*23');
  for (const path of [`/c/${id}`, '/tasks', '/settings', '/settings/tools']) {
    await page.goto(path);
    await expect(page.getByRole('heading').first()).toBeVisible();
    // Beside links within text, nothing is under 24 pixels (WCAG 2.5.8).
    const small = await page.locator('button:visible, select:visible, summary:visible, input:visible:not(.sr), nav a:visible').evaluateAll((all) => all.flatMap((it) => {
      const { width, height } = (it.closest('label') ?? it).getBoundingClientRect();
      return width && (width < 24 || height < 24) ? [`${it.outerHTML.slice(0, 90)} ${Math.round(width)} by ${Math.round(height)}`] : [];
    }));
    expect(small, path).toEqual([]);
  }
});
