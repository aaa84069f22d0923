export const words = {
  menu: 'Menu', close: 'Close', cancel: 'Cancel', save: 'Save', delete: 'Delete', copy: 'Copy', copied: 'Copied', retry: 'Try again', more: 'More', loading: 'Loading',
  places: 'Places', tasks: 'Tasks', tools: 'Tools', settings: 'Settings', help: 'Keys', signOut: 'Sign out', conversations: 'Conversations', skip: 'Skip to content',
  titled: (page: string, name: string) => `${page} · ${name}`,
  starting: 'Starting', unreachable: (name: string) => `${name} does not answer`, unreachableHint: 'The server may be starting or stopped. This page tries again by itself.',
  connecting: 'Connecting', reconnecting: 'Reconnecting. What you write is kept.', unconfined: 'Programs that are tool servers run here without walls around them (--unconfined-programs).', offline: 'You are offline. What you write is kept.',
  outdated: 'A newer version of this page is ready.', reload: 'Reload',
  nothingHere: 'Nothing is here', nothingHereHint: 'The address may be old, or the thing it named was deleted.', toChat: 'To the chat',
  failedToLoad: 'This page could not be loaded',
  keys: 'Keyboard shortcuts', keysOff: 'Single-key shortcuts are switched off in the settings.', keysHint: 'They work wherever you are not writing. They can be switched off in the settings.',
  notice: 'Notice', dismiss: 'Dismiss',
  problems: {
    offline: 'No connection to the server. Try again in a moment.',
    unknown: 'Something went wrong.',
    wait: (seconds: number) => `Try again in ${seconds > 120 ? `${Math.ceil(seconds / 60)} min` : `${seconds} s`}.`,
  },
  marks: { queued: 'waiting', live: 'running', ask: 'needs you', done: 'done', fail: 'failed', none: 'stopped' },
};
