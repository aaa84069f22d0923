//! Adding what was chosen.

use galaxy_domain::Caller;
use galaxy_store::Once;

use super::Choice;
use crate::{
    App, AppError,
    servers::{Known, NewServer, ServerDetail},
};

/// A tool server to add from an entry.
#[derive(Debug, Clone)]
pub struct Adding {
    /// What was chosen.
    pub choice: Choice,
    /// The digest of what was shown.
    pub digest: String,
    /// The prefix of its tools; a name made of the entry's if not said.
    pub name: Option<String>,
    /// What people read; the entry's title if not said.
    pub title: Option<String>,
    /// Whether it is to be everybody's; for administrators to say.
    pub shared: bool,
    /// Whether what it says about its tools is believed; for administrators to say.
    pub trusted: bool,
    /// Whether it may ask people for input.
    pub may_ask: bool,
}

impl App {
    /// Adds a tool server from the entry `name`, as it was shown.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when it would not be what the digest stands for; otherwise as
    /// [`App::resolve_offer`] and [`App::add_server`].
    pub async fn add_offer(
        &self,
        caller: &Caller,
        name: &str,
        adding: Adding,
        once: Option<&Once>,
    ) -> Result<ServerDetail, AppError> {
        let Adding { choice, digest, name: short, title, shared, trusted, may_ask } = adding;
        let offer = self.offer(name, choice.version.as_deref()).await?;
        self.may_add(caller, &offer, &choice.way, (shared, trusted))?;
        let prepared = self.prepare(caller, &offer, &choice, &Known::default())?;
        let (link, origin) = prepared.consented(&digest)?;
        let new = NewServer {
            name: short.unwrap_or_else(|| offer.entry.short_name()),
            title: title.or_else(|| Some(galaxy_base::text::headline(offer.entry.label(), 100))),
            link,
            origin: Some(origin),
            shared,
            trusted,
            may_ask,
        };
        self.add_server(caller, new, once).await
    }
}
