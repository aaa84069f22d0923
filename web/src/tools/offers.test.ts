import { expect, it } from 'vitest';
import { contentsOf, messagesOf, promptsFrom, resourcesFrom } from './offers';

it('reads resources and templates, and skips what is none', () => {
  expect(resourcesFrom([{ uri: 'a://b', name: 'b', size: 3, mimeType: 'text/plain' }, { uriTemplate: 'a://{x}' }, null, 'x', [], { name: 'no address' }, { uri: 5 }])).toEqual([
    { uri: 'a://b', name: 'b', title: '', description: '', type: 'text/plain', size: 3 }, { uri: 'a://{x}', name: '', title: '', description: '', type: '', size: null },
  ]);
});

it('reads prompts with their arguments', () => {
  expect(promptsFrom([{ name: 'p', arguments: [{ name: 'a', required: true }, { required: true }, 7] }, {}, { name: 'q', arguments: 'none' }])).toEqual([
    { name: 'p', title: '', description: '', arguments: [{ name: 'a', title: '', description: '', required: true }] }, { name: 'q', title: '', description: '', arguments: [] },
  ]);
});

it('shows pixels as pictures, and no other document', () => {
  const kinds = (mimeType: string, blob = 'aGk=') => contentsOf({ contents: [{ uri: 'a://b', mimeType, blob }] })[0];
  expect(kinds('image/png')).toEqual({ kind: 'image', type: 'image/png', data: 'aGk=', uri: 'a://b' });
  for (const type of ['image/svg+xml', 'text/html', 'application/pdf', 'image/png;x=1', '']) expect(kinds(type)).toMatchObject({ kind: 'other' });
  expect(kinds('image/png', '"><script>')).toMatchObject({ kind: 'other' });
  expect(contentsOf({ contents: [{ uri: 'a://b', mimeType: 'text/html', text: '<b>' }] })).toEqual([{ kind: 'text', text: '<b>', uri: 'a://b', type: 'text/html' }]);
});

it('reads messages in either shape, and says of the rest what it is', () => {
  expect(messagesOf({ messages: [{ role: 'user', content: { type: 'text', text: 'hi' } }, { role: 'assistant', content: [{ type: 'audio', mimeType: 'audio/wav' }, { type: 'resource_link', uri: 'a://b' }, null] }] })).toEqual([
    { role: 'user', content: [{ kind: 'text', text: 'hi', uri: '', type: 'text/plain' }] },
    { role: 'assistant', content: [{ kind: 'other', type: 'audio/wav', uri: '', bytes: null }, { kind: 'other', type: 'resource_link', uri: 'a://b', bytes: null }, { kind: 'other', type: '', uri: '', bytes: null }] },
  ]);
});

it.each([[undefined], [null], [[]], [{}], [{ contents: 'x', messages: 5 }]])('nothing comes of %j', (result) => expect([contentsOf(result), messagesOf(result)]).toEqual([[], []]));
