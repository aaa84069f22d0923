//! Clients by which issuers know us: those that somebody entered, and those that were registered.

use galaxy_access::administer;
use galaxy_base::SecretString;
use galaxy_domain::{
    Caller, Permit, ToolClientId, ToolServerId, WorkspaceId,
    id::ToolServer,
    sign_in::ClientRow,
    tool_server::{Link, ToolServerRow},
};
use galaxy_store::tool_servers::clients::NewClient;
use galaxy_tool::server::oauth::{Inside, Registration};
use url::Url;

use super::{
    super::{ServerDetail, Servers, settings::Mistakes},
    CALLBACK, inside_of,
    sealing::Column,
};
use crate::{App, AppError};

/// The name or the secret of a client is at most this long, in bytes.
const LONG: usize = 2_048;

/// A client that somebody enters.
#[derive(Debug, Clone)]
pub struct Entering {
    /// Whose client it is: the issuer, as it calls itself.
    pub issuer: String,
    /// Its name there.
    pub client: String,
    /// Its secret, if it has one.
    pub secret: Option<SecretString>,
    /// Whether the issuer may be in the networks inside; for administrators to say.
    pub inside: bool,
}

/// The clients of a server.
pub(super) struct Clients {
    pub(super) entered: Option<Entered>,
    pub(super) registered: Vec<Registration>,
}

/// A client that somebody entered.
pub(super) struct Entered {
    pub(super) registration: Registration,
    inside: bool,
}

impl Clients {
    /// What may be reached inside for a sign-in at the server.
    pub(super) fn inside(&self, row: &ToolServerRow) -> Inside {
        let entered = self.entered.as_ref().filter(|it| it.inside);
        inside_of(&row.link, entered.and_then(|it| it.registration.issuer.parse().ok()))
    }
}

impl Servers {
    /// The clients of a server, opened. Those that cannot be read are none.
    pub(super) async fn clients<A>(
        &self,
        permit: Permit<A, ToolServer>,
    ) -> Result<Clients, AppError> {
        let workspace = permit.workspace();
        let mut clients = Clients { entered: None, registered: Vec::new() };
        for NewClient { row, sealed } in self.store.tool_clients(permit).await? {
            let Ok(registration) = self.unseal(&column(workspace, row.id), &sealed) else {
                continue;
            };
            if row.entered {
                clients.entered = Some(Entered { registration, inside: row.inside });
            } else {
                clients.registered.push(registration);
            }
        }
        Ok(clients)
    }

    /// `registration`, sealed for a row of its own.
    pub(super) fn sealed_client(
        &self,
        workspace: WorkspaceId,
        registration: Registration,
        inside: bool,
    ) -> Result<NewClient, AppError> {
        use galaxy_tool::server::oauth::ClientOrigin;
        let id = ToolClientId::fresh();
        let sealed = self.seal_json(&column(workspace, id), &registration)?;
        let entered = registration.client.origin == ClientOrigin::Entered;
        let Registration { issuer, client, .. } = registration;
        Ok(NewClient { row: ClientRow { id, issuer, client: client.id, entered, inside }, sealed })
    }
}

impl App {
    /// Keeps the client that is entered for a server, in the place of the one before, or forgets
    /// that one. Whoever signs in from now on does so with it. Entering one needs a fresh sign-in.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with every mistake; [`AppError::Denied`]; [`AppError::NotFound`].
    pub async fn enter_client(
        &self,
        caller: &Caller,
        id: ToolServerId,
        entering: Option<Entering>,
    ) -> Result<ServerDetail, AppError> {
        let permit = self.care_permit(caller, id).await?;
        let row = self.store.tool_server(permit).await?;
        if matches!(row.link, Link::Program { .. }) {
            return Err(AppError::Conflict("A program needs no sign-in.".to_owned()));
        }
        let client = match entering {
            None => None,
            Some(entering) => {
                if entering.inside {
                    administer(caller)?;
                }
                self.access.fresh(caller)?;
                check(&entering)?;
                let Entering { issuer, client, secret, inside } = entering;
                let back = self.servers.config.public_at(CALLBACK);
                let registration =
                    Registration::entered(issuer.trim(), client.trim(), secret, back);
                Some(self.servers.sealed_client(row.workspace, registration, inside)?)
            }
        };
        self.store.enter_client(permit, client).await?;
        self.server(caller, id).await
    }
}

fn check(entering: &Entering) -> Result<(), AppError> {
    use galaxy_base::ExposeSecret;
    let mut mistakes = Mistakes::default();
    let issuer = entering.issuer.trim().parse::<Url>().ok();
    let is_good = |it: &Url| {
        let scheme = it.scheme() == "https" || (entering.inside && it.scheme() == "http");
        scheme && it.has_host() && it.username().is_empty() && it.fragment().is_none()
    };
    if !issuer.as_ref().is_some_and(is_good) || entering.issuer.len() > LONG {
        mistakes.add("/issuer", "the address of the issuer, such as https://login.example.org");
    }
    let plain = |text: &str| (1..=LONG).contains(&text.len()) && !text.contains(char::is_control);
    if !plain(entering.client.trim()) {
        mistakes.add("/client_id", "the client's name at the issuer");
    }
    if !entering.secret.as_ref().is_none_or(|it| plain(it.expose_secret())) {
        mistakes.add("/client_secret", "the client's secret, or nothing if it has none");
    }
    mistakes.end()
}

fn column(workspace: WorkspaceId, id: ToolClientId) -> Column {
    Column::new("tool_clients.sealed", workspace, id.uuid())
}
