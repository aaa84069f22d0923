//! Where the data is.

use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
};

use galaxy_base::{Clock, ExposeSecret, SecretString};
use galaxy_store::{Engine, Fault, Seal, Store, StoreError};

use crate::settings::{Environment, Given, schema};

/// The file in the data folder that SQLite keeps.
const DATABASE: &str = "galaxy.db";

/// Where the data is.
#[derive(Debug)]
pub(crate) struct Config {
    /// Files and generated secrets.
    folder: PathBuf,
    /// PostgreSQL, if that is what keeps the data.
    postgres: Option<SecretString>,
    connections: NonZeroU32,
    /// Where a test wants the process to die.
    fault: Option<Fault>,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn read(given: &mut Given, environment: Environment) -> Self {
        let fault = given.optional(&schema::FAIL_AT_COMMIT);
        if fault.is_some() && environment == Environment::Production {
            given.refuse(schema::FAIL_AT_COMMIT.name, "ends the process: not in production");
        }
        let mut folder = given.value(&schema::DATA_DIR);
        let connections = given.value(&schema::DATABASE_CONNECTIONS);
        let url = given.optional(&schema::DATABASE_URL);
        let scheme = |url: &SecretString| {
            let scheme = url.expose_secret().split(':').next().unwrap_or_default();
            scheme.to_ascii_lowercase()
        };
        let postgres = match url.as_ref().map(scheme).as_deref() {
            None => None,
            Some("postgres" | "postgresql") => url,
            Some("sqlite") => {
                match url.as_ref().and_then(|url| sqlite_folder(url.expose_secret())) {
                    Some(named) => folder = named,
                    None => given.refuse(
                        schema::DATABASE_URL.name,
                        format!(
                            "the file must be called {DATABASE}; or leave it out, and DATA_DIR \
                                 says where the file is"
                        ),
                    ),
                }
                None
            }
            Some(_) => {
                let message = "must begin with postgres://, or be left out for SQLite";
                given.refuse(schema::DATABASE_URL.name, message);
                None
            }
        };
        Self { folder, postgres, connections, fault }
    }

    /// The folder of files and generated secrets.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether other processes can share the data.
    pub(crate) fn is_shared(&self) -> bool {
        self.postgres.is_some()
    }

    /// How the store is opened; `seal` seals its audit log, `instance` names this process among the replicas.
    pub(crate) fn build(&self, instance: &str, seal: Arc<dyn Seal>) -> galaxy_store::Config {
        let engine = match &self.postgres {
            Some(url) => {
                Engine::Postgres { url: url.clone(), max_connections: self.connections.get() }
            }
            None => Engine::Sqlite(self.folder.clone()),
        };
        let (instance, fault) = (instance.to_owned(), self.fault);
        galaxy_store::Config { engine, clock: Clock::System, instance, seal, fault }
    }

    /// Opens the store and brings its schema up to date.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub(crate) async fn open(
        &self,
        instance: &str,
        seal: Arc<dyn Seal>,
    ) -> Result<Store, StoreError> {
        Store::open(self.build(instance, seal)).await
    }
}

/// The folder of `sqlite:PATH`, where the path is the folder or the file in it.
fn sqlite_folder(url: &str) -> Option<PathBuf> {
    let (_, path) = url.split_once(':')?;
    // As others write it: three slashes for a path from here, four for one from the root.
    let path = path.strip_prefix("//").map_or(path, |path| path.strip_prefix('/').unwrap_or(path));
    let path = Path::new(path.split('?').next().unwrap_or_default());
    match path.file_name()?.to_str()? {
        DATABASE => Some(path.parent().map(Path::to_owned).unwrap_or_default()),
        name if Path::new(name).extension().is_some() => None,
        _ => Some(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_sqlite_names_the_folder_or_the_file_in_it() {
        for (url, folder) in [
            ("sqlite:data", Some("data")),
            ("sqlite:/var/lib/galaxy", Some("/var/lib/galaxy")),
            ("sqlite:///data/galaxy.db", Some("data")),
            ("sqlite:////data/galaxy.db?mode=rwc", Some("/data")),
            ("sqlite:other.db", None),
            ("sqlite:", None),
        ] {
            assert_eq!(sqlite_folder(url), folder.map(PathBuf::from), "{url}");
        }
    }
}
