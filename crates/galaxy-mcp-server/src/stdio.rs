//! The server on standard input and output, for one host on this machine.

use galaxy_domain::Caller;
use rmcp::{serve_server, service::ServerInitializeError, transport::async_rw::AsyncRwTransport};

use crate::McpServer;

/// The longest message, in bytes.
pub(crate) const LINE: usize = 1024 * 1024;

/// The host and the server did not get on.
#[derive(Debug, thiserror::Error)]
#[error("cannot speak with the host: {0}")]
pub struct StdioError(String);

impl McpServer {
    /// Serves the host at the other end of standard input and output, as `caller`, until it has
    /// nothing more to say.
    ///
    /// # Errors
    /// When the host does not speak the protocol, or goes away in the middle of a word.
    pub async fn serve_stdio(&self, caller: Caller) -> Result<(), StdioError> {
        let transport = AsyncRwTransport::new(tokio::io::stdin(), tokio::io::stdout())
            .with_max_line_length(LINE);
        let running = match serve_server(self.session(Some(caller)), transport).await {
            Ok(running) => running,
            // It went away before it asked for anything.
            Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            Err(err) => return Err(StdioError(err.to_string())),
        };
        let ended = running.waiting().await;
        ended.map(|_| ()).map_err(|err| StdioError(err.to_string()))
    }
}
