import { expect, it } from 'vitest';
import { Problem } from '../api/call';
import type { Link } from '../api/types';
import * as link from './link';
import { isChanged, isName, linkForm, networkOf, secret, wrongOf, type LinkForm } from './link';

const FETCHERS = ['npx', 'uvx'];
const linkBody = (form: LinkForm, before?: Link) => link.linkBody(form, FETCHERS, before);
const HTTP: Link = { kind: 'http', url: 'https://a.example/mcp', headers: ['X-Key'], inside: false };
const PROGRAM: Link = { kind: 'program', command: '/bin/a', arguments: ['-y', ''], environment: ['TOKEN'], folders: [{ path: '/srv', write: false }], network: 'web' };

it.each([['warehouse', true], ['a', true], ['a-1', true], ['a'.repeat(32), true], ['a'.repeat(33), false], ['', false], ['-a', false], ['a-', false], ['A', false], ['a_b', false], ['a b', false]])('%j is a name: %s', (name, good) => expect(isName(name)).toBe(good));

it('what is not touched is kept, and is no change', () => {
  for (const before of [HTTP, PROGRAM]) {
    const { body, wrong } = linkBody(linkForm(before), before);
    expect(wrong).toEqual({});
    expect(isChanged(body, before)).toBe(false);
  }
  expect(linkBody(linkForm(HTTP), HTTP).body).toEqual({ kind: 'http', url: 'https://a.example/mcp', headers: { 'X-Key': null }, inside: false });
});

it('values go nowhere but where they were entered for', () => {
  const moved = (url: string) => linkBody({ ...linkForm(HTTP), url }, HTTP);
  expect(moved('https://a.example/v2').wrong).toEqual({});
  for (const url of ['https://b.example/mcp', 'https://a.example:8443/mcp', 'http://a.example/mcp']) expect(moved(url).wrong).toEqual({ 'link/headers/X-Key': 'The place changed: enter the value again.' });
  const form = linkForm(HTTP);
  form.url = 'https://b.example/mcp';
  form.headers[0]!.value = 'entered again';
  expect(linkBody(form, HTTP)).toMatchObject({ wrong: {}, body: { headers: { 'X-Key': 'entered again' } } });
  expect(linkBody({ ...linkForm(PROGRAM), command: '/bin/b' }, PROGRAM).wrong).toEqual({ 'link/environment/TOKEN': 'The place changed: enter the value again.' });
});

it('tells what is wrong, each with its place', () => {
  const nameless = { ...secret(), value: 'x' }, headers = [nameless, { ...secret('A'), value: '1' }, { ...secret('A'), value: '2' }, secret('B'), secret()];
  const { wrong } = linkBody({ ...linkForm(), headers });
  expect(wrong).toEqual({ 'link/url': 'Enter an address, such as https://example.org/mcp.', [`link/headers#${nameless.key}`]: 'Enter a name.', [`link/headers#${headers[2]!.key}`]: 'It is there twice.', 'link/headers/B': 'Enter the value.' });
  expect(Object.keys(linkBody({ ...linkForm(), way: 'program', arguments: '["-y"' }).wrong)).toEqual(['link/command', 'link/arguments']);
});

it.each<[string, Partial<ReturnType<typeof linkForm>>]>([['another path', { url: 'https://a.example/v2' }], ['inside', { inside: true }], ['no header', { headers: [] }], ['another way', { way: 'program', command: '/bin/a' }]])('%s is a change', (_, more) => {
  expect(isChanged(linkBody({ ...linkForm(HTTP), ...more }, HTTP).body, HTTP)).toBe(true);
});

it('finds the field of each mistake of the server', () => {
  expect(wrongOf(new Problem(422, 'invalid', '', '', [{ pointer: '/link/headers/X-Key', message: 'cannot be set' }, { pointer: '/name', message: 'no' }]))).toEqual({ 'link/headers/X-Key': 'cannot be set', name: 'no' });
});

it.each([['npx', 'web'], ['/root/.local/bin/uvx', 'web'], ['/usr/bin/python3', 'none'], ['', 'none']] as const)('%j reaches %s until somebody says otherwise', (command, network) => {
  expect(networkOf({ ...linkForm(), way: 'program', command }, FETCHERS)).toBe(network);
  expect(networkOf({ ...linkForm(), way: 'program', command, network: 'any' }, FETCHERS)).toBe('any');
});

it.each([['another folder', { folders: [] }], ['another reach', { network: 'any' as const }]])('%s is a change', (_, more) => {
  expect(isChanged(linkBody({ ...linkForm(PROGRAM), ...more }, PROGRAM).body, PROGRAM)).toBe(true);
});
