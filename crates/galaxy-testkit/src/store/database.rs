//! A database of its own for one test.

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, postgres::PgConnectOptions};
use uuid::Uuid;

use super::cluster;

/// An empty database on PostgreSQL, which is dropped with this value, whoever is still connected to
/// it.
#[derive(Debug)]
pub struct Database {
    server: PgConnectOptions,
    name: String,
}

impl Database {
    /// Makes one.
    ///
    /// # Panics
    /// When there is no PostgreSQL to make it on: that must not look like a passing test.
    pub async fn create() -> Self {
        let mut failure = None;
        // A cluster that stops itself may do so between being found and being asked.
        for _ in 0..3 {
            let found = tokio::task::spawn_blocking(cluster::server).await.expect("no panic");
            let server = found.unwrap_or_else(|why| panic!("{why}"));
            match make(&server).await {
                Ok(name) => return Self { server, name },
                Err(err) => failure = Some(err),
            }
        }
        panic!("no database could be made on the PostgreSQL for tests: {failure:?}");
    }

    /// The address of the database.
    pub fn url(&self) -> String {
        self.server.clone().database(&self.name).to_url_lossy().to_string()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropped = super::off_runtime(async move {
            let mut connection = server.connect().await?;
            let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            connection.execute(AssertSqlSafe(statement)).await?;
            connection.close().await
        });
        if let Err(err) = dropped {
            eprintln!("the database {} of this test is left over: {err}", self.name);
        }
    }
}

async fn make(server: &PgConnectOptions) -> Result<String, sqlx::Error> {
    let name = format!("galaxy_{}", Uuid::now_v7().simple());
    let mut connection = server.connect().await?;
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).await?;
    connection.close().await?;
    Ok(name)
}
