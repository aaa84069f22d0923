import { scripted } from './scripted';
import { answered, Api, button, enter, expect, expectSound, replies, say, test } from './test';

test('a model that refuses is explained, and asked again when it is told to', async ({ page, context, launch }) => {
  let refuses = true;
  const model = await scripted(() => (refuses ? { status: 401 } : { text: 'Now I answer.' }));
  try {
    const galaxy = await launch({ LLM_BASE_URL: model.url, LLM_API_KEY: 'wrong', LLM_MODEL_NAME: 'local' });
    const api = await Api.setUp(galaxy.url, galaxy.token);
    await enter(context, api);
    await page.goto(galaxy.url);
    await say(page, 'good morning');
    const reply = await answered(page, 1);
    await expect(reply.getByRole('img', { name: 'failed' })).toBeVisible();
    await expect(reply).toContainText('key');
    await reply.getByText('In the provider’s words').click();
    await expect(reply).toContainText('the script says no');
    await expectSound(page);
    await page.goto(`${galaxy.url}/settings/models`);
    await expect(page.getByText('does not answer').first()).toBeVisible();
    await expectSound(page);
    await page.goBack();
    refuses = false;
    await button(replies(page), 'Try again').first().click();
    await expect(await answered(page, 1)).toContainText('Now I answer.');
    expect(await api.answer((await api.call<{ items: { id: string }[] }>('GET', '/api/conversations')).items[0]?.id ?? '')).toBe('Now I answer.');
  } finally { model.close(); }
});
