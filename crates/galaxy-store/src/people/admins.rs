//! Whether there is one administrator, or several.

use galaxy_domain::{WorkspaceId, person::Person};

use super::PersonRow;
use crate::{db::statement, error::StoreError, store::Store};

const ADMINS: &str = "SELECT id, workspace_id, email, name, role, disabled, created_at FROM people
    WHERE workspace_id = $1 AND role = 'admin' AND disabled = FALSE ORDER BY created_at LIMIT 2";

impl Store {
    /// The first administrators who are not disabled, at most two.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn first_admins(&self, workspace: WorkspaceId) -> Result<Vec<Person>, StoreError> {
        let mut conn = self.reader().await?;
        let rows: Vec<PersonRow> = statement!(conn.fetch_all(ADMINS, workspace.uuid()))?;
        rows.into_iter().map(Person::try_from).collect()
    }
}
