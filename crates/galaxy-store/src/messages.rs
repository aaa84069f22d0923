//! Messages: nodes of a conversation's tree, read along one branch.

mod branch;

use galaxy_base::Timestamp;
use galaxy_domain::{
    ConversationId, Id, MessageId, Permit,
    access::{Drive, Read, Write},
    conversation::{MessageRow, Speaker},
    id::{Conversation, Run},
};
use uuid::Uuid;

use crate::{
    Store,
    conversations::record,
    db::{Strength, row, statement},
    error::StoreError,
    json, runs,
};
use branch::{Tree, WEIGHT, columns};

/// How many messages a page holds at most.
pub const PAGE: usize = 200;
/// How many messages a run's context is made of at most; models forget sooner.
pub const CONTEXT: usize = 1_000;

/// Which part of the shown branch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// Only what comes before this message.
    pub before: Option<MessageId>,
    /// What surrounds this message; when it is not shown, on the branch through it.
    pub around: Option<MessageId>,
    /// How many, at most [`PAGE`].
    pub limit: usize,
}

/// Part of a branch.
#[derive(Debug, Clone, PartialEq)]
pub struct MessagePage {
    /// The messages, oldest first.
    pub items: Vec<MessageRow>,
    /// Whether there are older ones.
    pub has_more: bool,
}

const ONE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM messages m LEFT JOIN runs r ON r.id = m.run_id
    WHERE m.id = $1 AND m.conversation_id = $2 AND m.workspace_id = $3"
);
const LEAF: &str = "SELECT leaf_id FROM conversations WHERE id = $1 AND workspace_id = $2";
const SHOW: &str = "UPDATE conversations SET leaf_id = $3 WHERE id = $1 AND workspace_id = $2";

impl Store {
    /// Part of the branch that is shown, the newest messages if nothing else is asked for.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the conversation or a message named in `window` is not there.
    pub async fn messages(
        &self,
        permit: Permit<Read, Conversation>,
        window: Window,
    ) -> Result<MessagePage, StoreError> {
        let mut conn = self.reader().await?;
        let tree = Tree { conversation: permit.resource(), workspace: permit.workspace() };
        let limit = window.limit.clamp(1, PAGE);
        let Window { before, around, .. } = window;
        let (conversation, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
        let (leaf,): (Option<Uuid>,) = statement!(conn.fetch_one(LEAF, conversation, workspace))?;
        let from = match (around, before) {
            (Some(message), _) => Some(tree.window_end(&mut conn, leaf, message, limit).await?),
            (None, Some(message)) => tree.parent(&mut conn, message.uuid()).await?,
            (None, None) => leaf,
        };
        let Some(from) = from else {
            return Ok(MessagePage { items: Vec::new(), has_more: false });
        };
        // Half of what is asked for around a message has to reach it.
        let weight = if around.is_some() { 4 * WEIGHT } else { WEIGHT };
        let mut items = tree.upwards(&mut conn, from, (limit + 1, weight)).await?;
        if items.len() > limit {
            items.remove(0);
        }
        let has_more = items.first().is_some_and(|oldest| oldest.parent.is_some());
        tree.add_siblings(&mut conn, &mut items).await?;
        Ok(MessagePage { items, has_more })
    }

    /// One message.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not in this conversation.
    pub async fn message(
        &self,
        permit: Permit<Read, Conversation>,
        message: MessageId,
    ) -> Result<MessageRow, StoreError> {
        let mut conn = self.reader().await?;
        let tree = Tree { conversation: permit.resource(), workspace: permit.workspace() };
        let (conversation, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
        let found: MessageRecord =
            statement!(conn.fetch_one(ONE, message.uuid(), conversation, workspace))?;
        let mut found = vec![found.row()?];
        tree.add_siblings(&mut conn, &mut found).await?;
        found.pop().ok_or(StoreError::NotFound)
    }

    /// The branch that ends with `message`, oldest first, for a run's context: at most the newest
    /// [`CONTEXT`] messages. Siblings are not looked up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn path(
        &self,
        permit: Permit<Drive, Run>,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let mut conn = self.reader().await?;
        let tree = Tree { conversation, workspace: permit.workspace() };
        tree.upwards(&mut conn, message.uuid(), (CONTEXT, WEIGHT)).await
    }

    /// Makes the branch through `message` the one that is shown, down to its newest message.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not in this conversation.
    pub async fn show(
        &self,
        permit: Permit<Write, Conversation>,
        message: MessageId,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, message), |tx, (permit, message)| {
            Box::pin(async move {
                let (conversation, workspace) = (permit.resource(), permit.workspace());
                let tree = Tree { conversation, workspace };
                tree.parent(tx.conn(), message.uuid()).await?;
                let leaf = tree.newest_below(tx.conn(), message.uuid()).await?;
                statement!(tx.execute(SHOW, conversation.uuid(), workspace.uuid(), leaf))?;
                record::notify_changed(tx, conversation, workspace).await
            })
        })
        .await
    }
}

row! {
    /// A row of the table, with the state of its run.
    #[derive(Debug)]
    pub(crate) struct MessageRecord {
        pub(crate) id: Uuid,
        conversation_id: Uuid,
        pub(crate) parent_id: Option<Uuid>,
        speaker: String,
        body: String,
        run_id: Option<Uuid>,
        pub(crate) state: Option<String>,
        created_at: i64,
    }
}

impl MessageRecord {
    /// What it means; siblings are not known here.
    fn row(self) -> Result<MessageRow, StoreError> {
        Ok(MessageRow {
            id: Id::from_uuid(self.id),
            conversation: Id::from_uuid(self.conversation_id),
            parent: self.parent_id.map(Id::from_uuid),
            speaker: speaker(&self.speaker)?,
            body: json::read(&self.body)?,
            run: self.run_id.map(Id::from_uuid),
            state: self.state.as_deref().map(runs::record::state).transpose()?,
            siblings: Vec::new(),
            created_at: Timestamp::from_millis(self.created_at),
        })
    }
}

/// What a row says of who speaks.
pub(crate) const fn speaker_name(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Person => "person",
        Speaker::Agent => "agent",
    }
}

fn speaker(name: &str) -> Result<Speaker, StoreError> {
    let all = [Speaker::Person, Speaker::Agent];
    let found = all.into_iter().find(|it| speaker_name(*it) == name);
    found.ok_or_else(|| StoreError::Corrupt(format!("a message of `{name}`")))
}
