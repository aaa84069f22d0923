//! No process outlives the server, however it ends.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use galaxy_tool::server::{ServerError, State, Transport};
use rustix::process::{Pid, Signal, kill_process};

use crate::house::{PATIENCE, fixture, open, plain, stdio};

/// Waits until nobody holds `path` any more: whoever did is dead then.
async fn released(path: String) {
    let waiting = tokio::task::spawn_blocking(move || File::open(path).unwrap().lock().unwrap());
    tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap();
}

fn is_held(path: &str) -> bool {
    File::open(path).unwrap().try_lock().is_err()
}

#[expect(clippy::disallowed_methods, reason = "the server that gets killed is a process")]
#[tokio::test]
async fn nothing_survives_the_sudden_death_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("held").to_str().unwrap().to_owned();
    let mut parent = Command::new(fixture())
        .args(["parent", &lock])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    let out = parent.stdout.take().unwrap();
    BufReader::new(out).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    // The one that left the group may need a moment to get there; both hold their files then.
    let second = format!("{lock}.2");
    assert!(is_held(&lock));
    while !File::open(&second).is_ok_and(|it| it.try_lock().is_err()) {
        tokio::task::yield_now().await;
    }
    let pid = Pid::from_raw(i32::try_from(parent.id()).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    parent.wait().unwrap();
    released(lock).await;
    released(second).await;
}

/// The keeper of the server that was started with `word` among its arguments.
fn keeper(word: &str) -> Pid {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut named = processes.filter_map(|it| {
        let command = std::fs::read_to_string(it.path().join("cmdline")).ok()?;
        let is_it = command.contains("\0keep\0") && command.contains(word);
        it.file_name().to_str()?.parse().ok().filter(|_| is_it)
    });
    Pid::from_raw(named.next().unwrap()).unwrap()
}

#[tokio::test]
async fn nothing_survives_the_sudden_death_of_its_keeper() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("held").to_str().unwrap().to_owned();
    let server = open(stdio(&["legacy", "--lock", &lock, "--stay"]));
    server.tools().await.unwrap();
    kill_process(keeper(&lock), Signal::KILL).unwrap();
    released(lock).await;
    assert!(plain(&server, "echo").await.is_ok(), "it is started again");
    server.close().await;
}

#[tokio::test]
async fn closing_ends_a_process_that_does_not_want_to_end_within_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("held").to_str().unwrap().to_owned();
    let server = open(stdio(&["legacy", "--lock", &lock, "--stay"]));
    server.tools().await.unwrap();
    assert!(is_held(&lock));
    let began = tokio::time::Instant::now();
    server.close().await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    released(lock).await;
}

#[tokio::test]
async fn only_an_absolute_path_is_started_and_a_wrong_one_says_so() {
    let mut spec = stdio(&["legacy"]);
    let Transport::Stdio { command, .. } = &mut spec.transport else { panic!() };
    *command = "fixture".into();
    let server = open(spec.clone());
    assert!(matches!(plain(&server, "echo").await, Err(ServerError::Refused(_))));
    assert_eq!(server.health().state, State::Failed);
    let Transport::Stdio { command, .. } = &mut spec.transport else { panic!() };
    *command = "/nonexistent/server".into();
    let server = open(spec);
    let err = plain(&server, "echo").await.unwrap_err();
    assert!(err.to_string().contains("cannot start /nonexistent/server"), "{err}");
    assert_eq!(server.health().state, State::BackingOff);
}

#[tokio::test]
async fn the_environment_is_the_one_that_is_written_down() {
    let mut spec = stdio(&["legacy", "--environment"]);
    let Transport::Stdio { environment, .. } = &mut spec.transport else { panic!() };
    *environment = vec![("ONLY".to_owned(), "this".to_owned().into())];
    let server = open(spec);
    server.tools().await.unwrap();
    server.close().await;
    let lines: Vec<String> = server.log().into_iter().map(|it| it.text).collect();
    let told: Vec<&String> = lines.iter().filter(|it| it.starts_with("environment ")).collect();
    assert_eq!(told, [r#"environment "ONLY" = "this""#], "{lines:?}");
}
