//! The way out of a session, on which results that were put aside take their places.

use rmcp::{
    RoleServer,
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};

use crate::slots::Slots;

/// A transport that sends results as they were put aside.
pub(super) struct Whole<T> {
    inner: T,
    slots: Slots,
}

impl<T> Whole<T> {
    /// Sends through `inner` what was put into `slots`.
    pub(super) fn new(inner: T, slots: Slots) -> Self {
        Self { inner, slots }
    }
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Whole<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.inner.send(self.slots.filled(item))
    }

    fn receive(&mut self) -> impl Future<Output = Option<RxJsonRpcMessage<RoleServer>>> + Send {
        self.inner.receive()
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        self.inner.close()
    }
}
