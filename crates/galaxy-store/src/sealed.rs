//! Everything that is sealed, whatever table it is in: for moving it to another key.

use galaxy_domain::WorkspaceId;
use uuid::Uuid;

use crate::{Store, Strength, db::statement, error::StoreError};

/// A sealed value and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// `table.column` that it was sealed for.
    pub column: &'static str,
    /// The workspace of the row.
    pub workspace: WorkspaceId,
    /// The row.
    pub row: Uuid,
    /// What is sealed.
    pub bytes: Vec<u8>,
}

/// A column with sealed values: what they are sealed for, and the statements that read it page by
/// page and replace one value that is still the same.
struct Column {
    name: &'static str,
    page: &'static str,
    replace: &'static str,
}

/// A [`Column`] of a table whose rows have `id` and `workspace_id`; with the table that its rows
/// come from, for which their values were sealed.
macro_rules! column {
    ($table:literal, $column:literal) => {
        column!($table, $column, $table)
    };
    ($table:literal, $column:literal, $origin:literal) => {
        Column {
            name: concat!($origin, ".", $column),
            page: concat!(
                "SELECT id, workspace_id, ",
                $column,
                " FROM ",
                $table,
                " WHERE ",
                $column,
                " IS NOT NULL AND id > $1 ORDER BY id LIMIT 100"
            ),
            replace: concat!(
                "UPDATE ",
                $table,
                " SET ",
                $column,
                " = $3 WHERE id = $1 AND ",
                $column,
                " = $2"
            ),
        }
    };
}

const COLUMNS: [Column; 5] = [
    column!("tool_servers", "secrets"),
    column!("tool_grants", "sealed"),
    column!("tool_grants_owed", "sealed", "tool_grants"),
    column!("tool_sign_ins", "sealed"),
    column!("tool_clients", "sealed"),
];

impl Store {
    /// All values that are sealed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_values(&self) -> Result<Vec<SealedValue>, StoreError> {
        let mut values = Vec::new();
        for column in &COLUMNS {
            let mut after = Uuid::nil();
            loop {
                let mut conn = self.reader().await?;
                let page: Vec<(Uuid, Uuid, Vec<u8>)> =
                    statement!(conn.fetch_all(column.page, after))?;
                let Some((last, ..)) = page.last() else { break };
                after = *last;
                values.extend(page.into_iter().map(|(row, workspace, bytes)| SealedValue {
                    column: column.name,
                    workspace: WorkspaceId::from_uuid(workspace),
                    row,
                    bytes,
                }));
            }
        }
        Ok(values)
    }

    /// Puts `bytes` in the place of `old`; gives whether that was still there, or where its row
    /// went meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reseal(&self, old: SealedValue, bytes: Vec<u8>) -> Result<bool, StoreError> {
        self.write(Strength::Synced, (old, bytes), |tx, (old, bytes)| {
            Box::pin(async move {
                let (before, after) = (old.bytes.as_slice(), bytes.as_slice());
                let mut replaced = 0;
                for column in COLUMNS.iter().filter(|it| it.name == old.column) {
                    replaced += statement!(tx.execute(column.replace, old.row, before, after))?;
                }
                Ok(replaced > 0)
            })
        })
        .await
    }
}
