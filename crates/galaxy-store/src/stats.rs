//! Numbers about what is kept, and whether the database answers.

use galaxy_base::Timestamp;
use galaxy_domain::{ConversationId, Permit, access::Read, id::Workspace};
use uuid::Uuid;

use crate::{Store, db::statement, error::StoreError};

/// How many conversations an overview lists at most.
const MAX_LISTED: i64 = 1_000;

/// One conversation in an overview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionOverview {
    /// Which.
    pub conversation: ConversationId,
    /// What it is about.
    pub title: String,
    /// How many messages it has, all branches counted.
    pub messages: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something was last said in it.
    pub updated_at: Timestamp,
}

const SESSIONS: &str = "SELECT c.id, c.title,
        (SELECT COUNT(*) FROM messages m WHERE m.conversation_id = c.id),
        c.created_at, c.updated_at
    FROM conversations c WHERE c.workspace_id = $1 AND c.owner_id = $2
    ORDER BY c.updated_at DESC, c.id DESC LIMIT $3";

impl Store {
    /// The conversations of the permit's person with how much was said in each, the latest first;
    /// at most 1,000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions_overview(
        &self,
        permit: Permit<Read, Workspace>,
    ) -> Result<Vec<SessionOverview>, StoreError> {
        let (workspace, owner) = (permit.workspace().uuid(), permit.person().uuid());
        let mut conn = self.reader().await?;
        let rows: Vec<(Uuid, String, i64, i64, i64)> =
            statement!(conn.fetch_all(SESSIONS, workspace, owner, MAX_LISTED))?;
        let overview = |(conversation, title, messages, created_at, updated_at)| SessionOverview {
            conversation: ConversationId::from_uuid(conversation),
            title,
            messages,
            created_at: Timestamp::from_millis(created_at),
            updated_at: Timestamp::from_millis(updated_at),
        };
        Ok(rows.into_iter().map(overview).collect())
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// When it gives none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut conn = self.reader().await?;
        let _: (i32,) = statement!(conn.fetch_one("SELECT 1"))?;
        Ok(())
    }
}
