import { Lexer } from 'marked';
import { describe, expect, it } from 'vitest';
import { StreamDoc } from './stream-doc';

const DOCUMENT = '# T\n\npara **bold** `c` [l](https://x.y)\n\n- a\n- b\n\n```rs\nfn main() {}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nend';
const shape = (blocks: StreamDoc['blocks']) => blocks.map((block) => [block.token.type, block.token.raw.trim()]);

/** What the parser says when it sees all at once. */
const oneShot = (text: string) => new Lexer({ gfm: true }).lex(text).filter((token) => token.type !== 'space' && token.type !== 'def').map((token) => [token.type, token.raw.trim()]);

/** Pieces that are easy to take for something else while they are not complete. */
const AWKWARD = [
  '# Head', 'Setext\n===', 'para one\ntwo lazy', '- a\n- b', '- a\n\n- loose', '1. one\n2. two\n   - nested\n\n   more', '> quote\nlazy', '> q\n>\n> - l',
  '```ts\nconst a = 1;\n\nconst b = 2;\n```', '~~~\ntilde ``` inside\n~~~', '    indented code\n\n    more', '| a | b |\n|---|---|\n| 1 | 2 |', '---', '**bold** _em_ `c` ~~d~~',
  '<details>\n<summary>x</summary>\n\ninner\n\n</details>', '- [ ] task\n- [x] done', '![i](https://x/y.png)', 'a  \nb', '* star\n+ plus', 'text\n- not lazy', '\\* escaped', '````md\n```js\nx\n```\n````',
  'from 20~25 to 30~35', '- > 25 is more', 'open <tag and *star', 'dollars $$5 and $$6', 'tab\there',
];

function random(seed: number) { return () => (seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32; }

describe('a document that grows', () => {
  it.each([1, 2, 3, 7, 50])('in pieces of %i ends as the whole', (size) => {
    const doc = new StreamDoc();
    for (let i = 0; i < DOCUMENT.length; i += size) doc.push(DOCUMENT.slice(i, i + size));
    doc.end();
    expect(shape(doc.blocks)).toEqual(oneShot(DOCUMENT));
  });

  it('never changes a settled block', () => {
    const doc = new StreamDoc(), seen = new Map<number, unknown>();
    for (const character of DOCUMENT) {
      doc.push(character);
      for (const block of doc.blocks.filter((it) => !it.open)) {
        if (seen.has(block.id)) expect(block).toBe(seen.get(block.id));
        seen.set(block.id, block);
      }
    }
    expect(seen.size).toBeGreaterThan(3);
  });

  it('reads like a one-shot parse, in 3,000 random documents cut at random places', () => {
    const next = random(5), pick = <T>(of: readonly T[]) => of[(next() * of.length) | 0]!;
    for (let n = 0; n < 3000; n++) {
      const text = Array.from({ length: 2 + ((next() * 7) | 0) }, () => pick(AWKWARD)).join(next() < 0.15 ? '\n' : '\n\n');
      const doc = new StreamDoc();
      for (let i = 0; i < text.length; ) {
        const to = i + 1 + ((next() * 9) | 0);
        doc.push(text.slice(i, to));
        i = to;
      }
      doc.end();
      expect(shape(doc.blocks), text).toEqual(oneShot(text));
    }
  });

  it('keeps what was shown when the text only grew, and starts afresh when it did not', () => {
    const doc = new StreamDoc();
    doc.set('# one\n\nfirst paragraph\n\nsecond', false);
    const [heading] = doc.blocks;
    doc.set('# one\n\nfirst paragraph\n\nsecond and more', false);
    expect(doc.blocks[0]).toBe(heading);
    doc.set('something else', true);
    expect(shape(doc.blocks)).toEqual([['paragraph', 'something else']]);
  });

  it('resolves a link whose address comes last, and leaves the other blocks alone', () => {
    const doc = new StreamDoc();
    doc.set('see [the paper][p]\n\nnothing to resolve here\n\n', false);
    doc.set('see [the paper][p]\n\nnothing to resolve here\n\n[p]: https://example.org/paper\n', false);
    const untouched = doc.blocks[1];
    doc.set(doc.source, true);
    expect(JSON.stringify(doc.blocks[0]?.token)).toContain('https://example.org/paper');
    expect(doc.blocks[1]).toBe(untouched);
  });

  it('counts in what the lexer reads when lines end in CR LF', () => {
    const doc = new StreamDoc();
    for (const piece of ['# one\r', '\n\r\nfirst para', 'graph\r\n\r\nsecond paragraph\r\n']) doc.push(piece);
    doc.end();
    expect(shape(doc.blocks)).toEqual([['heading', '# one'], ['paragraph', 'first paragraph'], ['paragraph', 'second paragraph']]);
  });
});
