//! A connection that is ready: one request after the other, or several at once.

mod translate;

use std::{sync::Arc, time::Duration};

use galaxy_base::Tasks;
use galaxy_tool::server::{Era, Limits, Listing, Request, RequestCx, ServerError, ServerInfo};
use rmcp::{
    model::{ClientRequest, ServerResult},
    service::{Peer, PeerRequestOptions, RequestHandle, RoleClient, RunningService},
};
use serde_json::Value;
use tokio::{
    sync::{Mutex, Semaphore, SemaphorePermit, watch},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    failure,
    flights::{Flight, Flights, Life},
    handler::Handler,
    tap::Tap,
};
use translate::{introduce, outgoing, without_refused};

/// How long the end of a connection may take.
const CLOSE: Duration = Duration::from_millis(1900);
/// How long a process that is ending may take to say why.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What rmcp made of a transport, and what listens beside it.
pub(crate) struct Line {
    pub(crate) service: RunningService<RoleClient, Handler>,
    pub(crate) tap: Tap,
    pub(crate) flights: Arc<Flights>,
    /// Fires when the connection is over, and ends it when it is fired.
    pub(crate) ended: CancellationToken,
    /// Fires when the process is over, where there is one.
    pub(crate) gone: Option<CancellationToken>,
}

/// A connection that is ready.
pub(crate) struct Connection {
    peer: Peer<RoleClient>,
    service: Mutex<RunningService<RoleClient, Handler>>,
    limits: Limits,
    tap: Tap,
    flights: Arc<Flights>,
    places: Semaphore,
    ended: CancellationToken,
    gone: Option<CancellationToken>,
    logs: bool,
    /// What the server says about itself.
    pub(crate) info: Arc<ServerInfo>,
    /// How it speaks.
    pub(crate) era: Era,
}

impl Connection {
    pub(crate) fn new(line: Line, limits: Limits) -> Self {
        let Line { service, tap, flights, ended, gone } = line;
        let peer = service.peer().clone();
        let (info, era) = introduce(&peer);
        let capabilities = peer.peer_info().map(|it| it.capabilities.clone()).unwrap_or_default();
        Self {
            peer,
            service: Mutex::new(service),
            limits,
            tap,
            flights,
            places: Semaphore::new(limits.at_once),
            ended,
            gone,
            logs: era == Era::Modern && capabilities.logging.is_some(),
            info: Arc::new(info),
            era,
        }
    }

    /// Whether the server says that it has any of the kind.
    pub(crate) fn offers(&self, what: Listing) -> bool {
        let info = self.peer.peer_info();
        info.as_deref().is_some_and(|it| match what {
            Listing::Resources | Listing::Templates => it.capabilities.resources.is_some(),
            Listing::Prompts => it.capabilities.prompts.is_some(),
        })
    }

    /// What is spoken through.
    pub(crate) fn peer(&self) -> &Peer<RoleClient> {
        &self.peer
    }

    /// Fires when the connection is over.
    pub(crate) fn ended(&self) -> &CancellationToken {
        &self.ended
    }

    /// Whether nothing can be asked any more.
    pub(crate) fn is_over(&self) -> bool {
        self.ended.is_cancelled() || self.peer.is_transport_closed()
    }

    /// Sends a request and waits for its result, as long as there are signs of life. When the
    /// future is dropped or gives up, the server is told.
    pub(crate) async fn request(
        &self,
        tasks: &Tasks,
        request: Request,
        cx: &RequestCx,
    ) -> Result<Value, ServerError> {
        let _place = self.place(cx).await?;
        let (mut aloft, mut signs) = self.depart(tasks, request, cx).await?;
        let came = self.arrive(&mut aloft, &mut signs, cx).await;
        let caught = aloft.id().and_then(|id| self.tap.take(&id));
        match (came, caught) {
            (Err(err @ (ServerError::Cancelled | ServerError::TimedOut(_))), _) => Err(err),
            (_, Some(Err(err))) | (Err(err), _) => {
                aloft.land().await;
                Err(err)
            }
            (Ok(typed), Some(Ok(mut result))) => {
                aloft.land().await;
                without_refused(&typed, &mut result);
                Ok(result)
            }
            (Ok(typed), None) => {
                aloft.land().await;
                serde_json::to_value(typed).map_err(|err| ServerError::Garbled(err.to_string()))
            }
        }
    }

    /// Waits for a place among the requests under way.
    async fn place(&self, cx: &RequestCx) -> Result<SemaphorePermit<'_>, ServerError> {
        tokio::select! {
            biased;
            () = cx.cancel.cancelled() => Err(ServerError::Cancelled),
            place = timeout(self.limits.silence, self.places.acquire()) => match place {
                Ok(Ok(place)) => Ok(place),
                Ok(Err(_)) => Err(ServerError::Lost("it was closed".to_owned())),
                Err(_) => Err(ServerError::Unavailable {
                    message: format!("{} requests are under way already", self.limits.at_once),
                    retry_after: None,
                }),
            },
        }
    }

    async fn depart(
        &self,
        tasks: &Tasks,
        request: Request,
        cx: &RequestCx,
    ) -> Result<(Aloft, watch::Receiver<Life>), ServerError> {
        let tool = request.tool().map(str::to_owned);
        let asker = cx.asker.as_ref().filter(|_| self.era == Era::Modern);
        let (custom, meta) = outgoing(request, self.logs.then_some("info"), asker);
        let options = PeerRequestOptions::no_options().with_meta(meta);
        let mut flights = self.flights.lock().await;
        let handle = self
            .peer
            .send_cancellable_request(ClientRequest::CustomRequest(custom), options)
            .await
            .map_err(failure::of_request)?;
        let (life, signs) = watch::channel(Life::default());
        let flight = Flight {
            id: handle.id.clone(),
            cx: cx.clone(),
            tool,
            life: Arc::new(life),
            done: f64::NAN,
        };
        flights.insert(handle.progress_token.clone(), flight);
        let aloft = Aloft {
            handle: Some(handle),
            flights: self.flights.clone(),
            tap: self.tap.clone(),
            tasks: tasks.clone(),
        };
        Ok((aloft, signs))
    }

    async fn arrive(
        &self,
        aloft: &mut Aloft,
        signs: &mut watch::Receiver<Life>,
        cx: &RequestCx,
    ) -> Result<ServerResult, ServerError> {
        let lost = || ServerError::Lost("it ended".to_owned());
        let handle = aloft.handle.as_mut().ok_or_else(lost)?;
        let latest = Instant::now() + self.limits.ceiling;
        loop {
            let people_think = signs.borrow_and_update().asking > 0;
            tokio::select! {
                biased;
                result = &mut handle.rx => {
                    return result.map_err(|_| lost())?.map_err(failure::of_request);
                }
                () = cx.cancel.cancelled() => return Err(ServerError::Cancelled),
                () = self.ended.cancelled() => return Err(lost()),
                () = sleep_until(latest) => return Err(ServerError::TimedOut(self.limits.ceiling)),
                changed = signs.changed() => changed.map_err(|_| lost())?,
                () = sleep(self.limits.silence), if !people_think => {
                    return Err(ServerError::TimedOut(self.limits.silence));
                }
            }
        }
    }

    /// Waits, not for long, until a process that is ending has said why.
    pub(crate) async fn last_words(&self) {
        if let Some(gone) = &self.gone {
            let _ = timeout(LAST_WORDS, gone.cancelled()).await;
        }
    }

    /// Ends the connection, and waits until its process is over.
    pub(crate) async fn close(&self) {
        self.ended.cancel();
        let closing = async {
            let _ = self.service.lock().await.close_with_timeout(CLOSE).await;
            if let Some(gone) = &self.gone {
                gone.cancelled().await;
            }
        };
        // What is not over by then is ended by the task that owns the process.
        let _ = timeout(CLOSE, closing).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

/// A request under way. Dropped before it has landed, it is cancelled at the server.
struct Aloft {
    handle: Option<RequestHandle<RoleClient>>,
    flights: Arc<Flights>,
    tap: Tap,
    tasks: Tasks,
}

impl Aloft {
    fn id(&self) -> Option<rmcp::model::RequestId> {
        self.handle.as_ref().map(|it| it.id.clone())
    }

    /// There is an answer, or nobody left who could give one.
    async fn land(&mut self) {
        if let Some(handle) = self.handle.take() {
            self.flights.lock().await.remove(&handle.progress_token);
        }
    }
}

impl Drop for Aloft {
    fn drop(&mut self) {
        let Some(handle) = self.handle.take() else { return };
        let (flights, tap) = (self.flights.clone(), self.tap.clone());
        self.tasks.spawn(async move {
            flights.lock().await.remove(&handle.progress_token);
            tap.take(&handle.id);
            let _ = timeout(CLOSE, handle.cancel(Some("nobody waits any more".to_owned()))).await;
        });
    }
}
