import { expect, it } from 'vitest';
import { render } from 'vitest-browser-svelte';
import Code from './Code.svelte';

it('colours code in the worker and keeps lines that did not change', async () => {
  const screen = await render(Code, { lang: 'rust', text: 'fn main() {\n    let a = 1;', open: true });
  const code = screen.container.querySelector('code')!;
  await expect.poll(() => code.querySelector('.keyword')?.textContent).toBe('fn');
  const first = code.children[0];
  await screen.rerender({ lang: 'rust', text: 'fn main() {\n    let a = 1;\n}', open: false });
  expect(code.children[0]).toBe(first);
  expect(code.textContent).toBe('fn main() {\n    let a = 1;\n}\n');
});

it('names the language and leaves code of an unknown one as it is', async () => {
  const screen = await render(Code, { lang: 'brainrust title="x"', text: 'a < b' });
  await expect.element(screen.getByText('brainrust')).toBeVisible();
  await expect.element(screen.getByText('a < b')).toBeVisible();
  await expect.element(screen.getByRole('button', { name: 'Copy' })).toBeVisible();
});
