//! Values with secrets in them, sealed for the one row that they belong to.

use galaxy_domain::{ToolGrantId, WorkspaceId};
use galaxy_vault::{Sealed, Slot};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::super::Servers;
use crate::AppError;

/// A column of one row.
pub(super) struct Column(Slot);

impl Column {
    /// `name` (`table.column`) of the row named `row`.
    pub(super) fn new(name: &str, workspace: WorkspaceId, row: Uuid) -> Self {
        Self(Slot::new(name, &workspace, &row))
    }

    /// What a person was granted.
    pub(super) fn grant(workspace: WorkspaceId, id: ToolGrantId) -> Self {
        Self::new("tool_grants.sealed", workspace, id.uuid())
    }
}

impl Servers {
    /// `value`, sealed for `column`.
    pub(super) fn seal_json(
        &self,
        column: &Column,
        value: &impl Serialize,
    ) -> Result<Vec<u8>, AppError> {
        let plain = serde_json::to_vec(value).map(Zeroizing::new);
        let plain = plain.map_err(|err| AppError::Internal(err.to_string()))?;
        Ok(self.vault.seal(&column.0, &plain).0)
    }

    /// What was sealed for `column`.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when no key opens it.
    pub(super) fn unseal<T: DeserializeOwned>(
        &self,
        column: &Column,
        sealed: &[u8],
    ) -> Result<T, AppError> {
        let unreadable = |err: String| {
            tracing::error!(error = err, "a sign-in at a tool server cannot be read");
            let words = "This sign-in cannot be read: the key of the deployment is another one. \
                         Sign in again.";
            AppError::Unavailable(words.to_owned())
        };
        let opened = self.vault.open(&column.0, &Sealed(sealed.to_vec()));
        let opened = opened.map_err(|err| unreadable(err.to_string()))?;
        // What serde says could repeat what was sealed.
        serde_json::from_slice(&opened).map_err(|_| unreadable("it is of another form".to_owned()))
    }
}
