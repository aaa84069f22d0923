//! A call whose server wants its person to sign in: put down until they have, where one can be
//! asked.
//!
//! **Invariant:** only a call that was refused before it did anything is put down like this, so
//! that it can be made as if for the first time; or one whose server goes on with it by itself.

use std::sync::Arc;

use galaxy_domain::elicitation::{Elicitation, Inquiry, WayBack};

use crate::{
    server::{
        ToolServer,
        error::ServerError,
        remote::{has_begun, told},
        request::Request,
        rounds::asked_by,
        spec::Desk,
    },
    tool::{Asks, ToolError},
};

/// The key of the question.
const KEY: &str = "sign_in";
/// Somebody who signed in so often for one call is not asked again.
const BEFORE: u32 = 3;

/// What becomes of a call of `request` that ended with `err`.
pub(super) fn told_in(
    server: &Arc<dyn ToolServer>,
    request: &Request,
    asks: Option<&Asks>,
    err: &ServerError,
) -> ToolError {
    let (ServerError::NeedsSignIn { .. }, Some(desk)) = (err, &server.spec().desk) else {
        return told(err);
    };
    let Some(asks) = asks else { return ToolError::tell(server.explain(err)) };
    if has_begun(asks) {
        return told(err);
    }
    let before = before(asks, desk);
    if before >= BEFORE {
        return ToolError::tell(format!("{err}, {before} times in a row; nothing was done"));
    }
    waits(server, request, desk, before, WayBack::Afresh)
}

/// The question of a call whose server goes on with it by itself, and lets nobody ask how far it is
/// who has not signed in; none where nobody can or need be asked.
pub(super) fn asked_in_task(
    server: &Arc<dyn ToolServer>,
    request: &Request,
    asks: &Asks,
    err: &ServerError,
) -> Option<ToolError> {
    let (ServerError::NeedsSignIn { .. }, Some(desk)) = (err, &server.spec().desk) else {
        return None;
    };
    let before = before(asks, desk);
    (before < BEFORE).then(|| waits(server, request, desk, before, WayBack::Task))
}

fn waits(
    server: &Arc<dyn ToolServer>,
    request: &Request,
    desk: &Desk,
    before: u32,
    back: WayBack,
) -> ToolError {
    let inquiry = Inquiry::SignIn { server: desk.server, before };
    ToolError::Waits(Box::new(Elicitation {
        questions: [(KEY.to_owned(), inquiry)].into(),
        ..asked_by(server, request, back)
    }))
}

impl dyn ToolServer + '_ {
    /// `err` in words, with where to sign in if that is what is wanted: for those who cannot be
    /// asked to.
    pub fn explain(&self, err: &ServerError) -> String {
        match (err, &self.spec().desk) {
            (ServerError::NeedsSignIn { .. }, Some(desk)) => format!(
                "{err}; nothing was done. Whoever you work for can connect it at {}",
                desk.page
            ),
            (err, _) => err.to_string(),
        }
    }
}

/// How often the call was put down for this before, in a row.
fn before(asks: &Asks, desk: &Desk) -> u32 {
    let questions = asks.resumed.as_ref().map(|it| &it.elicitation.questions);
    let counted = questions.and_then(|it| match it.get(KEY)? {
        Inquiry::SignIn { server, before } if *server == desk.server => Some(before + 1),
        Inquiry::SignIn { .. } | Inquiry::Form { .. } | Inquiry::Page { .. } => None,
    });
    counted.unwrap_or_default()
}
