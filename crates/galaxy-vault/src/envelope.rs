//! One sealed secret: a key of its own, wrapped by the deployment's, and the secret under it.
//!
//! `version (1) | id of the wrapping key (8) | nonce (24) | wrapped key (48) | nonce (24) | secret`,
//! both under XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) with the slot as associated data.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use galaxy_base::random;
use zeroize::Zeroizing;

use crate::keyring::{Key, KeyId, Master};

/// The one layout there is.
const VERSION: u8 = 1;
const NONCE: usize = 24;
/// A key and its tag.
const WRAPPED: usize = 32 + 16;
/// Everything before the secret's own nonce.
const HEAD: usize = 1 + 8 + NONCE + WRAPPED;

/// Where a sealed secret belongs: a table and column, and the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot(String);

impl Slot {
    /// The value of `column` (`table.column`) in the row named `row` of `workspace`.
    pub fn new(column: &str, workspace: &impl ToString, row: &impl ToString) -> Self {
        Self(format!("{column}\n{}\n{}", workspace.to_string(), row.to_string()))
    }
}

/// A secret that is sealed. Safe to store and to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl Sealed {
    pub(crate) fn key_id(&self) -> Option<KeyId> {
        self.0.get(1..9)?.try_into().ok().filter(|_| self.0[0] == VERSION)
    }
}

/// Why a secret did not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// It is under a key that is not here.
    #[error("a stored secret is under another key ({0}): give that key as an older one")]
    UnknownKey(String),
    /// It was changed, or belongs to another row.
    #[error("a stored secret is damaged")]
    Damaged,
}

pub(crate) fn seal(master: &Master, slot: &Slot, secret: &[u8]) -> Sealed {
    let key: Key = Zeroizing::new(random::bytes());
    let mut bytes = wrapped(master, slot, &key);
    let nonce: [u8; NONCE] = random::bytes();
    bytes.extend(nonce);
    bytes.extend(encrypt(&key, nonce, slot, secret));
    Sealed(bytes)
}

pub(crate) fn open(
    master: &Master,
    slot: &Slot,
    sealed: &Sealed,
) -> Result<Zeroizing<Vec<u8>>, Unopened> {
    let (key, body) = unwrapped(master, slot, sealed)?;
    let (nonce, body) = body.split_at_checked(NONCE).ok_or(Unopened::Damaged)?;
    decrypt(&key, nonce, slot, body)
}

pub(crate) fn rewrap(
    from: &Master,
    to: &Master,
    slot: &Slot,
    sealed: &Sealed,
) -> Result<Sealed, Unopened> {
    let (key, body) = unwrapped(from, slot, sealed)?;
    let mut bytes = wrapped(to, slot, &key);
    bytes.extend(body);
    Ok(Sealed(bytes))
}

/// The head of a sealed secret: its key, wrapped.
fn wrapped(master: &Master, slot: &Slot, key: &Key) -> Vec<u8> {
    let nonce: [u8; NONCE] = random::bytes();
    let mut bytes = vec![VERSION];
    bytes.extend(master.id);
    bytes.extend(nonce);
    bytes.extend(encrypt(&master.key, nonce, slot, &**key));
    bytes
}

/// The key of a sealed secret, and what is under it.
fn unwrapped<'a>(
    master: &Master,
    slot: &Slot,
    sealed: &'a Sealed,
) -> Result<(Key, &'a [u8]), Unopened> {
    let (head, body) = sealed.0.split_at_checked(HEAD).ok_or(Unopened::Damaged)?;
    let opened = decrypt(&master.key, &head[9..9 + NONCE], slot, &head[9 + NONCE..])?;
    let mut key = Key::default();
    if opened.len() != key.len() {
        return Err(Unopened::Damaged);
    }
    key.copy_from_slice(&opened);
    Ok((key, body))
}

fn encrypt(key: &Key, nonce: [u8; NONCE], slot: &Slot, plain: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: plain, aad: slot.0.as_bytes() };
    let sealed = XChaCha20Poly1305::new((&**key).into()).encrypt(&XNonce::from(nonce), payload);
    sealed.expect("secrets are far shorter than the cipher's limit of 256 GB")
}

fn decrypt(
    key: &Key,
    nonce: &[u8],
    slot: &Slot,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unopened> {
    let nonce = <[u8; NONCE]>::try_from(nonce).map_err(|_| Unopened::Damaged)?;
    let payload = Payload { msg: sealed, aad: slot.0.as_bytes() };
    let opened = XChaCha20Poly1305::new((&**key).into()).decrypt(&XNonce::from(nonce), payload);
    opened.map(Zeroizing::new).map_err(|_| Unopened::Damaged)
}

#[cfg(test)]
mod tests;
