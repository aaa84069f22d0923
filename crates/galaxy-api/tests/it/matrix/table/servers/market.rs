//! The marketplace.

use serde_json::json;

use super::super::{About, SERVERS, Way, send, way};

/// How to call what is about the marketplace.
pub(super) fn ways() -> Vec<Way> {
    use About::{Changing, Making, Nothing};
    let choice = json!({ "way": "remote-0" });
    // Nobody was shown this.
    let never = json!({ "way": "remote-0", "digest": "never" });
    vec![
        way("GET /api/marketplace", Nothing, 200),
        way("GET /api/marketplace/{name}", Nothing, 200),
        send("POST /api/marketplace/{name}/resolve", Nothing, 200, choice),
        send("POST /api/marketplace/{name}/add", Making(SERVERS), 409, never),
        // It was not chosen from a list.
        send("POST /api/tool-servers/{id}/update/preview", Changing(SERVERS), 409, json!({})),
        send(
            "POST /api/tool-servers/{id}/update",
            Changing(SERVERS),
            409,
            json!({ "digest": "never" }),
        ),
        way("GET /v0.1/servers", Nothing, 200),
        way("GET /v0.1/servers/{name}/versions", Nothing, 200),
        way("GET /v0.1/servers/{name}/versions/{version}", Nothing, 200),
    ]
}

/// The path with an entry of the curated list in it.
pub(in super::super) fn named(path: &str) -> String {
    let entry = "galaxy%2Fdeepwiki";
    path.replace("/marketplace/{name}", &format!("/marketplace/{entry}"))
        .replace("/v0.1/servers/{name}", &format!("/v0.1/servers/{entry}"))
        .replace("{version}", "latest")
}
