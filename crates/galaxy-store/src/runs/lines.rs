//! Entries of a run on their way into the log.

use std::sync::Arc;

use galaxy_base::Timestamp;
use galaxy_domain::{Entry, Item, RunId, WorkspaceId};

use crate::{
    db::{
        Tx,
        rows::{ROWS, Texts, values},
        statement,
    },
    error::StoreError,
    growth::{Growth, Logged},
    json,
};

static INSERT: Texts = Texts::new(|rows| {
    let values = values(rows, 6);
    format!("INSERT INTO events (topic_id, seq, workspace_id, at, kind, body) VALUES {values}")
});

/// Numbered entries of one run, and their texts, ready to be written. Cheap to write twice.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    run: RunId,
    workspace: WorkspaceId,
    logged: Arc<[Logged]>,
    bodies: Vec<(&'static str, Arc<str>)>,
}

impl Lines {
    /// Numbers `items` from `after + 1` on.
    pub(crate) fn number(
        run: RunId,
        workspace: WorkspaceId,
        after: u64,
        at: Timestamp,
        items: Vec<Item>,
    ) -> Result<Self, StoreError> {
        let body = |item: &Item| Ok((item.kind(), Arc::from(json::write(item)?)));
        let bodies = items.iter().map(body).collect::<Result<_, StoreError>>()?;
        let entry = |(seq, item)| Logged::Item(Entry { seq, at, item });
        let logged = (after + 1..).zip(items).map(entry).collect();
        Ok(Self { run, workspace, logged, bodies })
    }

    /// Number, moment, kind and text of those that are not passing.
    pub(super) fn settled(&self) -> impl Iterator<Item = (i64, i64, &'static str, &Arc<str>)> {
        rows(self).zip(self.logged.iter()).filter_map(|((_, seq, _, at, kind, body), logged)| {
            match logged {
                Logged::Item(entry) if entry.item.is_passing() => None,
                Logged::Item(_) | Logged::Notice { .. } => Some((seq, at, kind, body)),
            }
        })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.bodies.len()
    }
}

/// Writes all of `lines`, in as few statements as can be, and has them told after the commit.
///
/// A number that is taken is a [`StoreError::Conflict`].
pub(crate) async fn insert(tx: &mut Tx, lines: &[&Lines]) -> Result<(), StoreError> {
    let rows: Vec<_> = lines.iter().flat_map(|lines| rows(lines)).collect();
    for chunk in rows.chunks(ROWS) {
        statement!(tx.execute(
            INSERT.rows(chunk.len()),
            for (run, seq, workspace, at, kind, body) in chunk
                => *run, *seq, *workspace, *at, *kind, Arc::clone(body)
        ))?;
    }
    for Lines { run, workspace, logged, .. } in lines.iter().copied().filter(|it| it.len() > 0) {
        let (topic, workspace) = ((*run).into(), *workspace);
        tx.grew(Growth { topic, workspace, logged: Arc::clone(logged) });
    }
    Ok(())
}

type Row<'a> = (uuid::Uuid, i64, uuid::Uuid, i64, &'static str, &'a Arc<str>);

fn rows(lines: &Lines) -> impl Iterator<Item = Row<'_>> {
    let (run, workspace) = (lines.run.uuid(), lines.workspace.uuid());
    lines.logged.iter().zip(&lines.bodies).map(move |(logged, (kind, body))| {
        let (seq, at) = match logged {
            Logged::Item(Entry { seq, at, .. }) | Logged::Notice { seq, at, .. } => (*seq, *at),
        };
        (run, crate::topics::to_sql(seq), workspace, at.as_millis(), *kind, body)
    })
}
