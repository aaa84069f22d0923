use std::path::Path;

use rusqlite::Connection;

use super::*;
use crate::{Engine, audit::NoSeal};

fn config(folder: &Path) -> Config {
    let engine = Engine::Sqlite(folder.to_path_buf());
    let seal = Arc::new(NoSeal);
    Config { engine, clock: Clock::System, instance: "test".to_owned(), seal, fault: None }
}

#[tokio::test]
async fn a_folder_belongs_to_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(config(folder.path())).await.unwrap();
    let second = Store::open(config(folder.path())).await;
    let Err(StoreError::InUse(said)) = second else { panic!("opened twice") };
    assert!(said.contains(&folder.path().display().to_string()), "{said}");

    let workspace = store.workspace();
    store.close().await;
    let again = Store::open(config(folder.path())).await.unwrap();
    assert_eq!(again.workspace(), workspace);
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = Store::pending(config(folder.path())).await.unwrap();
    assert_eq!(fresh.first().map(String::as_str), Some("0001_base"));
    Store::open(config(folder.path())).await.unwrap().close().await;
    assert!(Store::pending(config(folder.path())).await.unwrap().is_empty());

    let conn = Connection::open(folder.path().join("galaxy.db")).unwrap();
    let later = "INSERT INTO _sqlx_migrations
        (version, description, success, checksum, execution_time)
        VALUES (9999, 'later', TRUE, x'00', 0)";
    conn.execute(later, []).unwrap();
    drop(conn);
    let refused = Store::open(config(folder.path())).await;
    assert!(matches!(refused, Err(StoreError::Newer { found: 9999, .. })), "{refused:?}");
    let checked = Store::pending(config(folder.path())).await;
    assert!(matches!(checked, Err(StoreError::Newer { found: 9999, .. })));
}
