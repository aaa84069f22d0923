//! How tool servers are reached from here.

use std::{env, ffi::OsString, path::PathBuf, process::ExitCode, sync::Arc};

use galaxy_app::servers::ServersConfig;
use galaxy_base::{Clock, Tasks};
use galaxy_mcp_client::{Keeper, McpServers, OAuth, keeper};
use galaxy_net::Client;
use galaxy_sandbox::Profile;
use galaxy_tool::server::{SignIn, ToolServers};
use url::Url;

use crate::{
    listen,
    settings::{Given, schema},
    walls::{self, Confinement},
};

/// Our own program, whatever became of its file since it was started.
const OURSELVES: &str = "/proc/self/exe";
/// The command that keeps a program; not for people.
pub(crate) const KEEP: &str = "keep";
/// The folder of the folders of programs.
const HOME: &str = "tool-servers";

/// What a deployment fixes for tool servers.
#[derive(Debug)]
pub(crate) struct Config {
    personal: bool,
    programs: bool,
    search: Vec<PathBuf>,
    folder_bytes: u64,
    confinement: Confinement,
    public: Url,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn read(given: &mut Given, listen: &listen::Config) -> Self {
        let search: Vec<PathBuf> =
            env::split_paths(&given.value(&schema::TOOL_PROGRAMS_PATH)).collect();
        if search.iter().any(|it| !it.is_absolute()) {
            given.refuse(
                schema::TOOL_PROGRAMS_PATH.name,
                "names absolute folders, with `:` between",
            );
        }
        Self {
            personal: given.value(&schema::PERSONAL_TOOL_SERVERS),
            programs: given.value(&schema::TOOL_PROGRAMS),
            search,
            folder_bytes: u64::from(given.value(&schema::TOOL_PROGRAMS_FOLDER_MIB).get()) << 20,
            confinement: Confinement::Walls,
            public: public(given, listen),
        }
    }

    /// The same with programs behind walls, or not.
    pub(crate) fn confined(self, confinement: Confinement) -> Self {
        Self { confinement, ..self }
    }

    /// Whether programs that are added can do whatever this server can.
    pub(crate) fn is_unconfined(&self) -> bool {
        self.programs && self.confinement == Confinement::None
    }

    /// The configuration of the use cases; programs keep what they keep inside `folder`.
    pub(crate) fn build(&self, folder: &std::path::Path, tasks: &Tasks) -> ServersConfig {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let home = folder.join(HOME);
        let confinement = if self.programs { self.confinement } else { Confinement::None };
        ServersConfig {
            personal: self.personal,
            programs: self.programs,
            search: self.search.clone(),
            folder_bytes: self.folder_bytes,
            sandbox: walls::watched(confinement, keeper(), home.clone(), tasks),
            home,
            public: self.public.clone(),
        }
    }
}

/// The origin at which people reach this deployment.
fn public(given: &mut Given, listen: &listen::Config) -> Url {
    let mut url = given.optional(&schema::PUBLIC_URL).unwrap_or_else(|| own(listen));
    let is_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_named = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_origin || !is_named {
        let words = "is an address without a path, such as https://chat.example.org";
        given.refuse(schema::PUBLIC_URL.name, words);
    }
    url.set_path("/");
    url
}

/// How people reach a server on their own machine.
fn own(listen: &listen::Config) -> Url {
    let port = listen.address.port();
    #[expect(clippy::expect_used, reason = "a number makes no address wrong")]
    Url::parse(&format!("http://localhost:{port}")).expect("an address")
}

/// What signs people in.
pub(crate) fn sign_in(net: Client) -> Arc<dyn SignIn> {
    Arc::new(OAuth::new(net, Clock::System))
}

/// What opens connections.
pub(crate) fn opener(net: Client, tasks: Tasks) -> Arc<dyn ToolServers> {
    Arc::new(McpServers::new(net, keeper(), tasks, Clock::System))
}

fn keeper() -> Keeper {
    Keeper { program: OURSELVES.into(), arguments: vec![KEEP.to_owned()] }
}

/// Keeps a program: what the server starts in its own place for each.
pub(crate) fn keep(command: &[OsString], walls: Option<&Profile>) -> ExitCode {
    keeper::run(command, walls)
}
