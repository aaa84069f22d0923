/** The pictures of the README: the real page and the real server, with a model that follows a script. */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { scripted, type Script, type Turn } from './scripted';
import { Api, button, card, enter, expect, test } from './test';

const FOLDER = resolve(import.meta.dirname, '../../docs/images');
const QUESTION = 'Which suppliers moved more than 4% against contract, and what does it cost us?';
const ANSWER = `Two of three moved past 4%. Only **Aldebaran Metals** costs real money this quarter:

| Supplier | Contract | Paid | Drift |
|:---------|---------:|-----:|------:|
| Aldebaran Metals | 41.20 | 43.97 | +6.7% |
| Vega Paper | 12.05 | 12.61 | +4.6% |
| Mira Resins | 88.00 | 90.20 | +2.5% |

\`\`\`sql
select supplier, sum(paid - contract) as excess
from invoices where quarter = '2026-Q3' group by supplier;
\`\`\`
`;

const STORIES: Record<string, Turn[]> = {
  [QUESTION]: [
    { calls: [{ tool: 'list_tasks', input: { status: 'pending' } }, { tool: 'math', input: { expression: '(43.97 - 41.20) / 41.20 * 100' } }, { tool: 'math', input: { expression: '(12.61 - 12.05) / 12.05 * 100' } }] },
    { text: ANSWER, calls: [{ tool: 'add_task', input: { title: 'Ask Aldebaran Metals about the surcharge', description: '6.7% above contract since week 33' } }] },
  ],
  'Rotate the signing keys': [{ calls: [{ tool: 'add_task', input: { title: 'Rotate the signing keys' } }] }],
  'Postgres bloat': [{ status: 400 }],
};
const script: Script = (asked, spoken) => STORIES[asked]?.[spoken] ?? { text: 'Done.' };

for (const colorScheme of ['dark', 'light'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('the chat', async ({ page, context, launch }) => {
      const model = await scripted(script);
      try {
        const galaxy = await launch({ APP_NAME: 'Galaxy', LLM_BASE_URL: model.url, LLM_API_KEY: 'none', LLM_MODEL_NAME: 'local-70b' });
        const api = await Api.setUp(galaxy.url, galaxy.token);
        await api.rule('add_task', 'ask');
        await api.task('Prepare the board summary', { priority: 'high' });
        for (const asked of ['Postgres bloat', 'Why is ingest slow', 'Rotate the signing keys']) await api.chat(asked).catch(() => {});
        const { conversation_id: id } = await api.chat(QUESTION);
        await api.call('PATCH', `/api/conversations/${id}`, { title: 'Supplier drift, Q3' });
        await enter(context, api);
        await page.goto(`${galaxy.url}/c/${id}`);
        await expect(button(card(page, 'add_task'), 'Run once')).toBeVisible();
        // While something else is looked at, an answer comes.
        await api.chat('Draft: board summary');
        await expect(page.getByRole('link', { name: 'Draft: board summary' })).toBeVisible();
        await expect(page.locator('code .keyword').first()).toBeVisible();
        await page.evaluate(() => document.fonts.ready);
        await page.mouse.move(720, 2);
        await mkdir(FOLDER, { recursive: true });
        await page.screenshot({ path: `${FOLDER}/chat-${colorScheme}.png`, animations: 'disabled' });
      } finally { model.close(); }
    });
  });
}
