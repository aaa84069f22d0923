/** Due dates as people mean them: a day, or a day and a time. A day alone is stored as its last minute, in the person's time zone. */
import { shortTime, timeOfDay } from '../i18n/format';
import { t } from '../i18n/t';

export type DueState = 'none' | 'overdue' | 'today' | 'later';

const two = (value: number) => String(value).padStart(2, '0');
const LAST_MINUTE = '23:59';

export function dueState(dueAt: string | null, now: Date): DueState {
  if (!dueAt) return 'none';
  const due = new Date(dueAt);
  if (due < now) return 'overdue';
  return due.toDateString() === now.toDateString() ? 'today' : 'later';
}

/** What the two inputs show. */
export function dueFields(dueAt: string | null): { date: string; time: string } {
  if (!dueAt) return { date: '', time: '' };
  const due = new Date(dueAt), time = `${two(due.getHours())}:${two(due.getMinutes())}`;
  return { date: `${due.getFullYear()}-${two(due.getMonth() + 1)}-${two(due.getDate())}`, time: time === LAST_MINUTE ? '' : time };
}

/** What is stored for the two inputs. */
export function dueFrom(date: string, time: string): string | null {
  const due = new Date(`${date}T${time || LAST_MINUTE}`);
  return date && !Number.isNaN(due.getTime()) ? due.toISOString() : null;
}

export const endOf = (day: Date) => dueFrom(dueFields(day.toISOString()).date, '');

/** "today", "today at 14:00", "tomorrow", "Fri 20 Nov". */
export function dueText(dueAt: string, now: Date): string {
  const due = new Date(dueAt), { time } = dueFields(dueAt), at = time && timeOfDay(due);
  const from = new Date(now.getFullYear(), now.getMonth(), now.getDate()), to = new Date(due.getFullYear(), due.getMonth(), due.getDate());
  const days = Math.round((to.getTime() - from.getTime()) / 86_400_000);
  if (days === 0) return at ? t.tasks.todayAt(at) : t.tasks.today;
  const day = days === 1 ? t.tasks.tomorrow : days === -1 ? t.tasks.yesterday : shortTime(due, now);
  return at ? `${day} ${at}` : day;
}
