//! The folders of programs: how much each may hold, whether it does, and emptying it.
//!
//! **Invariant:** a program is not started, and ends soon, while its folder holds more than it may,
//! or cannot be counted: what cannot be counted could be anything.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use galaxy_access::administer;
use galaxy_domain::{
    Caller, ToolServerId,
    audit::{Act, Record, Thing},
    tool_server::{Link, ToolServerRow},
};
use galaxy_sandbox::folder::{self, Holding};
use galaxy_store::Strength;
use galaxy_tool::server::{Health, Obstacle, ServerError, State, Trouble};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use super::{ServerDetail, Servers};
use crate::{App, AppError};

/// Where a program keeps what it soon forgets, inside its own folder.
pub(super) const TEMPORARY: &str = "tmp";
/// What the name of a folder begins with that is about to be removed.
const ASIDE: &str = "removed-";
/// Counting one folder takes no longer.
const COUNTED_WITHIN: Duration = Duration::from_secs(20);
/// So many are counted side by side.
const AT_ONCE: usize = 4;

/// What is known of the folders of programs.
pub(crate) struct Homes {
    counted: Mutex<HashMap<ToolServerId, Holding>>,
    turns: Semaphore,
}

impl Default for Homes {
    fn default() -> Self {
        Self { counted: Mutex::default(), turns: Semaphore::new(AT_ONCE) }
    }
}

/// What a program keeps in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// So many bytes, when it was counted last; `None` where it was not, or could not be.
    pub bytes: Option<u64>,
    /// So many it may be.
    pub most: u64,
}

impl Homes {
    fn remember(&self, id: ToolServerId, holding: Option<Holding>) -> Option<Holding> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        match holding {
            Some(holding) => counted.insert(id, holding),
            None => counted.remove(&id),
        }
    }

    fn find(&self, id: ToolServerId) -> Option<Holding> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }
}

/// Why the program is not started whose folder holds so much, if that is why.
fn judge(holding: Holding, most: u64) -> Option<Obstacle> {
    let words = match holding {
        Holding::Bytes(bytes) if bytes <= most => return None,
        Holding::Bytes(_) | Holding::TooMuch => format!("holds more than {}", size(most)),
        Holding::TooDeep => "is nested too deep to be counted".to_owned(),
        Holding::Closed => "cannot be counted: parts of it cannot be read".to_owned(),
        Holding::GivenUp => {
            format!("cannot be counted within {} seconds", COUNTED_WITHIN.as_secs())
        }
    };
    Some(Obstacle::Folder(words))
}

fn size(bytes: u64) -> String {
    let mib = bytes >> 20;
    if mib > 0 && mib.is_multiple_of(1024) {
        format!("{} GiB", mib >> 10)
    } else {
        format!("{mib} MiB")
    }
}

/// Tells a count that goes on in a thread of its own that nobody waits for it any more.
struct GivesUp(Arc<AtomicBool>);

impl Drop for GivesUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl App {
    /// Ends the program that a server is, and removes what it kept in its folder.
    ///
    /// # Errors
    /// [`AppError::Conflict`] for a server that is no program; [`AppError::NotFound`];
    /// [`AppError::Denied`] to whoever is no administrator, and for one that is everybody's without
    /// a fresh sign-in; [`AppError::Unavailable`] when the folder stays.
    pub async fn empty_home(
        &self,
        caller: &Caller,
        id: ToolServerId,
    ) -> Result<ServerDetail, AppError> {
        let permit = self.care_permit(caller, id).await?;
        let row = self.store.tool_server(permit).await?;
        let Link::Program { .. } = &row.link else {
            return Err(AppError::Conflict("Only a program has a folder here.".to_owned()));
        };
        administer(caller)?;
        if row.owner.is_none() {
            // What it kept for others, too, nobody gets back.
            self.access.fresh(caller)?;
        }
        let record = Record::by(&permit, Act::ServerEmptied).about(Thing::ToolServer, id);
        self.store.record(record.called(&row.name), Strength::Synced).await?;
        self.servers.clear_home(id).await.map_err(|err| {
            AppError::Unavailable(format!("The server's folder cannot be moved: {err}."))
        })?;
        self.servers.note_health(&row, None, &Health::default()).await;
        self.server(caller, id).await
    }
}

impl Servers {
    /// Where a program keeps what it keeps.
    pub(super) fn home(&self, id: ToolServerId) -> PathBuf {
        self.config.home.join(id.to_string())
    }

    /// What a program keeps, as it was counted last.
    pub(super) fn kept(&self, row: &ToolServerRow) -> Option<Kept> {
        let Link::Program { .. } = &row.link else { return None };
        let bytes = match self.homes.find(row.id) {
            Some(Holding::Bytes(bytes)) => Some(bytes),
            Some(Holding::TooMuch | Holding::TooDeep | Holding::Closed | Holding::GivenUp)
            | None => None,
        };
        Some(Kept { bytes, most: self.config.folder_bytes })
    }

    /// Why the folder of a server keeps it from being started, as it was counted last.
    pub(super) fn full(&self, id: ToolServerId) -> Option<Obstacle> {
        judge(self.homes.find(id)?, self.config.folder_bytes)
    }

    /// Makes the folder of a program where there is none, and counts what is in it.
    ///
    /// # Errors
    /// [`AppError::NotStarted`] when that is too much, which is then its health, too.
    pub(super) async fn fits(&self, row: &ToolServerRow) -> Result<(), AppError> {
        make(&self.home(row.id).join(TEMPORARY))?;
        let holding = self.count(self.home(row.id)).await;
        let before = self.full(row.id);
        self.homes.remember(row.id, Some(holding));
        let Some(obstacle) = judge(holding, self.config.folder_bytes) else { return Ok(()) };
        if before.as_ref() != Some(&obstacle) {
            tracing::warn!(server = %row.name, "not started: {obstacle}");
            let trouble = ServerError::NotStarted(obstacle.clone());
            let at = self.clock.now();
            let health = Health {
                state: State::Failed,
                trouble: Some(Trouble { error: trouble, at }),
                ..Health::default()
            };
            self.note_health(row, None, &health).await;
        }
        Err(AppError::NotStarted(obstacle))
    }

    async fn count(&self, home: PathBuf) -> Holding {
        let Ok(_turn) = self.homes.turns.acquire().await else { return Holding::GivenUp };
        let (most, gives_up) = (self.config.folder_bytes, GivesUp(Arc::default()));
        let given_up = gives_up.0.clone();
        let counting = spawn_blocking(move || folder::holding(&home, most, &given_up));
        match timeout(COUNTED_WITHIN, counting).await {
            Ok(Ok(holding)) => holding,
            Ok(Err(_)) | Err(_) => Holding::GivenUp,
        }
    }

    /// Ends what runs of a server and removes what it kept here; that goes on in the background.
    ///
    /// # Errors
    /// When its folder stays where it is.
    pub(super) async fn clear_home(&self, id: ToolServerId) -> io::Result<()> {
        let moment = self.clock.now().as_millis();
        let aside = self.config.home.join(format!("{ASIDE}{id}-{moment}"));
        // Moved before it ends: what starts meanwhile finds a folder of its own, or none.
        let moved = tokio::fs::rename(self.home(id), &aside).await;
        self.close(id).await;
        self.homes.remember(id, None);
        match moved {
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(err) => Err(err),
            Ok(()) => {
                self.tasks.spawn(remove(aside));
                Ok(())
            }
        }
    }

    /// Removes what was about to be removed when an earlier process ended.
    pub(super) async fn remove_leftovers(&self) {
        let Ok(mut folders) = tokio::fs::read_dir(&self.config.home).await else { return };
        while let Ok(Some(folder)) = folders.next_entry().await {
            if folder.file_name().to_string_lossy().starts_with(ASIDE) {
                remove(folder.path()).await;
            }
        }
    }
}

async fn remove(folder: PathBuf) {
    let shown = folder.display().to_string();
    match spawn_blocking(move || folder::remove(&folder)).await {
        Ok(Ok(())) => (),
        Ok(Err(err)) => tracing::warn!(folder = shown, error = %err, "a folder is left"),
        Err(err) => tracing::warn!(folder = shown, error = %err, "a folder is left"),
    }
}

/// A folder that is this server's alone.
fn make(home: &Path) -> Result<(), AppError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(home);
    made.map_err(|err| AppError::Unavailable(format!("The server's folder: {err}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_may_hold_what_it_may_and_what_cannot_be_counted_is_too_much() {
        let most = 2 << 30;
        assert_eq!(judge(Holding::Bytes(most), most), None);
        for (holding, words) in [
            (Holding::Bytes(most + 1), "its folder holds more than 2 GiB"),
            (Holding::TooMuch, "its folder holds more than 2 GiB"),
            (Holding::TooDeep, "its folder is nested too deep to be counted"),
            (Holding::Closed, "its folder cannot be counted: parts of it cannot be read"),
            (Holding::GivenUp, "its folder cannot be counted within 20 seconds"),
        ] {
            assert_eq!(judge(holding, most).unwrap().to_string(), words);
        }
    }

    #[test]
    fn sizes_are_said_as_they_are_set() {
        assert_eq!(
            [size(1 << 20), size(1536 << 20), size(3 << 30)],
            ["1 MiB", "1536 MiB", "3 GiB"]
        );
    }
}
