//! What a server offers besides tools: resources, their templates, and prompts.

use galaxy_domain::{Caller, Kind, ToolServerId};
use galaxy_tool::server::{Exchanged, Listing, RequestCx, ServerError};
use serde_json::Value;

use crate::{App, AppError};

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// Resources.
    Resources,
    /// Templates of resources.
    Templates,
    /// Prompts.
    Prompts,
}

impl From<ServerError> for AppError {
    fn from(err: ServerError) -> Self {
        if let ServerError::NotStarted(obstacle) = err {
            return Self::NotStarted(obstacle);
        }
        let words = format!("{err}. {}", err.advice());
        match err.kind() {
            Kind::Invalid => Self::invalid("", err.to_string()),
            Kind::Forbidden | Kind::Conflict => Self::Conflict(words),
            Kind::Unauthenticated
            | Kind::NotFound
            | Kind::TooLarge
            | Kind::TooMany
            | Kind::Unavailable
            | Kind::Internal => Self::Unavailable(words),
        }
    }
}

impl App {
    /// Everything of one kind that a server offers, as the server sends it. Untrusted.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Denied`]; what the server or the way to it says.
    pub async fn server_offers(
        &self,
        caller: &Caller,
        id: ToolServerId,
        what: Offered,
    ) -> Result<Vec<Value>, AppError> {
        let row = self.store.tool_server(self.look_permit(caller, id).await?).await?;
        let listing = match what {
            Offered::Resources => Listing::Resources,
            Offered::Templates => Listing::Templates,
            Offered::Prompts => Listing::Prompts,
        };
        let listed = self.servers.handle(&row, Some(caller.person))?.list(listing).await?;
        Ok(listed.to_vec())
    }

    /// Reads a resource of a server; the result as the server sends it. Untrusted.
    ///
    /// # Errors
    /// As [`App::server_offers`].
    pub async fn read_server_resource(
        &self,
        caller: &Caller,
        id: ToolServerId,
        uri: &str,
    ) -> Result<Value, AppError> {
        let row = self.store.tool_server(self.look_permit(caller, id).await?).await?;
        done(
            self.servers
                .handle(&row, Some(caller.person))?
                .read(uri, &RequestCx::default())
                .await?,
        )
    }

    /// Fills in a prompt of a server; the result as the server sends it. Untrusted.
    ///
    /// # Errors
    /// As [`App::server_offers`].
    pub async fn fill_server_prompt(
        &self,
        caller: &Caller,
        id: ToolServerId,
        name: &str,
        arguments: Value,
    ) -> Result<Value, AppError> {
        let row = self.store.tool_server(self.look_permit(caller, id).await?).await?;
        done(
            self.servers
                .handle(&row, Some(caller.person))?
                .prompt(name, arguments, &RequestCx::default())
                .await?,
        )
    }
}

/// The result of an exchange in which nobody can be asked.
pub(crate) fn done(exchanged: Exchanged) -> Result<Value, AppError> {
    match exchanged {
        Exchanged::Done(result) => Ok(result),
        Exchanged::Waits(_) | Exchanged::Task(..) => {
            Err(AppError::Conflict("The server wants to ask somebody first.".to_owned()))
        }
    }
}
