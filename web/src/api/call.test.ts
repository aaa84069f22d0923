import { afterEach, expect, it, vi } from 'vitest';
import { at, call, onSignedOut, onStale, Problem, queryString } from './call';

afterEach(() => { vi.unstubAllGlobals(); onSignedOut(() => {}); onStale(() => Promise.resolve(false)); });
const answers = (...responses: (() => Promise<Response>)[]) => {
  const fetched = vi.fn((_url: string, _request: RequestInit) => (responses.length > 1 ? responses.shift()! : responses[0]!)());
  vi.stubGlobal('fetch', fetched);
  return fetched;
};
const json = (status: number, body: unknown, headers: Record<string, string> = {}) => () => Promise.resolve(new Response(JSON.stringify(body), { status, headers }));
const lost = () => Promise.reject(new TypeError('network'));

it('turns a refusal into a problem with every mistake', async () => {
  answers(json(422, { code: 'invalid', title: 'Invalid', detail: 'Two mistakes.', request_id: 'r1', errors: [{ pointer: '/title', message: 'is empty' }] }));
  const problem = await call('POST', '/api/tasks', { body: {} }).catch((err: unknown) => err) as Problem;
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ status: 422, code: 'invalid', message: 'Two mistakes.', requestId: 'r1' });
  expect(problem.field('title')).toBe('is empty');
});

it('knows how long to wait, and a body that is no JSON is no second error', async () => {
  answers(() => Promise.resolve(new Response('<html>', { status: 503, headers: { 'retry-after': '7' } })));
  expect(await call('GET', '/api/tasks').catch((err: unknown) => err)).toMatchObject({ status: 503, code: 'http_503', retryAfter: 7 });
});

it('sends what may be done once with one key, again if the line is lost', async () => {
  const fetched = answers(lost, json(202, { run_id: 'r' }));
  expect(await call('POST', '/api/x', { body: { a: 1 }, once: true })).toEqual({ run_id: 'r' });
  const keys = fetched.mock.calls.map(([, request]) => new Headers(request.headers).get('idempotency-key'));
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
});

it('sends what may be done twice only once', async () => {
  const fetched = answers(lost);
  expect(await call('PATCH', '/api/x', { body: {} }).catch((err: unknown) => err)).toMatchObject({ status: 0, code: 'offline', offline: true });
  expect(fetched).toHaveBeenCalledOnce();
});

it('notices that nobody is signed in any more, but not while somebody tries to sign in', async () => {
  const out = vi.fn();
  onSignedOut(out);
  answers(json(401, { code: 'unauthenticated' }));
  await call('POST', '/api/auth/sign-in', { body: {} }).catch(() => {});
  expect(out).not.toHaveBeenCalled();
  await call('GET', '/api/tasks').catch(() => {});
  expect(out).toHaveBeenCalledOnce();
});

it('makes the same request again, with the same key, once there is a fresh sign-in', async () => {
  const asked = vi.fn(() => Promise.resolve(true));
  onStale(asked);
  const fetched = answers(json(403, { code: 'fresh_sign_in_required' }), json(201, { id: 'k' }));
  expect(await call('POST', '/api/auth/keys', { body: { name: 'x' }, once: true })).toEqual({ id: 'k' });
  expect(asked).toHaveBeenCalledOnce();
  const [first, second] = fetched.mock.calls.map(([url, request]) => [url, request.body, new Headers(request.headers).get('idempotency-key')]);
  expect(first![2]).toMatch(/^[0-9a-f]{32}$/);
  expect(second).toEqual(first);
});

it('does not ask twice, and without a fresh sign-in the refusal stays one', async () => {
  const asked = vi.fn(() => Promise.resolve(true));
  onStale(asked);
  answers(json(403, { code: 'fresh_sign_in_required' }));
  expect(await call('PATCH', '/api/x', { body: {} }).catch((err: unknown) => err)).toMatchObject({ code: 'fresh_sign_in_required' });
  expect(asked).toHaveBeenCalledOnce();
  const fetched = answers(json(403, { code: 'fresh_sign_in_required' }));
  onStale(() => Promise.resolve(false));
  await expect(call('PATCH', '/api/x', { body: {} })).rejects.toBeInstanceOf(Problem);
  expect(fetched).toHaveBeenCalledOnce();
});

it('escapes parts of a path and leaves out what is not asked for', () => {
  expect(at('/api/x/{id}/y', { id: '../a b' })).toBe('/api/x/..%2Fa%20b/y');
  expect(queryString({ q: 'a&b', limit: 3, cursor: null, tag: undefined, status: '' })).toBe('?q=a%26b&limit=3');
});
