//! Entering the password once more.

use std::time::Duration;

use galaxy_domain::{
    Permit, SessionId,
    access::Write,
    audit::{Act, Record, Thing},
    id::Person as PersonKind,
};

use super::millis;
use crate::{
    db::{Strength, statement},
    error::StoreError,
    store::Store,
};

/// How long what opened a session still does after it was replaced: requests are under way that
/// were sent with it.
const UNDER_WAY: Duration = Duration::from_secs(10);

const CONFIRM: &str = "UPDATE sessions SET secret_hash = $5, previous_hash = secret_hash,
    previous_until = $6, authenticated_at = $7, seen_at = $7
    WHERE id = $1 AND person_id = $2 AND workspace_id = $3 AND secret_hash = $4
    AND kind = 'browser' AND expires_at > $7";

impl Store {
    /// Notes that whoever uses a browser's session has just entered their password, and has another
    /// secret open it: whoever has a copy of the old one gets nothing of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when `old_hash` does not open the session, or not any more.
    pub async fn confirm_session(
        &self,
        permit: Permit<Write, PersonKind>,
        id: SessionId,
        old_hash: &str,
        new_hash: &str,
    ) -> Result<(), StoreError> {
        let input = (permit, id, old_hash.to_owned(), new_hash.to_owned());
        self.write(Strength::Synced, input, |tx, (permit, id, old_hash, new_hash)| {
            Box::pin(async move {
                let (person, place) = (permit.resource().uuid(), permit.workspace().uuid());
                let (old, new, now) = (old_hash.as_str(), new_hash.as_str(), tx.now.as_millis());
                let until = now + millis(UNDER_WAY);
                let key = id.uuid();
                let done =
                    statement!(tx.execute(CONFIRM, key, person, place, old, new, until, now))?;
                if done == 0 {
                    return Err(StoreError::NotFound);
                }
                let record = Record::by(permit, Act::SessionConfirmed);
                tx.record(record.about(Thing::Session, *id));
                Ok(())
            })
        })
        .await
    }
}
