#![doc = include_str!("../README.md")]

pub mod api;
pub mod problem;
pub mod routes;
pub mod views;

mod caller;
mod extract;
mod gate;
mod layers;
mod live;
mod page;
mod sandbox;

pub use api::{Api, ApiConfig, Backstage};
pub use problem::Problem;
pub use routes::{Declared, Freshness, Mount, Policy, document, router};
pub use sandbox::{Hosts, SandboxConfig, SandboxOrigin};
