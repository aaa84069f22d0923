//! Whether the walls around programs hold here: tried when the server starts, and every hour.
//!
//! A kernel that says that it has walls is not believed. A process of our own goes behind them and
//! tries what a hostile program would; what it could do is the answer.

use std::{
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use galaxy_app::{
    error::WALLS_AGAIN,
    servers::{Outward, Sandbox},
};
use galaxy_base::Tasks;
use galaxy_mcp_client::{Keeper, keeper::CONFINED};
use galaxy_sandbox::{Bait, Escape, Profile, escapes};
use tokio::{
    net::{TcpListener, UnixListener},
    process::Command,
    sync::watch,
    time::{sleep, timeout},
};

use crate::say;

/// The command that tries; not for people.
pub(crate) const TRY: &str = "try-walls";
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(8);
/// The end of what a try prints: without it, it was cut short.
const DONE: &str = "that was all";

/// Whether tool servers that are programs are behind walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confinement {
    /// They are, or are not started.
    Walls,
    /// They are not: whoever started the server said so.
    None,
}

impl Confinement {
    /// From what was said on the command line.
    pub(crate) const fn of(unconfined: bool) -> Self {
        if unconfined { Self::None } else { Self::Walls }
    }
}

/// Tells whether the walls hold, as it was tried last. They are tried in the background, with files
/// inside `folder`.
pub(crate) fn watched(
    confinement: Confinement,
    keeper: Keeper,
    folder: PathBuf,
    tasks: &Tasks,
) -> watch::Receiver<Sandbox> {
    let (told, tells) = watch::channel(match confinement {
        Confinement::Walls => Sandbox::Untried,
        Confinement::None => Sandbox::Off,
    });
    if confinement == Confinement::Walls {
        let stopping = tasks.stopping().clone();
        tasks.spawn(async move {
            loop {
                note(&told, try_all(&keeper, &folder).await);
                tokio::select! {
                    () = sleep(WALLS_AGAIN) => (),
                    () = stopping.cancelled() => return,
                }
            }
        });
    }
    tells
}

fn note(told: &watch::Sender<Sandbox>, tried: Result<()>) {
    let now = match tried {
        Ok(()) => Sandbox::Holds,
        Err(err) => Sandbox::Broken(format!("{err:#}")),
    };
    if let Sandbox::Broken(why) = &now {
        tracing::warn!(why, "the walls around programs do not hold: no program is started");
    }
    told.send_replace(now);
}

/// Tries with no way outward, and with the way to the web.
async fn try_all(keeper: &Keeper, folder: &Path) -> Result<()> {
    tokio::fs::create_dir_all(folder).await.context("a folder for the test")?;
    for outward in [Outward::Nowhere, Outward::Web] {
        let found = timeout(PATIENCE, try_once(keeper, folder, outward)).await;
        let found = found.context("the test of the walls takes too long")??;
        let datagram = Escape::Datagram.to_string();
        let is_allowed = |it: &String| outward == Outward::Web && *it == datagram;
        let escaped: Vec<String> = found.into_iter().filter(|it| !is_allowed(it)).collect();
        if !escaped.is_empty() {
            bail!("in a test {}", escaped.join(", "));
        }
    }
    Ok(())
}

/// What a process could do behind walls.
async fn try_once(keeper: &Keeper, folder: &Path, outward: Outward) -> Result<Vec<String>> {
    let name = format!("walls-{}", std::process::id());
    let (file, socket) = (folder.join(&name), folder.join(format!("{name}.socket")));
    tokio::fs::write(&file, "outside").await.context("a file for the test")?;
    let _ = tokio::fs::remove_file(&socket).await;
    let _daemon = UnixListener::bind(&socket).context("a socket for the test")?;
    let listener = TcpListener::bind("127.0.0.1:0").await.context("a port for the test")?;
    let bait = Bait {
        file: file.clone(),
        socket: socket.clone(),
        address: listener.local_addr()?,
        process: i32::try_from(std::process::id())?,
    };
    let run = vec![keeper.program.clone()];
    let profile = Profile { run, outward, ..Profile::default() };
    let output = behind(keeper, &profile, &serde_json::to_string(&bait)?).output().await;
    let _ = tokio::fs::remove_file(&file).await;
    let _ = tokio::fs::remove_file(&socket).await;
    let output = output.context("the keeper does not start")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
    if lines.pop().as_deref() != Some(DONE) {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{}", galaxy_base::text::headline(errors.trim(), 300));
    }
    Ok(lines)
}

#[expect(clippy::disallowed_methods, reason = "what is started is this program itself")]
fn behind(keeper: &Keeper, profile: &Profile, bait: &str) -> Command {
    let mut command = Command::new(&keeper.program);
    command.args(&keeper.arguments).arg(CONFINED).arg(profile.to_argument()).arg("--");
    command.arg(&keeper.program).args([TRY, bait]);
    command.env_clear().current_dir("/").process_group(0).kill_on_drop(true);
    // The keeper ends what it keeps when this closes, so it has to stay open meanwhile.
    command.stdin(Stdio::piped());
    command
}

/// Tries to get past the walls, and says what could be done.
pub(crate) fn tried(bait: &str) -> ExitCode {
    let bait: Bait = match serde_json::from_str(bait) {
        Ok(bait) => bait,
        Err(err) => {
            say::complaint(format_args!("no bait: {err}"));
            return ExitCode::FAILURE;
        }
    };
    for escape in escapes(&bait) {
        say::line(escape);
    }
    say::line(DONE);
    ExitCode::SUCCESS
}
