import { expect, it } from 'vitest';
import { argumentsFrom, argumentsText, commandLine, exact, hides } from './command-line';

it('leaves plain words alone and tells arguments apart', () => {
  expect(commandLine('/usr/bin/npx', ['-y', '@scope/server@1.2.3', '--root=/srv/data'])).toBe('/usr/bin/npx -y @scope/server@1.2.3 --root=/srv/data');
  expect(commandLine('/bin/sh', ['-c', 'echo hi; rm -rf /', '', "it's"])).toBe("/bin/sh -c 'echo hi; rm -rf /' '' 'it'\\''s'");
  expect(commandLine('/bin/a', ['b c'])).not.toBe(commandLine('/bin/a', ['b', 'c']));
});

it('cuts nothing, however long', () => {
  const long = 'x'.repeat(8000);
  expect(commandLine('/bin/a', [long, 'end'])).toBe(`/bin/a ${long} end`);
});

it.each([['\u202E', '⟨U+202E⟩'], ['\u200B', '⟨U+200B⟩'], ['\n', '⟨U+000A⟩'], ['\r', '⟨U+000D⟩'], ['\t', '⟨U+0009⟩'], ['\u00A0', '⟨U+00A0⟩'], ['\u2028', '⟨U+2028⟩'], ['\u3000', '⟨U+3000⟩'], ['\x1b', '⟨U+001B⟩'], ['\u{E0041}', '⟨U+E0041⟩']])('shows %j by its number', (hidden, shown) => {
  expect(commandLine('/bin/a', [`b${hidden}c`])).toBe(`/bin/a 'b${shown}c'`);
  expect(hides(`b${hidden}c`)).toBe(true);
});

it('shows plain spaces as what they are, all of them', () => {
  expect(exact('a    b')).toBe('a    b');
  expect(hides('/bin/sh', '-c', 'plain text')).toBe(false);
});

it('reads arguments one a line or as a list', () => {
  expect(argumentsFrom('-y\r\n  spaced out \n\nlast')).toEqual(['-y', '  spaced out ', 'last']);
  expect(argumentsFrom('["-y", "", "two\\nlines"]')).toEqual(['-y', '', 'two\nlines']);
  expect(argumentsFrom('[a-z]')).toEqual(['[a-z]']);
  expect(argumentsFrom('["-y", 1]')).toBeNull();
  expect(argumentsFrom('["-y"')).toBeNull();
  expect(argumentsFrom('')).toEqual([]);
});

it.each([[[]], [['-y', 'a b']], [['']], [['two\nlines']], [['["x"]']], [['[a-z]', '[0-9]']], [['  ']]])('writes %j so that it is read as that', (args) => {
  expect(argumentsFrom(argumentsText(args))).toEqual(args);
});
