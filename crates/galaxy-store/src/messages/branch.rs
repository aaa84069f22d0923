//! Walking the tree: up from a message to the root, down to the newest answer, and sideways.

use std::collections::HashMap;

use galaxy_domain::{ConversationId, Id, MessageId, WorkspaceId, conversation::MessageRow};
use uuid::Uuid;

use super::{MessageRecord, PAGE};
use crate::{
    db::{
        Conn,
        rows::{ROWS, Texts, list},
        statement,
    },
    error::StoreError,
    topics,
};

/// The columns of a [`MessageRecord`], from messages `m` and runs `r`.
macro_rules! columns {
    () => {
        "m.id, m.conversation_id, m.parent_id, m.speaker, m.body, m.run_id, r.state, m.created_at"
    };
}
pub(super) use columns;

/// The branch from message `$1` upwards, `$4` messages at most.
macro_rules! branch {
    () => {
        "WITH RECURSIVE branch (id, parent_id, depth) AS (
            SELECT id, parent_id, 1 FROM messages
            WHERE id = $1 AND conversation_id = $2 AND workspace_id = $3
            UNION ALL
            SELECT m.id, m.parent_id, b.depth + 1 FROM branch b
            JOIN messages m ON m.id = b.parent_id WHERE b.depth < $4
        ) "
    };
}

/// The branch from message `$1` upwards, `$4` messages at most, and none beyond those that weigh
/// more than `$5` together.
const UPWARDS: &str = concat!(
    "WITH RECURSIVE branch (id, parent_id, depth, weight) AS (
        SELECT id, parent_id, 1, CAST(LENGTH(body) AS BIGINT) FROM messages
        WHERE id = $1 AND conversation_id = $2 AND workspace_id = $3
        UNION ALL
        SELECT m.id, m.parent_id, b.depth + 1, b.weight + CAST(LENGTH(m.body) AS BIGINT)
        FROM branch b JOIN messages m ON m.id = b.parent_id
        WHERE b.depth < $4 AND b.weight < $5
    ) SELECT ",
    columns!(),
    " FROM branch b JOIN messages m ON m.id = b.id LEFT JOIN runs r ON r.id = m.run_id
    ORDER BY b.depth DESC"
);
const IDS: &str = concat!(branch!(), "SELECT id FROM branch ORDER BY depth");
const PARENT: &str = "SELECT parent_id FROM messages
    WHERE id = $1 AND conversation_id = $2 AND workspace_id = $3";
const NEWEST: &str = "WITH RECURSIVE down (id, depth) AS (
        SELECT m.id, 0 FROM messages m
        WHERE m.id = $1 AND m.conversation_id = $2 AND m.workspace_id = $3
        UNION ALL
        SELECT (SELECT c.id FROM messages c WHERE c.parent_id = d.id ORDER BY c.id DESC LIMIT 1),
            d.depth + 1
        FROM down d WHERE d.id IS NOT NULL
    ) SELECT id FROM down WHERE id IS NOT NULL ORDER BY depth DESC LIMIT 1";
const ROOTS: &str = "SELECT id FROM messages
    WHERE conversation_id = $1 AND workspace_id = $2 AND parent_id IS NULL ORDER BY id";
static CHILDREN: Texts = Texts::new(|rows| {
    format!("SELECT parent_id, id FROM messages WHERE parent_id IN ({}) ORDER BY id", list(0, rows))
});
/// How much text and images one reading of a branch takes into memory, in characters; the last
/// message may go beyond it.
pub(super) const WEIGHT: i64 = 24 * 1024 * 1024;
/// How far up a message is looked for.
const DEEP: i64 = 100_000;

/// The messages of one conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tree {
    pub(crate) conversation: ConversationId,
    pub(crate) workspace: WorkspaceId,
}

impl Tree {
    /// The branch that ends with `message`, oldest first, at most the newest `limit` messages, and
    /// fewer when they weigh more than `weight`.
    pub(crate) async fn upwards(
        &self,
        conn: &mut Conn,
        message: Uuid,
        (limit, weight): (usize, i64),
    ) -> Result<Vec<MessageRow>, StoreError> {
        let (conversation, workspace) = (self.conversation.uuid(), self.workspace.uuid());
        let limit = topics::count(limit);
        let found: Vec<MessageRecord> =
            statement!(conn.fetch_all(UPWARDS, message, conversation, workspace, limit, weight))?;
        found.into_iter().map(MessageRecord::row).collect()
    }

    /// What `message` follows.
    pub(crate) async fn parent(
        &self,
        conn: &mut Conn,
        message: Uuid,
    ) -> Result<Option<Uuid>, StoreError> {
        let (conversation, workspace) = (self.conversation.uuid(), self.workspace.uuid());
        let (parent,): (Option<Uuid>,) =
            statement!(conn.fetch_one(PARENT, message, conversation, workspace))?;
        Ok(parent)
    }

    /// The end of the branch that goes on from `message` with its newest child, and its, and so on.
    pub(crate) async fn newest_below(
        &self,
        conn: &mut Conn,
        message: Uuid,
    ) -> Result<Uuid, StoreError> {
        let (conversation, workspace) = (self.conversation.uuid(), self.workspace.uuid());
        let (leaf,): (Uuid,) =
            statement!(conn.fetch_one(NEWEST, message, conversation, workspace))?;
        Ok(leaf)
    }

    /// Where a window of `limit` messages with `message` in its middle ends, on the branch to
    /// `leaf` if `message` is on it.
    pub(super) async fn window_end(
        &self,
        conn: &mut Conn,
        leaf: Option<Uuid>,
        message: MessageId,
        limit: usize,
    ) -> Result<Uuid, StoreError> {
        let message = message.uuid();
        self.parent(conn, message).await?;
        let leaves = [leaf.unwrap_or(message), self.newest_below(conn, message).await?];
        for leaf in leaves {
            let (conversation, workspace) = (self.conversation.uuid(), self.workspace.uuid());
            let ids: Vec<(Uuid,)> =
                statement!(conn.fetch_all(IDS, leaf, conversation, workspace, DEEP))?;
            if let Some(place) = ids.iter().position(|(id,)| *id == message) {
                return Ok(ids[place.saturating_sub(limit / 2)].0);
            }
        }
        Ok(message)
    }

    /// Fills in who stands beside each message.
    pub(super) async fn add_siblings(
        &self,
        conn: &mut Conn,
        items: &mut [MessageRow],
    ) -> Result<(), StoreError> {
        debug_assert!(items.len() <= PAGE + 1);
        let mut siblings: HashMap<Option<MessageId>, Vec<MessageId>> = HashMap::new();
        if items.iter().any(|item| item.parent.is_none()) {
            let (conversation, workspace) = (self.conversation.uuid(), self.workspace.uuid());
            let roots: Vec<(Uuid,)> = statement!(conn.fetch_all(ROOTS, conversation, workspace))?;
            siblings.insert(None, roots.into_iter().map(|(id,)| Id::from_uuid(id)).collect());
        }
        // The messages were found in this workspace, so their parents and siblings live in it.
        let parents: Vec<Uuid> =
            items.iter().filter_map(|item| item.parent).map(MessageId::uuid).collect();
        for chunk in parents.chunks(ROWS) {
            let found: Vec<(Uuid, Uuid)> =
                statement!(conn.fetch_all(CHILDREN.rows(chunk.len()), for id in chunk => *id))?;
            for (parent, child) in found {
                let parent = Some(Id::from_uuid(parent));
                siblings.entry(parent).or_default().push(Id::from_uuid(child));
            }
        }
        for item in items {
            item.siblings = siblings.get(&item.parent).cloned().unwrap_or_default();
        }
        Ok(())
    }
}
