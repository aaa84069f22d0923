import { button, expect, second, test, toast, type Page } from './test';

const list = (page: Page) => page.getByRole('list', { name: 'Tasks', exact: true }).getByRole('listitem');
const column = (page: Page, name: string) => page.locator(`[data-column=${name}] [data-task]`);

test('a task is added, filled in, done, undone, deleted and brought back', async ({ signedIn: page, api }) => {
  await page.goto('/tasks');
  await expect(page.getByRole('heading', { name: 'Nothing to do' })).toBeVisible();
  await page.getByLabel('New task').fill('Call the bank');
  await page.keyboard.press('Enter');
  await expect(list(page)).toHaveText([/Call the bank/]);
  await expect(page.getByLabel('New task')).toBeFocused();

  await button(page, 'Call the bank').click();
  const dialog = page.getByRole('dialog', { name: 'Task' });
  await dialog.getByLabel('Description').fill('About the loan');
  await dialog.getByLabel('Priority').selectOption('High');
  await dialog.getByLabel('Tags').fill('home, money');
  await dialog.getByLabel('Due on').fill('2030-01-02');
  await button(dialog, 'Save').click();
  await expect(list(page)).toContainText(['high priority']);
  await expect(list(page)).toContainText(['#money']);
  expect(await api.tasks()).toMatchObject([{ title: 'Call the bank', description: 'About the loan', priority: 'high', tags: ['home', 'money'] }]);

  await page.getByRole('checkbox', { name: 'Done: Call the bank' }).click();
  await expect(list(page)).toHaveCount(0);
  await button(page.getByRole('status', { name: 'Notice' }), 'Undo').click();
  await expect(list(page)).toHaveCount(1);
  await list(page).hover();
  await button(page, 'Delete Call the bank').click();
  await expect(list(page)).toHaveCount(0);
  await button(page.getByRole('status', { name: 'Notice' }), 'Undo').last().click();
  await expect(toast(page, '“Call the bank” is back')).toBeVisible();
  expect(await api.tasks()).toMatchObject([{ title: 'Call the bank', tags: ['home', 'money'], completed: false }]);
});

test('search, filters and sorting stand in the address', async ({ signedIn: page, api }) => {
  await api.task('Water the plants', { priority: 'low', tags: ['home'] });
  await api.task('Pay the rent', { priority: 'high', tags: ['money'] });
  const done = await api.task('Buy a hat');
  await api.call('PATCH', `/api/tasks/${done.id}/complete`, {});
  await page.goto('/tasks');
  await page.getByLabel('Sort by').selectOption('Title');
  await expect(list(page)).toHaveText([/Pay the rent/, /Water the plants/]);
  await page.getByText('All', { exact: true }).click();
  await expect(list(page)).toHaveCount(3);
  await page.getByRole('searchbox', { name: 'Search tasks' }).fill('the');
  await expect(list(page)).toHaveCount(2);
  await expect(page).toHaveURL(/status=all.*q=the|q=the.*status=all/);
  await page.reload();
  await expect(list(page)).toHaveText([/Pay the rent/, /Water the plants/]);
  await button(page, 'Only tasks tagged money').click();
  await expect(list(page)).toHaveText([/Pay the rent/]);
});

test('cards are moved by keyboard, by menu and by mouse, and others see it at once', async ({ signedIn: page, api }) => {
  const { id } = await api.task('Write the report');
  const other = await second(page, '/tasks?view=board');
  await page.goto('/tasks');
  await page.getByRole('link', { name: 'Board' }).click();
  const title = button(page, 'Write the report');
  await title.focus();
  await page.keyboard.press('Shift+ArrowRight');
  await expect(column(page, 'due')).toHaveText([/Write the report/]);
  await expect(title).toBeFocused();
  await expect(column(other, 'due')).toHaveText([/Write the report/]);
  await page.keyboard.press('Shift+ArrowRight');
  await expect(column(page, 'done')).toHaveText([/Write the report/]);
  await expect(column(other, 'done')).toHaveText([/Write the report/]);

  await column(page, 'done').hover();
  await button(page, 'Move Write the report').click();
  await button(page, 'To “To do”').click();
  await expect(column(page, 'todo')).toHaveText([/Write the report/]);
  await expect.poll(async () => (await api.tasks()).map((it) => [it.completed, it.due_at])).toEqual([[false, null]]);

  const from = await title.boundingBox(), to = await page.locator('[data-column=done]').boundingBox();
  if (!from || !to) throw new Error('nothing to drag');
  await page.mouse.move(from.x + 5, from.y + 5);
  await page.mouse.down();
  await page.mouse.move(to.x + 60, to.y + 60, { steps: 6 });
  await page.mouse.up();
  await expect(column(page, 'done')).toHaveText([/Write the report/]);
  await expect.poll(async () => (await api.tasks()).find((it) => it.id === id)?.completed).toBe(true);
});
