import { expect, it } from 'vitest';
import type { Candidate } from '../api/types';
import { chosenAtFirst, fileFrom } from './transfer';

it('reads JSON, the inside of one, and what begins with a mark of its encoding', () => {
  expect(fileFrom('{"mcpServers":{}}')).toEqual({ file: { mcpServers: {} } });
  expect(fileFrom('\ufeff {"servers":{}} ')).toEqual({ file: { servers: {} } });
  expect(fileFrom('"mcpServers": {"a": {}},')).toEqual({ file: { mcpServers: { a: {} } } });
});

it('says why it cannot', () => {
  expect(fileFrom('  ')).toEqual({ wrong: 'empty' });
  expect(fileFrom('{"mcpServers":')).toMatchObject({ wrong: 'json', why: expect.stringMatching(/JSON/) as string });
  expect(fileFrom(`"${'x'.repeat(600_000)}"`)).toEqual({ wrong: 'too-big' });
});

it('chooses at first what is right and starts nothing', () => {
  const http = (label: string, mistakes: Candidate['mistakes'] = []): Candidate => ({ label, name: label, mistakes, link: { kind: 'http', url: 'https://a.example', headers: [], inside: false } });
  const program: Candidate = { label: 'p', name: 'p', mistakes: [], link: { kind: 'program', command: '/bin/a', arguments: [], environment: [], folders: [], network: 'none' } };
  expect([...chosenAtFirst([http('a'), program, http('b', [{ pointer: '/b', message: 'no' }])])]).toEqual(['a']);
});
