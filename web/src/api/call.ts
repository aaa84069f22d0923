/** One way to ask the server: JSON in, JSON out, every refusal a [`Problem`]. */

export interface Mistake { pointer: string; message: string }

/** The server said no (`application/problem+json`), or could not be reached (`code` is `offline`, `status` 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly errors: readonly Mistake[] = [],
    readonly requestId: string | null = null,
    /** Seconds to wait before asking again, when the server says so. */
    readonly retryAfter: number | null = null,
  ) { super(detail || title); }

  get offline() { return this.status === 0; }
  /** What is wrong with one field of what was sent, by its JSON pointer without the slash. */
  field(name: string): string | undefined { return this.errors.find((it) => it.pointer === `/${name}` || it.pointer === name)?.message; }
}

export type Query = Record<string, string | number | boolean | null | undefined>;
export interface Ask {
  query?: Query;
  body?: unknown;
  /** Sends an `Idempotency-Key`, so that asking twice does it once; a lost connection is then tried again. A text is the key itself, of a request that may be made again later. */
  once?: boolean | string;
  signal?: AbortSignal;
}

/** How often, and after how many milliseconds, a lost POST with a key is sent again. */
const AGAIN = [400, 1500];

/** Where a 401 says something about what was entered, not about the session. */
const DOORS = ['/api/auth/me', '/api/auth/setup', '/api/auth/sign-in', '/api/auth/password'];

let signedOut: () => void = () => {};
/** Called whenever a request finds that nobody is signed in any more. */
export function onSignedOut(act: () => void) { signedOut = act; }

let stale: () => Promise<boolean> = () => Promise.resolve(false);
/** Called when a request needs a fresh sign-in. Whoever says yes has got one: the same request is made again. */
export function onStale(act: () => Promise<boolean>) { stale = act; }

export async function call<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, ask: Ask = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET') headers['x-requested-with'] = 'galaxy';
  if (ask.body !== undefined) headers['content-type'] = 'application/json';
  if (ask.once) headers['idempotency-key'] = ask.once === true ? newKey() : ask.once;
  const request: RequestInit = { method, headers, credentials: 'same-origin', signal: ask.signal ?? null };
  if (ask.body !== undefined) request.body = JSON.stringify(ask.body);

  const sent = () => send(path + queryString(ask.query), request, ask.once ? AGAIN : []);
  let response = await sent();
  let problem = response.ok ? null : await problemOf(response);
  // Nothing was done yet, so it may be asked for again, whether it has a key or not.
  if (problem?.code === 'fresh_sign_in_required' && await stale()) {
    response = await sent();
    problem = response.ok ? null : await problemOf(response);
  }
  if (problem) {
    if (problem.status === 401 && !DOORS.includes(path)) signedOut();
    throw problem;
  }
  if (response.status === 204 || response.headers.get('content-length') === '0') return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** `path` with its `{holes}` filled, each part escaped. */
export function at(path: string, holes: Record<string, string>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(holes[name] ?? ''));
}

export function queryString(query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return pairs.length ? `?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]))}` : '';
}

/** A random key; `crypto.randomUUID` is missing where the page comes over plain HTTP from another machine. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function send(url: string, request: RequestInit, waits: readonly number[]): Promise<Response> {
  try { return await fetch(url, request); } catch (err) {
    if (request.signal?.aborted) throw err;
    const [wait, ...rest] = waits;
    if (wait === undefined) throw new Problem(0, 'offline', '', '');
    await new Promise((done) => setTimeout(done, wait * (0.5 + Math.random())));
    return send(url, request, rest);
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => ({})) as Partial<{ code: string; title: string; detail: string; request_id: string; errors: Mistake[] }>;
  const wait = Number(response.headers.get('retry-after'));
  return new Problem(
    response.status, body.code ?? `http_${response.status}`, body.title ?? response.statusText, body.detail ?? '',
    body.errors ?? [], body.request_id ?? response.headers.get('x-request-id'), wait > 0 ? wait : null,
  );
}
