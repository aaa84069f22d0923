//! Rows of the table of runs.

use galaxy_base::Timestamp;
use galaxy_domain::{Id, RunState, run::RunRow};
use uuid::Uuid;

use crate::{db::row, error::StoreError};

/// The columns of a [`RunRecord`].
macro_rules! columns {
    () => {
        "id, workspace_id, owner_id, conversation_id, question_id, answer_id, state, model, fence, \
         attempts, stop_requested, created_at, ended_at"
    };
}
pub(crate) use columns;

row! {
    /// A row of the table.
    #[derive(Debug)]
    pub(crate) struct RunRecord {
        id: Uuid,
        workspace_id: Uuid,
        owner_id: Uuid,
        conversation_id: Uuid,
        question_id: Uuid,
        answer_id: Uuid,
        state: String,
        model: Option<String>,
        fence: i64,
        attempts: i64,
        stop_requested: bool,
        created_at: i64,
        ended_at: Option<i64>,
    }
}

impl RunRecord {
    /// What it means.
    pub(crate) fn row(self) -> Result<RunRow, StoreError> {
        Ok(RunRow {
            id: Id::from_uuid(self.id),
            workspace: Id::from_uuid(self.workspace_id),
            owner: Id::from_uuid(self.owner_id),
            conversation: Id::from_uuid(self.conversation_id),
            question: Id::from_uuid(self.question_id),
            answer: Id::from_uuid(self.answer_id),
            state: state(&self.state)?,
            model: self.model,
            fence: self.fence,
            attempts: self.attempts,
            stop_requested: self.stop_requested,
            created_at: Timestamp::from_millis(self.created_at),
            ended_at: self.ended_at.map(Timestamp::from_millis),
        })
    }
}

/// The state that a row names.
pub(crate) fn state(text: &str) -> Result<RunState, StoreError> {
    RunState::parse(text).ok_or_else(|| StoreError::Corrupt(format!("a run in state `{text}`")))
}
