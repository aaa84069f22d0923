//! Grants that several processes hold, and those that nobody may use for a while.

use std::time::Duration;

use galaxy_app::servers::{Auth, NewServer};
use galaxy_domain::{Role, Verdict};
use galaxy_store::people::PersonChange;
use galaxy_testkit::{
    issuer::{LIFE, Verb},
    store::StoreFixture,
};
use tokio::time::{sleep, timeout};

use super::{add_far, added, auth, call, is_done, new, sign_in, signed_in};
use crate::house::{House, caller, worker};

galaxy_testkit::on_both_engines! {
    processes_that_renew_at_once_use_a_refresh_token_once,
    a_disabled_account_keeps_what_it_was_granted_and_nobody_uses_it,
}

async fn processes_that_renew_at_once_use_a_refresh_token_once(fixture: &StoreFixture) {
    let (one, ..) = signed_in(&fixture.store, Vec::new()).await;
    let two = one.replica(&fixture.store).await;
    two.app.start();
    add_far(&two);
    for house in [&one, &two] {
        assert!(is_done(&call(house, &house.ann).await), "it is connected");
    }
    for round in 1..=3 {
        fixture.clock.advance(LIFE + Duration::from_secs(1));
        one.issuer.set_now(fixture.clock.now());
        let gate = one.issuer.hold(Verb::Renew);
        let both = async { tokio::join!(call(&one, &one.ann), call(&two, &two.ann)) };
        tokio::pin!(both);
        // One of them has used the token and waits for the answer; the other has to wait for it.
        let held = async {
            gate.reached().await;
            sleep(Duration::from_millis(600)).await;
        };
        tokio::select! {
            _ = &mut both => panic!("nobody has a token"),
            () = held => (),
        }
        assert_eq!(one.issuer.counts(), (round, 0), "somebody asked a second time");
        gate.open();
        let (of_one, of_two) = both.await;
        assert!(is_done(&of_one) && is_done(&of_two), "{of_one:?} {of_two:?}");
        assert_eq!((one.issuer.counts(), one.issuer.thefts()), ((round, 0), 0));
    }
}

async fn a_disabled_account_keeps_what_it_was_granted_and_nobody_uses_it(fixture: &StoreFixture) {
    let house = House::idle(&fixture.store, [], [], worker("one")).await;
    add_far(&house);
    let root = caller(&house.store, "root@example.org", Role::Admin).await;
    let id = added(&house, &house.ann, false).await;
    sign_in(&house, &house.ann, id).await;
    house.app.rule_tool(&house.ann, "far__look", Some(Verdict::Allow)).await.unwrap();
    assert!(is_done(&call(&house, &house.ann).await));
    let near = NewServer { name: "near".to_owned(), ..new(true) };
    let near = house.app.add_server(&root, near, None).await.unwrap().summary.row.id;

    // The token is about to expire, and its connection is open: it would be renewed ahead.
    fixture.clock.advance(LIFE - Duration::from_secs(30));
    house.issuer.set_now(fixture.clock.now());
    let disabled = |it| PersonChange { disabled: Some(it), ..PersonChange::default() };
    house.change_ann(disabled(true)).await;
    let shown = house.issuer.shown().len();
    house.app.start();
    let looked = async {
        // That is what a round ends with.
        let now = fixture.clock.now();
        let last = async || house.app.server(&root, near).await.unwrap().summary.row.last;
        while last().await.is_none_or(|it| it.at < now) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), looked).await.expect("the others are looked at");
    assert_eq!((house.issuer.counts(), house.issuer.shown().len()), ((0, 0), shown));
    assert_eq!(house.store.next_owed_grant().await.unwrap(), None);

    house.change_ann(disabled(false)).await;
    assert!(is_done(&call(&house, &house.ann).await));
    assert_eq!(house.issuer.counts(), (1, 0));
    assert!(matches!(auth(&house, &house.ann, id).await, Auth::Connected { .. }));
}
