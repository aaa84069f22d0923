//! Many clients at once.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::join_all;
use galaxy_base::Tasks;

use crate::asking::{Asking, Target};

/// Between the beginnings of two streams: people do not all press the key at once.
const APART: Duration = Duration::from_millis(3);

/// How a load went.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// Times of what was measured, in order of size.
    pub(crate) times: Vec<Duration>,
    /// What went wrong.
    pub(crate) errors: Vec<String>,
    /// From the first request to the last answer.
    pub(crate) wall: Duration,
}

impl Load {
    fn of(results: impl IntoIterator<Item = Result<Duration>>, began: Instant) -> Self {
        let mut load = Self { wall: began.elapsed(), ..Self::default() };
        for result in results {
            match result {
                Ok(time) => load.times.push(time),
                Err(err) => load.errors.push(format!("{err:#}")),
            }
        }
        load.times.sort_unstable();
        load
    }

    /// The time that this share (0 to 1) of all stays below, in milliseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        percentile(&self.times, share)
    }

    /// How many in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.times.len() as f64 / self.wall.as_secs_f64()
    }
}

/// See [`Load::percentile`]; `times` are in order of size.
pub(crate) fn percentile(times: &[Duration], share: f64) -> f64 {
    let last = times.len().saturating_sub(1);
    let at = (last as f64 * share).round() as usize;
    times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}

/// So many streams at once, each of so many tokens at so many a second; the times are those to the
/// first token.
pub(crate) async fn streams(target: &Target, count: u32, tokens: usize, pace: u32) -> Load {
    let tasks = Tasks::default();
    // Connections are there already when people begin to type.
    let mut asking = Vec::new();
    for _ in 0..count {
        asking.push(prepared(target, &tasks).await);
    }
    let began = Instant::now();
    let asked = asking.into_iter().zip(0..).map(|(asking, at)| {
        tasks.spawn(async move {
            let mut asking = asking?;
            tokio::time::sleep(APART * at).await;
            asking.stream(tokens, pace).await
        })
    });
    let ended = join_all(asked).await;
    Load::of(ended.into_iter().map(|end| end?), began)
}

async fn prepared(target: &Target, tasks: &Tasks) -> Result<Asking> {
    let mut asking = target.ask(tasks).await?;
    asking.prepare().await?;
    Ok(asking)
}

/// What a client does again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A question and its answer.
    Plain,
    /// The same with a tool in between.
    Agent,
    /// The list of tools, for a host of the Model Context Protocol.
    List,
    /// A tool that stores something, for such a host.
    Store,
    /// What the server is, for such a host.
    Discover,
}

/// So many clients that take turns for so long, one after the other.
pub(crate) async fn turns(target: &Target, clients: u32, turn: Turn, time: Duration) -> Load {
    let tasks = Tasks::default();
    let asking = join_all((0..clients).map(|_| target.ask(&tasks))).await;
    let began = Instant::now();
    let clients = asking.into_iter().map(|asking| {
        tasks.spawn(async move {
            match asking {
                Ok(asking) => again_and_again(asking, turn, began + time).await,
                Err(err) => vec![Err(err)],
            }
        })
    });
    let ended = join_all(clients).await;
    let results = ended.into_iter().flat_map(|end| end.unwrap_or_else(|err| vec![Err(err.into())]));
    Load::of(results, began)
}

async fn again_and_again(mut asking: Asking, turn: Turn, end: Instant) -> Vec<Result<Duration>> {
    let mut results = Vec::new();
    while Instant::now() < end {
        let began = Instant::now();
        let taken = match turn {
            Turn::Plain => asking.turn().await,
            Turn::Agent => asking.agent_turn().await,
            Turn::List => asking.list().await,
            Turn::Store => asking.store().await,
            Turn::Discover => asking.discover().await,
        };
        let failed = taken.is_err();
        results.push(taken.map(|()| began.elapsed()));
        if failed {
            break;
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_times_that_were_measured() {
        let times: Vec<Duration> = (1..=101).map(Duration::from_millis).collect();
        assert_eq!(
            [0.0, 0.5, 0.99, 1.0].map(|it| percentile(&times, it)),
            [1.0, 51.0, 100.0, 101.0]
        );
        assert!(percentile(&[], 0.5).is_nan());
    }
}
