//! Idempotency keys: what was answered once is answered again, and done once.

use galaxy_domain::PersonId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    Store,
    db::{Tx, statement},
    error::StoreError,
    json,
};

/// A request that must not be done twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Where it was sent; keys of different routes do not meet.
    pub route: &'static str,
    /// What the client calls it.
    pub key: String,
    /// A hash of all that the request asks for.
    pub body_hash: String,
}

/// What a creating function gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made<T> {
    /// What was made.
    pub value: T,
    /// Whether an earlier call with the same key made it.
    pub replayed: bool,
}

const TAKE: &str = "INSERT INTO replies (person_id, route, key, body_hash, reply, created_at)
    VALUES ($1, $2, $3, $4, NULL, $5) ON CONFLICT DO NOTHING";
const FIND: &str = "SELECT body_hash, reply FROM replies
    WHERE person_id = $1 AND route = $2 AND key = $3";
const KEEP: &str = "UPDATE replies SET reply = $4
    WHERE person_id = $1 AND route = $2 AND key = $3";

impl Store {
    /// What an earlier request of `person` with this key made, if there was one. Asked by changes
    /// that are refused once they are made; the key is honoured in the change itself all the same.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] when the key was used with another request.
    pub async fn made_before<T: DeserializeOwned>(
        &self,
        person: PersonId,
        once: &Once,
    ) -> Result<Option<T>, StoreError> {
        let mut conn = self.reader().await?;
        let found: Option<(String, Option<String>)> =
            statement!(conn.fetch_optional(FIND, person.uuid(), once.route, once.key.as_str()))?;
        match found {
            Some((known, _)) if known != once.body_hash => Err(StoreError::Mismatch),
            Some((_, Some(reply))) => Ok(Some(json::read(&reply)?)),
            Some((_, None)) | None => Ok(None),
        }
    }
}

/// Takes the key, or gives what the first call with it made. The work itself follows only when
/// this gives `None`, in the same transaction, and ends with [`keep`].
pub(crate) async fn replay<T: DeserializeOwned>(
    tx: &mut Tx,
    person: PersonId,
    once: Option<&Once>,
) -> Result<Option<Made<T>>, StoreError> {
    let Some(once) = once else { return Ok(None) };
    let (person, key, hash) = (person.uuid(), once.key.as_str(), once.body_hash.as_str());
    let now = tx.now.as_millis();
    if statement!(tx.execute(TAKE, person, once.route, key, hash, now))? == 1 {
        return Ok(None);
    }
    let found: Option<(String, Option<String>)> =
        statement!(tx.fetch_optional(FIND, person, once.route, key))?;
    match found {
        Some((known, _)) if known != once.body_hash => Err(StoreError::Mismatch),
        Some((_, Some(reply))) => Ok(Some(Made { value: json::read(&reply)?, replayed: true })),
        // Key and reply are written in one transaction, so one without the other cannot be seen.
        Some((_, None)) | None => Err(StoreError::Corrupt("a key without a reply".to_owned())),
    }
}

/// Keeps `value` as the answer to every later call with the same key.
pub(crate) async fn keep<T: Serialize>(
    tx: &mut Tx,
    person: PersonId,
    once: Option<&Once>,
    value: T,
) -> Result<Made<T>, StoreError> {
    if let Some(once) = once {
        let (person, reply): (Uuid, String) = (person.uuid(), json::write(&value)?);
        statement!(tx.execute(KEEP, person, once.route, once.key.as_str(), reply.as_str()))?;
    }
    Ok(Made { value, replayed: false })
}
