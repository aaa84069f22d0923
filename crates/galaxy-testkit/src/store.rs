//! Stores for tests: each test gets its own folder or its own database, and nothing is left.
//!
//! A test that concerns the store runs on both engines:
//!
//! ```ignore
//! async fn a_task_is_kept(store: &StoreFixture) { … }
//!
//! galaxy_testkit::on_both_engines! { a_task_is_kept }
//! ```

mod cluster;
mod database;
mod integrity;
mod seal;
mod tamper;

use std::{ops::Deref, sync::Arc, thread};

use galaxy_base::{Clock, SecretString, Timestamp};
use galaxy_domain::{
    Id, Permit, PersonId, Role, WorkspaceId,
    id::{Person, Workspace},
};
use galaxy_store::{Config, Engine, Store};
use tempfile::TempDir;

pub use database::Database;
pub use integrity::integrity;
pub use seal::TestSeal;
pub use tamper::tamper;

/// When the clock of a fixture starts: 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// A store that nobody else knows. It can be used like a [`Store`].
#[derive(Debug)]
pub struct StoreFixture {
    /// The store under test.
    pub store: Store,
    /// Its clock; it starts at [`START`] and moves only when told.
    pub clock: Clock,
    home: Home,
}

#[derive(Debug)]
enum Home {
    Folder(TempDir),
    Database(Box<Database>),
}

/// A store on SQLite, in a fresh folder.
///
/// # Panics
/// When it cannot be made.
pub async fn sqlite() -> StoreFixture {
    open(Home::Folder(tempfile::tempdir().expect("a temporary folder"))).await
}

/// A store on PostgreSQL, in a fresh database.
///
/// # Panics
/// When it cannot be made, with a sentence that says what to install.
pub async fn postgres() -> StoreFixture {
    open(Home::Database(Box::new(Database::create().await))).await
}

/// A permit for tests of what comes after the decision.
#[expect(clippy::disallowed_methods, reason = "tests of the store have no access crate to ask")]
pub const fn permit<Action, R>(
    resource: Id<R>,
    workspace: WorkspaceId,
    person: PersonId,
) -> Permit<Action, R> {
    Permit::attest(resource, workspace, person)
}

/// Runs each named test on both engines. A test is an
/// `async fn(store: &galaxy_testkit::store::StoreFixture)`; it becomes `sqlite::<name>` and
/// `postgres::<name>`. Once per module.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(&$crate::store::sqlite().await).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(&$crate::store::postgres().await).await;
                }
            )*
        }
    };
}

impl StoreFixture {
    /// How the store was opened; for opening it once more.
    pub fn config(&self, instance: &str) -> Config {
        config(&self.home, &self.clock, instance)
    }

    /// A member of the first workspace, made if there is none with this address.
    pub async fn someone(&self, email: &str) -> Someone {
        let workspace = self.store.workspace();
        let person = self.store.provision(workspace, email, email, Role::Member).await;
        Someone { workspace, id: person.expect("a person").id }
    }
}

impl Deref for StoreFixture {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// Somebody who may do everything they ask for.
#[derive(Debug, Clone, Copy)]
pub struct Someone {
    /// Where they live.
    pub workspace: WorkspaceId,
    /// Who they are.
    pub id: PersonId,
}

impl Someone {
    /// A permit for `resource`.
    pub const fn may<Action, R>(&self, resource: Id<R>) -> Permit<Action, R> {
        permit(resource, self.workspace, self.id)
    }

    /// A permit for the workspace.
    pub const fn may_here<Action>(&self) -> Permit<Action, Workspace> {
        self.may(self.workspace)
    }

    /// A permit for the person.
    pub const fn may_self<Action>(&self) -> Permit<Action, Person> {
        self.may(self.id)
    }
}

async fn open(home: Home) -> StoreFixture {
    let clock = Clock::fixed(START);
    let opened = Store::open(config(&home, &clock, "test")).await;
    StoreFixture { store: opened.expect("a fresh store opens"), clock, home }
}

fn config(home: &Home, clock: &Clock, instance: &str) -> Config {
    let engine = match home {
        Home::Folder(folder) => Engine::Sqlite(folder.path().to_path_buf()),
        Home::Database(database) => {
            Engine::Postgres { url: SecretString::from(database.url()), max_connections: 8 }
        }
    };
    let (seal, instance) = (Arc::new(TestSeal::default()), instance.to_owned());
    Config { engine, clock: clock.clone(), instance, seal, fault: None }
}

/// Runs `work` to its end on a thread of its own, for places where nothing can be awaited.
fn off_runtime<T: Send + 'static>(
    work: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
) -> Result<T, sqlx::Error> {
    let thread = thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
    });
    thread.join().unwrap_or(Err(sqlx::Error::WorkerCrashed))
}
