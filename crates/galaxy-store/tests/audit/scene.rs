//! What most tests begin with.

use galaxy_domain::{
    ApiKeyId, PersonId, WorkspaceId,
    access::{Administer, Credential, Scope},
    audit::{Act, Actor, Record, Thing, Written},
    id::Workspace,
};
use galaxy_store::{Strength, api_keys::NewKey, audit::Wanted};
use galaxy_testkit::store::{Someone, StoreFixture, permit};

/// A record of nothing in particular.
pub(crate) fn record(workspace: WorkspaceId, person: PersonId, about: &str) -> Record {
    let actor = Actor::by(person, Credential::TestMode);
    Record::new(workspace, actor, Act::ToolCalled).about(Thing::Tool, about)
}

/// Everything that is written down, the oldest first, but for the beginnings of chains.
pub(crate) async fn all(store: &StoreFixture) -> Vec<Written> {
    let mut records = with_openings(store).await;
    records.retain(|it| it.record.act != Act::LogOpened);
    records
}

/// Everything that is written down, the oldest first.
pub(crate) async fn with_openings(store: &StoreFixture) -> Vec<Written> {
    let permit = everything(store);
    let page = store.audit_records(permit, &Wanted::default(), None, 10_000).await.unwrap();
    assert_eq!(page.next, None);
    page.items.into_iter().rev().collect()
}

pub(crate) fn everything(store: &StoreFixture) -> galaxy_domain::Permit<Administer, Workspace> {
    let workspace = store.workspace();
    permit(workspace, workspace, PersonId::fresh())
}

/// Writes `count` records, one change each.
pub(crate) async fn write(store: &StoreFixture, ann: Someone, count: usize) {
    for idx in 0..count {
        let record = record(ann.workspace, ann.id, &format!("tool-{idx}"));
        store.record(record, Strength::Synced).await.unwrap();
    }
}

/// What is wrong with the records.
pub(crate) async fn troubles(store: &StoreFixture) -> Vec<String> {
    let checked = store.check_audit(&[]).await.unwrap();
    checked.troubles.into_iter().map(|it| format!("{}: {}", it.place, it.what)).collect()
}

/// Takes away what keeps records from being changed by anybody.
pub(crate) async fn break_in(store: &StoreFixture) {
    if store.is_postgres() {
        store.tamper("ALTER TABLE audit_log DISABLE TRIGGER ALL").await;
    } else {
        store.tamper("DROP TRIGGER audit_log_is_not_changed").await;
        store.tamper("DROP TRIGGER audit_log_is_kept").await;
    }
}

/// From now on no record can be written.
pub(crate) async fn jam(store: &StoreFixture) {
    if store.is_postgres() {
        store
            .tamper(
                "CREATE FUNCTION jam() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'jammed'; END $$;
                CREATE TRIGGER jam BEFORE INSERT ON audit_log
                FOR EACH ROW EXECUTE FUNCTION jam()",
            )
            .await;
    } else {
        store
            .tamper(
                "CREATE TRIGGER jam BEFORE INSERT ON audit_log
                BEGIN SELECT RAISE(ABORT, 'jammed'); END",
            )
            .await;
    }
}

pub(crate) fn key(hash: &str) -> NewKey {
    NewKey {
        id: ApiKeyId::fresh(),
        name: "laptop".to_owned(),
        prefix: "gx_abc123".to_owned(),
        secret_hash: hash.to_owned(),
        scopes: vec![Scope::Read, Scope::Tasks],
        expires_at: None,
    }
}
