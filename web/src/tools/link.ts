/** How a server is reached, as a form holds it, and what is wrong with it. */
import type { Problem } from '../api/call';
import type { Link, LinkBody, NetworkName } from '../api/types';
import { t } from '../i18n/t';
import { argumentsFrom, argumentsText } from './command-line';

export type Way = LinkBody['kind'];
/** A value that opens a server: one that was entered, or one that is stored and that nobody is shown. */
export interface Secret { key: number; name: string; value: string; kept: boolean }
/** A folder that a program may use. */
export interface FolderForm { key: number; path: string; write: boolean }
/** `network` is null as long as nobody chose: then it is what the program needs to be of any use. */
export interface LinkForm { way: Way; url: string; headers: Secret[]; inside: boolean; command: string; arguments: string; environment: Secret[]; folders: FolderForm[]; network: NetworkName | null }
/** By JSON pointer without the first slash, as the server names them too. */
export type Wrong = Record<string, string>;

let last = 0;
export const secret = (name = '', kept = false): Secret => ({ key: ++last, name, value: '', kept });
export const folder = (path = '', write = false): FolderForm => ({ key: ++last, path, write });
const keptOf = (names: readonly string[]) => names.map((it) => secret(it, true));

export function linkForm(link?: Link): LinkForm {
  const empty: LinkForm = { way: 'http', url: '', headers: [], inside: false, command: '', arguments: '', environment: [], folders: [], network: null };
  if (!link) return empty;
  return link.kind === 'http' ? { ...empty, url: link.url, headers: keptOf(link.headers), inside: link.inside }
    : { ...empty, way: 'program', command: link.command, arguments: argumentsText(link.arguments), environment: keptOf(link.environment), folders: link.folders.map((it) => folder(it.path, it.write)), network: link.network };
}

/** `fetchers` are the programs that fetch what they run: without the network they are of no use. */
export const networkOf = (form: LinkForm, fetchers: readonly string[]): NetworkName => form.network ?? (fetchers.includes(form.command.trim().split('/').at(-1)!) ? 'web' : 'none');

/** Whether values that are stored for `link` may go where `form` points; elsewhere they have to be entered again. */
export function keepsValues(form: LinkForm, link: Link | undefined): boolean {
  if (!link || link.kind !== form.way) return false;
  if (link.kind === 'program') return link.command === form.command.trim();
  const origin = originOf(link.url);
  return origin !== undefined && origin === originOf(form.url.trim());
}
function originOf(url: string): string | undefined {
  try { const { origin } = new URL(url); return origin === 'null' ? undefined : origin; } catch { return undefined; }
}

/** What would be sent, and what the person should mend first. */
export function linkBody(form: LinkForm, fetchers: readonly string[], before?: Link): { body: LinkBody; wrong: Wrong } {
  const words = t.tools.form, wrong: Wrong = {}, keeps = keepsValues(form, before);
  if (form.way === 'http') {
    if (!/^https?:\/\/./i.test(form.url.trim())) wrong['link/url'] = words.needUrl;
    return { body: { kind: 'http', url: form.url.trim(), headers: valuesOf(form.headers, 'link/headers', keeps, wrong), inside: form.inside }, wrong };
  }
  if (!form.command.trim()) wrong['link/command'] = words.needCommand;
  const args = argumentsFrom(form.arguments);
  if (!args) wrong['link/arguments'] = words.badArguments;
  return { body: { kind: 'program', command: form.command.trim(), arguments: args ?? [], environment: valuesOf(form.environment, 'link/environment', keeps, wrong), folders: foldersOf(form.folders), network: networkOf(form, fetchers) }, wrong };
}

const foldersOf = (folders: readonly FolderForm[]) => folders.filter((it) => it.path.trim()).map((it) => ({ path: it.path.trim(), write: it.write }));

/** A program as it will be started, for whoever has to say yes to it. */
export const programOf = (body: LinkBody & { kind: 'program' }): Link & { kind: 'program' } => ({
  kind: 'program', command: body.command, arguments: body.arguments ?? [], environment: Object.keys(body.environment ?? {}),
  folders: (body.folders ?? []).map((it) => ({ path: it.path, write: it.write ?? false })), network: body.network ?? 'none',
});

/** Rows in which nothing was written count for nothing. */
function valuesOf(secrets: readonly Secret[], place: string, keeps: boolean, wrong: Wrong): Record<string, string | null> {
  const words = t.tools.form, values = new Map<string, string | null>();
  for (const { key, name: given, value, kept } of secrets) {
    const name = given.trim(), stays = kept && keeps;
    if (!name && !value) continue;
    if (!name) wrong[`${place}#${key}`] = words.needName;
    else if (values.has(name)) wrong[`${place}#${key}`] = words.twice;
    else if (!stays && !value) wrong[`${place}/${name}`] = kept ? words.again : words.needValue;
    values.set(name, stays ? null : value);
  }
  return Object.fromEntries(values);
}

/** Whether the form says something else than what is stored. */
export function isChanged(body: LinkBody, before: Link): boolean {
  if (body.kind !== before.kind) return true;
  const values = Object.entries((body.kind === 'http' ? body.headers : body.environment) ?? {});
  const names = before.kind === 'http' ? before.headers : before.environment;
  if (values.length !== names.length || values.some(([name, value]) => value !== null || !names.includes(name))) return true;
  return body.kind === 'http' && before.kind === 'http' ? body.url !== before.url || (body.inside ?? false) !== before.inside
    : body.kind === 'program' && before.kind === 'program' && (body.command !== before.command || JSON.stringify(body.arguments) !== JSON.stringify(before.arguments) || body.network !== before.network || JSON.stringify(body.folders) !== JSON.stringify(before.folders));
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;
export const isName = (name: string) => NAME.test(name);

/** The mistakes that the server found, by pointer; what belongs to no field comes first under ``. */
export const wrongOf = (problem: Problem): Wrong => Object.fromEntries(problem.errors.map((it) => [it.pointer.replace(/^\//, ''), it.message]));
