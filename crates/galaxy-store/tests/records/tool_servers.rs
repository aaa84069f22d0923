use std::time::Duration;

use galaxy_domain::{
    Kind, Permit, ToolServerId,
    access::{Drive, Read, Write},
    id::ToolServer,
    tool_server::{Check, Link, Pinned, Standing},
};
use galaxy_store::{
    NewToolServer, Place, ToolServerChange,
    people::PersonChange,
    tool_servers::tools::{FoundTool, Tally, ToolRuling},
};
use galaxy_testkit::store::{START, Someone, StoreFixture, permit};

fn link(url: &str) -> Link {
    Link::Http { url: url.to_owned(), headers: vec!["X-Key".to_owned()], inside: false }
}

fn new(name: &str) -> NewToolServer {
    NewToolServer {
        id: ToolServerId::fresh(),
        name: name.to_owned(),
        title: name.to_uppercase(),
        link: link("https://example.org/mcp"),
        secrets: Some(b"sealed".to_vec()),
        origin: None,
        trusted: false,
        may_ask: false,
    }
}

async fn own(store: &StoreFixture, ada: Someone, name: &str) -> ToolServerId {
    let place = Place::Own(ada.may_here());
    store.create_tool_server(place, new(name), 10, None).await.unwrap().value
}

async fn shared(store: &StoreFixture, ada: Someone, name: &str) -> ToolServerId {
    let place = Place::Shared(ada.may_here());
    store.create_tool_server(place, new(name), 10, None).await.unwrap().value
}

fn found(tool: &str, pin: &str) -> FoundTool {
    let definition = format!(r#"{{"name":"{tool}","pin":"{pin}"}}"#);
    FoundTool { tool: tool.to_owned(), found: Pinned { pin: pin.to_owned(), definition } }
}

fn approve(tool: &str, pin: &str) -> ToolRuling {
    ToolRuling { tool: tool.to_owned(), approve: Some(pin.to_owned()), enabled: None }
}

async fn standings(
    store: &StoreFixture,
    permit: Permit<Read, ToolServer>,
) -> Vec<(String, Standing)> {
    let tools = store.server_tools(permit).await.unwrap();
    tools.into_iter().map(|it| (it.tool.clone(), it.standing())).collect()
}

async fn a_server_is_its_owners_or_everybodys(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let bob = store.someone("bob@example.org").await;
    own(store, ada, "git").await;
    own(store, bob, "git").await;
    shared(store, ada, "git").await;
    shared(store, ada, "files").await;
    for who in [ada, bob] {
        let rows = store.tool_servers(who.may_here()).await.unwrap();
        let seen: Vec<_> = rows.iter().map(|it| (it.name.as_str(), it.owner)).collect();
        assert_eq!(seen, [("files", None), ("git", Some(who.id)), ("git", None)]);
    }
    for place in [Place::Own(ada.may_here()), Place::Shared(bob.may_here())] {
        let taken = store.create_tool_server(place, new("git"), 10, None).await.unwrap_err();
        assert_eq!(taken.kind(), Kind::Conflict);
        let full = store.create_tool_server(place, new("other"), 1, None).await.unwrap_err();
        assert_eq!(full.kind(), Kind::TooMany);
    }
}

async fn a_change_of_how_it_is_reached_begins_a_new_revision(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id = own(store, ada, "git").await;
    let write = ada.may::<Write, _>(id);
    let title = ToolServerChange { title: Some("Git".to_owned()), ..Default::default() };
    let row = store.change_tool_server(write, title).await.unwrap();
    assert_eq!((row.title.as_str(), row.revision), ("Git", 1));
    assert_eq!(store.tool_server_secrets(&row).await.unwrap().as_deref(), Some(&b"sealed"[..]));

    let elsewhere = link("https://example.com/");
    let moved = ToolServerChange { link: Some((elsewhere.clone(), None)), ..Default::default() };
    let row = store.change_tool_server(write, moved).await.unwrap();
    assert_eq!((row.link.clone(), row.revision), (elsewhere, 2));
    assert_eq!(store.tool_server_secrets(&row).await.unwrap(), None);
    let trusted = ToolServerChange { trusted: Some(true), ..Default::default() };
    assert_eq!(store.change_tool_server(write, trusted.clone()).await.unwrap().revision, 3);
    assert_eq!(store.change_tool_server(write, trusted).await.unwrap().revision, 3);
    assert_eq!(store.tool_server(ada.may::<Read, _>(id)).await.unwrap().revision, 3);

    store.delete_tool_server(write).await.unwrap();
    assert_eq!(store.delete_tool_server(write).await.unwrap_err().kind(), Kind::NotFound);
    assert!(store.tool_server_target(id).await.unwrap().is_none());
}

async fn tools_are_offered_as_they_were_allowed_and_not_otherwise(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id = own(store, ada, "git").await;
    let (drive, read) = (ada.may::<Drive, _>(id), ada.may::<Read, _>(id));
    let note = async |tools: &[(&str, &str)]| {
        let tools = tools.iter().map(|(tool, pin)| found(tool, pin)).collect();
        store.note_server_tools(drive, tools).await.unwrap()
    };
    let rule = async |rulings| store.rule_server_tools(ada.may(id), rulings).await;
    let offered = async || {
        let offered = store.offered_tools(ada.id, ada.workspace).await.unwrap();
        let tools = offered.get(&id).map(Vec::as_slice).unwrap_or_default();
        tools.iter().map(|it| it.tool.clone()).collect::<Vec<_>>()
    };
    assert!(note(&[("log", "1"), ("diff", "1")]).await);
    assert!(!note(&[("log", "1"), ("diff", "1")]).await, "no news");
    assert!(offered().await.is_empty());
    rule(vec![approve("log", "1"), approve("diff", "1")]).await.unwrap();
    assert_eq!(offered().await, ["log", "diff"]);

    // One changes, one goes, one comes.
    assert!(note(&[("diff", "2"), ("push", "1")]).await);
    assert!(offered().await.is_empty());
    let expected = [
        ("diff".to_owned(), Standing::Changed),
        ("log".to_owned(), Standing::Gone),
        ("push".to_owned(), Standing::New),
    ];
    let mut now = standings(store, read).await;
    now.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(now, expected);
    let tally = store.tool_tallies(ada.may_here()).await.unwrap()[&id];
    assert_eq!(tally, Tally { all: 3, offered: 0, waiting: 2 });

    // What was looked at is not what is there now: all or nothing.
    let stale = rule(vec![approve("push", "1"), approve("diff", "1")]).await.unwrap_err();
    assert_eq!(stale.kind(), Kind::Conflict);
    assert!(offered().await.is_empty());
    // What comes back as it was allowed is offered again.
    note(&[("log", "1"), ("push", "1")]).await;
    assert_eq!(offered().await, ["log"]);
    let off = ToolRuling { tool: "log".to_owned(), approve: None, enabled: Some(false) };
    rule(vec![off]).await.unwrap();
    assert!(offered().await.is_empty());
    assert!(rule(vec![approve("gone", "1")]).await.is_err());
}

async fn a_server_that_is_off_offers_nothing_and_others_never_see_it(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let bob = store.someone("bob@example.org").await;
    let (mine, everybodys) = (own(store, ada, "git").await, shared(store, ada, "files").await);
    for id in [mine, everybodys] {
        store.note_server_tools(ada.may(id), vec![found("t", "1")]).await.unwrap();
        store.rule_server_tools(ada.may(id), vec![approve("t", "1")]).await.unwrap();
    }
    let count = async |who: Someone| {
        store.offered_tools(who.id, who.workspace).await.unwrap().into_keys().count()
    };
    assert_eq!((count(ada).await, count(bob).await), (2, 1));
    let off = ToolServerChange { enabled: Some(false), ..Default::default() };
    store.change_tool_server(ada.may(everybodys), off).await.unwrap();
    assert_eq!((count(ada).await, count(bob).await), (1, 0));
    store.delete_tool_server(ada.may(mine)).await.unwrap();
    let late = store.note_server_tools(ada.may(mine), vec![found("t", "1")]).await;
    assert_eq!(late.unwrap_err().kind(), Kind::NotFound);
}

async fn a_server_that_is_due_is_taken_once(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id = own(store, ada, "git").await;
    let (hour, drive) = (Duration::from_secs(3600), ada.may::<Drive, _>(id));
    let taken = store.take_due_checks(hour, 10).await.unwrap();
    assert_eq!(taken.iter().map(|it| it.id).collect::<Vec<_>>(), [id]);
    assert!(store.take_due_checks(hour, 10).await.unwrap().is_empty());
    let check = |at, state: &str| Check {
        at,
        state: state.to_owned(),
        latency_ms: Some(7),
        trouble: Some("why".to_owned()),
    };
    store.note_check(drive, check(START, "ready"), Some("modern".to_owned())).await.unwrap();
    store.clock.advance(hour);
    let later = START.after(hour);
    store.note_check(drive, check(later, "failed"), None).await.unwrap();
    let row = store.tool_server(ada.may::<Read, _>(id)).await.unwrap();
    assert_eq!((row.last, row.era.as_deref()), (Some(check(later, "failed")), Some("modern")));
    let history = store.checks(ada.may(id), START).await.unwrap();
    assert_eq!(history.iter().map(|it| it.state.as_str()).collect::<Vec<_>>(), ["ready", "failed"]);
    assert_eq!(store.sweep_checks(Duration::from_secs(60)).await.unwrap(), 1);
    assert_eq!(store.checks(ada.may(id), START).await.unwrap().len(), 1);
}

async fn servers_of_disabled_accounts_are_not_looked_at(store: &StoreFixture) {
    let root = store.someone("root@example.org").await;
    let ada = store.someone("ada@example.org").await;
    let id = own(store, ada, "git").await;
    let change = |disabled| {
        let disabled = PersonChange { disabled: Some(disabled), ..PersonChange::default() };
        store.change_person(permit(ada.id, root.workspace, root.id), disabled)
    };
    let hour = Duration::from_secs(3600);
    change(true).await.unwrap();
    assert!(store.take_due_checks(hour, 10).await.unwrap().is_empty());
    change(false).await.unwrap();
    assert_eq!(store.take_due_checks(hour, 10).await.unwrap()[0].id, id);
}

async fn sealed_values_move_only_if_nobody_changed_them(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id = own(store, ada, "git").await;
    let values = store.sealed_values().await.unwrap();
    let [value] = values.as_slice() else { panic!("one value: {values:?}") };
    assert_eq!((value.row, value.bytes.as_slice()), (id.uuid(), &b"sealed"[..]));
    assert!(store.reseal(value.clone(), b"moved".to_vec()).await.unwrap());
    assert!(!store.reseal(value.clone(), b"again".to_vec()).await.unwrap());
    assert_eq!(store.sealed_values().await.unwrap()[0].bytes, b"moved");
}

galaxy_testkit::on_both_engines! {
    a_server_is_its_owners_or_everybodys,
    a_change_of_how_it_is_reached_begins_a_new_revision,
    tools_are_offered_as_they_were_allowed_and_not_otherwise,
    a_server_that_is_off_offers_nothing_and_others_never_see_it,
    a_server_that_is_due_is_taken_once,
    servers_of_disabled_accounts_are_not_looked_at,
    sealed_values_move_only_if_nobody_changed_them,
}
