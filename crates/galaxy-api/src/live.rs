//! Live topics over the wire: the same events by server-sent events and by WebSocket.

pub(crate) mod sse;
pub(crate) mod wire;
pub(crate) mod ws;
