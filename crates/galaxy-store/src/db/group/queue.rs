//! Changes on their way into a batch.
//!
//! A commit costs by the page: the same tables and indexes are written whether it holds one change
//! or ten. So where changes come in company, the next batch waits a moment until it has some too.
//! **Invariant:** a change that comes alone, after others that came alone, never waits.

use std::{collections::VecDeque, thread, time::Duration};

use tokio::sync::mpsc;

use crate::db::job::Job;

/// How many changes are committed together at most.
const BATCH: usize = 512;
/// For how long a batch that is smaller than the one before waits for company.
const COMPANY: Duration = Duration::from_millis(1);

/// The end of the queue that the writer sits at.
pub(super) struct Queue {
    receiver: mpsc::Receiver<Box<dyn Job>>,
    /// What the next batch is made of.
    pub(super) waiting: VecDeque<Box<dyn Job>>,
    /// How large the batch before was.
    before: usize,
    /// Waits for [`COMPANY`].
    rest: Box<dyn FnMut() + Send>,
}

impl Queue {
    /// The changes that come out of `receiver`.
    pub(super) fn new(receiver: mpsc::Receiver<Box<dyn Job>>) -> Self {
        // Nothing else is done on the writer's thread, and whoever sends something meanwhile need not
        // wake it.
        Self::resting(receiver, Box::new(|| thread::sleep(COMPANY)))
    }

    fn resting(receiver: mpsc::Receiver<Box<dyn Job>>, rest: Box<dyn FnMut() + Send>) -> Self {
        Self { receiver, waiting: VecDeque::new(), before: 0, rest }
    }

    /// Waits until there is something to do; tells whether there ever will be again.
    pub(super) async fn gather(&mut self) -> bool {
        if self.waiting.is_empty() {
            match self.receiver.recv().await {
                Some(job) => self.waiting.push_back(job),
                None => return false,
            }
        }
        self.take();
        if self.waiting.len() < self.before && !self.receiver.is_closed() {
            (self.rest)();
            self.take();
        }
        self.before = self.waiting.len();
        true
    }

    /// Takes what is there.
    fn take(&mut self) {
        while self.waiting.len() < BATCH
            && let Ok(job) = self.receiver.try_recv()
        {
            self.waiting.push_back(job);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        any::Any,
        sync::{Arc, Mutex},
    };

    use futures::{FutureExt, future::BoxFuture};

    use super::*;
    use crate::{
        db::{Strength, Tx},
        error::StoreError,
    };

    /// A change that nobody makes.
    struct Idle;

    impl Job for Idle {
        fn strength(&self) -> Strength {
            Strength::Relaxed
        }
        fn run<'t>(&'t mut self, _: &'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>> {
            async { Ok(()) }.boxed()
        }
        fn answer(self: Box<Self>, _: Result<(), StoreError>) {}
        fn panicked(self: Box<Self>, _: Box<dyn Any + Send>) {}
    }

    /// A queue to which `late` changes are sent at each rest, and a count of its rests.
    fn queue(late: usize) -> (mpsc::Sender<Box<dyn Job>>, Queue, Arc<Mutex<usize>>) {
        let (sender, receiver) = mpsc::channel(64);
        let rests = Arc::<Mutex<usize>>::default();
        let (others, counted) = (sender.clone(), rests.clone());
        let rest = move || {
            *counted.lock().unwrap() += 1;
            send(&others, late);
        };
        (sender, Queue::resting(receiver, Box::new(rest)), rests)
    }

    fn send(sender: &mpsc::Sender<Box<dyn Job>>, count: usize) {
        for _ in 0..count {
            assert!(sender.try_send(Box::new(Idle)).is_ok(), "there is room");
        }
    }

    /// The size of the next batch.
    async fn batch(queue: &mut Queue) -> usize {
        assert!(queue.gather().await);
        std::mem::take(&mut queue.waiting).len()
    }

    #[tokio::test]
    async fn changes_that_come_alone_never_wait() {
        let (sender, mut queue, rests) = queue(0);
        for _ in 0..3 {
            send(&sender, 1);
            assert_eq!(batch(&mut queue).await, 1);
        }
        assert_eq!(*rests.lock().unwrap(), 0);
    }

    #[tokio::test]
    async fn where_there_was_company_some_is_waited_for_once() {
        let (sender, mut queue, rests) = queue(2);
        send(&sender, 3);
        assert_eq!(batch(&mut queue).await, 3);
        send(&sender, 1);
        assert_eq!(batch(&mut queue).await, 3, "two came during the rest");
        send(&sender, 4);
        assert_eq!(batch(&mut queue).await, 4, "more than before do not wait");
        assert_eq!(*rests.lock().unwrap(), 1);
    }

    #[tokio::test]
    async fn when_the_company_has_gone_one_batch_waits_and_no_more() {
        let (sender, mut queue, rests) = queue(0);
        send(&sender, 3);
        assert_eq!(batch(&mut queue).await, 3);
        for _ in 0..3 {
            send(&sender, 1);
            assert_eq!(batch(&mut queue).await, 1);
        }
        assert_eq!(*rests.lock().unwrap(), 1);
    }
}
