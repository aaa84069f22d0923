#![doc = include_str!("../README.md")]

pub mod backoff;
pub mod clock;
pub mod random;
pub mod tasks;
pub mod text;

pub use backoff::Backoff;
pub use clock::{Clock, Timestamp};
pub use secrecy::{ExposeSecret, SecretString};
pub use tasks::Tasks;
