//! Keys for programs.

use std::time::Duration;

use galaxy_base::SecretString;
use galaxy_domain::{
    ApiKeyId, Caller, Role,
    access::{Read, Scope, Write},
    person::ApiKeyInfo,
};
use galaxy_store::{Once, api_keys::NewKey};

use super::Access;
use crate::{
    decide::{self, Fresh},
    error::AccessError,
    fields::Complaints,
    secrets,
    tokens::Purpose,
};

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
    /// The key itself. Shown only here, and to the same request sent again.
    pub key: SecretString,
    /// What lists show of it.
    pub info: ApiKeyInfo,
}

impl Access {
    /// Makes a key for the caller. The same request sent again with the same idempotency key
    /// gives the same key, which is stored nowhere: it is made again of the server's secret.
    ///
    /// # Errors
    /// Forbidden to keys; [`AccessError::Invalid`] with everything that is wrong with the request;
    /// a conflict when the key was made before and cannot be made again, because the server's
    /// secret has changed.
    pub async fn create_key(
        &self,
        caller: &Fresh,
        request: KeyRequest,
        once: Option<&Once>,
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
        if scopes.contains(&Scope::Unattended) && !scopes.contains(&Scope::Admin) {
            complaints.add("scopes", "`unattended` makes sense with `admin` only");
        }
        if request.expires_in.is_some_and(|life| !LIFE.contains(&life)) {
            complaints.add("expires_in", "must be between a minute and ten years");
        }
        complaints.end()?;
        let now = self.store.clock().now();
        let id = ApiKeyId::fresh();
        let key = once.map_or_else(secrets::fresh_key, |once| self.key_for(id, once));
        let new = NewKey {
            id,
            name,
            prefix: secrets::shown(&key),
            secret_hash: secrets::digest(&key),
            scopes,
            expires_at: request.expires_in.map(|life| now.after(life)),
        };
        let info = self.store.create_key(permit, new, MOST, once).await?.value;
        let key = once.map_or(key, |once| self.key_for(info.id, once));
        if secrets::shown(&key) != info.prefix {
            let message = "this key was made before and cannot be shown again: delete it, and \
                           make another one";
            return Err(AccessError::Conflict(message.to_owned()));
        }
        Ok(MadeKey { key: key.into(), info })
    }

    /// The key named `id` that the request `once` asks for. Nobody makes it without the server's
    /// secret, and once the request is forgotten, nobody makes it at all.
    fn key_for(&self, id: ApiKeyId, once: &Once) -> String {
        let block = |number: u8| {
            let content = [id.uuid().as_bytes(), [number].as_slice(), once.key.as_bytes()].concat();
            self.signer.mac(Purpose::Key, &content)
        };
        secrets::key_of(block)
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
