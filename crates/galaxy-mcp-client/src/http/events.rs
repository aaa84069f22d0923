//! Streams of events, bounded, with results caught on the way.

use std::{io, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use galaxy_net::Response;
use galaxy_tool::server::LogSource;
use rmcp::transport::streamable_http_client::SseError;
use sse_stream::{Sse, SseStream};

use crate::{failure, http::Http, wire};

/// A server that wants to be asked again sooner has to wait.
const SOONEST_RETRY: Duration = Duration::from_millis(500);

/// Where a line of a server's log says on the stream of which request it came; only requests of a
/// server are marked by rmcp.
pub(crate) const STREAM: &str = "galaxy/stream";

/// The events of `response`. When one is too large or makes no sense, the request that the stream
/// answers (`id`) ends with that.
pub(super) fn read(
    response: Response,
    http: &Http,
    id: Option<String>,
) -> BoxStream<'static, Result<Sse, SseError>> {
    let max = http.limits.message_bytes;
    let mut gauge = Gauge::default();
    let (tap, failing) = (http.tap.clone(), id.clone());
    let chunks = response.bytes().map(move |chunk| {
        let chunk: Bytes = chunk.map_err(|err| io::Error::other(err.to_string()))?;
        if gauge.overflows(&chunk, max) {
            let err = failure::too_long("a message", max);
            if let Some(id) = &failing {
                tap.put(id, Err(err.clone()));
            }
            return Err(io::Error::other(err.to_string()));
        }
        Ok(chunk)
    });
    let http = http.clone();
    let events = SseStream::from_bytes_stream(chunks);
    events.map(move |event| event.map(|event| caught(event, &http, id.as_deref()))).boxed()
}

/// `event` with its result caught.
fn caught(mut event: Sse, http: &Http, id: Option<&str>) -> Sse {
    let soonest = u64::try_from(SOONEST_RETRY.as_millis()).unwrap_or(u64::MAX);
    event.retry = event.retry.map(|it| it.max(soonest));
    let is_message = matches!(event.event.as_deref(), None | Some("" | "message"));
    let Some(data) = event.data.take().filter(|it| is_message && !it.trim().is_empty()) else {
        return event;
    };
    let message = wire::decode(data.as_bytes(), &http.tap, http.limits.depth).or_else(|err| {
        http.log.add(LogSource::Connection, &format!("{err}; it wrote: {data}"));
        id.map(|id| wire::failed(id, err, &http.tap)).ok_or(())
    });
    event.data = message.ok().and_then(|it| serde_json::to_value(it).ok()).map(|mut message| {
        if message["method"] == "notifications/message" {
            message["params"]["_meta"][STREAM] = id.into();
        }
        message.to_string()
    });
    event
}

/// Measures the event that is being received.
#[derive(Debug, Default)]
struct Gauge {
    bytes: usize,
    line_is_empty: bool,
}

impl Gauge {
    /// Whether an event grows beyond `max` bytes with `chunk`.
    fn overflows(&mut self, chunk: &[u8], max: usize) -> bool {
        for byte in chunk {
            match byte {
                b'\n' if self.line_is_empty => self.bytes = 0,
                b'\n' => self.line_is_empty = true,
                b'\r' => (),
                _ => self.line_is_empty = false,
            }
            self.bytes += 1;
            if self.bytes > max {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_with_an_empty_line() {
        let mut gauge = Gauge::default();
        for _ in 0..100 {
            assert!(!gauge.overflows(b"data: 12345\n", 20));
            assert!(!gauge.overflows(b"\r\n", 20));
        }
        assert!(gauge.overflows(b"data: 1\ndata: 2\ndata: 3\n", 20));
    }
}
