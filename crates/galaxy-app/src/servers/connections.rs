//! The connections of this process: one per server, closed when it is old or idle.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use galaxy_domain::{
    ToolServerId,
    tool_server::{Link, ToolServerRow},
};
use galaxy_tool::server::{
    Era, Network, Questions, ServerName, ServerSpec, ToolServer, Transport, Trust,
};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    Servers,
    values::{Values, names},
};
use crate::AppError;

/// A connection that nobody used for so long is closed; the next call opens it again.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// How long a program may take to be ready: it may have to be fetched first.
const START: Duration = Duration::from_secs(60);

/// Where a program keeps what it soon forgets, inside its own folder.
const TEMPORARY: &str = "tmp";

/// Connections by server.
#[derive(Default)]
pub(crate) struct Connections {
    open: Mutex<HashMap<ToolServerId, Open>>,
}

struct Open {
    revision: i64,
    server: Arc<dyn ToolServer>,
    noting: Noting,
    used: Instant,
    /// Ends what watches it.
    _watched: DropGuard,
}

/// Held from reading what a server lists until it is kept, so that an older list never takes the
/// place of a newer one.
pub(super) type Noting = Arc<tokio::sync::Mutex<()>>;

/// Whether looking at a connection keeps it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody uses it.
    Use,
    /// We only look after it.
    Care,
}

impl Connections {
    fn locked(&self) -> MutexGuard<'_, HashMap<ToolServerId, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection to a server, if one was opened for this revision of it.
    pub(crate) fn find(
        &self,
        row: &ToolServerRow,
        purpose: Purpose,
    ) -> Option<Arc<dyn ToolServer>> {
        let mut open = self.locked();
        let found = open.get_mut(&row.id).filter(|it| it.revision == row.revision)?;
        if purpose == Purpose::Use {
            found.used = Instant::now();
        }
        Some(found.server.clone())
    }

    /// What keeps two readings of a server's list apart.
    pub(super) fn noting(&self, id: ToolServerId) -> Noting {
        self.locked().get(&id).map(|it| it.noting.clone()).unwrap_or_default()
    }

    fn take_if(&self, id: ToolServerId, old: impl Fn(&Open) -> bool) -> Option<Open> {
        let mut open = self.locked();
        if open.get(&id).is_some_and(old) { open.remove(&id) } else { None }
    }
}

impl Servers {
    /// The connection to a server; nothing is started or sent yet.
    pub(crate) async fn connection(
        self: &Arc<Self>,
        row: &ToolServerRow,
        purpose: Purpose,
    ) -> Result<Arc<dyn ToolServer>, AppError> {
        if let Some(server) = self.connections.find(row, purpose) {
            return Ok(server);
        }
        if let Link::Program { .. } = &row.link {
            self.behind_walls().await?;
        }
        let values = self.values(row).await?;
        let spec = self.spec(row, values)?;
        self.disconnect(row.id, |it| it.revision < row.revision);
        let mut open = self.connections.locked();
        if let Some(found) = open.get(&row.id) {
            // Somebody was faster, or knows a newer revision.
            return Ok(found.server.clone());
        }
        let server = self.opener.open(spec);
        let ends = CancellationToken::new();
        let noting = Noting::default();
        self.watch(row.clone(), server.clone(), noting.clone(), ends.clone());
        let entry = Open {
            revision: row.revision,
            server: server.clone(),
            noting,
            used: Instant::now(),
            _watched: ends.drop_guard(),
        };
        open.insert(row.id, entry);
        Ok(server)
    }

    fn disconnect(&self, id: ToolServerId, old: impl Fn(&Open) -> bool) {
        if let Some(open) = self.connections.take_if(id, old) {
            self.tasks.spawn(async move { open.server.close().await });
        }
    }

    /// Closes the connection to a server, if there is one.
    pub(crate) async fn close(&self, id: ToolServerId) {
        if let Some(open) = self.connections.take_if(id, |_| true) {
            open.server.close().await;
        }
    }

    /// Closes what nobody has used for a while.
    pub(crate) fn close_idle(&self) {
        let now = Instant::now();
        let idle = |it: &Open| now.duration_since(it.used) >= IDLE;
        let ids: Vec<ToolServerId> = self.connections.locked().keys().copied().collect();
        ids.into_iter().for_each(|id| self.disconnect(id, idle));
    }

    /// What there is to know to reach a server.
    fn spec(&self, row: &ToolServerRow, values: Values) -> Result<ServerSpec, AppError> {
        let missing = |it: &&String| !values.contains_key(*it);
        if let Some(name) = names(&row.link).iter().find(missing) {
            return Err(AppError::Unavailable(format!("The value of `{name}` is missing.")));
        }
        if let Link::Program { .. } = &row.link {
            make_home(&self.home(row.id).join(TEMPORARY))?;
        }
        self.described(row, values)
    }

    /// How a server is used: the same without the values that open it.
    pub(super) fn described(
        &self,
        row: &ToolServerRow,
        values: Values,
    ) -> Result<ServerSpec, AppError> {
        let mut spec = ServerSpec::new(name(row)?, self.transport(row, values)?);
        spec.trust = if row.trusted { Trust::Trusted } else { Trust::Untrusted };
        spec.questions = if row.may_ask { Questions::Allowed } else { Questions::Off };
        spec.era = row.era.as_deref().and_then(Era::parse);
        if matches!(row.link, Link::Program { .. }) {
            spec.limits.probe = START;
            spec.limits.connect = START;
        }
        Ok(spec)
    }

    /// Where a program keeps what it keeps.
    fn home(&self, id: ToolServerId) -> PathBuf {
        self.config.home.join(id.to_string())
    }

    /// Removes what a program kept, in the background.
    pub(super) fn forget_home(&self, id: ToolServerId) {
        let home = self.home(id);
        self.tasks.spawn(async move {
            match tokio::fs::remove_dir_all(&home).await {
                Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(folder = %home.display(), error = %err, "a folder is left");
                }
                Ok(()) | Err(_) => (),
            }
        });
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

/// A folder that is this server's alone.
fn make_home(home: &Path) -> Result<(), AppError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(home);
    made.map_err(|err| AppError::Unavailable(format!("The server's folder: {err}.")))
}
