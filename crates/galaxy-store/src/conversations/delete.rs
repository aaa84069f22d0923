//! Deleting a conversation with everything that belongs to it.

use galaxy_domain::{
    Id, Permit,
    access::Write,
    audit::{Act, Record, Thing},
    id::Conversation,
    notice::Notice,
};
use uuid::Uuid;

use super::record;
use crate::{
    Store,
    db::{Strength, statement},
    error::StoreError,
    topics,
};

const OWNER: &str = "SELECT owner_id,
    (SELECT COUNT(*) FROM runs r WHERE r.conversation_id = c.id AND r.state = 'running')
    FROM conversations c WHERE c.id = $1 AND c.workspace_id = $2";
// Logs belong to topics of several kinds, so no foreign key removes them.
const RUN_LOGS: &str = "DELETE FROM events WHERE workspace_id = $2
    AND topic_id IN (SELECT id FROM runs WHERE conversation_id = $1 AND workspace_id = $2)";
const CONVERSATION: &str = "DELETE FROM conversations WHERE id = $1 AND workspace_id = $2";

impl Store {
    /// Deletes a conversation, its messages, its runs and their logs. Whoever follows it is told.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while a worker drives a run in it.
    pub async fn delete(&self, permit: Permit<Write, Conversation>) -> Result<(), StoreError> {
        self.write(Strength::Synced, permit, |tx, permit| {
            Box::pin(async move {
                let (conversation, workspace) = (permit.resource(), permit.workspace());
                record::hold(tx, conversation).await?;
                let (id, within) = (conversation.uuid(), workspace.uuid());
                let (owner, driven): (Uuid, i64) = statement!(tx.fetch_one(OWNER, id, within))?;
                if driven > 0 {
                    return Err(StoreError::Conflict("a run is under way".to_owned()));
                }
                statement!(tx.execute(RUN_LOGS, id, within))?;
                statement!(tx.execute(CONVERSATION, id, within))?;
                let record = Record::by(permit, Act::ConversationDeleted);
                tx.record(record.about(Thing::Conversation, conversation));
                let notice = Notice::ConversationDeleted { conversation };
                topics::end(tx, conversation.into(), workspace, notice.clone()).await?;
                tx.notify_person(workspace, Id::from_uuid(owner), notice);
                Ok(())
            })
        })
        .await
    }
}
