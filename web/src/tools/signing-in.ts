/**
 * Signing in at a tool server: in a window of its own, and where there may be none, in this one. The
 * page that people come back to is the server's (`/api/oauth/callback`); it tells the others.
 */
import { toolServers as api } from '../api/client';
import type { Id } from '../api/types';

/** The page that people come back to knows both by these names. */
const CHANNEL = 'galaxy-sign-in', BACK = 'galaxy-sign-in-back';
const WINDOW = 'popup,width=560,height=760';

/** Sends the person to where they sign in. Call it while their click is handled: later no window may be opened. */
export async function signIn(server: Id): Promise<void> {
  const opened = window.open('', CHANNEL, WINDOW);
  try {
    const { url } = await api.connect(server);
    if (opened && !opened.closed) opened.location.replace(url);
    else {
      sessionStorage.setItem(BACK, location.pathname);
      location.assign(url);
    }
  } catch (err) {
    opened?.close();
    throw err;
  }
}

/** Calls `then` whenever somebody has come back, with or without success; gives what ends it. */
export function onSignedIn(then: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = then;
  return () => channel.close();
}
