//! What a connection shows a server.

use std::fmt;

use futures::future::BoxFuture;
use galaxy_base::SecretString;

use crate::server::error::ServerError;

/// Gives a connection the token that it shows its server, and no other server.
pub trait Credentials: Send + Sync {
    /// The token for the next request; `None` if there is none: then the server says what it
    /// wants.
    ///
    /// # Errors
    /// [`ServerError`], when there is one but it cannot be had now. The request is not sent.
    fn token(&self) -> BoxFuture<'_, Result<Option<SecretString>, ServerError>>;

    /// The server refused `token` and said `challenge`. Gives another token if there is one; the
    /// request is then sent once more. Asked by many at once, it renews once.
    ///
    /// # Errors
    /// [`ServerError`], when there may be one but it cannot be had now.
    fn refused<'a>(
        &'a self,
        token: &'a SecretString,
        challenge: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<SecretString>, ServerError>>;
}

/// Shows nothing of what it is.
impl fmt::Debug for dyn Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}
