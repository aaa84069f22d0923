//! Keys for programs. Only their hashes are kept.

use std::time::Duration;

use galaxy_base::Timestamp;
use galaxy_domain::{
    ApiKeyId, Id, Permit, PersonId,
    access::{Read, Scope, Write},
    audit::{Act, Fact, Record, Thing, Value},
    id::Person as PersonKind,
    person::{ApiKeyInfo, Person},
};
use uuid::Uuid;

use crate::{
    db::{Strength, Tx, row, statement},
    error::StoreError,
    json,
    once::{self, Made, Once},
    people::PersonRow,
    store::Store,
};

/// How exact [`ApiKeyInfo::used_at`] is; noting every request would cost a commit each.
const USED_WITHIN: Duration = Duration::from_secs(60);

/// A key to be kept.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Names it.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// The start of the key, to recognise it by.
    pub prefix: String,
    /// The hash of the whole key.
    pub secret_hash: String,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// When it stops working, if ever.
    pub expires_at: Option<Timestamp>,
}

row! {
    #[derive(Debug)]
    struct KeyRow {
        key_id: Uuid,
        key_name: String,
        prefix: String,
        scopes: String,
        made_at: i64,
        expires_at: Option<i64>,
        used_at: Option<i64>,
    }
}

row! {
    #[derive(Debug)]
    struct OwnedRow {
        .. key: KeyRow,
        .. person: PersonRow,
    }
}

impl TryFrom<KeyRow> for ApiKeyInfo {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: Id::from_uuid(row.key_id),
            name: row.key_name,
            prefix: row.prefix,
            scopes: json::read(&row.scopes)?,
            created_at: Timestamp::from_millis(row.made_at),
            expires_at: row.expires_at.map(Timestamp::from_millis),
            used_at: row.used_at.map(Timestamp::from_millis),
        })
    }
}

const COUNT: &str = "SELECT COUNT(*) FROM api_keys WHERE person_id = $1 AND workspace_id = $2";
const ADD: &str = "INSERT INTO api_keys (id, workspace_id, person_id, name, prefix, secret_hash,
    scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const BY_SECRET: &str = "SELECT k.id AS key_id, k.name AS key_name, k.prefix, k.scopes,
    k.created_at AS made_at, k.expires_at, k.used_at,
    p.id, p.workspace_id, p.email, p.name, p.role, p.disabled, p.created_at
    FROM api_keys k JOIN people p ON p.id = k.person_id AND p.workspace_id = k.workspace_id
    WHERE k.secret_hash = $1 AND (k.expires_at IS NULL OR k.expires_at > $2)
    AND p.disabled = FALSE";
const BY_ID: &str = "SELECT k.id AS key_id, k.name AS key_name, k.prefix, k.scopes,
    k.created_at AS made_at, k.expires_at, k.used_at,
    p.id, p.workspace_id, p.email, p.name, p.role, p.disabled, p.created_at
    FROM api_keys k JOIN people p ON p.id = k.person_id AND p.workspace_id = k.workspace_id
    WHERE k.id = $1 AND (k.expires_at IS NULL OR k.expires_at > $2)
    AND p.disabled = FALSE";
const REFUSED: &str = "SELECT id, person_id, name FROM api_keys WHERE secret_hash = $1";
const LIST: &str = "SELECT id AS key_id, name AS key_name, prefix, scopes,
    created_at AS made_at, expires_at, used_at
    FROM api_keys WHERE person_id = $1 AND workspace_id = $2 ORDER BY id";
const DROP: &str = "DELETE FROM api_keys WHERE id = $1 AND person_id = $2 AND workspace_id = $3
    RETURNING name";
const TOUCH: &str = "UPDATE api_keys SET used_at = $2
    WHERE id = $1 AND (used_at IS NULL OR used_at <= $3)";

impl Store {
    /// Keeps a key; a person may have `most` of them. With `once`, a second call gives what is
    /// known of the first one's key.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] when they have that many; [`StoreError::Mismatch`] when the
    /// idempotency key was used with another request.
    pub async fn create_key(
        &self,
        permit: Permit<Write, PersonKind>,
        new: NewKey,
        most: usize,
        once: Option<&Once>,
    ) -> Result<Made<ApiKeyInfo>, StoreError> {
        let input = (permit, new, most, once.cloned());
        self.write(Strength::Synced, input, |tx, (permit, new, most, once)| {
            Box::pin(async move {
                let (owner, once) = (permit.resource(), once.as_ref());
                if let Some(made) = once::replay(tx, owner, once).await? {
                    return Ok(made);
                }
                let info = add(tx, *permit, new, *most).await?;
                let scopes = info.scopes.iter().map(|it| it.as_str());
                let record = Record::by(permit, Act::KeyCreated).about(Thing::Key, info.id);
                tx.record(record.called(&info.name).with(Fact::Scopes, scopes.collect::<Value>()));
                once::keep(tx, owner, once, info).await
            })
        })
        .await
    }

    /// The key with this hash, and whose it is, if it has not expired.
    ///
    /// # Errors
    /// What the database says.
    pub async fn key(&self, hash: &str) -> Result<Option<(ApiKeyInfo, Person)>, StoreError> {
        let now = self.clock().now().as_millis();
        let mut conn = self.reader().await?;
        owned(statement!(conn.fetch_optional(BY_SECRET, hash, now))?)
    }

    /// The key with this hash, whose it is and what they call it, though it opens nothing: it has
    /// expired, or their account is disabled.
    ///
    /// # Errors
    /// What the database says.
    pub async fn refused_key(
        &self,
        hash: &str,
    ) -> Result<Option<(ApiKeyId, PersonId, String)>, StoreError> {
        let mut conn = self.reader().await?;
        let found: Option<(Uuid, Uuid, String)> = statement!(conn.fetch_optional(REFUSED, hash))?;
        Ok(found.map(|(key, person, name)| (Id::from_uuid(key), Id::from_uuid(person), name)))
    }

    /// The key that was let in before, and whose it is, if it is still good.
    ///
    /// # Errors
    /// What the database says.
    pub async fn key_by_id(
        &self,
        id: ApiKeyId,
    ) -> Result<Option<(ApiKeyInfo, Person)>, StoreError> {
        let now = self.clock().now().as_millis();
        let mut conn = self.reader().await?;
        owned(statement!(conn.fetch_optional(BY_ID, id.uuid(), now))?)
    }

    /// All keys of a person, oldest first, expired ones too.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keys(
        &self,
        permit: Permit<Read, PersonKind>,
    ) -> Result<Vec<ApiKeyInfo>, StoreError> {
        let mut conn = self.reader().await?;
        let (person, place) = (permit.resource().uuid(), permit.workspace().uuid());
        let rows: Vec<KeyRow> = statement!(conn.fetch_all(LIST, person, place))?;
        rows.into_iter().map(ApiKeyInfo::try_from).collect()
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the person has no such key.
    pub async fn delete_key(
        &self,
        permit: Permit<Write, PersonKind>,
        id: ApiKeyId,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, id), |tx, (permit, id)| {
            Box::pin(async move {
                let (person, place) = (permit.resource().uuid(), permit.workspace().uuid());
                let gone: Option<(String,)> =
                    statement!(tx.fetch_optional(DROP, id.uuid(), person, place))?;
                let (name,) = gone.ok_or(StoreError::NotFound)?;
                tx.record(Record::by(permit, Act::KeyDeleted).about(Thing::Key, *id).called(&name));
                Ok(())
            })
        })
        .await
    }

    /// Notes that a key is in use; at most once a minute.
    ///
    /// # Errors
    /// What the database says.
    pub async fn touch_key(&self, id: ApiKeyId) -> Result<(), StoreError> {
        self.write(Strength::Relaxed, id, |tx, id| {
            Box::pin(async move {
                let now = tx.now.as_millis();
                let before = now - i64::try_from(USED_WITHIN.as_millis()).unwrap_or(i64::MAX);
                statement!(tx.execute(TOUCH, id.uuid(), now, before))?;
                Ok(())
            })
        })
        .await
    }
}

async fn add(
    tx: &mut Tx,
    permit: Permit<Write, PersonKind>,
    new: &NewKey,
    most: usize,
) -> Result<ApiKeyInfo, StoreError> {
    let (person, place) = (permit.resource().uuid(), permit.workspace().uuid());
    let (count,): (i64,) = statement!(tx.fetch_one(COUNT, person, place))?;
    if usize::try_from(count).is_ok_and(|count| count >= most) {
        return Err(StoreError::TooMany { limit: most });
    }
    let scopes = json::write(&new.scopes)?;
    let (name, prefix) = (new.name.as_str(), new.prefix.as_str());
    let (hash, scopes) = (new.secret_hash.as_str(), scopes.as_str());
    let (id, now) = (new.id.uuid(), tx.now.as_millis());
    let end = new.expires_at.map(Timestamp::as_millis);
    statement!(tx.execute(ADD, id, place, person, name, prefix, hash, scopes, now, end))?;
    Ok(ApiKeyInfo {
        id: new.id,
        name: new.name.clone(),
        prefix: new.prefix.clone(),
        scopes: new.scopes.clone(),
        created_at: tx.now,
        expires_at: new.expires_at,
        used_at: None,
    })
}

fn owned(row: Option<OwnedRow>) -> Result<Option<(ApiKeyInfo, Person)>, StoreError> {
    row.map(|row| Ok((row.key.try_into()?, row.person.try_into()?))).transpose()
}
