#![doc = include_str!("../README.md")]

pub mod live;
pub mod worker;

pub use live::{Heard, Live, Stir, Tail, Watch};
pub use worker::{Runner, Worker, WorkerConfig};
