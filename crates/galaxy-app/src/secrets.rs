//! Moving what is sealed to another key.

use galaxy_store::Store;
use galaxy_vault::{Keyring, Sealed, Slot, Unopened};

use crate::AppError;

/// What came of moving secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotated {
    /// How many are under the current key now and were not before.
    pub moved: usize,
    /// How many were already.
    pub kept: usize,
    /// Those that no key opens: where they are, and why.
    pub lost: Vec<String>,
}

/// Moves every secret of `store`, and the seals of its audit log, to the current key of `vault`, with
/// whose keys `store` was opened.
///
/// # Errors
/// When the store fails; what was moved by then is moved.
pub async fn rotate(store: &Store, vault: &Keyring) -> Result<Rotated, AppError> {
    let mut rotated = Rotated::default();
    for value in store.sealed_values().await? {
        let slot = Slot::new(value.column, &value.workspace, &value.row);
        match vault.rewrap(&slot, &Sealed(value.bytes.clone())) {
            Ok(None) => rotated.kept += 1,
            Ok(Some(moved)) => {
                // Whoever changed it meanwhile sealed it with the current key.
                store.reseal(value, moved.0).await?;
                rotated.moved += 1;
            }
            Err(err @ (Unopened::UnknownKey(_) | Unopened::Damaged)) => {
                rotated.lost.push(format!("{} of {}: {err}", value.column, value.row));
            }
        }
    }
    let seals = store.reseal_audit().await?;
    rotated.moved += seals.moved;
    rotated.kept += seals.kept;
    rotated.lost.extend(seals.lost);
    Ok(rotated)
}
