//! Signing in at tool servers: who has begun, who has come back, and who is signed in.
//!
//! **Invariants:** a sign-in is finished by the person who began it and by nobody else. What they
//! were granted is stored sealed, for their row, and never told to anybody but the server it is
//! for. What a server or an issuer said wrong is shown where the person signs in.

mod auth;
mod clients;
mod giving_back;
mod keeper;
mod notes;
mod sealing;
pub(crate) mod waiting;

use galaxy_access::{on_behalf, own};
use galaxy_base::ExposeSecret;
use galaxy_domain::{
    Caller, Permit, ToolGrantId, ToolServerId, ToolSignInId,
    access::{Drive, Write},
    id::ToolServer,
    sign_in::SignInRow,
    tool_server::{Link, ToolServerRow},
};
use galaxy_store::tool_servers::sign_ins::NewSignIn;
use galaxy_tool::server::{
    SignInError,
    oauth::{Ask, Begun, Callback, Grant, Inside, Pending},
};
use sha2::{Digest, Sha256};
use url::Url;

use super::{ServerDetail, Servers, manage::First};
use crate::{App, AppError};
use sealing::Column;

pub use auth::Auth;
pub use clients::Entering;

/// Where people come back to.
const CALLBACK: &str = "/api/oauth/callback";
/// Where this deployment says who it is.
const DOCUMENT: &str = "/oauth/client.json";

/// Where a person goes to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The whole address; the state in it is theirs alone.
    pub url: Url,
    /// Who will ask them, to be shown before they go.
    pub host: String,
}

impl App {
    /// Begins a sign-in of the caller at a server, with all that they allowed there before.
    ///
    /// # Errors
    /// [`AppError::Conflict`] with the reason when there is no way to sign in there, which is then
    /// shown with the server; [`AppError::Unavailable`] when it is worth another try;
    /// [`AppError::NotFound`]; [`AppError::Denied`] to keys.
    pub async fn connect_server(
        &self,
        caller: &Caller,
        id: ToolServerId,
    ) -> Result<Departure, AppError> {
        own::<Write>(caller)?;
        let row = self.store.tool_server(self.look_permit(caller, id).await?).await?;
        if !row.enabled {
            return Err(AppError::Conflict("The tool server is switched off.".to_owned()));
        }
        let permit = on_behalf(&row, caller.person)?.by(caller.credential);
        let ask = self.servers.ask(&row, permit).await?;
        match self.servers.sign_in.begin(ask).await {
            Ok(begun) => self.servers.depart(permit, begun).await,
            Err(err) => Err(self.servers.went_wrong(permit, &err).await),
        }
    }

    /// Finishes the sign-in that the caller came back from with `query`; gives the server. Its
    /// tools are read at once, and whatever waited for this goes on.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when the caller began no such sign-in, or it went wrong: then the
    /// reason is shown with the server, too; [`AppError::Unavailable`]; [`AppError::Denied`] to
    /// keys.
    pub async fn finish_sign_in(
        &self,
        caller: &Caller,
        query: &str,
    ) -> Result<ServerDetail, AppError> {
        let own = own::<Write>(caller)?;
        let callback = Callback::read(query);
        let hash = callback.state.as_ref().map(|it| hashed(it.expose_secret()));
        let taken = match hash {
            Some(hash) => self.store.take_sign_in(own, hash).await?,
            None => None,
        };
        let (sign_in, sealed) = taken.ok_or_else(nobodys)?;
        let row = self.store.tool_server(self.look_permit(caller, sign_in.server).await?).await?;
        let permit = on_behalf(&row, caller.person)?.by(caller.credential);
        let pending: Pending = self.servers.unseal(&column(&sign_in), &sealed)?;
        match self.servers.sign_in.finish(pending, callback).await {
            Ok(grant) => self.servers.keep_new(&row, permit, &grant).await?,
            Err(err) => return Err(self.servers.went_wrong(permit, &err).await),
        }
        self.servers.close_of(row.id, caller.person).await;
        self.servers.shelves.forget_all();
        self.look_at_first(caller, row.id).await?;
        waiting::go_on_after(self, caller, row.id).await?;
        self.server(caller, row.id).await
    }

    /// Ends what the caller was granted at a server. It is given back to the issuer behind their
    /// back, and as long as that takes.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Denied`] to keys.
    pub async fn disconnect_server(
        &self,
        caller: &Caller,
        id: ToolServerId,
    ) -> Result<ServerDetail, AppError> {
        own::<Write>(caller)?;
        let row = self.store.tool_server(self.look_permit(caller, id).await?).await?;
        let permit = on_behalf(&row, caller.person)?.by(caller.credential);
        self.store.end_grant(permit).await?;
        self.servers.owing.notify_one();
        self.servers.close_of(id, caller.person).await;
        self.server(caller, id).await
    }

    /// What this deployment says of itself to issuers that look it up, if they can: it has to be
    /// reached by https.
    pub fn client_document(&self) -> Option<serde_json::Value> {
        let config = &self.servers.config;
        let address = document(config)?;
        Some(galaxy_tool::server::oauth::client_document(&address, &config.public_at(CALLBACK)))
    }

    /// Reads a server's list on behalf of somebody who has just signed in. Where nobody could read
    /// it before, whoever looks after it allows it with that, as when a server is added.
    async fn look_at_first(&self, caller: &Caller, id: ToolServerId) -> Result<(), AppError> {
        let row = self.store.tool_server(self.look_permit(caller, id).await?).await?;
        let care = self.care_permit(caller, id).await.ok();
        let is_first = match care {
            Some(care) => self.store.server_tools(care).await?.is_empty(),
            None => false,
        };
        let first = care.filter(|_| is_first).map_or(First::Waits, First::Allowed);
        self.servers.look_now(&row, Some(caller.person), first).await;
        self.remembered.forget_all();
        Ok(())
    }
}

impl Servers {
    /// What there is to know before a person signs in.
    async fn ask(
        &self,
        row: &ToolServerRow,
        permit: Permit<Drive, ToolServer>,
    ) -> Result<Ask, AppError> {
        let Link::Http { url, .. } = &row.link else {
            let words = "A program needs no sign-in: what opens it is in its environment.";
            return Err(AppError::Conflict(words.to_owned()));
        };
        let url: Url = url.parse().map_err(|_| AppError::Internal("no address".to_owned()))?;
        let clients = self.clients(permit).await?;
        let kept = self.store.grant(permit).await?;
        let mut ask = Ask::new(url, clients.inside(row), self.config.public_at(CALLBACK));
        ask.client_document = document(&self.config);
        ask.entered = clients.entered.map(|it| it.registration);
        ask.registered = clients.registered;
        if let Some(kept) = kept {
            ask.challenge = kept.row.challenge;
            ask.scopes = kept.row.scopes;
        }
        Ok(ask)
    }

    /// Keeps a sign-in until its person is back.
    async fn depart(
        &self,
        permit: Permit<Drive, ToolServer>,
        begun: Begun,
    ) -> Result<Departure, AppError> {
        let Begun { url, pending, registration } = begun;
        let id = ToolSignInId::fresh();
        let column = Column::new("tool_sign_ins.sealed", permit.workspace(), id.uuid());
        let new = NewSignIn {
            id,
            state_hash: hashed(pending.state.expose_secret()),
            sealed: self.seal_json(&column, &pending)?,
            expires_at: pending.began.after(Pending::GOOD_FOR),
        };
        let client = match registration {
            Some(new) => Some(self.sealed_client(permit.workspace(), new, false)?),
            None => None,
        };
        self.store.begin_sign_in(permit, new, client).await?;
        let host = url.host_str().unwrap_or_default().to_owned();
        Ok(Departure { url, host })
    }

    /// Keeps what somebody was granted. What cannot be kept is given back.
    async fn keep_new(
        &self,
        row: &ToolServerRow,
        permit: Permit<Drive, ToolServer>,
        grant: &Grant,
    ) -> Result<(), AppError> {
        let new = self.sealed_grant(row, ToolGrantId::fresh(), grant)?;
        let Err(err) = self.store.put_grant(permit, new).await else { return Ok(()) };
        if let Err(err) = self.owe(row, permit, grant).await {
            tracing::warn!(server = %row.name, error = %err, "a sign-in is not given back");
        }
        Err(err.into())
    }

    /// Notes why a sign-in went wrong, unless it is only for a while; gives what to tell.
    async fn went_wrong(&self, permit: Permit<Drive, ToolServer>, err: &SignInError) -> AppError {
        let words = told(err);
        if matches!(err, SignInError::Unavailable { .. }) {
            return AppError::Unavailable(words);
        }
        tracing::info!(server = %permit.resource(), code = err.code(), "a sign-in went wrong");
        match self.store.refuse_sign_in(permit, words.clone(), err.code()).await {
            Ok(()) => AppError::Conflict(words),
            Err(err) => err.into(),
        }
    }
}

/// What a person is told of `err`.
fn told(err: &SignInError) -> String {
    let words = err.to_string();
    let mut chars = words.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}. {}", chars.as_str(), err.advice())
}

fn nobodys() -> AppError {
    let words = "You did not begin this sign-in here, or it was finished before, or it took longer \
                 than ten minutes. Begin it again.";
    AppError::Conflict(words.to_owned())
}

fn column(sign_in: &SignInRow) -> Column {
    Column::new("tool_sign_ins.sealed", sign_in.workspace, sign_in.id.uuid())
}

/// The address of our document, where the public can reach it by https.
fn document(config: &super::ServersConfig) -> Option<Url> {
    (config.public.scheme() == "https").then(|| config.public_at(DOCUMENT))
}

fn hashed(state: &str) -> String {
    hex::encode(Sha256::digest(state.as_bytes()))
}

/// What may be reached inside for a sign-in at the server.
fn inside_of(link: &Link, issuer: Option<Url>) -> Inside {
    let own = match link {
        Link::Http { url, inside: true, .. } => {
            url.parse().ok().map(|url| Inside::of(&url, galaxy_tool::server::Network::Inside))
        }
        Link::Http { inside: false, .. } | Link::Program { .. } => None,
    };
    let own = own.unwrap_or_default();
    issuer.into_iter().fold(own, Inside::and)
}
