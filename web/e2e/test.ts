/**
 * The test function of every journey: a real server, somebody who is signed in, and a page that may
 * do nothing it should not (errors in the console, violations of the policy, words with strangers).
 */
import { AxeBuilder } from '@axe-core/playwright';
import { test as base, expect, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { Api, PASSWORD } from './api';
import { Galaxy } from './server';

export { expect, type Page } from '@playwright/test';
export { Api, PASSWORD } from './api';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Nobody can know whether a cookie still opens anything without asking. */
const ASKED_WHO = /status of 401 .*\/api\/auth\/me$/;

/** What must not happen, and what this once may. */
class Watch {
  readonly #seen: string[] = [];
  readonly #fine: RegExp[] = [ASKED_WHO];
  /** Lets complaints pass that belong to the journey: a wrong password is a 401 in every console. */
  allow(...fine: RegExp[]) { this.#fine.push(...fine); }
  complain(text: string) { this.#seen.push(text); }
  get complaints() { return this.#seen.filter((text) => !this.#fine.some((fine) => fine.test(text))); }

  async over(context: BrowserContext) {
    context.on('console', (message) => { if (message.type() === 'error') this.complain(`console: ${message.text()} ${message.location().url}`); });
    context.on('weberror', (error) => this.complain(`error: ${error.error().stack ?? error.error().message}`));
    context.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (/^(http|ws)s?:$/.test(protocol) && hostname !== '127.0.0.1') this.complain(`stranger: ${request.url()}`);
    });
    await context.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => console.error(`violation of ${event.effectiveDirective} by ${event.blockedURI}`)));
  }
}

interface Fixtures {
  watch: Watch;
  /** A new member, and what they can do over HTTP. */
  api: Api;
  /** A page of that member. */
  signedIn: Page;
  /** Another server than the one that this worker's tests share. */
  launch: (settings?: Record<string, string>) => Promise<Galaxy>;
}
interface Shared { server: Galaxy; admin: Api }

export const test = base.extend<Fixtures, Shared>({
  server: [async ({}, use) => {
    const server = await Galaxy.launch();
    await use(server);
    await server.remove();
  }, { scope: 'worker' }],
  admin: [async ({ server }, use) => { await use(await Api.setUp(server.url, server.token)); }, { scope: 'worker' }],
  baseURL: async ({ server }, use) => { await use(server.url); },
  watch: async ({}, use) => {
    const watch = new Watch();
    await use(watch);
    expect(watch.complaints, 'what the page should not have done').toEqual([]);
  },
  context: async ({ context, watch }, use) => {
    await watch.over(context);
    await use(context);
  },
  api: async ({ admin }, use, info) => {
    const email = `${info.testId}-${info.retry}-${info.repeatEachIndex}@example.org`;
    await admin.call('POST', '/api/people', { email, name: 'Mo Falk', role: 'member', password: PASSWORD });
    await use(await Api.signIn(admin.url, email));
  },
  signedIn: async ({ page, context, api }, use) => {
    await enter(context, api);
    await page.goto('/');
    await use(page);
  },
  launch: async ({ context }, use) => {
    const launched: Galaxy[] = [];
    await use(async (settings) => {
      const galaxy = await Galaxy.launch(settings);
      launched.push(galaxy);
      return galaxy;
    });
    // A page that outlives its server complains.
    for (const page of context.pages()) await page.close();
    await Promise.all(launched.map((it) => it.remove()));
  },
});

/** Signs a browser in as `api`'s person. */
export const enter = (context: BrowserContext, api: Api) => context.addCookies([{ ...api.cookie, url: api.url, httpOnly: true, sameSite: 'Strict' }]);

/** A second tab at `path`. It stays behind: a tab in the background draws a frame a second, so what is pressed is pressed in front. */
export async function second(page: Page, path: string): Promise<Page> {
  const other = await page.context().newPage();
  await other.goto(path);
  await page.bringToFront();
  return other;
}

/** Nothing to complain about by the rules of WCAG 2.2 AA, and nothing beyond the edge. */
export async function expectSound(page: Page) {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  expect(violations.flatMap((it) => it.nodes.map((node) => `${it.id} ${node.target.join(' ')} ${node.failureSummary}`))).toEqual([]);
  // On a phone the page would grow with what does not fit, so the screen is the measure.
  expect(await page.evaluate(() => Math.max(innerWidth, document.documentElement.scrollWidth)), 'width of the page').toBe(page.viewportSize()?.width);
}

// What people see and press, by the names they have for it.
export const draft = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true });
export const button = (page: Page | Locator, name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
export const replies = (page: Page) => page.getByRole('article', { name: 'Reply' });
export const questions = (page: Page) => page.getByRole('article', { name: 'You' });
export const card = (page: Page, tool: string) => page.locator('details[data-call]').filter({ has: page.locator('summary', { hasText: tool }) }).last();
export const toast = (page: Page, text: string | RegExp) => page.getByRole('status', { name: 'Notice' }).getByText(text);

export async function say(page: Page, text: string) {
  await draft(page).fill(text);
  await button(page, 'Send').click();
  await expect(questions(page).last()).toContainText(text);
}

/** Until the newest reply is whole. */
export async function answered(page: Page, count?: number): Promise<Locator> {
  if (count !== undefined) await expect(replies(page)).toHaveCount(count);
  const reply = replies(page).last();
  await expect(reply).toHaveAttribute('aria-busy', 'false', { timeout: 25_000 });
  return reply;
}

/** The id of the conversation that is open. */
export async function opened(page: Page): Promise<string> {
  await expect(page).toHaveURL(/\/c\/[0-9a-f-]{36}/);
  return /\/c\/([0-9a-f-]+)/.exec(page.url())?.[1] ?? '';
}

/** What the "Copy" of a reply gives. */
export async function copied(page: Page, reply: Locator): Promise<string> {
  await button(reply, 'Copy').last().click();
  await expect(button(reply, 'Copied')).toBeVisible();
  return page.evaluate(() => navigator.clipboard.readText());
}
