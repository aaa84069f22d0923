import { readFile } from 'node:fs/promises';
import { answered, button, expect, opened, questions, replies, say, second, test, toast, type Page } from './test';

const row = (page: Page, title: string) => page.getByRole('navigation', { name: 'Conversations' }).getByRole('listitem').filter({ has: page.getByRole('link', { name: title, exact: true }) });
const choose = async (page: Page, title: string, what: string) => {
  await row(page, title).hover();
  await button(page, `More about ${title}`).click();
  await button(page, what).click();
};

test('a conversation is exported as text, Markdown and JSON', async ({ signedIn: page }) => {
  await say(page, 'what is 17*23');
  await answered(page, 1);
  const files: Record<string, string> = {};
  for (const [format, name] of [['txt', 'Plain text'], ['md', 'Markdown'], ['json', 'JSON']] as const) {
    await button(page, 'Conversation menu').click();
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: `${name} .${format}` }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(new RegExp(`\\.${format}$`));
    files[format] = await readFile(await download.path(), 'utf8');
  }
  for (const text of Object.values(files)) for (const part of ['what is 17*23', '391']) expect(text).toContain(part);
  expect(files.md).toMatch(/^#/m);
  expect(() => JSON.parse(files.json ?? '') as unknown).not.toThrow();
});

test('a message is found by its words, and opened where it stands', async ({ signedIn: page, api }) => {
  const said = Array.from({ length: 30 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: i === 4 ? 'Where does the wombat live?' : 'Far away.\n\n'.repeat(5) }));
  const { conversation_id: id } = await api.chat('thanks', { conversation_history: said });
  await api.chat('hello');
  const search = page.getByRole('searchbox', { name: 'Search conversations' });
  await search.fill('wombat');
  const hits = page.getByRole('navigation', { name: 'Conversations' }).locator('a[href*="?m="]');
  await expect(hits.first().locator('mark').first()).toHaveText(/wombat/i);
  await hits.last().click();
  await expect(page).toHaveURL(new RegExp(`/c/${id}\\?m=`));
  await expect(questions(page).filter({ hasText: 'wombat' })).toBeInViewport();
  await button(page, '▾ Newest').or(button(page, 'Newest')).click();
  await expect(replies(page).last().getByRole('button', { name: 'Try again' })).toBeInViewport();
  await search.fill('xylophone');
  await expect(page.getByText('Nothing found').last()).toBeVisible();
});

test('a conversation is renamed, pinned, archived, brought back and deleted', async ({ signedIn: page, api }) => {
  await api.chat('what is 1+1');
  const { conversation_id: older } = await api.chat('thanks');
  await api.call('PATCH', `/api/conversations/${older}`, { title: 'Gratitude' });
  await api.chat('hello');
  const other = await second(page, '/');
  await page.reload();

  await choose(page, 'Gratitude', 'Rename');
  await page.getByLabel('Title', { exact: true }).fill('Politeness');
  await page.keyboard.press('Enter');
  await expect(row(other, 'Politeness')).toBeVisible();
  await choose(page, 'Politeness', 'Pin');
  const first = (of: Page) => of.getByRole('navigation', { name: 'Conversations' }).locator('.list li a').first();
  await expect(first(page)).toHaveText('Politeness');
  await expect(first(other)).toHaveText('Politeness');

  await row(page, 'Politeness').getByRole('link').click();
  await expect(page.getByRole('heading', { name: 'Politeness', level: 1 })).toBeVisible();
  await choose(page, 'Politeness', 'Archive');
  await expect(row(page, 'Politeness')).toHaveCount(0);
  await expect(row(other, 'Politeness')).toHaveCount(0);
  await button(page, 'Archived').click();
  await choose(page, 'Politeness', 'Unarchive');
  await button(page, '‹ All conversations').click();
  await expect(row(page, 'Politeness')).toBeVisible();

  await choose(page, 'Politeness', 'Delete');
  await expect(page.getByRole('dialog')).toContainText('“Politeness” and everything in it will be gone for good.');
  await button(page.getByRole('dialog'), 'Cancel').click();
  await expect(row(page, 'Politeness')).toBeVisible();
  await choose(page, 'Politeness', 'Delete');
  await button(page.getByRole('dialog'), 'Delete').click();
  await expect(toast(page, 'Deleted')).toBeVisible();
  await expect(row(other, 'Politeness')).toHaveCount(0);
  await expect(page).toHaveURL('/');
});

test('tools are chosen before the first message, and fixed with it', async ({ signedIn: page, api }) => {
  await button(page, /^Tools: \d+ tools$/).click();
  await page.getByRole('checkbox', { name: 'All tools' }).uncheck();
  await page.getByRole('checkbox', { name: /^math/ }).check();
  await page.keyboard.press('Escape');
  await expect(button(page, 'Tools: 1 tool')).toBeVisible();
  await say(page, 'add a task to buy milk');
  const reply = await answered(page, 1);
  await expect(reply.locator('details[data-call]')).toHaveCount(0);
  await button(page, 'Tools: 1 tool, locked').click();
  await expect(page.getByText('Tools are fixed with the first message.')).toBeVisible();
  await expect(page.getByRole('checkbox', { name: /^add_task/ })).toBeDisabled();
  await page.keyboard.press('Escape');
  const id = await opened(page);
  expect(await api.tasks()).toEqual([]);
  await expect(api.call('PATCH', `/api/conversations/${id}`, { tools: null })).rejects.toThrow(/409|422/);
  await say(page, 'what is 6*7');
  await expect(await answered(page, 2)).toContainText('42');
});
