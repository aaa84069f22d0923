//! How the first administrator comes about.

use std::sync::atomic::Ordering;

use galaxy_base::SecretString;
use galaxy_domain::{Role, person::Person};
use galaxy_store::{StoreError, people::NewPerson};

use super::Access;
use crate::{error::AccessError, fields::Complaints, secrets};

impl Access {
    /// Whether somebody has an account.
    ///
    /// # Errors
    /// What the store says.
    pub async fn is_set_up(&self) -> Result<bool, AccessError> {
        if self.is_set_up.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let is_set_up = self.store.is_set_up().await?;
        self.is_set_up.store(is_set_up, Ordering::Relaxed);
        Ok(is_set_up)
    }

    /// A fresh token for [`Access::set_up`], if nobody has an account yet. Tokens made before are
    /// void. Meant to be shown once, at start, to whoever runs the server.
    ///
    /// # Errors
    /// What the store says.
    pub async fn setup_token(&self) -> Result<Option<SecretString>, AccessError> {
        if self.is_set_up().await? {
            return Ok(None);
        }
        let token = secrets::fresh();
        self.store.put_setup_token(&secrets::digest(&token)).await?;
        Ok(Some(token.into()))
    }

    /// Makes the first administrator. Of any number of calls at once exactly one succeeds.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`] for another token, a conflict when somebody was faster,
    /// [`AccessError::Invalid`] with everything that is wrong with the fields.
    pub async fn set_up(
        &self,
        token: &str,
        email: &str,
        name: &str,
        password: &SecretString,
    ) -> Result<Person, AccessError> {
        let token_hash = secrets::digest(token);
        // First, so that strangers cannot have passwords hashed.
        if !self.store.is_setup_token(&token_hash).await? {
            return Err(if self.is_set_up().await? {
                AccessError::Conflict("there is an administrator already".to_owned())
            } else {
                AccessError::Unauthenticated
            });
        }
        let mut complaints = Complaints::default();
        let (email, name) = (complaints.email(email), complaints.name("name", name));
        complaints.password("password", password, &self.about(&email, &name));
        complaints.end()?;
        let password_hash = Some(self.passwords.turn().await?.hash(password).await?);
        let new = NewPerson { email, name, role: Role::Admin, password_hash };
        match self.store.create_first_admin(&token_hash, new).await {
            Err(StoreError::NotFound) => Err(AccessError::Unauthenticated),
            other => Ok(other?),
        }
    }
}
