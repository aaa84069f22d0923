//! Grants that nobody wants any more are given back, whoever is away meanwhile.

use std::time::Duration;

use galaxy_app::servers::ServerChange;
use galaxy_domain::Role;
use galaxy_store::Store;
use galaxy_testkit::{
    FakeIssuer,
    issuer::{LIFE, Verb},
    store::StoreFixture,
};
use galaxy_tool::server::SignInError;
use tokio::time::{sleep, timeout};

use super::{add_far, added, call, is_done, link, sign_in, signed_in};
use crate::house::{House, caller, kind};

galaxy_testkit::on_both_engines! {
    whoever_deletes_a_server_waits_for_nobody_and_all_is_given_back,
    what_was_granted_elsewhere_is_given_back_when_a_server_moves,
    what_a_deleted_person_was_granted_is_given_back,
    an_issuer_that_is_away_is_asked_again_later,
    an_issuer_that_takes_nothing_back_is_asked_once_or_not_at_all,
    a_process_that_stops_meanwhile_leaves_it_to_the_next,
    a_renewal_that_comes_too_late_is_given_back,
    a_sign_in_whose_server_is_gone_is_given_back,
}

/// How long anything may take that should take moments, on a machine with much to do.
const PATIENCE: Duration = Duration::from_secs(20);
/// Who does not answer is asked again after so long.
const AGAIN: Duration = Duration::from_secs(5);

/// The tokens that were given back, once there are `count` of them.
async fn returned(issuer: &FakeIssuer, count: usize) -> Vec<String> {
    let returned = issuer.returned(|it| it.tokens.len() >= count);
    let mut tokens = timeout(PATIENCE, returned).await.expect("somebody gives back").tokens;
    tokens.sort_unstable();
    tokens
}

/// Waits until somebody tried to give back `count` times.
async fn tried(issuer: &FakeIssuer, count: usize) {
    let tried = issuer.returned(|it| it.tries >= count);
    timeout(PATIENCE, tried).await.expect("somebody tries to give back");
}

/// Waits until nothing is owed any more.
async fn settled(store: &Store) {
    let settled = async {
        while store.next_owed_grant().await.unwrap().is_some() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, settled).await.expect("nothing is owed any more");
    assert_eq!(store.take_owed_grants(1).await.unwrap().given_up, 0);
}

async fn whoever_deletes_a_server_waits_for_nobody_and_all_is_given_back(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    add_far(&house);
    let root = caller(&house.store, "root@example.org", Role::Admin).await;
    let id = added(&house, &root, true).await;
    sign_in(&house, &house.ann, id).await;
    sign_in(&house, &house.bob, id).await;
    let gate = house.issuer.hold(Verb::Revoke);
    timeout(PATIENCE, house.app.delete_server(&root, id)).await.expect("not so long").unwrap();
    assert_eq!(returned(&house.issuer, 2).await, ["canary-refresh-2", "canary-refresh-4"]);
    assert!(house.store.next_owed_grant().await.unwrap().is_some(), "it has not answered yet");
    gate.open();
    settled(&house.store).await;
    assert_eq!(house.store.sealed_values().await.unwrap(), []);
}

async fn what_was_granted_elsewhere_is_given_back_when_a_server_moves(fixture: &StoreFixture) {
    let (house, _, id) = signed_in(&fixture.store, Vec::new()).await;
    let to = |url: &str| ServerChange { link: Some(link(url)), ..ServerChange::default() };
    house.app.change_server(&house.ann, id, to("https://else.example/mcp")).await.unwrap();
    assert_eq!(returned(&house.issuer, 1).await, ["canary-refresh-2"]);
    settled(&house.store).await;
}

async fn what_a_deleted_person_was_granted_is_given_back(fixture: &StoreFixture) {
    let (house, ..) = signed_in(&fixture.store, Vec::new()).await;
    let root = caller(&house.store, "root@example.org", Role::Admin).await;
    let root = house.app.access().fresh(&root).unwrap();
    house.app.access().delete_person(&root, house.ann.person).await.unwrap();
    // Whoever begins to work looks what is owed.
    house.replica(&house.store).await.app.start();
    assert_eq!(returned(&house.issuer, 1).await, ["canary-refresh-2"]);
    settled(&house.store).await;
}

async fn an_issuer_that_is_away_is_asked_again_later(fixture: &StoreFixture) {
    let (house, _, id) = signed_in(&fixture.store, Vec::new()).await;
    let away = SignInError::Unavailable { message: "it is away".to_owned(), retry_after: None };
    house.issuer.refuse(away);
    house.app.disconnect_server(&house.ann, id).await.unwrap();
    tried(&house.issuer, 1).await;
    let next = house.store.next_owed_grant().await.unwrap().unwrap();
    assert_eq!(next, fixture.clock.now().after(AGAIN));
    fixture.clock.advance(AGAIN);
    assert_eq!(returned(&house.issuer, 1).await, ["canary-refresh-2"]);
    settled(&house.store).await;
    assert_eq!(house.issuer.returned(|_| true).await.tries, 2);
}

async fn an_issuer_that_takes_nothing_back_is_asked_once_or_not_at_all(fixture: &StoreFixture) {
    let (house, _, id) = signed_in(&fixture.store, Vec::new()).await;
    let (code, words) = ("unsupported_token_type".to_owned(), String::new());
    house.issuer.refuse(SignInError::Rejected { code, words });
    house.app.disconnect_server(&house.ann, id).await.unwrap();
    tried(&house.issuer, 1).await;
    settled(&house.store).await;

    house.issuer.take_nothing_back();
    sign_in(&house, &house.ann, id).await;
    house.app.disconnect_server(&house.ann, id).await.unwrap();
    settled(&house.store).await;
    assert_eq!(house.issuer.counts(), (0, 0));
}

async fn a_process_that_stops_meanwhile_leaves_it_to_the_next(fixture: &StoreFixture) {
    let (house, _, id) = signed_in(&fixture.store, Vec::new()).await;
    let gate = house.issuer.hold(Verb::Revoke);
    house.app.disconnect_server(&house.ann, id).await.unwrap();
    // The issuer has heard it, and nobody hears the answer.
    returned(&house.issuer, 1).await;
    house.tasks.stop(PATIENCE).await;
    gate.open();
    assert!(fixture.store.next_owed_grant().await.unwrap().is_some());

    fixture.clock.advance(AGAIN);
    house.replica(&fixture.store).await.app.start();
    let tokens = returned(&house.issuer, 2).await;
    assert_eq!(tokens, ["canary-refresh-2", "canary-refresh-2"]);
    settled(&fixture.store).await;
}

async fn a_renewal_that_comes_too_late_is_given_back(fixture: &StoreFixture) {
    let (house, _, id) = signed_in(&fixture.store, Vec::new()).await;
    fixture.clock.advance(LIFE + Duration::from_secs(1));
    house.issuer.set_now(fixture.clock.now());
    let gate = house.issuer.hold(Verb::Renew);
    let calling = call(&house, &house.ann);
    let ending = async {
        gate.reached().await;
        house.app.disconnect_server(&house.ann, id).await.unwrap();
        assert_eq!(returned(&house.issuer, 1).await, ["canary-refresh-2"]);
        gate.open();
        returned(&house.issuer, 2).await
    };
    let (outcome, tokens) = tokio::join!(calling, ending);
    assert!(!is_done(&outcome), "what it has been given is not wanted any more");
    assert_eq!(tokens, ["canary-refresh-2", "canary-refresh-3"]);
    settled(&house.store).await;
}

async fn a_sign_in_whose_server_is_gone_is_given_back(fixture: &StoreFixture) {
    let house = House::new(fixture, []).await;
    add_far(&house);
    let id = added(&house, &house.ann, false).await;
    let departure = house.app.connect_server(&house.ann, id).await.unwrap();
    let gate = house.issuer.hold(Verb::Finish);
    let query = house.issuer.approve(&departure.url);
    let finishing = house.app.finish_sign_in(&house.ann, &query);
    let deleting = async {
        gate.reached().await;
        house.app.delete_server(&house.ann, id).await.unwrap();
        gate.open();
    };
    let (finished, ()) = tokio::join!(finishing, deleting);
    assert!(kind(finished).is_some());
    assert_eq!(returned(&house.issuer, 1).await, ["canary-refresh-2"]);
    settled(&house.store).await;
}
