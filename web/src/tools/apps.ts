/** Views (MCP Apps) among the resources of a server: read with care, as everything that servers send. */

/** What a view wants hosts for. */
export const PURPOSES = ['connect', 'resource', 'frame', 'base'] as const;
export type Purpose = (typeof PURPOSES)[number];
export interface ListedApp { uri: string; title: string; description: string; hosts: Record<Purpose, string[]>; permissions: string[] }
type Fields = Record<string, unknown>;

const KEYS: Record<Purpose, string> = { connect: 'connectDomains', resource: 'resourceDomains', frame: 'frameDomains', base: 'baseUriDomains' };
/** So many of each are shown. */
const MOST = 32;

const fields = (it: unknown): Fields => (it !== null && typeof it === 'object' && !Array.isArray(it) ? (it as Fields) : {});
const text = (it: unknown) => (typeof it === 'string' ? it : '');
const texts = (it: unknown) => (Array.isArray(it) ? it.filter((one): one is string => typeof one === 'string').slice(0, MOST) : []);

/** Those with an address of a view, each once. */
export function appsFrom(items: readonly unknown[]): ListedApp[] {
  const found = new Map<string, ListedApp>();
  for (const it of items.map(fields)) {
    const uri = text(it.uri), ui = fields(fields(it._meta).ui), csp = fields(ui.csp);
    if (!uri.startsWith('ui://') || found.has(uri)) continue;
    const hosts = Object.fromEntries(PURPOSES.map((purpose) => [purpose, texts(csp[KEYS[purpose]])])) as Record<Purpose, string[]>;
    found.set(uri, { uri, title: text(it.title) || text(it.name) || uri, description: text(it.description), hosts, permissions: Object.keys(fields(ui.permissions)).slice(0, MOST) });
  }
  return [...found.values()];
}
