//! One call of a run, and what it tells meanwhile.

use std::{pin::pin, sync::Arc, time::Duration};

use galaxy_domain::{CallId, RunId, ToolCall, tool::View, transcript::OpenCall};
use galaxy_tool::{
    AnyTool, Asks, Notes, Resumed, ToolCx, Toolbox, Whole,
    tool::{Note, UnderWay},
};
use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use crate::{
    call::{Attempt, attempt},
    drive::{Deps, Signals},
};

/// A reader sees a sign of life of a working tool at least this often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// One call that is to run.
pub(super) struct Job {
    pub(super) call: ToolCall,
    pub(super) tool: Arc<dyn AnyTool>,
    /// What it is shown with besides its result.
    pub(super) view: Option<View>,
    pub(super) resumed: Option<Resumed>,
    /// What its server goes on with by itself.
    pub(super) task: Option<UnderWay>,
    pub(super) declined: bool,
    /// Whether that it runs has to be written down first.
    pub(super) begins: bool,
}

impl Job {
    pub(super) fn new(open: &OpenCall, tool: Arc<dyn AnyTool>, toolbox: &Toolbox) -> Self {
        let resumed = open.elicited.as_ref().and_then(|round| {
            let (elicitation, answers) = (round.elicitation.clone(), round.answers.clone()?);
            Some(Resumed { elicitation, answers })
        });
        // A call that is passed on is shown as what it stands for.
        let view = match tool.stands_for(open.input()) {
            Some((name, _)) => toolbox.get(&name).and_then(|it| it.view()),
            None => tool.view(),
        };
        let task = open
            .task
            .as_ref()
            .map(|it| UnderWay { task: it.task.clone(), answered: open.answered.clone() });
        // What its server goes on with has begun; with answers it begins again.
        let begins = task.is_none() || open.put_down().is_some();
        let (call, declined) = (open.call.clone(), open.declined);
        Self { call, tool, view, resumed, task, declined, begins }
    }

    /// Whether nobody may make the call again. One whose server goes on with it by itself is taken
    /// up again by anybody.
    pub(super) fn is_risky(&self) -> bool {
        !self.tool.effect().is_repeatable() && self.task.is_none()
    }
}

/// A call that has run: what came of it, and after how long. Nothing means that it was put down on
/// a hand-over and will be made again.
pub(super) struct Done {
    pub(super) call: ToolCall,
    pub(super) tool: Arc<dyn AnyTool>,
    pub(super) risky: bool,
    pub(super) attempt: Option<Attempt>,
    pub(super) took: Duration,
    /// What a server answered, for the view of the call.
    pub(super) whole: Option<Value>,
}

/// Performs one call. Never fails: a run survives its tools.
pub(super) async fn perform(
    job: Job,
    run: RunId,
    deps: &Deps,
    signals: &Signals,
    told: mpsc::Sender<(CallId, Note)>,
) -> Done {
    let (notes, mut heard) = Notes::channel();
    let risky = job.is_risky();
    let Job { call, tool, view, resumed, task, declined, .. } = job;
    let (id, holds) = (call.id.clone(), deps.holds.clone());
    let since = task.as_ref().map(|it| it.task.since);
    let mut alive = Alive { since: Instant::now(), is_task: task.is_some(), last: None };
    let cx = ToolCx {
        caller: deps.caller.clone(),
        run: Some(run),
        conversation: Some(deps.conversation),
        cancel: signals.stop.child_token(),
        notes,
        asks: Some(Asks { run, call: id.clone(), holds, resumed, task, declined }),
        whole: if view.is_some() { Whole::wanted() } else { Whole::default() },
    };
    let working = tool.clone();
    let mut work = pin!(attempt(&*working, call.input.clone(), &cx));
    let attempt = loop {
        tokio::select! {
            biased;
            attempt = &mut work => break Some(attempt),
            () = signals.hand_over.cancelled(), if !risky => break None,
            Some(note) = heard.recv() => {
                alive.last = Some(note.clone());
                let _ = told.try_send((id.clone(), note));
            }
            () = sleep(alive.pause()) => { let _ = told.try_send((id.clone(), alive.sign())); }
        }
    };
    cx.cancel.cancel();
    let whole = cx.whole.take();
    let in_all = since.map_or(Duration::ZERO, |since| deps.clock.now().since(since));
    let took = alive.since.elapsed().max(in_all);
    Done { call, tool, risky, attempt, took, whole }
}

/// The signs of life of a working tool.
struct Alive {
    since: Instant,
    /// Whether it may take a day.
    is_task: bool,
    /// What it said last.
    last: Option<Note>,
}

impl Alive {
    /// How long until the next one: what may take a day is not to fill a log.
    fn pause(&self) -> Duration {
        let seldom = if self.is_task { self.since.elapsed() / 60 } else { Duration::ZERO };
        SIGN_OF_LIFE.max(seldom)
    }

    /// What a server said of its task stays until it says something else.
    fn sign(&self) -> Note {
        let said = self.last.clone().filter(|_| self.is_task);
        said.unwrap_or_else(|| {
            let text = format!("running for {} s", self.since.elapsed().as_secs());
            Note { share: None, text }
        })
    }
}
