#![doc = include_str!("../README.md")]

mod envelope;
mod keyring;

pub use envelope::{Sealed, Slot, Unopened};
pub use keyring::{Keyring, NotAKey};
