//! A change under way: a connection inside a transaction, and what to tell after the commit.

use galaxy_base::Timestamp;
use galaxy_domain::{ConversationId, PersonId, RunId, TopicId, WorkspaceId, notice::Notice};

use crate::{
    db::Conn,
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
    notices: Vec<topics::Pending>,
    after: Aftermath,
}

impl Tx {
    /// A change on `conn`, which is inside a transaction.
    pub(crate) fn new(conn: Conn, now: Timestamp) -> Self {
        Self { conn, now, notices: Vec::new(), after: Aftermath::default() }
    }

    /// The connection.
    pub(crate) fn conn(&mut self) -> &mut Conn {
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
        self.notices.clear();
        self.after = Aftermath::default();
    }

    /// Writes what waits: the last statements of a change.
    pub(super) async fn settle(&mut self) -> Result<(), StoreError> {
        let pending = std::mem::take(&mut self.notices);
        if !pending.is_empty() {
            topics::write(self, pending).await?;
        }
        Ok(())
    }

    /// What to tell once the change is committed.
    pub(super) fn take_aftermath(&mut self) -> Aftermath {
        std::mem::take(&mut self.after)
    }
}
