//! People, sessions and keys, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod api_keys;
mod people;
mod sessions;
