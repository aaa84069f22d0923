//! The secrets that open an account, how they look, and what is stored of them.
//!
//! All have 256 random bits, so a plain SHA-256 is as good as any slower hash and can be looked up.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use galaxy_base::random;
use galaxy_domain::SessionId;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// How every key for programs begins.
pub(crate) const KEY_MARK: &str = "gx_";

/// How every refresh token begins.
pub(crate) const REFRESH_MARK: &str = "gxr_";

/// How many characters of a key its owner sees in lists.
const SHOWN: usize = 9;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 43 characters of 62 carry 256 bits.
const KEY_LENGTH: usize = 43;

/// 6 characters of 62 carry the 32 bits of the checksum.
const CHECKSUM_LENGTH: usize = 6;

/// What is stored of a secret, in lower-case hexadecimal.
pub(crate) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// A secret for a cookie or for the first administrator.
pub(crate) fn fresh() -> String {
    URL_SAFE_NO_PAD.encode(random::bytes::<32>())
}

/// A key for programs: letters and digits only, so that a double click selects all of it.
pub(crate) fn fresh_key() -> String {
    key_of(|_| random::bytes::<64>().to_vec())
}

/// The key that is made of the blocks of random bytes which `block` gives for 0, 1 and so on.
pub(crate) fn key_of(block: impl Fn(u8) -> Vec<u8>) -> String {
    let mut body = String::with_capacity(KEY_LENGTH);
    let mut blocks = 0..=u8::MAX;
    while body.len() < KEY_LENGTH
        && let Some(number) = blocks.next()
    {
        // Larger bytes are thrown away, because they would make some characters likelier.
        let fair = block(number).into_iter().filter(|byte| *byte < 248);
        body.extend(fair.take(KEY_LENGTH - body.len()).map(|byte| digit(u32::from(byte))));
    }
    format!("{KEY_MARK}{body}{}", checksum(&body))
}

/// The part of a key by which its owner knows it again.
pub(crate) fn shown(key: &str) -> String {
    key.chars().take(SHOWN).collect()
}

/// Whether `text` can be a key at all. Most typing mistakes and guesses end here, before the
/// database is asked.
pub(crate) fn looks_like_key(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(KEY_MARK) else { return false };
    if rest.len() != KEY_LENGTH + CHECKSUM_LENGTH
        || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return false;
    }
    let (body, sum) = rest.split_at(KEY_LENGTH);
    sum.as_bytes().ct_eq(checksum(body).as_bytes()).into()
}

/// A refresh token: the session it belongs to, 256 random bits, and a seal over both, made by
/// `seal`. The seal lets a token that was replaced long ago still betray its thief.
pub(crate) fn fresh_refresh(session: SessionId, seal: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let mut content = session.uuid().as_bytes().to_vec();
    content.extend(random::bytes::<32>());
    let sealed = seal(&content);
    content.extend(sealed);
    format!("{REFRESH_MARK}{}", URL_SAFE_NO_PAD.encode(content))
}

/// The session that a refresh token was made for, if `seal` confirms that it was made here.
pub(crate) fn refresh_session(text: &str, seal: impl Fn(&[u8]) -> Vec<u8>) -> Option<SessionId> {
    let content = URL_SAFE_NO_PAD.decode(text.strip_prefix(REFRESH_MARK)?).ok()?;
    let (sealed, shown) = content.split_at_checked(48)?;
    let genuine: bool = seal(sealed).ct_eq(shown).into();
    let session = Uuid::from_slice(sealed.get(..16)?).ok()?;
    genuine.then(|| SessionId::from_uuid(session))
}

fn checksum(body: &str) -> String {
    let hash = Sha256::digest(body.as_bytes());
    let mut rest = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    let mut sum = String::with_capacity(CHECKSUM_LENGTH);
    for _ in 0..CHECKSUM_LENGTH {
        sum.push(digit(rest));
        rest /= 62;
    }
    sum
}

fn digit(number: u32) -> char {
    char::from(ALPHABET[(number % 62) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_recognised_and_any_slip_of_the_finger_is_not() {
        let key = fresh_key();
        assert!(looks_like_key(&key), "{key}");
        assert_ne!(key, fresh_key());
        for at in KEY_MARK.len()..key.len() {
            let mut slip = key.clone().into_bytes();
            slip[at] = if slip[at] == b'x' { b'y' } else { b'x' };
            assert!(!looks_like_key(&String::from_utf8(slip).unwrap()), "{key} at {at}");
        }
        for other in ["", "gx_", &key[1..], &key[..key.len() - 1], "gx_é", &format!("{key}0")] {
            assert!(!looks_like_key(other), "{other}");
        }
        assert_eq!(shown(&key), key[..9]);
    }

    #[test]
    fn the_same_blocks_make_the_same_key() {
        let block = |number: u8| Sha256::digest([number, 7]).to_vec();
        let key = key_of(block);
        assert!(looks_like_key(&key), "{key}");
        assert_eq!(key, key_of(block));
        assert_ne!(key, key_of(|number| Sha256::digest([number, 8]).to_vec()));
    }

    #[test]
    fn a_refresh_token_names_its_session_only_under_its_own_seal() {
        let seal = |content: &[u8]| Sha256::digest(content).to_vec();
        let other = |content: &[u8]| Sha256::digest([content, b"other"].concat()).to_vec();
        let session = SessionId::fresh();
        let token = fresh_refresh(session, seal);
        assert_eq!(refresh_session(&token, seal), Some(session));
        assert_eq!(refresh_session(&token, other), None);
        assert_eq!(refresh_session(&token[..token.len() - 4], seal), None);
        assert_eq!(refresh_session("gxr_", seal), None);
        assert_ne!(token, fresh_refresh(session, seal));
    }
}
