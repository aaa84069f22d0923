//! What is written down of what happened: one suite, run on both engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod acts;
mod chains;
mod damage;
mod lists;
mod old;
mod property;
mod scene;
mod tampering;
