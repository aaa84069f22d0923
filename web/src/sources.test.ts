import { expect, it } from 'vitest';

const sources = import.meta.glob<string>(['./**/*.svelte', './**/*.ts', '!./**/*.test.ts', '!./api/schema.d.ts'], { query: '?raw', import: 'default', eager: true });

/** No text may ever become markup: not even text that looks harmless today. */
it.each(['{@html', 'innerHTML', 'outerHTML', 'insertAdjacentHTML', 'document.write', 'createContextualFragment', 'srcdoc', ' style="', 'eval(', 'new Function'])('no file says %s', (word) => {
  expect(Object.keys(sources).length).toBeGreaterThan(50);
  expect(Object.entries(sources).filter(([, text]) => text.includes(word)).map(([path]) => path)).toEqual([]);
});

it('files stay short', () => {
  expect(Object.entries(sources).filter(([, text]) => text.split('\n').length > 300).map(([path]) => path)).toEqual([]);
});
