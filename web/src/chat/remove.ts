/** Deletes a conversation, after asking. */
import type { Conversation } from '../api/types';
import { confirm } from '../design/confirm.svelte';
import { toasts } from '../design/toasts.svelte';
import { t } from '../i18n/t';
import { conversations } from './conversations.svelte';

export async function askAndDelete({ id, title }: Conversation): Promise<boolean> {
  if (!(await confirm({ title: t.chat.deleteTitle, text: t.chat.deleteText(title || t.chat.untitled), verb: t.shell.delete, danger: true }))) return false;
  try { await conversations.delete(id); } catch (err) { toasts.fail(err); return false; }
  toasts.show(t.chat.deleted);
  return true;
}
