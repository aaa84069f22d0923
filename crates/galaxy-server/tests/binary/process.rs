//! Starts the binary and keeps it from outliving its test.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::{Instant, timeout},
};

use crate::client::Client;

/// How long anything may take that should take moments, on a machine with much to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How the binary is to be started.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    folder: PathBuf,
    variables: BTreeMap<&'static str, String>,
    /// What stands behind `serve`.
    flags: &'static [&'static str],
}

/// A running server, killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Galaxy {
    child: Child,
    /// It writes little, but must not find its output closed.
    _stdout: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
}

impl Setup {
    /// On `folder`, where everybody gets in and may do much.
    pub(crate) fn new(folder: &Path) -> Self {
        let setup = Self { folder: folder.to_owned(), variables: BTreeMap::new(), flags: &[] };
        setup
            .with("DATA_DIR", folder.join("data").to_str().unwrap())
            .with("PORT", "0")
            .with("OLLAMA_HOST", "off")
            .with("TEST_MODE", "true")
            .with("DEMO_WORD_DELAY_MS", "0")
            .with("MAX_ACTIVE_RUNS_PER_PERSON", "1000")
            .with("MESSAGES_PER_MINUTE", "1000000")
            .with("CONVERSATIONS_PER_MINUTE", "1000000")
            .with("RUN_LEASE_SECONDS", "3")
    }

    /// With a setting.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.to_owned());
        self
    }

    /// Serving with these flags.
    pub(crate) fn serving(self, flags: &'static [&'static str]) -> Self {
        Self { flags, ..self }
    }

    /// With a model at `base_url`.
    pub(crate) fn asking(self, base_url: &str) -> Self {
        self.with("LLM_BASE_URL", base_url).with("LLM_MODEL_NAME", "fake")
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        #[expect(clippy::disallowed_methods, reason = "the one place that starts the binary")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_galaxy"));
        // No `.env` and no variable of the machine has a say.
        command.args(arguments).current_dir(&self.folder).env_clear().envs(&self.variables);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        timeout(PATIENCE, self.command(arguments).output()).await.expect("it ends").unwrap()
    }

    /// Starts a command that speaks by standard input and output.
    pub(crate) fn host(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(appended(&self.folder.join("host.log")));
        command.spawn().unwrap()
    }

    /// The end of what such commands wrote to their log.
    pub(crate) fn host_log(&self) -> String {
        tail(&self.folder.join("host.log"))
    }

    /// Starts a server that may die at once.
    pub(crate) async fn launch(&self) -> Result<Galaxy, ExitStatus> {
        let log = self.folder.join("server.log");
        let mut command = self.command(&[&["serve"], self.flags].concat());
        command.stdout(Stdio::piped()).stderr(appended(&log));
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            match timeout(PATIENCE, stdout.next_line()).await.expect("it says something").unwrap() {
                Some(line) => {
                    if let Some((_, address)) = line.split_once("listens on http://") {
                        break address.parse().unwrap();
                    }
                }
                None => return Err(child.wait().await.unwrap()),
            }
        };
        let client = Client::new(address);
        Ok(Galaxy { child, _stdout: stdout, log, address, client })
    }

    /// Starts a server and waits until it is ready.
    pub(crate) async fn start(&self) -> Galaxy {
        let mut galaxy = match self.launch().await {
            Ok(galaxy) => galaxy,
            Err(status) => panic!("{status}\n{}", tail(&self.folder.join("server.log"))),
        };
        assert!(galaxy.becomes_ready().await, "never ready\n{}", galaxy.log());
        galaxy
    }
}

impl Galaxy {
    /// Waits until it is ready; tells whether it lived so long.
    pub(crate) async fn becomes_ready(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.client.get("/health/ready").await {
                Ok(reply) if reply.status == 200 => return true,
                Ok(_) | Err(_) if self.child.try_wait().unwrap().is_some() => return false,
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        false
    }

    /// Kills it, as power or the kernel would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        let pid = i32::try_from(self.child.id().expect("it runs")).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        match timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => status.unwrap(),
            Err(_) => panic!("it goes on and on\n{}", self.log()),
        }
    }

    /// The end of what it wrote to its log.
    pub(crate) fn log(&self) -> String {
        tail(&self.log)
    }
}

fn appended(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
