//! Stopping what is carried on in the name of somebody who lost their rights.

use galaxy_domain::{Id, PersonId, WorkspaceId};
use uuid::Uuid;

use crate::{
    db::{Tx, statement},
    error::StoreError,
};

const RUNS: &str = "UPDATE runs SET stop_requested = TRUE
    WHERE owner_id = $1 AND workspace_id = $2 AND state = 'running' RETURNING id";

/// Asks whoever drives runs of `person` to stop them. Those that wait are looked at again before
/// anybody carries them on.
pub(super) async fn runs(
    tx: &mut Tx,
    person: PersonId,
    workspace: WorkspaceId,
) -> Result<(), StoreError> {
    let (person, workspace) = (person.uuid(), workspace.uuid());
    let driven: Vec<(Uuid,)> = statement!(tx.fetch_all(RUNS, person, workspace))?;
    driven.into_iter().for_each(|(run,)| tx.stop_requested(Id::from_uuid(run)));
    Ok(())
}
