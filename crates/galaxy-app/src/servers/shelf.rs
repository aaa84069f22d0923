//! What the agents of a person can be offered: our own tools, and those of servers that somebody
//! allowed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use galaxy_domain::{
    PersonId, ToolServerId, WorkspaceId,
    tool_server::{ServerToolRow, ToolServerRow},
};
use galaxy_tool::{
    AnyTool, Toolbox,
    server::{Declines, Definition, RemoteTool, ToolServer},
};
use tokio::{sync::watch, time::Instant};

use super::{Servers, connections::Who, handle::Handle, mcp_call::McpCall, values::Values};
use crate::AppError;

/// How long what was changed on another instance can still be missed on this one.
const LIFE: Duration = Duration::from_secs(2);
/// The shelves of so many people are remembered at once.
const REMEMBERED: usize = 10_000;

/// What the agents of a person can be offered.
pub(crate) struct Shelf {
    /// What agents are offered.
    pub(crate) toolbox: Toolbox,
    /// The same and what only views may call: all that a person can say something about.
    pub(crate) everything: Toolbox,
    /// The servers that are in use, by name.
    pub(crate) servers: Vec<Shelved>,
}

/// A server that is in use.
pub(crate) struct Shelved {
    /// What is written down of it.
    pub(crate) row: ToolServerRow,
    /// What it offers, as it was allowed.
    pub(crate) tools: Vec<Arc<RemoteTool>>,
}

impl Shelf {
    /// The server that this person knows by `name`.
    pub(crate) fn server(&self, name: &str) -> Option<&Shelved> {
        self.servers.iter().find(|it| it.row.name == name)
    }
}

/// Shelves by person, and what they are made of.
pub(crate) struct Shelves {
    own: Toolbox,
    /// Made once, so that whoever holds it sees that it is the same.
    passes: OnceLock<Arc<McpCall>>,
    state: Mutex<State>,
    /// Counts changes, for whoever waits for them.
    news: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    shelves: HashMap<PersonId, (Arc<Shelf>, Instant)>,
    /// Tools of servers, made ready once: reading their schemas takes longer than looking at them.
    made: HashMap<ToolServerId, Made>,
    changes: u64,
}

struct Made {
    revision: i64,
    pins: Vec<String>,
    tools: Vec<Arc<RemoteTool>>,
}

impl Shelves {
    /// Shelves that hold `own` tools for everybody.
    pub(crate) fn new(own: Toolbox) -> Self {
        Self {
            own,
            passes: OnceLock::new(),
            state: Mutex::default(),
            news: watch::Sender::default(),
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something about servers was changed.
    pub(crate) fn forget_all(&self) {
        let mut state = self.locked();
        state.changes += 1;
        state.shelves.clear();
        self.news.send_replace(state.changes);
    }

    /// Counts changes of what is offered, as far as this process makes them.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    fn find(&self, person: PersonId) -> Result<Arc<Shelf>, u64> {
        let (state, now) = (self.locked(), Instant::now());
        match state.shelves.get(&person) {
            Some((shelf, until)) if *until > now => Ok(shelf.clone()),
            Some(_) | None => Err(state.changes),
        }
    }

    /// Remembers a shelf, unless something was changed since its making began.
    fn keep(&self, person: PersonId, shelf: &Arc<Shelf>, began: u64) {
        let (mut state, now) = (self.locked(), Instant::now());
        if state.changes != began {
            return;
        }
        if state.shelves.len() >= REMEMBERED {
            state.shelves.retain(|_, (_, until)| *until > now);
        }
        if state.shelves.len() >= REMEMBERED {
            state.shelves.clear();
        }
        state.shelves.insert(person, (shelf.clone(), now + LIFE));
    }

    fn made(&self, row: &ToolServerRow, pins: &[String]) -> Option<Vec<Arc<RemoteTool>>> {
        let state = self.locked();
        let made = state.made.get(&row.id)?;
        (made.revision == row.revision && made.pins == pins).then(|| made.tools.clone())
    }

    fn keep_made(&self, row: &ToolServerRow, pins: Vec<String>, tools: &[Arc<RemoteTool>]) {
        let made = Made { revision: row.revision, pins, tools: tools.to_vec() };
        let mut state = self.locked();
        if state.made.len() >= REMEMBERED {
            state.made.clear();
        }
        state.made.insert(row.id, made);
    }
}

impl Servers {
    /// What the agents of a person can be offered, as it was a moment ago at most.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn shelf(
        self: &Arc<Self>,
        person: PersonId,
        workspace: WorkspaceId,
    ) -> Result<Arc<Shelf>, AppError> {
        let began = match self.shelves.find(person) {
            Ok(shelf) => return Ok(shelf),
            Err(began) => began,
        };
        let rows = in_use(self.store.servers_of(person, workspace).await?);
        let (mut everything, mut servers) = (self.shelves.own.clone(), Vec::new());
        let mut hidden = BTreeSet::new();
        if !rows.is_empty() {
            let mut offered = self.store.offered_tools(person, workspace).await?;
            let passes = self.shelves.passes.get_or_init(|| Arc::new(McpCall::new(self)));
            put(&mut everything, passes.clone());
            for row in rows {
                let tools = self.tools_of(&row, &offered.remove(&row.id).unwrap_or_default());
                tools.iter().for_each(|it| put(&mut everything, it.clone()));
                let not_for_agents = tools.iter().filter(|it| !it.definition().view.for_model);
                hidden.extend(not_for_agents.map(|it| it.name().to_owned()));
                servers.push(Shelved { row, tools });
            }
        }
        let toolbox = everything.filtered(|tool| !hidden.contains(tool.name()));
        let shelf = Arc::new(Shelf { toolbox, everything, servers });
        self.shelves.keep(person, &shelf, began);
        Ok(shelf)
    }

    /// The tools of a server, as they were allowed.
    fn tools_of(
        self: &Arc<Self>,
        row: &ToolServerRow,
        rows: &[ServerToolRow],
    ) -> Vec<Arc<RemoteTool>> {
        let pinned: Vec<_> = rows.iter().filter_map(|it| it.approved.as_ref()).collect();
        let pins: Vec<String> = pinned.iter().map(|it| it.pin.clone()).collect();
        if let Some(made) = self.shelves.made(row, &pins) {
            return made;
        }
        // Each call faces its own person's connection.
        let Ok(server) = self.handle(row, None) else { return Vec::new() };
        let read = |text: &str| {
            let raw = serde_json::from_str(text).ok()?;
            Definition::read(&server.spec().name, raw).ok()
        };
        let tools: Vec<Arc<RemoteTool>> = pinned
            .iter()
            .filter_map(|it| read(&it.definition))
            .map(|it| Arc::new(RemoteTool::new(server.clone(), it, Arc::new(Declines))))
            .collect();
        self.shelves.keep_made(row, pins, &tools);
        tools
    }

    /// A server to be used on somebody's behalf: connected to when a verb needs it, and only if it still may be.
    ///
    /// # Errors
    /// When what is written down of it makes no sense.
    pub(crate) fn handle(
        self: &Arc<Self>,
        row: &ToolServerRow,
        who: Who,
    ) -> Result<Arc<dyn ToolServer>, AppError> {
        // What opens it is read when it is connected to.
        let spec = self.described(row, Values::new())?;
        Ok(Arc::new(Handle::new(self, row.clone(), who, spec)))
    }
}

/// Adds a tool to those of a person; the names of servers keep theirs apart.
fn put(toolbox: &mut Toolbox, tool: Arc<dyn AnyTool>) {
    if let Err(taken) = toolbox.add(tool) {
        tracing::warn!(tool = taken.0, "a name is taken");
    }
}

/// The servers that are switched on. A person's own that bears the name of everybody's is left
/// out: nobody may put theirs in the place of one that an administrator chose.
pub(super) fn in_use(servers: Vec<ToolServerRow>) -> Vec<ToolServerRow> {
    let shared: BTreeSet<String> =
        servers.iter().filter(|it| it.owner.is_none()).map(|it| it.name.clone()).collect();
    let shadows = |it: &ToolServerRow| it.owner.is_some() && shared.contains(&it.name);
    servers.into_iter().filter(|it| it.enabled && !shadows(it)).collect()
}
