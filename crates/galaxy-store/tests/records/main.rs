//! What people keep beside their conversations, and how it is found and swept: one suite, run on
//! both engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod feedback;
mod registry;
mod search;
mod sign_ins;
mod stats;
mod sweep;
mod talk;
mod task_lists;
mod tasks;
mod tool_rules;
mod tool_servers;
mod verify;
