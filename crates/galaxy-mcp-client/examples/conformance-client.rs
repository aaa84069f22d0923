//! A client for the protocol's own conformance suite: it is called with the address of a server,
//! calls its tools, and says yes to everything that it is asked, as a person who signs in would.
//!
//! `cargo xtask conformance --only client` has the suite call it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::{Clock, Tasks};
use galaxy_mcp_client::{Keeper, McpServers, OAuth};
use galaxy_net::{Client, Config, Reach, Request};
use galaxy_tool::server::{
    Answer, Asked, Definition, Elicit, Era, Network, Question, Questions, RequestCx, ServerError,
    ServerName, ServerSpec, SignIn, SignInError, ToolServer, ToolServers, Transport,
    oauth::{Ask, Callback, Challenge, Grant, Grants, Inside, Registration, Renewing},
};
use serde_json::{Map, Value, json};
use url::Url;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const BACK: &str = "http://localhost:3000/callback";
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";
/// How long a server may take to be connected to and to list its tools.
const PATIENCE: Duration = Duration::from_secs(25);
/// A server that still wants more after so many sign-ins is given up.
const SIGN_INS: usize = 3;

/// Keeps a grant in memory.
#[derive(Default)]
struct Kept(Mutex<Option<Grant>>);

impl Kept {
    fn put(&self, grant: Option<Grant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = grant;
    }
    fn get(&self) -> Option<Grant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Grants for Kept {
    fn load(&self) -> BoxFuture<'_, Result<Option<Grant>, ServerError>> {
        async { Ok(self.get()) }.boxed()
    }
    fn keep<'a>(&'a self, _: &'a Grant, new: &'a Grant) -> BoxFuture<'a, Result<(), ServerError>> {
        self.put(Some(new.clone()));
        async { Ok(()) }.boxed()
    }
    fn lost<'a>(
        &'a self,
        _: &'a Grant,
        _: &'a SignInError,
    ) -> BoxFuture<'a, Result<(), ServerError>> {
        self.put(None);
        async { Ok(()) }.boxed()
    }
}

/// Somebody who uses one server.
struct Person {
    net: Client,
    url: Url,
    kept: Arc<Kept>,
    registered: Mutex<Vec<Registration>>,
}

impl Person {
    /// The JSON at `url`, if any.
    async fn look(&self, url: &Url) -> Option<Value> {
        let response = self.net.send(Reach::Configured, Request::get(url.clone())).await.ok()?;
        serde_json::from_str(&response.text_bounded(65_536).await.ok()?.text).ok()
    }

    /// The suite's issuers are on this machine, at ports of their own: an administrator would
    /// have written them down.
    async fn inside(&self, challenge: Option<&str>) -> Inside {
        let named = challenge.and_then(Challenge::parse).and_then(|it| it.resource_metadata);
        let known = "/.well-known/oauth-protected-resource";
        let own = format!("{known}{}", self.url.path());
        let mut inside = Inside::of(&self.url, Network::Inside);
        for place in named.into_iter().chain([own, known.to_owned()]) {
            let Ok(place) = self.url.join(&place) else { continue };
            let Some(found) = self.look(&place).await else { continue };
            let issuers = found["authorization_servers"].as_array().cloned().unwrap_or_default();
            for issuer in issuers.iter().filter_map(|it| it.as_str()?.parse().ok()) {
                inside = inside.and(issuer);
            }
            break;
        }
        inside
    }

    /// Signs in, after the server said `challenge`.
    async fn sign_in(&self, challenge: Option<String>) -> Result<(), Failure> {
        let oauth = OAuth::new(self.net.clone(), Clock::System);
        let inside = self.inside(challenge.as_deref()).await;
        let mut ask = Ask::new(self.url.clone(), inside, BACK.parse()?);
        ask.challenge = challenge;
        ask.client_document = Some(DOCUMENT.parse()?);
        ask.registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ask.scopes = self.kept.get().map(|it| it.scopes).unwrap_or_default();
        if let Some(context) = context() {
            let text = |name: &str| context[name].as_str().map(str::to_owned);
            let (issuer, id) = (text("issuer"), text("client_id"));
            let (issuer, id) = issuer.zip(id).ok_or("a client without an issuer")?;
            let secret = text("client_secret").map(Into::into);
            ask.entered = Some(Registration::entered(issuer, id, secret, BACK.parse()?));
        }
        let begun = oauth.begin(ask).await?;
        if let Some(new) = begun.registration {
            self.registered.lock().unwrap_or_else(PoisonError::into_inner).push(new);
        }
        let response = self.net.send(Reach::Configured, Request::get(begun.url)).await?;
        let back = response.headers().get("location").ok_or("nobody is sent back")?;
        let back = Url::parse(back.to_str()?)?;
        let callback = Callback::read(back.query().unwrap_or_default());
        let grant = oauth.finish(begun.pending, callback).await?;
        self.kept.put(Some(grant));
        Ok(())
    }

    /// Does what there is to do: calls what the suite says, or every tool once.
    async fn work(&self, server: &Arc<dyn ToolServer>) -> Result<(), ServerError> {
        let list = server.probe().await?.tools;
        let told = told("MCP_CONFORMANCE_CONTEXT").unwrap_or_default();
        let calls = told["toolCalls"].as_array().cloned().unwrap_or_else(|| {
            let call = |it: &Definition| {
                let mut arguments = filled(&it.input_schema, Fill::Required);
                if let Some(schema) = arguments.get_mut("schema") {
                    // It wants to see what became of another tool's.
                    let other = list.tools.iter().find(|other| other.name != it.name);
                    *schema = other.map(|it| it.raw["inputSchema"].clone()).unwrap_or_default();
                }
                json!({ "name": it.name, "arguments": arguments })
            };
            list.tools.iter().map(call).collect()
        });
        let cx = RequestCx { elicit: Arc::new(Agrees), ..RequestCx::default() };
        for call in calls {
            let name = call["name"].as_str().unwrap_or_default();
            match server.call(name, call["arguments"].clone(), &cx).await {
                // That a tool says no is its business.
                Ok(_) | Err(ServerError::Said { .. }) => (),
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }
}

/// Says yes to every question, with what it suggests.
struct Agrees;

impl Elicit for Agrees {
    fn ask(&self, asked: Asked) -> BoxFuture<'_, Answer> {
        let content = match asked.question {
            Question::Form { schema, .. } => filled(&schema, Fill::Suggested),
            Question::Page { .. } => json!({}),
        };
        async { Answer::Accept(content) }.boxed()
    }
}

/// Which fields of an object are filled in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fill {
    /// Those that it needs.
    Required,
    /// Those that it has a value for, and those that it needs.
    Suggested,
}

/// An object that fits `schema`.
fn filled(schema: &Value, fill: Fill) -> Value {
    let none = Map::new();
    let fields = schema["properties"].as_object().unwrap_or(&none);
    let is_needed =
        |name: &str| schema["required"].as_array().is_some_and(|it| it.iter().any(|it| it == name));
    let value = |(name, field): (&String, &Value)| {
        let suggested = field.get("default").filter(|_| fill == Fill::Suggested).cloned();
        let made = || match field["type"].as_str() {
            Some("number" | "integer") => json!(1),
            Some("boolean") => json!(true),
            Some("array") => json!([]),
            Some("object") => json!({}),
            _ => field["enum"].get(0).cloned().unwrap_or_else(|| json!("test")),
        };
        let value = suggested.or_else(|| is_needed(name).then(made))?;
        Some((name.clone(), value))
    };
    Value::Object(fields.iter().filter_map(value).collect())
}

/// What the suite says about its scenario, if there is a client in it.
fn context() -> Option<Value> {
    told("MCP_CONFORMANCE_CONTEXT").filter(|it| it.get("client_id").is_some())
}

/// What the suite says in the variable `name`: JSON, or a word.
#[expect(clippy::disallowed_methods, reason = "the suite speaks through the environment")]
fn told(name: &str) -> Option<Value> {
    let text = std::env::var(name).ok()?;
    Some(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// How the server speaks, as the suite says; otherwise it has to be found out.
fn era() -> Option<Era> {
    let version = told("MCP_CONFORMANCE_PROTOCOL_VERSION")?;
    let is_old = version.as_str()? < "2026-07-28";
    Some(if is_old { Era::Legacy } else { Era::Modern })
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let net = Client::new(Config::default())?;
    let url: Url = std::env::args().next_back().ok_or("no address")?.parse()?;
    let (kept, tasks) = (Arc::new(Kept::default()), Tasks::default());
    let sign_in = Arc::new(OAuth::new(net.clone(), Clock::System));
    let credentials = Renewing::new(sign_in, kept.clone(), Clock::System, tasks.clone());
    let transport = Transport::Http {
        url: url.clone(),
        headers: Vec::new(),
        network: Network::Inside,
        credentials: Some(Arc::new(credentials)),
    };
    let mut spec = ServerSpec::new(ServerName::parse("suite")?, transport);
    (spec.era, spec.questions) = (era(), Questions::Allowed);
    // The suite runs all scenarios at once, and has a limit of its own.
    spec.limits.probe = PATIENCE;
    let keeper = Keeper { program: std::env::current_exe()?, arguments: Vec::new() };
    let server = McpServers::new(net.clone(), keeper, tasks, Clock::System).open(spec);
    let person = Person { net, url, kept, registered: Mutex::default() };
    let mut done = person.work(&server).await;
    for _ in 0..SIGN_INS {
        let Err(ServerError::NeedsSignIn { www_authenticate }) = done else { break };
        person.sign_in(www_authenticate).await?;
        done = person.work(&server).await;
    }
    server.close().await;
    Ok(done?)
}
