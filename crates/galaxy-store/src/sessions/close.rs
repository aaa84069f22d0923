//! Listing and closing sessions.

use galaxy_domain::{
    Id, Permit, PersonId, SessionId,
    access::{Credential, Read, Write},
    audit::{Act, Actor, Fact, Record, Thing},
    id::Person as PersonKind,
    person::SignIn,
};
use uuid::Uuid;

use super::SessionRow;
use crate::{
    db::{Strength, statement},
    error::StoreError,
    store::Store,
};

const LIST: &str = "SELECT id AS session_id, person_id, client, created_at AS opened_at,
    COALESCE(authenticated_at, created_at) AS authenticated_at, seen_at, expires_at FROM sessions
    WHERE person_id = $1 AND workspace_id = $2 AND expires_at > $3
    AND (kind = 'token' OR seen_at > $4) ORDER BY seen_at DESC, id DESC";
const CLOSE: &str = "DELETE FROM sessions WHERE id = $1 AND person_id = $2 AND workspace_id = $3";
const CLOSE_BY_SECRET: &str = "DELETE FROM sessions WHERE secret_hash = $1
    RETURNING person_id, id, workspace_id";
const CLOSE_ALL: &str = "DELETE FROM sessions
    WHERE person_id = $1 AND workspace_id = $2 AND id <> $3";

impl Store {
    /// Open sessions, the most recently used first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sessions(
        &self,
        permit: Permit<Read, PersonKind>,
    ) -> Result<Vec<SignIn>, StoreError> {
        let (now, idle) = self.session_times();
        let (person, place) = (permit.resource().uuid(), permit.workspace().uuid());
        let mut conn = self.reader().await?;
        let rows: Vec<SessionRow> = statement!(conn.fetch_all(LIST, person, place, now, idle))?;
        Ok(rows.into_iter().map(SignIn::from).collect())
    }

    /// Closes one session.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the person has no such session.
    pub async fn close_session(
        &self,
        permit: Permit<Write, PersonKind>,
        id: SessionId,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, id), |tx, (permit, id)| {
            Box::pin(async move {
                let (person, place) = (permit.resource().uuid(), permit.workspace().uuid());
                let closed = statement!(tx.execute(CLOSE, id.uuid(), person, place))?;
                if closed == 0 {
                    return Err(StoreError::NotFound);
                }
                tx.record(Record::by(permit, Act::SessionClosed).about(Thing::Session, *id));
                Ok(())
            })
        })
        .await
    }

    /// Closes the session that a secret opens; tells whose it was, if there was one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn close_session_by(&self, hash: &str) -> Result<Option<PersonId>, StoreError> {
        self.write(Strength::Synced, hash.to_owned(), |tx, hash| {
            Box::pin(async move {
                let closed: Option<(Uuid, Uuid, Uuid)> =
                    statement!(tx.fetch_optional(CLOSE_BY_SECRET, hash.as_str()))?;
                let Some((person, id, place)) = closed else { return Ok(None) };
                let person = Id::from_uuid(person);
                let actor = Actor::by(person, Credential::Session(Id::from_uuid(id)));
                let record = Record::new(Id::from_uuid(place), actor, Act::SignedOut);
                tx.record(record.about(Thing::Session, id));
                Ok(Some(person))
            })
        })
        .await
    }

    /// Closes all sessions of a person but one; tells how many.
    ///
    /// # Errors
    /// What the database says.
    pub async fn close_sessions(
        &self,
        permit: Permit<Write, PersonKind>,
        except: Option<SessionId>,
    ) -> Result<u64, StoreError> {
        self.write(Strength::Synced, (permit, except), |tx, (permit, except)| {
            Box::pin(async move {
                let (person, place) = (permit.resource().uuid(), permit.workspace().uuid());
                let kept = except.map_or(Uuid::nil(), Id::uuid);
                let closed = statement!(tx.execute(CLOSE_ALL, person, place, kept))?;
                if closed > 0 {
                    let record = Record::by(permit, Act::SessionClosed);
                    let record = record.about(Thing::Person, permit.resource());
                    tx.record(record.with(Fact::Count, closed));
                }
                Ok(closed)
            })
        })
        .await
    }
}
