//! What `rmcp` needs of sessions: opened, found and closed.

use std::sync::Arc;

use futures::{Stream, stream};
use rmcp::{
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::{
        WorkerTransport,
        streamable_http_server::{
            SessionId, SessionManager,
            session::{ServerSseMessage, local},
        },
    },
};
use tokio::{sync::mpsc, time::Instant};

use super::{AGAIN, IDLE, Names, Open, Sessions, WAITING, transport::Whole};
use crate::slots::Slots;

/// Keeps sessions, for one request.
pub(super) struct Keeper {
    sessions: Arc<Sessions>,
    /// What a session that begins now is called.
    name: SessionId,
    person: String,
    slots: Slots,
}

/// Why a session cannot do what is asked of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("there is no such session")]
    Gone,
    #[error(transparent)]
    Session(#[from] local::SessionError),
    #[error("no id of an event: {0}")]
    Event(#[from] local::EventIdParseError),
}

impl Keeper {
    /// A session that begins now is called by `names`, and answers with what is in `slots`.
    pub(super) fn new(sessions: Arc<Sessions>, names: &dyn Names, slots: Slots) -> Self {
        let (name, person) = (names.new_name().into(), names.person());
        Self { sessions, name, person, slots }
    }

    fn handle(&self, name: &SessionId) -> Result<local::LocalSessionHandle, Failure> {
        self.sessions.kept().open.get(name).map(|it| it.handle.clone()).ok_or(Failure::Gone)
    }
}

impl SessionManager for Keeper {
    type Error = Failure;
    type Transport = Whole<WorkerTransport<local::LocalSessionWorker>>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Failure> {
        let mut config = local::SessionConfig::default();
        config.channel_capacity = WAITING;
        config.keep_alive = Some(IDLE);
        config.sse_retry = None;
        config.completed_cache_ttl = AGAIN;
        let (handle, worker) = local::create_local_session(self.name.clone(), config);
        let open = Open { handle, person: self.person.clone(), used: Instant::now() };
        self.sessions.kept().open.insert(self.name.clone(), open);
        let transport = Whole::new(WorkerTransport::spawn(worker), self.slots.clone());
        Ok((self.name.clone(), transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Failure> {
        Ok(self.handle(id)?.initialize(message).await?)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Failure> {
        Ok(self.sessions.kept().open.contains_key(id))
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Failure> {
        let open = self.sessions.kept().open.remove(id);
        if let Some(open) = open {
            // One whose worker has gone is closed already.
            let _ = open.handle.close().await;
        }
        Ok(())
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Failure> {
        let handle = self.handle(id)?;
        let receiver = handle.establish_request_wise_channel().await?;
        handle.push_message(message, receiver.http_request_id).await?;
        Ok(messages(receiver.inner))
    }

    async fn accept_message(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<(), Failure> {
        Ok(self.handle(id)?.push_message(message, None).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Failure> {
        Ok(messages(self.handle(id)?.establish_common_channel().await?.inner))
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Failure> {
        Ok(messages(self.handle(id)?.resume(last_event_id.parse()?).await?.inner))
    }
}

fn messages(
    mut receiver: mpsc::Receiver<ServerSseMessage>,
) -> impl Stream<Item = ServerSseMessage> + Send + Sync + 'static {
    stream::poll_fn(move |cx| receiver.poll_recv(cx))
}
