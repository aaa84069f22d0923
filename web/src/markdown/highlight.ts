/** Colours for code, from a worker that is started at the first block of code. */
import url from './highlight.worker.ts?worker&url';
import type { Line } from './paint';

interface Policies { createPolicy(name: string, rules: { createScriptURL(asked: string): string }): { createScriptURL(asked: string): string } }

const waiting = new Map<number, (lines: Line[]) => void>();
let worker: Worker | undefined, last = 0;

/** Lines of [scope, text]; empty when the language is unknown or the worker did not start. */
export function highlight(lang: string, code: string): Promise<Line[]> {
  worker ??= start();
  return new Promise((done) => { waiting.set(++last, done); worker!.postMessage({ id: last, lang, code }); });
}

function start() {
  // Under Trusted Types a worker needs a trusted address; this policy knows exactly one.
  const policy = (globalThis as { trustedTypes?: Policies }).trustedTypes?.createPolicy('galaxy-worker', {
    createScriptURL(asked) { if (asked !== url) throw new TypeError(asked); return asked; },
  });
  const started = new Worker(policy?.createScriptURL(url) ?? url, { type: 'module' });
  started.onmessage = ({ data: { id, lines } }: MessageEvent<{ id: number; lines: Line[] }>) => { waiting.get(id)?.(lines); waiting.delete(id); };
  started.onerror = () => { for (const done of waiting.values()) done([]); waiting.clear(); };
  return started;
}
