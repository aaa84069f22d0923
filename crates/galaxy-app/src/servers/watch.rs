//! Noticing how servers are and what they list, while nobody asks.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use galaxy_access::supervise;
use galaxy_base::text::clip;
use galaxy_domain::tool_server::{Check, Link, Pinned, ToolServerRow};
use galaxy_store::tool_servers::tools::FoundTool;
use galaxy_tool::server::{Health, ServerError, State, ToolList, ToolServer};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Servers,
    connections::{Noting, Purpose, Who},
};
use crate::AppError;

/// How often servers are looked at.
const INTERVAL: Duration = Duration::from_secs(300);
/// How often it is seen which servers are due.
const TICK: Duration = Duration::from_secs(30);
/// How many servers are taken at a time, and how many of them are looked at side by side.
const BATCH: u32 = 32;
const AT_ONCE: usize = 4;
/// Looking at one server takes no longer.
const PATIENCE: Duration = Duration::from_secs(70);
/// A server that says over and over that its tools changed is listened to this often.
const CALM: Duration = Duration::from_secs(2);
/// What was wrong is kept up to this length, in characters.
const TROUBLE_CHARS: usize = 500;
/// For how long it is kept how servers were.
pub(crate) const KEEP: Duration = Duration::from_secs(24 * 3600);

impl Servers {
    /// Follows a connection until `ends`: notes what its server lists whenever that may have
    /// changed, and how it is whenever its state did.
    pub(super) fn watch(
        self: &Arc<Self>,
        row: ToolServerRow,
        who: Who,
        server: Arc<dyn ToolServer>,
        noting: Noting,
        ends: CancellationToken,
    ) {
        let servers = Arc::downgrade(self);
        let stopping = self.tasks.stopping().clone();
        let follow = async move {
            let mut changes = server.changes();
            let mut seen = changes.borrow_and_update().clone();
            while changes.changed().await.is_ok() {
                let now = changes.borrow_and_update().clone();
                let Some(servers) = servers.upgrade() else { return };
                if now.health.state != seen.health.state && now.health.checked.is_some() {
                    servers.note_health(&row, who, &now.health).await;
                }
                if now.tools != seen.tools && now.health.state == State::Ready {
                    servers.read_tools(&row, &*server, &noting).await;
                    tokio::time::sleep(CALM).await;
                }
                seen = now;
            }
        };
        self.tasks.spawn(async move {
            tokio::select! {
                () = follow => (),
                () = ends.cancelled() => (),
                () = stopping.cancelled() => (),
            }
        });
    }

    async fn read_tools(&self, row: &ToolServerRow, server: &dyn ToolServer, noting: &Noting) {
        let _alone = noting.lock().await;
        match timeout(PATIENCE, server.tools()).await {
            Ok(Ok(list)) => self.note_tools(row, &list).await,
            Ok(Err(err)) => tracing::debug!(server = %row.name, error = %err, "tools not listed"),
            Err(_) => tracing::debug!(server = %row.name, "tools not listed in time"),
        }
    }

    /// Keeps what a server lists; what is news takes effect at once. The reader holds [`Noting`].
    async fn note_tools(&self, row: &ToolServerRow, list: &ToolList) {
        let found = list.tools.iter().map(|it| FoundTool {
            tool: it.name.clone(),
            found: Pinned { pin: it.pin.clone(), definition: it.raw.to_string() },
        });
        match self.store.note_server_tools(supervise(row), found.collect()).await {
            Ok(true) => self.shelves.forget_all(),
            Ok(false) => (),
            Err(err) => tracing::warn!(server = %row.name, error = %err, "tools not noted"),
        }
    }

    /// Keeps how a server is. That one of many people has to sign in there says nothing about it.
    pub(super) async fn note_health(&self, row: &ToolServerRow, who: Who, health: &Health) {
        if health.state == State::NeedsSignIn && row.owner.is_none() && who.is_some() {
            return;
        }
        let latency = health.latency.and_then(|it| i64::try_from(it.as_millis()).ok());
        let check = Check {
            at: self.clock.now(),
            state: health.state.as_str().to_owned(),
            latency_ms: latency.filter(|_| health.state == State::Ready),
            trouble: health.trouble.as_ref().map(|it| clip(&it.error.to_string(), TROUBLE_CHARS)),
        };
        let era = health.era.map(|it| it.as_str().to_owned());
        if let Err(err) = self.store.note_check(supervise(row), check, era).await {
            tracing::warn!(server = %row.name, error = %err, "health not noted");
        }
    }

    /// Looks at a server now: connects if need be, lists its tools, and keeps what it found. Gives
    /// whether it answered.
    ///
    /// # Errors
    /// Only when the server cannot even be tried; that it failed is its health.
    pub(super) async fn probe(
        self: &Arc<Self>,
        row: &ToolServerRow,
        who: Who,
        purpose: Purpose,
    ) -> Result<bool, AppError> {
        let server = self.connection(row, who, purpose).await?;
        let noting = self.connections.noting(row.id);
        let alone = noting.lock().await;
        let found = server.probe().await;
        match &found {
            Ok(found) => self.note_tools(row, &found.tools).await,
            Err(ServerError::NeedsSignIn { www_authenticate }) => {
                self.wanted(row, who, www_authenticate.clone()).await;
            }
            Err(_) => (),
        }
        drop(alone);
        self.note_health(row, who, &server.health()).await;
        Ok(found.is_ok())
    }

    /// Looks at servers now and then, and closes connections that nobody uses, until the process
    /// stops.
    pub(crate) async fn look_after_all(self: Arc<Self>) {
        let stopping = self.tasks.stopping().clone();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let work = async {
            loop {
                ticks.tick().await;
                self.close_idle();
                if let Err(err) = self.close_shut_out().await {
                    tracing::warn!(error = %err, "accounts were not looked at");
                }
                self.renew_ahead().await;
                if let Err(err) = self.round().await {
                    tracing::warn!(error = %err, "tool servers were not looked at");
                }
            }
        };
        tokio::select! {
            () = work => (),
            () = stopping.cancelled() => (),
        }
    }

    async fn round(self: &Arc<Self>) -> Result<(), AppError> {
        let due = self.store.take_due_checks(INTERVAL, BATCH).await?;
        stream::iter(due)
            .for_each_concurrent(AT_ONCE, |row| async move {
                if timeout(PATIENCE, self.check(&row)).await.is_err() {
                    tracing::debug!(server = %row.name, "not looked at in time");
                }
            })
            .await;
        Ok(())
    }

    /// A server that is reached by address is asked; a program only if it runs, for it is started
    /// when somebody needs it and not to see whether it would start.
    /// Where people sign in, it is asked on behalf of its owner, or of somebody who uses it now.
    async fn check(self: &Arc<Self>, row: &ToolServerRow) {
        let running = || {
            let server = self.connections.find(row, None, Purpose::Care);
            server.is_some_and(|it| it.health().state == State::Ready)
        };
        let signed_in = || row.owner.or_else(|| self.connections.anybody_at(row.id));
        let who = if row.signs_in { signed_in() } else { None };
        let asked = match &row.link {
            Link::Http { .. } => who.is_some() || !row.signs_in,
            Link::Program { .. } => running(),
        };
        if asked && let Err(err) = self.probe(row, who, Purpose::Care).await {
            tracing::warn!(server = %row.name, error = %err, "cannot be tried");
        }
    }
}
