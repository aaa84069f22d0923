//! A change under way: a connection inside a transaction, and what to tell after the commit.

use std::sync::Arc;

use galaxy_base::Timestamp;
use galaxy_domain::{
    ConversationId, PersonId, RunId, TopicId, WorkspaceId,
    audit::{Act, Record},
    notice::Notice,
};

use crate::{
    audit::{
        Seal,
        chain::{Chains, Held},
    },
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
    records: Vec<Record>,
    after: Aftermath,
    chains: Arc<Chains>,
    /// The chain that this transaction writes to, from its first record on.
    chain: Option<Held>,
    /// What was written to it.
    recorded: Vec<Act>,
}

impl Tx {
    /// A change on `conn`, which is inside a transaction.
    pub(crate) fn new(conn: Conn, now: Timestamp, chains: &Arc<Chains>) -> Self {
        Self {
            conn,
            now,
            notices: Vec::new(),
            records: Vec::new(),
            after: Aftermath::default(),
            chains: Arc::clone(chains),
            chain: None,
            recorded: Vec::new(),
        }
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

    /// Writes `record` to the audit log at the end of this transaction.
    pub(crate) fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Takes a chain for this transaction now, for whoever will hold the rows of others.
    pub(crate) async fn hold_chain(&mut self) {
        if self.chain.is_none() {
            self.chain = Some(self.chains.hold().await);
        }
    }

    /// What seals the ends of chains. A reference of its own, so that this can go on being used.
    pub(crate) fn seal(&self) -> Arc<dyn Seal> {
        Arc::clone(self.chains.seal())
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
        self.records.clear();
        self.after = Aftermath::default();
    }

    /// Writes what waits: the last statements of a change.
    pub(super) async fn settle(&mut self) -> Result<(), StoreError> {
        let pending = std::mem::take(&mut self.notices);
        if !pending.is_empty() {
            topics::write(self, pending).await?;
        }
        self.write_records().await
    }

    /// Writes the records: last of all, so that nobody who holds a chain waits for anything else.
    async fn write_records(&mut self) -> Result<(), StoreError> {
        let records = std::mem::take(&mut self.records);
        if records.is_empty() {
            return Ok(());
        }
        self.hold_chain().await;
        let chains = Arc::clone(&self.chains);
        if let Some(mut held) = self.chain.take() {
            let written = held.append(self, &chains, &records).await;
            self.chain = Some(held);
            written?;
        }
        self.recorded.extend(records.iter().map(|it| it.act));
        Ok(())
    }

    /// The transaction is committed: its chain is free, and what was written to it counts.
    pub(super) fn kept(&mut self) {
        self.chain = None;
        for act in self.recorded.drain(..) {
            metrics::counter!("galaxy_audit_records_total", "act" => act.as_str()).increment(1);
        }
    }

    /// The transaction is undone, or may be.
    pub(super) fn undone(&mut self) {
        if let Some(mut held) = self.chain.take() {
            held.forget();
        }
        self.recorded.clear();
    }

    /// What to tell once the change is committed.
    pub(super) fn take_aftermath(&mut self) -> Aftermath {
        std::mem::take(&mut self.after)
    }
}
