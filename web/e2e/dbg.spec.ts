import { answered, button, card, expect, replies, say, test } from './test';
test('dbg', async ({ signedIn: page, api }) => {
      await api.rule('add_task', 'ask');
      const shown = await api.chat('what is 17*23');
      await api.chat('show markdown', { conversation_id: shown.conversation_id });
  const look = async (what: string) => console.log(what, JSON.stringify(await page.evaluate(() => ({ iw: innerWidth, ih: innerHeight, sw: document.documentElement.scrollWidth, sh: document.documentElement.scrollHeight, vv: [visualViewport!.width, visualViewport!.height, visualViewport!.scale, visualViewport!.offsetTop, visualViewport!.offsetLeft, visualViewport!.pageTop],
    wide: [...document.querySelectorAll('*')].filter((it) => it.getBoundingClientRect().right > 391 && !it.closest('nav, pre, .wide, [hidden], .sr')).slice(0, 8).map((it) => it.outerHTML.slice(0, 100) + Math.round(it.getBoundingClientRect().right)) })), null, 1));
      await page.goto(`/c/${shown.conversation_id}`);
      await answered(page, 2);
  await look('opened');
      const math = card(page, 'math');
      await math.locator('summary').click();
  await look('math');
      await say(page, 'add a task to buy milk');
      await expect(button(card(page, 'add_task'), 'Run once')).toBeVisible();
  await look('asks');
  await page.screenshot({ path: '/tmp/p1.png' });
      await replies(page).nth(1).getByText('struck out').scrollIntoViewIfNeeded();
  await look('scrolled');
  await page.screenshot({ path: '/tmp/p2.png' });
  await button(page, 'This run').tap();
  await page.screenshot({ path: '/tmp/p3.png' });
  await look('sheet');
});
