/** Words for what was written down. An act or a way that is new on the server does not compile until it is called something here. */
import type { AuditAct, AuditEnding, AuditThing, AuditWay } from '../api/types';
import { count, number } from '../i18n/format';

const acts: Record<AuditAct, string> = {
  'account.set_up': 'Set up this server', sign_in: 'Signed in', sign_out: 'Signed out', 'session.closed': 'Ended sessions', 'session.betrayed': 'Used a refresh token twice',
  'password.changed': 'Changed the password', 'session.confirmed': 'Confirmed that it is them', 'password.reset': 'Set a new password', 'key.created': 'Made a key', 'key.deleted': 'Deleted a key', 'key.refused': 'Used a key that is not good any more',
  'person.created': 'Added an account', 'person.changed': 'Changed an account', 'person.deleted': 'Deleted an account', 'access.denied': 'Asked for what they may not have',
  'tool_server.added': 'Added a tool server', 'tool_server.changed': 'Changed a tool server', 'tool_server.deleted': 'Deleted a tool server', 'tool_server.emptied': 'Emptied the folder of a program', 'tool_server.tools': 'Allowed or switched tools',
  'tool_server.client': 'Entered a client of a tool server', 'tool_server.connected': 'Signed in at a tool server', 'tool_server.disconnected': 'Signed out of a tool server',
  'tool.began': 'Began to call a tool', 'tool.called': 'Called a tool', 'approval.given': 'Said yes to a call', 'approval.denied': 'Said no to a call', 'question.answered': 'Answered a tool',
  'rule.set': 'Made a rule for a tool', 'rule.deleted': 'Deleted a rule for a tool', 'secret.opened': 'Opened the secrets of a tool server',
  'conversation.exported': 'Exported a conversation', 'conversation.deleted': 'Deleted a conversation', 'task.deleted': 'Deleted a task', 'vault.rotated': 'Changed the key of the vault',
  'programs.unconfined': 'Started without walls around programs', 'registry.imported': 'Imported a registry', 'log.opened': 'Began to keep records', 'log.pruned': 'Removed old records', 'log.exported': 'Exported the records',
};
const endings: Record<AuditEnding, string> = { done: 'done', failed: 'failed', refused: 'refused', aborted: 'stopped', unknown: 'outcome unknown', begun: 'begun' };
const ways: Record<AuditWay, string> = { session: 'in a browser', token: 'with a token', key: 'with an API key', proxy: 'by the sign-in page of the organisation', test_mode: 'by the test mode', local: 'on the machine of this server', run: 'by an agent', password: 'with a password', system: 'by itself' };
const things: Record<AuditThing, string> = { person: 'Account', session: 'Session', key: 'Key', tool_server: 'Tool server', tool: 'Tool', conversation: 'Conversation', run: 'Run', task: 'Task', route: 'Request', deployment: 'Server', log: 'Chain' };

export const audit = {
  lead: 'What was done here, by whom, and how it ended: never what was in it.', leadOwn: 'What was done in your name, by you, your programs and your agents: never what was in it.',
  acts, endings, ways, things,
  act: 'What', ending: 'How it ended', who: 'Who', any: 'Everything', anyEnding: 'Any', everybody: 'Everybody', system: 'This server', gone: 'somebody without an account', nobody: 'somebody unknown',
  none: 'Nothing was written down that fits.', noneYet: 'Nothing was written down yet.', more: 'Show earlier', refresh: 'Look again',
  details: (act: string, who: string) => `${act}, ${who}`, when: 'When', way: 'Came', address: 'From', subject: 'To', run: 'Run', record: 'Record', hash: 'Hash',
  chain: 'Is it whole?', check: 'Check now', checking: 'Checking', unchecked: 'Not checked since this server was started.',
  whole: (records: number, when: string) => `${count(records, 'record', 'records')} checked ${when}: all as they were written.`, broken: (n: number) => `${count(n, 'thing is', 'things are')} not as it was written.`,
  end: 'Where the chains end. Keep these elsewhere, to tell later whether the end was cut off:', andMore: (n: number) => `and ${number(n)} more`,
  kept: (days: number | null) => (days === null ? 'Records are kept for ever.' : `Records are kept for ${count(days, 'day', 'days')}.`),
  exportJsonl: 'Export as JSON lines', exportCsv: 'Export as CSV',
};
