import { App } from '@modelcontextprotocol/ext-apps/app-with-deps';
import { afterEach, expect, it, vi } from 'vitest';
import { McpApp, Refused, type AppHooks } from './mcp-app';

type Transport = NonNullable<Parameters<App['connect']>[0]>;
const CAPABILITIES = { openLinks: {}, serverTools: {}, serverResources: {}, message: { text: {} }, updateModelContext: { text: {} }, sandbox: { permissions: {}, csp: { connectDomains: ['https://api.example.org'] } } };
const frames: HTMLIFrameElement[] = [], hosts: McpApp[] = [];
afterEach(() => { hosts.splice(0).forEach((it) => it.drop()); frames.splice(0).forEach((it) => it.remove()); });

function frame(): HTMLIFrameElement {
  const made = document.createElement('iframe');
  document.body.append(made);
  frames.push(made);
  return made;
}

/** What speaks inside a frame: messages come from its window, as those of a view do. */
function speaker(of: HTMLIFrameElement): { send: (message: unknown) => void; hear: (heard: (message: unknown) => void) => void } {
  const inside = of.contentWindow as Window & { Function: FunctionConstructor };
  const post = new inside.Function('message', 'parent.postMessage(message, "*")') as (message: unknown) => void;
  return { send: post, hear: (heard) => inside.addEventListener('message', (event) => heard(event.data)) };
}

function transport(of: HTMLIFrameElement): Transport {
  const { send, hear } = speaker(of);
  const made: Transport = { start: () => { hear((message) => made.onmessage?.(message as never)); return Promise.resolve(); }, send: (message) => { send(message); return Promise.resolve(); }, close: () => Promise.resolve() };
  return made;
}

const hooks = (more: Partial<AppHooks> = {}): AppHooks => ({
  callTool: vi.fn(() => Promise.resolve({ content: [{ type: 'text', text: 'Sunny.' }], structuredContent: { degrees: 21 } })), readResource: vi.fn((uri: string) => Promise.resolve({ contents: [{ uri, text: 'a note' }] })),
  sendMessage: vi.fn(() => Promise.resolve({})), updateContext: vi.fn(() => ({})), openLink: vi.fn(() => Promise.resolve({ isError: true })), display: vi.fn((mode: string) => mode), resize: vi.fn(), ready: vi.fn(), leave: vi.fn(), ...more,
});
function host(of: HTMLIFrameElement, with_: AppHooks): McpApp {
  const made = new McpApp(of, { html: '<p>', sandbox: 'allow-scripts' }, with_, CAPABILITIES, { theme: 'dark', displayMode: 'inline' });
  hosts.push(made);
  return made;
}

it('speaks with the official App: it begins, gets what was held for it, asks and is answered', async () => {
  const place = frame(), heard = hooks(), made = host(place, heard);
  made.toolInput({ city: 'Bonn' });
  made.toolResult({ content: [], structuredContent: { degrees: 20 } });
  const app = new App({ name: 'weather', version: '1.0.0' }, {}, { autoResize: false });
  const input = vi.fn(), result = vi.fn(), changed = vi.fn(), cancelled = vi.fn();
  Object.assign(app, { ontoolinput: input, ontoolresult: result, onhostcontextchanged: changed, ontoolcancelled: cancelled });
  await app.connect(transport(place));
  expect(app.getHostCapabilities()).toEqual(CAPABILITIES);
  expect(app.getHostContext()).toMatchObject({ theme: 'dark', displayMode: 'inline' });
  await vi.waitFor(() => { expect(result).toHaveBeenCalledOnce(); });
  expect(input.mock.calls[0]?.[0]).toEqual({ arguments: { city: 'Bonn' } });
  expect(result.mock.calls[0]?.[0]).toMatchObject({ structuredContent: { degrees: 20 } });
  expect(heard.ready).toHaveBeenCalledOnce();

  await expect(app.callServerTool({ name: 'refresh', arguments: { now: true } })).resolves.toMatchObject({ structuredContent: { degrees: 21 } });
  expect(heard.callTool).toHaveBeenCalledExactlyOnceWith('refresh', { now: true });
  await expect(app.readServerResource({ uri: 'note://1' })).resolves.toMatchObject({ contents: [{ text: 'a note' }] });
  await expect(app.sendMessage({ role: 'user', content: [{ type: 'text', text: 'And tomorrow?' }] })).resolves.toEqual({});
  await expect(app.openLink({ url: 'https://example.org/' })).resolves.toMatchObject({ isError: true });
  await app.updateModelContext({ content: [{ type: 'text', text: 'Bonn is open' }] });
  expect(heard.updateContext).toHaveBeenCalledExactlyOnceWith({ content: [{ type: 'text', text: 'Bonn is open' }] });
  await expect(app.requestDisplayMode({ mode: 'fullscreen' })).resolves.toMatchObject({ mode: 'fullscreen' });
  await app.sendSizeChanged({ height: 321 });
  await vi.waitFor(() => { expect(heard.resize).toHaveBeenCalledExactlyOnceWith(321); });
  made.update({ theme: 'light' });
  made.toolCancelled('stopped');
  await vi.waitFor(() => { expect(cancelled).toHaveBeenCalledOnce(); });
  expect(changed).toHaveBeenCalledOnce();

  const torn = vi.fn(() => ({}));
  app.onteardown = torn;
  await made.close();
  expect(torn).toHaveBeenCalledOnce();
});

it('tells the view why something is not done, and what it does not know', async () => {
  const place = frame();
  host(place, hooks({ callTool: () => Promise.reject(new Refused('the person did not allow this call')) }));
  const app = new App({ name: 'weather', version: '1.0.0' }, {}, { autoResize: false });
  await app.connect(transport(place));
  await expect(app.callServerTool({ name: 'refresh', arguments: {} })).rejects.toThrow('the person did not allow this call');
  await expect(app.downloadFile({ contents: [] })).rejects.toThrow();
});

it('hears the window of its frame and no other', async () => {
  const place = frame(), other = frame(), heard = hooks();
  host(place, heard);
  const request = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'delete_all', arguments: {} } };
  speaker(other).send(request);
  postMessage(request, '*');
  speaker(place).send({ ...request, params: { name: 'refresh', arguments: {} } });
  await vi.waitFor(() => { expect(heard.callTool).toHaveBeenCalledOnce(); });
  expect(heard.callTool).toHaveBeenCalledWith('refresh', {});
});

it('shows the page once, when the document around it is ready', async () => {
  const place = frame(), inside = speaker(place), seen: unknown[] = [];
  inside.hear((message) => seen.push(message));
  host(place, hooks());
  const ready = { jsonrpc: '2.0', method: 'ui/notifications/sandbox-proxy-ready', params: {} };
  inside.send(ready);
  inside.send(ready);
  inside.send({ jsonrpc: '2.0', id: 7, method: 'ping' });
  await vi.waitFor(() => { expect(seen).toContainEqual({ jsonrpc: '2.0', id: 7, result: {} }); });
  expect(seen.filter((it) => JSON.stringify(it).includes('sandbox-resource-ready'))).toEqual([{ jsonrpc: '2.0', method: 'ui/notifications/sandbox-resource-ready', params: { html: '<p>', sandbox: 'allow-scripts' } }]);
});

it('takes nonsense for nothing, and answers only so many requests at once', async () => {
  const place = frame(), inside = speaker(place), answers: { id?: number; error?: { message: string } }[] = [];
  const never = vi.fn(() => new Promise<never>(() => {}));
  inside.hear((message) => answers.push(message as { id?: number }));
  host(place, hooks({ callTool: never }));
  for (const odd of [null, 7, 'x', [], { jsonrpc: '1.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', id: {}, method: 'ping' }, { jsonrpc: '2.0', method: 7, id: 1 }]) inside.send(odd);
  for (let id = 1; id <= 10; id++) inside.send({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'slow' } });
  await vi.waitFor(() => { expect(answers).toHaveLength(2); });
  expect(never).toHaveBeenCalledTimes(8);
  expect(answers).toMatchObject([{ id: 9, error: { message: 'too many requests at once' } }, { id: 10 }]);
});
