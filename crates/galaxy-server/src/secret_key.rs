//! The key that signs access tokens: given, or made once and kept.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, Result, bail};
use galaxy_base::{ExposeSecret, SecretString, random};

use crate::settings::{Environment, Given, schema};

/// The file in the data folder.
const FILE: &str = "secret.key";
/// The fewest bytes of a key (RFC 7518, 3.2).
const SHORTEST: usize = 32;
/// What only placeholders contain.
const PLACEHOLDERS: [&str; 12] = [
    "change",
    "secret",
    "example",
    "password",
    "default",
    "placeholder",
    "replace",
    "your-",
    "your_",
    "qwerty",
    "123456",
    "abcdef",
];

/// What tokens are signed with.
#[derive(Debug)]
pub(crate) struct Config {
    given: Option<SecretString>,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn read(given: &mut Given, environment: Environment) -> Self {
        let name = schema::JWT_SECRET_KEY.name;
        let key = given.optional(&schema::JWT_SECRET_KEY);
        match &key {
            Some(key) => {
                if let Err(message) = check(key.expose_secret()) {
                    given.refuse(name, message);
                }
            }
            None if environment == Environment::Production => {
                let message = "must be set in production, such as to what `openssl rand -hex 32` \
                               prints; or put it in a file and name that in JWT_SECRET_KEY_FILE";
                given.refuse(name, message);
            }
            None => (),
        }
        Self { given: key }
    }

    /// Whether the key was given, and not made here.
    pub(crate) fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// The key: the given one, else the one in `folder`, which is made when there is none.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds no key.
    pub(crate) fn build(&self, folder: &Path) -> Result<SecretString> {
        match &self.given {
            Some(key) => Ok(key.clone()),
            None => kept(folder),
        }
    }
}

fn check(key: &str) -> Result<(), String> {
    if key.len() < SHORTEST {
        return Err(format!("must have at least {SHORTEST} bytes, and has {}", key.len()));
    }
    let lower = key.to_ascii_lowercase();
    if let Some(word) = PLACEHOLDERS.iter().find(|word| lower.contains(**word)) {
        return Err(format!("contains `{word}`, as placeholders do; take random bytes"));
    }
    let mut different: Vec<u8> = key.bytes().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 8 {
        return Err("is not random; take what `openssl rand -hex 32` prints".to_owned());
    }
    Ok(())
}

fn kept(folder: &Path) -> Result<SecretString> {
    let path = folder.join(FILE);
    if !path.exists() {
        make(folder, &path).with_context(|| format!("cannot make {}", path.display()))?;
    }
    let key =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let key = key.trim();
    if check(key).is_err() {
        bail!("{} holds no key; restore it, or delete it to have one made", path.display());
    }
    keep_private(&path);
    Ok(key.into())
}

/// Makes a key; of several processes at once one wins, and all use what it made.
pub(crate) fn make(folder: &Path, path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let half = path.with_extension(random::token());
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
    let written = file.write_all(random::token().as_bytes()).and_then(|()| file.sync_all());
    // Unlike a rename, a link never replaces a key that tokens were signed with already.
    let linked = written.and_then(|()| match fs::hard_link(&half, path) {
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(&half)?;
    linked?;
    fs::File::open(folder)?.sync_all()
}

/// Closes a file to everybody but its owner.
pub(crate) fn keep_private(path: &Path) {
    let Ok(found) = fs::metadata(path) else { return };
    if found.permissions().mode() & 0o077 == 0 {
        return;
    }
    let closed = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
    tracing::warn!(path = %path.display(), closed = closed.is_ok(), "the key was open to others");
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_key_that_was_made_is_for_its_owner_only_and_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("new");
        let config = Config { given: None };
        let first = config.build(&data).unwrap();
        let again = config.build(&data).unwrap();
        assert_eq!(first.expose_secret(), again.expose_secret());
        assert_eq!(check(first.expose_secret()), Ok(()));
        assert_eq!(fs::metadata(data.join(FILE)).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&data).unwrap().mode() & 0o777, 0o700);
        let left: Vec<_> = fs::read_dir(&data).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(left, [FILE]);
    }

    #[test]
    fn processes_that_start_together_share_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<String> = std::thread::scope(|scope| {
            let build = || kept(folder.path()).unwrap().expose_secret().to_owned();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(build)).collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }

    #[test]
    fn a_key_open_to_others_is_closed_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, random::token()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        kept(folder.path()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "").unwrap();
        assert!(kept(folder.path()).is_err());
        assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), "");
    }

    #[test]
    fn placeholders_and_short_keys_are_refused() {
        for weak in [
            "secret",
            "changeme",
            "your-secret-key",
            "your-super-secret-jwt-key-change-in-production",
            "CHANGE_THIS_TO_A_LONG_RANDOM_STRING_PLEASE",
            "00000000000000000000000000000000",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "12345678901234567890123456789012",
            "abcdefghijklmnopqrstuvwxyz012345",
            "default-jwt-signing-key-0987654321",
            "my_password_is_very_long_so_it_is_ok",
            "0123012301230123012301230123012301230123",
        ] {
            assert!(check(weak).is_err(), "{weak}");
        }
        assert_eq!(check("q7Z2rT9kLw4XvB8nJ3mD6sF1gH5yC0pA"), Ok(()));
    }
}
