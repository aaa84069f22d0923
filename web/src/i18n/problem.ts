/** What to tell a person about an error. */
import { Problem } from '../api/call';
import { t } from './t';

export function explain(err: unknown): string {
  if (!(err instanceof Problem)) return t.shell.problems.unknown;
  if (err.offline) return t.shell.problems.offline;
  const said = err.detail || err.title || t.shell.problems.unknown;
  return err.retryAfter ? `${said} ${t.shell.problems.wait(err.retryAfter)}` : said;
}
