//! Tool servers.

mod apps;

pub(super) mod market;

use serde_json::{Value, json};

use super::{About, PERSON, SERVERS, Way, send, way};

/// How to call what is about tool servers and their views.
pub(super) fn ways() -> Vec<Way> {
    let mut ways = of_servers();
    ways.extend(apps::ways());
    ways
}

fn of_servers() -> Vec<Way> {
    use About::{Changing, Looking, Making, Nothing, Own};
    let client = json!({ "issuer": "https://issuer.example", "client_id": "us" });
    let file = || json!({ "mcpServers": { "x": { "url": "https://example.org/mcp" } } });
    let mut ways = vec![
        way("GET /api/tool-servers", Own(SERVERS), 200),
        send("POST /api/tool-servers", Making(SERVERS), 201, server("fresh")),
        send("POST /api/tool-servers/preview", Nothing, 200, json!({ "file": file() })),
        send(
            "POST /api/tool-servers/import",
            Nothing,
            200,
            json!({ "file": file(), "servers": [] }),
        ),
        way("GET /api/tool-servers/{id}", Looking(SERVERS), 200),
        send("PATCH /api/tool-servers/{id}", Changing(SERVERS), 200, json!({ "title": "Other" })),
        way("DELETE /api/tool-servers/{id}", Changing(SERVERS), 204),
        send("PATCH /api/tool-servers/{id}/tools", Changing(SERVERS), 200, json!({ "tools": [] })),
        way("POST /api/tool-servers/{id}/probe", Changing(SERVERS), 200),
        way("POST /api/tool-servers/{id}/restart", Changing(SERVERS), 200),
        // It is no program.
        way("DELETE /api/tool-servers/{id}/folder", Changing(SERVERS), 409),
        way("GET /api/tool-programs", Nothing, 200),
        // Its lines may tell of others.
        way("GET /api/tool-servers/{id}/log", Changing(SERVERS), 200),
        way("POST /api/tool-servers/{id}/connect", Looking(PERSON), 200),
        way("DELETE /api/tool-servers/{id}/connect", Looking(PERSON), 200),
        send("PUT /api/tool-servers/{id}/client", Changing(SERVERS), 200, client),
        way("DELETE /api/tool-servers/{id}/client", Changing(SERVERS), 200),
        way("GET /api/oauth/callback", Nothing, 200),
        way("GET /api/oauth/callback.js", Nothing, 200),
        way("GET /api/oauth/callback.css", Nothing, 200),
        way("GET /oauth/client.json", Nothing, 200),
        // Nobody began it.
        send("POST /api/oauth/callback", Own(PERSON), 409, json!({ "query": "state=x" })),
        way("GET /api/tool-servers/{id}/resources", Looking(SERVERS), 200),
        way("GET /api/tool-servers/{id}/templates", Looking(SERVERS), 200),
        way("GET /api/tool-servers/{id}/prompts", Looking(SERVERS), 200),
        // Nobody is at the other end.
        send(
            "POST /api/tool-servers/{id}/resources/read",
            Looking(SERVERS),
            503,
            json!({ "uri": "test://x" }),
        ),
        send(
            "POST /api/tool-servers/{id}/prompts/get",
            Looking(SERVERS),
            503,
            json!({ "name": "x" }),
        ),
    ];
    ways.extend(market::ways());
    ways
}

/// A tool server that nobody answers for.
pub(super) fn server(name: &str) -> Value {
    json!({ "name": name, "link": { "kind": "http", "url": "https://example.org/mcp" } })
}
