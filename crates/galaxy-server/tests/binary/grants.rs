//! Grants at an issuer that sees through everything, and processes that share them or die with them.

use std::time::Duration;

use galaxy_testkit::store::Database;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{
    client::Call,
    issuer::{Fields, Issuer, Mood},
    process::{Galaxy, PATIENCE, Setup},
};

const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// How long somebody has to do what they must not.
const TEMPTATION: Duration = Duration::from_millis(800);

/// A process on a database that others share.
fn shared(folder: &tempfile::TempDir, database: &Database) -> Setup {
    let setup = Setup::new(folder.path());
    setup.with("DATABASE_URL", &database.url()).with("VAULT_KEY", KEY)
}

/// Signs in at the server of the world; gives the path of the server.
async fn signed_in(galaxy: &Galaxy, world: &Issuer) -> String {
    let link = json!({ "kind": "http", "url": world.mcp(), "inside": true });
    let new = json!({ "name": "far", "link": link });
    let made = galaxy.client.done(&Call::post("/api/tool-servers", new)).await;
    let path = format!("/api/tool-servers/{}", made["server"]["id"].as_str().unwrap());
    let begun = galaxy.client.done(&Call::post(format!("{path}/connect"), json!({}))).await;
    let query = world.approve(&begun["url"].as_str().unwrap().parse().unwrap());
    let back = Call::post("/api/oauth/callback", json!({ "query": query }));
    galaxy.client.done(&back).await;
    let detail = galaxy.client.done(&Call::get(&path)).await;
    assert_eq!(detail["server"]["auth"]["state"], "connected", "{detail}\n{}", galaxy.log());
    let rule = json!({ "verdict": "allow" });
    galaxy.client.done(&Call::put("/api/tools/far__echo/rule", rule)).await;
    path
}

async fn call(galaxy: &Galaxy) -> Value {
    galaxy.client.done(&Call::post("/api/tools/far__echo/call", json!({ "arguments": {} }))).await
}

/// The forms that came to the issuer and have `field`.
fn forms(world: &Issuer, field: &str) -> Vec<Fields> {
    world.know().forms.iter().filter(|it| it.contains_key(field)).cloned().collect()
}

/// Waits until `count` forms with `field` have come; gives its values.
async fn came(world: &Issuer, field: &str, count: usize) -> Vec<String> {
    let coming = async {
        while forms(world, field).len() < count {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, coming).await.expect("somebody asks the issuer");
    forms(world, field).iter().map(|it| it[field].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_renew_at_once_use_each_refresh_token_once() {
    let (database, world) = (Database::create().await, Issuer::start().await);
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (one, two) = (shared(&folders[0], &database), shared(&folders[1], &database));
    let (one, two) = (one.start().await, two.start().await);
    signed_in(&one, &world).await;
    for galaxy in [&one, &two] {
        assert_eq!(call(galaxy).await["outcome"], "done");
    }
    for round in 1..=3 {
        // No token opens the server any more: both need another.
        world.know().good.clear();
        world.know().holds.send_replace(true);
        let both = async { tokio::join!(call(&one), call(&two)) };
        tokio::pin!(both);
        // One of them has used the refresh token and waits for the answer; the other waits for it.
        let held = async {
            came(&world, "refresh_token", round).await;
            sleep(TEMPTATION).await;
        };
        tokio::select! {
            _ = &mut both => panic!("nobody has a token"),
            () = held => (),
        }
        assert_eq!(forms(&world, "refresh_token").len(), round, "it was used a second time");
        world.know().holds.send_replace(false);
        let (of_one, of_two) = timeout(PATIENCE, both).await.expect("both go on");
        assert_eq!((&of_one["outcome"], &of_two["outcome"]), (&json!("done"), &json!("done")));
    }
    let used = came(&world, "refresh_token", 3).await;
    assert_eq!(used, ["canary-refresh-1", "canary-refresh-2", "canary-refresh-3"]);
    assert_eq!(world.know().thefts, 0);
    one.kill().await;
    two.kill().await;
}

/// Deletes the server while its issuer hangs, and kills the process meanwhile.
async fn killed_while_it_gives_back(setup: &Setup, world: &Issuer) {
    let galaxy = setup.start().await;
    let path = signed_in(&galaxy, world).await;
    world.know().mood = Mood::Hangs;
    galaxy.client.done(&Call::delete(path)).await;
    came(world, "token", 1).await;
    galaxy.kill().await;
    world.know().mood = Mood::Good;
}

async fn is_given_back_again(setup: &Setup, world: &Issuer) {
    let galaxy = setup.start().await;
    assert_eq!(came(world, "token", 2).await, ["canary-refresh-1", "canary-refresh-1"]);
    galaxy.kill().await;
}

#[tokio::test]
async fn what_a_killed_process_owed_is_given_back_by_the_next_under_another_key() {
    let (folder, world) = (tempfile::tempdir().unwrap(), Issuer::start().await);
    let setup = Setup::new(folder.path());
    killed_while_it_gives_back(&setup, &world).await;
    let rotated = setup.run(&["secrets", "rotate"]).await;
    assert!(rotated.status.success(), "{rotated:?}");
    is_given_back_again(&setup, &world).await;
}

#[tokio::test]
async fn what_a_killed_replica_owed_is_given_back_by_another() {
    let (database, world) = (Database::create().await, Issuer::start().await);
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    killed_while_it_gives_back(&shared(&folders[0], &database), &world).await;
    is_given_back_again(&shared(&folders[1], &database), &world).await;
}
