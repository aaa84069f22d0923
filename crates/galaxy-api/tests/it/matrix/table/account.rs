//! Accounts and what opens them.

use serde_json::json;

use super::{About, PERSON, Way, ask, send, way};

/// How to call what is about accounts.
pub(super) fn ways() -> Vec<Way> {
    use About::{Looking, Nothing, Own};
    vec![
        send("POST /api/auth/setup", Nothing, 422, json!({})),
        send("POST /api/auth/sign-in", Nothing, 422, json!({})),
        send("POST /api/auth/token", Nothing, 422, json!({})),
        send("POST /api/auth/refresh", Nothing, 422, json!({})),
        way("GET /api/auth/me", Nothing, 200),
        send("POST /api/auth/confirm", Own(PERSON), 422, json!({})),
        send("POST /api/auth/password", Own(PERSON), 422, json!({})),
        way("GET /api/auth/sessions", Own(PERSON), 200),
        way("DELETE /api/auth/sessions", Own(PERSON), 204),
        way("DELETE /api/auth/sessions/{id}", Looking(PERSON), 204),
        way("GET /api/auth/keys", Own(PERSON), 200),
        send("POST /api/auth/keys", Own(PERSON), 422, json!({})),
        way("DELETE /api/auth/keys/{id}", Looking(PERSON), 204),
        way("GET /api/audit", Nothing, 200),
        way("GET /api/audit/own", Own(PERSON), 200),
        way("GET /api/audit/state", Nothing, 200),
        way("POST /api/audit/check", Nothing, 202),
        ask("GET /api/audit/export", Nothing, 200, "?format=jsonl"),
        way("GET /api/people", Nothing, 200),
        send("POST /api/people", Nothing, 422, json!({})),
        send("PATCH /api/people/{id}", Nothing, 200, json!({ "name": "Somebody" })),
        send("POST /api/people/{id}/password", Nothing, 422, json!({})),
    ]
}
