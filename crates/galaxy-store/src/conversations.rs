//! Conversations: trees of messages that a person owns.

mod delete;
mod fork;
pub(crate) mod record;

use galaxy_base::Timestamp;
use galaxy_domain::{
    ConversationId, Id, MessageId, Permit,
    access::{Create, Read, Target, Write},
    conversation::{ConversationRow, Settings},
    id::{Conversation, Workspace},
};
use uuid::Uuid;

use crate::{
    Store,
    db::{Strength, Tx, statement},
    error::StoreError,
    json,
    once::{self, Made, Once},
    page::Page,
    search, topics,
};
use record::{ConversationRecord, columns};

/// How many conversations a page holds at most.
pub const PAGE: usize = 200;

/// A conversation to make.
#[derive(Debug, Clone, Default)]
pub struct NewConversation {
    /// What it is about; may be empty, then the first message names it.
    pub title: String,
    /// What is fixed for its runs.
    pub settings: Settings,
}

/// Which conversations to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those out of sight instead of the others.
    pub archived: bool,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// How many, at most [`PAGE`].
    pub limit: usize,
}

/// What to change about a conversation; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default)]
pub struct ConversationChange {
    /// What it is called.
    pub title: Option<String>,
    /// Whether it is shown first.
    pub pinned: Option<bool>,
    /// Whether it is out of sight.
    pub archived: Option<bool>,
    /// What is fixed for its runs.
    pub settings: Option<Settings>,
}

const TARGET: &str = "SELECT workspace_id, owner_id FROM conversations WHERE id = $1";
const INSERT: &str = "INSERT INTO conversations
    (id, workspace_id, owner_id, title, settings, created_at, updated_at, leaf_id)
    VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";
const PAGE_FROM: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM conversations c
    WHERE c.owner_id = $1 AND c.workspace_id = $2 AND c.archived = $3
    AND ((c.pinned = $4 AND (c.updated_at < $5 OR (c.updated_at = $5 AND c.id < $6)))
        OR (c.pinned = FALSE AND $4 = TRUE))
    ORDER BY c.pinned DESC, c.updated_at DESC, c.id DESC LIMIT $7"
);
const FIRST_PAGE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM conversations c
    WHERE c.owner_id = $1 AND c.workspace_id = $2 AND c.archived = $3
    ORDER BY c.pinned DESC, c.updated_at DESC, c.id DESC LIMIT $4"
);
const COUNT: &str = "SELECT COUNT(*) FROM conversations WHERE owner_id = $1 AND workspace_id = $2";
const CHANGE: &str = "UPDATE conversations
    SET title = $3, pinned = $4, archived = $5, settings = $6 WHERE id = $1 AND workspace_id = $2";

impl Store {
    /// Makes an empty conversation of the permit's person.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] when the key was used with another request.
    pub async fn create(
        &self,
        permit: Permit<Create, Workspace>,
        new: NewConversation,
        once: Option<&Once>,
    ) -> Result<Made<ConversationId>, StoreError> {
        let input = (permit, new, once.cloned());
        self.write(Strength::Synced, input, |tx, (permit, new, once)| {
            Box::pin(async move {
                let (person, once) = (permit.person(), once.as_ref());
                if let Some(made) = once::replay(tx, person, once).await? {
                    return Ok(made);
                }
                let id = ConversationId::fresh();
                insert(tx, permit, id, new, None).await?;
                record::notify_changed(tx, id, permit.workspace()).await?;
                once::keep(tx, person, once, id).await
            })
        })
        .await
    }

    /// Where a conversation lives and whose it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn conversation_target(
        &self,
        id: ConversationId,
    ) -> Result<Option<Target<Conversation>>, StoreError> {
        let mut conn = self.reader().await?;
        let found: Option<(Uuid, Uuid)> = statement!(conn.fetch_optional(TARGET, id.uuid()))?;
        Ok(found.map(|(workspace, owner)| Target {
            resource: id,
            workspace: Id::from_uuid(workspace),
            owner: Id::from_uuid(owner),
        }))
    }

    /// One conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is gone.
    pub async fn conversation(
        &self,
        permit: Permit<Read, Conversation>,
    ) -> Result<ConversationRow, StoreError> {
        let mut conn = self.reader().await?;
        record::one(&mut conn, permit.resource(), permit.workspace()).await
    }

    /// The person's conversations, pinned ones first, then the newest.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a cursor that makes no sense.
    pub async fn conversations(
        &self,
        permit: Permit<Read, Workspace>,
        filter: Filter,
    ) -> Result<Page<ConversationRow>, StoreError> {
        let mut conn = self.reader().await?;
        let (owner, workspace) = (permit.person().uuid(), permit.workspace().uuid());
        let limit = filter.limit.clamp(1, PAGE);
        let (archived, rows) = (filter.archived, topics::count(limit + 1));
        let found: Vec<ConversationRecord> =
            match filter.cursor.as_deref().map(parse).transpose()? {
                None => statement!(conn.fetch_all(FIRST_PAGE, owner, workspace, archived, rows))?,
                Some((pinned, at, id)) => statement!(conn.fetch_all(
                    PAGE_FROM,
                    owner,
                    workspace,
                    archived,
                    pinned,
                    at.as_millis(),
                    id,
                    rows
                ))?,
            };
        let items = found.into_iter().map(ConversationRecord::row);
        let mut items: Vec<ConversationRow> = items.collect::<Result<_, _>>()?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(cursor);
        Ok(Page { items, next })
    }

    /// How many conversations the person has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_conversations(
        &self,
        permit: Permit<Read, Workspace>,
    ) -> Result<i64, StoreError> {
        let mut conn = self.reader().await?;
        let (owner, workspace) = (permit.person().uuid(), permit.workspace().uuid());
        let (count,): (i64,) = statement!(conn.fetch_one(COUNT, owner, workspace))?;
        Ok(count)
    }

    /// Changes a conversation and gives it as it is then.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when its tools are fixed and `settings` names others.
    pub async fn change(
        &self,
        permit: Permit<Write, Conversation>,
        change: ConversationChange,
    ) -> Result<ConversationRow, StoreError> {
        self.write(Strength::Synced, (permit, change), |tx, (permit, change)| {
            Box::pin(async move {
                let (id, workspace) = (permit.resource(), permit.workspace());
                record::hold(tx, id).await?;
                let mut row = record::one(tx.conn(), id, workspace).await?;
                let retitled = change.title.as_ref().is_some_and(|title| *title != row.title);
                apply(&mut row, change.clone())?;
                let settings = json::write(&row.settings)?;
                let (title, pinned, archived) = (row.title.as_str(), row.pinned, row.archived);
                let (key, within) = (id.uuid(), workspace.uuid());
                statement!(tx.execute(CHANGE, key, within, title, pinned, archived, settings))?;
                if retitled {
                    search::put_title(tx, id, title).await?;
                }
                record::notify(tx, &row);
                Ok(row)
            })
        })
        .await
    }
}

/// Inserts a conversation of the permit's person, which is going to show its branch that ends with
/// `leaf`, if it is not empty.
pub(crate) async fn insert<A, R>(
    tx: &mut Tx,
    permit: &Permit<A, R>,
    id: ConversationId,
    NewConversation { title, settings }: &NewConversation,
    leaf: Option<MessageId>,
) -> Result<(), StoreError> {
    let (title, now) = (title.as_str(), tx.now.as_millis());
    let (workspace, owner) = (permit.workspace().uuid(), permit.person().uuid());
    let settings = json::write(settings)?;
    let leaf = leaf.map(MessageId::uuid);
    statement!(tx.execute(INSERT, id.uuid(), workspace, owner, title, settings, now, leaf))?;
    if !title.is_empty() {
        search::put_title(tx, id, title).await?;
    }
    Ok(())
}

fn apply(row: &mut ConversationRow, change: ConversationChange) -> Result<(), StoreError> {
    if let Some(mut settings) = change.settings {
        let locked = row.settings.tools_locked;
        if locked && settings.tools != row.settings.tools {
            let message = "the tools of this conversation are fixed since its first message";
            return Err(StoreError::Conflict(message.to_owned()));
        }
        settings.tools_locked |= locked;
        row.settings = settings;
    }
    row.title = change.title.unwrap_or_else(|| std::mem::take(&mut row.title));
    row.pinned = change.pinned.unwrap_or(row.pinned);
    row.archived = change.archived.unwrap_or(row.archived);
    Ok(())
}

/// Where the page that ends with `row` ends.
fn cursor(row: &ConversationRow) -> String {
    format!("{}.{}.{}", u8::from(row.pinned), row.updated_at.as_millis(), row.id)
}

fn parse(cursor: &str) -> Result<(bool, Timestamp, Uuid), StoreError> {
    let parsed = || {
        let mut pieces = cursor.splitn(3, '.');
        let pinned = match pieces.next()? {
            "0" => false,
            "1" => true,
            _ => return None,
        };
        let at = Timestamp::from_millis(pieces.next()?.parse().ok()?);
        Some((pinned, at, pieces.next()?.parse().ok()?))
    };
    parsed().ok_or(StoreError::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_nobody_gave_out_leads_nowhere() {
        let id = Uuid::now_v7();
        let (pinned, at, read) = parse(&format!("1.42.{id}")).unwrap();
        assert_eq!((pinned, at.as_millis(), read), (true, 42, id));
        for broken in ["", "1.42", "2.42.x", "1.x.y"] {
            assert!(matches!(parse(broken), Err(StoreError::NotFound)), "{broken}");
        }
    }
}
