//! A byte stream as lines.
//!
//! **Invariant:** every byte is looked at once and copied at most once, however it is cut; an
//! unfinished line never grows beyond its bound and is never handed out.

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use galaxy_model::ModelError;

use crate::wire::Frame;

/// The lines of `source`, each with its `\n`; what follows the last one is dropped.
pub(crate) fn lines<S>(source: S, limit: usize) -> impl Stream<Item = Result<Bytes, ModelError>>
where
    S: Stream<Item = Result<Bytes, ModelError>> + Unpin,
{
    let state = Lines { source, chunk: Bytes::new(), pending: BytesMut::new(), limit };
    stream::try_unfold(state, async |mut state| Ok(state.next().await?.map(|line| (line, state))))
}

/// The frames of a body that holds one JSON value per line.
pub(crate) fn frames<S>(source: S, limit: usize) -> impl Stream<Item = Result<Frame, ModelError>>
where
    S: Stream<Item = Result<Bytes, ModelError>> + Unpin,
{
    lines(source, limit).filter_map(async |line| match line {
        Ok(line) if line.trim_ascii().is_empty() => None,
        Ok(line) => {
            let data = String::from_utf8_lossy(&line).into_owned();
            Some(Ok(Frame { event: String::new(), data }))
        }
        Err(err) => Some(Err(err)),
    })
}

/// What a frame that exceeds its bound ends in.
pub(crate) fn too_large(limit: usize) -> ModelError {
    ModelError::truncated(format!("the provider sent a piece of more than {limit} bytes"))
}

struct Lines<S> {
    source: S,
    chunk: Bytes,
    pending: BytesMut,
    limit: usize,
}

impl<S: Stream<Item = Result<Bytes, ModelError>> + Unpin> Lines<S> {
    async fn next(&mut self) -> Result<Option<Bytes>, ModelError> {
        loop {
            let end = self.chunk.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let more = end.unwrap_or(self.chunk.len());
            if self.pending.len() + more > self.limit {
                return Err(too_large(self.limit));
            }
            let more = self.chunk.split_to(more);
            if end.is_some() && self.pending.is_empty() {
                return Ok(Some(more));
            }
            self.pending.extend_from_slice(&more);
            if end.is_some() {
                return Ok(Some(self.pending.split().freeze()));
            }
            match self.source.next().await {
                Some(chunk) => self.chunk = chunk?,
                None => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    async fn cut(chunks: &[&'static str], limit: usize) -> Result<Vec<Bytes>, ModelError> {
        let source: Vec<_> = chunks.iter().map(|it| Ok(Bytes::from(*it))).collect();
        lines(stream::iter(source), limit).try_collect().await
    }

    #[tokio::test]
    async fn lines_are_the_same_however_they_arrive() {
        let expected = ["a\n", "\n", "bcd\r\n"];
        assert_eq!(cut(&["a\n\nbcd\r\nrest"], 9).await.unwrap(), expected);
        assert_eq!(
            cut(&["a", "\n", "", "\nb", "c", "d\r", "\nre", "st"], 9).await.unwrap(),
            expected
        );
    }

    #[tokio::test]
    async fn a_line_has_a_bound() {
        assert_eq!(cut(&["1234", "5678", "9\n"], 10).await.unwrap().len(), 1);
        assert_eq!(cut(&["1234", "5678", "90\n"], 10).await, Err(too_large(10)));
        assert_eq!(cut(&["1234", "5678", "90a"], 10).await, Err(too_large(10)));
    }
}
