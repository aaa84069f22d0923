//! A tool server made of a closure, which remembers what it was asked.

mod guarded;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, ready},
};
use galaxy_base::Timestamp;
use galaxy_tool::server::{
    Era, Listing, LogLine, Probe, Request, RequestCx, ServerError, ServerInfo, ServerName,
    ServerSpec, Snapshot, State, ToolList, ToolServer, ToolServers, Transport, Trouble,
};
use serde_json::Value;
use tokio::sync::watch;

use crate::FakeIssuer;
use guarded::Guarded;

type Answers =
    dyn Fn(Request, RequestCx) -> BoxFuture<'static, Result<Value, ServerError>> + Send + Sync;

/// Opens tool servers that tests made ready under their names; of others it opens none that works.
#[derive(Default)]
pub struct FakeToolServers {
    ready: Mutex<HashMap<String, Arc<FakeToolServer>>>,
    guards: Mutex<HashMap<String, Arc<FakeIssuer>>>,
    opened: Mutex<Vec<ServerSpec>>,
}

impl FakeToolServers {
    /// Makes `server` ready: whoever opens one of its name gets it.
    pub fn add(&self, server: FakeToolServer) -> Arc<FakeToolServer> {
        let (name, server) = (server.spec.name.to_string(), Arc::new(server));
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).insert(name, server.clone());
        server
    }

    /// The same, but whoever opens it has to show tokens of `issuer`.
    pub fn add_guarded(
        &self,
        server: FakeToolServer,
        issuer: &Arc<FakeIssuer>,
    ) -> Arc<FakeToolServer> {
        self.guard(server.spec.name.as_str(), issuer);
        self.add(server)
    }

    /// Whoever opens the server called `name` from now on has to show tokens of `issuer`.
    pub fn guard(&self, name: &str, issuer: &Arc<FakeIssuer>) {
        let mut guards = self.guards.lock().unwrap_or_else(PoisonError::into_inner);
        guards.insert(name.to_owned(), issuer.clone());
    }

    /// What was opened, in order.
    pub fn opened(&self) -> Vec<ServerSpec> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ToolServers for FakeToolServers {
    fn open(&self, spec: ServerSpec) -> Arc<dyn ToolServer> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(spec.clone());
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let guards = self.guards.lock().unwrap_or_else(PoisonError::into_inner);
        match (ready.get(spec.name.as_str()), guards.get(spec.name.as_str())) {
            (Some(server), Some(issuer)) => Arc::new(Guarded {
                server: server.clone(),
                spec,
                issuer: issuer.clone(),
                snapshot: watch::Sender::default(),
            }),
            (Some(server), None) => server.clone(),
            (None, _) => {
                let nobody = |_, _| async {
                    Err(ServerError::Unavailable {
                        message: "nobody is there".to_owned(),
                        retry_after: None,
                    })
                };
                let server = FakeToolServer::new(spec, nobody);
                server.fail(Some(ServerError::Refused("nobody is there".to_owned())));
                Arc::new(server)
            }
        }
    }
}

/// A tool server that does what a test says.
pub struct FakeToolServer {
    spec: ServerSpec,
    listed: Mutex<Arc<ToolList>>,
    answers: Box<Answers>,
    snapshot: watch::Sender<Snapshot>,
    requests: Mutex<Vec<Request>>,
    failure: Mutex<Option<ServerError>>,
    /// Whether whoever wants the list has to wait, and how many do.
    held: watch::Sender<(bool, usize)>,
    followed: Mutex<HashMap<String, watch::Sender<u64>>>,
    closed: watch::Sender<bool>,
}

impl FakeToolServer {
    /// A spec for tests: nothing is ever started.
    ///
    /// # Panics
    /// When `name` is no name of a server.
    pub fn spec(name: &str) -> ServerSpec {
        let transport = Transport::Stdio {
            command: "/nonexistent".into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
            walls: None,
        };
        ServerSpec::new(ServerName::parse(name).expect("a test knows its names"), transport)
    }

    /// A server whose requests are answered by `answers`.
    pub fn new<F>(
        spec: ServerSpec,
        answers: impl Fn(Request, RequestCx) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Value, ServerError>> + Send + 'static,
    {
        Self {
            spec,
            listed: Mutex::default(),
            answers: Box::new(move |request, cx| answers(request, cx).boxed()),
            snapshot: watch::Sender::default(),
            requests: Mutex::default(),
            failure: Mutex::default(),
            held: watch::Sender::default(),
            followed: Mutex::default(),
            closed: watch::Sender::default(),
        }
    }

    /// Cannot be listed from now on, or can again.
    pub fn fail(&self, failure: Option<ServerError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Gives no list until [`FakeToolServer::release`].
    pub fn hold(&self) {
        self.held.send_modify(|it| it.0 = true);
    }

    /// Gives its list again.
    pub fn release(&self) {
        self.held.send_modify(|it| it.0 = false);
    }

    /// Until somebody closes it.
    pub async fn is_closed(&self) {
        let _ = self.closed.subscribe().wait_for(|it| *it).await;
    }

    /// Until somebody waits for the list.
    pub async fn is_waited_for(&self) {
        let _ = self.held.subscribe().wait_for(|(_, waiting)| *waiting > 0).await;
    }

    /// Waits while the list is held.
    async fn wait(&self) {
        let mut held = self.held.subscribe();
        self.held.send_modify(|it| it.1 += 1);
        let _ = held.wait_for(|(is_held, _)| !is_held).await;
        self.held.send_modify(|it| it.1 -= 1);
    }

    /// Whether it can be listed; its health says the same.
    fn look(&self) -> Result<Arc<ToolList>, ServerError> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let at = Timestamp::default();
        self.snapshot.send_modify(|it| {
            it.health.state = if failure.is_some() { State::Failed } else { State::Ready };
            it.health.checked = Some(at);
            it.health.trouble = failure.clone().map(|error| Trouble { error, at });
        });
        failure.map_or_else(|| Ok(self.listed()), Err)
    }

    /// Offers `tools` from now on, and says that they changed.
    pub fn offer(&self, tools: Vec<Value>) {
        let list = ToolList::read(&self.spec.name, tools, self.spec.limits.tools);
        *self.listed.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(list);
        self.snapshot.send_modify(|it| it.tools += 1);
    }

    /// Says this about itself from now on.
    pub fn introduce(&self, info: ServerInfo) {
        self.snapshot.send_modify(|it| it.health.server = Some(Arc::new(info)));
    }

    /// Says that it speaks as in `era`.
    pub fn speaks(&self, era: Era) {
        self.snapshot.send_modify(|it| it.health.era = Some(era));
    }

    /// Says that the connection is in `state`.
    pub fn become_state(&self, state: State) {
        self.snapshot.send_modify(|it| it.health.state = state);
    }

    /// Says that the resource at `uri` changed; tells how many follow it.
    pub fn touch(&self, uri: &str) -> usize {
        let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = followed.get(uri) else { return 0 };
        count.send_modify(|it| *it += 1);
        count.receiver_count()
    }

    /// What it was asked, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn listed(&self) -> Arc<ToolList> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ToolServer for FakeToolServer {
    fn spec(&self) -> &ServerSpec {
        &self.spec
    }
    fn probe(&self) -> BoxFuture<'_, Result<Probe, ServerError>> {
        async {
            self.wait().await;
            let server = Arc::new(ServerInfo::default());
            let tools = self.look()?;
            Ok(Probe { latency: Duration::ZERO, era: Era::Modern, server, tools })
        }
        .boxed()
    }
    fn tools(&self) -> BoxFuture<'_, Result<Arc<ToolList>, ServerError>> {
        async {
            self.wait().await;
            self.look()
        }
        .boxed()
    }
    fn list(&self, _: Listing) -> BoxFuture<'_, Result<Arc<Vec<Value>>, ServerError>> {
        async { Ok(Arc::default()) }.boxed()
    }
    fn request<'a>(
        &'a self,
        request: Request,
        cx: &'a RequestCx,
    ) -> BoxFuture<'a, Result<Value, ServerError>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        (self.answers)(request, cx.clone())
    }
    fn follow<'a>(
        &'a self,
        uri: &'a str,
    ) -> BoxFuture<'a, Result<watch::Receiver<u64>, ServerError>> {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let count = followed.entry(uri.to_owned()).or_default();
        ready(Ok(count.subscribe())).boxed()
    }
    fn changes(&self) -> watch::Receiver<Snapshot> {
        self.snapshot.subscribe()
    }
    fn log(&self) -> Vec<LogLine> {
        Vec::new()
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        async {
            self.closed.send_replace(true);
        }
        .boxed()
    }
}
