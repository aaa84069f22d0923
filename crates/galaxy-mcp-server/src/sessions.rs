//! Sessions for clients of the older revisions, which need one to be told and asked anything
//! between their own requests. Clients of the newest revision have none.
//!
//! **Invariant:** a session answers only those it was opened for: its name proves whose it is
//! ([`Names`]), on every replica and after a restart. What is kept under that name is a courtesy of
//! this process: where it is not kept (another replica, a restart, too long a silence, too many of
//! them) requests are answered one by one, as they are without a session.

mod keeping;
mod transport;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body_util::Full;
use rmcp::{
    ServerHandler,
    transport::streamable_http_server::{
        SessionId, StreamableHttpServerConfig, StreamableHttpService, session::local,
    },
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    http::{BODY, readable, refusal},
    slots::Slots,
    splice,
};
use keeping::Keeper;

/// Where a request names its session.
const NAME: &str = "mcp-session-id";
/// Where it names the revision that it is of.
const REVISION: &str = "mcp-protocol-version";
/// Revisions from this one on have no sessions.
const WITHOUT: &str = "2026-07-28";
/// A session in which nothing happens for so long is closed.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// So many are open at once; the clients of more go without.
const MOST: usize = 1024;
/// So many are open for one person; the one that was quiet for longest makes room.
const MOST_EACH: usize = 32;
/// So many that were closed by their clients are remembered as such.
const ENDED: usize = 1024;
/// A client whose connection broke can read an answer again for so long: it is kept in memory.
const AGAIN: Duration = Duration::from_secs(10);
/// Messages that wait for a client that reads slowly.
const WAITING: usize = 64;

/// Gives sessions their names, and knows its own again.
pub trait Names: Send + Sync {
    /// Whose sessions these are; those of one person are counted together.
    fn person(&self) -> String;
    /// A name that nobody can guess, and that [`Names::is_ours`] for the same names only.
    fn new_name(&self) -> String;
    /// Whether `name` was given to whoever asks now.
    fn is_ours(&self, name: &str) -> bool;
}

/// The sessions that this process keeps.
#[derive(Debug, Default)]
pub struct Sessions {
    kept: Mutex<Kept>,
    stopping: CancellationToken,
}

#[derive(Debug, Default)]
struct Kept {
    open: HashMap<SessionId, Open>,
    ended: VecDeque<SessionId>,
}

#[derive(Debug)]
struct Open {
    handle: local::LocalSessionHandle,
    person: String,
    used: Instant,
}

/// What is known of the session that a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It names none.
    None,
    /// It belongs to somebody else, or to nobody.
    Foreign,
    /// Its client closed it.
    Ended,
    /// It is kept here.
    Open,
    /// It is theirs, and not kept here.
    Elsewhere,
}

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// In a session, which may begin with it.
    Session,
    /// For itself.
    Alone,
    /// Not at all: there is no such session.
    Nowhere,
}

/// How a request is answered: `begins` says that it is a handshake, `has_room` that one more session
/// can be kept.
const fn way(is_old: bool, known: Known, begins: bool, has_room: bool) -> Way {
    match known {
        _ if !is_old => Way::Alone,
        Known::Foreign | Known::Ended => Way::Nowhere,
        Known::Open => Way::Session,
        Known::None if begins && has_room => Way::Session,
        Known::None | Known::Elsewhere => Way::Alone,
    }
}

impl Sessions {
    /// None yet; all end when `stopping` is set.
    pub fn new(stopping: CancellationToken) -> Arc<Self> {
        Arc::new(Self { kept: Mutex::default(), stopping })
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.kept().open.len()
    }

    /// Answers one request over HTTP by what `handler` makes: for the request alone, or for the
    /// session that it begins, whose requests then find their own [`Slots`] there. `begins` says
    /// that it is a handshake.
    pub async fn answer<H: ServerHandler>(
        self: &Arc<Self>,
        names: &dyn Names,
        request: Request<Full<Bytes>>,
        begins: bool,
        handler: impl Fn(Slots, Standing) -> H + Send + Sync + 'static,
    ) -> Response {
        let name = text(request.headers(), NAME);
        let is_old = text(request.headers(), REVISION).is_none_or(|it| it < WITHOUT);
        let known = self.known(names, name);
        let way = way(is_old, known, begins, self.count() < MOST);
        if way == Way::Nowhere {
            return refusal(StatusCode::NOT_FOUND, "there is no such session");
        }
        let ends = request.method() == Method::DELETE;
        if let Some(name) = name.filter(|_| ends) {
            self.end(name);
        }
        let in_session = way == Way::Session;
        if in_session && begins {
            self.make_room(&names.person()).await;
        }
        let slots = Slots::default();
        let keeper = Keeper::new(self.clone(), names, slots.clone());
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(in_session)
            // One that tells something before it answers is a stream all the same.
            .with_json_response(true)
            .with_cancellation_token(self.stopping.child_token())
            .with_max_request_body_bytes(BODY)
            .with_sse_retry(None)
            .disable_allowed_hosts()
            .disable_allowed_origins();
        let standing = if in_session { Standing::Session } else { Standing::Alone };
        let own = slots.clone();
        let make = move || Ok(handler(own.clone(), standing));
        let service = StreamableHttpService::new(make, Arc::new(keeper), config);
        let response = readable(service.handle(request).await.map(Body::new)).await;
        match (in_session, ends) {
            // It is closed already; clients take anything that is not quite that for a failure.
            (true, true) if response.status().is_success() => {
                StatusCode::NO_CONTENT.into_response()
            }
            (true, _) => response,
            (false, _) => splice::into(response, slots).await,
        }
    }

    fn known(&self, names: &dyn Names, name: Option<&str>) -> Known {
        let Some(name) = name else { return Known::None };
        if !names.is_ours(name) {
            return Known::Foreign;
        }
        let mut kept = self.kept();
        if kept.ended.iter().any(|it| **it == *name) {
            return Known::Ended;
        }
        match kept.open.get_mut(name) {
            Some(open) => {
                open.used = Instant::now();
                Known::Open
            }
            None => Known::Elsewhere,
        }
    }

    /// Remembers that its client closed the session called `name`.
    fn end(&self, name: &str) {
        let mut kept = self.kept();
        if kept.ended.len() >= ENDED {
            kept.ended.pop_front();
        }
        kept.ended.push_back(name.into());
    }

    /// Closes the sessions of `person` that were quiet for longest, until there is room for one more.
    async fn make_room(&self, person: &str) {
        loop {
            let quietest = {
                let mut kept = self.kept();
                let theirs = kept.open.iter().filter(|(_, it)| it.person == person);
                if theirs.clone().count() < MOST_EACH {
                    return;
                }
                let quietest = theirs.min_by_key(|(_, it)| it.used).map(|(name, _)| name.clone());
                quietest.and_then(|it| kept.open.remove(&it))
            };
            let Some(quietest) = quietest else { return };
            // One whose worker has gone is closed already.
            let _ = quietest.handle.close().await;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a handler serves one request or all of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// One request.
    Alone,
    /// A session: its client can be told and asked things.
    Session,
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|it| it.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_a_courtesy_and_a_foreign_one_is_not_there() {
        use Known::{Elsewhere, Ended, Foreign, None, Open};
        let table = [
            // Clients of the newest revision have no sessions, whatever they send.
            ((false, Foreign, false, true), Way::Alone),
            ((true, None, true, true), Way::Session),
            ((true, None, true, false), Way::Alone),
            ((true, None, false, true), Way::Alone),
            ((true, Open, false, false), Way::Session),
            ((true, Elsewhere, false, true), Way::Alone),
            ((true, Foreign, false, true), Way::Nowhere),
            ((true, Foreign, true, true), Way::Nowhere),
            ((true, Ended, false, true), Way::Nowhere),
        ];
        for ((is_old, known, begins, has_room), expected) in table {
            let got = way(is_old, known, begins, has_room);
            assert_eq!(got, expected, "{is_old} {known:?} {begins} {has_room}");
        }
    }
}
