/** A server of tools that speaks the Model Context Protocol as of 2025-11-25, over plain HTTP on loopback. What it lists can change while it runs. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ToolDefinition { name: string; title?: string; description: string; inputSchema: object; annotations?: object; _meta?: object }
/** A page that is shown with calls (an MCP App). */
export interface FakeView { html: string; ui?: object }
interface Request { id?: number | string; method: string; params?: Record<string, unknown> }

const VIEW = 'text/html;profile=mcp-app';
const text = (it: string) => ({ content: [{ type: 'text', text: it }] });
const NUMBERS = { type: 'object', properties: { a: { type: 'number', description: 'The first summand' }, b: { type: 'number' } }, required: ['a', 'b'] };
export const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC';

export class FakeToolServer {
  tools: ToolDefinition[] = [
    { name: 'add', title: 'Add numbers', description: 'Adds two numbers.', inputSchema: NUMBERS, annotations: { readOnlyHint: true } },
    { name: 'greet', description: 'Greets somebody.\nIt knows two languages.', inputSchema: { type: 'object', properties: { name: { type: 'string' }, language: { enum: ['en', 'de'], default: 'en' }, loud: { type: 'boolean' } }, required: ['name'] } },
    { name: 'wait', description: 'Takes its time.', inputSchema: { type: 'object', properties: {} } },
  ];
  /** Pages by their `ui://` addresses, and what tools say that are not among those above. */
  readonly views = new Map<string, FakeView>();
  readonly answers = new Map<string, (args: Record<string, unknown>) => object>();
  /** What clients said that they can. */
  capabilities: unknown;
  /** Every call that was made, and whether it was given up. */
  readonly calls: { tool: string; args: Record<string, unknown>; secret: string | undefined }[] = [];
  cancelled = 0;
  /** Whether it refuses everybody. */
  down = false;
  #close: () => void = () => {};

  private constructor(private readonly listener: ReturnType<typeof createServer>) {}

  static async listen(port = 0): Promise<FakeToolServer> {
    const listener = createServer(), fake = new FakeToolServer(listener);
    listener.on('request', (request, response) => {
      void fake.#answer(request).then(({ status, body }) => response.writeHead(status, body === undefined ? {} : { 'content-type': 'application/json' }).end(body === undefined ? undefined : JSON.stringify(body)));
      response.on('close', () => { if (!response.writableFinished) fake.cancelled++; });
    });
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    fake.#close = () => { listener.closeAllConnections(); listener.close(); };
    return fake;
  }

  get url() { return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}/mcp`; }
  close() { this.#close(); }

  async #answer(request: IncomingMessage): Promise<{ status: number; body?: unknown }> {
    if (this.down) return { status: 503 };
    if (request.method !== 'POST') return { status: 405 };
    let body = '';
    for await (const data of request) body += String(data);
    const { id, method, params = {} } = JSON.parse(body) as Request;
    if (id === undefined) { if (method === 'notifications/cancelled') this.cancelled++; return { status: 202 }; }
    const result = await this.#result(method, params, request.headers['x-secret'] as string | undefined);
    return { status: 200, body: result ? { jsonrpc: '2.0', id, result } : { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } } };
  }

  async #result(method: string, params: Record<string, unknown>, secret: string | undefined): Promise<object | undefined> {
    switch (method) {
      case 'initialize': this.capabilities = params.capabilities; return { protocolVersion: '2025-11-25', capabilities: { tools: {}, resources: {}, prompts: {} }, serverInfo: { name: 'fake', title: 'The fake one', version: '1.2.3' }, instructions: 'Ask for <b>sums</b> first.' };
      case 'ping': return {};
      case 'tools/list': return { tools: this.tools };
      case 'tools/call': return this.#call(params.name as string, (params.arguments ?? {}) as Record<string, unknown>, secret);
      case 'resources/list': return { resources: [...[...this.views].map(([uri, { ui }]) => ({ uri, name: uri.split('/').at(-1), title: 'A view', mimeType: VIEW, ...(ui && { _meta: { ui } }) })), { uri: 'fake://note', name: 'note', title: 'A note', mimeType: 'text/html', size: 21 }, { uri: 'fake://dot', name: 'dot', mimeType: 'image/png' }, { uri: 'fake://drawing', name: 'drawing', mimeType: 'image/svg+xml' }] };
      case 'resources/templates/list': return { resourceTemplates: [{ uriTemplate: 'fake://page/{number}', name: 'page', description: 'A page by its number.' }] };
      case 'resources/read': return { contents: [this.#view(params.uri as string) ?? contentOf(params.uri as string)] };
      case 'prompts/list': return { prompts: [{ name: 'review', title: 'Review', description: 'Asks for a review.', arguments: [{ name: 'what', description: 'What to look at', required: true }, { name: 'tone' }] }] };
      case 'prompts/get': return { messages: [{ role: 'user', content: { type: 'text', text: `Please review ${(params.arguments as Record<string, string>).what}.` } }] };
      default: return undefined;
    }
  }

  #view(uri: string): object | undefined {
    const view = this.views.get(uri);
    return view && { uri, mimeType: VIEW, text: view.html, ...(view.ui && { _meta: { ui: view.ui } }) };
  }

  async #call(tool: string, args: Record<string, unknown>, secret: string | undefined): Promise<object> {
    this.calls.push({ tool, args, secret });
    const said = this.answers.get(tool);
    if (said) return said(args);
    switch (tool) {
      case 'add': return text(String(Number(args.a) + Number(args.b)));
      case 'greet': return text(`${args.language === 'de' ? 'Hallo' : 'Hello'}, ${String(args.name)}${args.loud === true ? '!' : '.'}`);
      case 'wait': await new Promise((done) => { setTimeout(done, 20_000).unref(); }); return text('At last.');
      default: return { ...text('There is no such tool.'), isError: true };
    }
  }
}

function contentOf(uri: string): object {
  switch (uri) {
    case 'fake://dot': return { uri, mimeType: 'image/png', blob: DOT };
    case 'fake://drawing': return { uri, mimeType: 'image/svg+xml', blob: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>').toString('base64') };
    case 'fake://note': return { uri, mimeType: 'text/html', text: '<img src=x onerror="alert(1)"> \u202Ehidden' };
    default: return { uri, mimeType: 'text/plain', text: `This is ${uri}.` };
  }
}
