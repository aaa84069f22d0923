/**
 * What the server takes and gives. Written by hand after the HTTP contract; once the document is
 * generated, each name becomes an alias of `components['schemas'][…]` and nothing else changes.
 */
export type Id = string;
/** RFC 3339, UTC, with milliseconds. */
export type Time = string;

export interface RuntimeConfig {
  name: string;
  version: string;
  set_up: boolean;
  auth: { password: boolean; proxy: boolean; test_mode: boolean };
  features: { websocket: boolean };
  limits: { message_chars: number; image_bytes: number; max_active_runs: number };
  environment: string;
  page_hash: string;
}

export type Role = 'viewer' | 'member' | 'admin';
export type Scope = 'read' | 'chat' | 'tasks' | 'admin';
export interface Me { id: Id; email: string; name: string; role: Role; credential: 'session' | 'token' | 'api_key' | 'proxy' | 'test_mode'; scopes: Scope[] }
export interface SignedIn { id: Id; client: string; created_at: Time; seen_at: Time; expires_at: Time; current: boolean }
export interface ApiKey { id: Id; name: string; prefix: string; scopes: Scope[]; created_at: Time; expires_at: Time | null; used_at: Time | null }
export interface NewApiKey extends ApiKey { key: string }
export interface Person { id: Id; email: string; name: string; role: Role; disabled: boolean; created_at: Time }

export type RunState = 'queued' | 'running' | 'parked' | 'finished' | 'exhausted' | 'cancelled' | 'incomplete' | 'failed';
export interface Page<T> { items: T[]; next: string | null; total?: number }

export interface Conversation {
  id: Id; title: string; pinned: boolean; archived: boolean; model: string | null; tools: string[] | null; tools_locked: boolean;
  system_prompt: string | null; state: RunState | null; messages: number; created_at: Time; updated_at: Time;
}
export interface Found { conversation_id: Id; message_id: Id | null; title: string; snippet: { text: string; match: boolean }[]; at: Time }

export type Part = { kind: 'text'; text: string } | { kind: 'reasoning'; text: string } | { kind: 'image'; media_type: string; data: string };
export interface Image { media_type: string; data: string }
export interface Feedback { rating: 'up' | 'down'; comment: string }
/** What somebody thinks of an answer, as administrators see it. */
export interface FeedbackItem extends Feedback { message_id: Id; conversation_id: Id; person_id: Id; at: Time }
export interface Message {
  id: Id; parent_id: Id | null; speaker: 'person' | 'agent'; created_at: Time; siblings: Id[]; parts: Part[];
  run: { id: Id; state: RunState; seq: number } | null; events: RunEvent[]; feedback: Feedback | null;
}
export interface Started { run_id: Id; question_id: Id; answer_id: Id }
export interface Edited { question_id: Id; run_id: Id | null; answer_id: Id | null }

export type Effect = 'reads' | 'writes' | 'reaches' | 'asks';
export type Verdict = 'allow' | 'ask' | 'deny';
export type Reach = 'once' | 'conversation' | 'always';
export type Question = 'approval' | 'answer';
export type Outcome = 'done' | 'failed' | 'denied' | 'aborted' | 'unknown';
export type Finish = 'stop' | 'calls' | 'length' | 'refused' | 'cancelled' | 'broken';
export interface Usage { input: number; cached: number; output: number; reasoning: number }
export interface OpenCall { call: string; tool: string; input: unknown; question: Question | null; digest: string | null; effect: Effect }
export interface Run {
  id: Id; conversation_id: Id; question_id: Id; answer_id: Id; state: RunState; model: string | null; created_at: Time; ended_at: Time | null; seq: number;
  usage?: Usage; open?: OpenCall[];
}
export type Decide =
  | { call: string; digest: string; decision: 'allow'; reach: Reach; input?: object }
  | { call: string; digest: string; decision: 'deny'; reason?: string };

interface Stored { topic?: string; seq: number; at: Time }
export type RunEvent = Stored & (
  | { type: 'run.started'; message_id: Id; parts: Part[] }
  | { type: 'step.started'; model: string; because?: string | null }
  | { type: 'message.delta'; text: string }
  | { type: 'reasoning.delta'; text: string }
  | { type: 'tool.args.delta'; call: string; tool: string; text: string }
  | { type: 'message.done'; parts: Part[]; calls: { id: string; tool: string; input: unknown }[]; finish: Finish; model: string }
  | { type: 'tool.approval'; call: string; question: Question; digest: string }
  | { type: 'tool.decided'; call: string; decision: 'allow' | 'deny'; reach?: Reach | null; input?: unknown; reason?: string | null; by: Id }
  | { type: 'tool.started'; call: string; effect: Effect }
  | { type: 'tool.progress'; call: string; share?: number | null; note: string }
  | { type: 'tool.finished'; call: string; outcome: Outcome; output: Part[]; message?: string | null; took_ms: number }
  | { type: 'usage.updated'; model: string; input: number; cached: number; output: number; reasoning: number }
  | { type: 'run.finished'; state: 'finished' | 'exhausted' | 'cancelled' | 'incomplete'; message?: string | null }
  | { type: 'run.failed'; code: string; message: string; detail?: string | null }
  | { type: 'run.resumed'; by: Id }
);

export type Notice = Stored & (
  | { type: 'conversation.updated'; conversation_id: Id; title: string; pinned: boolean; archived: boolean }
  | { type: 'conversation.deleted'; conversation_id: Id }
  | { type: 'message.added'; conversation_id: Id; message_id: Id; run_id: Id | null }
  | { type: 'run.changed'; conversation_id: Id; run_id: Id; state: RunState }
  | { type: 'task.updated'; task: Task }
  | { type: 'task.deleted'; task_id: Id }
);

export interface Health { status: 'ok' | 'failed' | 'unknown' | 'disabled'; latency_ms: number | null; code: string | null; message: string | null; advice: string | null; detail: string | null; checked_at: Time | null }
export interface Model {
  name: string; model: string; provider: string; protocol: string; source: string; demo: boolean; context_tokens: number | null;
  capabilities: { tools: boolean; images: boolean; reasoning: boolean; structured: boolean }; health: Health;
}
export interface Models { default: string | null; disabled: boolean; items: Model[] }
export interface Tool { name: string; description: string; origin: string; effect: Effect; verdict: Verdict; default_verdict: Verdict; schema: unknown }

export type Priority = 'low' | 'normal' | 'high';
export interface Task {
  id: Id; title: string; description: string; completed: boolean; priority: Priority; tags: string[]; due_at: Time | null; assignee: Id | null;
  depends_on: Id[]; created_at: Time; updated_at: Time; completed_at: Time | null;
}
export type TaskFields = Partial<Pick<Task, 'title' | 'description' | 'completed' | 'priority' | 'tags' | 'due_at' | 'assignee' | 'depends_on'>>;
export interface TaskQuery {
  status?: 'all' | 'pending' | 'completed'; q?: string; tag?: string; priority?: Priority; due_before?: Time;
  sort?: 'created' | 'updated' | 'due' | 'priority' | 'title'; descending?: boolean; cursor?: string; limit?: number;
}
