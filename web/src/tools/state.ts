/** How a server and a tool are told: a mark, and always a word. */
import type { ServerTool, ToolServer } from '../api/types';
import type { State } from '../design/Mark.svelte';
import { t } from '../i18n/t';

export interface Told { mark: State; word: string }

const MARKS: Record<string, State> = { idle: 'queued', connecting: 'live', ready: 'done', needs_sign_in: 'ask', backing_off: 'fail', failed: 'fail' };

/** What matters most: that it is not used, then what is wrong, then what waits for a person, then how it is. */
export function stateOf({ enabled, shadowed, waiting, health: { state }, auth }: Pick<ToolServer, 'enabled' | 'shadowed' | 'waiting' | 'health' | 'auth'>): Told {
  const names: Record<string, string> = t.tools.state;
  if (!enabled) return { mark: 'queued', word: t.tools.state.off };
  if (shadowed) return { mark: 'none', word: t.tools.state.shadowed };
  // Whoever was told not to sign in there is not asked to.
  if (state === 'needs_sign_in' && auth.state === 'refused') return { mark: 'fail', word: t.tools.state.refused };
  const mark = MARKS[state] ?? 'none';
  if (waiting > 0 && mark !== 'fail' && state !== 'needs_sign_in') return { mark: 'ask', word: t.tools.waiting(waiting) };
  return { mark, word: state in MARKS ? names[state]! : t.tools.state.unknown };
}

/** What can be done about how it is, for whoever looks after it. */
export function remediesOf({ enabled, managed, health: { state } }: Pick<ToolServer, 'enabled' | 'managed' | 'health'>): { log: boolean; restart: boolean; again: boolean } {
  const troubled = MARKS[state] === 'fail';
  return { log: managed, restart: managed && enabled, again: managed && enabled && troubled };
}

export function toolStateOf({ standing, enabled }: Pick<ServerTool, 'standing' | 'enabled'>): Told {
  const words = t.tools.tool;
  if (standing === 'gone') return { mark: 'none', word: words.standing.gone };
  if (!enabled) return { mark: 'queued', word: words.off };
  return { mark: standing === 'approved' ? 'done' : 'ask', word: words.standing[standing] };
}

/** Whether somebody has to allow it before agents are offered it. */
export const isWaiting = ({ standing }: Pick<ServerTool, 'standing'>) => standing === 'new' || standing === 'changed';

/** How it is reached, in a word. */
export const wayOf = ({ link }: Pick<ToolServer, 'link'>) => (link.kind === 'program' ? t.tools.program : link.url.startsWith('https:') ? t.tools.https : t.tools.http);
