/** Every page: its address and its component, which comes when it is first wanted. A page gets the address's `:names` as props. */
import type { Component } from 'svelte';
import { t } from './i18n/t';

type Page = Component<Record<string, string>>;
type Load = () => Promise<{ default: unknown }>;

const chat: Load = () => import('./chat/Chat.svelte');
const settings: Load = () => import('./settings/Settings.svelte');
const market: Load = () => import('./tools/market/Market.svelte');
const offer: Load = () => import('./tools/market/Offer.svelte');
const server: Load = () => import('./tools/Server.svelte');

const pages: Record<string, Load> = {
  '/': chat,
  '/c/:id': chat,
  '/tasks': () => import('./tasks/Tasks.svelte'),
  '/tools': () => import('./tools/Servers.svelte'),
  // Before what looks like them: the names of servers are ids.
  '/tools/marketplace': market,
  '/tools/marketplace/:name': offer,
  '/tools/:id': server,
  '/tools/:id/:tab': server,
  '/settings': settings,
  '/settings/:section': settings,
};

export const ROUTES = Object.keys(pages);

/** The links at the foot of the sidebar. */
export const places = () => [
  { href: '/tasks', label: t.shell.tasks },
  { href: '/tools', label: t.shell.tools },
  { href: '/settings', label: t.shell.settings },
];

const loads = new Map<Load, Promise<Page>>();

/** The page of a route of [`ROUTES`]. Routes with one page share it, so that going between them keeps it as it is. */
export function load(route: string): Promise<Page> {
  const page = pages[route] ?? chat;
  const loading = loads.get(page) ?? page().then((it) => it.default as Page);
  loads.set(page, loading);
  // A page that did not come may come the next time.
  loading.catch(() => loads.delete(page));
  return loading;
}
