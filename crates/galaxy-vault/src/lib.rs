#![doc = include_str!("../README.md")]

mod attest;
mod envelope;
mod keyring;

pub use attest::Worth;
pub use envelope::{Sealed, Slot, Unopened};
pub use keyring::{Keyring, NotAKey};
