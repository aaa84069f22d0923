//! The port to a registry elsewhere, and what it sends.

use std::time::Duration;

use futures::future::BoxFuture;
use galaxy_base::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::listed::Listed;

/// An entry is at most this long, in bytes; longer ones are passed over.
pub const LONGEST_ENTRY: usize = 256 * 1024;
/// A cursor is at most this long, in bytes.
const LONGEST_CURSOR: usize = 1_024;

/// What is asked for: the newest version of each entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only what changed since.
    pub updated_since: Option<Timestamp>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// An entry, and the text that it was sent as.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The text, as it came.
    pub text: String,
    /// What it says.
    pub listed: Listed,
}

/// One page of a registry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// What is on it.
    pub entries: Vec<Sent>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
    /// How many entries could not be read.
    pub passed_over: usize,
}

/// Why a registry gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// It wants to be asked later.
    #[error("it wants to be asked less often")]
    Busy {
        /// When, if it said so.
        retry_after: Option<Duration>,
    },
    /// It does not know (any more) where we were.
    #[error("it refuses the question: {0}")]
    Refused(String),
    /// It cannot be reached, or does not work.
    #[error("it cannot be reached: {0}")]
    Unavailable(String),
    /// What it says makes no sense.
    #[error("it says something that makes no sense: {0}")]
    Nonsense(String),
}

/// A registry elsewhere.
pub trait Upstream: Send + Sync + 'static {
    /// Names it, and everything that is remembered of it.
    fn address(&self) -> &str;

    /// Asks for one page.
    fn page(&self, wanted: Wanted) -> BoxFuture<'_, Result<Page, UpstreamError>>;
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    servers: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(rename = "nextCursor")]
    next_cursor: Option<String>,
}

impl Page {
    /// Reads a page as registries send it. An entry that makes no sense is counted and passed over.
    ///
    /// # Errors
    /// Why it is no page.
    pub fn read(text: &str) -> Result<Self, UpstreamError> {
        let nonsense = |err: serde_json::Error| UpstreamError::Nonsense(err.to_string());
        let wire: Wire<'_> = serde_json::from_str(text).map_err(nonsense)?;
        let servers = wire.servers.unwrap_or_default();
        let all = servers.len();
        let sent = |raw: &RawValue| {
            let text = raw.get();
            let listed = (text.len() <= LONGEST_ENTRY).then(|| Listed::read(text))?.ok()?;
            Some(Sent { text: text.to_owned(), listed })
        };
        let entries: Vec<Sent> = servers.into_iter().filter_map(sent).collect();
        let next = wire.metadata.and_then(|it| it.next_cursor).filter(|it| !it.is_empty());
        if next.as_ref().is_some_and(|it| it.len() > LONGEST_CURSOR) {
            return Err(UpstreamError::Nonsense("its cursor is too long".to_owned()));
        }
        Ok(Self { passed_over: all - entries.len(), entries, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_kept_as_they_came_and_broken_ones_are_passed_over() {
        let good = r#"{"server":{"name":"a/b","version":"1.0",  "later":1e400},"_meta":{}}"#;
        let text =
            format!(r#"{{"servers":[{good},{{"server":7}}],"metadata":{{"nextCursor":"a/b:1"}}}}"#);
        let page = Page::read(&text).unwrap();
        assert_eq!((page.entries.len(), page.passed_over), (0, 2), "{page:?}");
        let good = good.replace("1e400", "1e4");
        let text = format!(r#"{{"servers":[{good}],"metadata":{{"nextCursor":""}},"more":[]}}"#);
        let page = Page::read(&text).unwrap();
        assert_eq!((page.entries[0].text.as_str(), &page.next), (good.as_str(), &None));
        assert_eq!(Page::read(r#"{"servers":null}"#).unwrap(), Page::default());
        for broken in ["", "{", "[]", "<html>", r#"{"servers":{}}"#] {
            assert!(matches!(Page::read(broken), Err(UpstreamError::Nonsense(_))), "{broken}");
        }
    }
}
