//! What commands do to a deployment is written down.

use std::fs;

use galaxy_app::market::registry::snapshot;
use galaxy_base::Timestamp;
use serde_json::{Value, json};

use crate::{client::Call, process::Setup};

/// An entry of a registry.
const ENTRY: &str = r#"{"server":{"name":"a/weather","version":"1.0.0","description":"Tells."},"_meta":
    {"io.modelcontextprotocol.registry/official":{"status":"active","publishedAt":"2026-03-01T00:00:00Z",
    "updatedAt":"2026-03-02T00:00:00Z","isLatest":true}}}"#;
/// What opens a tool server.
const CANARY: &str = "canary-4d1e";

/// Runs a command; gives how it ended and what it said.
async fn run(setup: &Setup, arguments: &[&str]) -> (Option<i32>, String) {
    let output = setup.run(arguments).await;
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// All records, the oldest first, as text and as what they say.
async fn exported(setup: &Setup) -> (String, Vec<Value>) {
    let file = setup.data().join("records.jsonl");
    let (code, said) = run(setup, &["audit", "export", file.to_str().unwrap()]).await;
    assert_eq!(code, Some(0), "{said}");
    let text = fs::read_to_string(&file).unwrap();
    fs::remove_file(file).unwrap();
    let mut records: Vec<Value> =
        text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    records.reverse();
    (text, records)
}

/// Those of `act`: how each ended, and its facts. All are by whoever sits at this machine.
fn told(records: &[Value], act: &str) -> Vec<(String, Value)> {
    let found = records.iter().filter(|it| it["act"] == act);
    found
        .map(|it| {
            assert_eq!((&it["way"], &it["person"]), (&json!("local"), &Value::Null), "{it}");
            assert_eq!(it["subject_kind"], "deployment", "{it}");
            (it["ending"].as_str().unwrap().to_owned(), it["facts"].clone())
        })
        .collect()
}

#[tokio::test]
async fn what_commands_do_is_written_down_by_what_began_and_how_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path());
    let galaxy = setup.start().await;
    let link = json!({ "kind": "http", "url": "http://127.0.0.1:9/mcp", "inside": true,
        "headers": { "x-key": CANARY } });
    let new = json!({ "name": "far", "link": link });
    galaxy.client.done(&Call::post("/api/tool-servers", new)).await;
    galaxy.kill().await;
    let key = || fs::read_to_string(setup.data().join("vault.key")).unwrap();
    let before = key();

    let (code, said) = run(&setup, &["secrets", "rotate"]).await;
    assert_eq!(code, Some(0), "{said}");
    let moved: i64 = said.split(' ').next().unwrap().parse().unwrap();
    assert!(moved > 1, "a value and the seals of the log: {said}");
    assert_ne!(key(), before);
    let at = Timestamp::from_millis(1_700_000_000_000);
    let good = [snapshot::heading("https://registry.example", at), snapshot::line(ENTRY, at)];
    let good = good.join("\n");
    let file = folder.path().join("snapshot.jsonl");
    let import = ["registry", "import", file.to_str().unwrap()];
    fs::write(&file, good.replace("Tells.", "Tells lies.")).unwrap();
    let (code, said) = run(&setup, &import).await;
    assert_eq!(code, Some(1), "{said}");
    for _ in 0..2 {
        fs::write(&file, &good).unwrap();
        let (code, said) = run(&setup, &import).await;
        assert_eq!(code, Some(0), "{said}");
    }

    let (text, records) = exported(&setup).await;
    let (begun, done) = (("begun".to_owned(), json!({})), |count: i64| {
        ("done".to_owned(), json!({ "count": count }))
    });
    assert_eq!(told(&records, "vault.rotated"), [begun.clone(), done(moved)]);
    assert_eq!(
        told(&records, "registry.imported"),
        [begun.clone(), done(1), begun, done(0)],
        "what was no snapshot was not begun, and what is here already is not new"
    );
    let exports = told(&records, "log.exported");
    assert_eq!(exports, [("done".to_owned(), json!({ "format": "jsonl" }))]);
    let keys = [before, key()].join("\n");
    for secret in keys.lines().chain([CANARY]) {
        assert!(!text.contains(secret), "{text}");
    }
    let (code, said) = run(&setup, &["audit", "verify"]).await;
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test]
async fn each_start_without_walls_is_written_down_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path());
    let unconfined = setup.clone().serving(&["--unconfined-programs"]);
    for setup in [&unconfined, &setup, &unconfined] {
        setup.start().await.kill().await;
    }
    let (_, records) = exported(&setup).await;
    let done = ("done".to_owned(), json!({}));
    assert_eq!(told(&records, "programs.unconfined"), [done.clone(), done]);
}
