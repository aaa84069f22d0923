//! What programs behind walls cannot do, and that they work there.

use std::{
    net::TcpListener,
    os::unix::net::UnixListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use galaxy_domain::tool_server::Outward;
use galaxy_sandbox::{Bait, Profile};
use galaxy_tool::server::{Transport, Walls};

use crate::house::{PATIENCE, fixture, open, plain, stdio, text};

/// What is laid out, and held open.
struct Trap {
    folder: tempfile::TempDir,
    address: TcpListener,
    _daemon: UnixListener,
}

impl Trap {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "outside").unwrap();
        let daemon = UnixListener::bind(folder.path().join("socket")).unwrap();
        Self { folder, address: TcpListener::bind("127.0.0.1:0").unwrap(), _daemon: daemon }
    }

    fn bait(&self) -> String {
        let bait = Bait {
            file: self.folder.path().join("file"),
            socket: self.folder.path().join("socket"),
            address: self.address.local_addr().unwrap(),
            process: i32::try_from(std::process::id()).unwrap(),
        };
        serde_json::to_string(&bait).unwrap()
    }

    /// What the fixture could do behind the walls of `profile`, or without any.
    async fn escapes(&self, profile: Option<Profile>) -> Vec<String> {
        let output = kept(profile.as_ref(), &["try-walls", &self.bait()]).await;
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}

/// The fixture in the hands of its keeper.
#[expect(clippy::disallowed_methods, reason = "the keeper is a process")]
fn start(profile: Option<&Profile>, arguments: &[&str]) -> Child {
    let mut command = Command::new(fixture());
    command.arg("keep");
    if let Some(profile) = profile {
        command.args(["--confined", &profile.to_argument()]);
    }
    command.arg("--").arg(fixture()).args(arguments);
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// What becomes of it.
async fn kept(profile: Option<&Profile>, arguments: &[&str]) -> Output {
    let mut child = start(profile, arguments);
    // It is ended when this closes.
    let input = child.stdin.take();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let output = tokio::time::timeout(PATIENCE, output).await.unwrap().unwrap();
    drop(input);
    output
}

fn profile(outward: Outward) -> Profile {
    Profile { run: vec![fixture()], outward, ..Profile::default() }
}

#[tokio::test]
async fn nothing_gets_past_the_walls() {
    let trap = Trap::new();
    let free = trap.escapes(None).await;
    // Without walls everybody can do these: the test sees what it looks for.
    for able in [
        "a file outside was read",
        "a file outside was written",
        "a file was made outside",
        "the environment of another process was read",
        "another process could be ended",
        "an address was reached",
        "a socket for datagrams was given",
        "a daemon was reached",
        "the devices were listed",
    ] {
        assert!(free.iter().any(|it| it == able), "{able}: {free:?}");
    }
    assert_eq!(trap.escapes(Some(profile(Outward::Nowhere))).await, [""; 0]);
    let datagram = "a socket for datagrams was given";
    assert_eq!(trap.escapes(Some(profile(Outward::Web))).await, [datagram]);
    let anywhere = trap.escapes(Some(profile(Outward::Anywhere))).await;
    assert_eq!(anywhere, ["an address was reached", datagram]);
}

#[tokio::test]
async fn what_is_allowed_is_allowed_and_no_more() {
    let trap = Trap::new();
    let folder = vec![trap.folder.path().to_owned()];
    let reads = Profile { read: folder.clone(), ..profile(Outward::Nowhere) };
    assert_eq!(trap.escapes(Some(reads)).await, ["a file outside was read"]);
    let writes = Profile { write: folder, ..profile(Outward::Nowhere) };
    let both = ["a file outside was read", "a file outside was written"];
    assert_eq!(trap.escapes(Some(writes)).await, both);
}

#[tokio::test]
async fn a_crowd_is_ended() {
    let output = kept(Some(&profile(Outward::Nowhere)), &["crowd"]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("[ended: more than 256 processes]"), "{said}");
    assert!(!output.status.success());
}

#[tokio::test]
async fn what_is_not_within_the_walls_does_not_start() {
    let output = kept(Some(&Profile::default()), &["wait"]).await;
    assert_eq!(output.status.code(), Some(127));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Permission denied"), "{said}");
}

#[tokio::test]
async fn a_server_works_behind_walls() {
    let home = tempfile::tempdir().unwrap();
    let held = home.path().join("held");
    let mut spec = stdio(&["legacy", "--lock", held.to_str().unwrap()]);
    enclose(&mut spec.transport, home.path());
    let server = open(spec);
    assert_eq!(text(&plain(&server, "echo").await.unwrap()), "{}");
    assert!(held.exists(), "it writes at home");
    server.close().await;

    let elsewhere = tempfile::tempdir().unwrap();
    let held = elsewhere.path().join("held");
    let mut spec = stdio(&["legacy", "--lock", held.to_str().unwrap()]);
    enclose(&mut spec.transport, home.path());
    let server = open(spec);
    assert!(plain(&server, "echo").await.is_err());
    assert!(!held.exists(), "and nowhere else");
    server.close().await;
}

fn enclose(transport: &mut Transport, home: &Path) {
    let Transport::Stdio { walls, .. } = transport else { panic!() };
    *walls = Some(Walls { run: vec![fixture()], write: vec![home.to_owned()], ..Walls::default() });
}
