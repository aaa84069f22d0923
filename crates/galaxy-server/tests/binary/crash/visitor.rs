//! A client that does not give up.

use std::net::SocketAddr;

use galaxy_net::Error;
use serde_json::Value;
use tokio::sync::watch;

use super::ledger::Log;
use crate::client::{Call, Client};

/// A client of a server that comes and goes.
pub(super) struct Visitor {
    server: watch::Receiver<Option<SocketAddr>>,
    client: Option<Client>,
}

impl Visitor {
    /// Looks for the server in `server`.
    pub(super) fn new(server: &watch::Receiver<Option<SocketAddr>>) -> Self {
        Self { server: server.clone(), client: None }
    }

    /// The server, as soon as there is one.
    async fn client(&mut self) -> Client {
        if self.server.has_changed().expect("the test goes on") {
            self.client = None;
        }
        if let Some(client) = &self.client {
            return client.clone();
        }
        let address = self.server.wait_for(Option::is_some).await.expect("the test goes on");
        let client = Client::new(address.expect("that was waited for"));
        self.client.insert(client).clone()
    }

    /// Waits until the server that was asked last is another, or gone.
    async fn server_changes(&mut self) {
        self.client = None;
        self.server.changed().await.expect("the test goes on");
    }

    /// Sends `call` until somebody says that it is done.
    pub(super) async fn insist(&mut self, call: &Call) -> Value {
        loop {
            match self.client().await.send(call).await {
                Ok(reply) if reply.status < 300 => return reply.body,
                Ok(reply) => panic!("{call:?}\n{reply:?}"),
                Err(_) => self.server_changes().await,
            }
        }
    }

    /// Follows a run until it rests, reading it from the start whenever the stream broke off.
    pub(super) async fn follow(&mut self, run: &str) -> Log {
        let mut log = Log::default();
        loop {
            let client = self.client().await;
            match read(&client, run, &mut log).await {
                Ok(()) if log.is_at_rest() => return log,
                Ok(()) | Err(_) => self.server_changes().await,
            }
        }
    }
}

async fn read(client: &Client, run: &str, log: &mut Log) -> Result<(), Error> {
    let mut reader = client.events(run, 0).await?;
    log.rewind();
    while let Some(event) = reader.next().await? {
        log.take(event);
    }
    Ok(())
}
