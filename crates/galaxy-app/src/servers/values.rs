//! What opens a server: values of headers or of an environment, sealed for its row.

use std::collections::BTreeMap;

use galaxy_base::{ExposeSecret, SecretString};
use galaxy_domain::{
    ToolServerId, WorkspaceId,
    tool_server::{Link, ToolServerRow},
};
use galaxy_vault::{Sealed, Slot};

use super::Servers;
use crate::AppError;

/// Values by name.
pub(crate) type Values = BTreeMap<String, SecretString>;

/// Where they are kept.
const COLUMN: &str = "tool_servers.secrets";

/// The slot of a server's values.
pub(super) fn slot(workspace: WorkspaceId, id: ToolServerId) -> Slot {
    Slot::new(COLUMN, &workspace, &id)
}

impl Servers {
    /// `values` sealed for a server; none when there are none.
    pub(super) fn seal(
        &self,
        workspace: WorkspaceId,
        id: ToolServerId,
        values: &Values,
    ) -> Option<Vec<u8>> {
        if values.is_empty() {
            return None;
        }
        let plain: BTreeMap<&str, &str> =
            values.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&plain).unwrap_or_default());
        Some(self.vault.seal(&slot(workspace, id), &plain).0)
    }

    /// The values of a server, opened.
    pub(crate) async fn values(&self, row: &ToolServerRow) -> Result<Values, AppError> {
        let Some(sealed) = self.store.tool_server_secrets(row).await? else {
            return Ok(Values::new());
        };
        let opened = self.vault.open(&slot(row.workspace, row.id), &Sealed(sealed));
        let unreadable = |err: String| {
            tracing::error!(server = %row.name, error = err, "the keys of a tool server");
            AppError::Unavailable(
                "What opens this tool server cannot be read: the key of the deployment is another \
                 one. Enter it again."
                    .to_owned(),
            )
        };
        let opened = opened.map_err(|err| unreadable(err.to_string()))?;
        serde_json::from_slice(&opened).map_err(|err| unreadable(err.to_string()))
    }
}

/// The names whose values a link needs.
pub(super) fn names(link: &Link) -> &[String] {
    match link {
        Link::Http { headers, .. } => headers,
        Link::Program { environment, .. } => environment,
    }
}
