//! Processes: started, watched, and ended with the one that started them.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// What the kernel counts a process's time in.
const TICK: Duration = Duration::from_millis(10);

/// A server in a process of its own.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts `program` and waits until it says where it listens.
    pub(crate) async fn start(
        program: &Path,
        arguments: &[&str],
        folder: &Path,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "this crate's one place that does so")]
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder).env_clear().envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child =
            command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let stdout = child.stdout.take().context("no output")?;
        let mut stdout = BufReader::new(stdout).lines();
        while let Some(line) = stdout.next_line().await? {
            if let Some((_, address)) = line.split_once("listens on http://") {
                let address = address.trim().parse()?;
                return Ok(Self { child, stdout, address });
            }
        }
        bail!("{} ended before it listened", program.display())
    }

    /// The next line that it says and that is not empty.
    pub(crate) async fn line(&mut self) -> Result<String> {
        while let Some(line) = self.stdout.next_line().await? {
            if !line.trim().is_empty() {
                return Ok(line.trim().to_owned());
            }
        }
        bail!("the server ended")
    }

    /// Ends it at once.
    pub(crate) async fn end(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// The processor's time that it has used.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id()?))?;
        // The name before may hold anything, parentheses too.
        let (_, fields) = stat.rsplit_once(')').context("no statistics")?;
        let ticks: Vec<u32> =
            fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
        Ok(TICK * ticks.iter().sum())
    }

    /// The memory that it occupies, in bytes; the most that it ever did with `peak`.
    pub(crate) fn memory(&self, peak: bool) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let name = if peak { "VmHWM:" } else { "VmRSS:" };
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kilobytes.context("no such figure")?.parse::<u64>()? * 1024)
    }

    fn id(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }
}

/// Processor's time and wall's over a stretch of work.
#[derive(Debug)]
pub(crate) struct Stretch<'a> {
    server: &'a Server,
    cpu: Duration,
    began: Instant,
}

impl<'a> Stretch<'a> {
    /// Begins now.
    pub(crate) fn of(server: &'a Server) -> Result<Self> {
        Ok(Self { server, cpu: server.cpu()?, began: Instant::now() })
    }

    /// The processor's time since, and the wall's.
    pub(crate) fn end(&self) -> Result<(Duration, Duration)> {
        Ok((self.server.cpu()?.saturating_sub(self.cpu), self.began.elapsed()))
    }
}
