//! Keys for programs.

use std::time::Duration;

use galaxy_base::SecretString;
use galaxy_domain::{
    ApiKeyId, Caller, Role,
    access::{Read, Scope, Write},
    person::ApiKeyInfo,
};
use galaxy_store::api_keys::NewKey;

use super::Access;
use crate::{decide, error::AccessError, fields::Complaints, secrets};

/// How many keys a person may have.
const MOST: usize = 100;

/// The shortest and the longest time a key may be asked to live.
const LIFE: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// A key as its owner wants it.
#[derive(Debug, Clone)]
pub struct KeyRequest {
    /// What its owner calls it.
    pub name: String,
    /// What it is to be good for.
    pub scopes: Vec<Scope>,
    /// How long; `None` means until it is deleted.
    pub expires_in: Option<Duration>,
}

/// A fresh key.
#[derive(Debug)]
pub struct MadeKey {
    /// The key itself. Shown only here.
    pub key: SecretString,
    /// What lists show of it.
    pub info: ApiKeyInfo,
}

impl Access {
    /// Makes a key for the caller.
    ///
    /// # Errors
    /// Forbidden to keys; [`AccessError::Invalid`] with everything that is wrong with the request.
    pub async fn create_key(
        &self,
        caller: &Caller,
        request: KeyRequest,
    ) -> Result<MadeKey, AccessError> {
        let permit = decide::own::<Write>(caller)?;
        let mut complaints = Complaints::default();
        let name = complaints.name("name", &request.name);
        let mut scopes = request.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            complaints.add("scopes", "must name at least one");
        }
        if scopes.contains(&Scope::Admin) && caller.role < Role::Admin {
            complaints.add("scopes", "must not contain `admin`: you are no administrator");
        }
        if request.expires_in.is_some_and(|life| !LIFE.contains(&life)) {
            complaints.add("expires_in", "must be between a minute and ten years");
        }
        complaints.end()?;
        let now = self.store.clock().now();
        let key = secrets::fresh_key();
        let new = NewKey {
            name,
            prefix: secrets::shown(&key),
            secret_hash: secrets::digest(&key),
            scopes,
            expires_at: request.expires_in.map(|life| now.after(life)),
        };
        let info = self.store.create_key(permit, new, MOST).await?;
        Ok(MadeKey { key: key.into(), info })
    }

    /// The caller's keys, oldest first.
    ///
    /// # Errors
    /// Forbidden to keys.
    pub async fn keys(&self, caller: &Caller) -> Result<Vec<ApiKeyInfo>, AccessError> {
        Ok(self.store.keys(decide::own::<Read>(caller)?).await?)
    }

    /// Deletes one of the caller's keys.
    ///
    /// # Errors
    /// Forbidden to keys; not found when they have no such key.
    pub async fn delete_key(&self, caller: &Caller, id: ApiKeyId) -> Result<(), AccessError> {
        self.store.delete_key(decide::own::<Write>(caller)?, id).await?;
        self.cache.forget(caller.person);
        Ok(())
    }
}
