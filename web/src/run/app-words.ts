/** What views say and ask for, read with care: nothing in it is known to be as it should. */
import { visible } from '../design/visible';

/** More of what a view says than this is refused, in characters. */
export const SAID = 8_000;

/** The text in content blocks of the protocol; `null` where there is none, or more than is taken. */
export function textIn(content: unknown): string | null {
  const blocks: unknown[] = Array.isArray(content) ? content : [content];
  const texts = blocks.flatMap((it) => (it !== null && typeof it === 'object' && 'type' in it && it.type === 'text' && 'text' in it && typeof it.text === 'string' ? [it.text] : []));
  const text = texts.join('\n\n').trim();
  return text && text.length <= SAID ? text : null;
}

/** What a view wants agents to know: its words, and its data as JSON. */
export function contextIn(params: { content?: unknown; structuredContent?: unknown }): string | null {
  const words = params.content === undefined ? null : textIn(params.content);
  const data = params.structuredContent === undefined ? null : (JSON.stringify(params.structuredContent) ?? null);
  const text = [words, data].filter((it) => it !== null).join('\n\n');
  return text && text.length <= SAID ? text : null;
}

/** An address of the web that can be opened, in parts: the host whole, so that nobody takes another for it. */
export function linkIn(text: string): { href: string; host: string; shown: string } | null {
  let url: URL;
  try { url = new URL(text); } catch { return null; }
  if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.username || url.password || !url.host) return null;
  return { href: url.href, host: url.host, shown: visible(url.href) };
}
