/** A tool server on loopback that wants people to sign in, and the issuer that signs them in (OAuth 2.1): one page with one button. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const TOOL = { name: 'forecast', description: 'Tells the weather.', inputSchema: { type: 'object', properties: {} }, annotations: { readOnlyHint: true } };
/** Whom a liar names. */
const ELSEWHERE = 'https://elsewhere.example';
const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

export class FakeIssuer {
  /** Tokens that open the server. */
  readonly good = new Set<string>();
  /** How often the tool was called. */
  calls = 0;
  /** What it says wrongly: who issues in its metadata, who answered in the callback, or what the tokens are for. */
  lie: 'issuer' | 'iss' | 'resource' | undefined;
  /** What everything begins with that opens anything; with it, clients get a secret, too. */
  mark = '';
  /** Happens when a call was answered. */
  called: () => void = () => {};
  #count = 0;
  #listener = createServer((request, response) => { void this.#answer(request, response); });

  static async listen(): Promise<FakeIssuer> {
    const fake = new FakeIssuer();
    fake.#listener.listen(0, '127.0.0.1');
    await once(fake.#listener, 'listening');
    return fake;
  }

  get origin() { return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`; }
  get url() { return `${this.origin}/mcp`; }
  get #method() { return this.mark ? 'client_secret_post' : 'none'; }
  /** No token opens anything any more, and none can be renewed. */
  revoke() { this.good.clear(); }
  close() { this.#listener.closeAllConnections(); this.#listener.close(); }

  async #answer(request: IncomingMessage, response: ServerResponse) {
    const { origin } = this, url = new URL(request.url ?? '/', origin);
    let body = '';
    for await (const data of request) body += String(data);
    switch (url.pathname) {
      case '/.well-known/oauth-protected-resource/mcp': return json(response, 200, { resource: this.lie === 'resource' ? `${ELSEWHERE}/mcp` : this.url, authorization_servers: [origin], scopes_supported: ['weather'] });
      case '/.well-known/oauth-authorization-server': return json(response, 200, {
        issuer: this.lie === 'issuer' ? ELSEWHERE : origin, authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token`, registration_endpoint: `${origin}/register`, response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: [this.#method], authorization_response_iss_parameter_supported: true,
      });
      case '/register': return json(response, 201, { ...JSON.parse(body) as object, client_id: 'galaxy', token_endpoint_auth_method: this.#method, ...(this.mark && { client_secret: `${this.mark}-secret` }) });
      case '/authorize': return this.#consent(url, response);
      case '/token': return this.#token(new URLSearchParams(body), response);
      case '/mcp': return this.#mcp(request, body, response);
      default: return void response.writeHead(404).end();
    }
  }

  #consent({ searchParams: asked }: URL, response: ServerResponse) {
    const back = new URL(asked.get('redirect_uri') ?? '');
    back.searchParams.set('code', 'code');
    back.searchParams.set('state', asked.get('state') ?? '');
    back.searchParams.set('iss', this.lie === 'iss' ? ELSEWHERE : this.origin);
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Weather account</title><main><h1>Weather account</h1><a href="${back.href.replaceAll('&', '&amp;')}">Allow</a></main></html>`);
  }

  #token(form: URLSearchParams, response: ServerResponse) {
    if (form.get('grant_type') !== 'authorization_code') return json(response, 400, { error: 'invalid_grant' });
    const token = `${this.mark}token-${++this.#count}`;
    this.good.add(token);
    return json(response, 200, { access_token: token, token_type: 'bearer', expires_in: 3600, refresh_token: `${this.mark}refresh-${this.#count}` });
  }

  #mcp(request: IncomingMessage, body: string, response: ServerResponse) {
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    if (!this.good.has(token)) {
      return json(response, 401, {}, { 'www-authenticate': `Bearer resource_metadata="${this.origin}/.well-known/oauth-protected-resource/mcp"` });
    }
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const { id, method } = JSON.parse(body) as { id?: number; method: string };
    if (id === undefined) return void response.writeHead(202).end();
    return json(response, 200, { jsonrpc: '2.0', id, ...this.#result(method, token) });
  }

  #result(method: string, token: string): object {
    switch (method) {
      case 'initialize': return { result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'weather', version: '1' } } };
      case 'tools/list': return { result: { tools: [TOOL] } };
      case 'tools/call': this.calls++; this.called(); return { result: { content: [{ type: 'text', text: this.mark ? `Sunny for ${token}.` : 'Sunny.' }] } };
      default: return { error: { code: -32601, message: 'Method not found' } };
    }
  }
}
