//! The PostgreSQL that tests talk to: the one named by `TEST_DATABASE_URL`, or a throw-away
//! cluster that all test processes of this checkout share.
//!
//! The cluster is started by the first test that needs it, under a file lock, and found by the
//! others through `target/tmp/galaxy-postgres/current`, a link to its folder. It stops by itself:
//! a session inside it counts the seconds in which nobody is connected, and after
//! [`QUIET_SECONDS`] of them asks the server to stop. Nothing is ever started again in an old
//! folder: who finds a dead cluster removes it and makes a new one.
//!
//! To stop it at once:
//! `kill -INT $(head -n 1 target/tmp/galaxy-postgres/current/data/postmaster.pid)`.

use std::{
    fs::{self, File},
    io,
    os::unix::{
        fs::{MetadataExt, symlink},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    str::FromStr,
};

use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgSslMode},
};

/// After how many seconds without a connection the cluster stops itself.
pub(super) const QUIET_SECONDS: u32 = 30;

/// The owner of the cluster, whom nobody but this machine's user can become: the socket lies in
/// a folder that only they can open, and there is no other way in.
const OWNER: &str = "galaxy";

/// Data that is thrown away needs no protection from a power cut.
const SETTINGS: &str = "-c listen_addresses= -c max_connections=200 -c fsync=off \
    -c full_page_writes=off -c autovacuum=off -c shared_buffers=64MB -c jit=off";

/// What stops a cluster that nobody uses. It runs on in the server after its client has gone.
const SENTINEL: &str = "DO $$
    DECLARE quiet integer := 0;
    BEGIN
        WHILE quiet < current_setting('galaxy.quiet_seconds')::integer LOOP
            PERFORM pg_sleep(1);
            IF EXISTS (
                SELECT FROM pg_stat_activity
                WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
            ) THEN quiet := 0; ELSE quiet := quiet + 1; END IF;
            COMMIT;
        END LOOP;
        COPY (SELECT 1) TO PROGRAM 'kill -INT $(head -n 1 postmaster.pid)';
    END $$";

const SENTINEL_IS_UP: &str = "SELECT EXISTS (SELECT FROM pg_stat_activity
    WHERE application_name = 'galaxy-sentinel' AND state = 'active')";

/// How to reach a server on which databases may be made, started if need be. Blocks for about
/// two seconds when it has to start one.
///
/// # Errors
/// A sentence that says what is missing on this machine.
pub(super) fn server() -> Result<PgConnectOptions, String> {
    if let Some(url) = given_url() {
        return PgConnectOptions::from_str(&url)
            .map_err(|err| format!("TEST_DATABASE_URL is no PostgreSQL address: {err}"));
    }
    let place = place()?;
    let current = place.join("current");
    if answers(&current) {
        return Ok(options(&current));
    }
    let lock = told("open the lock", File::create(place.join("lock")))?;
    told("take the lock", lock.lock())?;
    // Another process may have started it while this one waited.
    if !answers(&current) {
        start(&current)?;
    }
    Ok(options(&current))
}

#[expect(clippy::disallowed_methods, reason = "tests are configured by the environment alone")]
fn given_url() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

/// `target/tmp/galaxy-postgres`, wherever the target folder is.
fn place() -> Result<PathBuf, String> {
    let program = told("find this program", std::env::current_exe())?;
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    let target = target.map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        Path::to_path_buf,
    );
    let place = target.join("tmp/galaxy-postgres");
    told("make a folder", fs::create_dir_all(&place))?;
    Ok(place)
}

fn answers(current: &Path) -> bool {
    // The link is followed first: the path of a socket may have 107 bytes only.
    fs::read_link(current)
        .is_ok_and(|home| UnixStream::connect(home.join("socket/.s.PGSQL.5432")).is_ok())
}

fn options(current: &Path) -> PgConnectOptions {
    let home = fs::read_link(current).unwrap_or_else(|_| current.to_path_buf());
    PgConnectOptions::new_without_pgpass()
        .socket(home.join("socket"))
        .port(5432)
        .username(OWNER)
        .database("postgres")
        .ssl_mode(PgSslMode::Disable)
}

fn start(current: &Path) -> Result<(), String> {
    let programs = programs()?;
    clear(current, &programs);
    let pattern = std::env::temp_dir().join("galaxy-postgres-XXXXXXXX");
    let made = run("mktemp", &["-d", &pattern.to_string_lossy()])?;
    let home = PathBuf::from(String::from_utf8_lossy(&made.stdout).trim());
    let (data, socket) = (home.join("data"), home.join("socket"));
    let (data, socket) = (data.to_string_lossy(), socket.to_string_lossy());
    run("mkdir", &["-m", "700", &socket])?;
    told("link the cluster", symlink(&home, current))?;

    let program = |name: &str| programs.join(name).to_string_lossy().into_owned();
    let locale = ["--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync"];
    let place = ["-D", &data, "-U", OWNER];
    run(&program("initdb"), &[place.as_slice(), &locale].concat())?;
    let settings =
        format!("{SETTINGS} -c galaxy.quiet_seconds={QUIET_SECONDS} -k {socket} -p 5432");
    let log = home.join("log");
    let log = log.to_string_lossy();
    run(
        &program("pg_ctl"),
        &["start", "--wait", "-t", "60", "-D", &data, "-l", &log, "-o", &settings],
    )?;
    super::off_runtime(watch(options(current)))
        .map_err(|err| format!("the throw-away PostgreSQL does not answer: {err}"))
}

/// Removes what is left of an earlier cluster; best effort, because a new folder is made anyway.
fn clear(current: &Path, programs: &Path) {
    let Ok(home) = fs::read_link(current) else { return };
    let ours = home.file_name().is_some_and(|it| it.to_string_lossy().starts_with("galaxy-"));
    if ours && home.exists() {
        let (pg_ctl, data) = (programs.join("pg_ctl"), home.join("data"));
        let stop = ["stop", "-m", "immediate", "-D", &data.to_string_lossy()];
        drop(run(&pg_ctl.to_string_lossy(), &stop));
        drop(fs::remove_dir_all(&home));
    }
    drop(fs::remove_file(current));
}

/// Starts the sentinel and leaves it to itself once the server is running it.
async fn watch(server: PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut sentinel = server.clone().application_name("galaxy-sentinel").connect().await?;
    let mut asking = server.connect().await?;
    let is_up = async {
        while !sqlx::query_scalar(SENTINEL_IS_UP).fetch_one(&mut asking).await? {
            tokio::task::yield_now().await;
        }
        asking.close().await
    };
    tokio::select! {
        ended = sqlx::raw_sql(SENTINEL).execute(&mut sentinel) => ended.map(drop),
        up = is_up => up,
    }
}

/// The folder of the newest `initdb` on this machine.
#[expect(clippy::disallowed_methods, reason = "where programs are is said by the environment")]
fn programs() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = installed.map(|it| it.path().join("bin")).collect();
    versions.sort_by_key(|folder| {
        let version = folder.parent().and_then(Path::file_name).map(|it| it.to_string_lossy());
        version.and_then(|it| it.parse::<u32>().ok())
    });
    folders.extend(versions.into_iter().rev());
    folders
        .into_iter()
        .find(|it| it.join("initdb").exists() && it.join("pg_ctl").exists())
        .ok_or_else(|| {
            "the store is tested on PostgreSQL too: install it (Debian: apt install postgresql) \
             or name a server in TEST_DATABASE_URL"
                .to_owned()
        })
}

/// Runs a program as somebody whom PostgreSQL accepts: it refuses to work for root.
fn run(program: &str, arguments: &[&str]) -> Result<Output, String> {
    let ways: &[&[&str]] = if is_root() {
        &[
            &["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"],
            &["runuser", "-u", "postgres", "--"],
        ]
    } else {
        &[&[]]
    };
    let mut failure = String::new();
    for way in ways {
        let words = [way, [program].as_slice(), arguments].concat();
        match execute(&words) {
            Ok(output) if output.status.success() => return Ok(output),
            Ok(output) => {
                let said = [output.stdout, output.stderr].concat();
                failure = format!("`{}`: {}", words.join(" "), String::from_utf8_lossy(&said));
                break;
            }
            Err(err) => failure = format!("`{}`: {err}", words.join(" ")),
        }
    }
    Err(format!("no throw-away PostgreSQL: {failure}"))
}

#[expect(clippy::disallowed_methods, reason = "the one place of the test kit that starts programs")]
fn execute(words: &[&str]) -> io::Result<Output> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    Command::new(program)
        .args(arguments)
        // The other user may not be allowed into the folder that tests run in.
        .current_dir(std::env::temp_dir())
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

fn told<T>(what: &str, result: io::Result<T>) -> Result<T, String> {
    result.map_err(|err| format!("could not {what} for the throw-away PostgreSQL: {err}"))
}
