/** Names of topics. */
import type { Id } from '../api/types';

export const topics = {
  run: (id: Id) => `run:${id}`,
  chat: (id: Id) => `chat:${id}`,
  user: (id: Id) => `user:${id}`,
};
