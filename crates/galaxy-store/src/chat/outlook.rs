//! What will become of something that is about to be said, as far as one can know beforehand.

use galaxy_domain::{
    ConversationId, Id, MessageId, Permit, PersonId, RunState, WorkspaceId,
    access::{Read, Write},
    conversation::Settings,
    id::{Conversation, Workspace},
};
use uuid::Uuid;

use crate::{
    Store,
    db::{Conn, statement},
    error::StoreError,
    json,
    once::Once,
    runs,
};

/// How things stand where something is about to be said.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// What is fixed for the conversation's runs.
    pub settings: Settings,
    /// The newest message that is shown.
    pub leaf: Option<MessageId>,
    /// Where the run stands that writes it.
    pub leaf_state: Option<RunState>,
    /// How many runs the person has waiting or under way.
    pub active: usize,
    /// Whether a request with this key was made before.
    pub replayed: bool,
}

const LOOK: &str = "SELECT c.settings, c.leaf_id,
    (SELECT r.state FROM messages m JOIN runs r ON r.id = m.run_id WHERE m.id = c.leaf_id) AS leaf
    FROM conversations c WHERE c.id = $1 AND c.workspace_id = $2";
const ACTIVE: &str =
    "SELECT COUNT(*) FROM runs WHERE owner_id = $1 AND state IN ('queued', 'running')";
const KNOWN: &str = "SELECT COUNT(*) FROM replies WHERE person_id = $1 AND route = $2 AND key = $3";

impl Store {
    /// How things stand in a conversation. Nothing is promised: only the change itself decides.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the conversation is gone.
    pub async fn outlook(
        &self,
        permit: &Permit<Write, Conversation>,
        once: Option<&Once>,
    ) -> Result<Outlook, StoreError> {
        let (conversation, workspace): (ConversationId, WorkspaceId) =
            (permit.resource(), permit.workspace());
        let mut conn = self.reader().await?;
        let (settings, leaf, state): (String, Option<Uuid>, Option<String>) =
            statement!(conn.fetch_one(LOOK, conversation.uuid(), workspace.uuid()))?;
        drop(conn);
        let rest = self.prospect(permit.person(), once).await?;
        Ok(Outlook {
            settings: json::read(&settings)?,
            leaf: leaf.map(Id::from_uuid),
            leaf_state: state.as_deref().map(runs::record::state).transpose()?,
            ..rest
        })
    }

    /// The same for a conversation that is not there yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prospect(
        &self,
        person: PersonId,
        once: Option<&Once>,
    ) -> Result<Outlook, StoreError> {
        let mut conn = self.reader().await?;
        let active = active(&mut conn, person).await?;
        let known = match once {
            Some(Once { route, key, .. }) => {
                let (known,): (i64,) =
                    statement!(conn.fetch_one(KNOWN, person.uuid(), *route, key.as_str()))?;
                known
            }
            None => 0,
        };
        Ok(Outlook {
            settings: Settings::default(),
            leaf: None,
            leaf_state: None,
            active,
            replayed: known > 0,
        })
    }

    /// How many runs the permit's person has waiting or under way.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn moving_runs(&self, permit: Permit<Read, Workspace>) -> Result<usize, StoreError> {
        active(&mut self.reader().await?, permit.person()).await
    }
}

/// How many runs a person has waiting or under way.
pub(super) async fn active(conn: &mut Conn, person: PersonId) -> Result<usize, StoreError> {
    let (active,): (i64,) = statement!(conn.fetch_one(ACTIVE, person.uuid()))?;
    Ok(usize::try_from(active).unwrap_or_default())
}
