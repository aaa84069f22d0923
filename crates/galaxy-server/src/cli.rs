//! The commands.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use galaxy_access::{Access, AccessConfig};
use galaxy_base::{ExposeSecret, SecretString, random};
use galaxy_sandbox::Profile;
use galaxy_store::{Store, StoreError};
use url::Url;

use crate::{
    mcp::{self, Order},
    say, serve,
    settings::{self, Described, Given, Mistakes, Origin, Settings, schema},
    tool_servers,
    walls::{self, Confinement},
};

mod audit;
mod registry;
mod rotate;
mod verify;

use audit::AuditCommand;

/// What a wrong configuration ends with (`EX_CONFIG` of sysexits).
const CONFIGURATION: u8 = 78;

/// Galaxy: a self-hosted platform for AI agents. Settings come from the environment and `.env`;
/// `galaxy config explain` lists them.
#[derive(Debug, Parser)]
#[command(name = "galaxy", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the page and the API (this is what happens without a command).
    Serve {
        /// Start tool servers that are programs without walls around them: they can do whatever
        /// this server can. Only for a server that nobody else reaches.
        #[arg(long)]
        unconfined_programs: bool,
    },
    /// Bring the database up to date. Serving does so, too.
    Migrate {
        /// Only say what is missing; exit with 1 if something is.
        #[arg(long)]
        check: bool,
    },
    /// Read all that is stored and say what is wrong with it; exit with 1 if something is.
    /// Changes nothing. With SQLite the server has to be stopped.
    Verify,
    /// Print the API's OpenAPI document.
    Openapi,
    /// Look at the configuration.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Serve hosts of the Model Context Protocol, such as desktop applications and editors.
    Mcp {
        #[command(subcommand)]
        command: McpCommand,
    },
    /// Look after the secrets that are stored.
    Secrets {
        #[command(subcommand)]
        command: SecretsCommand,
    },
    /// Look at what was written down of what happened. With SQLite the server has to be stopped.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Move what was read of registries of tool servers between machines. With SQLite the server has
    /// to be stopped.
    Registry {
        #[command(subcommand)]
        command: RegistryCommand,
    },
    /// Keeps a program; the server starts this itself.
    #[command(name = tool_servers::KEEP, hide = true)]
    Keep {
        /// Behind which walls.
        #[arg(long, value_parser = Profile::from_argument)]
        confined: Option<Profile>,
        /// The program and its arguments.
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// Tries to get past the walls; the server starts this itself, behind them.
    #[command(name = walls::TRY, hide = true)]
    TryWalls {
        /// What is laid out.
        bait: String,
    },
    /// Look after accounts.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Report every mistake; exit with 78 if there is one.
    Check,
    /// List every setting: what it is, where that comes from, and what it means.
    Explain,
}

#[derive(Debug, Subcommand)]
enum McpCommand {
    /// Serve the host that started this, by standard input and output. Opens the data itself; where
    /// a server runs on it, everything is passed on to that one. (A server that runs serves hosts
    /// at `/mcp`, too.)
    Serve {
        /// By standard input and output.
        #[arg(long, required = true)]
        stdio: bool,
        /// As whom to act; without it, as the only administrator.
        #[arg(long = "as", value_name = "EMAIL", conflicts_with = "url")]
        person: Option<String>,
        /// Pass everything on to this server instead, such as `https://chat.example.org/mcp`; the
        /// key for it comes from GALAXY_API_KEY.
        #[arg(long)]
        url: Option<Url>,
    },
}

#[derive(Debug, Subcommand)]
enum SecretsCommand {
    /// Move every stored secret to the current key. Where the keys are kept in DATA_DIR, a fresh
    /// one is made first and the old ones are removed at the end, and the server has to be stopped;
    /// where they come from VAULT_KEY and VAULT_KEYS_OLD, the old ones are not needed afterwards.
    Rotate,
}

#[derive(Debug, Subcommand)]
enum RegistryCommand {
    /// Keep the entries of a snapshot, as far as they are no older than what is here.
    Import {
        /// The snapshot.
        file: PathBuf,
    },
    /// Write all entries to a snapshot.
    Export {
        /// A file that is not there yet.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Print a new token with which the first administrator is made.
    SetupToken,
}

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(self) -> ExitCode {
        let result = match self.command.unwrap_or(Command::Serve { unconfined_programs: false }) {
            Command::Serve { unconfined_programs } => settings()
                .and_then(|it| Ok(it.with_programs(Confinement::of(unconfined_programs))?))
                .and_then(|it| wait(serve::serve(it))),
            Command::Migrate { check: true } => settings().and_then(|it| wait(check_schema(it))),
            Command::Migrate { check: false } => settings().and_then(|it| wait(migrate(it))),
            Command::Verify => settings().and_then(|it| wait(verify::verify(it))),
            Command::Audit { command } => settings().and_then(|it| wait(audit::audit(it, command))),
            Command::Openapi => openapi(),
            Command::Config { command: ConfigCommand::Check } => settings().map(report),
            Command::Config { command: ConfigCommand::Explain } => explain(),
            Command::Mcp { command: McpCommand::Serve { stdio: _, person, url } } => {
                let order = Order { person, url, key: settings::given().host_key() };
                settings().and_then(|it| wait(mcp::serve_stdio(it, order)))
            }
            Command::Secrets { command: SecretsCommand::Rotate } => {
                settings().and_then(|it| wait(rotate::rotate(it)))
            }
            Command::Keep { confined, command } => {
                return tool_servers::keep(&command, confined.as_ref());
            }
            Command::TryWalls { bait } => return walls::tried(&bait),
            Command::Registry { command: RegistryCommand::Import { file } } => {
                settings().and_then(|it| wait(registry::take(it, &file)))
            }
            Command::Registry { command: RegistryCommand::Export { file } } => {
                settings().and_then(|it| wait(registry::give(it, &file)))
            }
            Command::Admin { command: AdminCommand::SetupToken } => {
                settings().and_then(|it| wait(setup_token(it)))
            }
        };
        let Err(err) = result else { return ExitCode::SUCCESS };
        say::complaint(format_args!("{err:#}"));
        if err.is::<Mistakes>() { ExitCode::from(CONFIGURATION) } else { ExitCode::FAILURE }
    }
}

fn settings() -> Result<Settings> {
    Ok(Settings::read(&mut settings::given())?)
}

/// Waits for `work`, which talks to files and to the network.
fn wait(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let result = runtime.block_on(work);
    // What is left waits for somebody who will not come.
    runtime.shutdown_background();
    result
}

async fn check_schema(settings: Settings) -> Result<()> {
    let config = settings.store.build(&serve::instance(), settings.seal()?);
    let pending = Store::pending(config).await?;
    if pending.is_empty() {
        say::line("the database is up to date");
        return Ok(());
    }
    bail!("missing: {}", pending.join(", "))
}

async fn migrate(settings: Settings) -> Result<()> {
    let instance = serve::instance();
    let seal = settings.seal()?;
    let pending = Store::pending(settings.store.build(&instance, seal.clone())).await?;
    settings.store.open(&instance, seal).await?.close().await;
    for name in &pending {
        say::line(format_args!("applied {name}"));
    }
    say::line("the database is up to date");
    Ok(())
}

fn openapi() -> Result<()> {
    // As a value its keys are sorted: what the document holds of its own has no order that stays.
    let document = serde_json::to_value(galaxy_api::document())?;
    say::line(serde_json::to_string_pretty(&document)?);
    Ok(())
}

async fn setup_token(settings: Settings) -> Result<()> {
    let store = match settings.store.open(&serve::instance(), settings.seal()?).await {
        Err(err @ StoreError::InUse(_)) => {
            return Err(err).context(
                "stop the server first, or start it again: it prints a token at each start \
                 until somebody has an account",
            );
        }
        other => other?,
    };
    // Nothing is signed here, so any key will do.
    let key = SecretString::from(random::token());
    let access = Access::new(AccessConfig::new(&settings.app_name, key), store.clone())?;
    let token = access.setup_token().await;
    store.close().await;
    match token? {
        Some(token) => serve::invite(token.expose_secret()),
        None => bail!("somebody has an account already: an administrator can add people"),
    }
    Ok(())
}

fn report(settings: Settings) {
    say::line(format_args!("the configuration is good:\n  {}", settings.summary()));
}

fn explain() -> Result<()> {
    let mut given = settings::given();
    for setting in schema::ALL {
        say::line(explained(&mut given, *setting));
    }
    Settings::read(&mut given)?;
    Ok(())
}

fn explained(given: &mut Given, setting: &dyn Described) -> String {
    let (text, origin) = match given.text(setting) {
        Some(found) => found,
        None => (setting.default().to_owned(), Origin::Default),
    };
    let shown = match (setting.is_secret(), text.is_empty()) {
        (_, true) => "(not set)".to_owned(),
        (true, false) => "(hidden)".to_owned(),
        (false, false) => galaxy_base::text::headline(&text, 80),
    };
    let from = match origin {
        Origin::Environment => "environment".to_owned(),
        Origin::Dotenv => ".env".to_owned(),
        Origin::File(path) => path,
        Origin::Default => "default".to_owned(),
    };
    format!("{} = {shown}  [{from}]\n    {}", setting.name(), setting.doc())
}
