//! What a tool says about its view (MCP Apps, revision 2026-01-26).

use serde_json::Value;

/// The media type of a view.
pub const MEDIA_TYPE: &str = "text/html;profile=mcp-app";
/// The extension by which both sides say that they know views.
pub const EXTENSION: &str = "io.modelcontextprotocol/ui";
/// How the addresses of views begin.
const SCHEME: &str = "ui://";
/// A longer address is none, in bytes.
const ADDRESS_BYTES: usize = 2_000;
/// How the address was written down before there was `_meta.ui`.
const FLAT_KEY: &str = "ui/resourceUri";

/// What a tool says about its view, and who it is there for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolView {
    /// The resource that holds the view of its calls; begins with `ui://`.
    pub uri: Option<String>,
    /// Whether agents may call it.
    pub for_model: bool,
    /// Whether views of its own server may call it.
    pub for_app: bool,
}

impl ToolView {
    /// Reads the `_meta` of a tool. A tool that says nothing is there for both; one that says
    /// something that cannot be read is there for nobody.
    pub fn read(tool: &Value) -> Self {
        let ui = tool.get("_meta").and_then(|it| it.get("ui"));
        let flat = tool.get("_meta").and_then(|it| it.get(FLAT_KEY));
        let uri = ui.and_then(|it| it.get("resourceUri")).or(flat).and_then(Value::as_str);
        let is_address = |it: &&str| it.starts_with(SCHEME) && it.len() <= ADDRESS_BYTES;
        let visibility = ui.and_then(|it| it.get("visibility"));
        let names = |who: &str| match visibility {
            None => true,
            Some(Value::Array(listed)) => listed.iter().any(|it| it == who),
            Some(_) => false,
        };
        Self {
            uri: uri.filter(is_address).map(str::to_owned),
            for_model: names("model"),
            for_app: names("app"),
        }
    }
}

/// All that a tool says about its view, as it came: a part of what somebody allows. `None` where it
/// says nothing.
pub(super) fn said(tool: &Value) -> Option<Vec<&Value>> {
    let meta = tool.get("_meta")?;
    let said = [meta.get("ui"), meta.get(FLAT_KEY)];
    said.iter().any(Option::is_some).then(|| said.map(|it| it.unwrap_or(&Value::Null)).to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn view(meta: Value) -> ToolView {
        ToolView::read(&json!({ "name": "t", "_meta": meta }))
    }

    #[test]
    fn a_tool_that_says_nothing_is_there_for_both_and_has_no_view() {
        let both = ToolView { uri: None, for_model: true, for_app: true };
        assert_eq!(ToolView::read(&json!({ "name": "t" })), both);
        assert_eq!(view(json!({ "ui": {} })), both);
    }

    #[test]
    fn an_address_is_read_from_the_old_place_too_and_only_if_it_is_one() {
        let uri = |meta| view(meta).uri;
        assert_eq!(uri(json!({ "ui": { "resourceUri": "ui://a" } })).as_deref(), Some("ui://a"));
        assert_eq!(uri(json!({ "ui/resourceUri": "ui://b" })).as_deref(), Some("ui://b"));
        let both = json!({ "ui/resourceUri": "ui://b", "ui": { "resourceUri": "ui://a" } });
        assert_eq!(uri(both).as_deref(), Some("ui://a"));
        assert_eq!(uri(json!({ "ui": { "resourceUri": "https://evil.example/" } })), None);
        let long = format!("ui://{}", "x".repeat(2_000));
        assert_eq!(uri(json!({ "ui": { "resourceUri": long } })), None);
    }

    #[test]
    fn what_is_said_about_visibility_is_taken_at_its_word() {
        let seen = |visibility: Value| {
            let it = view(json!({ "ui": { "visibility": visibility } }));
            (it.for_model, it.for_app)
        };
        assert_eq!(seen(json!(["app"])), (false, true));
        assert_eq!(seen(json!(["model"])), (true, false));
        assert_eq!(seen(json!(["app", "model", "robot"])), (true, true));
        assert_eq!(seen(json!([])), (false, false));
        assert_eq!(seen(json!("model")), (false, false));
    }
}
