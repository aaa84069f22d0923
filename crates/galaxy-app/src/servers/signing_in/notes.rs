//! What it means that a server wants a sign-in.

use galaxy_access::{on_behalf, supervise};
use galaxy_domain::{
    PersonId,
    sign_in::{GrantRow, GrantState},
    tool_server::ToolServerRow,
};
use galaxy_store::tool_servers::grants::{KeptGrant, Wanted};
use galaxy_tool::server::{ServerError, oauth::Challenge};

use super::super::{Servers, connections::Who};
use crate::AppError;

/// What is made of a server's wish.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    /// The person has to sign in; why, if there was more to say before.
    SignIn(Option<String>),
    /// That is known.
    Known,
    /// Signing in again would not help: it wants what was granted.
    Useless,
}

impl Servers {
    /// Notes that a server wants somebody to sign in; gives what to tell whoever used it.
    pub(crate) async fn wanted(
        &self,
        row: &ToolServerRow,
        who: Who,
        challenge: Option<String>,
    ) -> ServerError {
        match self.note_wanted(row, who, challenge.as_deref()).await {
            Ok(Meaning::Useless) => ServerError::Refused(
                "it wants more than was allowed when signing in, and does not say what".to_owned(),
            ),
            Ok(Meaning::SignIn(_) | Meaning::Known) => {
                ServerError::NeedsSignIn { www_authenticate: challenge }
            }
            Err(err) => {
                tracing::warn!(server = %row.name, error = %err, "a wish to sign in is not noted");
                ServerError::NeedsSignIn { www_authenticate: challenge }
            }
        }
    }

    async fn note_wanted(
        &self,
        row: &ToolServerRow,
        who: Who,
        challenge: Option<&str>,
    ) -> Result<Meaning, AppError> {
        let Some(person) = who else {
            if !row.signs_in {
                self.store.note_signs_in(supervise(row)).await?;
            }
            return Ok(Meaning::Known);
        };
        self.note_wanted_of(row, person, challenge).await
    }

    async fn note_wanted_of(
        &self,
        row: &ToolServerRow,
        person: PersonId,
        challenge: Option<&str>,
    ) -> Result<Meaning, AppError> {
        let permit = on_behalf(row, person)?;
        let kept = self.store.grant(permit).await?;
        let meaning = meaning(kept.as_ref(), challenge);
        if let Meaning::SignIn(reason) = &meaning {
            let wanted = Wanted { challenge: challenge.map(str::to_owned), reason: reason.clone() };
            self.store.want_sign_in(permit, wanted).await?;
        }
        Ok(meaning)
    }
}

/// What `challenge` means to somebody who has `kept`.
fn meaning(kept: Option<&KeptGrant>, challenge: Option<&str>) -> Meaning {
    let Some(KeptGrant { row, sealed }) = kept else { return Meaning::SignIn(None) };
    let read = challenge.and_then(Challenge::parse).unwrap_or_default();
    let lacks_scope = read.error.as_deref() == Some("insufficient_scope");
    match (lacks_scope, sealed.is_some()) {
        (true, true) if read.asks_for_more_than(&row.scopes) => {
            let missing = read.scopes.iter().filter(|it| !row.scopes.contains(it));
            let missing: Vec<&str> = missing.map(String::as_str).collect();
            Meaning::SignIn(Some(format!("It asks to be allowed more: {}.", missing.join(", "))))
        }
        (true, true) => Meaning::Useless,
        (false, true) if row.state == GrantState::Connected => {
            Meaning::SignIn(Some("The server does not accept the sign-in any more.".to_owned()))
        }
        (_, _) if is_known(row, challenge) => Meaning::Known,
        (_, _) => Meaning::SignIn(None),
    }
}

/// Whether nothing would be learnt by noting it once more.
fn is_known(row: &GrantRow, challenge: Option<&str>) -> bool {
    let waits = match row.state {
        GrantState::Needed | GrantState::Refused => true,
        GrantState::Connected => false,
    };
    waits && (challenge.is_none() || row.challenge.as_deref() == challenge)
}

#[cfg(test)]
mod tests {
    use galaxy_domain::Id;

    use super::*;

    fn kept(state: GrantState, scopes: &[&str], is_sealed: bool) -> KeptGrant {
        let row = GrantRow {
            id: Id::fresh(),
            server: Id::fresh(),
            workspace: Id::fresh(),
            person: Id::fresh(),
            state,
            issuer: None,
            scopes: scopes.iter().map(|it| (*it).to_owned()).collect(),
            challenge: Some("Bearer".to_owned()),
            reason: None,
            expires_at: None,
            renewed_at: None,
            version: 1,
        };
        KeptGrant { row, sealed: is_sealed.then(Vec::new) }
    }

    #[test]
    fn a_sign_in_is_wanted_only_where_it_can_help() {
        use GrantState::{Connected, Needed, Refused};
        let more = Some("Bearer error=insufficient_scope, scope=\"a b\"");
        let (plain, other) = (Some("Bearer"), Some("Bearer scope=a"));
        let reason = |words: &str| Meaning::SignIn(Some(words.to_owned()));
        let not_accepted = reason("The server does not accept the sign-in any more.");
        assert_eq!(meaning(None, plain), Meaning::SignIn(None));
        for (state, scopes, sealed, challenge, expected) in [
            (Connected, &["a"][..], true, more, reason("It asks to be allowed more: b.")),
            (Connected, &["a", "b"], true, more, Meaning::Useless),
            (Needed, &["a", "b"], true, more, Meaning::Useless),
            (Connected, &["a"], true, plain, not_accepted),
            (Needed, &[], false, plain, Meaning::Known),
            (Refused, &[], false, None, Meaning::Known),
            (Needed, &[], false, other, Meaning::SignIn(None)),
            (Needed, &["a"], true, plain, Meaning::Known),
        ] {
            let kept = kept(state, scopes, sealed);
            assert_eq!(meaning(Some(&kept), challenge), expected, "{state:?} {challenge:?}");
        }
    }
}
