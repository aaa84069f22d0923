import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { Message } from '../api/types';
import { toasts } from '../design/toasts.svelte';
import { Chat } from './chat.svelte';
import Composer from './Composer.svelte';
import * as drafts from './draft';

/** A server with one conversation, whose replies to messages can get lost on the way. */
class Server {
  said: { key: string | null; body: { text: string; parent_id?: string } }[] = [];
  made: (string | null)[] = [];
  items: Message[] = [];
  lost = false;
  /** Whether what was sent arrived all the same. */
  arrives = false;
  #known = new Map<string, object>();

  async answer(url: string, request: RequestInit): Promise<Response> {
    const key = new Headers(request.headers).get('idempotency-key'), path = url.split('?')[0];
    if (request.method === 'GET') return json(200, path?.endsWith('/messages') ? { items: this.items, has_more: false } : CONVERSATION);
    if (path === '/api/conversations') { this.made.push(key); return json(201, CONVERSATION); }
    const body = JSON.parse(String(request.body)) as { text: string; parent_id?: string };
    this.said.push({ key, body });
    const reply = this.#known.get(key ?? '') ?? { question_id: `q${this.said.length}`, answer_id: `a${this.said.length}`, run_id: `r${this.said.length}` };
    if (!this.lost || this.arrives) {
      if (!this.#known.has(key ?? '')) this.hears(body.text, body.parent_id ?? null, this.said.length);
      this.#known.set(key ?? '', reply);
    }
    return this.lost ? json(502, {}) : json(202, reply);
  }
  hears(text: string, parent: string | null, number: number | string) {
    const message = (id: string, speaker: 'person' | 'agent', parent_id: string | null, said: string): Message =>
      ({ id, parent_id, speaker, created_at: '2026-01-01T00:00:00.000Z', siblings: [id], parts: [{ kind: 'text', text: said }], run: null, events: [], feedback: null });
    this.items = [...this.items, message(`q${number}`, 'person', parent, text), message(`a${number}`, 'agent', `q${number}`, 'Yes.')];
  }
}
const CONVERSATION = { id: 'c1', title: '', pinned: false, archived: false, model: null, tools: null, tools_locked: false, state: null };
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
const texts = (chat: Chat) => chat.entries.map((entry) => entry.text);

let server: Server;
beforeEach(() => {
  sessionStorage.clear();
  server = new Server();
  vi.stubGlobal('fetch', (url: string, request: RequestInit) => server.answer(url, request));
});
afterEach(() => { vi.unstubAllGlobals(); toasts.items = []; });

async function opened() {
  const chat = new Chat('c1');
  await chat.open();
  return chat;
}
const wanted = (text: string) => ({ text, images: [], model: null, tools: null });

it('sends a message whose reply was lost as the same request, and says it once', async () => {
  const chat = await opened(), attempt = drafts.attempt(null, wanted('Hello?'));
  Object.assign(server, { lost: true, arrives: true });
  await expect(chat.send('Hello?', [], attempt)).rejects.toMatchObject({ status: 502 });
  expect(texts(chat)).toEqual([]);
  server.lost = false;
  await chat.send('Hello?', [], attempt);
  expect(server.said[1]).toEqual(server.said[0]);
  expect(texts(chat)).toEqual(['Hello?', 'Yes.']);
});

it('sends a message that did not arrive once more', async () => {
  const chat = await opened(), attempt = drafts.attempt(null, wanted('Hello?'));
  server.lost = true;
  await expect(chat.send('Hello?', [], attempt)).rejects.toMatchObject({ status: 502 });
  server.lost = false;
  await chat.send('Hello?', [], attempt);
  expect(server.said[1]).toEqual(server.said[0]);
  expect(server.items.map((it) => it.id)).toEqual(['q2', 'a2']);
  expect(chat.entries.map((entry) => entry.id)).toEqual(['q2', 'a2']);
});

it('makes another request of it when somebody else spoke in between', async () => {
  const chat = await opened(), attempt = drafts.attempt(null, wanted('Hello?'));
  server.lost = true;
  await expect(chat.send('Hello?', [], attempt)).rejects.toMatchObject({ status: 502 });
  server.lost = false;
  server.hears('From the phone', null, 'phone');
  await chat.send('Hello?', [], attempt);
  expect(server.said[1]?.key).not.toBe(server.said[0]?.key);
  expect(server.said[1]?.body.parent_id).toBe('aphone');
  expect(texts(chat)).toEqual(['From the phone', 'Yes.', 'Hello?', '']);
});

it('makes the conversation of a first message once', async () => {
  const chat = new Chat(null), attempt = drafts.attempt(null, wanted('Hello?'));
  Object.assign(server, { lost: true, arrives: true });
  await expect(chat.send('Hello?', [], attempt)).rejects.toMatchObject({ status: 502 });
  server.lost = false;
  await chat.send('Hello?', [], attempt);
  expect(server.made).toEqual([attempt.key]);
  expect(texts(chat)).toEqual(['Hello?', 'Yes.']);
});

it('keeps one key for one draft, and takes another for another', () => {
  const first = drafts.attempt(null, wanted('Hello?'));
  expect(drafts.attempt(first, wanted('Hello?')).key).toBe(first.key);
  const image = { media_type: 'image/png', data: 'AAAA' };
  for (const other of [wanted('Hello!'), { ...wanted('Hello?'), model: 'big' }, { ...wanted('Hello?'), images: [image] }, { ...wanted('Hello?'), tools: [] }]) {
    expect(drafts.attempt(first, other).key).not.toBe(first.key);
  }
  drafts.remember('c1', first);
  expect(drafts.unconfirmed('c1')).toEqual(first);
  drafts.remember('c1', null);
  expect(drafts.unconfirmed('c1')).toBeNull();
});

it('gives the text back, sends it with the same key after a reload, and a changed one with another', async () => {
  const screen = await render(Composer, { chat: await opened() });
  const area = screen.getByLabelText('Message'), send = screen.getByRole('button', { name: 'Send' });
  server.lost = true;
  await area.fill('Hello?');
  await send.click();
  await expect.element(area).toHaveValue('Hello?');
  await screen.unmount();

  const again = await render(Composer, { chat: await opened() });
  await expect.element(again.getByLabelText('Message')).toHaveValue('Hello?');
  await again.getByRole('button', { name: 'Send' }).click();
  await expect.poll(() => server.said.length).toBe(2);
  await expect.element(again.getByLabelText('Message')).toHaveValue('Hello?');
  await again.getByLabelText('Message').fill('Hello!');
  server.lost = false;
  await again.getByRole('button', { name: 'Send' }).click();
  await expect.poll(() => server.said.length).toBe(3);
  const [one, two, three] = server.said.map((it) => it.key);
  expect(two).toBe(one);
  expect(three).not.toBe(one);
  await expect.poll(() => drafts.unconfirmed('c1')).toBeNull();
});
