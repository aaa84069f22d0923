import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Conversation, Message } from '../api/types';
import { conversations, messages } from '../api/client';
import { Problem } from '../api/call';
import type { Listener } from '../live/live';
import { session } from '../session.svelte';
import { Chat } from './chat.svelte';
import * as drafts from './draft';

let listener: Listener | undefined;
const left = vi.fn();
const MESSAGE = { id: 'q1', parent_id: null, speaker: 'person', created_at: '2026-01-01T00:00:00.000Z', siblings: ['q1'], parts: [{ kind: 'text', text: 'A secret' }], run: null, events: [], feedback: null } as Message;

beforeEach(() => {
  sessionStorage.clear();
  left.mockClear();
  session.live = { follow: (_topic: string, _after: number | null, it: Listener) => { listener = it; return left; } } as unknown as typeof session.live;
  vi.spyOn(conversations, 'get').mockResolvedValue({ id: 'c1', title: 'Plans', tools_locked: true } as Conversation);
  vi.spyOn(messages, 'list').mockResolvedValue({ items: [MESSAGE], has_more: true });
});
afterEach(() => { session.live = undefined; vi.restoreAllMocks(); });

async function opened() {
  const chat = new Chat('c1');
  await chat.open();
  drafts.store('c1', 'half a sentence');
  expect(chat.phase).toBe('ready');
  return chat;
}
function expectGone(chat: Chat) {
  expect(chat.phase).toBe('gone');
  expect([chat.entries.length, chat.conversation, chat.hasOlder, drafts.load('c1')]).toEqual([0, null, false, '']);
  expect(left).toHaveBeenCalledOnce();
}

it('forgets a conversation that another tab deleted', async () => {
  const chat = await opened();
  listener?.on({ type: 'conversation.deleted', topic: 'chat:c1', seq: 9, conversation_id: 'c1' } as never);
  expectGone(chat);
});

it('forgets a conversation that was deleted while the line was lost', async () => {
  const chat = await opened();
  vi.spyOn(conversations, 'get').mockRejectedValue(new Problem(404, 'not_found', '', ''));
  expect(await listener?.reset(9)).toBe(9);
  expectGone(chat);
});

it('keeps a conversation that cannot be asked for at the moment', async () => {
  const chat = await opened();
  vi.spyOn(conversations, 'get').mockRejectedValue(new Problem(503, 'unavailable', '', ''));
  await expect(listener?.reset(9)).rejects.toMatchObject({ status: 503 });
  expect([chat.phase, chat.entries.length]).toEqual(['ready', 1]);
});

it('is told that a conversation cannot be followed any more', async () => {
  const chat = await opened();
  listener?.lost?.('not_found');
  expectGone(chat);
});
