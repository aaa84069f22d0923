//! Copying a branch into a conversation of its own.

use galaxy_domain::{
    ConversationId, MessageId, Permit, WorkspaceId,
    access::{Create, Read},
    conversation::Body,
    id::{Conversation, Workspace},
};
use uuid::Uuid;

use super::{NewConversation, record};
use crate::{
    Store,
    db::{
        Strength, Tx,
        rows::{ROWS, Texts, values},
        statement,
    },
    error::StoreError,
    json,
    once::{self, Made, Once},
    runs, search,
};

const BRANCH: &str = "WITH RECURSIVE branch (id, parent_id, depth) AS (
        SELECT id, parent_id, 1 FROM messages
        WHERE id = $1 AND conversation_id = $2 AND workspace_id = $3
        UNION ALL
        SELECT m.id, m.parent_id, b.depth + 1 FROM branch b
        JOIN messages m ON m.id = b.parent_id
    )
    SELECT m.speaker, m.body, m.created_at, r.state FROM branch b JOIN messages m ON m.id = b.id
    LEFT JOIN runs r ON r.id = m.run_id ORDER BY b.depth DESC";
static INSERT: Texts = Texts::new(|rows| {
    format!(
        "INSERT INTO messages
        (id, workspace_id, conversation_id, parent_id, speaker, body, created_at) VALUES {}",
        values(rows, 7)
    )
});
const SHOW: &str = "UPDATE conversations SET leaf_id = $3 WHERE id = $1 AND workspace_id = $2";

/// Speaker, body, moment, and the state of the run that writes it.
type Original = (String, String, i64, Option<String>);

impl Store {
    /// Copies the branch that ends with `message` into a new conversation of the permit's person:
    /// new messages, the same texts; runs are not copied.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such message, [`StoreError::Conflict`] when an
    /// answer on the branch is not written yet.
    pub async fn fork(
        &self,
        from: Permit<Read, Conversation>,
        into: Permit<Create, Workspace>,
        message: MessageId,
        once: Option<&Once>,
    ) -> Result<Made<ConversationId>, StoreError> {
        let input = (from, into, message, once.cloned());
        self.write(Strength::Synced, input, |tx, (from, into, message, once)| {
            Box::pin(async move {
                let (person, once) = (into.person(), once.as_ref());
                if let Some(made) = once::replay(tx, person, once).await? {
                    return Ok(made);
                }
                let original = record::one(tx.conn(), from.resource(), from.workspace()).await?;
                let id = ConversationId::fresh();
                let new = NewConversation {
                    title: original.title.clone(),
                    settings: original.settings.clone(),
                };
                super::insert(tx, into, id, &new, None).await?;
                let branch = branch(tx, from, *message).await?;
                copy(tx, into.workspace(), id, branch).await?;
                record::notify_changed(tx, id, into.workspace()).await?;
                once::keep(tx, person, once, id).await
            })
        })
        .await
    }
}

async fn branch(
    tx: &mut Tx,
    from: &Permit<Read, Conversation>,
    message: MessageId,
) -> Result<Vec<Original>, StoreError> {
    let (conversation, workspace) = (from.resource().uuid(), from.workspace().uuid());
    let branch: Vec<Original> =
        statement!(tx.fetch_all(BRANCH, message.uuid(), conversation, workspace))?;
    if branch.is_empty() {
        return Err(StoreError::NotFound);
    }
    for (.., state) in &branch {
        if let Some(state) = state
            && !runs::record::state(state)?.is_over()
        {
            return Err(StoreError::Conflict("the answer is not written yet".to_owned()));
        }
    }
    Ok(branch)
}

async fn copy(
    tx: &mut Tx,
    workspace: WorkspaceId,
    conversation: ConversationId,
    branch: Vec<Original>,
) -> Result<(), StoreError> {
    let (within, id) = (workspace.uuid(), conversation.uuid());
    let mut parent: Option<Uuid> = None;
    let mut rows = Vec::with_capacity(branch.len());
    for (speaker, body, at, _) in branch {
        let message = MessageId::fresh();
        rows.push((message, parent.replace(message.uuid()), speaker, body, at));
    }
    for chunk in rows.chunks(ROWS) {
        statement!(tx.execute(
            INSERT.rows(chunk.len()),
            for (message, parent, speaker, body, at) in chunk
                => message.uuid(), within, id, *parent, speaker.as_str(), body.as_str(), *at
        ))?;
    }
    for (message, _, _, body, _) in &rows {
        let text = search::text_of(&json::read::<Body>(body)?);
        search::put_message(tx, conversation, *message, &text).await?;
    }
    statement!(tx.execute(SHOW, id, within, parent))?;
    Ok(())
}
