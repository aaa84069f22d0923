//! Asking an agent and waiting for its answer.
//!
//! A client that looks after tasks does not wait: it gets the run as one ([`tasks`]).
//!
//! **Invariant:** the wait ends by itself. When the client goes away, the run is stopped; when the
//! caller is shut out, they are told nothing more; when the server stops or the time is over, the
//! run goes on and `run_status` tells of it.

use std::time::Duration;

use galaxy_app::{
    chat::Awaits,
    follow::{Following, Heard, Logged, Topic, settles},
    quick::{Asked, Question as Wanted},
};
use galaxy_domain::{Caller, Item};
use rmcp::{ErrorData, RoleServer, model::CallToolResponse, service::RequestContext};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::{Progress, Question, SIGN_OF_LIFE, report, tasks};
use crate::{
    McpServer,
    answers::{failed, refused, troubled},
};

/// How long a client may wait for one run; longer ones are asked for by `run_status`.
const PATIENCE: Duration = Duration::from_secs(14 * 60);
/// How often whoever waits is asked for again.
const RECHECK: Duration = Duration::from_secs(2);
/// What is in the log of a run that is still has to come within this time.
const LAST_NEWS: Duration = Duration::from_secs(1);

/// Why nobody waits any longer.
enum Ended {
    /// The run is over, or waits for a person.
    Still,
    /// The client has gone or does not want it any more.
    Gone,
    /// The server stops, or the time is over.
    Late,
}

/// Asks an agent and tells what came of it.
///
/// # Errors
/// When neither model nor person can do anything about it.
pub(super) async fn ask(
    server: &McpServer,
    caller: &Caller,
    question: Question,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let Question { message, conversation_id, model } = question;
    let conversation = match conversation_id.map(|it| it.trim().parse()).transpose() {
        Ok(conversation) => conversation,
        Err(_) => {
            return Ok(failed("`conversation_id` is one that an earlier call gave").into());
        }
    };
    let awaits = Awaits::Answer;
    let wanted = Wanted { message, conversation, history: Vec::new(), model, awaits };
    let asked = match server.app.ask(caller, wanted, None).await {
        Ok(asked) => asked,
        Err(err) => return troubled(&err).map(Into::into),
    };
    if tasks::are_looked_after(context) {
        return tasks::created(server, caller, asked.run).await.map(Into::into);
    }
    match wait(server, caller, asked, context).await? {
        Ended::Still | Ended::Late => (),
        Ended::Gone => {
            if let Err(err) = server.app.stop(caller, asked.run).await {
                tracing::warn!(run = %asked.run, error = %err, "cannot stop a run");
            }
        }
    }
    match server.app.so_far(caller, asked.run).await {
        Ok((asked, reply)) => Ok(report::told(asked, &reply).into()),
        Err(err) => troubled(&err).map(Into::into),
    }
}

async fn wait(
    server: &McpServer,
    caller: &Caller,
    asked: Asked,
    context: &RequestContext<RoleServer>,
) -> Result<Ended, ErrorData> {
    let mut progress = Progress::of(context);
    let mut following = match progress {
        Some(_) => server.app.follow(caller, Topic::Run(asked.run), 0).await.ok(),
        None => None,
    };
    let mut still = std::pin::pin!(server.app.until_still(caller, asked.run));
    let deadline = Instant::now() + PATIENCE;
    let mut recheck = interval_at(Instant::now() + RECHECK, RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = Instant::now();
    let mut heard_all = false;
    loop {
        tokio::select! {
            biased;
            () = context.ct.cancelled() => return Ok(Ended::Gone),
            () = server.stopping.cancelled() => return Ok(Ended::Late),
            () = sleep_until(deadline) => return Ok(Ended::Late),
            state = &mut still => {
                state.map_err(|err| refused(&err))?;
                if let Some(progress) = &mut progress && !heard_all {
                    // A run can be over before anything of it was read.
                    let _ = timeout(LAST_NEWS, tell_rest(progress, &mut following)).await;
                }
                return Ok(Ended::Still);
            }
            _ = recheck.tick() => {
                let now = server.app.access().recheck(caller).await;
                now.map_err(|err| refused(&err.into()))?;
                if let Some(progress) = &mut progress && told.elapsed() >= SIGN_OF_LIFE {
                    progress.sign_of_life().await;
                    told = Instant::now();
                }
            }
            news = news(&mut following) => {
                heard_all |= news.settles;
                if let Some(progress) = &mut progress {
                    for line in news.lines {
                        progress.note(None, &line).await;
                        told = Instant::now();
                    }
                }
            }
        }
    }
}

/// What happened in a run.
#[derive(Default)]
struct News {
    /// A line each.
    lines: Vec<String>,
    /// Whether the run may have come to rest with it.
    settles: bool,
}

/// Tells what the log of a run that is still holds beyond what was told.
async fn tell_rest(progress: &mut Progress, following: &mut Option<Following>) {
    loop {
        let news = news(following).await;
        for line in news.lines {
            progress.note(None, &line).await;
        }
        if news.settles {
            return;
        }
    }
}

/// What happened in the run since; never, where nobody wants to know.
async fn news(following: &mut Option<Following>) -> News {
    let Some(tail) = following else { return std::future::pending().await };
    match tail.next().await {
        Ok(Heard::Entries(entries)) => News {
            lines: entries.iter().filter_map(line).collect(),
            settles: entries.iter().any(settles),
        },
        Ok(Heard::Reset(_)) => News::default(),
        Err(err) => {
            tracing::warn!(error = %err, "a run cannot be followed");
            *following = None;
            News::default()
        }
    }
}

fn line(logged: &Logged) -> Option<String> {
    let Logged::Item(entry) = logged else { return None };
    match &entry.item {
        Item::Sampling { .. } => Some("thinking".to_owned()),
        Item::Assistant { calls, .. } => {
            let tools: Vec<&str> = calls.iter().map(|call| &*call.tool).collect();
            (!tools.is_empty()).then(|| format!("calls {}", tools.join(", ")))
        }
        Item::Asked { .. } | Item::Elicited { .. } => Some("waits for the person".to_owned()),
        Item::TaskCreated { task, .. } => Some(format!("{} goes on by itself", task.server)),
        Item::Progress { note, .. } => Some(note.clone()),
        Item::Reply { .. } => Some("a tool has answered".to_owned()),
        Item::User { .. }
        | Item::Delta { .. }
        | Item::Approval { .. }
        | Item::Began { .. }
        | Item::Answered { .. }
        | Item::Usage { .. }
        | Item::Stopped { .. }
        | Item::Resumed { .. } => None,
    }
}
