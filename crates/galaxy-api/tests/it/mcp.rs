//! Galaxy as a server of the Model Context Protocol, asked as raw JSON over HTTP.

mod agents;
mod auth;
mod eras;
mod gateway;
mod host;
mod remote_tasks;
mod resources;
mod sessions;
mod tasks;
mod tools;
