//! A change under way: a connection inside a transaction, and what to tell after the commit.

use galaxy_base::Timestamp;
use galaxy_domain::{ConversationId, PersonId, RunId, TopicId, WorkspaceId, notice::Notice};
use sqlx::{Postgres, Sqlite, pool::PoolConnection};
use uuid::Uuid;

use crate::{
    db::{Conn, later::Later},
    error::StoreError,
    growth::{Aftermath, Growth},
    topics,
};

/// A change under way.
///
/// What is told through it (notices, growth, wake-ups) is forgotten when the change fails.
#[derive(Debug)]
pub(crate) struct Tx {
    conn: Conn,
    /// When the change is made; the same for all its rows.
    pub(crate) now: Timestamp,
    later: Later,
    notices: Vec<topics::Pending>,
    after: Aftermath,
}

/// Where a statement goes whose result nobody needs.
pub(crate) enum Target<'t> {
    /// To the others, until the connection is needed.
    Sqlite(&'t mut Later),
    /// To the server at once: there a statement costs the same whenever it is sent.
    Postgres(&'t mut PoolConnection<Postgres>),
}

impl Tx {
    /// A change on `conn`, which is inside a transaction.
    pub(crate) fn new(conn: Conn, now: Timestamp) -> Self {
        Self {
            conn,
            now,
            later: Later::default(),
            notices: Vec::new(),
            after: Aftermath::default(),
        }
    }

    /// The connection, after the statements that waited for it.
    pub(crate) async fn ready(&mut self) -> Result<&mut Conn, StoreError> {
        self.flush().await?;
        Ok(&mut self.conn)
    }

    /// Where to put a statement whose result nobody needs.
    pub(crate) fn later(&mut self) -> Target<'_> {
        match &mut self.conn {
            Conn::Sqlite(_) => Target::Sqlite(&mut self.later),
            Conn::Postgres(conn) => Target::Postgres(conn),
        }
    }

    /// Runs the statements that wait and gives the rows they return; only the numbering of notices
    /// returns any.
    pub(crate) async fn flush(&mut self) -> Result<Vec<(Uuid, i64)>, StoreError> {
        match (&mut self.conn, self.later.take()) {
            (Conn::Sqlite(conn), Some((text, values))) => {
                let rows = sqlx::query_as_with::<Sqlite, _, _>(text, values);
                Ok(rows.fetch_all(&mut **conn).await?)
            }
            (Conn::Sqlite(_) | Conn::Postgres(_), _) => Ok(Vec::new()),
        }
    }

    /// The bare connection, to end the transaction with.
    pub(super) fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Whether the engine is PostgreSQL, for the few statements with two texts.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.conn, Conn::Postgres(_))
    }

    /// Writes `notice` to the topic of `person` at the end of this transaction.
    pub(crate) fn notify_person(
        &mut self,
        workspace: WorkspaceId,
        person: PersonId,
        notice: Notice,
    ) {
        let topic = TopicId::from(person);
        self.notices.push(topics::Pending { rank: topics::PERSON, topic, workspace, notice });
    }

    /// Writes `notice` to the topics of `conversation` and of its owner at the end of this
    /// transaction.
    pub(crate) fn notify_chat(
        &mut self,
        workspace: WorkspaceId,
        conversation: ConversationId,
        owner: PersonId,
        notice: Notice,
    ) {
        let topic = TopicId::from(conversation);
        let copy = notice.clone();
        self.notices.push(topics::Pending { rank: topics::CHAT, topic, workspace, notice: copy });
        self.notify_person(workspace, owner, notice);
    }

    /// Tells after the commit that a run's log grew.
    pub(crate) fn grew(&mut self, growth: Growth) {
        self.after.grown.push(growth);
    }

    /// Tells after the commit that a run waits for a worker.
    pub(crate) fn queued(&mut self) {
        self.after.queued = true;
    }

    /// Tells after the commit that a person asked `run` to stop.
    pub(crate) fn stop_requested(&mut self, run: RunId) {
        self.after.stops.push(run);
    }

    /// Starts a change at `now`.
    pub(super) fn restart(&mut self, now: Timestamp) {
        self.now = now;
        self.forget();
    }

    /// Forgets what waits to be written and told.
    pub(super) fn forget(&mut self) {
        self.later.clear();
        self.notices.clear();
        self.after = Aftermath::default();
    }

    /// Writes what waits: the last statements of a change.
    pub(super) async fn settle(&mut self) -> Result<(), StoreError> {
        let pending = std::mem::take(&mut self.notices);
        if !pending.is_empty() {
            topics::write(self, pending).await?;
        }
        self.flush().await.map(drop)
    }

    /// What to tell once the change is committed.
    pub(super) fn take_aftermath(&mut self) -> Aftermath {
        std::mem::take(&mut self.after)
    }
}
