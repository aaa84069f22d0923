//! The walls around programs: what each may do, and whether any may be started.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use galaxy_domain::tool_server::{Folder, Outward};
use galaxy_sandbox::installation;
use galaxy_tool::server::{Obstacle, Walls};
use tokio::time::timeout;

use super::{Sandbox, Servers, ServersConfig};
use crate::AppError;

/// The walls are tried when the server starts; that takes a moment.
const TRIED_WITHIN: Duration = Duration::from_secs(10);

/// Programs that fetch what they run: without the network they are of no use.
pub(super) const FETCHERS: [&str; 10] =
    ["bun", "bunx", "deno", "npm", "npx", "pipx", "pnpm", "pnpx", "uv", "uvx"];

/// Programs that let a daemon outside do the work: behind walls they do not reach it.
const ERRANDS: [&str; 3] = ["docker", "nerdctl", "podman"];

/// How far a program has to reach that somebody else's file names, and that says nothing of this.
pub(super) fn reach_of(command: &str) -> Outward {
    if FETCHERS.contains(&name_of(command)) { Outward::Web } else { Outward::Nowhere }
}

/// What a program has to read of which its arguments speak: every path that is there.
pub(crate) fn folders_of(arguments: &[String]) -> Vec<Folder> {
    let is_there = |it: &&String| {
        let path = Path::new(it.as_str());
        path.is_absolute() && path.parent().is_some() && path.exists()
    };
    let folder = |it: &String| Folder { path: it.clone(), write: false };
    arguments.iter().filter(is_there).map(folder).collect()
}

/// Why a program cannot work behind walls, if that is known.
pub(super) fn hindrance(command: &str, config: &ServersConfig) -> Option<&'static str> {
    let is_errand = ERRANDS.contains(&name_of(command));
    (is_errand && *config.sandbox.borrow() != Sandbox::Off)
        .then_some("containers cannot be started from behind the walls around programs")
}

fn name_of(command: &str) -> &str {
    Path::new(command).file_name().and_then(|it| it.to_str()).unwrap_or_default()
}

impl ServersConfig {
    /// The walls around a program that lives in `home`; `None` where none are wanted.
    pub(super) fn walls(
        &self,
        command: &str,
        home: &Path,
        folders: &[Folder],
        outward: Outward,
    ) -> Option<Walls> {
        if *self.sandbox.borrow() == Sandbox::Off {
            return None;
        }
        let (write, read): (Vec<_>, Vec<_>) = folders.iter().partition(|it| it.write);
        let path = |it: &Folder| PathBuf::from(&it.path);
        Some(Walls {
            run: installation(Path::new(command), &self.search),
            read: read.into_iter().map(path).collect(),
            write: std::iter::once(home.to_owned()).chain(write.into_iter().map(path)).collect(),
            outward,
        })
    }
}

impl Servers {
    /// Waits until it is known whether the walls hold.
    ///
    /// # Errors
    /// [`AppError::NotStarted`] when they do not; [`AppError::Conflict`] where no programs are
    /// started at all: those that were added before somebody forbade them are still written down.
    pub(super) async fn behind_walls(&self) -> Result<(), AppError> {
        if !self.config.programs {
            let words = "Programs are not started here (TOOL_PROGRAMS).";
            return Err(AppError::Conflict(words.to_owned()));
        }
        let mut sandbox = self.config.sandbox.clone();
        let tried = timeout(TRIED_WITHIN, sandbox.wait_for(|it| *it != Sandbox::Untried)).await;
        match tried.ok().and_then(Result::ok).as_deref() {
            Some(Sandbox::Holds | Sandbox::Off) => Ok(()),
            Some(Sandbox::Broken(_) | Sandbox::Untried) | None => {
                Err(AppError::NotStarted(Obstacle::Walls))
            }
        }
    }

    /// Whether it is known that the walls do not hold where programs are wanted.
    pub(super) fn are_walls_broken(&self) -> bool {
        self.config.programs && matches!(*self.config.sandbox.borrow(), Sandbox::Broken(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(sandbox: Sandbox) -> ServersConfig {
        let sandbox = tokio::sync::watch::Sender::new(sandbox).subscribe();
        let public = "https://chat.example.org".parse().unwrap();
        ServersConfig { sandbox, ..ServersConfig::new(public) }
    }

    #[test]
    fn only_what_fetches_itself_reaches_the_web_unasked() {
        assert_eq!(reach_of("npx"), Outward::Web);
        assert_eq!(reach_of("/root/.local/bin/uvx"), Outward::Web);
        assert_eq!(reach_of("/usr/bin/python3"), Outward::Nowhere);
    }

    #[test]
    fn paths_in_arguments_may_be_read_if_they_are_there() {
        let arguments = ["-y", "server", "/usr", "/", "/nowhere/at/all", "--x=/usr"];
        let folders = folders_of(&arguments.map(str::to_owned));
        assert_eq!(folders, [Folder { path: "/usr".to_owned(), write: false }]);
    }

    #[test]
    fn containers_are_an_errand_that_walls_forbid() {
        assert_eq!(hindrance("/usr/bin/docker", &config(Sandbox::Off)), None);
        let config = config(Sandbox::Holds);
        assert!(hindrance("/usr/bin/docker", &config).is_some());
        assert_eq!(hindrance("/usr/bin/npx", &config), None);
    }

    #[test]
    fn a_program_writes_at_home_and_where_it_was_allowed_to() {
        let config = config(Sandbox::Holds);
        let folder = |path: &str, write| Folder { path: path.to_owned(), write };
        let folders = [folder("/srv/read", false), folder("/srv/write", true)];
        let home = Path::new("/data/home");
        let walls = config.walls("/usr/bin/env", home, &folders, Outward::Web).unwrap();
        assert_eq!(walls.write, [home.to_owned(), "/srv/write".into()]);
        assert_eq!((walls.read, walls.outward), (vec!["/srv/read".into()], Outward::Web));
    }
}
