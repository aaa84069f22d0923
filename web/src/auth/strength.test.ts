import { expect, it } from 'vitest';
import { isStrong, strength } from './strength';

const ABOUT = ['ana.silva@example.org', 'Ana Silva', 'Galaxy Chat'];

it.each(['my password is a long river of tea', 'ёжик в тумане', 'xyzzy-plugh fin'])('takes %s', (password) => {
  expect(isStrong(strength(password, ABOUT))).toBe(true);
});

it.each([
  ['ten charac!', 'length'], ['galaxychat and tea', 'personal'], ['ana.silva and tea', 'personal'],
  ['password1234', 'guess'], ['P4ssw0rd-passw0rd', 'guess'], ['abababababababab', 'guess'], ['aaaaaaaaaaaaaa', 'guess'],
] as const)('says of %s that its %s is wrong', (password, rule) => {
  expect(strength(password, ABOUT)[rule]).toBe(false);
});
