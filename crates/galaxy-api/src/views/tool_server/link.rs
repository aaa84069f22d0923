//! How tool servers are reached.

use galaxy_app::servers::LinkRequest;
use galaxy_domain::tool_server::Link;
use serde::Serialize;
use utoipa::ToSchema;

/// How a server is reached; values that open it are never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LinkView {
    /// By streamable HTTP.
    Http {
        /// Where.
        url: String,
        /// Names of the headers that open it.
        headers: Vec<String>,
        /// Whether it may be on the server's own machine or in the networks inside.
        inside: bool,
    },
    /// As a program on the server's machine.
    Program {
        /// Its absolute path.
        command: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// Names of the variables of its environment.
        environment: Vec<String>,
    },
}

impl From<&Link> for LinkView {
    fn from(link: &Link) -> Self {
        match link.clone() {
            Link::Http { url, headers, inside } => Self::Http { url, headers, inside },
            Link::Program { command, arguments, environment } => {
                Self::Program { command, arguments, environment }
            }
        }
    }
}

impl From<&LinkRequest> for LinkView {
    fn from(request: &LinkRequest) -> Self {
        match request {
            LinkRequest::Http { url, headers, inside } => Self::Http {
                url: url.clone(),
                headers: headers.keys().cloned().collect(),
                inside: *inside,
            },
            LinkRequest::Program { command, arguments, environment } => Self::Program {
                command: command.clone(),
                arguments: arguments.clone(),
                environment: environment.keys().cloned().collect(),
            },
        }
    }
}
