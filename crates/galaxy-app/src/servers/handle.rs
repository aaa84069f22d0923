//! A server as its tools hold it: whether it may still be used is read again at each call, and
//! then the newest connection to it does the work.

use std::sync::{Arc, Weak};

use futures::{FutureExt, future::BoxFuture};
use galaxy_access::supervise;
use galaxy_domain::{Kind, PersonId, tool_server::ToolServerRow};
use galaxy_tool::server::{
    Listing, LogLine, Probe, Request, RequestCx, ServerError, ServerSpec, Snapshot, ToolList,
    ToolServer,
};
use serde_json::Value;
use tokio::sync::watch;

use super::{
    Servers,
    connections::{Purpose, Who},
};
use crate::AppError;

/// A server that is connected to when one of its verbs needs it.
pub(crate) struct Handle {
    servers: Weak<Servers>,
    row: ToolServerRow,
    /// On whose behalf it is used.
    who: Who,
    /// How it is used; without what opens it.
    spec: ServerSpec,
}

impl Handle {
    /// The server that `row` describes, whose tools were allowed as it is now.
    pub(super) fn new(
        servers: &Arc<Servers>,
        row: ToolServerRow,
        who: Who,
        spec: ServerSpec,
    ) -> Self {
        Self { servers: Arc::downgrade(servers), row, who, spec }
    }

    async fn server(&self) -> Result<Arc<dyn ToolServer>, ServerError> {
        let servers = self.servers.upgrade();
        let servers = servers.ok_or_else(|| refused("the server is stopping"))?;
        let current = servers.current(&self.row).await.map_err(|err| unusable(&err))?;
        servers.connection(&current, self.who, Purpose::Use).await.map_err(|err| unusable(&err))
    }

    /// Sees to it that a server that wants a sign-in is known to want one.
    async fn noticed<T>(&self, result: Result<T, ServerError>) -> Result<T, ServerError> {
        match (result, self.servers.upgrade()) {
            (Err(ServerError::NeedsSignIn { www_authenticate }), Some(servers)) => {
                Err(servers.wanted(&self.row, self.who, www_authenticate).await)
            }
            (result, _) => result,
        }
    }

    /// The connection that was opened for the revision this was made for, if it still is.
    fn open(&self) -> Option<Arc<dyn ToolServer>> {
        self.servers.upgrade()?.connections.find(&self.row, self.who, Purpose::Care)
    }
}

impl Servers {
    /// `row` as it is now.
    ///
    /// # Errors
    /// Not found when it is gone, [`AppError::Conflict`] when it is switched off.
    pub(super) async fn current(&self, row: &ToolServerRow) -> Result<ToolServerRow, AppError> {
        let found = self.store.tool_server(supervise(row)).await?;
        if found.enabled {
            return Ok(found);
        }
        Err(AppError::Conflict("it is switched off".to_owned()))
    }
}

fn refused(why: &str) -> ServerError {
    ServerError::Refused(why.to_owned())
}

fn unusable(err: &AppError) -> ServerError {
    match (err, err.kind()) {
        (_, Kind::NotFound) => refused("it is no longer there"),
        (AppError::Conflict(why), _) => refused(why),
        (AppError::NotStarted(obstacle), _) => ServerError::NotStarted(obstacle.clone()),
        (err, _) => ServerError::Unavailable { message: err.to_string(), retry_after: None },
    }
}

impl ToolServer for Handle {
    fn spec(&self) -> &ServerSpec {
        &self.spec
    }
    fn probe(&self) -> BoxFuture<'_, Result<Probe, ServerError>> {
        async move {
            let result = self.server().await?.probe().await;
            self.noticed(result).await
        }
        .boxed()
    }
    fn tools(&self) -> BoxFuture<'_, Result<Arc<ToolList>, ServerError>> {
        async move {
            let result = self.server().await?.tools().await;
            self.noticed(result).await
        }
        .boxed()
    }
    fn list(&self, what: Listing) -> BoxFuture<'_, Result<Arc<Vec<Value>>, ServerError>> {
        async move {
            let result = self.server().await?.list(what).await;
            self.noticed(result).await
        }
        .boxed()
    }
    fn request<'a>(
        &'a self,
        request: Request,
        cx: &'a RequestCx,
    ) -> BoxFuture<'a, Result<Value, ServerError>> {
        async move {
            let result = self.server().await?.request(request, cx).await;
            self.noticed(result).await
        }
        .boxed()
    }
    fn facing(&self, person: PersonId) -> Option<Arc<dyn ToolServer>> {
        let (servers, row, spec) = (self.servers.clone(), self.row.clone(), self.spec.clone());
        Some(Arc::new(Self { servers, row, who: Some(person), spec }))
    }
    fn follow<'a>(
        &'a self,
        uri: &'a str,
    ) -> BoxFuture<'a, Result<watch::Receiver<u64>, ServerError>> {
        async move { self.server().await?.follow(uri).await }.boxed()
    }
    fn changes(&self) -> watch::Receiver<Snapshot> {
        // What is not open does not change.
        self.open().map_or_else(|| watch::channel(Snapshot::default()).1, |it| it.changes())
    }
    fn log(&self) -> Vec<LogLine> {
        self.open().map(|it| it.log()).unwrap_or_default()
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        async move {
            if let Some(servers) = self.servers.upgrade() {
                servers.close(self.row.id).await;
            }
        }
        .boxed()
    }
}
