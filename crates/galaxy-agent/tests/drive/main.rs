//! Whole runs: the driver against a scripted model, with its log in memory or in a store.

#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks out what it is about")]

mod answers;
mod audit;
mod calls;
mod chaos;
mod deltas;
mod elicitation;
mod endings;
mod interruptions;
mod limits;
mod memory;
mod people;
mod scene;
mod stored;
mod tasks;
