//! Signed-in browsers and families of refresh tokens. Only hashes of what opens them are kept.

mod close;
mod confirm;

use std::{net::IpAddr, time::Duration};

use galaxy_base::Timestamp;
use galaxy_domain::{
    Id, PersonId, SessionId, WorkspaceId,
    access::Credential,
    audit::{Act, Actor, Ending, Fact, Record, Thing},
    person::{Person, SignIn},
};
use uuid::Uuid;

use crate::{
    db::{Strength, row, statement},
    error::StoreError,
    people::PersonRow,
    store::Store,
};

/// A browser that does nothing for this long has to sign in again.
pub const IDLE: Duration = Duration::from_secs(12 * 60 * 60);

/// How exact [`SignIn::seen_at`] is; noting every request would cost a commit each.
const SEEN_WITHIN: Duration = Duration::from_secs(60);

/// What kind of client signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// A browser, which presents the same secret every time and may not idle for [`IDLE`].
    Browser,
    /// An API client, whose secret is replaced at every use.
    Token,
}

impl SessionKind {
    /// The name that is stored.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Token => "token",
        }
    }
}

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// What it will be called.
    pub id: SessionId,
    /// Who signed in.
    pub person: PersonId,
    /// Where their account lives.
    pub workspace: WorkspaceId,
    /// What kind of client they use.
    pub kind: SessionKind,
    /// The hash of what opens it.
    pub secret_hash: String,
    /// What the client calls itself.
    pub client: String,
    /// From where they signed in, if that is known.
    pub address: Option<IpAddr>,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
}

/// What became of an attempt to replace a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was replaced.
    Rotated(SignIn, Person),
    /// It had been replaced before, so somebody has a copy. The session of this person is closed
    /// now.
    Reused(PersonId),
    /// There is no such session, or it has expired.
    Unknown,
}

row! {
    #[derive(Debug)]
    struct SessionRow {
        session_id: Uuid,
        person_id: Uuid,
        client: String,
        opened_at: i64,
        authenticated_at: i64,
        seen_at: i64,
        expires_at: i64,
    }
}

row! {
    #[derive(Debug)]
    struct OpenRow {
        .. session: SessionRow,
        .. person: PersonRow,
    }
}

impl From<SessionRow> for SignIn {
    fn from(row: SessionRow) -> Self {
        Self {
            id: Id::from_uuid(row.session_id),
            person: Id::from_uuid(row.person_id),
            client: row.client,
            created_at: Timestamp::from_millis(row.opened_at),
            authenticated_at: Timestamp::from_millis(row.authenticated_at),
            seen_at: Timestamp::from_millis(row.seen_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        }
    }
}

// A disabled account opens with nothing, also when it was disabled a moment ago.
const OPEN: &str = "INSERT INTO sessions (id, workspace_id, person_id, kind, secret_hash, client,
    created_at, authenticated_at, seen_at, expires_at)
    SELECT $1, workspace_id, id, $4, $5, $6, $7, $7, $7, $8 FROM people
    WHERE id = $2 AND workspace_id = $3 AND disabled = FALSE";
// Whoever comes with what opened the session before has not entered the password since.
const BY_SECRET: &str = "SELECT s.id AS session_id, s.person_id, s.client,
    s.created_at AS opened_at, CASE WHEN s.secret_hash = $1
    THEN COALESCE(s.authenticated_at, s.created_at) ELSE s.created_at END AS authenticated_at,
    s.seen_at, s.expires_at,
    p.id, p.workspace_id, p.email, p.name, p.role, p.disabled, p.created_at
    FROM sessions s JOIN people p ON p.id = s.person_id AND p.workspace_id = s.workspace_id
    WHERE (s.secret_hash = $1 OR (s.previous_hash = $1 AND s.previous_until > $2))
    AND s.kind = 'browser' AND s.seen_at > $3 AND s.expires_at > $2
    AND p.disabled = FALSE";
const BY_ID: &str = "SELECT s.id AS session_id, s.person_id, s.client,
    s.created_at AS opened_at, COALESCE(s.authenticated_at, s.created_at) AS authenticated_at,
    s.seen_at, s.expires_at,
    p.id, p.workspace_id, p.email, p.name, p.role, p.disabled, p.created_at
    FROM sessions s JOIN people p ON p.id = s.person_id AND p.workspace_id = s.workspace_id
    WHERE s.id = $1 AND (s.kind = 'token' OR s.seen_at > $3) AND s.expires_at > $2
    AND p.disabled = FALSE";
const TOUCH: &str = "UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at <= $3";
const ROTATE: &str = "UPDATE sessions SET secret_hash = $3, seen_at = $4
    WHERE id = $1 AND secret_hash = $2 AND kind = 'token' AND expires_at > $4";
const BETRAYED: &str = "DELETE FROM sessions WHERE id = $1 AND secret_hash <> $2
    AND kind = 'token' RETURNING person_id, workspace_id";

impl Store {
    /// Opens a session.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the account is gone or disabled.
    pub async fn open_session(&self, new: NewSession) -> Result<SignIn, StoreError> {
        self.write(Strength::Synced, new, |tx, new| {
            Box::pin(async move {
                let (id, person, place) = (new.id.uuid(), new.person.uuid(), new.workspace.uuid());
                let (hash, client) = (new.secret_hash.as_str(), new.client.as_str());
                let (now, end) = (tx.now, new.expires_at.as_millis());
                let (kind, at) = (new.kind.as_str(), now.as_millis());
                let opened =
                    statement!(tx.execute(OPEN, id, person, place, kind, hash, client, at, end))?;
                if opened == 0 {
                    return Err(StoreError::NotFound);
                }
                tx.record(signed_in(new));
                Ok(SignIn {
                    id: new.id,
                    person: new.person,
                    client: new.client.clone(),
                    created_at: now,
                    authenticated_at: now,
                    seen_at: now,
                    expires_at: new.expires_at,
                })
            })
        })
        .await
    }

    /// The browser's session that a secret opens, and whose it is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn session(&self, hash: &str) -> Result<Option<(SignIn, Person)>, StoreError> {
        let (now, idle) = self.session_times();
        let mut conn = self.reader().await?;
        opened(statement!(conn.fetch_optional(BY_SECRET, hash, now, idle))?)
    }

    /// A session of any kind, if it is still open, and whose it is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn session_by_id(
        &self,
        id: SessionId,
    ) -> Result<Option<(SignIn, Person)>, StoreError> {
        let (now, idle) = self.session_times();
        let mut conn = self.reader().await?;
        opened(statement!(conn.fetch_optional(BY_ID, id.uuid(), now, idle))?)
    }

    /// Notes that a session is in use; at most once a minute.
    ///
    /// # Errors
    /// What the database says.
    pub async fn touch_session(&self, id: SessionId) -> Result<(), StoreError> {
        self.write(Strength::Relaxed, id, |tx, id| {
            Box::pin(async move {
                let now = tx.now.as_millis();
                let before = now - millis(SEEN_WITHIN);
                statement!(tx.execute(TOUCH, id.uuid(), now, before))?;
                Ok(())
            })
        })
        .await
    }

    /// Replaces the refresh token of `id`. A token that is not the newest one closes the session.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rotate(
        &self,
        id: SessionId,
        old_hash: &str,
        new_hash: &str,
    ) -> Result<Rotation, StoreError> {
        let (_, idle) = self.session_times();
        let input = (id, old_hash.to_owned(), new_hash.to_owned());
        self.write(Strength::Synced, input, move |tx, (id, old_hash, new_hash)| {
            Box::pin(async move {
                let (id, old, new) = (id.uuid(), old_hash.as_str(), new_hash.as_str());
                let now = tx.now.as_millis();
                if statement!(tx.execute(ROTATE, id, old, new, now))? == 0 {
                    let betrayed: Option<(Uuid, Uuid)> =
                        statement!(tx.fetch_optional(BETRAYED, id, old))?;
                    let Some((person, place)) = betrayed else { return Ok(Rotation::Unknown) };
                    let person = Id::from_uuid(person);
                    let actor = Actor::by(person, Credential::Token(Id::from_uuid(id)));
                    let record = Record::new(Id::from_uuid(place), actor, Act::SessionBetrayed);
                    tx.record(record.about(Thing::Session, id).ended(Ending::Refused));
                    return Ok(Rotation::Reused(person));
                }
                let row: Option<OpenRow> = statement!(tx.fetch_optional(BY_ID, id, now, idle))?;
                Ok(match opened(row)? {
                    Some((session, person)) => Rotation::Rotated(session, person),
                    None => Rotation::Unknown,
                })
            })
        })
        .await
    }

    /// The moment, and the last one at which an open browser can have been seen.
    fn session_times(&self) -> (i64, i64) {
        let now = self.clock().now().as_millis();
        (now, now - millis(IDLE))
    }
}

/// What is written down of a sign-in.
fn signed_in(new: &NewSession) -> Record {
    let credential = match new.kind {
        SessionKind::Browser => Credential::Session(new.id),
        SessionKind::Token => Credential::Token(new.id),
    };
    let actor = Actor { address: new.address, ..Actor::by(new.person, credential) };
    Record::new(new.workspace, actor, Act::SignedIn)
        .about(Thing::Session, new.id)
        .with(Fact::Kind, new.kind.as_str())
}

fn opened(row: Option<OpenRow>) -> Result<Option<(SignIn, Person)>, StoreError> {
    row.map(|row| Ok((row.session.into(), row.person.try_into()?))).transpose()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
