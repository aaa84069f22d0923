//! The page of a view, as a server gives it. Untrusted.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use galaxy_domain::Caller;
use galaxy_tool::server::{Exchanged, Listing, RequestCx, view::MEDIA_TYPE};
use serde_json::Value;

use crate::{App, AppError, servers::shelf::Shelved};

/// A larger page is not shown, in bytes.
const PAGE_BYTES: usize = 3 * 1024 * 1024;
/// More of the hosts that a view names for one purpose are not looked at.
const HOSTS: usize = 32;

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The document.
    pub html: String,
    /// What it wants besides.
    pub wants: Wants,
}

/// What a view wants to reach, as it says: nobody has granted any of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wants {
    /// Origins that it speaks with.
    pub connect: Vec<String>,
    /// Origins that it loads scripts, styles, pictures and fonts from.
    pub resource: Vec<String>,
    /// Origins that it shows in frames of its own.
    pub frame: Vec<String>,
    /// Origins that its relative addresses may begin with.
    pub base: Vec<String>,
    /// Whether it would like a border around it; it does not say when `None`.
    pub border: Option<bool>,
}

impl App {
    /// Reads the page at `uri` of a server.
    pub(super) async fn fetch_page(
        &self,
        caller: &Caller,
        server: &Shelved,
        uri: &str,
    ) -> Result<Page, AppError> {
        let handle = self.servers.handle(&server.row, Some(caller.person))?;
        let Exchanged::Done(result) = handle.read(uri, &RequestCx::default()).await? else {
            let words = "The server wants to ask somebody before it shows its view.";
            return Err(AppError::Conflict(words.to_owned()));
        };
        let unfit = |why: &str| AppError::Conflict(why.to_owned());
        let content = content(&result, uri).map_err(unfit)?;
        let html = html(content).map_err(unfit)?;
        if let Some(ui) = ui_of(content) {
            return Ok(Page { html, wants: wants(ui) });
        }
        // What is said with the page itself wins; it may also be said where pages are listed.
        let listed = handle.list(Listing::Resources).await.unwrap_or_default();
        let listed = listed.iter().find(|it| it["uri"] == uri).and_then(ui_of);
        Ok(Page { html, wants: listed.map(wants).unwrap_or_default() })
    }
}

fn ui_of(it: &Value) -> Option<&Value> {
    it.get("_meta").and_then(|it| it.get("ui"))
}

/// The piece of what was read that is the page.
fn content<'a>(result: &'a Value, uri: &str) -> Result<&'a Value, &'static str> {
    let contents = result.get("contents").and_then(Value::as_array);
    let contents = contents.map(Vec::as_slice).unwrap_or_default();
    let found = contents.iter().find(|it| it["uri"] == uri).or_else(|| contents.first());
    let content = found.ok_or("The server gave no view.")?;
    let plain = |it: &str| it.replace(' ', "").to_ascii_lowercase();
    let kind = content.get("mimeType").and_then(Value::as_str).map(plain);
    if kind.as_deref() == Some(MEDIA_TYPE) {
        return Ok(content);
    }
    Err("What the server gave is no view: its type is not `text/html;profile=mcp-app`.")
}

fn html(content: &Value) -> Result<String, &'static str> {
    let text = |key: &str| content.get(key).and_then(Value::as_str);
    let html = match (text("text"), text("blob")) {
        (Some(text), _) if text.len() <= PAGE_BYTES => text.to_owned(),
        (None, Some(blob)) if blob.len() <= PAGE_BYTES / 3 * 4 => {
            let bytes = STANDARD.decode(blob).map_err(|_| "The view is not readable.")?;
            String::from_utf8(bytes).map_err(|_| "The view is not UTF-8 text.")?
        }
        (Some(_), _) | (None, Some(_)) => return Err("The view is larger than 3 MB."),
        (None, None) => return Err("The server gave an empty view."),
    };
    Ok(html)
}

fn wants(ui: &Value) -> Wants {
    let origins = |key: &str| -> Vec<String> {
        let listed = ui.get("csp").and_then(|it| it.get(key)).and_then(Value::as_array);
        let listed = listed.map(Vec::as_slice).unwrap_or_default();
        listed.iter().filter_map(Value::as_str).take(HOSTS).map(str::to_owned).collect()
    };
    Wants {
        connect: origins("connectDomains"),
        resource: origins("resourceDomains"),
        frame: origins("frameDomains"),
        base: origins("baseUriDomains"),
        border: ui.get("prefersBorder").and_then(Value::as_bool),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: &str, more: Value) -> Result<String, &'static str> {
        let mut piece = json!({ "uri": "ui://x", "mimeType": kind });
        piece.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        html(content(&json!({ "contents": [piece] }), "ui://x")?)
    }

    #[test]
    fn only_what_calls_itself_a_view_is_one() {
        let page = || json!({ "text": "<p>" });
        assert_eq!(read(MEDIA_TYPE, page()).as_deref(), Ok("<p>"));
        assert_eq!(read("text/HTML; profile=mcp-app", page()).as_deref(), Ok("<p>"));
        assert!(read("text/html", page()).is_err());
        assert!(content(&json!({ "contents": [] }), "ui://x").is_err());
    }

    #[test]
    fn a_page_comes_as_text_or_as_bytes_and_not_too_large() {
        assert_eq!(read(MEDIA_TYPE, json!({ "blob": "PHA+" })).as_deref(), Ok("<p>"));
        assert!(read(MEDIA_TYPE, json!({ "blob": "//8=" })).is_err());
        assert!(read(MEDIA_TYPE, json!({})).is_err());
        assert!(read(MEDIA_TYPE, json!({ "text": "x".repeat(PAGE_BYTES + 1) })).is_err());
    }

    #[test]
    fn what_it_wants_is_read_as_it_says_and_bounded() {
        let many: Vec<String> = (0..40).map(|at| format!("https://{at}.example.org")).collect();
        let ui = json!({ "csp": { "connectDomains": many, "frameDomains": ["https://f.example", 7] },
            "prefersBorder": false });
        let wants = wants(&ui);
        assert_eq!(wants.connect.len(), HOSTS);
        assert_eq!(
            (wants.frame, wants.border),
            (vec!["https://f.example".to_owned()], Some(false))
        );
        assert_eq!(super::wants(&json!({ "csp": 7 })), Wants::default());
    }
}
