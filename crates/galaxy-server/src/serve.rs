//! Puts the server together and runs it until it is told to stop.
//!
//! **Stopping.** At the first signal `/health/ready` turns red and live streams are told to come
//! back later; runs are handed over; then the port closes, and what was asked already is answered.
//! All of it has [`GRACE`] together. A second signal ends the process at once.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use galaxy_access::Access;
use galaxy_api::Api;
use galaxy_app::{
    App,
    app::Parts,
    audit::{Notary, by_command},
};
use galaxy_base::{Clock, ExposeSecret, Tasks, random};
use galaxy_domain::audit::Act;
use galaxy_mcp_server::McpServer;
use galaxy_net::Client;
use galaxy_store::Store;
use tokio::time::Instant;

use crate::{
    mcp,
    process::{EndSignals, Process},
    say,
    settings::Settings,
    tool_servers,
};

/// How long a stop may take.
pub(crate) const GRACE: Duration = Duration::from_secs(30);

/// Serves until a signal.
///
/// # Errors
/// When a part cannot be built.
pub(crate) async fn serve(settings: Settings) -> Result<()> {
    let numbers = settings.telemetry.build()?;
    let mut signals = EndSignals::watch()?;
    install_tls()?;
    let tasks = Tasks::default();
    let Assembled { app, store, access } = assemble(&settings, &tasks).await?;
    if settings.tool_servers.is_unconfined() {
        by_command(&store, Act::Unconfined, |it| it).await?;
    }
    let process = Process::new(app.clone(), numbers, tasks.clone());
    let server =
        McpServer::new(app.clone(), settings.listen.behind_proxy, process.stopping_token());
    let api = Api::new(app, settings.web.api(), process.clone());
    let listener = settings.listen.build().await?;
    let address = listener.address()?;

    process.start();
    greet(&settings, address, &access).await?;
    let stop = stop(&mut signals, &process, &tasks);
    let router = galaxy_api::router(api, vec![mcp::mount(&server)]);
    let is_done = listener.serve(router, stop).await;
    store.close().await;
    tracing::info!(is_done, "stopped");
    Ok(())
}

/// The use cases and what they stand on. Nothing runs yet.
pub(crate) struct Assembled {
    pub(crate) app: Arc<App>,
    pub(crate) store: Store,
    pub(crate) access: Arc<Access>,
}

/// Opens the data and puts the use cases on it.
///
/// # Errors
/// When a part cannot be built.
pub(crate) async fn assemble(settings: &Settings, tasks: &Tasks) -> Result<Assembled> {
    let instance = instance();
    let client = Client::new(galaxy_net::Config::default())?;
    let vault = Arc::new(settings.vault.build(settings.store.folder())?);
    let seal = Arc::new(Notary::new(vault.clone()));
    let (store, catalogue) =
        tokio::join!(settings.store.open(&instance, seal), settings.models.build(&client));
    let (store, catalogue) = (store?, catalogue?);
    let key = settings.secret_key.build(settings.store.folder())?;
    if settings.store.is_shared() && !settings.secret_key.is_given() {
        tracing::warn!("several processes need one JWT_SECRET_KEY; this one made its own");
    }
    let access = settings.web.access(&settings.app_name, key);
    let access = Arc::new(Access::new(access, store.clone())?);
    if settings.store.is_shared() && !settings.vault.is_given() {
        tracing::warn!("several processes need one VAULT_KEY; this one made its own");
    }
    let parts = Parts {
        store: store.clone(),
        access: access.clone(),
        catalogue,
        tools: galaxy_tools::all(),
        opener: tool_servers::opener(client.clone(), tasks.clone()),
        sign_in: tool_servers::sign_in(client.clone()),
        vault,
        upstream: settings.registry.build(&client),
        clock: Clock::System,
        tasks: tasks.clone(),
    };
    let servers = settings.tool_servers.build(settings.store.folder(), tasks);
    let (name, prompt) = (&settings.app_name, &settings.system_prompt);
    let config = settings.limits.build(name, prompt, &instance, servers);
    Ok(Assembled { app: App::new(parts, config)?, store, access })
}

/// Installs the cryptography that every TLS connection uses.
///
/// # Errors
/// When another was installed before.
pub(crate) fn install_tls() -> Result<()> {
    let installed = rustls::crypto::ring::default_provider().install_default();
    installed.ok().context("another TLS crypto provider is installed")
}

/// A name for this process among those that share a database.
pub(crate) fn instance() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "galaxy" } else { host.trim() };
    // Containers share host names and process numbers more often than one would think.
    format!("{host}-{}-{}", std::process::id(), &random::token()[..8])
}

/// Waits for a signal and hands over what goes on in the background; gives the moment by which
/// everything else should have ended, too.
async fn stop(signals: &mut EndSignals, process: &Process, tasks: &Tasks) -> Instant {
    let signal = signals.next().await;
    let deadline = Instant::now() + GRACE;
    tracing::info!(signal, "stopping; once more ends at once");
    process.announce_stop();
    end_at_second_signal();
    if !tasks.stop(GRACE).await {
        tracing::warn!(left = tasks.count(), "some work was not handed over in time");
    }
    deadline
}

/// Ends the process at the next signal, whatever it is doing.
fn end_at_second_signal() {
    let Ok(mut signals) = EndSignals::watch() else { return };
    // Nobody waits for this one: it ends with the process.
    Tasks::default().spawn(async move {
        let signal = signals.next().await;
        tracing::warn!(signal, "ending at once");
        std::process::exit(1);
    });
}

/// Tells the person at the terminal where to go, and, when nobody has an account, how to get one.
async fn greet(settings: &Settings, address: SocketAddr, access: &Access) -> Result<()> {
    let name = &settings.app_name;
    say::line(format_args!("{name} {} listens on http://{address}", env!("CARGO_PKG_VERSION")));
    if settings.web.is_test_mode() {
        say::line("  TEST_MODE is on: everybody gets in.");
    }
    if settings.tool_servers.is_unconfined() {
        say::line("  Programs that are added as tool servers have no walls around them.");
    }
    tracing::info!(%address, "listening");
    if let Some(token) = access.setup_token().await? {
        invite(token.expose_secret());
    }
    Ok(())
}

/// Tells how the first administrator comes about.
pub(crate) fn invite(token: &str) {
    say::line(format_args!(
        "\nNobody has an account yet. Open the page and use this token to make the first one, \
         which is the administrator's.\nIt works once, and only until the next start:\n\n    \
         {token}\n"
    ));
}
