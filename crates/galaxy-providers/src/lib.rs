#![doc = include_str!("../README.md")]

mod adapter;
mod anthropic;
mod calls;
pub mod demo;
mod endpoint;
mod gemini;
mod json;
mod lines;
mod ollama;
mod openai_chat;
mod openai_responses;
mod protocol;
mod scrub;
mod sse;
mod stream;
mod thoughts;
mod turns;
mod wire;
mod wire_error;

pub use adapter::{decode, encode, provider};
pub use endpoint::Endpoint;
pub use protocol::Protocol;
