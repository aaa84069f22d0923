/** The HTTP API as one person: what a test arranges, and what it compares the page with. */
import type { Conversation, Me, Message, Run, Started, Task, Verdict } from '../src/api/types';

export const PASSWORD = 'seven quiet herons 7';
type Reply = { response: string; conversation_id: string; run_id: string; state: string; tool_calls: { tool: string; outcome: string | null }[] };

export class Api {
  private constructor(readonly url: string, readonly cookie: { name: string; value: string }, readonly me: Me) {}

  /** Makes the first account. */
  static setUp(url: string, token: string, email = 'ana@example.org', name = 'Ana Ruiz') { return Api.#enter(url, '/api/auth/setup', { token, email, name, password: PASSWORD }); }
  static signIn(url: string, email: string) { return Api.#enter(url, '/api/auth/sign-in', { email, password: PASSWORD }); }

  static async #enter(url: string, path: string, body: object) {
    const response = await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(response.headers.get('set-cookie') ?? '') ?? [];
    return new Api(url, { name, value }, await response.json() as Me);
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { cookie: `${this.cookie.name}=${this.cookie.value}`, origin: this.url, 'x-requested-with': 'galaxy' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(this.url + path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** Asks and waits for the whole answer. */
  chat(message: string, more: object = {}) { return this.call<Reply>('POST', '/api/chat', { message, ...more }); }

  /** Asks in a new conversation and does not wait. */
  async ask(text: string): Promise<Started & { conversation: string }> {
    const { id } = await this.call<Conversation>('POST', '/api/conversations', {});
    return { conversation: id, ...await this.call<Started>('POST', `/api/conversations/${id}/messages`, { text }) };
  }

  async messages(conversation: string) { return (await this.call<{ items: Message[] }>('GET', `/api/conversations/${conversation}/messages?limit=100`)).items; }
  /** What the newest answer of a conversation says. */
  async answer(conversation: string) { return saidIn((await this.messages(conversation)).at(-1)); }
  run(id: string) { return this.call<Run>('GET', `/api/runs/${id}`); }
  async tasks() { return (await this.call<{ items: Task[] }>('GET', '/api/tasks?limit=100')).items; }
  task(title: string, more: object = {}) { return this.call<Task>('POST', '/api/tasks', { title, ...more }); }
  rule(tool: string, verdict: Verdict | null) { return this.call<void>('PUT', `/api/tools/${tool}/rule`, { verdict }); }
}

/** All that an agent said in a message, the way the page copies it. */
export function saidIn(message: Message | undefined): string {
  const texts = (message?.events ?? []).map((event) => (event.type === 'message.done' ? event.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('') : ''));
  return texts.map((text) => text.trim()).filter(Boolean).join('\n\n');
}
