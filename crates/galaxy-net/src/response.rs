//! A response whose head has arrived.

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use http::{HeaderMap, StatusCode};

use crate::error::Error;

/// A response whose head has arrived. Dropping it, or its stream, abandons the request.
#[derive(Debug)]
pub struct Response(pub(crate) reqwest::Response);

/// A body that was read up to a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What was read, with U+FFFD for what is no UTF-8.
    pub text: String,
    /// Whether that is all there was.
    pub is_whole: bool,
}

impl Response {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// The body as it comes. It has no total time limit: streams may be long.
    pub fn bytes(self) -> BoxStream<'static, Result<Bytes, Error>> {
        self.0.bytes_stream().map(|chunk| chunk.map_err(Error::from)).boxed()
    }

    /// Reads the body, at most `max` bytes of it; the rest is never read.
    ///
    /// # Errors
    /// When the body breaks off.
    pub async fn text_bounded(self, max: usize) -> Result<Text, Error> {
        let mut stream = self.0.bytes_stream();
        let mut body = Vec::new();
        let mut is_whole = true;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            let room = max - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                is_whole = false;
                break;
            }
        }
        Ok(Text { text: String::from_utf8_lossy(&body).into_owned(), is_whole })
    }
}
