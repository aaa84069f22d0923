//! The marketplace: what can be chosen, and what it comes to.

mod elsewhere;

use std::{collections::BTreeMap, sync::Arc};

use galaxy_app::{
    market::{
        Adding, Choice, MarketQuery, Source,
        registry::{curated, snapshot},
        snapshot::{export, import},
    },
    servers::{NewServer, ServerDetail},
};
use galaxy_base::Timestamp;
use galaxy_domain::{Caller, Kind, Role, tool_server::Link};
use galaxy_testkit::{FakeToolServer, store::StoreFixture};
use serde_json::json;

use self::elsewhere::{Elsewhere, HOUR, entry, page};
use crate::house::{House, caller, kind};

fn choice(way: &str, inputs: &[(&str, &str)]) -> Choice {
    let answer = |(key, answer): &(&str, &str)| ((*key).to_owned(), vec![(*answer).into()]);
    Choice { version: None, way: way.to_owned(), inputs: inputs.iter().map(answer).collect() }
}

fn adding(choice: Choice, digest: &str) -> Adding {
    Adding {
        choice,
        digest: digest.to_owned(),
        name: None,
        title: None,
        shared: false,
        trusted: false,
        may_ask: false,
    }
}

async fn listed(house: &House, query: MarketQuery) -> Vec<String> {
    let page = house.app.market(&house.ann, query).await.unwrap();
    page.offers.into_iter().map(|it| it.entry.name).collect()
}

fn ready(house: &House, name: &str) {
    let server = FakeToolServer::new(FakeToolServer::spec(name), |_, _| async { Ok(json!({})) });
    server.offer(vec![json!({ "name": "look", "inputSchema": { "type": "object" } })]);
    house.servers.add(server);
}

/// Adds the entry as it is shown.
async fn add(house: &House, by: &Caller, name: &str, choice: Choice) -> ServerDetail {
    let shown = house.app.resolve_offer(by, name, &choice).await.unwrap();
    assert_eq!(shown.mistakes, []);
    let adding = adding(choice, &shown.digest.unwrap());
    house.app.add_offer(by, name, adding, None).await.unwrap()
}

async fn what_is_curated_is_there_from_the_beginning(store: &StoreFixture) {
    let house = House::new(store, []).await;
    let all = curated::curated().len();
    let query = || MarketQuery { limit: 10, ..MarketQuery::default() };
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let query = MarketQuery { cursor, ..query() };
        let page = house.app.market(&house.ann, query).await.unwrap();
        seen.extend(page.offers.into_iter().map(|it| it.entry.name));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), all);
    let search = MarketQuery { search: Some("  GIT repository ".to_owned()), ..query() };
    assert_eq!(listed(&house, search).await, ["galaxy/git"]);
    let tagged = MarketQuery { tag: Some("time".to_owned()), ..query() };
    assert_eq!(listed(&house, tagged).await, ["galaxy/time"]);
    let elsewhere = MarketQuery { source: Some(Source::Registry), ..query() };
    assert_eq!(listed(&house, elsewhere).await, [""; 0]);
    let lost = MarketQuery { cursor: Some("nowhere".to_owned()), ..query() };
    assert_eq!(kind(house.app.market(&house.ann, lost).await), Some(Kind::Invalid));
    assert_eq!(
        kind(house.app.market_entry(&house.ann, "galaxy/nothing", None).await),
        Some(Kind::NotFound)
    );
}

async fn only_what_was_shown_is_added(store: &StoreFixture) {
    let house = House::new(store, []).await;
    let name = "galaxy/github";
    let with = |token| choice("remote-0", &[("header.Authorization.token", token)]);
    let none = house.app.resolve_offer(&house.ann, name, &choice("remote-0", &[])).await.unwrap();
    assert_eq!((none.digest, none.link), (None, None));
    assert_eq!(none.mistakes[0].pointer, "/inputs/header.Authorization.token");
    let shown = house.app.resolve_offer(&house.ann, name, &with("canary")).await.unwrap();
    assert_eq!(shown.values, BTreeMap::from([("Authorization".to_owned(), None)]));
    assert!(!format!("{shown:?}").contains("canary"), "{shown:?}");
    let digest = shown.digest.unwrap();

    let refused = house.app.add_offer(&house.ann, name, adding(with("canary"), "other"), None);
    assert_eq!(kind(refused.await), Some(Kind::Conflict));
    // The same digest for another entry is another thing.
    let other = adding(choice("remote-0", &[]), &digest);
    let refused = house.app.add_offer(&house.ann, "galaxy/deepwiki", other, None).await;
    assert_eq!(kind(refused), Some(Kind::Conflict));
    let wrong = adding(choice("remote-0", &[]), &digest);
    assert_eq!(kind(house.app.add_offer(&house.ann, name, wrong, None).await), Some(Kind::Invalid));
    let missing = adding(choice("package-7", &[]), &digest);
    assert_eq!(
        kind(house.app.add_offer(&house.ann, name, missing, None).await),
        Some(Kind::NotFound)
    );
    assert!(house.app.servers(&house.ann).await.unwrap().is_empty());

    ready(&house, "github");
    let made = house.app.add_offer(&house.ann, name, adding(with("canary"), &digest), None);
    let made = made.await.unwrap().summary;
    assert_eq!((made.row.name.as_str(), made.row.title.as_str()), ("github", "GitHub"));
    let origin = made.row.origin.unwrap();
    assert_eq!((origin.entry.as_str(), origin.inputs), (name, BTreeMap::new()), "no secret in it");
    assert_eq!(made.newer, None);
    let detail = house.app.market_entry(&house.ann, name, None).await.unwrap();
    assert_eq!(detail.installed[0].id, made.row.id);
    // Nobody else has it.
    let detail = house.app.market_entry(&house.bob, name, None).await.unwrap();
    assert_eq!(detail.installed, []);
}

async fn programs_are_for_administrators_where_programs_are_started(store: &StoreFixture) {
    let house = House::new(store, []).await;
    let root = caller(store, "root@example.org", Role::Admin).await;
    let time = choice("package-0", &[]);
    let shown = house.app.resolve_offer(&house.ann, "galaxy/time", &time).await.unwrap();
    assert_eq!((shown.digest, shown.mistakes[0].pointer.as_str()), (None, "/way"));
    let denied = house.app.add_offer(&house.ann, "galaxy/time", adding(time.clone(), "x"), None);
    assert_eq!(kind(denied.await), Some(Kind::Forbidden));
    // This deployment starts none, and has none of that name.
    let shown = house.app.resolve_offer(&root, "galaxy/time", &time).await.unwrap();
    let pointers: Vec<&str> = shown.mistakes.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(pointers, ["/link", "/link/command"]);
    let viewer = caller(store, "vi@example.org", Role::Viewer).await;
    let wiki = adding(choice("remote-0", &[]), "x");
    let denied = house.app.add_offer(&viewer, "galaxy/deepwiki", wiki, None).await;
    assert_eq!(kind(denied), Some(Kind::Forbidden));
}

async fn a_newer_version_is_shown_and_needs_another_yes(store: &StoreFixture) {
    let elsewhere = Arc::new(Elsewhere::default());
    let house = House::reading(store, elsewhere.clone()).await;
    let mirroring = house.app.mirroring().unwrap();
    elsewhere.answers(page(&[entry("a/weather", "1.9.0", 1, "active")], None));
    mirroring.read().await.unwrap();
    let chosen = choice("remote-0", &[("url.tenant", "us"), ("header.X-Key", "canary")]);
    ready(&house, "weather");
    let made = add(&house, &house.ann, "a/weather", chosen).await.summary;
    let id = made.row.id;
    assert_eq!((made.newer, made.row.revision), (None, 1));

    store.clock.advance(2 * HOUR);
    elsewhere.answers(page(&[entry("a/weather", "1.10.0", 2, "active")], None));
    mirroring.read().await.unwrap();
    let listed = house.app.servers(&house.ann).await.unwrap();
    assert_eq!(listed[0].newer.as_deref(), Some("1.10.0"));
    let again = || choice("", &[]);
    let update = house.app.resolve_update(&house.ann, id, again()).await.unwrap();
    assert_eq!((update.from.as_str(), &update.now), ("1.9.0", &made.row.link));
    assert_eq!(update.resolution.mistakes, []);
    let url = "https://us.example.org/1.10.0".to_owned();
    let link = Link::Http { url, headers: vec!["X-Key".to_owned()], inside: false };
    assert_eq!(update.resolution.link, Some(link.clone()), "what was answered still counts");
    let digest = update.resolution.digest.unwrap();

    let other = house.app.apply_update(&house.ann, id, again(), "other").await;
    assert_eq!(kind(other), Some(Kind::Conflict));
    assert_eq!(kind(house.app.resolve_update(&house.bob, id, again()).await), Some(Kind::NotFound));
    let moved = house.app.apply_update(&house.ann, id, again(), &digest).await.unwrap().summary;
    assert_eq!((moved.row.link, moved.row.revision, moved.newer), (link, 2, None));
    assert_eq!(moved.row.origin.unwrap().version, "1.10.0");
    // A secret goes nowhere it was not entered for.
    let away = choice("remote-0", &[("url.tenant", "evil")]);
    let away = house.app.resolve_update(&house.ann, id, away).await.unwrap().resolution;
    assert_eq!(away.mistakes[0].pointer, "/link/headers/X-Key");

    let plain = NewServer {
        name: "plain".to_owned(),
        title: None,
        link: galaxy_app::servers::LinkRequest::Http {
            url: "https://plain.example.org/".to_owned(),
            headers: BTreeMap::new(),
            inside: false,
        },
        origin: None,
        shared: false,
        trusted: false,
        may_ask: false,
    };
    let plain = house.app.add_server(&house.ann, plain, None).await.unwrap().summary.row.id;
    let none = house.app.resolve_update(&house.ann, plain, again()).await;
    assert_eq!(kind(none), Some(Kind::Conflict));
}

async fn a_snapshot_carries_everything_to_a_machine_that_reaches_nothing(store: &StoreFixture) {
    let house = House::new(store, []).await;
    let at = Timestamp::from_millis(1_700_000_000_000);
    let text = entry("a/a", "1.0.0", 1, "active").to_string();
    let gone = entry("b/b", "1.0.0", 2, "deleted").to_string();
    let file = [
        snapshot::heading("https://registry.example", at),
        snapshot::line(&text, at),
        snapshot::line(&gone, at),
    ];
    let file = file.join("\n");
    let read = snapshot::read(&file).unwrap();
    let taken = import(&house.store, read.clone()).await.unwrap();
    assert_eq!((taken.entries, taken.kept), (2, 2));
    let query = MarketQuery { source: Some(Source::Registry), limit: 9, ..Default::default() };
    assert_eq!(listed(&house, query).await, ["a/a"]);
    let state = house.app.mirror_state().await.unwrap();
    assert_eq!((state.address, state.entries), (None, 1));

    let mut written = Vec::new();
    export(&house.store, "galaxy", at, &mut written).await.unwrap();
    let written = snapshot::read(std::str::from_utf8(&written).unwrap()).unwrap();
    assert_eq!(written.entries, read.entries, "to the letter, with time and digest");
    let missing = house.app.resolve_offer(&house.ann, "b/b", &choice("remote-0", &[])).await;
    let pointers: Vec<String> =
        missing.unwrap().mistakes.into_iter().map(|it| it.pointer).collect();
    assert!(pointers.contains(&"/version".to_owned()), "{pointers:?}");
}

galaxy_testkit::on_both_engines! {
    what_is_curated_is_there_from_the_beginning,
    only_what_was_shown_is_added,
    programs_are_for_administrators_where_programs_are_started,
    a_newer_version_is_shown_and_needs_another_yes,
    a_snapshot_carries_everything_to_a_machine_that_reaches_nothing,
}
