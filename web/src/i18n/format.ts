/** Numbers, times and sizes as people read them. */
const LANGUAGE = 'en';
const whole = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(LANGUAGE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(LANGUAGE, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(LANGUAGE, { weekday: 'short', day: 'numeric', month: 'short' });
const date = new Intl.DateTimeFormat(LANGUAGE, { day: 'numeric', month: 'short', year: 'numeric' });
const moment = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });
const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'auto' });
const plurals = new Intl.PluralRules(LANGUAGE);

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

export const number = (value: number) => whole.format(value);
/** "1 task", "3 tasks". */
export const count = (value: number, one: string, other: string) => `${whole.format(value)} ${plurals.select(value) === 'one' ? one : other}`;

/** "3 ms", "0.4 s", "12 s", "3:05", "1:02:00": milliseconds as short as they can be told. */
export function duration(ms: number): string {
  if (ms < SECOND / 10) return `${whole.format(Math.max(0, ms))} ms`;
  if (ms < 10 * SECOND) return `${tenth.format(ms / SECOND)} s`;
  if (ms < MINUTE) return `${whole.format(Math.floor(ms / SECOND))} s`;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return ms < HOUR ? `${Math.floor(ms / MINUTE)}:${two((ms % MINUTE) / SECOND)}` : `${Math.floor(ms / HOUR)}:${two((ms % HOUR) / MINUTE)}:${two((ms % MINUTE) / SECOND)}`;
}

/** The same for something that still runs: whole seconds, so that it does not flicker. */
export const elapsed = (ms: number): string => (ms < MINUTE ? `${whole.format(Math.floor(Math.max(0, ms) / SECOND))} s` : duration(ms));

export function bytes(size: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let i = 0;
  for (; size >= 1000 && i < units.length - 1; i++) size /= 1000;
  return `${i && size < 10 ? tenth.format(size) : whole.format(size)} ${units[i]}`;
}

/** "14:02" */
export const timeOfDay = (at: string | Date) => clock.format(new Date(at));
/** "20 Nov 2026, 14:02": the full story, for titles. */
export const fullTime = (at: string | Date) => moment.format(new Date(at));

/** "14:02" today, "Fri 20 Nov" this year, "20 Nov 2025" before. */
export function shortTime(at: string | Date, now = new Date()): string {
  const then = new Date(at);
  if (then.toDateString() === now.toDateString()) return clock.format(then);
  return then.getFullYear() === now.getFullYear() ? day.format(then) : date.format(then);
}

/** "today", "tomorrow", "in 3 days", "12 minutes ago". */
export function relativeTime(at: string | Date, now = new Date()): string {
  const ms = new Date(at).getTime() - now.getTime(), size = Math.abs(ms);
  if (size < MINUTE) return relative.format(0, 'minute');
  if (size < HOUR) return relative.format(Math.round(ms / MINUTE), 'minute');
  if (size < DAY) return relative.format(Math.round(ms / HOUR), 'hour');
  return size < 30 * DAY ? relative.format(Math.round(ms / DAY), 'day') : relative.format(Math.round(ms / (30 * DAY)), 'month');
}
