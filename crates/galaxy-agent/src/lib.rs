#![doc = include_str!("../README.md")]

pub mod audit;
pub mod call;
pub mod context;
pub mod drive;
pub mod log;
pub mod policy;
pub mod step;

mod sample;
mod settle;

pub use call::{Attempt, attempt, call};
pub use drive::{Deps, Driven, FirstPiece, RunError, Signals, drive};
pub use log::RunLog;
pub use policy::{Judgement, Policy, digest};
pub use step::{Limits, Ruling, Step, next_step};
