//! What the commands say, and how they end.

use std::time::Duration;

use galaxy_testkit::store::tamper;
use serde_json::Value;
use tokio::time::Instant;

use crate::process::Setup;

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused_and_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path());
    let galaxy = setup.start().await;
    let refused = setup.run(&["serve"]).await;
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("another process uses the data folder"), "{said}");
    assert!(said.contains(setup.data().to_str().unwrap()), "{said}");
    assert_eq!(galaxy.client.get("/health/ready").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_wrong_configuration_ends_with_78_and_names_every_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path())
        .with("PORT", "eighty")
        .with("LOG_LEVEL", "loud")
        .with("FAIL_AT_COMMIT", "never")
        .with("GALAXY_HOTS", "127.0.0.1");
    for arguments in [&["serve"][..], &["config", "check"], &["migrate"]] {
        let output = setup.run(arguments).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{arguments:?}: {said}");
        for key in ["PORT", "LOG_LEVEL", "FAIL_AT_COMMIT", "GALAXY_HOTS", "4 mistakes"] {
            assert!(said.contains(key), "{arguments:?} does not name {key}: {said}");
        }
    }
    assert!(!setup.data().exists(), "nothing is touched before the configuration is good");
}

#[tokio::test]
async fn a_database_is_checked_migrated_and_found_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path());
    let missing = setup.run(&["migrate", "--check"]).await;
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("missing: "));
    let applied = setup.run(&["migrate"]).await;
    assert!(applied.status.success());
    assert!(String::from_utf8_lossy(&applied.stdout).contains("applied "));
    let good = setup.run(&["migrate", "--check"]).await;
    assert!(good.status.success());
    assert_eq!(String::from_utf8_lossy(&good.stdout).trim(), "the database is up to date");
}

#[tokio::test]
async fn a_database_is_verified_and_damage_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path());
    let verify = async || {
        let output = setup.run(&["verify"]).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, _, said) = verify().await;
    assert_eq!(code, Some(1), "there is no database");
    assert!(said.contains("galaxy migrate"), "{said}");

    let galaxy = setup.start().await;
    let (code, _, said) = verify().await;
    assert_eq!(code, Some(1));
    assert!(said.contains("stop the server first"), "{said}");
    let run = galaxy.client.say(&galaxy.client.conversation().await, "Hello?").await;
    // Its events end when it does.
    galaxy.client.get(&format!("/api/runs/{run}/events")).await.unwrap();
    galaxy.kill().await;

    let (code, found, said) = verify().await;
    assert_eq!(code, Some(0), "{found}\n{said}");
    assert!(found.contains("1 runs replayed") && found.contains("nothing is wrong"), "{found}");
    tamper(&setup.data(), "UPDATE events SET seq = seq + 1 WHERE kind = 'stopped'");
    let (code, found, said) = verify().await;
    assert_eq!(code, Some(1), "{found}\n{said}");
    assert!(
        found.contains(&format!("run {run}: entry ")) && said.contains("wrong with the database"),
        "{found}\n{said}"
    );
}

#[tokio::test]
async fn the_document_of_the_api_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let printed = Setup::new(folder.path()).run(&["openapi"]).await;
    assert!(printed.status.success());
    let document: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/api/chat"]["post"].is_object());
}

#[tokio::test]
async fn it_is_ready_soon_after_its_start_and_again_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path());
    for _ in 0..2 {
        let started = Instant::now();
        let galaxy = setup.start().await;
        // Far above what it takes, far below what a person would call broken.
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        assert_eq!(galaxy.client.get("/health/live").await.unwrap().status, 200);
        galaxy.kill().await;
    }
}

#[tokio::test]
async fn programs_without_walls_are_for_a_server_that_nobody_else_reaches() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path()).with("BEHIND_PROXY", "true");
    let refused = setup.run(&["serve", "--unconfined-programs"]).await;
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(78), "{said}");
    assert!(said.contains("--unconfined-programs"), "{said}");
    assert!(!setup.data().exists(), "nothing is touched");
}
