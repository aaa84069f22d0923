//! How tool servers are reached.

use galaxy_app::servers::{Folder, LinkRequest, Outward};
use galaxy_domain::tool_server::Link;
use serde::{Deserialize, Serialize};
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
        /// What it may use besides what it is made of and a folder of its own.
        folders: Vec<FolderView>,
        /// How far it may reach.
        network: NetworkView,
    },
}

/// A folder, or a file, that a program may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FolderView {
    /// Its absolute path.
    pub path: String,
    /// Whether it may be written, too.
    pub write: bool,
}

/// A folder, or a file, that a program is to be allowed to use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderBody {
    /// Its absolute path.
    pub path: String,
    /// Whether it may be written, too.
    #[serde(default)]
    pub write: bool,
}

/// How far a program may reach by network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NetworkView {
    /// Not at all.
    #[default]
    None,
    /// The ports of the web (TCP 80 and 443).
    Web,
    /// Everything that the server's machine reaches.
    Any,
}

impl From<FolderBody> for Folder {
    fn from(body: FolderBody) -> Self {
        Self { path: body.path, write: body.write }
    }
}

impl From<Folder> for FolderView {
    fn from(folder: Folder) -> Self {
        Self { path: folder.path, write: folder.write }
    }
}

impl From<NetworkView> for Outward {
    fn from(view: NetworkView) -> Self {
        match view {
            NetworkView::None => Self::Nowhere,
            NetworkView::Web => Self::Web,
            NetworkView::Any => Self::Anywhere,
        }
    }
}

impl From<Outward> for NetworkView {
    fn from(outward: Outward) -> Self {
        match outward {
            Outward::Nowhere => Self::None,
            Outward::Web => Self::Web,
            Outward::Anywhere => Self::Any,
        }
    }
}

impl From<&Link> for LinkView {
    fn from(link: &Link) -> Self {
        match link.clone() {
            Link::Http { url, headers, inside } => Self::Http { url, headers, inside },
            Link::Program { command, arguments, environment, folders, network } => {
                let folders = folders.into_iter().map(Into::into).collect();
                Self::Program { command, arguments, environment, folders, network: network.into() }
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
            LinkRequest::Program { command, arguments, environment, folders, network } => {
                Self::Program {
                    command: command.clone(),
                    arguments: arguments.clone(),
                    environment: environment.keys().cloned().collect(),
                    folders: folders.iter().cloned().map(Into::into).collect(),
                    network: (*network).into(),
                }
            }
        }
    }
}
