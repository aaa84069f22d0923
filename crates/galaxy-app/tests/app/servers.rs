use std::{collections::BTreeMap, sync::Arc};

use futures::FutureExt;
use galaxy_app::{
    AppError,
    calls::{Called, Wanted},
    servers::{LinkRequest, NewServer, Outward, ServerChange, Standing, ToolDecision, Value},
    tools::ToolInfo,
};
use galaxy_domain::{Caller, Kind, Outcome, Role, RunState, ToolServerId, Verdict};
use galaxy_testkit::{FakeToolServer, Script, store::StoreFixture};
use galaxy_tool::{
    Notes,
    server::{Request, ServerError, Transport},
};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use crate::house::{House, caller, worker};

fn tool(name: &str, says: &str) -> Json {
    json!({ "name": name, "description": says, "inputSchema": { "type": "object" } })
}

/// A server that answers every call with `says`.
fn answering(house: &House, name: &str, says: &'static str) -> Arc<FakeToolServer> {
    let result = json!({ "content": [{ "type": "text", "text": says }] });
    let server = FakeToolServer::new(FakeToolServer::spec(name), move |_, _| {
        let result = result.clone();
        async move { Ok(result) }
    });
    server.offer(vec![tool("look", "Looks.")]);
    house.servers.add(server)
}

fn new(name: &str) -> NewServer {
    NewServer {
        name: name.to_owned(),
        title: None,
        link: LinkRequest::Http {
            url: "https://example.org/mcp".to_owned(),
            headers: BTreeMap::from([("X-Key".to_owned(), Value::Set("canary".into()))]),
            inside: false,
        },
        origin: None,
        shared: false,
        trusted: false,
        may_ask: false,
    }
}

async fn add(house: &House, by: &Caller, server: NewServer) -> ToolServerId {
    house.app.add_server(by, server, None).await.unwrap().summary.row.id
}

async fn names(house: &House, by: &Caller) -> Vec<String> {
    let tools: Vec<ToolInfo> = house.app.tools(by).await.unwrap();
    tools.into_iter().filter(|it| it.origin != "built-in").map(|it| it.name).collect()
}

async fn call(house: &House, by: &Caller, tool: &str) -> Result<Outcome, AppError> {
    house.app.try_tool(by, tool, json!({}), CancellationToken::new()).await
}

async fn a_server_that_is_added_is_looked_at_and_its_tools_can_be_used(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    let server = answering(&house, "weather", "Sunny.");
    let id = add(&house, &house.ann, new("weather")).await;
    let detail = house.app.server(&house.ann, id).await.unwrap();
    assert_eq!(detail.summary.health.state, "ready");
    assert_eq!(detail.tools[0].row.standing(), Standing::Approved);
    assert_eq!(names(&house, &house.ann).await, ["weather__look"]);
    assert_eq!(names(&house, &house.bob).await, Vec::<String>::new());
    let Ok(Outcome::Done { output }) = call(&house, &house.ann, "weather__look").await else {
        panic!("it answers");
    };
    assert_eq!(galaxy_domain::part::plain_text(&output), "Sunny.");
    assert_eq!(server.requests(), [Request::call("look", json!({}))]);
    assert_eq!(call(&house, &house.bob, "weather__look").await.unwrap_err().kind(), Kind::NotFound);
    // What opens it went to the connection, and nowhere else.
    let Transport::Http { headers, .. } = &house.servers.opened()[0].transport else { panic!() };
    assert_eq!(headers.len(), 1);
    assert!(!format!("{detail:?}").contains("canary"));
}

async fn what_a_slow_server_lists_first_is_allowed_when_it_comes(fixture: &StoreFixture) {
    // Nobody else looks at servers here.
    let house = House::idle(&fixture.store, [], [], worker("one")).await;
    let server = answering(&house, "weather", "Sunny.");
    server.hold();
    // Whoever adds it does not wait to the end.
    let adding = house.app.add_server(&house.ann, new("weather"), None);
    tokio::select! {
        added = adding => panic!("it was not looked at: {added:?}"),
        () = server.is_waited_for() => (),
    }
    assert_eq!(names(&house, &house.ann).await, Vec::<String>::new());
    server.release();
    let mut news = house.app.offers_changed();
    while names(&house, &house.ann).await.is_empty() {
        news.changed().await.unwrap();
    }
    assert_eq!(names(&house, &house.ann).await, ["weather__look"]);
    // What it lists later waits.
    server.offer(vec![tool("look", "Looks."), tool("send", "Sends.")]);
    assert_eq!(names(&house, &house.ann).await, ["weather__look"]);
}

async fn a_server_is_looked_at_also_when_whoever_adds_it_is_gone_at_once(fixture: &StoreFixture) {
    let house = House::idle(&fixture.store, [], [], worker("one")).await;
    let server = answering(&house, "weather", "Sunny.");
    server.hold();
    // Gone before anything of it is stored.
    let gone = house.app.add_server(&house.ann, new("weather"), None).now_or_never();
    assert!(gone.is_none());
    server.is_waited_for().await;
    let mut news = house.app.offers_changed();
    server.release();
    while names(&house, &house.ann).await.is_empty() {
        news.changed().await.unwrap();
    }
    assert_eq!(names(&house, &house.ann).await, ["weather__look"]);
}

async fn a_run_calls_a_servers_tool_once_somebody_allowed_it(fixture: &StoreFixture) {
    let asks = Script::calls("c1", "weather__look", json!({}));
    let house = House::new(fixture, [asks, Script::says("It is sunny.")]).await;
    answering(&house, "weather", "Sunny.");
    add(&house, &house.ann, new("weather")).await;
    house.app.rule_tool(&house.ann, "weather__look", Some(Verdict::Allow)).await.unwrap();
    let chat = house.chat().await;
    let (said, state) = house.ask(chat, "How is the weather?").await;
    assert_eq!(state, RunState::Finished);
    let replies = house.replies(said.run.unwrap()).await;
    assert!(matches!(&replies[..], [Outcome::Done { .. }]), "{replies:?}");
}

async fn a_tool_that_changed_is_not_called_until_somebody_allows_it(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    let server = answering(&house, "weather", "Sunny.");
    let id = add(&house, &house.ann, new("weather")).await;
    server.offer(vec![tool("look", "Looks, and tells others."), tool("shout", "Shouts.")]);
    // Whoever still holds the tool as it was gets no further than the server's list.
    if let Ok(outcome) = call(&house, &house.ann, "weather__look").await {
        assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    }
    let detail = house.app.probe_server(&house.ann, id).await.unwrap();
    assert!(server.requests().is_empty(), "it was not called");
    assert!(names(&house, &house.ann).await.is_empty());
    let [changed, fresh] = &detail.tools[..] else { panic!("{detail:?}") };
    assert_eq!(changed.row.standing(), Standing::Changed);
    assert_eq!(changed.approved_description.as_deref(), Some("Looks."));
    assert_eq!(fresh.row.standing(), Standing::New);
    let decision = ToolDecision {
        tool: "look".to_owned(),
        approve: changed.row.found.as_ref().map(|it| it.pin.clone()),
        enabled: None,
    };
    house.app.decide_tools(&house.ann, id, vec![decision]).await.unwrap();
    assert_eq!(names(&house, &house.ann).await, ["weather__look"]);
    assert!(call(&house, &house.ann, "weather__look").await.is_ok());
}

async fn a_server_that_is_off_or_gone_is_not_called(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    let server = answering(&house, "weather", "Sunny.");
    let id = add(&house, &house.ann, new("weather")).await;
    let off = ServerChange { enabled: Some(false), ..ServerChange::default() };
    house.app.change_server(&house.ann, id, off).await.unwrap();
    assert!(names(&house, &house.ann).await.is_empty());
    let probed = house.app.probe_server(&house.ann, id).await.unwrap_err();
    assert_eq!(probed.kind(), Kind::Conflict);
    house.app.delete_server(&house.ann, id).await.unwrap();
    assert_eq!(house.app.server(&house.ann, id).await.unwrap_err().kind(), Kind::NotFound);
    assert!(server.requests().is_empty());
}

async fn a_server_that_cannot_be_reached_says_so_in_its_health(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    let server = answering(&house, "weather", "Sunny.");
    server.fail(Some(ServerError::TimedOut(std::time::Duration::from_secs(5))));
    let id = add(&house, &house.ann, new("weather")).await;
    let detail = house.app.server(&house.ann, id).await.unwrap();
    let health = detail.summary.health;
    assert_eq!(health.state, "failed");
    assert!(health.trouble.unwrap().message.contains("5 seconds"));
    assert_eq!(detail.checks.last().unwrap().state, "failed");
    server.fail(None);
    let detail = house.app.probe_server(&house.ann, id).await.unwrap();
    assert_eq!(detail.summary.health.state, "ready");
    // Nobody has seen what it lists yet.
    assert_eq!(detail.summary.tally.waiting, 1);
}

async fn what_only_administrators_may_say_is_refused_to_others(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    let root = caller(fixture, "root@example.org", Role::Admin).await;
    let inside = LinkRequest::Http {
        url: "http://127.0.0.1:9/".to_owned(),
        headers: BTreeMap::new(),
        inside: true,
    };
    let program = LinkRequest::Program {
        command: "/bin/sh".to_owned(),
        arguments: Vec::new(),
        environment: BTreeMap::new(),
        folders: Vec::new(),
        network: Outward::Nowhere,
    };
    for server in [
        NewServer { shared: true, ..new("a") },
        NewServer { trusted: true, ..new("a") },
        NewServer { link: inside, ..new("a") },
        NewServer { link: program.clone(), ..new("a") },
    ] {
        let refused = house.app.add_server(&house.ann, server, None).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Forbidden);
    }
    // This deployment starts no programs at all.
    let server = NewServer { link: program, ..new("a") };
    let refused = house.app.add_server(&root, server, None).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Invalid);
    assert!(house.servers.opened().is_empty());

    let id = add(&house, &root, NewServer { shared: true, ..new("shared") }).await;
    assert!(house.app.server(&house.ann, id).await.is_ok());
    let change = ServerChange { enabled: Some(false), ..ServerChange::default() };
    for refused in [
        house.app.change_server(&house.ann, id, change).await.map(drop),
        house.app.delete_server(&house.ann, id).await,
        house.app.server_log(&house.ann, id).await.map(drop),
        house.app.decide_tools(&house.ann, id, Vec::new()).await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), Kind::Forbidden);
    }
}

async fn nobody_puts_their_server_in_the_place_of_everybodys(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    let root = caller(fixture, "root@example.org", Role::Admin).await;
    answering(&house, "weather", "Sunny.");
    let own = add(&house, &house.ann, new("weather")).await;
    add(&house, &root, NewServer { shared: true, ..new("weather") }).await;
    let detail = house.app.server(&house.ann, own).await.unwrap();
    assert!(detail.summary.is_shadowed);
    assert_eq!(names(&house, &house.ann).await, ["weather__look"]);
    let info = house.app.servers(&house.ann).await.unwrap();
    let shadowed: Vec<bool> = info.iter().map(|it| it.is_shadowed).collect();
    assert_eq!(shadowed, [true, false]);
}

async fn a_program_that_is_an_agent_itself_is_asked_first(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    let server = answering(&house, "weather", "Sunny.");
    add(&house, &house.ann, new("weather")).await;
    let wanted = || Wanted { tool: "weather__look", input: json!({}) };
    let call = async || {
        let (notes, _) = Notes::channel();
        house.app.call(&house.ann, wanted(), CancellationToken::new(), notes).await.unwrap()
    };
    assert_eq!(call().await, Called::Asks);
    assert!(server.requests().is_empty());
    house.app.rule_tool(&house.ann, "weather__look", Some(Verdict::Allow)).await.unwrap();
    assert!(matches!(call().await, Called::Ended(Outcome::Done { .. })));
}

galaxy_testkit::on_both_engines! {
    a_server_that_is_added_is_looked_at_and_its_tools_can_be_used,
    what_a_slow_server_lists_first_is_allowed_when_it_comes,
    a_server_is_looked_at_also_when_whoever_adds_it_is_gone_at_once,
    a_run_calls_a_servers_tool_once_somebody_allowed_it,
    a_tool_that_changed_is_not_called_until_somebody_allows_it,
    a_server_that_is_off_or_gone_is_not_called,
    a_server_that_cannot_be_reached_says_so_in_its_health,
    what_only_administrators_may_say_is_refused_to_others,
    nobody_puts_their_server_in_the_place_of_everybodys,
    a_program_that_is_an_agent_itself_is_asked_first,
}
