//! Standard input and output, passed on to a server that runs: for a host on this machine when the
//! data is in use.
//!
//! Messages are passed on as they came, whatever revision they are of; only their way is read. What
//! a host gives up is dropped here, and a request that is dropped is cancelled over there.

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures::{StreamExt, stream::FuturesUnordered};
use galaxy_base::{ExposeSecret, SecretString};
use galaxy_net::{Client, Reach, Request};
use http::{HeaderName, HeaderValue, header};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_util::{
    codec::{FramedRead, LinesCodec, LinesCodecError},
    sync::CancellationToken,
};
use url::Url;

use crate::stdio::LINE;

mod answer;
mod message;

use message::{Kind, Message};

/// Requests that are under way at once; more are refused.
const AT_ONCE: usize = 64;
/// Answers that wait for the host to read; beyond, the server waits too.
const WAITING: usize = 64;
/// When the host has nothing more to say, what it asked last may take this long.
const LAST: Duration = Duration::from_secs(10);

/// A way to a server.
pub struct Relay {
    client: Client,
    url: Url,
    authorization: Option<HeaderValue>,
    /// The revision that a handshake agreed on, which later requests have to name.
    agreed: Mutex<Option<HeaderValue>>,
}

impl Relay {
    /// To the server at `url`, such as `http://127.0.0.1:8000/mcp`, with a key for it, if it wants
    /// one.
    pub fn new(client: Client, url: Url, key: Option<&SecretString>) -> Self {
        let bearer = |key: &SecretString| {
            let mut value =
                HeaderValue::from_str(&format!("Bearer {}", key.expose_secret())).ok()?;
            value.set_sensitive(true);
            Some(value)
        };
        Self { client, url, authorization: key.and_then(bearer), agreed: Mutex::default() }
    }

    /// Passes lines on until `input` ends.
    ///
    /// # Errors
    /// When input or output break.
    pub async fn run(
        &self,
        input: impl AsyncRead + Unpin,
        output: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let (out, lines) = mpsc::channel(WAITING);
        let (read, written) = tokio::join!(self.read(input, out), write(output, lines));
        read.and(written)
    }

    async fn read(
        &self,
        input: impl AsyncRead + Unpin,
        out: mpsc::Sender<String>,
    ) -> io::Result<()> {
        let mut lines = FramedRead::new(input, LinesCodec::new_with_max_length(LINE));
        let mut flying = FuturesUnordered::new();
        let mut cancels: HashMap<String, CancellationToken> = HashMap::new();
        let mut end: Option<Instant> = None;
        while end.is_none() || !flying.is_empty() {
            let line = tokio::select! {
                Some(id) = flying.next(), if !flying.is_empty() => {
                    cancels.remove(&id);
                    continue;
                }
                line = lines.next(), if end.is_none() => line,
                () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => break,
            };
            match line {
                None => end = Some(Instant::now() + LAST),
                Some(Ok(line)) if line.trim().is_empty() => (),
                Some(Ok(line)) => match Message::read(line) {
                    Some(Message { kind: Kind::Cancels(id), .. }) => {
                        if let Some(cancel) = cancels.get(&id) {
                            cancel.cancel();
                        }
                    }
                    Some(message) if flying.len() >= AT_ONCE => {
                        say(&out, answer::failed(message.id(), "too many requests at once")).await;
                    }
                    Some(message) => {
                        let cancel = CancellationToken::new();
                        let id = message.id().map(ToString::to_string).unwrap_or_default();
                        cancels.insert(id.clone(), cancel.clone());
                        let out = out.clone();
                        flying.push(async move {
                            cancel.run_until_cancelled(self.pass(message, &out)).await;
                            id
                        });
                    }
                    None => say(&out, answer::unreadable()).await,
                },
                Some(Err(LinesCodecError::MaxLineLengthExceeded)) => {
                    say(&out, answer::failed(None, "the message is too long")).await;
                }
                Some(Err(LinesCodecError::Io(err))) => return Err(err),
            }
        }
        Ok(())
    }

    /// Passes one message on, and what comes back.
    async fn pass(&self, message: Message, out: &mpsc::Sender<String>) {
        let mut request = Request::post_json(self.url.clone(), message.text.clone());
        let accept = HeaderValue::from_static("application/json, text/event-stream");
        request.headers.insert(header::ACCEPT, accept);
        if let Some(authorization) = &self.authorization {
            request.headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        let agreed = self.agreed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, value) in message.headers(agreed) {
            request.headers.insert(HeaderName::from_static(name), value);
        }
        let is_handshake = message.method() == Some("initialize");
        let sent = self.client.send(Reach::Configured, request).await;
        let result = match sent {
            Ok(response) => {
                answer::pass(response, message.id(), async |line: String| {
                    if is_handshake {
                        self.remember(&line);
                    }
                    say(out, line).await;
                })
                .await
            }
            Err(err) => Err(format!("the server cannot be asked: {err}")),
        };
        if let Err(wrong) = result
            && message.id().is_some()
        {
            say(out, answer::failed(message.id(), &wrong)).await;
        }
    }

    /// Keeps the revision that a handshake agreed on.
    fn remember(&self, line: &str) {
        let answer: Value = serde_json::from_str(line).unwrap_or_default();
        let version = answer["result"]["protocolVersion"].as_str();
        let version = version.and_then(|it| HeaderValue::from_str(it).ok());
        *self.agreed.lock().unwrap_or_else(PoisonError::into_inner) = version;
    }
}

/// A host that has gone hears nothing more.
async fn say(out: &mpsc::Sender<String>, line: String) {
    let _ = out.send(line).await;
}

async fn write(
    mut output: impl AsyncWrite + Unpin,
    mut lines: mpsc::Receiver<String>,
) -> io::Result<()> {
    while let Some(line) = lines.recv().await {
        output.write_all(line.as_bytes()).await?;
        output.write_all(b"\n").await?;
        output.flush().await?;
    }
    Ok(())
}
