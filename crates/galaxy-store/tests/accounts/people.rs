use futures::{StreamExt, future::join_all, stream};
use galaxy_domain::{
    ConversationId, Part, Permit, Role, RunId, WorkspaceId,
    access::{Administer, Read},
    conversation::Settings,
    id::Person as PersonKind,
    person::Person,
};
use galaxy_store::{
    NewConversation, NewRun, Say, StoreError,
    people::{NewPerson, PersonChange},
    sessions::{NewSession, SessionKind},
};
use galaxy_testkit::store::{Someone, StoreFixture, permit};

galaxy_testkit::on_both_engines! {
    of_fifty_first_administrators_one_is_made,
    the_first_account_is_an_administrators_whatever_was_asked,
    only_the_newest_token_is_good,
    an_address_has_one_account,
    somebody_is_always_left_to_administrate,
    an_account_changes_only_where_asked,
    a_disabled_account_has_no_sessions,
    runs_of_who_lost_their_rights_are_stopped,
    a_deleted_account_leaves_nothing,
    an_account_of_another_workspace_is_not_touched,
}

fn new(email: &str, role: Role) -> NewPerson {
    let (email, name) = (email.to_owned(), "Somebody".to_owned());
    NewPerson { email, name, role, password_hash: Some(format!("hash of {role:?}")) }
}

fn look_after(person: &Person) -> Permit<Administer, PersonKind> {
    permit(person.id, person.workspace, person.id)
}

async fn make(store: &StoreFixture, email: &str, role: Role) -> Person {
    let workspace = store.workspace();
    let somebody = galaxy_domain::PersonId::fresh();
    store
        .create_person(permit(workspace, workspace, somebody), new(email, role), None)
        .await
        .unwrap()
        .value
}

fn role(role: Role) -> PersonChange {
    PersonChange { role: Some(role), ..Default::default() }
}

fn disabled() -> PersonChange {
    PersonChange { disabled: Some(true), ..Default::default() }
}

async fn of_fifty_first_administrators_one_is_made(store: &StoreFixture) {
    assert!(!store.is_set_up().await.unwrap());
    store.put_setup_token("token").await.unwrap();
    let calls = (0..50).map(|number| {
        store.create_first_admin("token", new(&format!("{number}@example.org"), Role::Viewer))
    });
    let (made, refused): (Vec<_>, Vec<_>) =
        join_all(calls).await.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].as_ref().unwrap().role, Role::Admin);
    assert!(refused.iter().all(|end| matches!(end, Err(StoreError::Conflict(_)))), "{refused:?}");
    assert!(store.is_set_up().await.unwrap());
    assert!(!store.is_setup_token("token").await.unwrap());
}

async fn the_first_account_is_an_administrators_whatever_was_asked(store: &StoreFixture) {
    let emails: Vec<String> = (0..30).map(|number| format!("{number}@example.org")).collect();
    let arrive = |email| store.provision(store.workspace(), email, "Me", Role::Member);
    let people = join_all(emails.iter().map(|email| arrive(email.as_str()))).await;
    let people: Vec<Person> = people.into_iter().map(Result::unwrap).collect();
    assert_eq!(people.iter().filter(|person| person.role == Role::Admin).count(), 1);
    let again = arrive(&people[7].email).await.unwrap();
    assert_eq!(again, people[7]);
    let same = join_all((0..10).map(|_| arrive("new@example.org"))).await;
    let first = same[0].as_ref().unwrap().clone();
    assert!(same.into_iter().all(|person| person.unwrap() == first));
}

async fn only_the_newest_token_is_good(store: &StoreFixture) {
    store.put_setup_token("one").await.unwrap();
    store.put_setup_token("two").await.unwrap();
    let end = store.create_first_admin("one", new("a@example.org", Role::Admin)).await;
    assert!(matches!(end, Err(StoreError::NotFound)), "{end:?}");
    assert!(store.is_setup_token("two").await.unwrap());
    store.create_first_admin("two", new("a@example.org", Role::Admin)).await.unwrap();
}

async fn an_address_has_one_account(store: &StoreFixture) {
    let person = make(store, "a@example.org", Role::Admin).await;
    let (workspace, id) = (store.workspace(), person.id);
    let end = store.create_person(
        permit(workspace, workspace, id),
        new("a@example.org", Role::Admin),
        None,
    );
    let Err(StoreError::Conflict(message)) = end.await else { panic!("the address is taken") };
    assert!(message.contains("a@example.org"), "{message}");
    let found = store.person_by_email(workspace, "a@example.org").await.unwrap();
    assert_eq!(found, Some((person.clone(), Some("hash of Admin".to_owned()))));
    assert_eq!(store.person(id).await.unwrap(), Some(person));
    assert_eq!(store.person_by_email(workspace, "b@example.org").await.unwrap(), None);
}

async fn somebody_is_always_left_to_administrate(store: &StoreFixture) {
    let (one, other) = (
        make(store, "one@example.org", Role::Admin).await,
        make(store, "other@example.org", Role::Admin).await,
    );
    let (first, second) = tokio::join!(
        store.change_person(look_after(&one), role(Role::Member)),
        store.change_person(look_after(&other), disabled()),
    );
    assert_eq!([&first, &second].iter().filter(|end| end.is_ok()).count(), 1);
    let last = if first.is_ok() { &other } else { &one };
    for end in [
        store.change_person(look_after(last), role(Role::Viewer)).await.map(drop),
        store.change_person(look_after(last), disabled()).await.map(drop),
        store.delete_person(look_after(last)).await,
    ] {
        assert!(matches!(end, Err(StoreError::Conflict(_))), "{end:?}");
    }
    assert_eq!(store.person(last.id).await.unwrap().as_ref(), Some(last));
}

async fn an_account_changes_only_where_asked(store: &StoreFixture) {
    make(store, "admin@example.org", Role::Admin).await;
    let person = make(store, "a@example.org", Role::Member).await;
    let rename = PersonChange { name: Some("Ada".to_owned()), ..Default::default() };
    let renamed = store.change_person(look_after(&person), rename).await.unwrap();
    assert_eq!(renamed, Person { name: "Ada".to_owned(), ..person.clone() });
    let promoted = store.change_person(look_after(&person), role(Role::Admin)).await.unwrap();
    assert_eq!(promoted, Person { role: Role::Admin, ..renamed });
    assert_eq!(store.person(person.id).await.unwrap(), Some(promoted));
    store
        .set_password(permit(person.id, person.workspace, person.id), "new".to_owned())
        .await
        .unwrap();
    let found = store.person_by_email(person.workspace, &person.email).await.unwrap();
    assert_eq!(found.unwrap().1.as_deref(), Some("new"));
}

async fn a_disabled_account_has_no_sessions(store: &StoreFixture) {
    make(store, "admin@example.org", Role::Admin).await;
    let person = make(store, "a@example.org", Role::Member).await;
    let session = |secret: &str| NewSession {
        id: galaxy_domain::SessionId::fresh(),
        person: person.id,
        workspace: person.workspace,
        kind: SessionKind::Browser,
        secret_hash: secret.to_owned(),
        client: String::new(),
        address: None,
        expires_at: store.clock.now().after(std::time::Duration::from_secs(60)),
    };
    store.open_session(session("one")).await.unwrap();
    store.change_person(look_after(&person), disabled()).await.unwrap();
    assert_eq!(store.session("one").await.unwrap(), None);
    let end = store.open_session(session("two")).await;
    assert!(matches!(end, Err(StoreError::NotFound)), "{end:?}");
    let enable = PersonChange { disabled: Some(false), ..Default::default() };
    store.change_person(look_after(&person), enable).await.unwrap();
    assert_eq!(store.session("one").await.unwrap(), None);
}

async fn runs_of_who_lost_their_rights_are_stopped(store: &StoreFixture) {
    let lease = std::time::Duration::from_secs(3_600);
    for (email, loss) in [("a@example.org", disabled()), ("b@example.org", role(Role::Viewer))] {
        let person = make(store, email, Role::Member).await;
        let who = Someone { workspace: person.workspace, id: person.id };
        let run = ask(store, who, chat(store, who, 0).await).await;
        assert_eq!(store.claim("one", lease, 1, 10).await.unwrap()[0].id, run);
        store.change_person(look_after(&person), role(Role::Member)).await.unwrap();
        assert!(!store.heartbeat("one", &[run], lease).await.unwrap()[0].stop_requested);
        store.change_person(look_after(&person), loss).await.unwrap();
        assert!(store.heartbeat("one", &[run], lease).await.unwrap()[0].stop_requested);
    }
}

async fn a_deleted_account_leaves_nothing(store: &StoreFixture) {
    let admin = make(store, "admin@example.org", Role::Admin).await;
    let person = make(store, "a@example.org", Role::Member).await;
    let who = Someone { workspace: person.workspace, id: person.id };
    let chat = chat(store, who, 1_100).await;
    let run = ask(store, who, chat).await;
    assert!(store.events(who.may::<Read, _>(run), 0, 10).await.unwrap().last > 0);

    store.delete_person(look_after(&person)).await.unwrap();
    assert_eq!(store.person(person.id).await.unwrap(), None);
    assert!(store.conversation_target(chat).await.unwrap().is_none());
    assert!(store.run_target(run).await.unwrap().is_none());
    assert_eq!(store.events(who.may::<Read, _>(run), 0, 10).await.unwrap().last, 0);
    assert_eq!(store.events(who.may::<Read, _>(chat), 0, 10).await.unwrap().last, 0);
    assert_eq!(store.events(who.may_self(), 0, 10).await.unwrap().last, 0);
    assert_eq!(store.search(who.may_here(), "lantern", 10).await.unwrap(), []);

    let again = store.delete_person(look_after(&person)).await;
    assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
    let workspace = store.workspace();
    let left = store.people(permit(workspace, workspace, admin.id)).await.unwrap();
    assert_eq!(left, [admin]);
    make(store, "a@example.org", Role::Member).await;
}

/// A conversation with a long branch: every message follows the one before.
async fn chat(store: &StoreFixture, who: Someone, messages: usize) -> ConversationId {
    let new = NewConversation { title: "Lanterns".to_owned(), settings: Settings::default() };
    let chat = store.create(who.may_here(), new, None).await.unwrap().value;
    let words = (0..messages).map(|_| store.say(who.may(chat), say(None), None));
    // Only so many at once that none has to wait too long for its turn on a busy machine.
    let said: Vec<_> = stream::iter(words).buffered(16).collect().await;
    assert!(said.into_iter().all(|said| said.is_ok()));
    chat
}

async fn ask(store: &StoreFixture, who: Someone, chat: ConversationId) -> RunId {
    let asked = store.say(who.may(chat), say(Some(NewRun::default())), None).await.unwrap();
    asked.value.run.unwrap()
}

fn say(run: Option<NewRun>) -> Say {
    let parts = vec![Part::text("another lantern")];
    Say { parent: None, sibling_of: None, parts, run, max_active: 1 }
}

async fn an_account_of_another_workspace_is_not_touched(store: &StoreFixture) {
    make(store, "admin@example.org", Role::Admin).await;
    let person = make(store, "a@example.org", Role::Member).await;
    let elsewhere = WorkspaceId::fresh();
    let abroad = permit(person.id, elsewhere, person.id);
    let ends = [
        store.change_person(abroad, disabled()).await.map(drop),
        store.delete_person(abroad).await,
        store.set_password(permit(person.id, elsewhere, person.id), "new".to_owned()).await,
    ];
    assert!(ends.iter().all(|end| matches!(end, Err(StoreError::NotFound))), "{ends:?}");
    assert_eq!(store.people(permit(elsewhere, elsewhere, person.id)).await.unwrap(), []);
    assert_eq!(store.person_by_email(elsewhere, &person.email).await.unwrap(), None);
    let read: Permit<Read, PersonKind> = permit(person.id, elsewhere, person.id);
    assert_eq!(store.sessions(read).await.unwrap(), []);
    assert_eq!(store.person(person.id).await.unwrap(), Some(person));
}
