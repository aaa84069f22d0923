//! Turns a body into an answer: bytes → frames → events.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt, stream, stream::BoxStream};
use galaxy_model::{Answer, Event, ModelError};

use crate::{
    lines,
    scrub::Secrets,
    sse,
    wire::{Decoder, Frame, Framing},
    wire_error,
};

/// Reads `bytes` with `decoder`. After the final event the body is let go of.
pub(crate) fn answer<S>(
    bytes: S,
    framing: Framing,
    limit: usize,
    decoder: Box<dyn Decoder>,
    secrets: Arc<Secrets>,
) -> Answer
where
    S: Stream<Item = Result<Bytes, galaxy_net::Error>> + Send + Unpin + 'static,
{
    let bytes = bytes.map(|chunk| chunk.map_err(wire_error::from_net));
    let frames = match framing {
        Framing::Sse => sse::frames(bytes, limit).boxed(),
        Framing::Lines => lines::frames(bytes, limit).boxed(),
    };
    let reading = Reading {
        frames,
        decoder,
        ready: VecDeque::new(),
        failed: None,
        begun: false,
        finished: false,
    };
    let events = stream::try_unfold(reading, Reading::step);
    events.map(move |event| event.map_err(|err| secrets.clean_error(err))).boxed()
}

struct Reading {
    frames: BoxStream<'static, Result<Frame, ModelError>>,
    decoder: Box<dyn Decoder>,
    ready: VecDeque<Event>,
    failed: Option<ModelError>,
    begun: bool,
    finished: bool,
}

impl Reading {
    async fn step(mut self) -> Result<Option<(Event, Self)>, ModelError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.begun = true;
                return Ok(Some((event, self)));
            }
            if let Some(err) = self.failed.take() {
                return Err(err);
            }
            if self.finished {
                return Ok(None);
            }
            self.read().await;
        }
    }

    /// Makes `ready`, `failed` or `finished` say something new.
    async fn read(&mut self) {
        let taken = match self.frames.next().await {
            Some(Ok(frame)) => self.decoder.frame(&frame, &mut self.ready),
            Some(Err(err)) => Err(self.broken(err)),
            None => self.decoder.end(&mut self.ready),
        };
        self.failed = taken.err();
        if matches!(self.ready.back(), Some(Event::Finished(_))) {
            self.finished = true;
            // The end of the body has mostly arrived with the final event. Reading it, without
            // waiting for it, gives the connection back to the pool.
            let _ = self.frames.next().now_or_never();
        }
    }

    /// A connection that broke after the answer began left half of it; before, it left nothing
    /// and the request may be sent again.
    fn broken(&self, err: ModelError) -> ModelError {
        if let (true, ModelError::Unavailable { message, .. }) = (self.begun, &err) {
            return ModelError::truncated(message);
        }
        err
    }
}
