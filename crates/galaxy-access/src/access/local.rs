//! Whoever may read the data folder could read everything anyway; they act as a person of it.

use galaxy_domain::{
    Caller,
    access::{Credential, Proof, Scope},
    person::Person,
};

use super::{Access, in_person};
use crate::{error::AccessError, fields};

impl Access {
    /// The caller that a program on this machine is, which opened the data itself: the person with
    /// `email`, or without one the only administrator. Never an administrator itself.
    ///
    /// # Errors
    /// [`AccessError::Conflict`] when there is no such person, or more than one.
    pub async fn local(&self, email: Option<&str>) -> Result<Caller, AccessError> {
        let person = match email {
            Some(email) => self.addressed(email).await?,
            None => self.only_admin().await?,
        };
        let scopes = vec![Scope::Read, Scope::Chat, Scope::Tasks];
        Ok(Caller { scopes, ..in_person(&person, Credential::Local, Proof::Never) })
    }

    async fn addressed(&self, email: &str) -> Result<Person, AccessError> {
        let nobody = || AccessError::Conflict(format!("nobody here has the address {email}"));
        let address = fields::email(email).ok_or_else(nobody)?;
        let found = self.store.person_by_email(self.store.workspace(), &address).await?;
        let person = found.map(|(person, _)| person).ok_or_else(nobody)?;
        if person.disabled {
            return Err(AccessError::Conflict(format!("the account of {email} is disabled")));
        }
        Ok(person)
    }

    async fn only_admin(&self) -> Result<Person, AccessError> {
        let mut admins = self.store.first_admins(self.store.workspace()).await?;
        match (admins.pop(), admins.pop()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(AccessError::Conflict(
                "there are several administrators: say who you are".to_owned(),
            )),
            (None, _) => Err(AccessError::Conflict("nobody has an account yet".to_owned())),
        }
    }
}
