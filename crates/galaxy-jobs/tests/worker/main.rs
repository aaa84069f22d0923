//! Workers on a real store, with runners that do what the test says.

#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod claims;
mod ends;
mod leases;
mod scene;
