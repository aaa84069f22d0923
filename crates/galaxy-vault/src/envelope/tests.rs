use galaxy_base::{SecretString, random};

use super::{Sealed, Slot, Unopened};
use crate::{Keyring, NotAKey};

const SECRET: &[u8] = b"a token that nobody may read";

fn key() -> SecretString {
    random::token().into()
}

fn slot() -> Slot {
    Slot::new("tool_servers.secrets", &"here", &"first")
}

#[test]
fn a_secret_opens_where_it_was_sealed_and_nowhere_else() {
    let ring = Keyring::new(&key(), &[]).unwrap();
    let sealed = ring.seal(&slot(), SECRET);
    assert_eq!(&**ring.open(&slot(), &sealed).unwrap(), SECRET);
    for other in [
        Slot::new("tool_servers.secrets", &"here", &"second"),
        Slot::new("tool_servers.secrets", &"there", &"first"),
        Slot::new("tokens.secrets", &"here", &"first"),
    ] {
        assert_eq!(ring.open(&other, &sealed).unwrap_err(), Unopened::Damaged);
    }
    let never_the_same = ring.seal(&slot(), SECRET);
    assert_ne!(sealed, never_the_same);
    assert!(!sealed.0.windows(6).any(|it| it == &SECRET[..6]));
}

#[test]
fn whatever_byte_is_changed_or_missing_nothing_opens() {
    let ring = Keyring::new(&key(), &[]).unwrap();
    let sealed = ring.seal(&slot(), SECRET);
    for at in 0..sealed.0.len() {
        let mut changed = sealed.clone();
        changed.0[at] ^= 1;
        assert!(ring.open(&slot(), &changed).is_err(), "byte {at}");
        let cut = Sealed(sealed.0[..at].to_vec());
        assert!(ring.open(&slot(), &cut).is_err(), "cut at {at}");
    }
}

#[test]
fn a_secret_moves_to_a_new_key_and_the_old_one_is_not_needed_any_more() {
    let (old, new) = (key(), key());
    let before = Keyring::new(&old, &[]).unwrap();
    let sealed = before.seal(&slot(), SECRET);
    let alone = Keyring::new(&new, &[]).unwrap();
    assert!(matches!(alone.open(&slot(), &sealed), Err(Unopened::UnknownKey(_))));
    let both = Keyring::new(&new, &[old]).unwrap();
    assert_eq!(&**both.open(&slot(), &sealed).unwrap(), SECRET);
    let moved = both.rewrap(&slot(), &sealed).unwrap().unwrap();
    assert_eq!(&**alone.open(&slot(), &moved).unwrap(), SECRET);
    assert_eq!(both.rewrap(&slot(), &moved).unwrap(), None);
}

#[test]
fn keys_are_whole_and_never_shown() {
    for bad in ["", "00", &"g".repeat(64), &"0".repeat(63)] {
        assert_eq!(Keyring::new(&SecretString::from(bad), &[]).unwrap_err(), NotAKey);
    }
    let key = random::token();
    let ring = Keyring::new(&SecretString::from(key.clone()), &[]).unwrap();
    assert!(!format!("{ring:?}").contains(&key[..8]));
}
