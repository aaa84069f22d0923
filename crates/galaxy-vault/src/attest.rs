//! Marks that only this deployment can make: HMAC-SHA256 (RFC 2104) with a key of their own for each
//! purpose, which is derived from the current one.
//!
//! `version (1) | id of the key (8) | mark (32)`

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::keyring::{KeyId, Keyring, Master};

/// The one layout there is.
const VERSION: u8 = 1;

/// What a mark is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// It was made with the current key.
    Current,
    /// It was made with an older key that is here.
    Older,
    /// It was made with a key that is not here.
    Unknown,
    /// Nobody made it of this.
    Nothing,
}

impl Keyring {
    /// The mark of `content`; marks for one purpose say nothing about those for another.
    pub fn attest(&self, purpose: &str, content: &[u8]) -> Vec<u8> {
        let mut mark = vec![VERSION];
        mark.extend(self.current().id);
        mark.extend(mac(self.current(), purpose, content).finalize().into_bytes());
        mark
    }

    /// What `mark` is worth as a mark of `content`. Takes the same time whatever is wrong with it.
    pub fn judge(&self, purpose: &str, content: &[u8], mark: &[u8]) -> Worth {
        let Some((&[VERSION, ref id @ ..], code)) = mark.split_first_chunk::<9>() else {
            return Worth::Nothing;
        };
        let id: &KeyId = id;
        let Some(master) = self.named(id) else { return Worth::Unknown };
        let is_right = mac(master, purpose, content).verify_slice(code).is_ok();
        match (is_right, *id == self.current().id) {
            (false, _) => Worth::Nothing,
            (true, true) => Worth::Current,
            (true, false) => Worth::Older,
        }
    }
}

fn mac(master: &Master, purpose: &str, content: &[u8]) -> Hmac<Sha256> {
    let derived = keyed(&*master.key)
        .chain_update(b"galaxy-vault attest\n")
        .chain_update(purpose)
        .finalize()
        .into_bytes();
    keyed(&derived).chain_update(content)
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use galaxy_base::{SecretString, random};

    use super::*;

    #[test]
    fn a_mark_is_good_for_its_content_its_purpose_and_its_key_only() {
        let key = SecretString::from(random::token());
        let vault = Keyring::new(&key, &[]).unwrap();
        let mark = vault.attest("ends", b"content");
        assert_eq!(vault.judge("ends", b"content", &mark), Worth::Current);
        assert_eq!(vault.judge("ends", b"other", &mark), Worth::Nothing);
        assert_eq!(vault.judge("starts", b"content", &mark), Worth::Nothing);
        for place in 9..mark.len() {
            let mut changed = mark.clone();
            changed[place] ^= 1;
            assert_eq!(vault.judge("ends", b"content", &changed), Worth::Nothing, "{place}");
        }
        for short in 0..mark.len() {
            assert_eq!(vault.judge("ends", b"content", &mark[..short]), Worth::Nothing, "{short}");
        }

        let newer = Keyring::new(&random::token().into(), &[key]).unwrap();
        assert_eq!(newer.judge("ends", b"content", &mark), Worth::Older);
        let another = Keyring::new(&random::token().into(), &[]).unwrap();
        assert_eq!(another.judge("ends", b"content", &mark), Worth::Unknown);
    }
}
