//! Programs: what stands in the way of one, how they run here, and looking after those that do.

use std::{sync::Arc, time::Duration};

use galaxy_access::administer;
use galaxy_domain::{
    Caller,
    tool_server::{Link, ToolServerRow},
};
use galaxy_tool::server::{Obstacle, State, ToolServer};
use tokio::time::{MissedTickBehavior, interval};

use super::{Sandbox, Servers, walls::FETCHERS};
use crate::{App, AppError};

/// How often it is seen whether programs that run still may; what becomes of the walls is seen at
/// once.
const TICK: Duration = Duration::from_secs(15);

/// How programs run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// Whether administrators may add any.
    pub allowed: bool,
    /// Whether the walls around them hold, as it was tried last.
    pub sandbox: Sandbox,
    /// The names of those that are given the web where nobody says anything.
    pub fetchers: &'static [&'static str],
}

impl App {
    /// How programs run here, with the reason where they do not.
    ///
    /// # Errors
    /// [`AppError::Denied`] to whoever is no administrator.
    pub fn programs(&self, caller: &Caller) -> Result<Programs, AppError> {
        administer(caller)?;
        let config = &self.servers.config;
        let sandbox = config.sandbox.borrow().clone();
        Ok(Programs { allowed: config.programs, sandbox, fetchers: &FETCHERS })
    }
}

impl Servers {
    /// What stands in the way of starting a server, as far as that is known.
    pub(super) fn obstacle(&self, row: &ToolServerRow) -> Option<Obstacle> {
        match &row.link {
            Link::Program { .. } if self.are_walls_broken() => Some(Obstacle::Walls),
            Link::Program { .. } => self.full(row.id),
            Link::Http { .. } => None,
        }
    }

    /// Looks whether a server may be used that is a program: whether the walls hold, and, unless
    /// it runs or is about to, how much its folder holds.
    ///
    /// # Errors
    /// [`AppError::NotStarted`]; [`AppError::Conflict`] where no programs are started.
    pub(super) async fn may_run(
        &self,
        row: &ToolServerRow,
        open: Option<&Arc<dyn ToolServer>>,
    ) -> Result<(), AppError> {
        let Link::Program { .. } = &row.link else { return Ok(()) };
        self.behind_walls().await?;
        if open.is_some_and(|it| is_running(&**it)) { Ok(()) } else { self.fits(row).await }
    }

    /// Ends programs that may not run any more, now and then, until the process stops.
    pub(crate) async fn look_after_programs(self: Arc<Self>) {
        let stopping = self.tasks.stopping().clone();
        let mut sandbox = self.config.sandbox.clone();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let work = async {
            self.remove_leftovers().await;
            loop {
                tokio::select! {
                    _ = ticks.tick() => (),
                    Ok(()) = sandbox.changed() => (),
                }
                for (row, server) in self.connections.programs() {
                    let may_run = !self.are_walls_broken()
                        && (!is_running(&*server) || self.fits(&row).await.is_ok());
                    if !may_run {
                        self.close(row.id).await;
                    }
                }
            }
        };
        tokio::select! {
            () = work => (),
            () = stopping.cancelled() => (),
        }
    }
}

fn is_running(server: &dyn ToolServer) -> bool {
    match server.health().state {
        State::Connecting | State::Ready => true,
        State::Idle | State::NeedsSignIn | State::BackingOff | State::Failed => false,
    }
}
