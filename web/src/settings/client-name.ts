/** What to call the program behind a session: a browser and its system, or the program's own words. */
import { t } from '../i18n/t';

const BROWSERS: readonly [RegExp, string][] = [[/Edg(?:e|A|iOS)?\//, 'Edge'], [/OPR\/|Opera/, 'Opera'], [/Firefox\/|FxiOS\//, 'Firefox'], [/Chromium\//, 'Chromium'], [/Chrome\/|CriOS\//, 'Chrome'], [/Safari\//, 'Safari']];
const SYSTEMS: readonly [RegExp, string][] = [[/Android/, 'Android'], [/iPhone|iPad|iPod/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X|Macintosh/, 'macOS'], [/CrOS/, 'ChromeOS'], [/Linux|X11/, 'Linux']];

export function clientName(client: string): string {
  if (!client.startsWith('Mozilla/')) return client || t.settings.sessions.nameless;
  const find = (all: typeof BROWSERS) => all.find(([pattern]) => pattern.test(client))?.[1];
  const browser = find(BROWSERS), system = find(SYSTEMS);
  return browser && system ? t.settings.sessions.on(browser, system) : browser ?? system ?? client;
}
