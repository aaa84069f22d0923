import { count } from '../i18n/format';

export const words = {
  email: 'E-mail', name: 'Name', password: 'Password', show: 'Show', hide: 'Hide',
  showPassword: 'Show what is typed', hidePassword: 'Hide what is typed',
  missing: { token: 'Enter the token.', email: 'Enter an e-mail address, such as ana@example.org.', name: 'Enter a name.', password: 'Enter the password.' },
  rules: {
    title: 'The password', met: 'met', open: 'not yet',
    length: (needed: number, have: number) => (have === 0 || have >= needed ? `has at least ${needed} characters` : `has at least ${needed} characters (${needed - have} to go)`),
    personal: (name: string) => `does not contain your e-mail, your name or “${name}”`,
    guess: 'is not a common word, a row of keys or one piece repeated',
    hint: 'A few words of your own are easy to remember and hard to guess.',
  },
  setUp: {
    title: 'Set up', heading: (name: string) => `Set up ${name}`,
    lead: 'Nobody has an account here yet. Yours will be the first, and it can do everything.',
    token: 'One-time token',
    where: 'The server prints it when it starts: look for “use this token” in the terminal or the log.',
    whereMore: 'Where exactly?',
    places: [
      ['Started in a terminal', 'the last lines of its output'],
      ['In a container', 'docker logs, and the name of the container'],
      ['As a service', 'journalctl -u, and the name of the service'],
    ] as const,
    fresh: 'Each start prints a new token, and the older ones no longer work.',
    submit: 'Make the account', busy: 'Making the account',
    wrongToken: 'This is not the token of the newest start. Copy it again from the server’s output.',
    taken: 'Somebody was faster: there is an administrator already.', toSignIn: 'Sign in instead',
  },
  signIn: {
    title: 'Sign in', heading: (name: string) => `Sign in to ${name}`,
    submit: 'Sign in', busy: 'Signing in',
    wrong: 'E-mail and password do not belong together, or the account is switched off.',
    throttled: 'Too many attempts. To keep others from guessing, signing in pauses for a while.',
    wait: (seconds: number) => `You can try again in ${count(seconds, 'second', 'seconds')}.`,
    again: 'You can try again now.',
    ended: 'Your session has ended. Sign in to go on where you were.',
    proxy: 'Your organisation’s sign-in page usually brings you here by itself, but this time it did not say who you are.',
    proxyAgain: 'Try that way again',
    noWay: 'This server offers no way to sign in from the browser. Whoever runs it can switch one on.',
    forgotten: 'Password forgotten? An administrator can give you a new one under Settings, People.',
  },
};
