import { afterEach, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { Problem, toolServers as api } from '../api/client';
import { toasts } from '../design/toasts.svelte';
import { detail, server } from './a-server';
import Connection from './Connection.svelte';
import { onSignedIn } from './signing-in';

const at = (auth: ReturnType<typeof server>['auth']) => ({ server: server({ auth }), onchanged: () => {} });
afterEach(() => { toasts.items = []; vi.restoreAllMocks(); });

it('says nothing where nobody signs in, and what is wrong where one has to', async () => {
  const screen = await render(Connection, at({ state: 'none' }));
  expect(screen.getByRole('button').elements()).toHaveLength(0);
  await screen.rerender(at({ state: 'needed', reason: 'It asks to be allowed more: write.' }));
  await expect.element(screen.getByText('Warehouse wants you to sign in.')).toBeVisible();
  await expect.element(screen.getByText('It asks to be allowed more: write.')).toBeVisible();
  await screen.rerender(at({ state: 'refused', reason: 'evil\u202E answers for it' }));
  await expect.element(screen.getByText('Signing in did not work.')).toBeVisible();
  expect(screen.container.textContent).not.toContain('\u202E');
});

it('opens a window at once and sends it to the issuer; without one, tells why', async () => {
  const opened = { closed: false, close: vi.fn(), location: { replace: vi.fn() } };
  vi.spyOn(window, 'open').mockReturnValue(opened as unknown as Window);
  const connect = vi.spyOn(api, 'connect').mockResolvedValueOnce({ url: 'https://issuer.example/authorize?state=x', host: 'issuer.example' });
  const screen = await render(Connection, at({ state: 'needed', reason: null }));
  await screen.getByRole('button', { name: 'Connect Warehouse' }).click();
  await vi.waitFor(() => expect(opened.location.replace).toHaveBeenCalledExactlyOnceWith('https://issuer.example/authorize?state=x'));
  connect.mockRejectedValueOnce(new Problem(409, 'conflict', 'No', 'It does not say where to sign in.'));
  await screen.getByRole('button', { name: 'Connect Warehouse' }).click();
  await vi.waitFor(() => expect(opened.close).toHaveBeenCalledOnce());
  expect(toasts.items).toHaveLength(1);
});

it('tells what was allowed, and gives it back', async () => {
  const gone = detail({ server: server({ auth: { state: 'needed', reason: null } }) });
  const disconnect = vi.spyOn(api, 'disconnect').mockResolvedValue(gone), onchanged = vi.fn();
  const auth = { state: 'connected', issuer: 'https://issuer.example', scopes: ['read', 'write'], expires_at: null } as const;
  const screen = await render(Connection, { server: server({ auth: { ...auth, scopes: [...auth.scopes] } }), onchanged });
  await expect.element(screen.getByText('by https://issuer.example')).toBeVisible();
  await expect.element(screen.getByText('write')).toBeVisible();
  const { asking } = await import('../design/confirm.svelte');
  await screen.getByRole('button', { name: 'Disconnect Warehouse' }).click();
  expect(asking.now?.title).toBe('Disconnect Warehouse?');
  asking.reply(true);
  await vi.waitFor(() => expect(onchanged).toHaveBeenCalledExactlyOnceWith(gone));
  expect(disconnect).toHaveBeenCalledExactlyOnceWith('s1');
});

it('hears when somebody has come back in another window', async () => {
  const heard = vi.fn(), end = onSignedIn(heard), other = new BroadcastChannel('galaxy-sign-in');
  other.postMessage({ ok: true, server: 's1' });
  await vi.waitFor(() => expect(heard).toHaveBeenCalledOnce());
  end();
  other.close();
});
