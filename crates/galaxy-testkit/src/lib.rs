#![doc = include_str!("../README.md")]

pub mod scripted;
pub mod store;

pub use scripted::{Gate, Script, ScriptedModel, ScriptedProvider};
