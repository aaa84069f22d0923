//! The sessions of a person, as they see them.

use galaxy_domain::{
    Caller, SessionId,
    access::{Read, Write},
    person::SignIn,
};

use super::{Access, session_of};
use crate::{decide, error::AccessError};

impl Access {
    /// The caller's open sessions, the most recently used first.
    ///
    /// # Errors
    /// Forbidden to keys.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SignIn>, AccessError> {
        Ok(self.store.sessions(decide::own::<Read>(caller)?).await?)
    }

    /// Closes one of the caller's sessions; it may be the one they use.
    ///
    /// # Errors
    /// Forbidden to keys; not found when they have no such session.
    pub async fn close_session(&self, caller: &Caller, id: SessionId) -> Result<(), AccessError> {
        self.store.close_session(decide::own::<Write>(caller)?, id).await?;
        self.cache.forget(caller.person);
        Ok(())
    }

    /// Closes all the caller's sessions but the one they use; tells how many.
    ///
    /// # Errors
    /// Forbidden to keys.
    pub async fn close_other_sessions(&self, caller: &Caller) -> Result<u64, AccessError> {
        let permit = decide::own::<Write>(caller)?;
        let closed = self.store.close_sessions(permit, session_of(caller)).await?;
        self.cache.forget(caller.person);
        Ok(closed)
    }
}
