//! Entering the password once more, for what needs a fresh sign-in.

use galaxy_base::SecretString;
use galaxy_domain::{
    Caller, SessionId,
    access::{Credential, Write},
    audit::{Act, Ending, Record, Thing},
    person::Person,
};
use galaxy_store::StoreError;

use super::{Access, sign_in::Checked};
use crate::{
    decide::{self, Fresh},
    error::AccessError,
    secrets,
    throttle::Attempt,
};

impl Access {
    /// The proof that the caller signed in a moment ago.
    ///
    /// # Errors
    /// [`decide::Denied::Stale`] when they did not, with what helps.
    pub fn fresh(&self, caller: &Caller) -> Result<Fresh, AccessError> {
        Ok(decide::fresh(caller, self.store.clock().now(), self.config.fresh)?)
    }

    /// Takes the caller's password once more: their session is fresh again, and opens with the
    /// secret that is given, not with `secret` any more, of which somebody may have a copy.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] when it is not their password, [`AccessError::Throttled`] after too
    /// many wrong ones; a conflict when they did not come by a browser's session, or when that was
    /// confirmed by another request at the same time.
    pub async fn confirm(
        &self,
        caller: &Caller,
        secret: &str,
        password: &SecretString,
    ) -> Result<SecretString, AccessError> {
        let id = by_browser(caller)?;
        let person = self.me(caller).await?;
        let checked = self.own_password(&person, password, "password").await.map(drop);
        if let Err(AccessError::Invalid(_)) = &checked {
            let permit = decide::own::<Write>(caller)?;
            let record = Record::by(&permit, Act::SessionConfirmed).ended(Ending::Refused);
            self.note(record.about(Thing::Session, id)).await;
        }
        checked?;
        let renewed = self.renew_secret(caller, id, secret).await?;
        renewed.ok_or_else(|| {
            let message = "this was confirmed a moment ago: try again what you wanted to do";
            AccessError::Conflict(message.to_owned())
        })
    }

    /// Has another secret open a browser's session from now on; none when it was another one's by
    /// now. The session is fresh then.
    pub(super) async fn renew_secret(
        &self,
        caller: &Caller,
        id: SessionId,
        secret: &str,
    ) -> Result<Option<SecretString>, AccessError> {
        let (permit, fresh) = (decide::own::<Write>(caller)?, secrets::fresh());
        let (old, new) = (secrets::digest(secret), secrets::digest(&fresh));
        let renewed = self.store.confirm_session(permit, id, &old, &new).await;
        self.cache.forget(caller.person);
        match renewed {
            Ok(()) => Ok(Some(fresh.into())),
            Err(StoreError::NotFound) => Ok(None),
            Err(err) => Err(err.into()),
        }
    }

    /// Checks the password of somebody who is signed in, as often as their account may be tried.
    pub(super) async fn own_password(
        &self,
        person: &Person,
        password: &SecretString,
        field: &'static str,
    ) -> Result<Checked<'_>, AccessError> {
        let attempt = Attempt::new(&format!("the password of {}", person.id), None);
        let checked = self.check(&person.email, password, &attempt).await?;
        if !checked.right {
            self.throttle.failed(&attempt);
            return Err(AccessError::invalid(field, "is not your password"));
        }
        self.throttle.succeeded(&attempt);
        Ok(checked)
    }
}

/// The browser's session that the caller came by.
pub(super) fn by_browser(caller: &Caller) -> Result<SessionId, AccessError> {
    let message = match caller.credential {
        Credential::Session(id) => return Ok(id),
        Credential::Token(_) => "a token is not confirmed: get a new one with your password",
        Credential::Proxy => {
            "there is no password of yours here: sign in again where you usually do"
        }
        Credential::TestMode => "nobody signs in here",
        Credential::ApiKey(_) | Credential::Local | Credential::Run(_) => {
            return Err(decide::Denied::Forbidden.into());
        }
    };
    Err(AccessError::Conflict(message.to_owned()))
}
