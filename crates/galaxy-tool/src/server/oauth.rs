//! Signing in at tool servers (OAuth 2.1): what the application says and keeps.
//!
//! A sign-in is two steps with a person's browser between them. What has to outlive the gap is
//! handed out as a value ([`Pending`]), and so is what comes of it ([`Grant`]): whoever holds the
//! port keeps them, encrypted, and bound to the person.
//!
//! **Invariant:** a token goes to the server that it was asked for, a secret of a client to the
//! issuer that gave it, and neither is in any word that this port says.

pub mod ask;
pub mod challenge;
pub mod client;
pub mod credentials;
pub mod error;
pub mod grant;
pub mod inside;
pub mod renewing;
mod secret;

use futures::future::BoxFuture;

pub use ask::{Ask, Begun, Callback, Pending};
pub use challenge::Challenge;
pub use client::{Client, ClientAuth, ClientOrigin, Registration, client_document};
pub use credentials::Credentials;
pub use error::SignInError;
pub use grant::Grant;
pub use inside::Inside;
pub use renewing::{Grants, Held, Renewing};

/// Signs people in at tool servers. Every verb ends within a minute.
pub trait SignIn: Send + Sync {
    /// Finds out where to sign in, makes us known there if need be, and gives the address that
    /// the person has to open.
    ///
    /// # Errors
    /// [`SignInError`].
    fn begin(&self, ask: Ask) -> BoxFuture<'_, Result<Begun, SignInError>>;

    /// Takes what the person's browser came back with. Whoever calls makes sure that it is the
    /// same person who began, and that `pending` is used once.
    ///
    /// # Errors
    /// [`SignInError`].
    fn finish(
        &self,
        pending: Pending,
        callback: Callback,
    ) -> BoxFuture<'_, Result<Grant, SignInError>>;

    /// A fresh token for the old grant. The old one is good for nothing afterwards: keep the new
    /// one before it is used. Only one renewal of a grant at a time: see [`Renewing`].
    ///
    /// # Errors
    /// [`SignInError::SignInAgain`] and [`SignInError::ClientUnknown`] when the grant is lost;
    /// after others it is worth another try.
    fn renew<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<Grant, SignInError>>;

    /// Tells the issuer that the grant is not needed any more, where it wants to know. Telling it
    /// twice does no harm.
    ///
    /// # Errors
    /// [`SignInError::Unavailable`] when it is worth another try. After others the grant may live
    /// on until it expires, and is to be forgotten all the same.
    fn revoke<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<(), SignInError>>;
}
