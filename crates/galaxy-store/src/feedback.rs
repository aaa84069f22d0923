//! What people think of answers.

use galaxy_base::Timestamp;
use galaxy_domain::{
    ConversationId, MessageId, Permit, PersonId,
    access::{Administer, Read},
    feedback::{Feedback, Rating},
    id::{Conversation, Workspace},
};
use uuid::Uuid;

use crate::{
    Store, Strength,
    db::{Tx, statement},
    error::StoreError,
};

/// How many opinions one call gives at most.
const MAX_LISTED: usize = 1_000;

const RATE: &str = "INSERT INTO feedback
        (message_id, person_id, workspace_id, conversation_id, rating, comment, at)
    SELECT m.id, $2, m.workspace_id, m.conversation_id, $3, $4, $5 FROM messages m
    WHERE m.id = $1 AND m.conversation_id = $6 AND m.workspace_id = $7
    ON CONFLICT (message_id, person_id) DO UPDATE
    SET rating = excluded.rating, comment = excluded.comment, at = excluded.at";
const UNRATE: &str = "DELETE FROM feedback
    WHERE message_id = $1 AND person_id = $2 AND conversation_id = $3 AND workspace_id = $4";
const OWN: &str = "SELECT message_id, conversation_id, person_id, rating, comment, at FROM feedback
    WHERE conversation_id = $1 AND workspace_id = $2 AND person_id = $3 ORDER BY message_id";
const ALL: &str = "SELECT message_id, conversation_id, person_id, rating, comment, at FROM feedback
    WHERE workspace_id = $1 ORDER BY at DESC, message_id DESC, person_id LIMIT $2";

impl Store {
    /// Says what the permit's person thinks of a message; a later word replaces an earlier one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the conversation has no such message.
    pub async fn rate(
        &self,
        permit: Permit<Read, Conversation>,
        message: MessageId,
        rating: Rating,
        comment: &str,
    ) -> Result<(), StoreError> {
        let input = (permit, message, rating, comment.to_owned());
        self.write(Strength::Synced, input, |tx, (permit, message, rating, comment)| {
            Box::pin(rate(tx, permit, *message, *rating, comment))
        })
        .await
    }

    /// Takes back what the permit's person said about a message, if they said anything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unrate(
        &self,
        permit: Permit<Read, Conversation>,
        message: MessageId,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, message), |tx, (permit, message)| {
            Box::pin(unrate(tx, permit, *message))
        })
        .await
    }

    /// What the permit's person thinks of the messages of a conversation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ratings(
        &self,
        permit: Permit<Read, Conversation>,
    ) -> Result<Vec<Feedback>, StoreError> {
        let (conversation, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
        let mut conn = self.reader().await?;
        let person = permit.person().uuid();
        let rows: Vec<Row> = statement!(conn.fetch_all(OWN, conversation, workspace, person))?;
        rows.into_iter().map(feedback).collect()
    }

    /// What everybody thinks, the newest first, at most `limit` and 1,000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_feedback(
        &self,
        permit: Permit<Administer, Workspace>,
        limit: usize,
    ) -> Result<Vec<Feedback>, StoreError> {
        let limit = i64::try_from(limit.min(MAX_LISTED)).unwrap_or(i64::MAX);
        let mut conn = self.reader().await?;
        let rows: Vec<Row> = statement!(conn.fetch_all(ALL, permit.workspace().uuid(), limit))?;
        rows.into_iter().map(feedback).collect()
    }
}

async fn rate(
    tx: &mut Tx,
    permit: &Permit<Read, Conversation>,
    message: MessageId,
    rating: Rating,
    comment: &str,
) -> Result<(), StoreError> {
    let now = tx.now.as_millis();
    let made = statement!(tx.execute(
        RATE,
        message.uuid(),
        permit.person().uuid(),
        name(rating),
        comment,
        now,
        permit.resource().uuid(),
        permit.workspace().uuid(),
    ))?;
    if made == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

async fn unrate(
    tx: &mut Tx,
    permit: &Permit<Read, Conversation>,
    message: MessageId,
) -> Result<(), StoreError> {
    let (conversation, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    let (message, person) = (message.uuid(), permit.person().uuid());
    statement!(tx.execute(UNRATE, message, person, conversation, workspace)).map(drop)
}

const fn name(rating: Rating) -> &'static str {
    match rating {
        Rating::Up => "up",
        Rating::Down => "down",
    }
}

type Row = (Uuid, Uuid, Uuid, String, String, i64);

fn feedback(
    (message, conversation, person, rating, comment, at): Row,
) -> Result<Feedback, StoreError> {
    let known = [Rating::Up, Rating::Down].into_iter().find(|it| name(*it) == rating);
    Ok(Feedback {
        message: MessageId::from_uuid(message),
        conversation: ConversationId::from_uuid(conversation),
        person: PersonId::from_uuid(person),
        rating: known.ok_or_else(|| StoreError::Corrupt(format!("a rating says `{rating}`")))?,
        comment,
        at: Timestamp::from_millis(at),
    })
}
