/**
 * Tool servers that fail, each in its own way: what went wrong is said where it happened and where the
 * server is looked after, the conversation goes on, and nothing is left behind. Each state is
 * photographed (`test-results`).
 */
import type { Locator, TestInfo } from '@playwright/test';
import { filesWith, memoryOf, NAUGHTY, NaughtyByHttp, processesOf } from './faults';
import { FakeIssuer } from './issuer';
import { Galaxy } from './server';
import { scripted } from './scripted';
import { answered, Api, button, card, enter, expect, expectSound, replies, say, test, toast, type Page } from './test';

// One server for all of them, and what is left in it is looked at last.
test.describe.configure({ mode: 'default', timeout: 120_000 });
test.use({ colorScheme: 'dark' });

const MARKER = `naughty-${process.pid}-${Math.random().toString(36).slice(2)}`;
/** What opens servers; nobody may ever see any of it. */
const KEY = 'key-canary-7d41f0c29b', GRANT = 'grant-canary-51b7e8-';
const SECRETS = [KEY, GRANT];

interface Fault {
  tool: string;
  on: readonly ('program' | 'web')[];
  /** How the call ends, and what its card says. */
  ends: 'done' | 'failed';
  card: string | RegExp;
  /** What is said of the server afterwards, and in its log. */
  state: string | RegExp;
  advice?: string;
  log?: string | RegExp;
}
const BOTH = ['program', 'web'] as const;
const FAULTS: readonly Fault[] = [
  { tool: 'die', on: ['program'], ends: 'failed', card: /broke: the disk is full, and my key is \[secret\] \[it ended: exit status: 3\]; it may have taken effect/, state: 'does not answer, is tried again', advice: 'the next call starts or reaches it again', log: '[it ended: exit status: 3]' },
  { tool: 'die', on: ['web'], ends: 'failed', card: /the connection to the tool server broke: .*; it may have taken effect/, state: 'does not answer, is tried again', advice: 'the next call starts or reaches it again', log: 'broke' },
  { tool: 'flood', on: ['program'], ends: 'done', card: 'The flood is over.', state: 'ready', log: 'of a flood' },
  { tool: 'huge', on: BOTH, ends: 'failed', card: 'a message of more than 4 MB; it may have taken effect', state: 'ready', advice: 'Ask the server for less at a time.', log: 'more than 4 MB' },
  { tool: 'wrong', on: BOTH, ends: 'failed', card: 'sent what makes no sense: not JSON', state: 'ready', advice: 'tell whoever wrote it', log: /it wrote: \{"jsonrpc"/ },
  { tool: 'storm', on: BOTH, ends: 'done', card: 'The storm is over.', state: 'ready' },
  { tool: 'redirect', on: ['web'], ends: 'failed', card: 'it sends its callers on to an address that is not part of the public internet', state: 'failed', advice: 'to enter the right one', log: 'sends its callers on' },
  { tool: 'leak', on: BOTH, ends: 'done', card: 'Your key is [secret].', state: 'ready' },
  { tool: 'refuse', on: BOTH, ends: 'failed', card: 'the tool server says: I do not like your key [secret].', state: 'ready' },
];

let galaxy: Galaxy, admin: Api, model: { url: string; close: () => void }, byHttp: NaughtyByHttp;
const ids = new Map<string, string>();

test.beforeAll(async () => {
  model = await scripted((asked, spoken) => {
    const tools = [...asked.matchAll(/call ([\w-]+)/g)].map(([, tool]) => tool!);
    const tool = tools[spoken];
    if (tool !== undefined) return { calls: [{ tool, input: {} }] };
    return { text: tools.length ? 'That is what came of it.' : 'I am still here.' };
  });
  galaxy = await Galaxy.launch({ LLM_BASE_URL: model.url, LLM_API_KEY: 'none', LLM_MODEL_NAME: 'local-70b', LOG_LEVEL: 'info' });
  admin = await Api.setUp(galaxy.url, galaxy.token);
  byHttp = await NaughtyByHttp.start(MARKER);
  const program = { kind: 'program', command: process.execPath, arguments: [NAUGHTY, MARKER], environment: { NAUGHTY_KEY: KEY }, folders: [{ path: NAUGHTY, write: false }], network: 'none' };
  await add('program', program, 'ready');
  await add('web', { kind: 'http', url: byHttp.url, inside: true, headers: { 'X-Key': KEY } }, 'ready');
});
test.afterAll(async () => {
  await byHttp?.end();
  await galaxy?.remove();
  model?.close();
});
test.beforeEach(async ({ context, page, watch }) => {
  watch.allow(/ERR_CONNECTION|WebSocket/);
  await enter(context, admin);
  await page.goto(galaxy.url);
});

async function add(name: string, link: object, state: string) {
  const { server } = await admin.call<{ server: { id: string; health: { state: string } } }>('POST', '/api/tool-servers', { name, link, trusted: true });
  expect(server.health.state).toBe(state);
  ids.set(name, server.id);
}

/** Nothing that opens anything is on the page; a picture for whoever wants to judge it. */
async function seen(page: Page, info: TestInfo, what: string) {
  const text = await page.locator('body').innerText();
  for (const secret of SECRETS) expect(text, `what is seen in ${what}`).not.toContain(secret);
  await page.screenshot({ path: info.outputPath(`${what}.png`) });
}

/** Asks for calls; gives the card of the last one when the answer is whole. */
async function call(page: Page, ...tools: string[]) {
  await say(page, tools.map((it) => `call ${it}`).join(', '));
  await expect(await answered(page)).toContainText('That is what came of it.');
  return card(page, tools.at(-1)!);
}

const row = (page: Page, server: string) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name: server, exact: true }) });

async function open(page: Page, part: string) {
  await page.goto(`${galaxy.url}/${part}`);
  await expect(page.getByRole('main')).toBeVisible();
}

/** A server that says that its tools changed is listened to every two seconds. */
async function told(page: Page, server: string, state: string) {
  await expect(async () => {
    await open(page, 'tools');
    await expect(row(page, server)).toContainText(state, { timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
}

for (const fault of FAULTS) {
  for (const server of fault.on) {
    test(`${server}: ${fault.tool}`, async ({ page }, info) => {
      const it = await call(page, `${server}__${fault.tool}`);
      await expect(it.getByRole('img', { name: fault.ends })).toBeVisible();
      // Why it failed is there without a click, as far as there is room.
      if (fault.ends === 'failed') await expect(it.locator('summary')).toContainText(/the (tool server|connection)/);
      await it.locator('summary').click();
      await expect(it).toContainText(fault.card);
      await expectSound(page);
      await seen(page, info, 'chat');

      await open(page, 'tools');
      await expect(row(page, server)).toContainText(fault.state);
      await expect(row(page, server).getByText('What to do:')).toHaveCount(fault.advice ? 1 : 0);
      if (fault.advice) await expect(row(page, server)).toContainText(fault.advice);
      await seen(page, info, 'tools');
      if (fault.log !== undefined) {
        await open(page, `tools/${ids.get(server)}/log`);
        await expect(page.getByRole('list', { name: 'Log', exact: true }).getByText(fault.log).last()).toBeVisible();
        await expectSound(page);
        await seen(page, info, 'log');
      }

      // The conversation goes on, and so does the server.
      if (fault.tool === 'die' && server === 'web') await byHttp.again();
      await open(page, '');
      await page.getByRole('link', { name: `call ${server}__${fault.tool}` }).first().click();
      await say(page, 'hello');
      await expect(await answered(page, 2)).toContainText('I am still here.');
      const fine = await call(page, `${server}__fine`);
      await fine.locator('summary').click();
      await expect(fine).toContainText('All is well.');
      await open(page, 'tools');
      await expect(row(page, server)).toContainText('ready');
    });
  }
}

for (const server of BOTH) {
  test(`${server}: change`, async ({ page }, info) => {
    await call(page, `${server}__change`);
    await told(page, server, '1 tool waits to be allowed');
    await seen(page, info, 'tools');
    await open(page, '');
    const gone = await call(page, `${server}__fine`);
    await gone.locator('summary').click();
    await expect(gone).toContainText(`there is no tool ${'`'}${server}__fine${'`'} at the moment`);
    await expect(gone).toContainText('somebody has to allow it (again) on the page Tools');
    await seen(page, info, 'chat');
    await open(page, `tools/${ids.get(server)}`);
    await expect(page.locator('[data-tool="fine"] ins')).toContainText('reads your mail');
    await seen(page, info, 'server');
    // As it was, it is offered again without a word.
    await open(page, '');
    await call(page, `${server}__calm`);
    await told(page, server, 'ready');
    await open(page, '');
    const fine = await call(page, `${server}__fine`);
    await fine.locator('summary').click();
    await expect(fine).toContainText('All is well.');
  });
}

test('one that hangs is stopped by hand, and told so', async ({ page }, info) => {
  await say(page, 'call program__hang');
  await expect(card(page, 'program__hang').getByRole('img', { name: 'running' })).toBeVisible();
  await button(page, 'Stop').click();
  await answered(page, 1);
  await expect(card(page, 'program__hang').getByRole('img', { name: 'stopped' })).toBeVisible();
  await card(page, 'program__hang').locator('summary').click();
  await expect(card(page, 'program__hang')).toContainText('It was stopped before it ended.');
  await seen(page, info, 'chat');
  await say(page, 'hello');
  await expect(await answered(page, 2)).toContainText('I am still here.');
  await open(page, `tools/${ids.get('program')}/log`);
  await expect(page.getByText('told to stop').last()).toBeVisible();
});

test('one that hangs is given up after a minute without a sign of life', async ({ page }, info) => {
  await say(page, 'call program__hang');
  await expect(replies(page).last()).toHaveAttribute('aria-busy', 'false', { timeout: 90_000 });
  await card(page, 'program__hang').locator('summary').click();
  await expect(card(page, 'program__hang')).toContainText('did not answer within 60 seconds; it may have taken effect all the same');
  await seen(page, info, 'chat');
  await open(page, 'tools');
  await expect(row(page, 'program')).toContainText('a restart ends what hangs');
  await seen(page, info, 'tools');
  await button(row(page, 'program'), 'Restart program').click();
  await expect(row(page, 'program').getByText('What to do:')).toHaveCount(0);
});

/** Lies of whoever signs people in, and how they are told. */
const LIES = [
  { lie: 'issuer', told: /Another issuer answers for .*: https:\/\/elsewhere\.example\. Do not sign in there/ },
  { lie: 'resource', told: /The tool server says that it is another one: https:\/\/elsewhere\.example\/mcp\. Do not sign in there/ },
] as const;
for (const { lie, told } of LIES) {
  test(`sign-in: a wrong ${lie}`, async ({ page, watch }, info) => {
    watch.allow(/status of 409 .*\/connect$/);
    const issuer = await FakeIssuer.listen(), name = `lies-${lie}`;
    issuer.lie = lie;
    issuer.mark = GRANT;
    try {
      await add(name, { kind: 'http', url: issuer.url, inside: true }, 'needs_sign_in');
      await open(page, 'tools');
      await button(row(page, name), `Connect ${name}`).click();
      await expect(toast(page, told)).toBeVisible();
      await page.reload();
      await expect(row(page, name)).toContainText('signing in did not work');
      await expect(row(page, name)).toContainText(told);
      await expectSound(page);
      await seen(page, info, 'tools');
      await open(page, `tools/${ids.get(name)}`);
      await expect(page.getByText('Signing in did not work.')).toBeVisible();
      await seen(page, info, 'server');
    } finally { issuer.close(); }
  });
}

/** Presses what opens the page of the issuer, and allows everything there. */
async function allow(page: Page, press: Locator): Promise<Page> {
  const opens = page.waitForEvent('popup');
  await press.click();
  const popup = await opens;
  await popup.getByRole('link', { name: 'Allow' }).click();
  return popup;
}

test('sign-in: another answers for the issuer, then a token that is revoked in the middle of a run', async ({ page, watch }, info) => {
  watch.allow(/status of 409 .*\/callback/);
  const issuer = await FakeIssuer.listen();
  issuer.lie = 'iss';
  issuer.mark = GRANT;
  try {
    await add('weather', { kind: 'http', url: issuer.url, inside: true }, 'needs_sign_in');
    await open(page, 'tools');
    const refused = await allow(page, button(row(page, 'weather'), 'Connect weather'));
    await expect(refused.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
    await expect(refused.getByText(/Another issuer answers for .*: https:\/\/elsewhere\.example\. Do not sign in there/)).toBeVisible();
    await refused.close();
    await expect(row(page, 'weather')).toContainText('signing in did not work');
    await seen(page, info, 'tools');

    issuer.lie = undefined;
    await allow(page, button(row(page, 'weather'), 'Connect weather'));
    await expect(row(page, 'weather')).toContainText('ready');
    await open(page, '');
    issuer.called = () => issuer.revoke();
    await say(page, 'call weather__forecast, call weather__forecast');
    const second = card(page, 'weather__forecast');
    await expect(second).toContainText('weather wants you to sign in first.');
    const first = page.locator('details[data-call]').first();
    await first.locator('summary').click();
    // What it was shown it does not show around.
    await expect(first).toContainText('Sunny for [secret].');
    await expectSound(page);
    await seen(page, info, 'chat');
    await allow(page, button(second, 'Sign in at weather'));
    await expect(await answered(page, 1)).toContainText('That is what came of it.');
    await say(page, 'hello');
    await expect(await answered(page, 2)).toContainText('I am still here.');
    expect(issuer.calls).toBe(2);
  } finally { issuer.close(); }
});

test('what was too large leaves no memory behind', async () => {
  const huge = () => admin.chat('call program__huge, call web__huge');
  for (let warm = 0; warm < 4; warm++) await huge();
  const before = await memoryOf(galaxy.pid);
  for (let more = 0; more < 20; more++) await huge();
  const after = await memoryOf(galaxy.pid);
  expect(after - before, `from ${before.toFixed()} MB`).toBeLessThan(40);
});

test('in the end no process is left, and nothing that opens anything is written anywhere', async () => {
  await byHttp.end();
  await admin.chat('call program__fine');
  expect(await processesOf(MARKER)).not.toHaveLength(0);
  for (const id of ids.values()) await admin.call('DELETE', `/api/tool-servers/${id}`);
  await expect.poll(() => processesOf(MARKER)).toEqual([]);
  await galaxy.stop();
  for (const secret of SECRETS) expect(galaxy.said).not.toContain(secret);
  expect(await filesWith(galaxy.data, SECRETS)).toEqual([]);
});
