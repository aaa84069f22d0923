//! The use cases on a real store, with a worker and a scripted model.

#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks out what it is about")]

mod approvals;
mod apps;
mod branches;
mod chat;
mod deleting;
mod elicitation;
mod export;
mod house;
mod market;
mod offers;
mod quick;
mod replicas;
mod servers;
mod signing_in;
mod stopping;
mod task_tools;
mod troubles;
