/** Inline Markdown as DOM: one node per token, patched in place; no HTML string exists anywhere. */
import type { Token, Tokens } from 'marked';

const TAG: Record<string, string> = { strong: 'STRONG', em: 'EM', del: 'DEL', codespan: 'CODE', link: 'A', image: 'A', br: 'BR' };
const SAFE = /^(https?:|mailto:|#|\/(?![/\\]))/i;

/** Svelte attachment: `<p {@attach inline(token.tokens)}></p>` */
export const inline = (tokens: Token[] = []) => (node: Element) => patch(node, tokens);

function patch(parent: Element, tokens: Token[]) {
  const wanted = leaves(tokens);
  wanted.forEach((token, i) => {
    const tag = tagOf(token), old = parent.childNodes[i];
    const node = old?.nodeName === tag ? old : tag === '#text' ? new Text() : document.createElement(tag);
    if (node !== old) { if (old) old.replaceWith(node); else parent.append(node); }
    if (node instanceof Text) write(node, text(token));
    else if (token.type === 'codespan') fill(node as Element, text(token));
    else if (token.type === 'image') fill(link(node as Element, token), pictured(token as Tokens.Image));
    else patch(link(node as Element, token), ('tokens' in token && token.tokens) || []);
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild!.remove();
}

/** Models write `<br>` in table cells; it is the one tag that is taken at its word. */
const tagOf = (token: Token) => (token.type === 'html' && /^<br\s*\/?>$/i.test(token.raw.trim()) ? 'BR' : (TAG[token.type] ?? '#text'));
const leaves = (tokens: Token[]): Token[] => tokens.flatMap((token) => (token.type === 'checkbox' ? [] : token.type === 'text' && 'tokens' in token && token.tokens ? leaves(token.tokens) : [token]));
const text = (token: Token): string => ('text' in token && token.type !== 'html' ? token.text : token.raw);
const write = (node: Text, data: string) => { if (node.data !== data) node.data = data; };
const fill = (node: Element, data: string) => { if (node.textContent !== data) node.textContent = data; };

/** A picture from elsewhere is a link that names its host: loading it would tell that host who reads this. */
function pictured({ text: title, href }: Tokens.Image): string {
  let host = '';
  try { host = new URL(href).host; } catch { /* no address, no host */ }
  return [title, host && `(${host})`].filter(Boolean).join(' ') || href;
}

function link(node: Element, token: Token): Element {
  if (token.type !== 'link' && token.type !== 'image') return node;
  const { href } = token as Tokens.Link;
  if (!SAFE.test(href)) node.removeAttribute('href');
  else if (node.getAttribute('href') !== href) Object.assign(node, { href, rel: 'noreferrer noopener', target: '_blank' });
  return node;
}
