//! Rows of the table of conversations, and the news of them.

use galaxy_base::Timestamp;
use galaxy_domain::{
    ConversationId, Id, WorkspaceId, conversation::ConversationRow, notice::Notice,
};
use uuid::Uuid;

use crate::{
    db::{Conn, Tx, row, statement},
    error::StoreError,
    json, runs,
};

/// The columns of a [`ConversationRecord`], from conversations `c`.
macro_rules! columns {
    () => {
        "c.id, c.workspace_id, c.owner_id, c.title, c.pinned, c.archived, c.settings, c.leaf_id,
        (SELECT COUNT(*) FROM messages m WHERE m.conversation_id = c.id) AS messages,
        (SELECT r.state FROM runs r WHERE r.conversation_id = c.id ORDER BY r.id DESC LIMIT 1)
            AS state,
        c.created_at, c.updated_at"
    };
}
pub(crate) use columns;

const ONE: &str =
    concat!("SELECT ", columns!(), " FROM conversations c WHERE c.id = $1 AND c.workspace_id = $2");
const HOLD: &str = "SELECT id FROM conversations WHERE id = $1 FOR UPDATE";
const NEWS: &str = "SELECT owner_id, title, pinned, archived FROM conversations
    WHERE id = $1 AND workspace_id = $2";

row! {
    /// A row of the table, with what is counted for it.
    #[derive(Debug)]
    pub(crate) struct ConversationRecord {
        id: Uuid,
        workspace_id: Uuid,
        owner_id: Uuid,
        title: String,
        pinned: bool,
        archived: bool,
        settings: String,
        leaf_id: Option<Uuid>,
        messages: i64,
        state: Option<String>,
        created_at: i64,
        updated_at: i64,
    }
}

impl ConversationRecord {
    /// What it means.
    pub(crate) fn row(self) -> Result<ConversationRow, StoreError> {
        Ok(ConversationRow {
            id: Id::from_uuid(self.id),
            workspace: Id::from_uuid(self.workspace_id),
            owner: Id::from_uuid(self.owner_id),
            title: self.title,
            pinned: self.pinned,
            archived: self.archived,
            settings: json::read(&self.settings)?,
            leaf: self.leaf_id.map(Id::from_uuid),
            messages: self.messages,
            state: self.state.as_deref().map(runs::record::state).transpose()?,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}

/// One conversation.
pub(crate) async fn one(
    conn: &mut Conn,
    id: ConversationId,
    workspace: WorkspaceId,
) -> Result<ConversationRow, StoreError> {
    let found: ConversationRecord = statement!(conn.fetch_one(ONE, id.uuid(), workspace.uuid()))?;
    found.row()
}

/// Keeps others from changing a conversation until this transaction ends. SQLite has one writer.
pub(crate) async fn hold(tx: &mut Tx, id: ConversationId) -> Result<(), StoreError> {
    if tx.is_postgres() {
        let _: (Uuid,) = statement!(tx.fetch_one(HOLD, id.uuid()))?;
    }
    Ok(())
}

/// Tells at the end of this transaction what a conversation is now.
pub(crate) async fn notify_changed(
    tx: &mut Tx,
    id: ConversationId,
    workspace: WorkspaceId,
) -> Result<(), StoreError> {
    let (owner, title, pinned, archived): (Uuid, String, bool, bool) =
        statement!(tx.fetch_one(NEWS, id.uuid(), workspace.uuid()))?;
    let notice = Notice::ConversationChanged { conversation: id, title, pinned, archived };
    tx.notify_chat(workspace, id, Id::from_uuid(owner), notice);
    Ok(())
}

/// Tells at the end of this transaction what a conversation is now, as `row` says.
pub(crate) fn notify(tx: &mut Tx, row: &ConversationRow) {
    let ConversationRow { id, workspace, owner, title, pinned, archived, .. } = row;
    let (pinned, archived, title) = (*pinned, *archived, title.clone());
    let notice = Notice::ConversationChanged { conversation: *id, title, pinned, archived };
    tx.notify_chat(*workspace, *id, *owner, notice);
}
