import hljs from 'highlight.js/lib/common';
import type { Line } from './paint';

interface Node { scope?: string; children: (Node | string)[] }

onmessage = ({ data: { id, lang, code } }: MessageEvent<{ id: number; lang: string; code: string }>) => {
  const tree = hljs.getLanguage(lang) && (hljs.highlight(code, { language: lang, ignoreIllegals: true }) as unknown as { _emitter: { rootNode: Node } })._emitter.rootNode;
  postMessage({ id, lines: tree ? linesOf(tree) : [] });
};

function linesOf(root: Node): Line[] {
  const lines: Line[] = [[]];
  const walk = (node: Node | string, scope: string) => {
    if (typeof node !== 'string') { for (const child of node.children) walk(child, node.scope ?? scope); return; }
    node.split('\n').forEach((text, i) => { if (i) lines.push([]); if (text) lines.at(-1)!.push([scope.split('.')[0]!, text]); });
  };
  walk(root, '');
  return lines;
}
