import { expect, it } from 'vitest';
import { diffLines, diffWords, type Piece } from './diff';

const before = (pieces: readonly Piece[]) => pieces.filter((it) => it.kind !== 'added').map((it) => it.text).join('');
const after = (pieces: readonly Piece[]) => pieces.filter((it) => it.kind !== 'removed').map((it) => it.text).join('');

it('tells words that came and went', () => {
  expect(diffWords('Adds two numbers together.', 'Adds two words together.')).toEqual([{ kind: 'same', text: 'Adds two ' }, { kind: 'removed', text: 'numbers ' }, { kind: 'added', text: 'words ' }, { kind: 'same', text: 'together.' }]);
  expect(diffWords('Reads.', 'Reads. Then mails it away.').at(-1)).toEqual({ kind: 'added', text: 'Reads. Then mails it away.' });
});

it('tells lines that came and went', () => {
  expect(diffLines('{\n  "a": 1\n}', '{\n  "a": 1,\n  "b": 2\n}').map((it) => it.kind)).toEqual(['same', 'removed', 'added', 'same']);
});

it.each([['', ''], ['', 'a'], ['a', ''], ['same', 'same'], ['a b c', 'c b a'], ['a a a b', 'a b b a'], ['  led by space', 'led by space  ']])('keeps both whole: %j and %j', (old, now) => {
  for (const pieces of [diffWords(old, now), diffLines(old, now)]) expect([before(pieces), after(pieces)]).toEqual([old, now]);
});

it('keeps both whole, whatever they are', () => {
  let seed = 7;
  const random = (n: number) => { seed = (seed * 48271) % 2147483647; return seed % n; };
  const text = () => Array.from({ length: random(30) }, () => ['a', 'b', 'c', ' ', '\n'][random(5)]).join('');
  for (let i = 0; i < 500; i++) {
    const old = text(), now = text();
    for (const pieces of [diffWords(old, now), diffLines(old, now)]) expect([before(pieces), after(pieces)]).toEqual([old, now]);
  }
});

it('does not take for ever over what has little in common', () => {
  const many = (word: string) => Array.from({ length: 20_000 }, (_, i) => `${word}${i}`).join(' ');
  const pieces = diffWords(many('a'), many('b'));
  expect([before(pieces), after(pieces)]).toEqual([many('a'), many('b')]);
  expect(pieces.map((it) => it.kind)).toEqual(['removed', 'added']);
});
