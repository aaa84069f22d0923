//! Tool servers that want each person to sign in.

mod giving_back;
mod replicas;
mod runs;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use galaxy_app::{
    AppError,
    servers::{Auth, Entering, LinkRequest, NewServer, ServerChange, Standing},
};
use galaxy_domain::{Caller, Kind, Outcome, Role, ToolServerId, Verdict, part::plain_text};
use galaxy_store::Store;
use galaxy_testkit::{
    FakeToolServer, Script,
    issuer::LIFE,
    store::{START, StoreFixture},
};
use galaxy_tool::server::{SignInError, Transport, oauth::Pending};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::house::{House, caller, kind, worker};

galaxy_testkit::on_both_engines! {
    whoever_signs_in_has_the_tools_read_and_allowed,
    nobodys_token_serves_another,
    a_sign_in_is_finished_once_in_time_and_by_the_one_who_began_it,
    what_goes_wrong_is_told_where_one_signs_in,
    a_token_is_renewed_before_it_expires_and_kept,
    whoever_disconnects_gives_back_what_was_granted,
    a_server_that_moved_is_signed_in_at_anew,
    a_client_is_entered_by_whoever_looks_after_the_server,
}

fn add_far(house: &House) -> Arc<FakeToolServer> {
    let said = json!({ "content": [{ "type": "text", "text": "Sunny." }] });
    let server = FakeToolServer::new(FakeToolServer::spec("far"), move |_, _| {
        let said = said.clone();
        async move { Ok(said) }
    });
    let tool = json!({ "name": "look", "description": "Looks.", "inputSchema": {} });
    server.offer(vec![tool]);
    house.servers.add_guarded(server, &house.issuer)
}

fn new(shared: bool) -> NewServer {
    NewServer {
        name: "far".to_owned(),
        title: None,
        link: link("https://far.example/mcp"),
        shared,
        trusted: false,
        may_ask: false,
        origin: None,
    }
}

fn link(url: &str) -> LinkRequest {
    LinkRequest::Http { url: url.to_owned(), headers: BTreeMap::new(), inside: false }
}

async fn added(house: &House, by: &Caller, shared: bool) -> ToolServerId {
    house.app.add_server(by, new(shared), None).await.unwrap().summary.row.id
}

async fn sign_in(house: &House, by: &Caller, id: ToolServerId) {
    let departure = house.app.connect_server(by, id).await.unwrap();
    let query = house.issuer.approve(&departure.url);
    house.app.finish_sign_in(by, &query).await.unwrap();
}

async fn auth(house: &House, by: &Caller, id: ToolServerId) -> Auth {
    let listed = house.app.servers(by).await.unwrap();
    let one = house.app.server(by, id).await.unwrap().summary;
    let listed = listed.into_iter().find(|it| it.row.id == id).unwrap();
    assert_eq!(listed.auth, one.auth);
    assert!(!format!("{one:?}").contains("canary"), "{one:?}");
    one.auth
}

async fn call(house: &House, by: &Caller) -> Outcome {
    house.app.try_tool(by, "far__look", json!({}), CancellationToken::new()).await.unwrap()
}

fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { output } if plain_text(output) == "Sunny.")
}

/// A house in which Ann is signed in at a server of her own and may call its tool.
async fn signed_in(
    store: &Store,
    scripts: Vec<Script>,
) -> (House, Arc<FakeToolServer>, ToolServerId) {
    let house = House::idle(store, scripts, [], worker("one")).await;
    house.app.start();
    let server = add_far(&house);
    let id = added(&house, &house.ann, false).await;
    sign_in(&house, &house.ann, id).await;
    house.app.rule_tool(&house.ann, "far__look", Some(Verdict::Allow)).await.unwrap();
    (house, server, id)
}

async fn whoever_signs_in_has_the_tools_read_and_allowed(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    let server = add_far(&house);
    let id = added(&house, &house.ann, false).await;
    assert_eq!(auth(&house, &house.ann, id).await, Auth::Needed { reason: None });
    let detail = house.app.server(&house.ann, id).await.unwrap();
    assert_eq!(detail.summary.health.state, "needs_sign_in");
    assert!(detail.tools.is_empty() && detail.summary.health.trouble.is_none());

    let departure = house.app.connect_server(&house.ann, id).await.unwrap();
    assert_eq!(departure.host, "issuer.example");
    let asked = &house.issuer.asked()[0];
    assert_eq!(asked.redirect_uri.as_str(), "https://galaxy.example/api/oauth/callback");
    let document = asked.client_document.as_ref().unwrap();
    assert_eq!(document.as_str(), "https://galaxy.example/oauth/client.json");
    assert_eq!(house.app.client_document().unwrap()["client_id"], document.as_str());
    let query = house.issuer.approve(&departure.url);
    let detail = house.app.finish_sign_in(&house.ann, &query).await.unwrap();
    assert_eq!(detail.tools[0].row.standing(), Standing::Approved);
    assert_eq!(detail.summary.health.state, "ready");
    let Auth::Connected { scopes, expires_at, .. } = auth(&house, &house.ann, id).await else {
        panic!("{detail:?}")
    };
    assert_eq!(scopes, ["read"]);
    assert_eq!(expires_at, Some(START.after(LIFE)));
    assert!(is_done(&call(&house, &house.ann).await));
    assert_eq!(server.requests().len(), 1);
    // The client that was registered is used again.
    house.app.connect_server(&house.ann, id).await.unwrap();
    assert_eq!(house.issuer.asked()[1].registered.len(), 1);
}

async fn nobodys_token_serves_another(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    add_far(&house);
    let root = caller(&house.store, "root@example.org", Role::Admin).await;
    let id = added(&house, &root, true).await;
    sign_in(&house, &root, id).await;
    let Outcome::Failed { message } = call(&house, &house.ann).await else { panic!() };
    let place = format!("https://galaxy.example/tools/{id}");
    assert!(message.contains(&place), "{message}");
    assert_eq!(auth(&house, &house.ann, id).await, Auth::Needed { reason: None });

    sign_in(&house, &house.ann, id).await;
    let before = house.issuer.shown().len();
    for who in [&root, &house.ann] {
        assert!(is_done(&call(&house, who).await));
    }
    let shown = house.issuer.shown().split_off(before);
    let (roots, anns): (Vec<_>, Vec<_>) =
        shown.into_iter().partition(|it| it == &house.issuer.shown()[0]);
    assert!(!roots.is_empty() && !anns.is_empty());
    assert!(anns.iter().all(|it| it == &anns[0]), "{anns:?}");
    let Outcome::Failed { .. } = call(&house, &house.bob).await else { panic!("not Bob") };
    // What is not theirs cannot be signed in at.
    let own = NewServer { name: "own".to_owned(), ..new(false) };
    let own = house.app.add_server(&house.ann, own, None).await.unwrap().summary.row.id;
    let bobs = house.app.connect_server(&house.bob, own).await;
    assert_eq!(kind(bobs), Some(Kind::NotFound));
}

async fn a_sign_in_is_finished_once_in_time_and_by_the_one_who_began_it(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    add_far(&house);
    let root = caller(&house.store, "root@example.org", Role::Admin).await;
    let id = added(&house, &root, true).await;
    let begun = house.app.connect_server(&house.ann, id).await.unwrap();
    let query = house.issuer.approve(&begun.url);
    let bobs = house.app.finish_sign_in(&house.bob, &query).await;
    assert_eq!(kind(bobs), Some(Kind::Conflict), "in another person's browser");
    house.app.finish_sign_in(&house.ann, &query).await.unwrap();
    let again = house.app.finish_sign_in(&house.ann, &query).await;
    assert_eq!(kind(again), Some(Kind::Conflict), "a second time");
    let nothing = house.app.finish_sign_in(&house.ann, "code=canary-code").await;
    assert_eq!(kind(nothing), Some(Kind::Conflict), "without a state");

    let begun = house.app.connect_server(&house.bob, id).await.unwrap();
    fixture.clock.advance(Pending::GOOD_FOR + Duration::from_millis(1));
    let late = house.app.finish_sign_in(&house.bob, &house.issuer.approve(&begun.url)).await;
    assert_eq!(kind(late), Some(Kind::Conflict), "too late");
    house.app.connect_server(&house.bob, id).await.unwrap();
    fixture.clock.advance(Pending::GOOD_FOR + Duration::from_millis(1));
    assert_eq!(house.store.sweep_sign_ins().await.unwrap(), 1);
}

async fn what_goes_wrong_is_told_where_one_signs_in(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    add_far(&house);
    let id = added(&house, &house.ann, false).await;
    house.issuer.refuse(SignInError::WrongResource("it is `evil`".to_owned()));
    let lies = house.app.connect_server(&house.ann, id).await;
    assert_eq!(kind(lies), Some(Kind::Conflict));
    let Auth::Refused { reason } = auth(&house, &house.ann, id).await else { panic!() };
    assert!(reason.contains("evil") && reason.contains("Do not sign in there"), "{reason}");

    // The answer of another issuer than the one that was asked.
    let begun = house.app.connect_server(&house.ann, id).await.unwrap();
    let query = house.issuer.approve(&begun.url).replace("issuer.example", "evil.example");
    assert_eq!(kind(house.app.finish_sign_in(&house.ann, &query).await), Some(Kind::Conflict));
    let Auth::Refused { reason } = auth(&house, &house.ann, id).await else { panic!() };
    assert!(reason.contains("answers for https://issuer.example"), "{reason}");

    // Who is only away is no liar.
    let away = SignInError::Unavailable { message: "it is away".to_owned(), retry_after: None };
    house.issuer.refuse(away);
    let away = house.app.connect_server(&house.ann, id).await;
    assert_eq!(kind(away), Some(Kind::Unavailable));
    sign_in(&house, &house.ann, id).await;
    assert!(matches!(auth(&house, &house.ann, id).await, Auth::Connected { .. }));
}

async fn a_token_is_renewed_before_it_expires_and_kept(fixture: &StoreFixture) {
    let (house, _, id) = signed_in(&fixture.store, Vec::new()).await;
    fixture.clock.advance(LIFE - Duration::from_secs(30));
    house.issuer.set_now(fixture.clock.now());
    assert!(is_done(&call(&house, &house.ann).await));
    assert!(is_done(&call(&house, &house.ann).await));
    assert_eq!(house.issuer.counts(), (1, 0), "renewed once");
    let Auth::Connected { expires_at, .. } = auth(&house, &house.ann, id).await else { panic!() };
    assert_eq!(expires_at, Some(fixture.clock.now().after(LIFE)));

    // Another process finds the new one.
    let other = House::idle(&fixture.store, [], [], worker("two")).await;
    other.issuer.set_now(fixture.clock.now());
    add_far(&other);
    assert!(is_done(&call(&other, &other.ann).await));
    assert_eq!(other.issuer.counts(), (1, 0), "its issuer did not know the token, and renewed it");
}

async fn whoever_disconnects_gives_back_what_was_granted(fixture: &StoreFixture) {
    let (house, _, id) = signed_in(&fixture.store, Vec::new()).await;
    let detail = house.app.disconnect_server(&house.ann, id).await.unwrap();
    assert_eq!(detail.summary.auth, Auth::Needed { reason: None });
    let Outcome::Failed { .. } = call(&house, &house.ann).await else { panic!("it is gone") };
    let returned = house.issuer.returned(|it| it.tokens.len() == 1);
    tokio::time::timeout(Duration::from_secs(20), returned).await.expect("it is given back");
}

async fn a_server_that_moved_is_signed_in_at_anew(fixture: &StoreFixture) {
    let (house, _, id) = signed_in(&fixture.store, Vec::new()).await;
    let moved = ServerChange {
        link: Some(link("https://elsewhere.example/mcp")),
        ..ServerChange::default()
    };
    let Transport::Http { credentials, .. } = house.servers.opened().pop().unwrap().transport
    else {
        panic!("by address")
    };
    let old = credentials.unwrap();
    assert!(old.token().await.unwrap().is_some());
    let before = house.issuer.shown().len();
    house.app.change_server(&house.ann, id, moved).await.unwrap();
    assert_eq!(house.issuer.shown().len(), before, "nothing is shown there");
    assert_eq!(auth(&house, &house.ann, id).await, Auth::Needed { reason: None });
    sign_in(&house, &house.ann, id).await;
    assert!(is_done(&call(&house, &house.ann).await));
    assert!(old.token().await.unwrap().is_none(), "what is new is not shown where it was before");
}

async fn a_client_is_entered_by_whoever_looks_after_the_server(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    add_far(&house);
    let root = caller(&house.store, "root@example.org", Role::Admin).await;
    let id = added(&house, &root, true).await;
    let entering = |issuer: &str, inside| Entering {
        issuer: issuer.to_owned(),
        client: "mine".to_owned(),
        secret: Some("canary-secret".to_owned().into()),
        inside,
    };
    let good = || Some(entering("https://issuer.example", false));
    let anns = house.app.enter_client(&house.ann, id, good()).await;
    assert_eq!(kind(anns), Some(Kind::Forbidden));
    let wrong = house.app.enter_client(&root, id, Some(entering("http://issuer.example", false)));
    let Err(AppError::Invalid(mistakes)) = wrong.await else { panic!() };
    assert_eq!(mistakes[0].pointer, "/issuer");
    let detail = house.app.enter_client(&root, id, good()).await.unwrap();
    assert_eq!(detail.client.as_ref().unwrap().client, "mine");
    assert!(!format!("{detail:?}").contains("canary"));
    assert!(house.app.server(&house.ann, id).await.unwrap().client.is_none());

    sign_in(&house, &house.ann, id).await;
    let entered = house.issuer.asked()[0].entered.clone().unwrap();
    assert_eq!((&*entered.issuer, &*entered.client.id), ("https://issuer.example", "mine"));
    let forgotten = house.app.enter_client(&root, id, None).await.unwrap();
    assert!(forgotten.client.is_none());
    // An administrator alone says that an issuer is inside, also for servers of others.
    let own = NewServer { name: "own".to_owned(), ..new(false) };
    let own = house.app.add_server(&house.ann, own, None).await.unwrap().summary.row.id;
    let inside = house.app.enter_client(&house.ann, own, Some(entering("http://10.0.0.7", true)));
    assert_eq!(kind(inside.await), Some(Kind::Forbidden));
}
