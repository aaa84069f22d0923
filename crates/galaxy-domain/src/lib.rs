#![doc = include_str!("../README.md")]

pub mod access;
pub mod audit;
pub mod conversation;
pub mod elicitation;
pub mod error;
pub mod feedback;
pub mod id;
pub mod notice;
pub mod part;
pub mod person;
pub mod remote_task;
pub mod run;
pub mod sign_in;
pub mod task;
pub mod tool;
pub mod tool_server;
pub mod transcript;
pub mod usage;

pub use access::{Caller, Permit, Role};
pub use error::Kind;
pub use id::{
    ApiKeyId, ConversationId, Id, MessageId, PersonId, RunId, SessionId, TaskId, ToolClientId,
    ToolGrantId, ToolServerId, ToolSignInId, TopicId, WorkspaceId,
};
pub use part::Part;
pub use remote_task::RemoteTask;
pub use run::{RunState, Stop};
pub use tool::{CallId, Effect, ToolCall, Verdict};
pub use transcript::{Entry, Item, Outcome, Transcript};
pub use usage::Usage;
