use std::time::Duration;

use galaxy_domain::{
    RunId,
    audit::{Act, Ending, Record, Written},
};
use galaxy_store::{
    Strength,
    audit::{Cursor, Wanted},
};
use galaxy_testkit::store::StoreFixture;

use crate::scene::{everything, record, write};

galaxy_testkit::on_both_engines! {
    records_are_found_by_what_is_asked_for,
    people_see_what_was_done_in_their_own_name,
    pages_follow_each_other_without_a_gap,
}

async fn records_are_found_by_what_is_asked_for(store: &StoreFixture) {
    let (ann, bo) = (store.someone("ann@example.org").await, store.someone("bo@example.org").await);
    let run = RunId::fresh();
    let start = store.clock.now();
    for (idx, who) in [ann, bo, ann].into_iter().enumerate() {
        store.clock.advance(Duration::from_secs(60));
        let record = record(who.workspace, who.id, &format!("tool-{idx}"));
        let record = record.within((idx == 1).then_some(run));
        let ending = if idx == 2 { Ending::Failed } else { Ending::Done };
        store.record(record.ended(ending), Strength::Synced).await.unwrap();
    }
    let find = |wanted: Wanted| async move {
        let page = store.audit_records(everything(store), &wanted, None, 10).await.unwrap();
        page.items.iter().filter_map(subject).collect::<Vec<_>>()
    };
    let any = Wanted { act: Some(Act::ToolCalled), ..Wanted::default() };
    assert_eq!(find(any.clone()).await, ["tool-2", "tool-1", "tool-0"]);
    let minutes = |count: u64| Some(start.after(Duration::from_secs(60 * count)));
    let cases = [
        (Wanted { person: Some(ann.id), ..any.clone() }, vec!["tool-2", "tool-0"]),
        (Wanted { subject: Some("tool-1".to_owned()), ..Wanted::default() }, vec!["tool-1"]),
        (Wanted { run: Some(run), ..Wanted::default() }, vec!["tool-1"]),
        (Wanted { ending: Some(Ending::Failed), ..Wanted::default() }, vec!["tool-2"]),
        (Wanted { from: minutes(2), ..any.clone() }, vec!["tool-2", "tool-1"]),
        (Wanted { until: minutes(2), ..any.clone() }, vec!["tool-0"]),
        (Wanted { from: minutes(2), until: minutes(3), ..any.clone() }, vec!["tool-1"]),
        (Wanted { run: Some(run), person: Some(ann.id), ..any }, vec![]),
    ];
    for (wanted, expected) in cases {
        assert_eq!(find(wanted.clone()).await, expected, "{wanted:?}");
    }
}

fn subject(written: &Written) -> Option<String> {
    let Record { act, subject, .. } = &written.record;
    subject.as_ref().filter(|_| *act == Act::ToolCalled).map(|it| it.id.clone())
}

async fn people_see_what_was_done_in_their_own_name(store: &StoreFixture) {
    let (ann, bo) = (store.someone("ann@example.org").await, store.someone("bo@example.org").await);
    write(store, ann, 2).await;
    write(store, bo, 3).await;
    let asked_for_bo = Wanted { person: Some(bo.id), ..Wanted::default() };
    let page = store.own_audit_records(ann.may_self(), &asked_for_bo, None, 10).await.unwrap();
    assert_eq!(page.items.len(), 2);
    assert!(page.items.iter().all(|it| it.record.actor.person == Some(ann.id)));
}

async fn pages_follow_each_other_without_a_gap(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    // Many of them at the same moment.
    write(store, ann, 13).await;
    store.clock.advance(Duration::from_secs(1));
    write(store, ann, 4).await;
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page = store.audit_records(everything(store), &Wanted::default(), after, 5).await;
        let page = page.unwrap();
        found.extend(page.items.iter().map(|it| it.place));
        match page.next {
            Some(next) => after = Some(Cursor::parse(&next).unwrap()),
            None => break,
        }
    }
    let mut sorted = found.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!((found.len(), sorted.len()), (19, 19));
}
