/**
 * The host's half of MCP Apps (revision 2026-01-26): JSON-RPC 2.0 by `postMessage` with a view that nobody here trusts. The frame holds a document of ours, whose
 * header limits what is inside it, and which hands messages on. Who speaks is told by the window that a message comes from, never by its origin: that has no name.
 */
import type { McpUiHostCapabilities, McpUiHostContext } from '@modelcontextprotocol/ext-apps';

export type Params = Record<string, unknown>;
interface Message { jsonrpc: '2.0'; id?: number | string; method?: string; params?: Params; result?: unknown; error?: { code: number; message: string } }

/** What the document in the frame is told to show. */
export interface AppResource { html: string; sandbox: string }
/** What a view may ask for. Whoever hears it asks the person where that is needed; what is refused is thrown. */
export interface AppHooks {
  callTool(name: string, args: Params): Promise<unknown>;
  readResource(uri: string): Promise<unknown>;
  sendMessage(content: unknown): Promise<unknown>;
  updateContext(params: Params): unknown;
  openLink(url: string): Promise<unknown>;
  /** How it is shown from now on. */
  display(mode: string): string;
  resize(height: number): void;
  /** It has begun. */
  ready(): void;
  /** It would like to be closed. */
  leave(): void;
}

export const REVISION = '2026-01-26';
/** How long a view that is closed may take to put its things away, in milliseconds. */
const LAST_WORDS = 500;
/** So many requests of a view are answered at once; more are refused. */
const AT_ONCE = 8;
const UNKNOWN_METHOD = -32601, REFUSED = -32000;

export class McpApp {
  /** Held until the view says that it has begun. */
  #held: Message[] | null = [];
  #next = 1;
  #open = 0;
  #shown = false;
  readonly #waiting = new Map<number | string, () => void>();

  constructor(
    private readonly frame: HTMLIFrameElement, private readonly resource: AppResource, private readonly hooks: AppHooks,
    private readonly capabilities: McpUiHostCapabilities, private context: McpUiHostContext,
  ) { addEventListener('message', this.#listen); }

  /** What the call was made with: whole, for a view is shown only once its call runs. */
  toolInput(args: Params) { this.#tell('ui/notifications/tool-input', { arguments: args }); }
  toolResult(result: Params) { this.#tell('ui/notifications/tool-result', result); }
  toolCancelled(reason: string) { this.#tell('ui/notifications/tool-cancelled', { reason }); }
  /** Tells what is different now. */
  update(context: Partial<McpUiHostContext>) {
    this.context = { ...this.context, ...context };
    if (!this.#held) this.#tell('ui/notifications/host-context-changed', context);
  }

  /** Lets the view put its things away, and hears it no more. */
  async close() {
    if (!this.#held) {
      const id = `host-${this.#next++}`;
      this.#post({ jsonrpc: '2.0', id, method: 'ui/resource-teardown', params: {} });
      await new Promise<void>((done) => { this.#waiting.set(id, done); setTimeout(done, LAST_WORDS); });
    }
    this.drop();
  }
  /** Hears it no more, at once. */
  drop() { removeEventListener('message', this.#listen); }

  readonly #listen = (event: MessageEvent) => { if (event.source === this.frame.contentWindow) void this.#hear(event.data); };
  #post(message: Message) { this.frame.contentWindow?.postMessage(message, '*'); }
  #tell(method: string, params: Params) {
    const message: Message = { jsonrpc: '2.0', method, params };
    if (this.#held) this.#held.push(message);
    else this.#post(message);
  }

  async #hear(data: unknown) {
    const message = messageOf(data);
    if (!message) return;
    const { id, method, params } = message;
    if (method === undefined) { if (id !== undefined) { this.#waiting.get(id)?.(); this.#waiting.delete(id); } return; }
    if (id === undefined) { this.#noticed(method, paramsOf(params)); return; }
    try {
      if (this.#open >= AT_ONCE) throw new Refused('too many requests at once');
      this.#open++;
      try { this.#post({ jsonrpc: '2.0', id, result: await this.#answer(method, paramsOf(params)) }); } finally { this.#open--; }
    } catch (err) {
      const code = err instanceof Unknown ? UNKNOWN_METHOD : REFUSED;
      this.#post({ jsonrpc: '2.0', id, error: { code, message: err instanceof Error ? err.message : 'it did not work' } });
    }
  }

  #noticed(method: string, params: Params) {
    switch (method) {
      case 'ui/notifications/sandbox-proxy-ready': if (!this.#shown) { this.#shown = true; this.#post({ jsonrpc: '2.0', method: 'ui/notifications/sandbox-resource-ready', params: { ...this.resource } }); } return;
      case 'ui/notifications/initialized': {
        const held = this.#held ?? [];
        this.#held = null;
        held.forEach((message) => this.#post(message));
        this.hooks.ready();
        return;
      }
      case 'ui/notifications/size-changed': if (typeof params.height === 'number' && params.height > 0) this.hooks.resize(params.height); return;
      case 'ui/notifications/request-teardown': this.hooks.leave(); return;
    }
  }

  async #answer(method: string, params: Params): Promise<unknown> {
    switch (method) {
      case 'ui/initialize': return { protocolVersion: REVISION, hostInfo: { name: 'galaxy', version: REVISION }, hostCapabilities: this.capabilities, hostContext: this.context };
      case 'ping': return {};
      case 'tools/call': return this.hooks.callTool(textOf(params.name, 'name'), paramsOf(params.arguments));
      case 'resources/read': return this.hooks.readResource(textOf(params.uri, 'uri'));
      case 'ui/message': return this.hooks.sendMessage(params.content);
      case 'ui/update-model-context': return this.hooks.updateContext(params) ?? {};
      case 'ui/open-link': return this.hooks.openLink(textOf(params.url, 'url'));
      case 'ui/request-display-mode': return { mode: this.hooks.display(textOf(params.mode, 'mode')) };
      default: throw new Unknown(`Method not found: ${method}`);
    }
  }
}

class Unknown extends Error {}
/** What a view asked for is not done; it is told why. */
export class Refused extends Error {}

export const isFields = (it: unknown): it is Params => it !== null && typeof it === 'object' && !Array.isArray(it);
const paramsOf = (it: unknown): Params => (isFields(it) ? it : {});

function textOf(it: unknown, name: string): string {
  if (typeof it === 'string') return it;
  throw new Refused(`\`${name}\` is missing`);
}

function messageOf(it: unknown): Message | null {
  if (!isFields(it) || it.jsonrpc !== '2.0') return null;
  const { id, method } = it;
  const named = id === undefined || typeof id === 'string' || typeof id === 'number';
  return named && (method === undefined || typeof method === 'string') ? (it as unknown as Message) : null;
}
