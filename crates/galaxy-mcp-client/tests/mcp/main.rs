//! Tool servers as they are and as they should not be, over both transports.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod house;
mod http;
mod library;
mod oauth;
mod orphans;
#[path = "../../examples/fixture/protocol.rs"]
mod protocol;
mod questions;
mod registry;
mod servers;
mod walls;
mod web;
