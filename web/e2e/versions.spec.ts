import { answered, button, copied, expect, opened, questions, replies, say, test, toast } from './test';

test('a question that is edited and a reply that is asked for again keep their versions', async ({ signedIn: page, api }) => {
  await say(page, 'what is 2+2');
  await expect(await answered(page, 1)).toContainText('4');

  await questions(page).getByRole('button', { name: 'Edit' }).click();
  await questions(page).getByLabel('Edit your message').fill('what is 3+3');
  await button(page, 'Save and ask again').click();
  await expect(questions(page)).toContainText('what is 3+3');
  await expect(questions(page)).toContainText('2/2');
  await expect(await answered(page, 1)).toContainText('6');

  await button(replies(page), 'Try again').click();
  await expect(replies(page)).toContainText('2/2');
  await expect(await answered(page, 1)).toContainText('6');
  await button(replies(page), 'Try again').click();
  await expect(replies(page)).toContainText('3/3');
  await answered(page, 1);
  await button(replies(page), 'Previous version').click();
  await expect(replies(page)).toContainText('2/3');

  await button(questions(page), 'Previous version').click();
  await expect(questions(page)).toContainText('what is 2+2');
  await expect(questions(page)).toContainText('1/2');
  await expect(replies(page)).toContainText('4');
  await page.reload();
  await expect(questions(page)).toContainText('what is 2+2');
  expect((await api.messages(await opened(page))).map((it) => it.siblings.length)).toEqual([2, 1]);
});

test('an edit that is only saved asks nothing', async ({ signedIn: page, api }) => {
  await say(page, 'what is 2+2');
  await answered(page, 1);
  await button(questions(page), 'Edit').click();
  await questions(page).getByLabel('Edit your message').fill('what is 5+5');
  await button(page, 'Save').click();
  await expect(questions(page)).toContainText('2/2');
  await expect(replies(page)).toHaveCount(0);
  expect(await api.messages(await opened(page))).toHaveLength(1);
});

test('a fork is a conversation of its own, with all that was said before', async ({ signedIn: page, api }) => {
  await say(page, 'what is 2+2');
  const reply = await answered(page, 1);
  const said = await copied(page, reply), before = await opened(page);
  await say(page, 'what is 3+3');
  await answered(page, 2);
  await button(replies(page).first(), 'More').click();
  await button(page, 'Fork from here').click();
  await expect(toast(page, 'Forked into a new conversation')).toBeVisible();
  await expect.poll(() => opened(page)).not.toBe(before);
  await expect(questions(page)).toHaveCount(1);
  expect(await copied(page, await answered(page, 1))).toBe(said);
  await say(page, 'what is 4+4');
  await expect(await answered(page, 2)).toContainText('8');
  expect(await api.messages(before)).toHaveLength(4);
});

test('a thumb comes with its reason, and administrators read it', async ({ signedIn: page, admin, api }) => {
  await say(page, 'what is 2+2');
  const reply = await answered(page, 1);
  await button(reply, 'Not helpful').click();
  await page.getByRole('dialog').getByRole('textbox').fill('too short');
  await button(page.getByRole('dialog'), 'Send').click();
  await expect(toast(page, 'Thank you')).toBeVisible();
  await page.reload();
  await expect(button(replies(page), 'Not helpful')).toHaveAttribute('aria-pressed', 'true');
  const opinions = async () => (await admin.call<{ items: { person_id: string; comment: string; rating: string }[] }>('GET', '/api/feedback')).items.filter((it) => it.person_id === api.me.id);
  expect(await opinions()).toMatchObject([{ rating: 'down', comment: 'too short' }]);
  await button(replies(page), 'Not helpful').click();
  await expect(button(replies(page), 'Not helpful')).toHaveAttribute('aria-pressed', 'false');
  await expect.poll(opinions).toEqual([]);
});
