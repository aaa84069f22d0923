import type { Tokens } from 'marked';
import { describe, expect, it } from 'vitest';
import { inline } from './inline';
import { blocksOf } from './stream-doc';

const tokens = (text: string) => (blocksOf(text)[0]!.token as Tokens.Paragraph).tokens;
function shown(text: string): HTMLElement {
  const p = document.createElement('p');
  inline(tokens(text))(p);
  return p;
}

describe('inline Markdown', () => {
  it('keeps its nodes while the text grows', () => {
    const p = shown('hello **wor**'), strong = p.querySelector('strong'), text = strong?.firstChild;
    inline(tokens('hello **world** and more'))(p);
    expect(p.querySelector('strong')).toBe(strong);
    expect(strong?.firstChild).toBe(text);
    expect(p.textContent).toBe('hello world and more');
  });

  it('leaves a selection alone', () => {
    const p = shown('select **this** please');
    document.body.append(p);
    getSelection()!.selectAllChildren(p.querySelector('strong')!);
    inline(tokens('select **this** please, and go on `streaming`'))(p);
    expect(getSelection()!.toString()).toBe('this');
    p.remove();
  });

  it.each(['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,1', 'vbscript:x', '//evil.example', '/\\evil.example', 'file:///etc/passwd', 'blob:x'])('gives %s no address', (href) => {
    expect(shown(`[x](<${href}>)`).querySelector('a')?.hasAttribute('href')).toBe(false);
  });

  it.each(['https://example.org/a?b#c', 'mailto:a@b.example', '#part', '/tasks'])('follows %s', (href) => {
    const link = shown(`[x](${href})`).querySelector('a');
    expect(link?.getAttribute('href')).toBe(href);
    expect(link?.rel).toContain('noreferrer');
  });

  it('loses the address when a link turns bad', () => {
    const p = shown('[x](https://good.example)');
    inline(tokens('[x](javascript:alert(1))'))(p);
    expect(p.querySelector('a')?.hasAttribute('href')).toBe(false);
  });

  it('shows HTML as text, and makes no element of it', () => {
    const p = shown('a <img src=x onerror=alert(1)> <script>alert(1)</script> <svg onload=alert(1)> b');
    expect(p.querySelectorAll('*')).toHaveLength(0);
    expect(p.textContent).toContain('<img src=x onerror=alert(1)>');
  });

  it('shows a picture from elsewhere as a link that names its host', () => {
    const p = shown('![chart](https://tracker.example/pixel.png?d=secret)');
    expect(p.querySelector('img')).toBeNull();
    expect(p.querySelector('a')?.textContent).toBe('chart (tracker.example)');
  });
});
