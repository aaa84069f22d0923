//! A client for the scenarios `auth/*` of the protocol's own conformance suite: it is called with
//! the address of a server, and signs in there as a person would who says yes to everything.
//!
//! `conformance client --suite auth --command target/debug/examples/conformance`

use std::sync::{Arc, Mutex, PoisonError};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::{Clock, Tasks};
use galaxy_mcp_client::{Keeper, McpServers, OAuth};
use galaxy_net::{Client, Config, Reach, Request};
use galaxy_tool::server::{
    Network, RequestCx, ServerError, ServerName, ServerSpec, SignIn, SignInError, ToolServer,
    ToolServers, Transport,
    oauth::{Ask, Callback, Challenge, Grant, Grants, Inside, Registration, Renewing},
};
use serde_json::{Value, json};
use url::Url;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const BACK: &str = "http://localhost:3000/callback";
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";
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

    /// Does what there is to do: calls every tool.
    async fn work(&self, server: &Arc<dyn ToolServer>) -> Result<(), ServerError> {
        let list = server.probe().await?.tools;
        for tool in &list.tools {
            server.call(&tool.name, json!({}), &RequestCx::default()).await?;
        }
        Ok(())
    }
}

/// What the suite says about its scenario, if there is a client in it.
#[expect(clippy::disallowed_methods, reason = "the suite speaks through the environment")]
fn context() -> Option<Value> {
    let context = std::env::var("MCP_CONFORMANCE_CONTEXT").ok()?;
    let context: Value = serde_json::from_str(&context).ok()?;
    context.get("client_id").is_some().then_some(context)
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
    let spec = ServerSpec::new(ServerName::parse("suite")?, transport);
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
