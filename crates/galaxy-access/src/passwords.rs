//! Passwords: hashed slowly, a few at a time, and never the obvious ones.

pub(crate) mod rules;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use galaxy_base::{ExposeSecret, SecretString};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::AccessError;

/// Memory per hash, in KiB; with [`PASSES`] and one lane the second choice of OWASP.
const MEMORY: u32 = 19_456;

/// Passes over that memory.
const PASSES: u32 = 2;

/// How many hashes are computed at once: each keeps a processor and 19 MiB busy.
const AT_ONCE: usize = 2;

/// How many may wait for their turn; whoever comes later is told to come again.
const QUEUE: usize = 128;

/// How long anybody waits for their turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Computes and checks password hashes.
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    seats: Semaphore,
    /// Stands in for the hash of an account that does not exist or has no password.
    nobody: String,
    computed: AtomicU64,
}

/// The right to compute one hash after another. Whoever holds it while noting a failure knows that
/// nobody slips through in between.
pub(crate) struct Turn<'a> {
    passwords: &'a Passwords,
    permit: Arc<OwnedSemaphorePermit>,
}

impl Passwords {
    /// Prepares the hash that stands in for nobody's.
    pub(crate) fn new() -> Self {
        // No password hashes to this: the hash of a random text that is thrown away.
        let nobody = hash(&galaxy_base::random::token());
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            seats: Semaphore::new(QUEUE),
            nobody,
            computed: AtomicU64::new(0),
        }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`AccessError::Throttled`] when too many wait already, or the wait takes too long.
    pub(crate) async fn turn(&self) -> Result<Turn<'_>, AccessError> {
        let busy = || AccessError::Throttled { retry_after: PATIENCE };
        let _seat = self.seats.try_acquire().map_err(|_| busy())?;
        let permit = timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let permit = permit.map_err(|_| busy())?.map_err(|_| busy())?;
        Ok(Turn { passwords: self, permit: Arc::new(permit) })
    }

    /// How many hashes were computed so far.
    pub(crate) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }
}

impl Turn<'_> {
    /// The hash to store for `password`.
    pub(crate) async fn hash(&self, password: &SecretString) -> Result<String, AccessError> {
        let password = password.clone();
        self.work(move || hash(password.expose_secret())).await
    }

    /// Whether `password` is the one that was hashed. Without a hash the answer is no, after the
    /// same amount of work.
    pub(crate) async fn verify(
        &self,
        password: &SecretString,
        stored: Option<String>,
    ) -> Result<bool, AccessError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.passwords.nobody.clone());
        let password = password.clone();
        let right = self.work(move || verify(password.expose_secret(), &stored)).await?;
        Ok(right && known)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AccessError> {
        self.passwords.computed.fetch_add(1, Ordering::Relaxed);
        let permit = Arc::clone(&self.permit);
        // The permit goes along: the work is not interrupted when nobody waits for it any more.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await;
        done.map_err(|err| {
            tracing::error!(%err, "a password could not be hashed");
            AccessError::Throttled { retry_after: PATIENCE }
        })
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY, PASSES, 1, None).expect("the parameters are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> String {
    let salt = galaxy_base::random::bytes::<16>();
    let hash: PasswordHash = argon2()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .expect("salt and password have lengths that argon2 takes");
    hash.to_string()
}

fn verify(password: &str, stored: &str) -> bool {
    let parsed = PasswordHash::new(stored);
    parsed.is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_argon2id_salted_and_checked() {
        let passwords = Passwords::new();
        let right: SecretString = "three quiet lanterns".into();
        let stored = passwords.turn().await.unwrap().hash(&right).await.unwrap();
        let again = passwords.turn().await.unwrap().hash(&right).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, again);
        for (password, expected) in [("three quiet lanterns", true), ("three quiet lantern", false)]
        {
            let turn = passwords.turn().await.unwrap();
            assert_eq!(
                turn.verify(&password.into(), Some(stored.clone())).await.unwrap(),
                expected
            );
        }
    }

    #[tokio::test]
    async fn nobodys_password_is_wrong_after_the_same_work() {
        let passwords = Passwords::new();
        let stored = hash("three quiet lanterns");
        let parameters = |text: &str| {
            let parsed = PasswordHash::new(text).unwrap();
            (parsed.algorithm, parsed.version, parsed.params)
        };
        assert_eq!(parameters(&stored), parameters(&passwords.nobody));
        let turn = passwords.turn().await.unwrap();
        assert!(!turn.verify(&"three quiet lanterns".into(), None).await.unwrap());
        assert_eq!(passwords.computed(), 1);
        let turn = passwords.turn().await.unwrap();
        assert!(
            !turn.verify(&"three quiet lanterns".into(), Some("torn".to_owned())).await.unwrap()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_too_long_or_finds_no_seat_is_told_to_come_again() {
        let passwords = Passwords::new();
        let (_first, _second) = (passwords.turn().await.unwrap(), passwords.turn().await.unwrap());
        assert!(matches!(passwords.turn().await, Err(AccessError::Throttled { .. })));
        let _seats = passwords.seats.acquire_many(128).await.unwrap();
        let refused = tokio::time::timeout(Duration::from_secs(1), passwords.turn()).await.unwrap();
        assert!(matches!(refused, Err(AccessError::Throttled { .. })));
    }
}
