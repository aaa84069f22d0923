//! Seals the ends of chains with the key of the vault, which the database does not hold.

use std::sync::Arc;

use galaxy_store::{Seal, Sealing};
use galaxy_vault::{Keyring, Worth};

/// What the marks are for.
const PURPOSE: &str = "audit";

/// The vault, as the store asks for seals.
#[derive(Debug, Clone)]
pub struct Notary(Arc<Keyring>);

impl Notary {
    /// Seals with the keys of `vault`.
    pub const fn new(vault: Arc<Keyring>) -> Self {
        Self(vault)
    }
}

impl Seal for Notary {
    fn seal(&self, content: &[u8]) -> Vec<u8> {
        self.0.attest(PURPOSE, content)
    }

    fn judge(&self, content: &[u8], seal: &[u8]) -> Sealing {
        match self.0.judge(PURPOSE, content, seal) {
            Worth::Current => Sealing::Current,
            Worth::Older => Sealing::Older,
            Worth::Unknown => Sealing::Foreign,
            Worth::Nothing => Sealing::Broken,
        }
    }
}
