//! Following a topic: its log from a number on, then everything new.

use std::time::Duration;

use futures::{FutureExt, future::BoxFuture};
use galaxy_access::{follow, require};
use galaxy_domain::{
    Caller, ConversationId, Permit, PersonId, RunId, RunState, TopicId, access::Read, id::Run,
};
pub use galaxy_jobs::Heard;
use galaxy_jobs::{Stir, Tail, live::REPLAY};
pub use galaxy_store::Logged;
use galaxy_store::{Replay, StoreError};

use crate::{App, AppError};

/// How often whoever waits for a run looks at its row, whatever its log says: a run that is put
/// down again with the same question adds nothing to its log.
const LOOK: Duration = Duration::from_secs(2);

/// Something that can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The log of a run.
    Run(RunId),
    /// What happens to a conversation.
    Chat(ConversationId),
    /// What happens to everything a person owns.
    User(PersonId),
}

type Reading = BoxFuture<'static, Result<Replay, StoreError>>;

/// One reader of one topic.
pub type Following = Tail<Box<dyn Fn(u64) -> Reading + Send + Sync>>;

impl App {
    /// Follows `topic` from the entry after `after` on.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not there or not the caller's.
    pub async fn follow(
        &self,
        caller: &Caller,
        topic: Topic,
        after: u64,
    ) -> Result<Following, AppError> {
        let store = self.store.clone();
        let (id, read): (TopicId, Box<dyn Fn(u64) -> Reading + Send + Sync>) = match topic {
            Topic::Run(run) => {
                let target = self.store.run_target(run).await?.ok_or(AppError::NotFound)?;
                let permit = require::<Read, _>(caller, &target)?;
                (run.into(), Box::new(move |after| read(store.clone(), permit, after)))
            }
            Topic::Chat(chat) => {
                let permit = self.conversation_permit::<Read>(caller, chat).await?;
                (chat.into(), Box::new(move |after| read(store.clone(), permit, after)))
            }
            Topic::User(person) => {
                if person != caller.person {
                    return Err(AppError::NotFound);
                }
                let permit = follow(caller)?;
                (person.into(), Box::new(move |after| read(store.clone(), permit, after)))
            }
        };
        Ok(self.live.follow(id, after, read))
    }

    /// Where a run stands.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not there or not the caller's.
    pub async fn run_state(&self, caller: &Caller, id: RunId) -> Result<RunState, AppError> {
        let permit = self.run_permit::<Read>(caller, id).await?;
        Ok(self.store.run(permit).await?.state)
    }

    /// The number of a run's last entry, once it is over.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not there or not the caller's.
    pub async fn run_end(&self, caller: &Caller, id: RunId) -> Result<Option<u64>, AppError> {
        let permit = self.run_permit::<Read>(caller, id).await?;
        if !self.store.run(permit).await?.state.is_over() {
            return Ok(None);
        }
        Ok(Some(self.store.events(permit, u64::MAX, 1).await?.last))
    }

    /// Waits until a run is over or waits for a person; gives its state.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not there or not the caller's.
    pub async fn until_still(&self, caller: &Caller, run: RunId) -> Result<RunState, AppError> {
        self.until(caller, run, is_still).await
    }

    /// Waits until a run is over.
    pub(crate) async fn until_over(
        &self,
        caller: &Caller,
        run: RunId,
    ) -> Result<RunState, AppError> {
        self.until(caller, run, RunState::is_over).await
    }

    /// Waits until a run's state is `enough`; gives it.
    pub(crate) async fn until(
        &self,
        caller: &Caller,
        run: RunId,
        enough: impl Fn(RunState) -> bool,
    ) -> Result<RunState, AppError> {
        self.watch(self.run_permit::<Read>(caller, run).await?, enough).await
    }

    /// The same for whoever has the permit.
    pub(crate) async fn watch(
        &self,
        permit: Permit<Read, Run>,
        enough: impl Fn(RunState) -> bool,
    ) -> Result<RunState, AppError> {
        // Listening before the first look leaves no gap between the two.
        let mut watch = self.live.watch(permit.resource().into());
        loop {
            let state = self.store.run(permit).await?.state;
            if enough(state) {
                return Ok(state);
            }
            // Only an entry that can end the wait is worth another look at the row.
            while let Ok(stir) = tokio::time::timeout(LOOK, watch.next()).await {
                match stir {
                    Stir::Entries(entries) if !entries.iter().any(settles) => (),
                    Stir::Entries(_) | Stir::Unknown => break,
                }
            }
        }
    }
}

/// Whether a run in this state is over or waits for a person.
pub(crate) fn is_still(state: RunState) -> bool {
    state.is_over() || state == RunState::Parked
}

/// Whether a run may have come to rest with this entry.
pub fn settles(logged: &Logged) -> bool {
    use galaxy_domain::Item;
    match logged {
        Logged::Item(entry) => {
            matches!(entry.item, Item::Stopped { .. } | Item::Asked { .. } | Item::Elicited { .. })
        }
        Logged::Notice { .. } => false,
    }
}

fn read<R>(
    store: galaxy_store::Store,
    permit: galaxy_domain::Permit<Read, R>,
    after: u64,
) -> Reading
where
    R: 'static,
    TopicId: From<galaxy_domain::Id<R>>,
{
    async move { store.events(permit, after, REPLAY).await }.boxed()
}
