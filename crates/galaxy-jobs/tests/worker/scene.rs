//! What most tests begin with.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::Tasks;
use galaxy_domain::{
    Item, Part, Permit, RunId, RunState, Stop, access::Drive, conversation::Settings, id::Run,
    run::RunRow,
};
use galaxy_jobs::{Live, Runner, Worker, WorkerConfig, worker::Ends};
use galaxy_store::{NewConversation, NewRun, Say, Store};
use galaxy_testkit::store::{Someone, StoreFixture, permit};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

/// Longer than anything here takes; only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a runner is told to do with its run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    /// Answer it.
    Finish,
    /// Break.
    Panic,
    /// Go away without a word.
    Leave,
}

/// A run that a worker carries.
pub(crate) struct Carried {
    pub(crate) run: RunRow,
    pub(crate) ends: Ends,
    order: oneshot::Sender<Order>,
}

impl Carried {
    pub(crate) fn order(self, order: Order) {
        self.order.send(order).expect("the runner waits for its order");
    }
}

/// A runner that does what the test says, and hands over and stops like a good one.
struct Obedient {
    store: Store,
    carried: mpsc::Sender<Carried>,
}

impl Obedient {
    async fn finish(&self, run: &RunRow, stop: Stop) {
        let (permit, state) = (drive(run), stop.state());
        let items = vec![Item::Stopped { stop }];
        self.store.finish(permit, run.fence, 1, items, state).await.ok();
    }
}

impl Runner for Obedient {
    fn run(&self, run: RunRow, ends: Ends) -> BoxFuture<'_, ()> {
        async move {
            let (order, ordered) = oneshot::channel();
            let carried = Carried { run: run.clone(), ends: ends.clone(), order };
            if self.carried.send(carried).await.is_err() {
                return;
            }
            tokio::select! {
                biased;
                () = ends.stop.cancelled() => self.finish(&run, Stop::Cancelled).await,
                () = ends.hand_over.cancelled() => {
                    self.store.release(drive(&run), run.fence).await.ok();
                }
                order = ordered => match order.unwrap_or(Order::Leave) {
                    Order::Finish => self.finish(&run, Stop::Finished).await,
                    Order::Panic => panic!("on purpose"),
                    Order::Leave => (),
                },
            }
        }
        .boxed()
    }
}

/// A worker and what it carries.
pub(crate) struct Bench {
    pub(crate) worker: Arc<Worker>,
    pub(crate) tasks: Tasks,
    carried: mpsc::Receiver<Carried>,
}

impl Bench {
    /// A worker at work.
    pub(crate) fn start(store: &Store, live: &Arc<Live>, config: WorkerConfig) -> Self {
        let (sender, carried) = mpsc::channel(64);
        let runner = Arc::new(Obedient { store: store.clone(), carried: sender });
        let tasks = Tasks::default();
        let worker = Worker::new(store.clone(), live.clone(), runner, config, tasks.clone());
        worker.start();
        Self { worker, tasks, carried }
    }

    /// The next run that the worker begins to carry.
    pub(crate) async fn next(&mut self) -> Carried {
        let next = timeout(PATIENCE, self.carried.recv()).await;
        next.expect("a run is claimed").expect("the worker lives")
    }

    /// Whether a run was claimed that nobody looked at yet.
    pub(crate) fn is_idle(&self) -> bool {
        self.carried.is_empty()
    }

    /// Stops the worker as a process does that is told to; tells whether all of it ended.
    pub(crate) async fn stop(&self) -> bool {
        self.tasks.stop(Duration::from_secs(5)).await
    }
}

/// A worker that looks for work often, and otherwise does nothing by itself for an hour.
pub(crate) fn config(name: &str) -> WorkerConfig {
    WorkerConfig {
        lease: Duration::from_secs(3_600),
        heartbeat: Duration::from_secs(3_600),
        look: Duration::from_millis(5),
        ..WorkerConfig::named(name.to_owned())
    }
}

/// Readers and workers of a process that hears what `store` commits.
pub(crate) fn hearing(store: &Store) -> Arc<Live> {
    let live = Arc::new(Live::default());
    store.watch(live.clone());
    live
}

/// The right to drive `run`.
pub(crate) fn drive(run: &RunRow) -> Permit<Drive, Run> {
    permit(run.id, run.workspace, run.owner)
}

/// A new conversation of `who` with a question that waits for its answer.
pub(crate) async fn asks(store: &Store, who: Someone) -> RunId {
    let new = NewConversation { title: String::new(), settings: Settings::default() };
    let chat = store.create(who.may_here(), new, None).await.unwrap().value;
    let say = Say {
        parent: None,
        sibling_of: None,
        parts: vec![Part::text("go")],
        run: Some(NewRun::default()),
        max_active: 100,
    };
    store.say(who.may(chat), say, None).await.unwrap().value.run.unwrap()
}

pub(crate) async fn ann(store: &StoreFixture) -> Someone {
    store.someone("ann@example.org").await
}

pub(crate) async fn state(store: &Store, who: Someone, run: RunId) -> RunState {
    store.run(who.may(run)).await.unwrap().state
}

/// Waits until the run stands in `wanted`.
pub(crate) async fn until(store: &Store, who: Someone, run: RunId, wanted: RunState) {
    let reached = async {
        while state(store, who, run).await != wanted {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, reached).await.expect("the state is reached");
}
