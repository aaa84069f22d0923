//! Stops something at a known place until the test says go on.

use tokio_util::sync::CancellationToken;

/// A place where a script stops. The test waits for it to get there, looks around, and opens it;
/// nobody sleeps.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    reached: CancellationToken,
    opened: CancellationToken,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everything through, now and later.
    pub fn open(&self) {
        self.opened.cancel();
    }

    /// Waits until something stands at the gate, or has passed it.
    pub async fn reached(&self) {
        self.reached.cancelled().await;
    }

    /// Stops here until the gate is open.
    pub async fn pass(&self) {
        self.reached.cancel();
        self.opened.cancelled().await;
    }
}
