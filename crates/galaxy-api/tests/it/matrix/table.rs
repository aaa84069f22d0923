//! How to call every operation, and what its owner gets.

mod account;
mod servers;

use serde_json::{Value, json};

use crate::{
    house::{House, Person},
    talk::text,
};

/// Whose permission an operation needs beyond the policy of its route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Nothing of anybody's.
    Nothing,
    /// Looks at what the caller owns, of which a stranger has none.
    Own(Scope),
    /// Makes something of the caller's own.
    Making(Scope),
    /// Looks at one thing, which only its owner may know of.
    Looking(Scope),
    /// Changes one thing.
    Changing(Scope),
}

/// What a key must be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Conversations and runs.
    Chat,
    /// To-dos.
    Tasks,
    /// Tool servers.
    Servers,
    /// None is: what the caller does with their own account, or decides themselves.
    Person,
}

/// How to call an operation.
pub(super) struct Way {
    /// Method and path as declared.
    pub(super) operation: &'static str,
    /// Whose it is.
    pub(super) about: About,
    /// What its owner gets, or an administrator where the policy says so.
    pub(super) status: u16,
    /// What follows the path.
    pub(super) query: &'static str,
    /// The body, with names of [`Scene`] in braces.
    pub(super) body: Option<Value>,
}

/// Things of one person.
pub(super) struct Scene {
    ids: Vec<(&'static str, String)>,
}

impl Scene {
    /// Makes one of each.
    pub(super) async fn make(house: &House<'_>, owner: &Person) -> Self {
        let chat = house.chat(owner, "What is there?").await;
        let task = house.post("/api/tasks").by(owner).json(&json!({ "title": "Sweep" }));
        let key = json!({ "name": "Script", "scopes": ["read"] });
        let key = house.post("/api/auth/keys").by(owner).json(&key);
        let name = format!("s-{}", &uuid::Uuid::new_v4().simple().to_string()[..20]);
        let server = house.post("/api/tool-servers").by(owner).json(&servers::server(&name));
        let session = house.sign_in(owner.id, &owner.email).await.session;
        Self {
            ids: vec![
                ("conversation", chat.conversation),
                ("run", chat.run),
                ("question", chat.question),
                ("answer", chat.answer),
                ("task", text(&task.send().await.ok(201)["id"])),
                ("key", text(&key.send().await.ok(201)["id"])),
                ("session", session.to_string()),
                ("person", owner.id.to_string()),
                ("server", text(&server.send().await.ok(201)["server"]["id"])),
            ],
        }
    }

    /// The same, but for one.
    pub(super) fn with(mut self, name: &'static str, id: &str) -> Self {
        self.ids.retain(|(it, _)| *it != name);
        self.ids.push((name, id.to_owned()));
        self
    }

    /// The same names for things that are not there.
    pub(super) fn missing(&self) -> Self {
        let fresh = || uuid::Uuid::now_v7().to_string();
        Self { ids: self.ids.iter().map(|(name, _)| (*name, fresh())).collect() }
    }

    /// All ids.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(|(_, id)| id.as_str())
    }

    /// Fills names in braces in.
    pub(super) fn fill(&self, template: &str) -> String {
        let fill =
            |text: String, (name, id): &(&str, String)| text.replace(&format!("{{{name}}}"), id);
        self.ids.iter().fold(template.to_owned(), fill)
    }

    /// The path of an operation.
    pub(super) fn path(&self, way: &Way) -> String {
        let (_, template) = way.operation.split_once(' ').unwrap();
        let place = |resource: &str, name: &str| {
            (format!("/{resource}/{{id}}"), format!("/{resource}/{{{name}}}"))
        };
        let places = [
            place("conversations", "conversation"),
            place("runs", "run"),
            place("tasks", "task"),
            place("keys", "key"),
            place("sessions", "session"),
            place("people", "person"),
            place("tool-servers", "server"),
        ];
        let named = template.to_owned();
        let named = places.iter().fold(named, |path, (from, to)| path.replace(from, to));
        // A person edits what they said, and thinks something of what they were answered.
        let message = if template.ends_with("/edit") { "{question}" } else { "{answer}" };
        let named = servers::market::named(&named).replace("{message}", message);
        let named = named.replace("{name}", "math").replace("{call}", "c");
        let named = named.replace("{*file}", "swagger-ui.css");
        self.fill(&format!("{named}{}", way.query))
    }

    /// The body of an operation.
    pub(super) fn body(&self, way: &Way) -> Option<Value> {
        let body = way.body.as_ref()?;
        Some(serde_json::from_str(&self.fill(&body.to_string())).unwrap())
    }
}

const CHAT: Scope = Scope::Chat;
const TASKS: Scope = Scope::Tasks;
const SERVERS: Scope = Scope::Servers;
const PERSON: Scope = Scope::Person;

fn way(operation: &'static str, about: About, status: u16) -> Way {
    Way { operation, about, status, query: "", body: None }
}

fn ask(operation: &'static str, about: About, status: u16, query: &'static str) -> Way {
    Way { query, ..way(operation, about, status) }
}

fn send(operation: &'static str, about: About, status: u16, body: Value) -> Way {
    Way { body: Some(body), ..way(operation, about, status) }
}

/// Every operation. What lies behind the decision is tested elsewhere, so a body that is refused
/// only after it serves where a right one would have effects that outlast the test.
pub(super) fn ways() -> Vec<Way> {
    let all = [deployment(), account::ways(), conversations(), runs(), tasks(), servers::ways()];
    let mut ways: Vec<Way> = all.into_iter().flatten().collect();
    // Last, because it ends the sessions of whoever calls it.
    ways.push(way("POST /api/auth/sign-out", About::Nothing, 204));
    ways
}

fn deployment() -> Vec<Way> {
    use About::Nothing;
    vec![
        way("GET /api/runtime-config", Nothing, 200),
        way("GET /health", Nothing, 200),
        way("GET /health/live", Nothing, 200),
        way("GET /health/ready", Nothing, 200),
        // Not from where the test calls.
        way("GET /metrics", Nothing, 404),
        way("GET /api/openapi.json", Nothing, 200),
        way("GET /api/docs", Nothing, 308),
        way("GET /api/docs/", Nothing, 200),
        way("GET /api/docs/{*file}", Nothing, 200),
        way("GET /api/models", Nothing, 200),
        send("POST /api/models/check", About::Making(CHAT), 200, json!({ "name": "scripted" })),
        ask("GET /api/models/remote", Nothing, 200, "?provider=stage"),
        way("GET /api/tools", Nothing, 200),
        send("PUT /api/tools/{name}/rule", About::Own(PERSON), 204, json!({ "verdict": "ask" })),
        send("POST /api/tools/{name}/call", About::Own(PERSON), 422, json!({})),
        // It is no upgrade.
        way("GET /ws", Nothing, 400),
        send("POST /mcp", Nothing, 200, json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" })),
        way("GET /.well-known/oauth-protected-resource/mcp", Nothing, 200),
        way("GET /.well-known/oauth-protected-resource", Nothing, 200),
        send("POST /api/mcp/{name}", Nothing, 404, json!({ "jsonrpc": "2.0", "method": "x" })),
        way("GET /api/mcp/{name}", Nothing, 404),
        way("DELETE /api/mcp/{name}", Nothing, 404),
        way("GET /.well-known/oauth-protected-resource/api/mcp/{name}", Nothing, 200),
        ask("GET /api/live", About::Looking(CHAT), 200, "?topic=run:{run}"),
    ]
}

fn conversations() -> Vec<Way> {
    use About::{Changing, Looking, Making, Own};
    let text = || json!({ "text": "Once more." });
    vec![
        way("GET /api/conversations", Own(CHAT), 200),
        send("POST /api/conversations", Making(CHAT), 201, json!({})),
        ask("GET /api/conversations/search", Own(CHAT), 200, "?q=there"),
        way("GET /api/sessions", Own(CHAT), 200),
        way("GET /api/conversations/{id}", Looking(CHAT), 200),
        send("PATCH /api/conversations/{id}", Changing(CHAT), 200, json!({ "pinned": true })),
        way("DELETE /api/conversations/{id}", Changing(CHAT), 204),
        send(
            "POST /api/conversations/{id}/fork",
            Changing(CHAT),
            201,
            json!({ "message_id": "{answer}" }),
        ),
        ask("GET /api/conversations/{id}/export", Looking(CHAT), 200, "?format=json"),
        way("GET /api/conversations/{id}/messages", Looking(CHAT), 200),
        send("POST /api/conversations/{id}/messages", Changing(CHAT), 202, text()),
        send("POST /api/conversations/{id}/messages/{message}/edit", Changing(CHAT), 202, text()),
        send(
            "POST /api/conversations/{id}/messages/{message}/regenerate",
            Changing(CHAT),
            202,
            json!({}),
        ),
        way("POST /api/conversations/{id}/messages/{message}/show", Changing(CHAT), 204),
        send(
            "PUT /api/conversations/{id}/messages/{message}/feedback",
            Changing(CHAT),
            204,
            json!({ "rating": "up", "comment": "" }),
        ),
        way("DELETE /api/conversations/{id}/messages/{message}/feedback", Changing(CHAT), 204),
        way("GET /api/feedback", About::Nothing, 200),
        send("POST /api/chat", Making(CHAT), 200, json!({ "message": "Hi." })),
        send("POST /api/chat/stream", Making(CHAT), 200, json!({ "message": "Hi." })),
    ]
}

fn runs() -> Vec<Way> {
    use About::{Changing, Looking, Own};
    let approve = json!({ "call": "c", "digest": "d", "decision": "allow" });
    vec![
        way("GET /api/runs", Own(CHAT), 200),
        way("GET /api/runs/{id}", Looking(CHAT), 200),
        way("GET /api/runs/{id}/events", Looking(CHAT), 200),
        way("POST /api/runs/{id}/stop", Changing(CHAT), 202),
        // Nothing waits for these.
        send("POST /api/runs/{id}/approve", Changing(PERSON), 409, approve),
        send(
            "POST /api/runs/{id}/answer",
            Changing(PERSON),
            409,
            json!({ "call": "c", "answer": "a" }),
        ),
        send(
            "POST /api/runs/{id}/respond",
            Changing(PERSON),
            409,
            json!({ "call": "c", "round": 1, "answers": {} }),
        ),
        way("POST /api/runs/{id}/continue", Changing(CHAT), 409),
    ]
}

fn tasks() -> Vec<Way> {
    use About::{Changing, Looking, Making, Own};
    vec![
        way("GET /api/tasks", Own(TASKS), 200),
        send("POST /api/tasks", Making(TASKS), 201, json!({ "title": "Dust" })),
        way("GET /api/tasks/{id}", Looking(TASKS), 200),
        send("PUT /api/tasks/{id}", Changing(TASKS), 200, json!({ "title": "Mop" })),
        way("DELETE /api/tasks/{id}", Changing(TASKS), 204),
        way("PATCH /api/tasks/{id}/complete", Changing(TASKS), 200),
    ]
}
