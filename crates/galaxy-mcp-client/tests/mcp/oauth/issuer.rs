//! An issuer that keeps to the rules, unless it is told not to.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use galaxy_tool::server::oauth::Callback;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use url::{Url, form_urlencoded};

use crate::{
    protocol::Fixture,
    web::{respond, serve},
};

/// Fields by their names.
pub(crate) type Fields = BTreeMap<String, String>;

/// How the token endpoint behaves.
#[derive(Clone, Default)]
pub(crate) enum Mood {
    /// As it should.
    #[default]
    Good,
    /// It never answers.
    Hangs,
    /// It answers with so many bytes.
    Huge(usize),
    /// It answers with a page.
    Page,
    /// It refuses so.
    Refuses(StatusCode, &'static str),
    /// It refuses, and repeats all that it was sent.
    Repeats,
    /// It sends whoever asks elsewhere.
    Redirects(String),
    /// It answers so.
    Says(Value),
}

/// What there is to know about the world.
#[derive(Default)]
pub(crate) struct Inner {
    /// What the server says of itself; `null` for nothing.
    pub(crate) resource: Value,
    /// What the issuer says of itself; `null` for nothing.
    pub(crate) metadata: Value,
    /// What is at other paths.
    pub(crate) others: HashMap<String, Value>,
    /// Where paths lead.
    pub(crate) redirects: HashMap<String, String>,
    /// How the token endpoint behaves.
    pub(crate) mood: Mood,
    /// What a registration gives, besides what was asked for.
    pub(crate) registered: Value,
    /// The challenge of the server, without its scheme.
    pub(crate) challenge: String,
    /// Every path that was asked, in order.
    pub(crate) paths: Vec<String>,
    /// Every form that came to the token endpoint, with the `Authorization` in it.
    pub(crate) forms: Vec<Fields>,
    /// Every registration.
    pub(crate) registrations: Vec<Value>,
    /// The `Authorization` of every request to the server.
    pub(crate) shown: Vec<Option<String>>,
    /// Whether the server repeats what it is shown.
    pub(crate) repeats: bool,
    /// The tokens that open the server.
    pub(crate) good: Vec<String>,
    /// How often something was used to renew that had been used before, or was never given: then
    /// nothing is good any more.
    pub(crate) thefts: usize,
    /// While it is so, renewals are made and not answered.
    pub(crate) holds: watch::Sender<bool>,
    /// What a token is renewed with; each is good once.
    refresh: Option<String>,
    /// The challenge of the code that was given.
    pkce: Option<String>,
    count: usize,
    /// The address of the server.
    mcp: String,
}

/// The world.
#[derive(Clone)]
pub(crate) struct Issuer {
    /// Its origin.
    pub(crate) at: String,
    inner: Arc<Mutex<Inner>>,
    fixture: Arc<Mutex<Fixture>>,
}

impl Issuer {
    /// A world in which everything is as it should be.
    pub(crate) async fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let fixture = Arc::new(Mutex::new(Fixture::new("modern")));
        let mut world = Self { at: String::new(), inner, fixture };
        let router = Router::new()
            .route("/mcp", post(server))
            .route("/token", post(token))
            .route("/register", post(register))
            .route("/revoke", post(token))
            .fallback(get(document))
            .with_state(world.clone());
        let at = serve(router).await;
        world.at = at.trim_end_matches("/mcp").to_owned();
        let at = &world.at;
        world.know().mcp = format!("{at}/mcp");
        world.know().resource = json!({
            "resource": format!("{at}/mcp"), "authorization_servers": [at],
            "scopes_supported": ["read"], "future": { "x": 1 },
        });
        world.know().metadata = json!({
            "issuer": at,
            "authorization_endpoint": format!("{at}/authorize?tenant=1"),
            "token_endpoint": format!("{at}/token"),
            "registration_endpoint": format!("{at}/register"),
            "revocation_endpoint": format!("{at}/revoke"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
            "authorization_response_iss_parameter_supported": true,
        });
        world.know().registered =
            json!({ "client_id": "registered", "client_secret": "canary-client" });
        world.know().challenge = format!(
            "resource_metadata=\"{at}/.well-known/oauth-protected-resource/mcp\", scope=\"read\""
        );
        world
    }

    pub(crate) fn know(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// The address of the server.
    pub(crate) fn mcp(&self) -> Url {
        format!("{}/mcp", self.at).parse().unwrap()
    }

    /// What the server says to whoever has no token.
    pub(crate) fn challenge(&self) -> String {
        format!("Bearer {}", self.know().challenge)
    }

    /// A person opens `url`, and says yes: the query that their browser comes back with.
    pub(crate) fn approve(&self, url: &Url) -> String {
        let asked: Fields = url.query_pairs().into_owned().collect();
        assert_eq!(asked["code_challenge_method"], "S256");
        self.know().pkce = Some(asked["code_challenge"].clone());
        let answer = [("code", "canary-code"), ("state", &asked["state"]), ("iss", &self.at)];
        form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish()
    }

    /// The same, read.
    pub(crate) fn approved(&self, url: &Url) -> Callback {
        Callback::read(&self.approve(url))
    }

    fn tokens(&self, form: &Fields) -> Response {
        let mut know = self.know();
        let is_right = form["resource"] == know.mcp;
        let is_good = match form["grant_type"].as_str() {
            "authorization_code" => {
                let sent = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
                form["code"] == "canary-code" && know.pkce.take() == Some(sent)
            }
            "refresh_token" => {
                let is_newest = know.refresh.take().as_ref() == form.get("refresh_token");
                if !is_newest {
                    know.thefts += 1;
                    know.good.clear();
                }
                is_newest
            }
            other => panic!("what is {other}?"),
        };
        if !is_good || !is_right {
            return refusal(StatusCode::BAD_REQUEST, "invalid_grant", "no");
        }
        know.count += 1;
        let (token, refresh) =
            (format!("canary-access-{}", know.count), format!("canary-refresh-{}", know.count));
        know.good = vec![token.clone()];
        know.refresh = Some(refresh.clone());
        json_of(&json!({
            "access_token": token, "token_type": "bearer", "expires_in": 3600,
            "refresh_token": refresh,
        }))
    }
}

async fn document(State(world): State<Issuer>, uri: Uri) -> Response {
    let mut know = world.know();
    know.paths.push(uri.path().to_owned());
    if let Some(to) = know.redirects.get(uri.path()) {
        return Redirect::temporary(to).into_response();
    }
    let found = match uri.path() {
        "/.well-known/oauth-protected-resource/mcp" => know.resource.clone(),
        "/.well-known/oauth-authorization-server" => know.metadata.clone(),
        other => know.others.get(other).cloned().unwrap_or_default(),
    };
    if found.is_null() { StatusCode::NOT_FOUND.into_response() } else { json_of(&found) }
}

async fn register(State(world): State<Issuer>, body: Bytes) -> Response {
    let mut answer: Value = serde_json::from_slice(&body).unwrap();
    let mut know = world.know();
    know.registrations.push(answer.clone());
    if know.registered.is_null() {
        return refusal(StatusCode::FORBIDDEN, "access_denied", "ask the owner");
    }
    for (name, value) in know.registered.as_object().unwrap() {
        answer[name] = value.clone();
    }
    (StatusCode::CREATED, json_of(&answer)).into_response()
}

async fn token(State(world): State<Issuer>, headers: HeaderMap, body: Bytes) -> Response {
    let mut form: Fields = form_urlencoded::parse(&body).into_owned().collect();
    if let Some(shown) = headers.get(header::AUTHORIZATION) {
        form.insert("authorization".to_owned(), shown.to_str().unwrap().to_owned());
    }
    world.know().forms.push(form.clone());
    let mood = world.know().mood.clone();
    match mood {
        Mood::Good if form.contains_key("token") => StatusCode::OK.into_response(),
        Mood::Good => {
            let answer = world.tokens(&form);
            let mut held = world.know().holds.subscribe();
            if form["grant_type"] == "refresh_token" {
                held.wait_for(|it| !it).await.unwrap();
            }
            answer
        }
        Mood::Hangs => std::future::pending().await,
        Mood::Huge(bytes) => json_of(&json!({ "access_token": "x".repeat(bytes) })),
        Mood::Page => ([(header::CONTENT_TYPE, "text/html")], "<html>canary").into_response(),
        Mood::Refuses(status, code) => refusal(status, code, "so it is"),
        Mood::Repeats => refusal(StatusCode::BAD_REQUEST, "odd", &format!("got {form:?}")),
        Mood::Redirects(to) => Redirect::temporary(&to).into_response(),
        Mood::Says(value) => json_of(&value),
    }
}

async fn server(State(world): State<Issuer>, headers: HeaderMap, body: Bytes) -> Response {
    let shown = headers.get(header::AUTHORIZATION).map(|it| it.to_str().unwrap().to_owned());
    let mut know = world.know();
    know.shown.push(shown.clone());
    let is_good = shown
        .as_ref()
        .is_some_and(|it| know.good.iter().any(|good| *it == format!("Bearer {good}")));
    let repeats = know.repeats;
    drop(know);
    let message: Value = serde_json::from_slice(&body).unwrap();
    if repeats {
        let error = json!({ "code": -32000, "message": format!("what is {shown:?}?") });
        return json_of(&json!({ "jsonrpc": "2.0", "id": message["id"], "error": error }));
    }
    if !is_good {
        let challenge = world.challenge();
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response();
    }
    let said = world.fixture.lock().unwrap().hear(&message);
    respond(&message, &said)
}

fn json_of(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn refusal(status: StatusCode, code: &str, words: &str) -> Response {
    (status, json_of(&json!({ "error": code, "error_description": words }))).into_response()
}
