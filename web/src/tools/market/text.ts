import { count } from '../../i18n/format';

export const words = {
  title: 'Marketplace', tabs: 'Tools', connected: 'Connected', lead: 'Tool servers that you can choose. Nothing is run or sent before you have seen exactly what, and said yes.',
  search: 'Search the marketplace', searchHint: 'Search', filters: 'What is shown', tag: 'About', anyTag: 'About anything', source: 'From', anySource: 'From both lists',
  sources: { curated: 'Curated', registry: 'Registry' }, sourceHints: { curated: 'Somebody looked at it; it comes with this program.', registry: 'As its author registered it. Nobody here looked at it.' },
  none: 'Nothing fits', noneHint: 'Try another word, or add a server by its address or command.', more: 'Show more', loading: 'Loading', failed: 'The marketplace could not be loaded.', failedOne: 'The entry could not be loaded.',
  gone: 'There is no such entry', goneHint: 'It was taken out, or it never was here.', back: 'The marketplace', found: (n: number, more: boolean) => `${count(n, 'entry', 'entries')}${more ? ' and more' : ''}`,
  noMirror: 'No registry is read here: these are the servers that come with the program.', mirror: (entries: number, address: string) => `${count(entries, 'entry', 'entries')} of ${address}`, imported: (entries: number) => `${count(entries, 'entry', 'entries')} of a registry`,
  read: (when: string) => `read ${when}`, unread: 'not read yet', trouble: (why: string) => `It could not be read: ${why}`,
  // an entry
  version: (version: string) => `version ${version}`, versions: 'Version', latest: (version: string) => `${version}, the newest`, status: { active: '', deprecated: 'deprecated', deleted: 'taken out' },
  statusHint: { active: '', deprecated: 'Its author would rather have something else used.', deleted: 'It was taken out of its registry and cannot be added.' },
  touches: 'What it may touch', touch: { files: 'files on the server’s machine', network: 'the network', account: 'an account of yours somewhere', database: 'a database', machine: 'the server’s machine: it starts programs', nothing: 'nothing but what it is told' }, touchesShort: (what: string) => `touches ${what}`, touchShort: { files: 'files', network: 'network', account: 'account', database: 'database', machine: 'machine', nothing: 'nothing' },
  unknownTouches: 'Nobody here looked at what it touches. A program can do whatever the server may do.', website: 'Its page', repository: 'Its source', about: 'About', installed: 'Added already', installedAs: (version: string) => `in version ${version}`,
  ways: 'How it is had', way: { remote: 'At its address', npm: 'From npm', pypi: 'From PyPI', oci: 'As a container', nuget: 'From NuGet', mcpb: 'As a bundle', unreadable: 'Unreadable' } as Record<string, string>, obstacle: (why: string) => `This way cannot be taken here: ${why}.`,
  programReader: 'It is a program on the server’s machine. Only an administrator may add it.', reader: 'Those who look after this place can add it.',
  // what is asked
  asked: 'What it needs', nothingAsked: 'It needs nothing from you.', optional: 'optional', secret: 'kept encrypted, never shown again', oneALine: 'one a line', path: 'a path on the server’s machine', leaveOut: '(leave out)', choose: '(choose)', yes: 'yes', no: 'no', kept: 'What is stored stays if you leave this empty.', need: 'Enter a value.',
  show: 'Show what would be done', showing: 'Working it out',
  // consent
  exactly: 'Exactly this', program: 'This is started on the server’s machine, with these words and no shell. It can do there whatever the server may do.', address: 'This is where everything goes that agents send to it.', values: 'With', hidden: 'not shown',
  agree: { program: 'I have read this command and want it to run', address: 'I have read this address and want it to be used' }, name: 'Name', nameHint: 'Begins the names of its tools: small letters, digits and hyphens, at most 32.', shared: 'For everybody', sharedHint: 'Otherwise it is yours alone.', mayAsk: 'May ask people', mayAskHint: 'It may ask whoever uses it for something while it works.',
  add: 'Add', adding: 'Connecting', added: (title: string) => `${title} is added`, changed: 'It is not what was shown any more. Read it again.',
  // a newer version
  update: (version: string) => `Version ${version} is there`, updateShort: (version: string) => `${version} is there`, updateFrom: (version: string) => `You have ${version}. Nothing changes before you have seen what it becomes.`, look: 'Look at it', updateTitle: (title: string) => `A newer version of ${title}`, now: 'Now', becomes: 'Becomes', sameWay: 'It is reached as before.', apply: 'Move to it', applying: 'Connecting', moved: (title: string, version: string) => `${title} is at ${version}`, chosenFrom: 'Chosen from', inVersion: (version: string) => `in version ${version}`,
};
