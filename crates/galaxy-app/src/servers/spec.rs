//! What there is to know to reach a server.

use std::{sync::Arc, time::Duration};

use galaxy_domain::{
    ToolServerId,
    tool_server::{Link, ToolServerRow},
};
use galaxy_tool::server::{
    Credentials, Desk, Era, Network, Questions, ServerName, ServerSpec, Transport, Trust,
};

use super::{
    Servers,
    homes::TEMPORARY,
    values::{Values, names},
};
use crate::AppError;

/// How long a program may take to be ready: it may have to be fetched first.
const START: Duration = Duration::from_secs(60);

impl Servers {
    /// What there is to know to reach a server.
    pub(super) fn spec(
        &self,
        row: &ToolServerRow,
        values: Values,
        shown: Option<Arc<dyn Credentials>>,
    ) -> Result<ServerSpec, AppError> {
        let missing = |it: &&String| !values.contains_key(*it);
        if let Some(name) = names(&row.link).iter().find(missing) {
            return Err(AppError::Unavailable(format!("The value of `{name}` is missing.")));
        }
        let mut spec = self.described(row, values)?;
        if let Transport::Http { credentials, .. } = &mut spec.transport {
            *credentials = shown;
        }
        Ok(spec)
    }

    /// How a server is used: the same without the values that open it.
    pub(super) fn described(
        &self,
        row: &ToolServerRow,
        values: Values,
    ) -> Result<ServerSpec, AppError> {
        let mut spec = ServerSpec::new(name(row)?, self.transport(row, values)?);
        spec.desk = Some(Desk { server: row.id, page: self.page(row.id) });
        spec.trust = if row.trusted { Trust::Trusted } else { Trust::Untrusted };
        spec.questions = if row.may_ask { Questions::Allowed } else { Questions::Off };
        spec.era = row.era.as_deref().and_then(Era::parse);
        if matches!(row.link, Link::Program { .. }) {
            spec.limits.probe = START;
            spec.limits.connect = START;
        }
        Ok(spec)
    }

    /// The address of a server's page, for people.
    pub(super) fn page(&self, id: ToolServerId) -> String {
        self.config.public_at(&format!("/tools/{id}")).into()
    }

    fn transport(&self, row: &ToolServerRow, mut values: Values) -> Result<Transport, AppError> {
        let mut given: Vec<_> =
            names(&row.link).iter().filter_map(|name| values.remove_entry(name)).collect();
        Ok(match &row.link {
            Link::Http { url, inside, .. } => {
                let broken = || AppError::Internal(format!("`{}` has no address", row.name));
                let network = if *inside { Network::Inside } else { Network::Public };
                let url = url.parse().map_err(|_| broken())?;
                Transport::Http { url, headers: given, network, credentials: None }
            }
            Link::Program { command, arguments, folders, network, .. } => {
                let home = self.home(row.id);
                let path: Vec<_> =
                    self.config.search.iter().map(|it| it.display().to_string()).collect();
                let ours = [
                    ("PATH", path.join(":")),
                    ("HOME", home.display().to_string()),
                    ("TMPDIR", home.join(TEMPORARY).display().to_string()),
                    ("LANG", "C.UTF-8".to_owned()),
                ];
                for (name, value) in ours {
                    if !given.iter().any(|(it, _)| it == name) {
                        given.push((name.to_owned(), value.into()));
                    }
                }
                Transport::Stdio {
                    command: command.into(),
                    arguments: arguments.clone(),
                    environment: given,
                    walls: self.config.walls(command, &home, folders, *network),
                    directory: Some(home),
                }
            }
        })
    }
}

/// The name of a server, read again.
pub(super) fn name(row: &ToolServerRow) -> Result<ServerName, AppError> {
    let broken = |_| AppError::Internal(format!("`{}` is no name of a server", row.name));
    ServerName::parse(&row.name).map_err(broken)
}
