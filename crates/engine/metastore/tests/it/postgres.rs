//! A real PostgreSQL of these tests' own, in a temporary folder, ended with the process.
//!
//! `MIRANTE_TEST_POSTGRES` names another server (`postgres://user@host/db`) where Debian's programs are not installed.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

struct Server {
    url: String,
    _folder: Option<tempfile::TempDir>,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static PROCESS: Mutex<Option<Child>> = Mutex::new(None);

/// The address of a database that nobody has used before.
pub async fn fresh_database() -> String {
    use sea_orm::ConnectionTrait;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(start);
    let name = format!("mirante_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let admin =
        sea_orm::Database::connect(format!("{}/postgres", server.url)).await.expect("PostgreSQL answers");
    admin.execute_unprepared(&format!("create database {name}")).await.expect("a database can be made");
    admin.close().await.expect("the connection ends");
    format!("{}/{name}", server.url)
}

fn start() -> Server {
    if let Ok(url) = std::env::var("MIRANTE_TEST_POSTGRES") {
        let url = url.rsplit_once('/').map_or(url.clone(), |(server, _)| server.to_owned());
        return Server { url, _folder: None };
    }
    let programs = programs().expect(
        "PostgreSQL is installed (Debian: apt-get install postgresql), or MIRANTE_TEST_POSTGRES names one",
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder for its data");
    let user = unprivileged();
    if let Some((uid, gid)) = user {
        for path in [folder.path(), &data] {
            std::os::unix::fs::chown(path, Some(uid), Some(gid)).expect("root may give a folder away");
        }
    }
    let as_user = |program: &str| {
        let mut command = Command::new(programs.join(program));
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let made = as_user("initdb").arg("-D").arg(&data).args(["-U", "mirante", "-A", "trust", "-N"]).status();
    assert!(made.expect("initdb runs").success(), "initdb failed");
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|free| free.local_addr())
        .expect("a free port")
        .port();
    let child = as_user("postgres")
        .arg("-D")
        .arg(&data)
        .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", "", "-F"])
        .spawn()
        .expect("postgres starts");
    let pid = child.id();
    *PROCESS.lock().expect("nobody panicked here") = Some(child);
    // The test process ends without running destructors; a small watcher ends the server with it.
    Command::new("sh")
        .arg("-c")
        .arg(format!("while kill -0 {} 2>/dev/null; do sleep 0.2; done; kill -INT {pid} 2>/dev/null; sleep 1; rm -rf '{}'", std::process::id(), folder.path().display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh runs");
    for _ in 0..300 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Server { url: format!("postgres://mirante@127.0.0.1:{port}"), _folder: Some(folder) };
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("PostgreSQL did not answer within 30 seconds");
}

/// Where Debian keeps the server's programs, newest version last.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .collect();
    versions.sort();
    versions.pop()
}

/// PostgreSQL refuses to run as root; then it runs as `nobody`.
fn unprivileged() -> Option<(u32, u32)> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
    is_root.then_some((65534, 65534))
}
