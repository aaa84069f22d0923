//! Looking after accounts.

use galaxy_base::SecretString;
use galaxy_domain::{Caller, PersonId, Role, person::Person};
use galaxy_store::{
    Once,
    people::{NewPerson, PersonChange},
};

use super::Access;
use crate::{
    decide::{self, Denied, Fresh},
    error::AccessError,
    fields::Complaints,
    tokens::Purpose,
};

/// An account as an administrator wants it.
#[derive(Debug, Clone)]
pub struct PersonRequest {
    /// Their address.
    pub email: String,
    /// What others see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their first password.
    pub password: SecretString,
}

impl Access {
    /// The caller's own account.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`] when it is gone.
    pub async fn me(&self, caller: &Caller) -> Result<Person, AccessError> {
        let person = self.store.person(caller.person).await?;
        let person = person.filter(|person| person.workspace == caller.workspace);
        person.ok_or(AccessError::Unauthenticated)
    }

    /// Makes an account. The same request sent again with the same idempotency key gives the same
    /// account, as it was made.
    ///
    /// # Errors
    /// Forbidden to all but administrators; a conflict when the address is taken;
    /// [`AccessError::Invalid`] with everything that is wrong with the request.
    pub async fn create_person(
        &self,
        caller: &Fresh,
        request: PersonRequest,
        once: Option<&Once>,
    ) -> Result<Person, AccessError> {
        let permit = decide::administer(caller)?;
        let mut complaints = Complaints::default();
        let email = complaints.email(&request.email);
        let name = complaints.name("name", &request.name);
        complaints.password("password", &request.password, &self.about(&email, &name));
        complaints.end()?;
        let once = once.map(|once| self.sealed(once));
        // Hashing a password costs a lot; a request that is sent again does not need it.
        if let Some(once) = &once
            && let Some(made) = self.store.made_before(caller.person, once).await?
        {
            return Ok(made);
        }
        let password_hash = Some(self.passwords.turn().await?.hash(&request.password).await?);
        let new = NewPerson { email, name, role: request.role, password_hash };
        Ok(self.store.create_person(permit, new, once.as_ref()).await?.value)
    }

    /// `once` with another hash of its body, which says nothing without the server's secret: for
    /// bodies that hold a secret, of which a plain hash would tell how to guess it.
    pub fn sealed(&self, once: &Once) -> Once {
        let sealed = self.signer.mac(Purpose::Request, once.body_hash.as_bytes());
        Once { body_hash: hex::encode(sealed), ..once.clone() }
    }

    /// Everybody in the caller's workspace, by address.
    ///
    /// # Errors
    /// Forbidden to all but administrators.
    pub async fn people(&self, caller: &Caller) -> Result<Vec<Person>, AccessError> {
        Ok(self.store.people(decide::administer(caller)?).await?)
    }

    /// Changes an account. Disabling it, and every change of role, acts at once.
    ///
    /// # Errors
    /// Forbidden to all but administrators, and for more than a name with a fresh sign-in only; a
    /// conflict when they would lose their own rights, or when nobody would be left to administrate.
    pub async fn change_person(
        &self,
        caller: &Caller,
        id: PersonId,
        mut change: PersonChange,
    ) -> Result<Person, AccessError> {
        let permit = decide::administer_person(caller, &self.somebody(caller, id).await?)?;
        let mut complaints = Complaints::default();
        change.name = change.name.map(|name| complaints.name("name", &name));
        complaints.end()?;
        if change.role.is_some() || change.disabled.is_some() {
            self.fresh(caller)?;
        }
        let demoted = change.role.is_some_and(|role| role < Role::Admin);
        if demoted || change.disabled == Some(true) {
            forbid_oneself(caller, id)?;
        }
        let person = self.store.change_person(permit, change).await?;
        self.cache.forget(id);
        Ok(person)
    }

    /// Replaces somebody's password and closes their sessions.
    ///
    /// # Errors
    /// Forbidden to all but administrators; [`AccessError::Invalid`] when it is too easy.
    pub async fn reset_password(
        &self,
        caller: &Fresh,
        id: PersonId,
        password: &SecretString,
    ) -> Result<(), AccessError> {
        let person = self.somebody(caller, id).await?;
        let permit = decide::reset(caller, &person)?;
        let mut complaints = Complaints::default();
        complaints.password("password", password, &self.about(&person.email, &person.name));
        complaints.end()?;
        let hash = self.passwords.turn().await?.hash(password).await?;
        self.store.set_password(permit, hash).await?;
        self.store.close_sessions(permit, None).await?;
        self.cache.forget(id);
        Ok(())
    }

    /// Deletes an account and everything that belongs to it.
    ///
    /// # Errors
    /// Forbidden to all but administrators; a conflict when it is their own.
    pub async fn delete_person(&self, caller: &Fresh, id: PersonId) -> Result<(), AccessError> {
        let permit = decide::administer_person(caller, &self.somebody(caller, id).await?)?;
        forbid_oneself(caller, id)?;
        self.store.delete_person(permit).await?;
        self.cache.forget(id);
        Ok(())
    }

    /// An account to decide about. Who may not look after anybody does not learn whether it is
    /// there.
    async fn somebody(&self, caller: &Caller, id: PersonId) -> Result<Person, AccessError> {
        decide::administer(caller)?;
        Ok(self.store.person(id).await?.ok_or(Denied::Hidden)?)
    }
}

/// An administrator who locks themselves out by mistake cannot undo it.
fn forbid_oneself(caller: &Caller, id: PersonId) -> Result<(), AccessError> {
    if caller.person == id {
        let message = "you cannot do this to your own account: ask another administrator";
        return Err(AccessError::Conflict(message.to_owned()));
    }
    Ok(())
}
