//! A connection that is started when it is needed, and again when it broke.

mod following;
mod reading;
mod state;

use std::{
    sync::{Arc, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::Clock;
use galaxy_tool::server::{
    Listing, LogLine, Probe, Request, RequestCx, ServerError, ServerSpec, Snapshot, ToolList,
    ToolServer,
};
use serde_json::Value;
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, timeout},
};

use crate::{
    connect::{self, House},
    connection::Connection,
    lists::Cache,
    restarts::Turn,
};
use state::Status;

/// A wait up to this long before the next try is waited out; a longer one is told.
const SHORT_WAIT: Duration = Duration::from_secs(3);

/// Whether a server that failed may be tried before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Not before its time.
    Waits,
    /// Now: somebody looks.
    Probes,
}

/// A tool server that is looked after.
pub(crate) struct Supervised(Arc<Inner>);

struct Inner {
    spec: Arc<ServerSpec>,
    house: House,
    status: Status,
    slot: std::sync::Mutex<Option<Arc<Connection>>>,
    /// Held while a connection is made, so that there are never two.
    connecting: Mutex<()>,
    tools: Mutex<Cache<ToolList>>,
    resources: Mutex<Cache<Vec<Value>>>,
    templates: Mutex<Cache<Vec<Value>>>,
    prompts: Mutex<Cache<Vec<Value>>>,
}

impl Supervised {
    pub(crate) fn new(spec: ServerSpec, house: House, clock: Clock) -> Self {
        let status = Status::new(&spec, clock);
        Self(Arc::new(Inner {
            spec: Arc::new(spec),
            house,
            status,
            slot: std::sync::Mutex::default(),
            connecting: Mutex::default(),
            tools: Mutex::default(),
            resources: Mutex::default(),
            templates: Mutex::default(),
            prompts: Mutex::default(),
        }))
    }
}

impl Inner {
    /// The connection, made if there is none.
    async fn connection(
        self: &Arc<Self>,
        patience: Patience,
    ) -> Result<Arc<Connection>, ServerError> {
        if let Some(live) = self.live() {
            return Ok(live);
        }
        let _connecting = self.connecting.lock().await;
        if let Some(live) = self.live() {
            return Ok(live);
        }
        match patience {
            Patience::Waits => self.wait_for_turn().await?,
            Patience::Probes => (),
        }
        let attempt = self.status.begin();
        let limit = self.spec.limits.connect;
        let ears = self.status.ears();
        let opening = connect::open(&self.spec, self.status.era(), &self.house, &ears);
        let opened = tokio::select! {
            opened = timeout(limit, opening) => opened.unwrap_or(Err(ServerError::TimedOut(limit))),
            () = attempt.given_up() => Err(ServerError::Cancelled),
        };
        match opened {
            Ok(connection) => {
                let connection = Arc::new(connection);
                attempt.succeeded(&connection);
                self.watch(&connection);
                *self.slot() = Some(connection.clone());
                Ok(connection)
            }
            // Nobody wants it any more, which is no failure.
            Err(ServerError::Cancelled) => Err(ServerError::Cancelled),
            Err(err) => {
                let err = ears.log.clean(err);
                attempt.failed(&err);
                Err(err)
            }
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<Connection>>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, if there is one that can be used.
    fn live(&self) -> Option<Arc<Connection>> {
        self.slot().as_ref().filter(|it| !it.is_over()).cloned()
    }

    async fn wait_for_turn(&self) -> Result<(), ServerError> {
        match self.status.turn() {
            Turn::Now => Ok(()),
            Turn::Wait(wait) if wait <= SHORT_WAIT => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            Turn::Wait(wait) | Turn::Rest(wait) => Err(self.status.not_yet(wait)),
        }
    }

    /// Notices when the connection ends by itself, and listens as long as it does not.
    fn watch(self: &Arc<Self>, connection: &Arc<Connection>) {
        let ended = connection.ended().clone();
        let (inner, watched) = (Arc::downgrade(self), Arc::downgrade(connection));
        let over = ended.clone();
        self.house.tasks.spawn(async move {
            over.cancelled().await;
            on_end(&inner, &watched).await;
        });
        let snapshot = self.status.ears().snapshot;
        self.house.tasks.spawn(crate::listen::listen(connection.peer().clone(), snapshot, ended));
    }

    /// Why a connection is over.
    async fn epitaph(&self, connection: &Connection) -> ServerError {
        connection.last_words().await;
        let words = self.status.ears().log.last_words();
        ServerError::Lost(words.unwrap_or_else(|| "it ended by itself".to_owned()))
    }

    /// Takes `connection` out of use, if it still is in use: whoever does counts the failure.
    fn retire(&self, connection: &Arc<Connection>, err: &ServerError) {
        let retired = self.slot().take_if(|it| Arc::ptr_eq(it, connection));
        if let Some(connection) = retired {
            self.status.failed(err);
            self.house.tasks.spawn(async move { connection.close().await });
        }
    }

    async fn request(
        self: &Arc<Self>,
        request: Request,
        cx: &RequestCx,
        patience: Patience,
    ) -> Result<Value, ServerError> {
        let connection = tokio::select! {
            connection = self.connection(patience) => connection?,
            () = cx.cancel.cancelled() => return Err(ServerError::Cancelled),
        };
        let mut result = connection.request(&self.house.tasks, request, cx).await;
        let log = self.status.ears().log;
        result.iter_mut().for_each(|it| log.scrub(it));
        result = result.map_err(|err| log.clean(err));
        if matches!(result, Err(ServerError::Lost(_))) && connection.is_over() {
            result = Err(self.epitaph(&connection).await);
        }
        match &result {
            Ok(_) | Err(ServerError::Said { .. }) => self.status.answered(),
            Err(ServerError::Cancelled) => (),
            Err(
                err @ (ServerError::TimedOut(_)
                | ServerError::TaskLost(_)
                | ServerError::TooLarge(_)
                | ServerError::Garbled(_)),
            ) => self.status.trouble(err),
            Err(
                err @ (ServerError::Lost(_)
                | ServerError::Unavailable { .. }
                | ServerError::NeedsSignIn { .. }
                | ServerError::Refused(_)
                | ServerError::NotStarted(_)),
            ) => self.retire(&connection, err),
        }
        result
    }

    async fn probe(self: &Arc<Self>) -> Result<Probe, ServerError> {
        let limit = self.spec.limits.probe;
        let began = Instant::now();
        let look = async {
            let mut cache = self.tools.lock().await;
            let tools = self.read_tools(&mut cache, Patience::Probes).await?;
            let connection = self.connection(Patience::Probes).await?;
            let (era, server) = (connection.era, connection.info.clone());
            Ok(Probe { latency: began.elapsed(), era, server, tools })
        };
        match timeout(limit, look).await {
            Ok(found) => found,
            Err(_) => {
                let err = ServerError::TimedOut(limit);
                let live = self.slot().clone();
                match live {
                    Some(connection) => self.retire(&connection, &err),
                    None => self.status.failed(&err),
                }
                Err(err)
            }
        }
    }

    async fn close(&self) {
        self.status.give_up();
        // Nothing is being made any more once this is held.
        let _connecting = self.connecting.lock().await;
        let connection = self.slot().take();
        if let Some(connection) = connection {
            connection.close().await;
        }
        self.tools.lock().await.clear();
        self.resources.lock().await.clear();
        self.templates.lock().await.clear();
        self.prompts.lock().await.clear();
        self.status.closed();
    }
}

/// A connection ended that nobody closed.
async fn on_end(inner: &Weak<Inner>, connection: &Weak<Connection>) {
    let (Some(inner), Some(connection)) = (inner.upgrade(), connection.upgrade()) else { return };
    let why = inner.epitaph(&connection).await;
    inner.retire(&connection, &why);
}

impl ToolServer for Supervised {
    fn spec(&self) -> &ServerSpec {
        &self.0.spec
    }
    fn probe(&self) -> BoxFuture<'_, Result<Probe, ServerError>> {
        self.0.probe().boxed()
    }
    fn tools(&self) -> BoxFuture<'_, Result<Arc<ToolList>, ServerError>> {
        self.0.tools().boxed()
    }
    fn list(&self, what: Listing) -> BoxFuture<'_, Result<Arc<Vec<Value>>, ServerError>> {
        self.0.list(what).boxed()
    }
    fn request<'a>(
        &'a self,
        request: Request,
        cx: &'a RequestCx,
    ) -> BoxFuture<'a, Result<Value, ServerError>> {
        self.0.request(request, cx, Patience::Waits).boxed()
    }
    fn follow<'a>(
        &'a self,
        uri: &'a str,
    ) -> BoxFuture<'a, Result<watch::Receiver<u64>, ServerError>> {
        self.0.follow(uri).boxed()
    }
    fn changes(&self) -> watch::Receiver<Snapshot> {
        self.0.status.ears().snapshot.subscribe()
    }
    fn log(&self) -> Vec<LogLine> {
        self.0.status.ears().log.lines()
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        self.0.close().boxed()
    }
}
