use galaxy_domain::{
    CallId, Effect, Item, Role, SessionId,
    access::Credential,
    audit::{Act, Fact, Record, Value, Way},
    conversation::Settings,
};
use galaxy_store::{
    Entries, NewConversation, NewRun, Say, StoreError, Strength,
    people::{NewPerson, PersonChange},
    sessions::{NewSession, SessionKind},
};
use galaxy_testkit::store::{Someone, StoreFixture};

use crate::scene::{all, jam, key, record, troubles};

galaxy_testkit::on_both_engines! {
    an_act_and_its_record_are_one_change,
    without_its_record_nothing_is_done,
    a_change_that_fails_leaves_no_record,
    a_record_says_by_what_its_actor_came,
    entries_of_a_run_and_their_records_are_one_change,
    a_change_of_an_account_says_what_changed,
    what_is_noted_is_written_soon,
}

async fn acts(store: &StoreFixture) -> Vec<Act> {
    all(store).await.into_iter().map(|it| it.record.act).collect()
}

async fn an_act_and_its_record_are_one_change(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    let made = store.create_key(ann.may_self(), key("one"), 10, None).await.unwrap().value;
    store.delete_key(ann.may_self(), made.id).await.unwrap();
    let records = all(store).await;
    let found: Vec<_> = records.iter().map(|it| it.record.act).collect();
    assert_eq!(found, [Act::PersonCreated, Act::KeyCreated, Act::KeyDeleted]);
    let created = &records[1].record;
    let subject = created.subject.as_ref().unwrap();
    assert_eq!(subject.id, made.id.to_string());
    assert_eq!(subject.name.as_deref(), Some("laptop"));
    assert_eq!(created.facts.get(Fact::Scopes), Some(&["read", "tasks"].into_iter().collect()));
    assert_eq!(records[1].at, store.clock.now());
    assert_eq!(troubles(store).await, Vec::<String>::new());
}

async fn without_its_record_nothing_is_done(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    let kept = store.create_key(ann.may_self(), key("kept"), 10, None).await.unwrap().value;
    jam(store).await;
    store.create_key(ann.may_self(), key("more"), 10, None).await.unwrap_err();
    store.delete_key(ann.may_self(), kept.id).await.unwrap_err();
    let change = PersonChange { role: Some(Role::Viewer), ..PersonChange::default() };
    store.change_person(ann.may(ann.id), change).await.unwrap_err();
    store.set_password(ann.may_self(), "hash".to_owned()).await.unwrap_err();
    assert_eq!(store.keys(ann.may_self()).await.unwrap(), [kept]);
    let (ann, password) =
        store.person_by_email(ann.workspace, "ann@example.org").await.unwrap().unwrap();
    assert_eq!((ann.role, password), (Role::Admin, None));
    // What leaves no record goes on.
    store.ping().await.unwrap();
}

async fn a_change_that_fails_leaves_no_record(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    store.create_key(ann.may_self(), key("one"), 10, None).await.unwrap();
    let taken = store.create_key(ann.may_self(), key("one"), 10, None).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    let last = PersonChange { disabled: Some(true), ..PersonChange::default() };
    let refused = store.change_person(ann.may(ann.id), last).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(acts(store).await, [Act::PersonCreated, Act::KeyCreated]);
    assert_eq!(troubles(store).await, Vec::<String>::new());
}

async fn a_record_says_by_what_its_actor_came(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    let session = SessionId::fresh();
    let new = NewSession {
        id: session,
        person: ann.id,
        workspace: ann.workspace,
        kind: SessionKind::Browser,
        secret_hash: "secret".to_owned(),
        client: "a browser".to_owned(),
        address: Some("203.0.113.7".parse().unwrap()),
        expires_at: store.clock.now().after(std::time::Duration::from_secs(60)),
    };
    store.open_session(new).await.unwrap();
    let permit = ann.may_self().by(Credential::Session(session));
    store.set_password(permit, "hash".to_owned()).await.unwrap();
    store.confirm_session(permit, session, "secret", "another").await.unwrap();
    let late = store.confirm_session(permit, session, "secret", "third").await;
    assert!(matches!(late, Err(StoreError::NotFound)), "{late:?}");
    store.close_session_by("another").await.unwrap();
    let records = all(store).await;
    let [_, signed_in, changed, confirmed, out] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(signed_in.record.actor.address, Some("203.0.113.7".parse().unwrap()));
    for (found, act) in [
        (signed_in, Act::SignedIn),
        (changed, Act::PasswordChanged),
        (confirmed, Act::SessionConfirmed),
        (out, Act::SignedOut),
    ] {
        assert_eq!(found.record.act, act);
        assert_eq!(found.record.actor.person, Some(ann.id));
        assert_eq!(found.record.actor.way, Way::Session);
        assert_eq!(found.record.actor.credential, Some(session.uuid()));
    }
}

async fn entries_of_a_run_and_their_records_are_one_change(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    let run = asked(store, ann).await;
    let call = CallId("c".to_owned());
    let called = galaxy_domain::ToolCall {
        id: call.clone(),
        tool: "send".to_owned(),
        input: serde_json::json!({ "to": "canary" }),
        opaque: None,
    };
    let finish = galaxy_domain::transcript::Finish::Calls;
    let spoke =
        Item::Assistant { parts: vec![], calls: vec![called], finish, model: "m".to_owned() };
    let began = Item::Began { call, effect: Effect::Reaches, view: None };
    let records = vec![Record { act: Act::ToolBegan, ..record(ann.workspace, ann.id, "send") }];
    let entries =
        || Entries { items: vec![spoke.clone(), began.clone()], records: records.clone() };
    let drive = ann.may(run.id);
    let fenced = store.append(drive, run.fence + 1, 1, entries(), Strength::Synced).await;
    assert!(matches!(fenced, Err(StoreError::Fenced)), "{fenced:?}");
    assert!(!acts(store).await.contains(&Act::ToolBegan), "what is fenced did not happen");

    store.append(drive, run.fence, 1, entries(), Strength::Synced).await.unwrap();
    assert_eq!(acts(store).await.last(), Some(&Act::ToolBegan));
    jam(store).await;
    let reply = Item::Reply {
        call: CallId("c".to_owned()),
        outcome: galaxy_domain::Outcome::Unknown,
        took_ms: 1,
        whole: None,
    };
    let ended = Entries { items: vec![reply], records };
    store.append(drive, run.fence, 3, ended, Strength::Synced).await.unwrap_err();
    let log = store.events(ann.may(run.id), 0, 100).await.unwrap();
    assert_eq!(log.last, 3, "the log ends where the records do");
}

async fn asked(store: &StoreFixture, ann: Someone) -> galaxy_domain::run::RunRow {
    let new = NewConversation { title: String::new(), settings: Settings::default() };
    let chat = store.create(ann.may_here(), new, None).await.unwrap().value;
    let parts = vec![galaxy_domain::Part::text("Send it.")];
    let run = Some(NewRun::default());
    let say = Say { parent: None, sibling_of: None, parts, run, max_active: 9 };
    store.say(ann.may(chat), say, None).await.unwrap();
    store.claim("w", std::time::Duration::from_hours(1), 1, 9).await.unwrap().remove(0)
}

async fn a_change_of_an_account_says_what_changed(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    let new = NewPerson {
        email: "bo@example.org".to_owned(),
        name: "Bo Canary".to_owned(),
        role: Role::Member,
        password_hash: None,
    };
    let bo = store.create_person(ann.may_here(), new, None).await.unwrap().value;
    let change = PersonChange {
        name: Some("Bea Canary".to_owned()),
        role: Some(Role::Viewer),
        disabled: None,
    };
    store.change_person(ann.may(bo.id), change).await.unwrap();
    store.delete_person(ann.may(bo.id)).await.unwrap();
    let records = all(store).await;
    let [_, created, changed, deleted] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(created.record.act, Act::PersonCreated);
    let facts = &changed.record.facts;
    assert_eq!(facts.get(Fact::Changed), Some(&["name", "role"].into_iter().collect::<Value>()));
    assert_eq!(facts.get(Fact::RoleBefore), Some(&"member".into()));
    assert_eq!(facts.get(Fact::Role), Some(&"viewer".into()));
    // Records outlive the account, and never held its name.
    assert_eq!(deleted.record.subject.as_ref().unwrap().id, bo.id.to_string());
    assert!(!format!("{records:?}").contains("Canary"));
}

async fn what_is_noted_is_written_soon(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    for idx in 0..700 {
        let record = record(ann.workspace, ann.id, &format!("tool-{idx}"));
        if idx % 2 == 0 {
            store.note(record).await.unwrap();
        } else {
            assert!(store.note_now(record));
        }
    }
    store.notes_written().await.unwrap();
    let records = all(store).await;
    let order: Vec<_> =
        records.iter().skip(1).map(|it| it.record.subject.clone().unwrap().id).collect();
    let expected: Vec<_> = (0..700).map(|idx| format!("tool-{idx}")).collect();
    assert_eq!(order, expected);
    assert_eq!(troubles(store).await, Vec::<String>::new());
    store.note(record(ann.workspace, ann.id, "the last")).await.unwrap();
    store.close().await;
    assert!(store.note(record(ann.workspace, ann.id, "late")).await.is_err());
}
