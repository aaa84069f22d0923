//! The list of tools from bytes that are ready.
//!
//! Hosts ask for it more than for anything else. A request that is plain, and most are, is answered
//! here; whatever is odd about one is `rmcp`'s to judge, and what both say is the same (there is a
//! test of that).

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use galaxy_app::calls::Offer;
use galaxy_tool::AnyTool;
use http::{HeaderMap, header};
use rmcp::model::{CacheScope, ListToolsResult, Tool};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Revisions that begin with a handshake.
const OLD: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The one that does not.
const NEW: &str = "2026-07-28";
/// So many different lists are kept; the oldest makes room.
const KEPT: usize = 32;

/// A plain request, which has nothing but this.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    jsonrpc: &'a str,
    #[serde(borrow)]
    id: &'a RawValue,
    method: &'a str,
    #[serde(default)]
    params: Option<Params<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params<'a> {
    #[serde(borrow, default, rename = "_meta")]
    meta: Option<Meta<'a>>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(default, rename = "io.modelcontextprotocol/protocolVersion")]
    version: Option<&'a str>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/clientCapabilities")]
    capabilities: Option<&'a RawValue>,
}

/// How a list is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// With a handshake.
    Old,
    /// Without one.
    New,
}

/// A request for the list that is plain: what names it, and its era.
pub(crate) fn plain<'a>(headers: &HeaderMap, body: &'a [u8]) -> Option<(&'a str, Era)> {
    let request: Request<'a> = serde_json::from_slice(body).ok()?;
    let id = request.id.get();
    let named = id.starts_with('"') || id.bytes().all(|it| it.is_ascii_digit());
    if request.jsonrpc != "2.0" || request.method != "tools/list" || !named || id.len() > 100 {
        return None;
    }
    let only = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let first = values.next().map(|it| it.to_str().unwrap_or("?"));
        if values.next().is_some() { Some("?") } else { first }
    };
    let accept = only(header::ACCEPT.as_str())?;
    let both = ["application/json", "text/event-stream"].iter().all(|it| accept.contains(it));
    if !both || accept.contains("q=") || only("content-type") != Some("application/json") {
        return None;
    }
    let version = only("mcp-protocol-version");
    match request.params.and_then(|it| it.meta) {
        Some(meta) => {
            let fits = meta.version == Some(NEW)
                && version == Some(NEW)
                && only("mcp-method") == Some("tools/list")
                && only("mcp-name").is_none()
                && meta.capabilities.is_some_and(|it| it.get() == "{}");
            fits.then_some((id, Era::New))
        }
        None => version.is_none_or(|it| OLD.contains(&it)).then_some((id, Era::Old)),
    }
}

/// Lists that were written before.
#[derive(Default)]
pub(crate) struct Listing {
    kept: Mutex<Vec<Kept>>,
}

/// A list in both eras, and of what it is.
struct Kept {
    own: usize,
    tools: Vec<Arc<dyn AnyTool>>,
    old: Bytes,
    new: Bytes,
}

impl Kept {
    fn is_of(&self, own: &[Tool], offers: &[Offer]) -> bool {
        self.own == own.len()
            && self.tools.len() == offers.len()
            && self.tools.iter().zip(offers).all(|(known, it)| Arc::ptr_eq(known, &it.tool))
    }

    fn bytes(&self, era: Era) -> Bytes {
        match era {
            Era::Old => self.old.clone(),
            Era::New => self.new.clone(),
        }
    }
}

impl Listing {
    /// The list of `own` tools and of `offers`, as a result of that era; `write` makes it, if it
    /// was not made before.
    pub(crate) fn bytes(
        &self,
        era: Era,
        own: &[Tool],
        offers: &[Offer],
        write: impl FnOnce() -> ListToolsResult,
    ) -> Option<Bytes> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.iter().find(|it| it.is_of(own, offers)) {
            return Some(known.bytes(era));
        }
        let list = write();
        let new = list.clone().with_ttl_ms(0).with_cache_scope(CacheScope::Private);
        let old = ListToolsResult { result_type: None, ..list };
        let known = Kept {
            own: own.len(),
            tools: offers.iter().map(|it| it.tool.clone()).collect(),
            old: serde_json::to_vec(&old).ok()?.into(),
            new: serde_json::to_vec(&new).ok()?.into(),
        };
        let bytes = known.bytes(era);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(known);
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(more: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let always = [
            ("accept", "application/json, text/event-stream"),
            ("content-type", "application/json"),
        ];
        for (name, value) in always.iter().chain(more) {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_what_is_plain_in_every_way_is_plain() {
        let old = br#"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{}}"#;
        assert_eq!(plain(&headers(&[]), old), Some(("7", Era::Old)));
        let named = [("mcp-protocol-version", "2025-06-18")];
        assert_eq!(plain(&headers(&named), old), Some(("7", Era::Old)));
        for odd in [
            &[("mcp-protocol-version", "1999-01-01")][..],
            &[("mcp-protocol-version", NEW)],
            &[("mcp-protocol-version", "2025-06-18"), ("mcp-protocol-version", "2025-11-25")],
            &[("accept", "text/html")],
        ] {
            assert_eq!(plain(&headers(odd), old), None, "{odd:?}");
        }
        for odd in [
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call"}"#,
            r#"{"jsonrpc":"1.0","id":7,"method":"tools/list"}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#,
            r#"{"jsonrpc":"2.0","id":-7,"method":"tools/list"}"#,
            r#"{"jsonrpc":"2.0","method":"tools/list"}"#,
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","more":1}"#,
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"cursor":"x"}}"#,
            r#"[{"jsonrpc":"2.0","id":7,"method":"tools/list"}]"#,
        ] {
            assert_eq!(plain(&headers(&[]), odd.as_bytes()), None, "{odd}");
        }
        let new = br#"{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"_meta":{
            "io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientCapabilities":{}}}}"#;
        let method = ("mcp-method", "tools/list");
        let right = headers(&[("mcp-protocol-version", NEW), method]);
        assert_eq!(plain(&right, new), Some(("\"a\"", Era::New)));
        assert_eq!(plain(&headers(&[("mcp-protocol-version", NEW)]), new), None);
        assert_eq!(plain(&headers(&[("mcp-protocol-version", "2025-11-25"), method]), new), None);
    }
}
