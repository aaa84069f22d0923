//! The connections of this process: one per server, or one per server and person where people
//! sign in; closed when it is old or idle.
//!
//! **Invariant:** what a person was granted is shown on their own connection and on no other.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{StreamExt, stream};
use galaxy_domain::{
    PersonId, ToolServerId,
    audit::{Act, Actor, Fact, Record, Thing},
    tool_server::{Link, ToolServerRow},
};
use galaxy_store::Strength;
use galaxy_tool::server::{Credentials, ToolServer};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Servers;
use crate::AppError;

/// A connection that nobody used for so long is closed; the next call opens it again.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// So many tokens are renewed side by side.
const RENEWALS: usize = 4;

/// On whose behalf a server is used; `None`: nobody's in particular.
pub(crate) type Who = Option<PersonId>;

/// Whose connection it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    server: ToolServerId,
    /// Whose sign-in it shows; `None`: it shows none, and is everybody's who may use the server.
    person: Option<PersonId>,
}

impl Key {
    fn of(row: &ToolServerRow, who: Who) -> Self {
        Self { server: row.id, person: who.filter(|_| row.signs_in) }
    }
}

/// Connections by server and person.
#[derive(Default)]
pub(crate) struct Connections {
    open: Mutex<HashMap<Key, Open>>,
}

struct Open {
    row: ToolServerRow,
    server: Arc<dyn ToolServer>,
    credentials: Option<Arc<dyn Credentials>>,
    noting: Noting,
    used: Instant,
    /// Ends what watches it.
    _watched: DropGuard,
}

/// Held from reading what a server lists until it is kept, so that an older list never takes the
/// place of a newer one.
pub(super) type Noting = Arc<tokio::sync::Mutex<()>>;

/// Whether looking at a connection keeps it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody uses it.
    Use,
    /// We only look after it.
    Care,
}

impl Connections {
    fn locked(&self) -> MutexGuard<'_, HashMap<Key, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection of somebody to a server, if one was opened for this revision of it.
    pub(crate) fn find(
        &self,
        row: &ToolServerRow,
        who: Who,
        purpose: Purpose,
    ) -> Option<Arc<dyn ToolServer>> {
        let mut open = self.locked();
        let found =
            open.get_mut(&Key::of(row, who)).filter(|it| it.row.revision == row.revision)?;
        if purpose == Purpose::Use {
            found.used = Instant::now();
        }
        Some(found.server.clone())
    }

    /// What keeps two readings of a server's list apart, whoever reads it.
    pub(super) fn noting(&self, id: ToolServerId) -> Noting {
        noting(&self.locked(), id)
    }

    /// Somebody who is connected to a server with a sign-in of their own.
    pub(super) fn anybody_at(&self, id: ToolServerId) -> Option<PersonId> {
        self.locked().keys().filter(|it| it.server == id).find_map(|it| it.person)
    }

    /// Everybody who is connected with a sign-in of their own, or was a moment ago.
    fn people(&self) -> HashSet<PersonId> {
        self.locked().keys().filter_map(|it| it.person).collect()
    }

    /// The servers with a connection that are programs.
    pub(super) fn programs(&self) -> Vec<(ToolServerRow, Arc<dyn ToolServer>)> {
        let is_program = |it: &&Open| matches!(it.row.link, Link::Program { .. });
        let open = self.locked();
        open.values().filter(is_program).map(|it| (it.row.clone(), it.server.clone())).collect()
    }

    fn take_if(&self, is_old: impl Fn(&Key, &Open) -> bool) -> Vec<Open> {
        self.locked().extract_if(|key, it| is_old(key, it)).map(|(_, it)| it).collect()
    }
}

fn noting(open: &HashMap<Key, Open>, id: ToolServerId) -> Noting {
    let found = open.iter().find(|(key, _)| key.server == id);
    found.map(|(_, it)| it.noting.clone()).unwrap_or_default()
}

impl Servers {
    /// The connection of somebody to a server; nothing is started or sent yet.
    pub(crate) async fn connection(
        self: &Arc<Self>,
        row: &ToolServerRow,
        who: Who,
        purpose: Purpose,
    ) -> Result<Arc<dyn ToolServer>, AppError> {
        let open = self.connections.find(row, who, purpose);
        if let Err(err) = self.may_run(row, open.as_ref()).await {
            self.disconnect(|it, _| it.server == row.id);
            return Err(err);
        }
        if let Some(server) = open {
            return Ok(server);
        }
        let (key, values) = (Key::of(row, who), self.values(row).await?);
        let credentials = match key.person {
            Some(person) => Some(self.credentials(row, person)?),
            None => None,
        };
        if !values.is_empty() || credentials.is_some() {
            self.note_opened(row, key.person, values.len()).await?;
        }
        let spec = self.spec(row, values, credentials.clone())?;
        self.disconnect(|it, open| it.server == row.id && open.row.revision < row.revision);
        let mut open = self.connections.locked();
        if let Some(found) = open.get(&key) {
            // Somebody was faster, or knows a newer revision.
            return Ok(found.server.clone());
        }
        let server = self.opener.open(spec);
        let ends = CancellationToken::new();
        let noting = noting(&open, row.id);
        self.watch(row.clone(), key.person, server.clone(), noting.clone(), ends.clone());
        let entry = Open {
            row: row.clone(),
            server: server.clone(),
            credentials,
            noting,
            used: Instant::now(),
            _watched: ends.drop_guard(),
        };
        open.insert(key, entry);
        Ok(server)
    }

    /// Writes down that what opens a server is taken out of the vault: before it is used, and once
    /// for each connection.
    async fn note_opened(
        &self,
        row: &ToolServerRow,
        who: Who,
        values: usize,
    ) -> Result<(), AppError> {
        let actor = Actor { person: who, ..Actor::system() };
        let record = Record::new(row.workspace, actor, Act::SecretOpened)
            .about(Thing::ToolServer, row.id)
            .called(&row.name)
            .with(Fact::Values, values)
            .with(Fact::SignIn, who.is_some());
        Ok(self.store.record(record, Strength::Relaxed).await?)
    }

    fn disconnect(&self, is_old: impl Fn(&Key, &Open) -> bool) {
        for open in self.connections.take_if(is_old) {
            self.tasks.spawn(async move { open.server.close().await });
        }
    }

    /// Closes the connections to a server, if there are any.
    pub(crate) async fn close(&self, id: ToolServerId) {
        for open in self.connections.take_if(|key, _| key.server == id) {
            open.server.close().await;
        }
    }

    /// Closes the connection of one person to a server, and the one that shows no sign-in.
    pub(super) async fn close_of(&self, id: ToolServerId, person: PersonId) {
        let is_theirs =
            |key: &Key, _: &Open| key.server == id && key.person.is_none_or(|it| it == person);
        for open in self.connections.take_if(is_theirs) {
            open.server.close().await;
        }
    }

    /// Closes what nobody has used for a while.
    pub(crate) fn close_idle(&self) {
        let now = Instant::now();
        self.disconnect(|_, it| now.duration_since(it.used) >= IDLE);
    }

    /// Closes the connections of people whose accounts are disabled or gone: nothing that was
    /// granted to them is used.
    pub(super) async fn close_shut_out(&self) -> Result<(), AppError> {
        for person in self.connections.people() {
            if self.store.person(person).await?.is_none_or(|it| it.disabled) {
                self.disconnect(|key, _| key.person == Some(person));
            }
        }
        Ok(())
    }

    /// Renews what is about to expire of the sign-ins that are in use, so that no call waits for
    /// it.
    pub(super) async fn renew_ahead(&self) {
        let in_use: Vec<Arc<dyn Credentials>> =
            self.connections.locked().values().filter_map(|it| it.credentials.clone()).collect();
        stream::iter(in_use)
            .for_each_concurrent(RENEWALS, |credentials| async move {
                if let Err(err) = credentials.token().await {
                    // Whoever calls next is told.
                    tracing::debug!(error = %err, "a sign-in is not renewed");
                }
            })
            .await;
    }
}
