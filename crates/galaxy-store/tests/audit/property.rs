//! Random histories, and random damage to what they leave: what was written fits, and whatever else
//! is there is found, by whoever looks next and after more was written, too.
//!
//! `PROPTEST_CASES=2000` looks further.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use galaxy_base::Timestamp;
use galaxy_domain::audit::Place;
use galaxy_store::{Config, Store, Strength, audit::Head};
use galaxy_testkit::store::{Someone, StoreFixture, TestSeal, postgres, sqlite};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};

use crate::{
    damage::{Before, Damage, damages},
    scene::{break_in, key, record},
};

/// How many histories, where nobody says otherwise; each one takes a database.
const CASES: (u32, u32) = (24, 5);
/// How many proptest wants where nobody says otherwise.
const UNSAID: u32 = 256;
/// Tries of finding a smaller example.
const SMALLER: u32 = 40;
const DAY: i64 = 24 * 60 * 60 * 1000;

/// One step of a history.
#[derive(Debug, Clone)]
enum Step {
    /// So many changes, one after the other.
    Written(usize),
    /// So many at once.
    Together(usize),
    /// So many that are gathered first.
    Noted(usize),
    /// A change that is done, and one that fails after it did something.
    Failed,
    /// So many days go by.
    Later(u8),
    /// What is older than so many days is removed.
    Pruned(u8),
    /// Somebody notes down where the chains end.
    Kept,
    /// Another process, with a newer key or the same.
    Restarted { is_rotated: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1_usize..5).prop_map(Step::Written),
        2 => (2_usize..9).prop_map(Step::Together),
        2 => (1_usize..9).prop_map(Step::Noted),
        1 => Just(Step::Failed),
        3 => (1_u8..4).prop_map(Step::Later),
        2 => (0_u8..4).prop_map(Step::Pruned),
        1 => Just(Step::Kept),
        2 => any::<bool>().prop_map(|is_rotated| Step::Restarted { is_rotated }),
    ];
    vec(step, 1..12)
}

/// A process on a database, and what is known outside of it.
struct World {
    fixture: StoreFixture,
    store: Store,
    ann: Someone,
    key: u8,
    count: usize,
    kept: Vec<Head>,
}

impl World {
    async fn new(fixture: StoreFixture) -> Self {
        let (store, ann) = (fixture.store.clone(), fixture.someone("ann@example.org").await);
        Self { fixture, store, ann, key: TestSeal::default().0, count: 0, kept: Vec::new() }
    }

    async fn open(&self) -> Store {
        let seal = Arc::new(TestSeal(self.key));
        let config = self.fixture.config(&format!("process {}", self.count));
        Store::open(Config { seal, ..config }).await.unwrap()
    }

    async fn record(&self, about: usize) {
        let record = record(self.ann.workspace, self.ann.id, &format!("tool-{about}"));
        self.store.record(record, Strength::Relaxed).await.unwrap();
    }

    async fn step(&mut self, step: &Step) {
        self.count += 1;
        match step {
            Step::Written(count) => {
                for about in 0..*count {
                    self.record(about).await;
                }
            }
            Step::Together(count) => {
                join_all((0..*count).map(|about| self.record(about))).await;
            }
            Step::Noted(count) => {
                for about in 0..*count {
                    let record = record(self.ann.workspace, self.ann.id, &about.to_string());
                    self.store.note(record).await.unwrap();
                }
                self.store.notes_written().await.unwrap();
            }
            Step::Failed => {
                let make = || {
                    let key = key(&format!("key-{}", self.count));
                    self.store.create_key(self.ann.may_self(), key, 1_000, None)
                };
                make().await.unwrap();
                make().await.unwrap_err();
            }
            Step::Later(days) => {
                let days = Duration::from_secs(u64::from(*days) * 24 * 60 * 60);
                self.fixture.clock.advance(days);
            }
            Step::Pruned(days) => {
                let now = self.fixture.clock.now().as_millis();
                let before = Timestamp::from_millis(now - i64::from(*days) * DAY);
                assert_eq!(self.store.prune_audit(before).await.unwrap().damaged, 0);
            }
            Step::Kept => self.kept.extend(self.store.check_audit(&[]).await.unwrap().heads),
            Step::Restarted { is_rotated } => {
                self.store.close().await;
                self.key += u8::from(*is_rotated);
                self.store = self.open().await;
                let resealed = self.store.reseal_audit().await.unwrap();
                assert_eq!(resealed.lost, Vec::<String>::new());
            }
        }
    }

    /// Where every record stands that is there.
    async fn places(&self) -> Vec<Place> {
        let (wanted, permit) = (Default::default(), self.ann.may_here());
        let page = self.store.audit_records(permit, &wanted, None, 10_000).await.unwrap();
        let mut places: Vec<Place> = page.items.into_iter().map(|it| it.place).collect();
        places.sort_unstable();
        places
    }

    /// Does `damage` behind everybody's back; tells who does not find it.
    async fn hide(&mut self, damage: &Damage, places: &[Place]) -> Result<(), TestCaseError> {
        let before = Before { places, is_postgres: self.fixture.is_postgres() };
        let done = damage.statements(before);
        self.fixture.tamper(&done).await;
        self.found("by the process that wrote it", &done).await?;
        self.store.close().await;
        self.store = self.open().await;
        self.found("by another process", &done).await?;
        // Where it begins a chain of its own, nothing is mended by that.
        let more = record(self.ann.workspace, self.ann.id, "more");
        let written = self.store.record(more, Strength::Synced).await.is_ok();
        self.found(if written { "after more was written" } else { "after that" }, &done).await?;
        self.store.close().await;
        self.fixture.tamper(PUT_BACK).await;
        self.store = self.open().await;
        let checked = self.store.check_audit(&self.kept).await.unwrap();
        prop_assert!(checked.is_good(), "put back: {checked:?}");
        Ok(())
    }

    async fn found(&self, by: &str, done: &str) -> Result<(), TestCaseError> {
        let checked = self.store.check_audit(&[]).await;
        let is_found = checked.as_ref().is_ok_and(|it| !it.is_good());
        prop_assert!(is_found, "not found {by}: {done}\n{checked:?}");
        Ok(())
    }
}

const COPY: &str = "CREATE TABLE copied_log AS SELECT * FROM audit_log;
    CREATE TABLE copied_chains AS SELECT * FROM audit_chains;";
const PUT_BACK: &str = "DELETE FROM audit_log; DELETE FROM audit_chains;
    INSERT INTO audit_log SELECT * FROM copied_log;
    INSERT INTO audit_chains SELECT * FROM copied_chains;";

async fn play(
    fixture: StoreFixture,
    (steps, damages): (Vec<Step>, Vec<Damage>),
) -> Result<(), TestCaseError> {
    let mut world = World::new(fixture).await;
    for step in &steps {
        world.step(step).await;
        let checked = world.store.check_audit(&world.kept).await.unwrap();
        prop_assert!(checked.is_good(), "after {step:?}: {checked:?}");
    }
    let places = world.places().await;
    break_in(&world.fixture).await;
    world.fixture.tamper(COPY).await;
    for damage in &damages {
        world.hide(damage, &places).await?;
    }
    world.store.close().await;
    Ok(())
}

fn look<F: Future<Output = StoreFixture>>(cases: u32, store: impl Fn() -> F) {
    let said = ProptestConfig::default();
    let cases = if said.cases == UNSAID { cases } else { said.cases };
    let config =
        ProptestConfig { cases, max_shrink_iters: SMALLER, failure_persistence: None, ..said };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    let looked = TestRunner::new(config).run(&(steps(), vec(damages(), 4..8)), |case| {
        runtime.block_on(async { play(store().await, case).await })
    });
    looked.unwrap_or_else(|err| panic!("{err}"));
}

#[test]
fn whatever_happened_fits_and_whatever_was_done_to_it_is_found_on_sqlite() {
    look(CASES.0, sqlite);
}

#[test]
fn whatever_happened_fits_and_whatever_was_done_to_it_is_found_on_postgres() {
    look(CASES.1, postgres);
}
