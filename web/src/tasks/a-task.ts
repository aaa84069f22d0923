/** An example task for tests. */
import type { Task } from '../api/types';

export const aTask = (title: string, fields: Partial<Task> = {}): Task => ({
  id: `id-${title}`, title, description: '', completed: false, priority: 'normal', tags: [], due_at: null, assignee: null, depends_on: [],
  created_at: '2026-03-01T08:00:00.000Z', updated_at: '2026-03-01T08:00:00.000Z', completed_at: null, ...fields,
});
