#![doc = include_str!("../README.md")]

mod db;
mod json;
mod terms;

pub mod api_keys;
pub mod audit;
pub mod chat;
pub mod config;
pub mod conversations;
pub mod error;
pub mod feedback;
pub mod growth;
pub mod messages;
pub mod once;
pub mod page;
pub mod people;
pub mod registry;
pub mod runs;
pub mod sealed;
pub mod search;
pub mod sessions;
pub mod stats;
pub mod store;
pub mod sweep;
pub mod tasks;
pub mod tool_rules;
pub mod tool_servers;
pub mod topics;
pub mod verify;

pub use audit::{Seal, Sealing};
pub use chat::{Begun, Birth, NewRun, Outlook, Said, Say};
pub use config::{Config, Engine, Fault};
pub use conversations::{ConversationChange, Filter, NewConversation};
pub use db::Strength;
pub use error::StoreError;
pub use growth::{Growth, Logged, Watcher};
pub use messages::{MessagePage, Window};
pub use once::{Made, Once};
pub use page::Page;
pub use runs::{Along, Beat, Entries};
pub use search::Hit;
pub use store::Store;
pub use tasks::{NewTask, TaskChange, TaskFilter, TaskPage, TaskSort, TaskStatus};
pub use tool_servers::{NewToolServer, Place, ToolServerChange};
pub use topics::Replay;
pub use verify::Verified;
