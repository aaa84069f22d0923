//! Tools of servers that ask the person of a run, against a server made of a closure.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod again;
mod held;
mod scene;
mod sign_in;
mod task;
mod works;
