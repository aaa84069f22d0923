#![doc = include_str!("../README.md")]

pub mod schema;
pub mod server;
pub mod tool;
pub mod toolbox;

pub use schema::Schema;
pub use tool::{AnyTool, Asks, Notes, Output, Resumed, Tool, ToolCx, ToolError, Whole};
pub use toolbox::{NameTaken, Toolbox};
