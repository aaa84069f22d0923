//! Conversations, the runs that answer in them, and the logs that readers follow: one suite, run
//! on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod conversations;
mod decide;
mod log;
mod queue;
mod say;
mod scene;
mod shared;
mod topics;
mod tree;
