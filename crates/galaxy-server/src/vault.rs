//! The keys that stored secrets are sealed with: given, or made once and kept.

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use galaxy_base::{ExposeSecret, SecretString, random};
use galaxy_vault::Keyring;

use crate::{
    secret_key,
    settings::{Given, schema},
};

/// The file in the data folder: the current key in its first line, older ones below.
const FILE: &str = "vault.key";

/// What stored secrets are sealed with.
#[derive(Debug)]
pub(crate) struct Config {
    given: Option<SecretString>,
    older: Vec<SecretString>,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn read(given: &mut Given) -> Self {
        let current = given.optional(&schema::VAULT_KEY);
        let older = given.optional(&schema::VAULT_KEYS_OLD);
        let older: Vec<SecretString> = older.as_ref().map(each).unwrap_or_default();
        let name = schema::VAULT_KEY.name;
        match &current {
            Some(key) => {
                if let Err(wrong) = Keyring::new(key, &older) {
                    given.refuse(name, wrong.to_string());
                }
            }
            None if !older.is_empty() => given.refuse(name, "is needed where there are old ones"),
            None => (),
        }
        Self { given: current, older }
    }

    /// Whether the key was given, and not made here.
    pub(crate) fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// The keys: those given, else those in `folder`, of which one is made when there is none.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds no key.
    pub(crate) fn build(&self, folder: &Path) -> Result<Keyring> {
        match &self.given {
            Some(key) => Ok(Keyring::new(key, &self.older)?),
            None => keyring(&kept(folder)?, &folder.join(FILE)),
        }
    }

    /// Puts a fresh key above those in `folder`.
    ///
    /// # Errors
    /// When the keys are not kept there.
    pub(crate) fn add_key(&self, folder: &Path) -> Result<Keyring> {
        let mut keys = self.own(folder)?;
        keys.insert(0, random::token().into());
        self.write(folder, &keys)
    }

    /// Removes all keys in `folder` but the current one.
    ///
    /// # Errors
    /// When the keys are not kept there.
    pub(crate) fn drop_old_keys(&self, folder: &Path) -> Result<Keyring> {
        let mut keys = self.own(folder)?;
        keys.truncate(1);
        self.write(folder, &keys)
    }

    fn own(&self, folder: &Path) -> Result<Vec<SecretString>> {
        if self.is_given() {
            bail!("the keys come from VAULT_KEY, not from a file here");
        }
        kept(folder)
    }

    fn write(&self, folder: &Path, keys: &[SecretString]) -> Result<Keyring> {
        let path = folder.join(FILE);
        replace(folder, &path, keys).with_context(|| format!("cannot write {}", path.display()))?;
        keyring(keys, &path)
    }
}

fn each(keys: &SecretString) -> Vec<SecretString> {
    let words = keys.expose_secret().split([',', ' ', '\n']).map(str::trim);
    words.filter(|it| !it.is_empty()).map(SecretString::from).collect()
}

fn kept(folder: &Path) -> Result<Vec<SecretString>> {
    let path: PathBuf = folder.join(FILE);
    if !path.exists() {
        let made = secret_key::make(folder, &path);
        made.with_context(|| format!("cannot make {}", path.display()))?;
    }
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    secret_key::keep_private(&path);
    Ok(each(&text.into()))
}

fn keyring(keys: &[SecretString], path: &Path) -> Result<Keyring> {
    let nothing = || {
        let path = path.display();
        format!("{path} holds no key; restore it: without it, no stored secret can be opened")
    };
    let (current, older) = keys.split_first().with_context(nothing)?;
    Keyring::new(current, older).with_context(nothing)
}

/// Writes the file anew; at no moment is there half of one.
fn replace(folder: &Path, path: &Path, keys: &[SecretString]) -> Result<()> {
    let half = path.with_extension(random::token());
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
    for key in keys {
        writeln!(file, "{}", key.expose_secret())?;
    }
    file.sync_all()?;
    fs::rename(&half, path)?;
    Ok(fs::File::open(folder)?.sync_all()?)
}

#[cfg(test)]
mod tests {
    use galaxy_vault::Slot;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_older_ones_still_open() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { given: None, older: Vec::new() };
        let slot = Slot::new("table.column", &"here", &1);
        let sealed = config.build(folder.path()).unwrap().seal(&slot, b"canary");
        assert_eq!(
            &**config.build(folder.path()).unwrap().open(&slot, &sealed).unwrap(),
            b"canary"
        );

        let both = config.add_key(folder.path()).unwrap();
        let moved = both.rewrap(&slot, &sealed).unwrap().unwrap();
        config.drop_old_keys(folder.path()).unwrap();
        let new = config.build(folder.path()).unwrap();
        assert_eq!(&**new.open(&slot, &moved).unwrap(), b"canary");
        assert!(new.open(&slot, &sealed).is_err(), "the old key is gone");
    }

    #[test]
    fn a_file_without_a_key_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "").unwrap();
        let config = Config { given: None, older: Vec::new() };
        assert!(config.build(folder.path()).is_err());
        assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), "");
    }

    #[test]
    fn given_keys_are_not_changed_here() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { given: Some(random::token().into()), older: Vec::new() };
        assert!(config.build(folder.path()).is_ok());
        assert!(config.add_key(folder.path()).is_err());
        assert!(!folder.path().join(FILE).exists());
    }
}
