//! Whether somebody showed a moment ago that they are themselves.
//!
//! **Invariant:** a [`Fresh`] caller is made here only. What needs one takes it in the place of the
//! caller, so that a use case which did not ask does not compile.

use std::{ops::Deref, time::Duration};

use galaxy_base::Timestamp;
use galaxy_domain::{
    Caller, Kind,
    access::{Credential, Proof, Scope},
};

use super::Denied;

/// A caller who may do what a stolen session must not be able to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh(Caller);

impl Deref for Fresh {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

/// A sign-in that is too old, and what helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", .remedy.words())]
pub struct Stale {
    /// What helps.
    pub remedy: Remedy,
    /// How old a sign-in may be.
    pub within: Duration,
}

/// What helps against a sign-in that is too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// To enter the password once more.
    Confirm,
    /// To sign in once more, for another token.
    NewToken,
    /// To sign in once more where the proxy sends people to.
    Elsewhere,
    /// A key with the scope for it.
    OtherKey,
}

impl Remedy {
    const fn words(self) -> &'static str {
        match self {
            Self::Confirm => "this needs a fresh sign-in: enter your password again",
            Self::NewToken => "this needs a fresh sign-in: get a new token with your password",
            Self::Elsewhere => {
                "this needs a fresh sign-in: sign in again where your organisation has you do so"
            }
            Self::OtherKey => {
                "this needs a fresh sign-in, which a key has none of: use one with the scope \
                 `unattended`"
            }
        }
    }
}

impl Stale {
    /// The stable name for programs.
    pub const CODE: &'static str = "fresh_sign_in_required";

    /// Sorts it. For a token RFC 9470 wants that of a caller who is not known.
    pub const fn kind(self) -> Kind {
        match self.remedy {
            Remedy::NewToken => Kind::Unauthenticated,
            Remedy::Confirm | Remedy::Elsewhere | Remedy::OtherKey => Kind::Forbidden,
        }
    }
}

/// The proof that `caller` showed within a while before `now` that they are themselves, or is a key
/// that an administrator made for doing without.
///
/// # Errors
/// [`Denied::Stale`] with what helps; [`Denied::Forbidden`] where nothing does.
pub fn fresh(caller: &Caller, now: Timestamp, within: Duration) -> Result<Fresh, Denied> {
    let remedy = match caller.credential {
        Credential::Session(_) => Remedy::Confirm,
        Credential::Token(_) => Remedy::NewToken,
        Credential::Proxy | Credential::TestMode => Remedy::Elsewhere,
        Credential::ApiKey(_) => Remedy::OtherKey,
        Credential::Local | Credential::Run(_) => return Err(Denied::Forbidden),
    };
    let is_fresh = match (remedy, caller.proof) {
        (Remedy::OtherKey, _) => caller.scopes.contains(&Scope::Unattended),
        (_, Proof::Now) => true,
        // A clock that was ahead when it was written down makes nothing fresh for longer.
        (_, Proof::At(then)) => then <= now && now.since(then) < within,
        (_, Proof::Never) => false,
    };
    if is_fresh { Ok(Fresh(caller.clone())) } else { Err(Stale { remedy, within }.into()) }
}

#[cfg(test)]
mod tests {
    use galaxy_domain::{ApiKeyId, PersonId, Role, RunId, SessionId, WorkspaceId};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const WITHIN: Duration = Duration::from_secs(600);

    fn caller(credential: Credential, proof: Proof, scopes: &[Scope]) -> Caller {
        let (person, workspace) = (PersonId::fresh(), WorkspaceId::fresh());
        let scopes = scopes.to_vec();
        Caller { person, workspace, role: Role::Admin, credential, proof, scopes }
    }

    fn ago(millis: i64) -> Proof {
        Proof::At(Timestamp::from_millis(NOW.as_millis() - millis))
    }

    fn asked(credential: Credential, proof: Proof) -> Result<(), Denied> {
        fresh(&caller(credential, proof, &Scope::ALL), NOW, WITHIN).map(drop)
    }

    fn stale(remedy: Remedy) -> Result<(), Denied> {
        Err(Denied::Stale(Stale { remedy, within: WITHIN }))
    }

    #[test]
    fn a_sign_in_is_fresh_for_ten_minutes_and_not_for_one_moment_more() {
        let session = Credential::Session(SessionId::fresh());
        assert_eq!(asked(session, ago(0)), Ok(()));
        assert_eq!(asked(session, ago(599_999)), Ok(()));
        assert_eq!(asked(session, ago(600_000)), stale(Remedy::Confirm));
        assert_eq!(asked(session, ago(-1)), stale(Remedy::Confirm), "from the future");
        let token = Credential::Token(SessionId::fresh());
        assert_eq!(asked(token, ago(599_999)), Ok(()));
        assert_eq!(asked(token, ago(600_000)), stale(Remedy::NewToken));
    }

    #[test]
    fn whoever_vouches_for_people_is_asked_each_time_or_says_when_they_signed_in() {
        assert_eq!(asked(Credential::Proxy, Proof::Now), Ok(()));
        assert_eq!(asked(Credential::TestMode, Proof::Now), Ok(()));
        assert_eq!(asked(Credential::Proxy, ago(1_000)), Ok(()));
        assert_eq!(asked(Credential::Proxy, ago(600_000)), stale(Remedy::Elsewhere));
        assert_eq!(asked(Credential::Proxy, Proof::Never), stale(Remedy::Elsewhere));
    }

    #[test]
    fn a_key_does_without_only_when_it_was_made_for_it_and_a_run_never() {
        let key = Credential::ApiKey(ApiKeyId::fresh());
        let by =
            |scopes: &[Scope]| fresh(&caller(key, Proof::Never, scopes), NOW, WITHIN).map(drop);
        assert_eq!(by(&[Scope::Read, Scope::Admin]), stale(Remedy::OtherKey));
        assert_eq!(by(&[Scope::Admin, Scope::Unattended]), Ok(()));
        for credential in [Credential::Local, Credential::Run(RunId::fresh())] {
            assert_eq!(asked(credential, Proof::Now), Err(Denied::Forbidden));
        }
        // People have every scope; that one is none of theirs.
        let session = Credential::Session(SessionId::fresh());
        assert_eq!(asked(session, Proof::Never), stale(Remedy::Confirm));
    }
}
