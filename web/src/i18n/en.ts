/** English. Each area keeps its words beside its code; this file only puts them together. */
import { words as auth } from '../auth/text';
import { words as chat } from '../chat/text';
import { words as run } from '../run/text';
import { words as settings } from '../settings/text';
import { words as shell } from './shell';
import { words as tasks } from '../tasks/text';
import { words as tools } from '../tools/text';

export const en = { shell, chat, run, auth, tasks, tools, settings };
