//! A tool server that opens only to the tokens of an issuer.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::ExposeSecret;
use galaxy_tool::server::{
    Listing, LogLine, Probe, Request, RequestCx, ServerError, ServerSpec, Snapshot, State,
    ToolList, ToolServer, Transport, oauth::Credentials,
};
use serde_json::Value;
use tokio::sync::watch;

use super::FakeToolServer;
use crate::FakeIssuer;

/// One connection to a server that is shared: what it shows is its own.
pub(super) struct Guarded {
    pub(super) server: Arc<FakeToolServer>,
    pub(super) spec: ServerSpec,
    pub(super) issuer: Arc<FakeIssuer>,
    pub(super) snapshot: watch::Sender<Snapshot>,
}

impl Guarded {
    fn credentials(&self) -> Option<&Arc<dyn Credentials>> {
        match &self.spec.transport {
            Transport::Http { credentials, .. } => credentials.as_ref(),
            Transport::Stdio { .. } => None,
        }
    }

    /// Lets a request through that shows a good token; one that is refused is renewed once.
    async fn enter(&self) -> Result<(), ServerError> {
        let entered = self.try_enter().await;
        self.snapshot.send_modify(|it| {
            it.health.checked = Some(galaxy_base::Timestamp::default());
            it.health.state = match &entered {
                Ok(()) => State::Ready,
                Err(ServerError::NeedsSignIn { .. }) => State::NeedsSignIn,
                Err(_) => State::Failed,
            };
        });
        entered
    }

    async fn try_enter(&self) -> Result<(), ServerError> {
        let wanted = |challenge| ServerError::NeedsSignIn { www_authenticate: Some(challenge) };
        let challenge = self.issuer.challenge();
        let Some(credentials) = self.credentials() else { return Err(wanted(challenge)) };
        let Some(mut token) = credentials.token().await? else { return Err(wanted(challenge)) };
        if !self.issuer.is_good(token.expose_secret()) {
            let other = credentials.refused(&token, Some(&challenge)).await?;
            token = other.ok_or_else(|| wanted(challenge.clone()))?;
        }
        if !self.issuer.is_good(token.expose_secret()) {
            return Err(wanted(challenge));
        }
        self.issuer.show(token.expose_secret());
        self.issuer.lacking(token.expose_secret()).map_or(Ok(()), |lacking| Err(wanted(lacking)))
    }
}

impl ToolServer for Guarded {
    fn spec(&self) -> &ServerSpec {
        &self.spec
    }
    fn probe(&self) -> BoxFuture<'_, Result<Probe, ServerError>> {
        async {
            self.enter().await?;
            self.server.probe().await
        }
        .boxed()
    }
    fn tools(&self) -> BoxFuture<'_, Result<Arc<ToolList>, ServerError>> {
        async {
            self.enter().await?;
            self.server.tools().await
        }
        .boxed()
    }
    fn list(&self, what: Listing) -> BoxFuture<'_, Result<Arc<Vec<Value>>, ServerError>> {
        async move {
            self.enter().await?;
            self.server.list(what).await
        }
        .boxed()
    }
    fn request<'a>(
        &'a self,
        request: Request,
        cx: &'a RequestCx,
    ) -> BoxFuture<'a, Result<Value, ServerError>> {
        async move {
            self.enter().await?;
            self.server.request(request, cx).await
        }
        .boxed()
    }
    fn follow<'a>(
        &'a self,
        uri: &'a str,
    ) -> BoxFuture<'a, Result<watch::Receiver<u64>, ServerError>> {
        async move {
            self.enter().await?;
            self.server.follow(uri).await
        }
        .boxed()
    }
    fn changes(&self) -> watch::Receiver<Snapshot> {
        self.snapshot.subscribe()
    }
    fn log(&self) -> Vec<LogLine> {
        Vec::new()
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
}
