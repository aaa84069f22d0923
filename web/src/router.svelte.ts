/** The address bar as state. Links are plain `<a href>`; a click on one that stays inside the page changes the state instead. */

export interface Match { route: string; params: Record<string, string> }

class Router {
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));

  constructor() {
    addEventListener('popstate', () => this.#read());
    addEventListener('click', (event) => this.#click(event));
  }

  go(href: string, { replace = false } = {}) {
    if (href !== location.pathname + location.search) history[replace ? 'replaceState' : 'pushState'](null, '', href);
    this.#read();
  }

  /** The first of `routes` that fits; `:name` stands for one part of the path. */
  match(routes: readonly string[]): Match | undefined {
    for (const route of routes) {
      const params = fit(route, this.path);
      if (params) return { route, params };
    }
    return undefined;
  }

  #read() { this.path = location.pathname; this.query = new URLSearchParams(location.search); }

  #click(event: MouseEvent) {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin || /^\/(api|health|metrics)\b/.test(link.pathname)) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export function fit(route: string, path: string): Record<string, string> | undefined {
  const wanted = route.split('/').filter(Boolean), given = path.split('/').filter(Boolean);
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    if (part.startsWith(':')) { try { params[part.slice(1)] = decodeURIComponent(given[i]!); } catch { return undefined; } }
    else if (part !== given[i]) return undefined;
  }
  return params;
}

export const router = new Router();
