/** Every route the page uses, by area. Pages call these; nothing else calls `fetch`. */
import { at, call, queryString } from './call';
import type {
  AddOffer, ApiKey, AppCall, AppCalled, AppView, ApplyUpdate, AuditAct, AuditEnding, AuditRecord, AuditState, Candidate, ChooseUpdate, Chosen, Conversation, Decide, DecideTool, Departure, Edited, EnterClient, Feedback, FeedbackItem, Found, Image, Imported, LogLine, Market, Me, Message, Models, NewApiKey,
  NewToolServer, OfferDetail, Page, Person, Resolution, Respond, Role, Run, RunState, RuntimeConfig, Scope, SignedIn, Started, Task, TaskFields, TaskQuery, Tool, ToolPrograms, ToolServer,
  ToolServerDetail, ToolServerFields, Tried, Update, Verdict, ViewContext,
} from './types';

export { Problem } from './call';

const CHAT = '/api/conversations/{id}', SAID = '/api/conversations/{id}/messages/{mid}', RUN = '/api/runs/{id}', APP = '/api/runs/{id}/apps/{call}', SERVER = '/api/tool-servers/{id}', OFFER = '/api/marketplace/{name}';

export const config = () => call<RuntimeConfig>('GET', '/api/runtime-config');

export const account = {
  me: () => call<Me>('GET', '/api/auth/me'),
  setUp: (body: { token: string; email: string; name: string; password: string }) => call<Me>('POST', '/api/auth/setup', { body }),
  signIn: (body: { email: string; password: string }) => call<Me>('POST', '/api/auth/sign-in', { body }),
  /** Enters the password once more, for what needs a fresh sign-in. */
  confirm: (password: string) => call<void>('POST', '/api/auth/confirm', { body: { password } }),
  signOut: () => call<void>('POST', '/api/auth/sign-out'),
  password: (body: { current: string; new: string }) => call<void>('POST', '/api/auth/password', { body }),
  sessions: () => call<{ items: SignedIn[] }>('GET', '/api/auth/sessions'),
  endSession: (id: string) => call<void>('DELETE', at('/api/auth/sessions/{id}', { id })),
  endOtherSessions: () => call<void>('DELETE', '/api/auth/sessions'),
  keys: () => call<{ items: ApiKey[] }>('GET', '/api/auth/keys'),
  addKey: (body: { name: string; scopes: Scope[]; expires_in_days: number | null }) => call<NewApiKey>('POST', '/api/auth/keys', { body, once: true }),
  deleteKey: (id: string) => call<void>('DELETE', at('/api/auth/keys/{id}', { id })),
};

export const people = {
  list: () => call<{ items: Person[] }>('GET', '/api/people'),
  add: (body: { email: string; name: string; role: Role; password: string }) => call<Person>('POST', '/api/people', { body, once: true }),
  change: (id: string, body: { name?: string; role?: Role; disabled?: boolean }) => call<Person>('PATCH', at('/api/people/{id}', { id }), { body }),
  password: (id: string, password: string) => call<void>('POST', at('/api/people/{id}/password', { id }), { body: { password } }),
};

export type AuditQuery = { act?: AuditAct; ending?: AuditEnding; person?: string; subject?: string; run?: string; from?: string; until?: string; cursor?: string; limit?: number };

export const audit = {
  list: (query: AuditQuery) => call<{ items: AuditRecord[]; next: string | null }>('GET', '/api/audit', { query }),
  own: (query: AuditQuery) => call<{ items: AuditRecord[]; next: string | null }>('GET', '/api/audit/own', { query }),
  state: () => call<AuditState>('GET', '/api/audit/state'),
  check: () => call<AuditState>('POST', '/api/audit/check'),
  exportUrl: (format: 'jsonl' | 'csv') => `/api/audit/export${queryString({ format })}`,
};

export type ConversationFields = Partial<Pick<Conversation, 'title' | 'pinned' | 'archived' | 'model' | 'tools' | 'system_prompt'>>;

export const conversations = {
  list: (query: { archived?: boolean; cursor?: string; limit?: number } = {}) => call<Page<Conversation>>('GET', '/api/conversations', { query }),
  search: (q: string, limit = 20, signal?: AbortSignal) => call<{ items: Found[] }>('GET', '/api/conversations/search', { query: { q, limit }, ...(signal && { signal }) }),
  get: (id: string) => call<Conversation>('GET', at(CHAT, { id })),
  create: (body: ConversationFields, once: boolean | string = true) => call<Conversation>('POST', '/api/conversations', { body, once }),
  change: (id: string, body: ConversationFields) => call<Conversation>('PATCH', at(CHAT, { id }), { body }),
  delete: (id: string) => call<void>('DELETE', at(CHAT, { id })),
  fork: (id: string, message_id: string) => call<Conversation>('POST', at(`${CHAT}/fork`, { id }), { body: { message_id }, once: true }),
  exportUrl: (id: string, format: 'txt' | 'md' | 'json') => at(`${CHAT}/export`, { id }) + queryString({ format }),
};

export const messages = {
  list: (id: string, query: { before?: string; around?: string; limit?: number } = {}) =>
    call<{ items: Message[]; has_more: boolean }>('GET', at(`${CHAT}/messages`, { id }), { query }),
  send: (id: string, body: { text: string; images?: Image[]; parent_id?: string; model?: string; context?: ViewContext[] }, once: boolean | string = true) =>
    call<Started>('POST', at(`${CHAT}/messages`, { id }), { body, once }),
  edit: (id: string, mid: string, body: { text: string; rerun: boolean }) => call<Edited>('POST', at(`${SAID}/edit`, { id, mid }), { body, once: true }),
  regenerate: (id: string, mid: string, body: { model?: string } = {}) => call<Started>('POST', at(`${SAID}/regenerate`, { id, mid }), { body, once: true }),
  show: (id: string, mid: string) => call<void>('POST', at(`${SAID}/show`, { id, mid })),
  rate: (id: string, mid: string, body: Feedback) => call<void>('PUT', at(`${SAID}/feedback`, { id, mid }), { body }),
  unrate: (id: string, mid: string) => call<void>('DELETE', at(`${SAID}/feedback`, { id, mid })),
};

export const runs = {
  active: () => call<{ items: Run[] }>('GET', '/api/runs', { query: { active: true } }),
  get: (id: string) => call<Run>('GET', at(RUN, { id })),
  stop: (id: string) => call<{ state: RunState }>('POST', at(`${RUN}/stop`, { id }), { once: true }),
  continue: (id: string) => call<{ state: RunState }>('POST', at(`${RUN}/continue`, { id }), { once: true }),
  approve: (id: string, body: Decide) => call<{ state: RunState }>('POST', at(`${RUN}/approve`, { id }), { body, once: true }),
  respond: (id: string, body: Respond) => call<{ state: RunState }>('POST', at(`${RUN}/respond`, { id }), { body, once: true }),
  answer: (id: string, body: { call: string; answer: string | string[] }) => call<{ state: RunState }>('POST', at(`${RUN}/answer`, { id }), { body, once: true }),
};

/** Views of calls, and what they ask for. */
export const apps = {
  view: (id: string, of: string) => call<AppView>('GET', at(APP, { id, call: of })),
  result: (id: string, of: string) => call<Record<string, unknown>>('GET', at(`${APP}/result`, { id, call: of })),
  /** Ends where `signal` says so, and the next too: the server is told that nobody waits any more. */
  call: (id: string, of: string, body: AppCall, signal: AbortSignal) => call<AppCalled>('POST', at(`${APP}/call`, { id, call: of }), { body, signal }),
  read: (id: string, of: string, uri: string, signal: AbortSignal) => call<unknown>('POST', at(`${APP}/read`, { id, call: of }), { body: { uri }, signal }),
};

export const models = {
  list: () => call<Models>('GET', '/api/models'),
  check: (name?: string) => call<Models>('POST', '/api/models/check', { body: name === undefined ? {} : { name } }),
  remote: (provider: string, refresh = false) => call<{ items: string[] }>('GET', '/api/models/remote', { query: { provider, refresh } }),
};

export const tools = {
  list: () => call<{ items: Tool[] }>('GET', '/api/tools'),
  rule: (name: string, verdict: Verdict | null) => call<void>('PUT', at('/api/tools/{name}/rule', { name }), { body: { verdict } }),
  /** Ends where `signal` says so: the server is told that nobody waits any more. */
  call: (name: string, args: Record<string, unknown>, signal: AbortSignal) => call<Tried>('POST', at('/api/tools/{name}/call', { name }), { body: { arguments: args }, signal }),
};

export const toolServers = {
  list: () => call<{ items: ToolServer[] }>('GET', '/api/tool-servers'),
  get: (id: string) => call<ToolServerDetail>('GET', at(SERVER, { id })),
  add: (body: NewToolServer) => call<ToolServerDetail>('POST', '/api/tool-servers', { body, once: true }),
  change: (id: string, body: ToolServerFields) => call<ToolServerDetail>('PATCH', at(SERVER, { id }), { body }),
  delete: (id: string) => call<void>('DELETE', at(SERVER, { id })),
  decide: (id: string, decisions: DecideTool[]) => call<ToolServerDetail>('PATCH', at(`${SERVER}/tools`, { id }), { body: { tools: decisions } }),
  probe: (id: string) => call<ToolServerDetail>('POST', at(`${SERVER}/probe`, { id })),
  restart: (id: string) => call<ToolServerDetail>('POST', at(`${SERVER}/restart`, { id })),
  /** Where to sign in. */
  connect: (id: string) => call<Departure>('POST', at(`${SERVER}/connect`, { id })),
  disconnect: (id: string) => call<ToolServerDetail>('DELETE', at(`${SERVER}/connect`, { id })),
  enterClient: (id: string, body: EnterClient) => call<ToolServerDetail>('PUT', at(`${SERVER}/client`, { id }), { body }),
  forgetClient: (id: string) => call<ToolServerDetail>('DELETE', at(`${SERVER}/client`, { id })),
  /** Removes what a program keeps in its folder. */
  empty: (id: string) => call<ToolServerDetail>('DELETE', at(`${SERVER}/folder`, { id })),
  /** How programs run, and why they do not. */
  programs: () => call<ToolPrograms>('GET', '/api/tool-programs'),
  log: (id: string) => call<{ items: LogLine[] }>('GET', at(`${SERVER}/log`, { id })),
  preview: (body: { file: unknown; shared: boolean }) => call<{ items: Candidate[] }>('POST', '/api/tool-servers/preview', { body }),
  import: (body: { file: unknown; shared: boolean; servers: string[] }) => call<{ items: Imported[] }>('POST', '/api/tool-servers/import', { body }),
  // As the servers send it: what is in there is read with care (see `tools/offers.ts`).
  resources: (id: string) => call<{ items: unknown[] }>('GET', at(`${SERVER}/resources`, { id })),
  templates: (id: string) => call<{ items: unknown[] }>('GET', at(`${SERVER}/templates`, { id })),
  prompts: (id: string) => call<{ items: unknown[] }>('GET', at(`${SERVER}/prompts`, { id })),
  read: (id: string, uri: string) => call<unknown>('POST', at(`${SERVER}/resources/read`, { id }), { body: { uri } }),
  fill: (id: string, name: string, args: Record<string, string>) => call<unknown>('POST', at(`${SERVER}/prompts/get`, { id }), { body: { name, arguments: args } }),
};

export const marketplace = {
  list: (query: { search?: string; tag?: string; source?: string; cursor?: string; limit?: number } = {}) => call<Market>('GET', '/api/marketplace', { query }),
  get: (name: string, version?: string) => call<OfferDetail>('GET', at(OFFER, { name }), { query: { version } }),
  resolve: (name: string, body: Chosen) => call<Resolution>('POST', at(`${OFFER}/resolve`, { name }), { body }),
  add: (name: string, body: AddOffer) => call<ToolServerDetail>('POST', at(`${OFFER}/add`, { name }), { body, once: true }),
  previewUpdate: (id: string, body: ChooseUpdate) => call<Update>('POST', at(`${SERVER}/update/preview`, { id }), { body }),
  update: (id: string, body: ApplyUpdate) => call<ToolServerDetail>('POST', at(`${SERVER}/update`, { id }), { body }),
};

export const feedback = {
  list: () => call<{ items: FeedbackItem[] }>('GET', '/api/feedback'),
};

export const tasks = {
  list: (query: TaskQuery = {}) => call<Page<Task>>('GET', '/api/tasks', { query: { ...query } }),
  get: (id: string) => call<Task>('GET', at('/api/tasks/{id}', { id })),
  create: (body: TaskFields & { title: string }) => call<Task>('POST', '/api/tasks', { body, once: true }),
  change: (id: string, body: TaskFields) => call<Task>('PUT', at('/api/tasks/{id}', { id }), { body }),
  complete: (id: string, completed = true) => call<Task>('PATCH', at('/api/tasks/{id}/complete', { id }), { body: { completed } }),
  delete: (id: string) => call<void>('DELETE', at('/api/tasks/{id}', { id })),
};
