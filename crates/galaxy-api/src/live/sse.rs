//! Server-sent events (WHATWG HTML, 9.2).

use std::{convert::Infallible, time::Duration};

use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event, KeepAlive},
};
use futures::{Stream, StreamExt, stream};
use galaxy_app::follow::{Following, Heard, Topic};
use galaxy_domain::Caller;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::wire::{self, COME_BACK_MS, Reset};
use crate::{api::Api, problem::Problem};

/// A silent stream says something this often.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// An open stream asks this often whether its reader may still read.
const RECHECK: Duration = Duration::from_secs(2);

/// Streams a topic from the number that the browser saw last, or from the entry after `after`.
/// With `ends`, the stream is over when the run is.
pub(crate) async fn stream_topic(
    api: Api,
    caller: Caller,
    topic: Topic,
    headers: &HeaderMap,
    after: u64,
    ends: bool,
) -> Result<Response, Problem> {
    let seen = headers.get("last-event-id").and_then(|it| it.to_str().ok());
    let after = seen.and_then(|it| it.trim().parse().ok()).unwrap_or(after);
    let end = match topic {
        Topic::Run(run) if ends => api.app.run_end(&caller, run).await?,
        Topic::Run(_) | Topic::Chat(_) | Topic::User(_) => None,
    };
    let following = api.app.follow(&caller, topic, after).await?;
    // Whoever has read all of it is not kept waiting for more.
    let over = end == Some(after);
    let recheck = rechecks();
    Ok(respond(events(Reader { api, caller, topic, following, recheck, ends, end, over })))
}

/// The response that carries `events`.
pub(crate) fn respond(
    events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> Response {
    let mut response =
        Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    // Some proxies hold streams back unless told.
    let name = HeaderName::from_static("x-accel-buffering");
    response.headers_mut().insert(name, HeaderValue::from_static("no"));
    response
}

/// Ticks whenever an open stream has to ask whether its reader may still read, however busy it is.
pub(crate) fn rechecks() -> Interval {
    let mut ticks = interval_at(Instant::now() + RECHECK, RECHECK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// The last word of a stream whose server stops.
pub(crate) fn server_stopping() -> Event {
    let retry = Duration::from_millis(COME_BACK_MS);
    Event::default().event("server-stopping").retry(retry).data("{}")
}

/// What a stream does next.
enum Turn {
    Heard(Heard),
    Stopping,
    Over,
}

struct Reader {
    api: Api,
    caller: Caller,
    topic: Topic,
    following: Following,
    recheck: Interval,
    /// Whether the stream is over when the run is.
    ends: bool,
    /// The last number of a run that was over when the stream began.
    end: Option<u64>,
    over: bool,
}

fn events(reader: Reader) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    let batches = stream::unfold(reader, |mut reader| async move {
        if reader.over {
            return None;
        }
        let batch = match reader.turn().await {
            Turn::Heard(heard) => reader.written(&heard),
            Turn::Stopping => {
                reader.over = true;
                vec![server_stopping()]
            }
            Turn::Over => return None,
        };
        Some((stream::iter(batch.into_iter().map(Ok)), reader))
    });
    batches.flatten()
}

impl Reader {
    async fn turn(&mut self) -> Turn {
        let stopping = self.api.backstage.stopping();
        tokio::pin!(stopping);
        loop {
            tokio::select! {
                biased;
                () = &mut stopping => return Turn::Stopping,
                // Before what there is to read, because there may always be something.
                _ = self.recheck.tick() => {
                    if self.api.app.access().recheck(&self.caller).await.is_err() {
                        return Turn::Over;
                    }
                }
                heard = self.following.next() => match heard {
                    Ok(heard) => return Turn::Heard(heard),
                    Err(err) => {
                        tracing::warn!(error = %err, "a stream cannot be read");
                        return Turn::Over;
                    }
                },
            }
        }
    }

    fn written(&mut self, heard: &Heard) -> Vec<Event> {
        match heard {
            Heard::Entries(entries) => {
                let mut events = Vec::with_capacity(entries.len());
                for logged in entries {
                    let written = wire::write(self.topic, logged);
                    let event = Event::default().id(written.seq.to_string());
                    events.push(event.event(written.name).data(written.json));
                    // What follows a stop belongs to the same log when the run was resumed.
                    self.over = self.ends && written.last;
                }
                events
            }
            Heard::Reset(seq) => {
                self.over = self.end == Some(*seq);
                let data = wire::json(&Reset::of(self.topic, *seq));
                vec![Event::default().event("reset").id(seq.to_string()).data(data)]
            }
        }
    }
}
