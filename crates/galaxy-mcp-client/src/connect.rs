//! From a spec to a connection that is ready.

use std::{sync::Arc, time::Duration};

use galaxy_base::Tasks;
use galaxy_net::Client;
use galaxy_tool::server::{Era, ServerError, ServerSpec, Snapshot, Transport};
use rmcp::{
    model::ProtocolVersion,
    service::{
        ClientInitializeError, ClientLifecycleMode, ClientServiceExt, RoleClient, RunningService,
    },
    transport::{
        StreamableHttpClientTransport, common::client_side_sse::ExponentialBackoff,
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    connection::{Connection, Line},
    failure,
    flights::Flights,
    follow::Followed,
    handler::Handler,
    http::{Beside, Home, Http},
    keeper::Keeper,
    log::Log,
    stdio,
    tap::Tap,
};

/// A process that is about to end may take so long to say why.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What all connections of this process share.
#[derive(Debug, Clone)]
pub(crate) struct House {
    pub(crate) net: Client,
    pub(crate) tasks: Tasks,
    pub(crate) keeper: Keeper,
}

/// What a connection tells its supervisor through.
#[derive(Clone)]
pub(crate) struct Ears {
    pub(crate) log: Arc<Log>,
    pub(crate) snapshot: watch::Sender<Snapshot>,
    pub(crate) followed: Followed,
}

/// Connects. Dropping the future leaves nothing behind.
///
/// # Errors
/// [`ServerError`].
pub(crate) async fn open(
    spec: &Arc<ServerSpec>,
    era: Option<Era>,
    house: &House,
    ears: &Ears,
) -> Result<Connection, ServerError> {
    let ended = CancellationToken::new();
    // Until the connection is handed over, leaving this function in any way ends it.
    let guard = ended.clone().drop_guard();
    let tap = Tap::default();
    let flights = Arc::<Flights>::default();
    let handler = Handler::new(spec.clone(), flights.clone(), ears, ended.clone());
    let mut gone = None;
    let started = match &spec.transport {
        Transport::Http { url, headers: listed, network, credentials } => {
            let home = Home::new(url, listed, *network, credentials.clone())?;
            let http = Http {
                net: house.net.clone(),
                home: Arc::new(home),
                tap: tap.clone(),
                log: ears.log.clone(),
                limits: spec.limits,
                beside: Beside::default(),
            };
            over_http(&handler, &http, config(spec, url.as_str()), era).await
        }
        Transport::Stdio { .. } => {
            let program = stdio::Program {
                transport: &spec.transport,
                keeper: &house.keeper,
                era,
                limits: spec.limits,
                tasks: &house.tasks,
                tap: tap.clone(),
                log: ears.log.clone(),
            };
            let (transport, over) = stdio::start(&program, ended.clone())?;
            let again = transport.clone();
            let first = handler.clone().serve_with_lifecycle(transport, mode(era)).await;
            let other = match &first {
                Err(err) if is_older(err) => Some(Era::Legacy),
                Err(_) if again.is_modern_after_all() => Some(Era::Modern),
                Err(_) | Ok(_) => None,
            };
            let last = match other {
                Some(_) => handler.serve_with_lifecycle(again, mode(other)).await,
                None => first,
            };
            if last.is_err() && timeout(LAST_WORDS, over.cancelled()).await.is_ok() {
                let words = ears.log.last_words().unwrap_or_default();
                let message = format!("it ended before it was ready: {words}");
                return Err(ServerError::Unavailable { message, retry_after: None });
            }
            gone = Some(over);
            last
        }
    };
    let service = started.map_err(failure::of_start)?;
    guard.disarm();
    let line = Line { service, tap, flights, ended, gone };
    Ok(Connection::new(line, spec.limits))
}

/// Begins over HTTP; once more with a handshake, if that is all that the server lacks.
async fn over_http(
    handler: &Handler,
    http: &Http,
    config: StreamableHttpClientTransportConfig,
    era: Option<Era>,
) -> Result<RunningService<RoleClient, Handler>, ClientInitializeError> {
    let begin = async |era| {
        let transport = StreamableHttpClientTransport::with_client(http.clone(), config.clone());
        handler.clone().serve_with_lifecycle(transport, mode(era)).await
    };
    let begun = match begin(era).await {
        Err(err) if is_older(&err) => begin(Some(Era::Legacy)).await,
        first => first,
    }?;
    http.beside.settled().await;
    Ok(begun)
}

/// Whether the server says that it speaks older revisions only: it understood the question, and
/// wants a handshake all the same.
fn is_older(err: &ClientInitializeError) -> bool {
    let ClientInitializeError::NoCompatibleProtocolVersion { server_supported, .. } = err else {
        return false;
    };
    server_supported.iter().any(ProtocolVersion::has_initialize)
}

/// How to begin. What is remembered saves the finding out.
fn mode(era: Option<Era>) -> ClientLifecycleMode {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    match era {
        Some(Era::Legacy) => ClientLifecycleMode::Initialize,
        Some(Era::Modern) => ClientLifecycleMode::Discover { preferred_versions },
        None => ClientLifecycleMode::Auto {
            preferred_versions,
            legacy_version: Some(ProtocolVersion::V_2025_11_25),
        },
    }
}

fn config(spec: &ServerSpec, uri: &str) -> StreamableHttpClientTransportConfig {
    let mut retry = ExponentialBackoff::default();
    retry.max_times = Some(5);
    retry.max_delay = Some(Duration::from_secs(30));
    let mut config = StreamableHttpClientTransportConfig::with_uri(uri);
    config.retry_config = Arc::new(retry);
    config.max_concurrent_requests = spec.limits.at_once;
    config.max_sse_event_size = spec.limits.message_bytes;
    config
}
