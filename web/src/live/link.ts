/** What a connection for live events does, whichever way it is made. */

export interface LiveEvent { topic: string; seq: number; type: string }
export type Frame =
  | LiveEvent
  | { op: 'ping' }
  | { op: 'reset'; topic: string; seq: number }
  | { op: 'error'; topic: string; code: string }
  | { op: 'server-stopping'; retry_ms: number };

export interface Link {
  follow(topic: string, after: number): void;
  leave(topic: string): void;
  /** Ends it without a further report. */
  close(): void;
}
export interface Reports {
  opened(): void;
  frame(frame: Frame): void;
  /** Anything was heard, be it a heartbeat or the beginning of an answer. */
  heard(): void;
  closed(): void;
}
export type Connect = (reports: Reports) => Link;
