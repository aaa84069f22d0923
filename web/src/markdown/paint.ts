/** Coloured code: repaints only the lines whose tokens or text changed. */
export type Line = [scope: string, text: string][];

/** Svelte attachment for a `<code>`; `coloured` may lag behind `code`, line by line. */
export const paint = (code: string, coloured: readonly Line[]) => (root: Element) => {
  const lines = code.split('\n');
  lines.forEach((line, i) => {
    const row = (root.children[i] ?? root.appendChild(make('line', ''))) as HTMLElement;
    const parts = coloured[i];
    const fresh = parts && parts.map(([, text]) => text).join('') === line ? parts : undefined;
    const key = fresh ? fresh.flat().join('\0') : line;
    if (painted.get(row) === key) return;
    painted.set(row, key);
    row.replaceChildren(...(fresh?.map(([scope, text]) => (scope ? make(scope, text) : text)) ?? [line]), '\n');
  });
  while (root.children.length > lines.length) root.lastChild!.remove();
};

const painted = new WeakMap<Element, string>();
const make = (className: string, textContent: string) => Object.assign(document.createElement('span'), { className, textContent });
