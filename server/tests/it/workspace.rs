//! A data folder of a test's own and the commands on it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    pub fn new() -> Workspace {
        Workspace { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A folder below this workspace's own, made if missing.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        path
    }

    pub fn lake(&self) -> PathBuf {
        self.folder.path().join("data/lake")
    }

    /// Paths of all files of the lake.
    pub fn lake_files(&self) -> BTreeSet<PathBuf> {
        let (mut found, mut folders) = (BTreeSet::new(), vec![self.lake()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder of the lake") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path);
                }
            }
        }
        found
    }

    /// `mirante --data … arguments`, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mirante"));
        command
            .arg("--data")
            .arg(self.folder.path().join("data"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("RUST_LOG");
        command
    }

    pub fn mirante(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary starts")
    }

    /// Standard output of a command that must succeed.
    pub fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.mirante(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "mirante {arguments:?} failed: {error}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The error line of a command that must fail with this exit code.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.mirante(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "mirante {arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "a failing command prints no result");
        assert_eq!(error.lines().count(), 1, "one line, not: {error}");
        error
    }

    /// Adds the pack and its source, and runs.
    pub fn run_pack(&self, pack: &str, source: &str, files: &Path) {
        let files = files.to_str().expect("a UTF-8 path");
        self.succeeds(&["source", "add", "files", "--name", source, "--path", files]);
        let pack = root().join(pack);
        self.succeeds(&["pack", "add", pack.to_str().expect("a UTF-8 path")]);
        self.succeeds(&["run"]);
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the server lies below the root").to_path_buf()
}

/// Data that the repository does not carry; `None`, said aloud, where it is not beside the clone.
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let path = root().parent()?.join("shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: `{}` is not here", path.display());
    None
}
