//! Tool servers that are programs: whether they are started, and what they keep.

use std::{fs, path::PathBuf, sync::Arc};

use futures::FutureExt;
use galaxy_app::servers::{Sandbox, ServersConfig};
use galaxy_testkit::{FakeToolServer, store::StoreFixture};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::{
    house::{House, Person, Plan},
    talk::{items, text},
};

galaxy_testkit::on_both_engines! {
    programs_that_run_are_ended_when_the_walls_do_not_hold_any_more,
    where_the_walls_do_not_hold_nobody_starts_a_program_and_administrators_read_why,
    a_program_that_keeps_too_much_is_not_started_until_its_folder_is_emptied,
    only_an_administrator_who_signed_in_a_moment_ago_empties_what_is_everybodys,
    what_a_program_kept_goes_with_it,
}

/// What only administrators may read.
const REASON: &str = "in a test a file outside was read";
const PLAIN: &str = "programs are not started here, because the walls around them do not hold";
const SENTENCE: &str = "Programs are not started here, because the walls around them do not hold. \
                        An administrator finds the reason on the page Tools.";
/// So many bytes may a folder hold.
const MOST: u64 = 1 << 20;

/// A house that starts programs, with `home` for their folders.
struct Site {
    home: TempDir,
    walls: watch::Sender<Sandbox>,
}

impl Site {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), walls: watch::Sender::new(Sandbox::Holds) }
    }

    async fn house<'a>(&self, store: &'a StoreFixture) -> House<'a> {
        let mut plan = Plan::default();
        plan.servers = ServersConfig {
            programs: true,
            search: vec!["/bin".into(), "/usr/bin".into()],
            home: self.home.path().to_owned(),
            folder_bytes: MOST,
            sandbox: self.walls.subscribe(),
            ..plan.servers
        };
        House::with(store, plan).await
    }

    fn folder(&self, path: &str) -> PathBuf {
        self.home.path().join(path.rsplit('/').next().unwrap())
    }

    /// What is in the folder of folders.
    fn folders(&self) -> Vec<PathBuf> {
        fs::read_dir(self.home.path()).unwrap().map(|it| it.unwrap().path()).collect()
    }

    /// Until what was moved aside is gone.
    async fn is_left_with(&self, most: usize) {
        while self.folders().len() > most {
            tokio::task::yield_now().await;
        }
    }
}

fn ready(house: &House<'_>, name: &str) -> Arc<FakeToolServer> {
    let server = FakeToolServer::new(FakeToolServer::spec(name), |_, _| async {
        Ok(json!({ "content": [{ "type": "text", "text": "Done." }] }))
    });
    server.offer(vec![json!({ "name": "look", "inputSchema": { "type": "object" } })]);
    house.servers.add(server)
}

fn program(name: &str) -> Value {
    json!({ "name": name, "shared": true, "link": { "kind": "program", "command": "sh" } })
}

/// The path of a program that was added and runs.
async fn added(house: &House<'_>, by: &Person, name: &str) -> String {
    ready(house, name);
    let made = house.post("/api/tool-servers").by(by).json(&program(name)).send().await.ok(201);
    assert_eq!(made["server"]["health"]["state"], "ready", "{made}");
    format!("/api/tool-servers/{}", text(&made["server"]["id"]))
}

async fn programs_that_run_are_ended_when_the_walls_do_not_hold_any_more(store: &StoreFixture) {
    let site = Site::new();
    let house = site.house(store).await;
    let ana = house.admin().await;
    let shell = ready(&house, "shell");
    house.post("/api/tool-servers").by(&ana).json(&program("shell")).send().await.ok(201);
    let web = house
        .servers
        .add(FakeToolServer::new(FakeToolServer::spec("web"), |_, _| async { Ok(Value::Null) }));
    let link = json!({ "kind": "http", "url": "https://example.org/mcp" });
    let link = json!({ "name": "web", "link": link });
    house.post("/api/tool-servers").by(&ana).json(&link).send().await.ok(201);
    site.walls.send_replace(Sandbox::Broken(REASON.to_owned()));
    shell.is_closed().await;
    assert_eq!(web.is_closed().now_or_never(), None);
}

async fn where_the_walls_do_not_hold_nobody_starts_a_program_and_administrators_read_why(
    store: &StoreFixture,
) {
    let site = Site::new();
    let house = site.house(store).await;
    let (ana, bo) = (house.admin().await, house.member("bo@example.org").await);
    let path = added(&house, &ana, "shell").await;
    let status = house.get("/api/tool-programs").by(&ana).send().await.ok(200);
    assert_eq!((&status["state"], &status["reason"]), (&json!("confined"), &Value::Null));
    site.walls.send_replace(Sandbox::Broken(REASON.to_owned()));

    let other = house.post("/api/tool-servers").by(&ana).json(&program("other")).send().await;
    let resources = format!("{path}/resources");
    for refused in [
        other,
        house.post(&format!("{path}/probe")).by(&ana).send().await,
        house.post(&format!("{path}/restart")).by(&ana).send().await,
        house.get(&resources).by(&ana).send().await,
        house.get(&resources).by(&bo).send().await,
    ] {
        let problem = refused.refused(503, "sandbox_unavailable");
        assert_eq!(problem["detail"], SENTENCE);
        assert_eq!(refused.header("retry-after"), Some("3600"));
        assert!(!refused.text().contains(REASON), "{}", refused.text());
    }
    let call = house.post("/api/tools/shell__look/call").by(&bo);
    let called = call.json(&json!({ "arguments": {} })).send().await;
    let told = called.ok(200);
    assert!(text(&told["message"]).starts_with(PLAIN), "{told}");
    let listed = house.get("/api/tool-servers").by(&bo).send().await;
    let [server] = &items(&listed.ok(200))[..] else { panic!("{}", listed.text()) };
    let health = &server["health"];
    assert_eq!((&health["state"], &health["message"]), (&json!("failed"), &json!(PLAIN)));
    let public = house.get("/api/runtime-config").send().await;
    assert_eq!(public.ok(200)["features"]["tool_programs"], "refused");
    for reply in [called, listed, public] {
        assert!(!reply.text().contains(REASON), "{}", reply.text());
    }

    let status = house.get("/api/tool-programs").by(&ana).send().await.ok(200);
    assert_eq!((&status["state"], &status["reason"]), (&json!("refused"), &json!(REASON)));
    assert!(status["fetchers"].as_array().unwrap().contains(&json!("npx")), "{status}");
    house.get("/api/tool-programs").by(&bo).send().await.refused(403, "forbidden");

    site.walls.send_replace(Sandbox::Holds);
    let again = house.post(&format!("{path}/probe")).by(&ana).send().await.ok(200);
    assert_eq!(again["server"]["health"]["state"], "ready");
}

async fn a_program_that_keeps_too_much_is_not_started_until_its_folder_is_emptied(
    store: &StoreFixture,
) {
    let site = Site::new();
    let house = site.house(store).await;
    let (ana, bo) = (house.admin().await, house.member("bo@example.org").await);
    let path = added(&house, &ana, "shell").await;
    let kept = &house.get(&path).by(&ana).send().await.ok(200)["kept"];
    assert_eq!((kept["bytes"].is_u64(), &kept["most_bytes"]), (true, &json!(MOST)), "{kept}");
    assert_eq!(house.get(&path).by(&bo).send().await.ok(200)["kept"], Value::Null);

    let folder = site.folder(&path);
    fs::write(folder.join("big"), vec![1; 2 << 20]).unwrap();
    let full = house.post(&format!("{path}/restart")).by(&ana).send().await.ok(200);
    let health = &full["server"]["health"];
    let words = "its folder holds more than 1 MiB";
    assert_eq!((&health["state"], &health["message"]), (&json!("failed"), &json!(words)));
    assert_eq!(health["advice"], "An administrator can empty it on the server's page.");
    assert_eq!(full["kept"], json!({ "bytes": null, "most_bytes": MOST }));
    let refused = house.get(&format!("{path}/resources")).by(&bo).send().await;
    refused.refused(409, "folder_full");
    let call = house.post("/api/tools/shell__look/call").by(&bo);
    let told = call.json(&json!({ "arguments": {} })).send().await.ok(200);
    assert!(text(&told["message"]).starts_with(words), "{told}");

    let emptied = house.delete(&format!("{path}/folder")).by(&ana).send().await.ok(200);
    assert_eq!(emptied["server"]["health"]["state"], "idle");
    assert!(!folder.exists());
    site.is_left_with(0).await;
    let again = house.post(&format!("{path}/probe")).by(&ana).send().await.ok(200);
    assert_eq!(again["server"]["health"]["state"], "ready");
    let records = house.get("/api/audit?act=tool_server.emptied").by(&ana).send().await.ok(200);
    let [record] = &items(&records)[..] else { panic!("{records}") };
    assert_eq!((&record["subject"]["name"], &record["ending"]), (&json!("shell"), &json!("done")));
}

async fn only_an_administrator_who_signed_in_a_moment_ago_empties_what_is_everybodys(
    store: &StoreFixture,
) {
    let site = Site::new();
    let house = site.house(store).await;
    let (ana, bo) = (house.admin().await, house.member("bo@example.org").await);
    let path = added(&house, &ana, "shell").await;
    let empty =
        async |by: &Person, path: &str| house.delete(&format!("{path}/folder")).by(by).send().await;
    empty(&bo, &path).await.refused(403, "forbidden");
    ready(&house, "mine");
    let mut mine = program("mine");
    mine["shared"] = false.into();
    let made = house.post("/api/tool-servers").by(&ana).json(&mine).send().await.ok(201);
    let mine = format!("/api/tool-servers/{}", text(&made["server"]["id"]));
    empty(&bo, &mine).await.refused(404, "not_found");
    store.clock.advance(galaxy_access::FRESH);
    empty(&ana, &path).await.refused(403, "fresh_sign_in_required");
    assert!(site.folder(&path).exists());
    empty(&ana, &mine).await.ok(200);
    empty(&house.sign_in(ana.id, &ana.email).await, &path).await.ok(200);
}

async fn what_a_program_kept_goes_with_it(store: &StoreFixture) {
    let site = Site::new();
    let house = site.house(store).await;
    let ana = house.admin().await;
    let path = added(&house, &ana, "shell").await;
    fs::write(site.folder(&path).join("kept"), "for later").unwrap();
    house.delete(&path).by(&ana).send().await.ok(204);
    assert!(!site.folder(&path).exists());
    site.is_left_with(0).await;
}
