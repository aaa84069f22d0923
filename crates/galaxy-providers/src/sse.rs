//! A byte stream as server-sent events.
//!
//! The parser is fed whole lines of valid text only: it would look at an unfinished line again
//! with every chunk, would hold everything back after a byte that is no UTF-8, and would panic on
//! a byte order mark.

use bytes::{Buf, Bytes};
use eventsource_stream::{EventStream, EventStreamError};
use futures::{Stream, StreamExt};
use galaxy_model::ModelError;

use crate::{
    lines::{lines, too_large},
    wire::Frame,
};

/// U+FEFF.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The events of `source` that carry anything. An unfinished one at the end is dropped, as the
/// standard wants it.
pub(crate) fn frames<S>(source: S, limit: usize) -> impl Stream<Item = Result<Frame, ModelError>>
where
    S: Stream<Item = Result<Bytes, ModelError>> + Unpin,
{
    let mut size = 0_usize;
    let mut is_first = true;
    let lines = lines(source, limit).map(move |line| {
        let mut line = line?;
        if std::mem::take(&mut is_first) {
            while line.starts_with(BYTE_ORDER_MARK) {
                line.advance(BYTE_ORDER_MARK.len());
            }
        }
        // Only a blank line makes the parser let go of what it holds.
        size = if matches!(&*line, b"\n" | b"\r\n") { 0 } else { size + line.len() };
        if size > limit {
            return Err(too_large(limit));
        }
        Ok(if std::str::from_utf8(&line).is_ok() {
            line
        } else {
            Bytes::from(String::from_utf8_lossy(&line).into_owned())
        })
    });
    EventStream::new(lines).filter_map(async |event| match event {
        // A sign of life of some servers.
        Ok(event) if event.data.trim().is_empty() => None,
        Ok(event) => Some(Ok(Frame { event: event.event, data: event.data })),
        Err(EventStreamError::Transport(err)) => Some(Err(err)),
        Err(EventStreamError::Utf8(_)) => {
            Some(Err(ModelError::truncated("the stream is no UTF-8")))
        }
        Err(EventStreamError::Parser(_)) => {
            Some(Err(ModelError::truncated("the stream is no stream of events")))
        }
    })
}

#[cfg(test)]
mod tests {
    use futures::{TryStreamExt, stream};

    use super::*;

    async fn read(bytes: &'static [u8], limit: usize) -> Result<Vec<(String, String)>, ModelError> {
        let frames = frames(stream::iter([Ok(Bytes::from_static(bytes))]), limit);
        frames.map_ok(|frame| (frame.event, frame.data)).try_collect().await
    }

    fn pair(event: &str, data: &str) -> (String, String) {
        (event.to_owned(), data.to_owned())
    }

    #[tokio::test]
    async fn events_are_read_as_the_standard_says() {
        let body = b"\xEF\xBB\xBF\xEF\xBB\xBF: ping\r\n\r\ndata:\n\nevent: a\r\ndata: 1\r\ndata:2\r\n\r\nid: 7\n\ndata: \xFF\n\ndata: open";
        let expected = [pair("a", "1\n2"), pair("message", "\u{FFFD}")];
        assert_eq!(read(body, 100).await.unwrap(), expected);
    }

    #[tokio::test]
    async fn an_event_of_many_lines_has_a_bound() {
        let body = b"data: 123\ndata: 456\n\ndata: 123\ndata: 456\ndata: 789\n\n";
        assert_eq!(read(body, 30).await.unwrap().len(), 2);
        assert_eq!(read(body, 25).await, Err(too_large(25)));
    }
}
