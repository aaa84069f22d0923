#![doc = include_str!("../README.md")]

pub mod address;
pub mod client;
pub mod error;
pub mod policy;
mod resolver;
pub mod response;

pub use client::{Client, Config, Request};
pub use error::Error;
pub use policy::{Denied, Policy, Reach};
pub use response::{Response, Text};
