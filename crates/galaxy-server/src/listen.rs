//! The accept loop: nothing waits for ever for a client, and no client keeps others out.
//!
//! | Wait | Bound | Then |
//! |---|---|---|
//! | first head of a request | 10 s | closed |
//! | next head, or nothing | 75 s | closed |
//! | what was sent is acknowledged | 40 s | closed |
//! | connections at once | `MAX_CONNECTIONS` | the next one waits to be accepted |
//! | of one address | `MAX_CONNECTIONS_PER_ADDRESS` | closed |

use std::{
    io,
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use axum::Router;
use galaxy_base::Tasks;
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, timeout_at},
};

use crate::settings::{Given, schema};

mod connection;
mod places;

use places::Places;

/// How long the loop rests when the process or the machine has no room for another connection.
const REST: Duration = Duration::from_millis(100);
/// So many files are opened for other things than connections.
const OTHER_FILES: u64 = 256;
/// A connection is one file, and what it asks for may open another to a provider.
const FILES_PER_CONNECTION: u64 = 2;

/// Where connections come from, and how many.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Whether something in front ends TLS.
    pub(crate) behind_proxy: bool,
    connections: NonZeroUsize,
    per_address: NonZeroUsize,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn read(given: &mut Given) -> Self {
        let host = given.value(&schema::HOST);
        let behind_proxy = given.value(&schema::BEHIND_PROXY);
        if !host.to_canonical().is_loopback() && !behind_proxy {
            let message = format!(
                "{host} can be reached by other machines, and passwords would travel in the clear: \
                 put something in front that ends TLS and set BEHIND_PROXY=true, or listen on \
                 127.0.0.1"
            );
            given.refuse(schema::HOST.name, message);
        }
        Self {
            address: SocketAddr::new(host, given.value(&schema::PORT)),
            behind_proxy,
            connections: given.value(&schema::MAX_CONNECTIONS),
            per_address: given.value(&schema::MAX_CONNECTIONS_PER_ADDRESS),
        }
    }

    /// Opens the port.
    ///
    /// # Errors
    /// When it is taken, or not to be had.
    pub(crate) async fn build(&self) -> Result<Listener> {
        let connections = affordable(self.connections);
        let socket = TcpListener::bind(self.address).await;
        let socket = socket.with_context(|| format!("cannot listen on {}", self.address))?;
        // Behind a proxy everybody has the proxy's address.
        let per_address = if self.behind_proxy { None } else { Some(self.per_address.get()) };
        let places = Places::new(connections, per_address);
        Ok(Listener { socket, places: Arc::new(places), connections: Tasks::default() })
    }
}

/// An open port.
pub(crate) struct Listener {
    socket: TcpListener,
    places: Arc<Places>,
    connections: Tasks,
}

impl Listener {
    /// Where it listens.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves `router` until `closing` is over; then tells connections to finish, and waits for
    /// them until `closing` says. Tells whether all of them did.
    pub(crate) async fn serve(
        self,
        router: Router,
        closing: impl Future<Output = Instant>,
    ) -> bool {
        let Self { socket, places, connections } = self;
        let deadline = {
            let accepting = accept(&socket, &places, &connections, &router);
            tokio::select! {
                biased;
                deadline = closing => deadline,
                () = accepting => unreachable!("accepting has no end"),
            }
        };
        drop(socket);
        let left = deadline.saturating_duration_since(Instant::now());
        let ended = connections.stop(left).await;
        // Upgraded connections have left their task, but not their place.
        ended && timeout_at(deadline, places.emptied()).await.is_ok()
    }
}

async fn accept(socket: &TcpListener, places: &Arc<Places>, connections: &Tasks, router: &Router) {
    let mut is_exhausted = false;
    loop {
        let place = places.wait().await;
        let (stream, peer) = match socket.accept().await {
            Ok(accepted) => accepted,
            Err(err) if is_of_one_connection(&err) => continue,
            Err(err) => {
                // It comes again and again until somebody hangs up; once is enough to know.
                if !is_exhausted {
                    tracing::error!(error = %err, "cannot accept connections");
                }
                is_exhausted = true;
                sleep(REST).await;
                continue;
            }
        };
        if is_exhausted {
            tracing::info!("accepting connections again");
            is_exhausted = false;
        }
        let Some(place) = place.taken_by(peer.ip()) else {
            metrics::counter!("galaxy_connections_refused_total").increment(1);
            tracing::debug!(%peer, "too many connections of one address");
            continue;
        };
        prepare(&stream);
        let router = router.clone();
        let stopping = connections.stopping().clone();
        connections.spawn(connection::serve(stream, peer, place, router, stopping));
    }
}

/// Whether only the connection that was to be accepted is gone.
fn is_of_one_connection(err: &io::Error) -> bool {
    matches!(
        err.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// Small pieces leave at once, and a peer that is gone is noticed.
fn prepare(stream: &TcpStream) {
    let socket = socket2::SockRef::from(stream);
    let prepared = socket
        .set_tcp_nodelay(true)
        .and_then(|()| socket.set_tcp_user_timeout(Some(connection::UNACKNOWLEDGED)));
    if let Err(err) = prepared {
        tracing::debug!(error = %err, "a connection has not all its options");
    }
}

/// As many connections as were asked for, or as the process may have: a connection is an open
/// file, and unless a process asks for more it may often open only 1,024.
fn affordable(connections: NonZeroUsize) -> usize {
    let wanted = u64::try_from(connections.get()).unwrap_or(u64::MAX);
    let wanted = wanted.saturating_mul(FILES_PER_CONNECTION).saturating_add(OTHER_FILES);
    let limit = match rlimit::increase_nofile_limit(wanted) {
        Ok(limit) => limit,
        Err(err) => {
            tracing::warn!(error = %err, "cannot raise the limit of open files");
            return connections.get();
        }
    };
    let room = affordable_with(limit);
    if room < connections.get() {
        tracing::warn!(
            limit,
            room,
            asked = connections,
            "few files may be open: fewer connections"
        );
    }
    room.min(connections.get())
}

/// So many connections leave enough of `limit` open files for everything else.
fn affordable_with(limit: u64) -> usize {
    let others = OTHER_FILES.min(limit / 2);
    usize::try_from(limit - others).unwrap_or(usize::MAX).max(1)
}

/// Those who share a limit: an IPv6 customer has a whole network of addresses.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            std::net::Ipv6Addr::from(network).into()
        }
    }
}

#[cfg(test)]
mod tests;
