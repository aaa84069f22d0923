//! Views of tool servers.

use serde_json::json;

use super::super::{About, PERSON, Way, send, way};

/// How to call what is about views. No call of the run has one.
pub(super) fn ways() -> Vec<Way> {
    use About::{Changing, Looking, Nothing};
    vec![
        way("GET /api/runs/{id}/apps/{call}", Looking(PERSON), 409),
        way("GET /api/runs/{id}/apps/{call}/result", Looking(PERSON), 409),
        send(
            "POST /api/runs/{id}/apps/{call}/call",
            Changing(PERSON),
            409,
            json!({ "tool": "refresh" }),
        ),
        send(
            "POST /api/runs/{id}/apps/{call}/read",
            Looking(PERSON),
            409,
            json!({ "uri": "ui://weather/view" }),
        ),
        way("GET /sandbox/app.html", Nothing, 200),
    ]
}
