#![doc = include_str!("../README.md")]

pub mod issuer;
pub mod provider;
pub mod scripted;
pub mod server;
pub mod store;
pub mod tool;

pub use issuer::FakeIssuer;
pub use provider::FakeProvider;
pub use scripted::{Gate, Script, ScriptedModel, ScriptedProvider};
pub use server::{FakeToolServer, FakeToolServers};
pub use tool::FakeTool;
