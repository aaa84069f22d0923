//! Runs that are carried from their birth: the model is asked while the question is being stored,
//! so that durability costs no time before the first token.
//!
//! **Invariant:** nothing of such a run is appended or shown before its first entry is stored, and
//! a run that could not be stored leaves no trace. When anything speaks against a birth, the run
//! waits in the queue like any other.

mod under_way;

use std::sync::Arc;

use futures::{
    FutureExt,
    channel::oneshot,
    future::{BoxFuture, Shared},
};
use galaxy_access::drive as drive_permit;
use galaxy_agent::{Deps, FirstPiece, drive, log::NewbornLog};
use galaxy_domain::{
    ConversationId, Entry, Id, Item, MessageId, Part, Permit, RunId, RunState, Transcript,
    access::Write, id::Conversation, run::RunRow,
};
use galaxy_jobs::worker::Claimed;
use galaxy_store::{Begun, Birth, Made, Once, Outlook, Said, StoreError};

use crate::{
    App, AppError,
    chat::{Awaits, Sending},
    executor::{Unfit, signals},
};

pub(crate) use under_way::Births;
use under_way::UnderWay;

/// A run that can be driven and is not stored yet.
pub(crate) struct Newborn {
    under_way: UnderWay,
    run: RunRow,
    after: Option<MessageId>,
    transcript: Transcript,
    deps: Deps,
    born: oneshot::Sender<bool>,
    birth: Shared<oneshot::Receiver<bool>>,
}

impl App {
    /// A run that answers what is sent, ready to be driven, unless something speaks against it.
    pub(crate) async fn newborn(
        &self,
        permit: &Permit<Write, Conversation>,
        sending: &Sending,
        parts: &[Part],
        once: Option<&Once>,
    ) -> Option<Newborn> {
        // A conversation grows by one message at a time.
        let key = Some(permit.resource().to_string());
        let under_way = self.births.begin(permit.person(), key).await?;
        // Looked at only now: what was under way before either is counted there or stored.
        let outlook = self.store.outlook(permit, once).await.ok()?;
        let after = sending.parent.or(outlook.leaf);
        self.ready(permit, (sending, parts), (after, outlook), under_way).await
    }

    /// The same for a conversation that is about to be made.
    pub(crate) async fn firstborn(
        &self,
        permit: &Permit<Write, Conversation>,
        sending: &Sending,
        parts: &[Part],
        once: Option<&Once>,
    ) -> Option<Newborn> {
        let key = once.map(|once| format!("{} {}", once.route, once.key));
        let under_way = self.births.begin(permit.person(), key).await?;
        let outlook = self.store.prospect(permit.person(), once).await.ok()?;
        self.ready(permit, (sending, parts), (None, outlook), under_way).await
    }

    async fn ready(
        &self,
        permit: &Permit<Write, Conversation>,
        (sending, parts): (&Sending, &[Part]),
        (after, outlook): (Option<MessageId>, Outlook),
        under_way: UnderWay,
    ) -> Option<Newborn> {
        if outlook.replayed
            || outlook.leaf_state.is_some_and(|state| !state.is_over())
            || outlook.active + under_way.others >= self.config.active_runs
            || !self.worker.has_room(permit.person())
        {
            return None;
        }
        let run = self.row(permit, sending);
        let history = match after {
            Some(after) => {
                self.store.path(drive_permit(&run), run.conversation, after).await.ok()?
            }
            None => Vec::new(),
        };
        let (born, birth) = oneshot::channel();
        let birth = birth.shared();
        let log = NewbornLog { birth: birth.clone(), log: self.executor.log(&run) };
        let deps = self.executor.deps(&run, Arc::new(log), &outlook.settings, history).await;
        let deps = match deps {
            Ok(deps) => Deps { first: first_piece(sending.awaits), ..deps },
            // Whoever claims the run says so in its log.
            Err(Unfit::Ends(_) | Unfit::Store(_)) => return None,
        };
        let item = Item::User { message: run.question, parts: parts.to_vec() };
        let first = Entry { seq: 1, at: run.created_at, item };
        let transcript = Transcript::replay([first]).ok()?;
        Some(Newborn { under_way, run, after, transcript, deps, born, birth })
    }

    /// The row as it will be stored: claimed once.
    fn row(&self, permit: &Permit<Write, Conversation>, sending: &Sending) -> RunRow {
        let conversation: ConversationId = permit.resource();
        RunRow {
            id: RunId::fresh(),
            workspace: permit.workspace(),
            owner: permit.person(),
            conversation,
            question: Id::fresh(),
            answer: Id::fresh(),
            state: RunState::Running,
            model: sending.model.clone(),
            fence: 1,
            attempts: 1,
            stop_requested: false,
            created_at: self.clock.now(),
            ended_at: None,
        }
    }

    /// Has `store` store what starts a run, and carries the run meanwhile if it is at its birth.
    pub(crate) async fn bear<T: Bearing>(
        &self,
        newborn: Option<Newborn>,
        store: impl Fn(Option<Birth>) -> Storing<T> + Send + Sync + 'static,
    ) -> Result<Made<T>, AppError> {
        let Some(newborn) = newborn else { return Ok(store(None).await?) };
        let (executor, birth) = (self.executor.clone(), self.birth(&newborn));
        let worker = self.worker.clone();
        let (told, hears) = oneshot::channel();
        // One task does both: whoever asked may go away, the run may not.
        self.worker.adopt(&newborn.run.clone(), Claimed::Soon, |ends| async move {
            let Newborn { run, mut transcript, deps, born, birth: is_born, under_way, .. } =
                newborn;
            let storing = async {
                let stored = match store(Some(birth)).await {
                    // It follows something else by now: whoever claims it reads what.
                    Err(StoreError::Fenced) => store(None).await,
                    stored => stored,
                };
                let carried = stored.as_ref().is_ok_and(|it| it.value.run() == Some(run.id));
                if carried {
                    worker.stored(run.id);
                }
                drop(under_way);
                // The log of this driver hears it, and the one who asked, if they are still there.
                born.send(carried).ok();
                told.send(stored).ok();
            };
            let driving = async {
                let driven = drive(run.id, &mut transcript, &deps, &signals(ends)).await;
                if is_born.await != Ok(true) {
                    // What was not stored, or waits in the queue, is not this driver's to end.
                    return Ok(());
                }
                executor.put_down(&run, driven?, &transcript).await
            };
            futures::join!(storing, executor.guard(&run, driving));
        });
        let stored = hears.await;
        Ok(stored.map_err(|_| AppError::Internal("a run died at its birth".to_owned()))??)
    }

    fn birth(&self, newborn: &Newborn) -> Birth {
        let (worker, lease) = self.worker.claims();
        Birth {
            run: newborn.run.id,
            question: newborn.run.question,
            answer: newborn.run.answer,
            after: newborn.after,
            worker: worker.to_owned(),
            lease,
        }
    }
}

fn first_piece(awaits: Awaits) -> FirstPiece {
    match awaits {
        Awaits::Words => FirstPiece::AtOnce,
        Awaits::Answer => FirstPiece::Joined,
    }
}

/// Storing something that starts a run.
pub(crate) type Storing<T> = BoxFuture<'static, Result<Made<T>, StoreError>>;

/// Something stored that may have started a run.
pub(crate) trait Bearing: Send + 'static {
    /// The run.
    fn run(&self) -> Option<RunId>;
}

impl Bearing for Said {
    fn run(&self) -> Option<RunId> {
        self.run
    }
}

impl Bearing for Begun {
    fn run(&self) -> Option<RunId> {
        self.said.run
    }
}
