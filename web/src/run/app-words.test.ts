import { expect, it } from 'vitest';
import { contextIn, linkIn, SAID, textIn } from './app-words';

it('takes text out of what a view says, and nothing else', () => {
  expect(textIn([{ type: 'text', text: 'one' }, { type: 'image', data: '' }, { type: 'text', text: 'two' }])).toBe('one\n\ntwo');
  expect(textIn({ type: 'text', text: ' alone ' })).toBe('alone');
  for (const odd of [null, 7, [], [{ type: 'image' }], [{ type: 'text', text: 7 }], [{ type: 'text', text: '  ' }], [{ type: 'text', text: 'x'.repeat(SAID + 1) }]]) expect(textIn(odd)).toBeNull();
});

it('takes words and data for the agent', () => {
  expect(contextIn({ content: [{ type: 'text', text: 'Bonn' }], structuredContent: { degrees: 21 } })).toBe('Bonn\n\n{"degrees":21}');
  expect(contextIn({ structuredContent: { big: 'x'.repeat(SAID) } })).toBeNull();
  expect(contextIn({})).toBeNull();
});

it('opens addresses of the web, with the host as it really is', () => {
  expect(linkIn('https://example.org/a?b#c')).toEqual({ href: 'https://example.org/a?b#c', host: 'example.org', shown: 'https://example.org/a?b#c' });
  expect(linkIn('https://аpple.com/')?.host).toBe('xn--pple-43d.com');
  for (const odd of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '/relative', '', 'https://user:pass@example.org', 'galaxy://x']) expect(linkIn(odd)).toBeNull();
});
