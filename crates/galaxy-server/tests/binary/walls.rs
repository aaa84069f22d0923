//! A tool server that is a program, added as people do and behind walls.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{
    client::Call,
    process::{PATIENCE, Setup},
};

/// A tool server in the language of shells: `look` tells whether it can read the file that its first
/// argument names, and writes into a file of its own folder.
const SERVER: &str = r#"
say() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case "$line" in
    *'"initialize"'*) say '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"shell","version":"1"}}' ;;
    *'"tools/list"'*) say '{"tools":[{"name":"look","inputSchema":{"type":"object"}}]}' ;;
    *'"tools/call"'*)
      if cat "$1" > /dev/null 2>&1; then read=yes; else read=no; fi
      if echo kept > "$HOME/kept"; then wrote=yes; else wrote=no; fi
      say "{\"content\":[{\"type\":\"text\",\"text\":\"read $read, wrote $wrote\"}]}" ;;
    *'"id"'*) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no"}}\n' "$id" ;;
  esac
done
"#;

fn program(name: &str, file: &str, folders: &[&str]) -> Call {
    let folders: Vec<Value> = folders.iter().map(|it| json!({ "path": it })).collect();
    let link = json!({
        "kind": "program", "command": "sh", "arguments": ["-c", SERVER, "server", file],
        "folders": folders,
    });
    Call::post("/api/tool-servers", json!({ "name": name, "link": link }))
}

#[tokio::test]
async fn a_program_reads_what_it_was_given_and_not_the_servers_keys() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path());
    let galaxy = setup.start().await;
    let key = setup.data().join("vault.key");
    assert!(key.exists());
    let given = folder.path().join("given");
    std::fs::write(&given, "for everybody").unwrap();
    let (key, given) = (key.to_str().unwrap(), given.to_str().unwrap());

    for (name, file, folders, said) in [
        ("thief", key, &[][..], "read no, wrote yes"),
        ("guest", given, &[given][..], "read yes, wrote yes"),
    ] {
        let added = galaxy.client.done(&program(name, file, folders)).await;
        assert_eq!(added["server"]["health"]["state"], "ready", "{added}\n{}", galaxy.log());
        let call = Call::post(format!("/api/tools/{name}__look/call"), json!({ "arguments": {} }));
        let done = galaxy.client.done(&call).await;
        assert_eq!(done["output"][0]["text"], said, "{name}: {done}");
    }
    let config = galaxy.client.get("/api/runtime-config").await.unwrap().body;
    assert_eq!(config["features"]["tool_programs"], "confined");
}

#[tokio::test]
async fn a_program_that_fills_its_folder_is_ended_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path()).with("TOOL_PROGRAMS_FOLDER_MIB", "4");
    let leftover = setup.data().join("tool-servers/removed-before");
    std::fs::create_dir_all(leftover.join("inside")).unwrap();
    let galaxy = setup.start().await;
    let added = galaxy.client.done(&program("hoarder", "/nothing", &[])).await;
    let id = added["server"]["id"].as_str().unwrap();
    assert_eq!(added["server"]["health"]["state"], "ready", "{added}\n{}", galaxy.log());
    let home = setup.data().join("tool-servers").join(id);
    std::fs::write(home.join("hoard"), vec![1; 8 << 20]).unwrap();

    let path = format!("/api/tool-servers/{id}");
    let told = async || galaxy.client.get(&path).await.unwrap().body;
    let full = timeout(PATIENCE, async {
        loop {
            let now = told().await;
            if now["server"]["health"]["state"] == "failed" {
                return now;
            }
            sleep(Duration::from_millis(200)).await;
        }
    });
    let full = full.await.expect("it is noticed");
    let words = "its folder holds more than 4 MiB";
    assert_eq!(full["server"]["health"]["message"], words, "{full}");
    let call = Call::post("/api/tools/hoarder__look/call", json!({ "arguments": {} }));
    let refused = galaxy.client.done(&call).await;
    assert!(refused["message"].as_str().unwrap().starts_with(words), "{refused}");
    let emptied = galaxy.client.done(&Call::delete(format!("{path}/folder"))).await;
    assert_eq!(emptied["server"]["health"]["state"], "idle", "{emptied}");
    assert_eq!(galaxy.client.done(&call).await["output"][0]["text"], "read no, wrote yes");
    assert!(!leftover.exists());
}

#[tokio::test]
async fn a_program_of_before_is_not_started_where_programs_are_forbidden() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path());
    let galaxy = setup.start().await;
    let added = galaxy.client.done(&program("old", "/nothing", &[])).await;
    assert_eq!(added["server"]["health"]["state"], "ready", "{added}");
    let offers = format!("/api/tool-servers/{}/resources", added["server"]["id"].as_str().unwrap());
    galaxy.kill().await;

    let galaxy = setup.with("TOOL_PROGRAMS", "false").start().await;
    let refused = galaxy.client.get(&offers).await.unwrap();
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.body["detail"].as_str().unwrap().contains("TOOL_PROGRAMS"), "{}", refused.body);
    assert_eq!(
        galaxy.client.get("/api/runtime-config").await.unwrap().body["features"]["tool_programs"],
        "off"
    );
}
