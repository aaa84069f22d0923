//! Seals of the ends of audit chains, with keys that are numbers.

use galaxy_store::{Seal, Sealing};
use sha2::{Digest, Sha256};

/// Seals with the key that has this number; knows those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestSeal(pub u8);

impl Default for TestSeal {
    fn default() -> Self {
        Self(1)
    }
}

impl Seal for TestSeal {
    fn seal(&self, content: &[u8]) -> Vec<u8> {
        sealed(self.0, content)
    }

    fn judge(&self, content: &[u8], seal: &[u8]) -> Sealing {
        match seal.first() {
            Some(key) if *key > self.0 => Sealing::Foreign,
            Some(key) if sealed(*key, content) != seal => Sealing::Broken,
            Some(key) if *key == self.0 => Sealing::Current,
            Some(_) => Sealing::Older,
            None => Sealing::Broken,
        }
    }
}

fn sealed(key: u8, content: &[u8]) -> Vec<u8> {
    let digest = Sha256::new().chain_update(b"a key for tests").chain_update([key]);
    let digest = digest.chain_update(content).finalize();
    std::iter::once(key).chain(digest).collect()
}
