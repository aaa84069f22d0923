/**
 * What the server takes and gives, by the names the page uses. Everything comes from the generated
 * document (`schema.d.ts`), so a route that changes its answer stops the page from compiling.
 */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Id = string;
/** RFC 3339, UTC, with milliseconds. */
export type Time = string;
export interface Page<T> { items: T[]; next: string | null; total?: number }

export type RuntimeConfig = Schemas['RuntimeConfigView'];

export type Role = Schemas['RoleName'];
export type Scope = Schemas['ScopeName'];
/** Runs act with credentials of their own, but they read no page. */
export type Me = Schemas['MeView'] & { credential: Exclude<Schemas['CredentialName'], 'run'> };
export type SignedIn = Schemas['SessionView'];
export type ApiKey = Schemas['KeyView'];
export type NewApiKey = Schemas['NewKeyView'];
export type Person = Schemas['PersonView'];
export type AuditRecord = Schemas['AuditRecordView'];
export type AuditState = Schemas['AuditStateView'];
export type AuditAct = Schemas['ActName'];
export type AuditEnding = Schemas['EndingName'];
export type AuditWay = Schemas['WayName'];
export type AuditThing = Schemas['ThingName'];

export type Conversation = Schemas['ConversationView'];
export type Found = Schemas['HitView'];
export type Message = Omit<Schemas['MessageView'], 'events'> & { events: RunEvent[] };
export type Part = Schemas['PartView'];
export type Image = Schemas['Image'];
export type Feedback = Schemas['RatingView'];
/** What a person said about a reply, as administrators read it. */
export type FeedbackItem = Schemas['FeedbackView'];
/** A message was saved; there is no run and no answer where nobody asked for one. */
export type Edited = Schemas['StartedView'];
export type Started = { [K in keyof Edited]: NonNullable<Edited[K]> };

export type RunState = Schemas['RunStateName'];
export type Effect = Schemas['EffectName'];
export type Verdict = Schemas['VerdictName'];
export type Reach = Schemas['ReachName'];
export type Question = Schemas['QuestionName'];
export type Outcome = Schemas['OutcomeName'];
export type Finish = Schemas['FinishName'];
export type Usage = Schemas['UsageView'];
/** A run in a list. */
export type RunSummary = Schemas['RunSummaryView'];
export type Run = Schemas['RunView'];
export type Decide =
  | { call: string; digest: string; decision: 'allow'; reach: Reach; input?: object }
  | { call: string; digest: string; decision: 'deny'; reason?: string };

/** The view that a call is shown with: a page of its tool server. */
export type ViewOfCall = Schemas['ViewOfCall'];
export type AppView = Schemas['AppView'];
export type AppCalled = Schemas['AppCalledView'];
export type AppQuestion = Extract<AppCalled, { kind: 'asks' }>;
export interface AppCall { tool: string; arguments: Record<string, unknown>; yes?: { digest: string; reach: Reach } }
/** What a view wants the agent to know with the next message. */
export interface ViewContext { run: Id; call: string; text: string }

/** What the tool of a call wants to know before it goes on. */
export type Elicitation = Schemas['ElicitationView'];
export type Inquiry = Schemas['InquiryView'];
export type Field = Schemas['FieldView'];
export type Heard = Schemas['AnswerView'];
export type Reaction = { action: 'accept'; content?: Record<string, unknown> } | { action: 'decline' } | { action: 'cancel' };
export interface Respond { call: string; round: number; answers: Record<string, Reaction> }

/** Where an event stands in its topic; whoever listens knows which topic that is. */
interface Stored { topic?: string; seq: number; at: Time }
/** An event of a run's topic. */
export type RunEvent = Schemas['RunEventBody'] & Stored;
/** An event of a conversation's or a person's topic. */
export type Notice = Schemas['NoticeBody'] & Stored;

export type Health = Schemas['HealthView'];
export type Model = Schemas['ModelView'];
export type Models = Schemas['ModelsView'];
export type Tool = Schemas['ToolView'];
/** How a call ended that a person made. */
export type Tried = Schemas['TriedView'];

/** A server of tools (MCP), as lists show it. */
export type ToolServer = Schemas['ToolServerView'];
export type ToolServerDetail = Schemas['ToolServerDetailView'];
export type ServerTool = Schemas['ServerToolView'];
/** Where to sign in at a tool server. */
export type Departure = Schemas['DepartureView'];
export type EnterClient = Schemas['EnterClient'];
export type ToolView = Schemas['ToolViewView'];
export type Standing = Schemas['StandingName'];
export type ServerHealth = Schemas['ServerHealthView'];
export type ServerCheck = Schemas['CheckView'];
/** How tool servers that are programs run here, for administrators. */
export type ToolPrograms = Schemas['ToolProgramsStatusView'];
export type LogLine = Schemas['LogEntryView'];
/** How a server is reached, as it is shown: values that open it are never told. */
export type Link = Schemas['LinkView'];
/** How a server is to be reached; `null` keeps a value that is stored. */
export type LinkBody = Schemas['LinkBody'];
export type NetworkName = Schemas['NetworkView'];
export type NewToolServer = Schemas['NewToolServer'];
export type ToolServerFields = Schemas['ChangeToolServer'];
export type DecideTool = Schemas['DecideTool'];
/** A server of another application's file, and what would become of it. */
export type Candidate = Schemas['CandidateView'];
export type Imported = Schemas['ImportedView'];

/** An entry of the marketplace, as lists show it. */
export type Offer = Schemas['OfferView'];
export type OfferDetail = Schemas['OfferDetailView'];
/** One page of the marketplace. */
export type Market = Schemas['MarketView'];
/** How an entry can be had. */
export type Way = Schemas['WayView'];
/** Something that is asked before a server can be added. */
export type EntryQuestion = Schemas['QuestionView'];
/** What a choice comes to, exactly. */
export type Resolution = Schemas['ResolutionView'];
export type Chosen = Schemas['ChooseOffer'];
export type AddOffer = Schemas['AddOffer'];
/** What a newer version comes to, beside what there is. */
export type Update = Schemas['UpdateView'];
export type ChooseUpdate = Schemas['ChooseUpdate'];
export type ApplyUpdate = Schemas['ApplyUpdate'];

export type Priority = Schemas['PriorityName'];
export type Task = Schemas['TaskView'];
export type TaskFields = Partial<Pick<Task, 'title' | 'description' | 'completed' | 'priority' | 'tags' | 'due_at' | 'assignee' | 'depends_on'>>;
export interface TaskQuery {
  status?: 'all' | 'pending' | 'completed'; q?: string; tag?: string; priority?: Priority; due_before?: Time;
  sort?: 'created' | 'updated' | 'due' | 'priority' | 'title'; descending?: boolean; cursor?: string; limit?: number;
}
