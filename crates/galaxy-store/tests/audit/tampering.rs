use galaxy_store::{Store, audit::Head};
use galaxy_testkit::store::StoreFixture;

use crate::scene::{break_in, troubles, with_openings, write};

galaxy_testkit::on_both_engines! {
    records_cannot_be_changed_or_removed_by_a_statement,
    a_record_that_was_changed_is_found,
    a_record_whose_hash_was_made_to_fit_is_found,
    a_record_that_was_removed_is_found,
    an_end_that_was_cut_off_is_found,
    an_end_that_was_cut_off_and_set_back_is_found,
    an_end_that_was_set_back_is_found_after_a_restart_by_who_noted_it_down,
    records_in_another_order_are_found,
    a_record_that_was_added_is_found,
    a_chain_that_is_gone_is_found,
    a_newest_chain_that_is_gone_is_found,
    a_beginning_that_was_moved_is_found,
    the_register_is_never_mended_by_beginning_a_chain,
    a_register_that_is_gone_is_not_made_anew,
    what_was_put_where_records_were_removed_is_found,
    what_was_put_in_no_chain_is_found,
}

/// Ten records in one chain, the first of which begins it; the store is broken into.
async fn ten(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    write(store, ann, 8).await;
    assert_eq!(with_openings(store).await.len(), 10);
    assert_eq!(troubles(store).await, Vec::<String>::new());
    break_in(store).await;
}

async fn records_cannot_be_changed_or_removed_by_a_statement(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    write(store, ann, 3).await;
    for statement in
        ["UPDATE audit_log SET act = 'x' WHERE seq = 2", "DELETE FROM audit_log WHERE seq = 3"]
    {
        let refused = std::panic::AssertUnwindSafe(store.tamper(statement));
        let refused = futures::FutureExt::catch_unwind(refused).await;
        assert!(refused.is_err(), "{statement}");
    }
    assert_eq!(with_openings(store).await.len(), 5);
}

async fn a_record_that_was_changed_is_found(store: &StoreFixture) {
    ten(store).await;
    for (change, back) in [
        (
            "UPDATE audit_log SET ending = 'failed' WHERE seq = 4",
            "UPDATE audit_log SET ending = 'done' WHERE seq = 4",
        ),
        (
            "UPDATE audit_log SET person_id = NULL, credential_id = person_id WHERE seq = 4",
            "UPDATE audit_log SET person_id = credential_id, credential_id = NULL WHERE seq = 4",
        ),
        (
            "UPDATE audit_log SET at = at + 1 WHERE seq = 4",
            "UPDATE audit_log SET at = at - 1 WHERE seq = 4",
        ),
        (
            "UPDATE audit_log SET facts = '{\"count\":1}' WHERE seq = 4",
            "UPDATE audit_log SET facts = '{}' WHERE seq = 4",
        ),
    ] {
        store.tamper(change).await;
        let found = troubles(store).await;
        assert_eq!(found, ["audit chain 1: record 1.4 is not what was written there"], "{change}");
        store.tamper(back).await;
        assert_eq!(troubles(store).await, Vec::<String>::new(), "{back}");
    }
    // What verifies everything says so, too.
    store.tamper("UPDATE audit_log SET ending = 'failed' WHERE seq = 4").await;
    let verified = store.verify().await.unwrap();
    assert_eq!(verified.troubles.len(), 1, "{verified:?}");
}

async fn a_record_whose_hash_was_made_to_fit_is_found(store: &StoreFixture) {
    ten(store).await;
    // Somebody can compute hashes: the next record no longer follows.
    store
        .tamper(
            "UPDATE audit_log SET hash = (SELECT hash FROM audit_log WHERE seq = 1) WHERE seq = 4",
        )
        .await;
    let found = troubles(store).await;
    assert!(
        found.contains(&"audit chain 1: record 1.5 is not what was written there".to_owned()),
        "{found:?}"
    );
}

async fn a_record_that_was_removed_is_found(store: &StoreFixture) {
    ten(store).await;
    store.tamper("DELETE FROM audit_log WHERE seq IN (4, 5)").await;
    assert_eq!(troubles(store).await, ["audit chain 1: records 1.4 to 1.5 are gone"]);
}

async fn an_end_that_was_cut_off_is_found(store: &StoreFixture) {
    ten(store).await;
    store.tamper("DELETE FROM audit_log WHERE seq > 7").await;
    assert_eq!(troubles(store).await, ["audit chain 1: records 1.8 to 1.10 are gone"]);
}

async fn an_end_that_was_cut_off_and_set_back_is_found(store: &StoreFixture) {
    ten(store).await;
    set_back(store).await;
    let found = troubles(store).await;
    let expected = [
        "audit chain 1: its end was changed: its seal does not fit",
        "audit chain 1: ends with record 1.7, and this process remembers 1.10",
    ];
    assert_eq!(found, expected);
}

async fn set_back(store: &StoreFixture) {
    store.tamper("DELETE FROM audit_log WHERE seq > 7").await;
    store
        .tamper(
            "UPDATE audit_chains SET seq = 7, hash = (SELECT hash FROM audit_log WHERE seq = 7)
            WHERE chain = 1",
        )
        .await;
}

async fn an_end_that_was_set_back_is_found_after_a_restart_by_who_noted_it_down(
    store: &StoreFixture,
) {
    let ann = store.someone("ann@example.org").await;
    write(store, ann, 5).await;
    // Somebody keeps a copy of a sealed end, and puts it back later.
    store.tamper("CREATE TABLE copy AS SELECT * FROM audit_chains").await;
    write(store, ann, 5).await;
    let noted: Vec<Head> = store.check_audit(&[]).await.unwrap().heads;
    store.close().await;
    break_in(store).await;
    store.tamper("DELETE FROM audit_log WHERE seq > (SELECT seq FROM copy WHERE chain = 1)").await;
    store.tamper("DELETE FROM audit_chains").await;
    store.tamper("INSERT INTO audit_chains SELECT * FROM copy").await;
    let again = Store::open(store.config("again")).await.unwrap();
    assert!(again.check_audit(&[]).await.unwrap().is_good(), "nothing in here tells");
    let checked = again.check_audit(&noted).await.unwrap();
    assert_eq!(checked.troubles.len(), 1, "{checked:?}");
    assert_eq!(
        checked.troubles[0].what,
        "ends with record 1.7, and it was noted down elsewhere 1.12"
    );
    again.close().await;
}

async fn records_in_another_order_are_found(store: &StoreFixture) {
    ten(store).await;
    store.tamper("UPDATE audit_log SET seq = 99 WHERE seq = 4").await;
    store.tamper("UPDATE audit_log SET seq = 4 WHERE seq = 5").await;
    store.tamper("UPDATE audit_log SET seq = 5 WHERE seq = 99").await;
    let found = troubles(store).await;
    assert_eq!(found[0], "audit chain 1: record 1.4 is not what was written there");
    assert_eq!(found.len(), 3, "{found:?}");
}

async fn a_record_that_was_added_is_found(store: &StoreFixture) {
    ten(store).await;
    store.tamper("CREATE TABLE copy AS SELECT * FROM audit_log WHERE seq = 10").await;
    store.tamper("UPDATE copy SET seq = 11").await;
    store.tamper("INSERT INTO audit_log SELECT * FROM copy").await;
    assert_eq!(troubles(store).await, ["audit chain 1: 1 records were added outside of it"]);
    store.tamper("UPDATE audit_log SET chain = 9, seq = 1 WHERE seq = 11").await;
    let found = troubles(store).await;
    assert_eq!(found, ["audit chain 9: has records, and nothing says where it ends"]);
}

/// Three chains, one after the other.
async fn three(store: &StoreFixture) -> Store {
    let ann = store.someone("ann@example.org").await;
    store.close().await;
    let mut last = None;
    for instance in ["second", "third"] {
        let next = Store::open(store.config(instance)).await.unwrap();
        let record = crate::scene::record(ann.workspace, ann.id, instance);
        next.record(record, galaxy_store::Strength::Synced).await.unwrap();
        if instance == "second" {
            next.close().await;
        } else {
            last = Some(next);
        }
    }
    break_in(store).await;
    last.unwrap()
}

async fn told(store: &Store) -> Vec<String> {
    let checked = store.check_audit(&[]).await.unwrap();
    checked.troubles.into_iter().map(|it| format!("{}: {}", it.place, it.what)).collect()
}

async fn a_chain_that_is_gone_is_found(store: &StoreFixture) {
    let last = three(store).await;
    assert_eq!(told(&last).await, Vec::<String>::new());
    store.tamper("DELETE FROM audit_log WHERE chain = 2").await;
    store.tamper("DELETE FROM audit_chains WHERE chain = 2").await;
    let found = told(&last).await;
    assert_eq!(found[0], "audit chain 2: is gone with all its records");
    assert_eq!(found[1], "audit chain 2: is gone, and record 3.1 says that it had 2 records");
    last.close().await;
}

async fn a_newest_chain_that_is_gone_is_found(store: &StoreFixture) {
    three(store).await.close().await;
    store.tamper("DELETE FROM audit_log WHERE chain = 3").await;
    store.tamper("DELETE FROM audit_chains WHERE chain = 3").await;
    let again = Store::open(store.config("again")).await.unwrap();
    assert_eq!(told(&again).await, ["audit chain 3: is gone with all its records"]);
    store.tamper("UPDATE audit_chains SET seq = 2 WHERE chain = 0").await;
    let words = "audit chain 0: the number of chains was changed: its seal does not fit";
    assert_eq!(told(&again).await, [words]);
    again.close().await;
}

async fn a_beginning_that_was_moved_is_found(store: &StoreFixture) {
    ten(store).await;
    store
        .tamper(
            "UPDATE audit_chains SET floor_seq = 4,
            floor_hash = (SELECT hash FROM audit_log WHERE seq = 4) WHERE chain = 1",
        )
        .await;
    store.tamper("DELETE FROM audit_log WHERE seq <= 4").await;
    let words = "audit chain 1: its beginning was changed: its seal does not fit";
    assert_eq!(troubles(store).await, [words]);
}

async fn the_register_is_never_mended_by_beginning_a_chain(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    store.close().await;
    store.tamper("UPDATE audit_chains SET seq = 0 WHERE chain = 0").await;
    let again = Store::open(store.config("again")).await.unwrap();
    let record = crate::scene::record(ann.workspace, ann.id, "more");
    again.record(record, galaxy_store::Strength::Synced).await.unwrap();
    let words = "audit chain 0: the number of chains was found changed when one was begun";
    assert_eq!(told(&again).await, [words]);
    again.close().await;
}

async fn a_register_that_is_gone_is_not_made_anew(store: &StoreFixture) {
    let last = three(store).await;
    last.close().await;
    // Who was the newest is forgotten with it.
    for gone in ["audit_log WHERE chain = 3", "audit_chains WHERE chain IN (0, 3)"] {
        store.tamper(&format!("DELETE FROM {gone}")).await;
    }
    let again = Store::open(store.config("again")).await.unwrap();
    assert_eq!(told(&again).await, ["audit chain 0: nothing says how many chains there are"]);
    let record = crate::scene::record(store.workspace(), galaxy_domain::PersonId::fresh(), "more");
    again.record(record, galaxy_store::Strength::Synced).await.unwrap();
    let words = "audit chain 0: the number of chains was found changed when one was begun";
    assert_eq!(told(&again).await, [words]);
    again.close().await;
}

async fn what_was_put_where_records_were_removed_is_found(store: &StoreFixture) {
    ten(store).await;
    store.clock.advance(std::time::Duration::from_secs(1));
    store.prune_audit(store.clock.now()).await.unwrap();
    assert_eq!(troubles(store).await, Vec::<String>::new());
    store.tamper("CREATE TABLE copy AS SELECT * FROM audit_log").await;
    store.tamper("UPDATE copy SET seq = 4").await;
    store.tamper("INSERT INTO audit_log SELECT * FROM copy LIMIT 1").await;
    assert_eq!(troubles(store).await, ["audit chain 1: 1 records were added outside of it"]);
}

async fn what_was_put_in_no_chain_is_found(store: &StoreFixture) {
    ten(store).await;
    store.tamper("CREATE TABLE copy AS SELECT * FROM audit_log WHERE seq = 4").await;
    store.tamper("UPDATE copy SET chain = 0").await;
    store.tamper("INSERT INTO audit_log SELECT * FROM copy").await;
    let found = troubles(store).await;
    assert_eq!(found, ["audit chain 0: has records, and nothing says where it ends"]);
    store.tamper("UPDATE audit_log SET chain = -3 WHERE chain = 0").await;
    store.tamper("CREATE TABLE ends AS SELECT * FROM audit_chains WHERE chain = 1").await;
    store.tamper("UPDATE ends SET chain = -3").await;
    store.tamper("INSERT INTO audit_chains SELECT * FROM ends").await;
    let found = troubles(store).await;
    let records = "audit chain -3: has records, and nothing says where it ends";
    assert_eq!(found, ["audit chain -3: was never begun", records]);
    store.tamper("DELETE FROM audit_log WHERE chain = -3").await;
    store.tamper("DELETE FROM audit_chains WHERE chain = -3").await;
    assert_eq!(troubles(store).await, Vec::<String>::new());
    store.tamper("UPDATE audit_chains SET floor_seq = 1 WHERE chain = 0").await;
    let words =
        "audit chain 0: what the chains are counted from was changed: its seal does not fit";
    assert_eq!(troubles(store).await, [words]);
}
