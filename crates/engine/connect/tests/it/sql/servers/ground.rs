//! What every server stands on: a folder, a free port, a user who is not root, a certificate, and an end.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::Server;

static PROCESSES: Mutex<Vec<Child>> = Mutex::new(Vec::new());

/// Makes an authority, and a certificate of it for the loopback.
fn certify(folder: &Path) -> String {
    let mut own = CertificateParams::default();
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(own, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["db.empresa.test".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(folder.join("server.crt"), certificate.pem()).unwrap();
    std::fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.join("server.key"), private).unwrap();
    issuer.pem()
}

/// A folder with everything that belongs to one server.
pub struct Ground {
    pub folder: tempfile::TempDir,
    user: Option<(u32, u32)>,
    pub port: u16,
    authority: String,
}

impl Ground {
    pub fn new() -> Ground {
        let folder = tempfile::tempdir().unwrap();
        let authority = certify(folder.path());
        for name in ["data", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        // Servers refuse to run as root; then they run as `nobody`.
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|it| it.stdout.starts_with(b"0\n"));
        let user = is_root.then_some((65534, 65534));
        if let Some((uid, gid)) = user {
            for path in ["", "data", "tmp", "server.crt", "server.key"] {
                std::os::unix::fs::chown(folder.path().join(path), Some(uid), Some(gid)).unwrap();
            }
        }
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Ground { port: free.local_addr().unwrap().port(), folder, user, authority }
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command.env("TMPDIR", self.folder.path().join("tmp"));
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(std::fs::File::create(self.folder.path().join("log")).unwrap());
        command
    }

    pub fn make(&self, command: &mut Command) {
        let made = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(made.success(), "{command:?}: {}", std::fs::read_to_string(self.path("log")).unwrap());
    }

    /// Starts the server, and a small watcher that ends it with this process: tests end without running destructors.
    pub fn serve(self, engine: &'static str, command: &mut Command) -> Server {
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let server = child.id();
        PROCESSES.lock().unwrap().push(child);
        let watch = format!(
            "while kill -0 {} 2>/dev/null; do sleep 0.2; done; kill -INT {server} 2>/dev/null; kill {server} 2>/dev/null; sleep 2; \
             kill -9 {server} 2>/dev/null; rm -rf '{}'",
            std::process::id(),
            self.folder.path().display()
        );
        let watcher = Command::new("sh")
            .args(["-c", &watch])
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        PROCESSES.lock().unwrap().push(watcher.unwrap());
        for _ in 0..600 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                let Ground { port, authority, folder, .. } = self;
                return Server { engine, port, authority, _folder: folder };
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("{engine} did not answer: {}", std::fs::read_to_string(self.path("log")).unwrap());
    }
}
