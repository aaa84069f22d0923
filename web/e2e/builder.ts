/** A tool server on loopback that goes on with calls by itself (MCP of 2026-07-28, extension `io.modelcontextprotocol/tasks`): one tool, whose tasks are as far as a test says. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const TASKS = 'io.modelcontextprotocol/tasks';
const TOOL = { name: 'build', description: 'Builds a house.', inputSchema: { type: 'object', properties: {} } };
/** How far a task is, in the words of the protocol. */
interface Stage { status: 'working' | 'completed' | 'cancelled'; statusMessage?: string; result?: object }

export class FakeBuilder {
  /** What every task of it is named with; nobody but Galaxy may ever see it. */
  readonly mark = `task-canary-${Math.random().toString(36).slice(2)}`;
  #asked: string[] = [];
  #stage: Stage = { status: 'working' };
  #listener = createServer((request, response) => { void this.#answer(request, response); });

  static async listen(): Promise<FakeBuilder> {
    const fake = new FakeBuilder();
    fake.#listener.listen(0, '127.0.0.1');
    await once(fake.#listener, 'listening');
    return fake;
  }

  get url() { return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}/mcp`; }
  close() { this.#listener.closeAllConnections(); this.#listener.close(); }

  /** How often `method` was asked for. */
  count(method: string) { return this.#asked.filter((it) => it === method).length; }
  /** It is at work, and says so in these words. */
  works(statusMessage: string) { this.#stage = { status: 'working', statusMessage }; }
  /** It is done, with this as what came of it. */
  ends(text: string) { this.#stage = { status: 'completed', result: { content: [{ type: 'text', text }] } }; }

  async #answer(request: IncomingMessage, response: ServerResponse) {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    let body = '';
    for await (const data of request) body += String(data);
    const { id, method, params } = JSON.parse(body) as { id?: number; method: string; params?: { taskId?: string } };
    this.#asked.push(method);
    if (id === undefined) return void response.writeHead(202).end();
    const known = params?.taskId === undefined || params.taskId === this.mark;
    const said = known ? { result: { resultType: 'complete', ...this.#result(method) } } : { error: { code: -32602, message: 'No such task' } };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, ...said }));
  }

  #result(method: string): object {
    const task = { taskId: this.mark, createdAt: new Date(0).toISOString(), lastUpdatedAt: new Date(0).toISOString(), ttlMs: null, pollIntervalMs: 250 };
    switch (method) {
      case 'server/discover': return { supportedVersions: ['2026-07-28'], ttlMs: 0, cacheScope: 'private', capabilities: { tools: {}, extensions: { [TASKS]: {} } }, _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'builder', version: '1' } } };
      case 'tools/list': return { ttlMs: 60_000, cacheScope: 'private', tools: [TOOL] };
      case 'tools/call': return { ...task, resultType: 'task', status: 'working' };
      case 'tasks/get': return { ...task, ...this.#stage };
      case 'tasks/cancel': this.#stage = { status: 'cancelled' }; return {};
      default: return {};
    }
  }
}
