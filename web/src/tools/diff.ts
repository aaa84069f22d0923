/** What changed between two texts, piece by piece. */

export interface Piece { kind: 'same' | 'removed' | 'added'; text: string }

/** Beyond so many comparisons the middle is told as removed and added as a whole. */
const MOST = 1_000_000;

/** By words, each with the space behind it, so that changed words in a row are one piece. */
export const diffWords = (before: string, after: string) => diff(wordsOf(before), wordsOf(after));
const wordsOf = (text: string) => text.match(/^\s+|\S+\s*/g) ?? [];
/** By lines. */
export const diffLines = (before: string, after: string) => diff(before.split(/(?<=\n)/), after.split(/(?<=\n)/));

export function diff(before: readonly string[], after: readonly string[]): Piece[] {
  let start = 0, end = 0;
  const most = Math.min(before.length, after.length);
  while (start < most && before[start] === after[start]) start++;
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const tail = before.slice(before.length - end);
  return joined([
    ...told('same', before.slice(0, start)),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...told('same', tail),
  ]);
}

const told = (kind: Piece['kind'], tokens: readonly string[]): Piece[] => tokens.map((text) => ({ kind, text }));

/** The longest common subsequence, where that is not too much work. */
function middle(before: readonly string[], after: readonly string[]): Piece[] {
  const rows = before.length, columns = after.length, width = columns + 1;
  if (!rows || !columns || rows * columns > MOST) return [...told('removed', before), ...told('added', after)];
  const common = new Uint32Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i--) for (let j = columns - 1; j >= 0; j--) {
    common[i * width + j] = before[i] === after[j] ? common[(i + 1) * width + j + 1]! + 1 : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
  }
  const pieces: Piece[] = [];
  let i = 0, j = 0;
  while (i < rows && j < columns) {
    if (before[i] === after[j]) { pieces.push({ kind: 'same', text: before[i]! }); i++; j++; }
    else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) pieces.push({ kind: 'removed', text: before[i++]! });
    else pieces.push({ kind: 'added', text: after[j++]! });
  }
  return [...pieces, ...told('removed', before.slice(i)), ...told('added', after.slice(j))];
}

/** Neighbours of one kind as one piece; what was removed comes before what was added. */
function joined(pieces: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const last = all.at(-1), before = all.at(-2);
    if (last?.kind === piece.kind) last.text += piece.text;
    else if (piece.kind === 'removed' && last?.kind === 'added') {
      if (before?.kind === 'removed') before.text += piece.text; else all.splice(-1, 0, { ...piece });
    } else all.push({ ...piece });
  }
  return all;
}
