//! The keys of a deployment: one to seal with, and older ones that still open.

use std::fmt;

use galaxy_base::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::envelope::{self, Sealed, Slot, Unopened};

/// The bytes of a key.
pub(crate) type Key = Zeroizing<[u8; 32]>;
/// What tells keys apart without telling what they are.
pub(crate) type KeyId = [u8; 8];

/// Not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is 32 random bytes in hexadecimal: 64 characters, as `openssl rand -hex 32` prints")]
pub struct NotAKey;

/// A key with its id.
pub(crate) struct Master {
    pub(crate) id: KeyId,
    pub(crate) key: Key,
}

/// The keys of a deployment.
pub struct Keyring {
    current: Master,
    older: Vec<Master>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("older", &self.older.len()).finish_non_exhaustive()
    }
}

impl Keyring {
    /// Seals with `current`, and opens with that and with `older` keys.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn new(current: &SecretString, older: &[SecretString]) -> Result<Self, NotAKey> {
        let older = older.iter().map(Master::read).collect::<Result<_, _>>()?;
        Ok(Self { current: Master::read(current)?, older })
    }

    /// Seals `secret` for `slot`: it opens nowhere else.
    pub fn seal(&self, slot: &Slot, secret: &[u8]) -> Sealed {
        envelope::seal(&self.current, slot, secret)
    }

    /// Opens what was sealed for `slot`.
    ///
    /// # Errors
    /// [`Unopened`], which does not say what was inside.
    pub fn open(&self, slot: &Slot, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        envelope::open(self.of(sealed)?, slot, sealed)
    }

    /// The same secret under the current key; `None` when it is already.
    ///
    /// # Errors
    /// [`Unopened`].
    pub fn rewrap(&self, slot: &Slot, sealed: &Sealed) -> Result<Option<Sealed>, Unopened> {
        let wrapped_by = self.of(sealed)?;
        if wrapped_by.id == self.current.id {
            return Ok(None);
        }
        envelope::rewrap(wrapped_by, &self.current, slot, sealed).map(Some)
    }

    pub(crate) const fn current(&self) -> &Master {
        &self.current
    }

    /// The key with this id.
    pub(crate) fn named(&self, id: &KeyId) -> Option<&Master> {
        std::iter::once(&self.current).chain(&self.older).find(|it| it.id == *id)
    }

    fn of(&self, sealed: &Sealed) -> Result<&Master, Unopened> {
        let id = sealed.key_id().ok_or(Unopened::Damaged)?;
        self.named(&id).ok_or_else(|| Unopened::UnknownKey(hex::encode(id)))
    }
}

impl Master {
    fn read(text: &SecretString) -> Result<Self, NotAKey> {
        let mut key = Key::default();
        hex::decode_to_slice(text.expose_secret().trim(), &mut *key).map_err(|_| NotAKey)?;
        let digest = Sha256::new().chain_update("galaxy-vault key id").chain_update(*key);
        let mut id = KeyId::default();
        id.copy_from_slice(&digest.finalize()[..8]);
        Ok(Self { id, key })
    }
}
