//! The virtual environment of a connector: made once per package, version and interpreter, and kept.
//!
//! Runs no connector (`process`). Invariant: an environment is used only when its note says that it is whole; the note is the last thing that is
//! written, and only one process at a time makes an environment.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::process::guarded;
use crate::errors::ConnectError;
use crate::secrets::Secrets;

const NOTE: &str = "mirante.json";
/// What pip is told by the environment of this machine: indexes, certificates, caches.
const FOR_PIP: [&str; 4] = ["PIP_", "HOME", "XDG_", "TMPDIR"];
const COMMANDS: &str = "import importlib.metadata as m, json, sys; print(json.dumps(sorted(\
    e.name for e in m.distribution(sys.argv[1]).entry_points if e.group == 'console_scripts')))";

/// What is to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub package: String,
    pub version: String,
    /// The interpreter to make the environment with.
    pub python: String,
}

/// An environment that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    dir: PathBuf,
    /// The package's own commands.
    pub commands: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Note {
    package: String,
    version: String,
    python: String,
    commands: Vec<String>,
}

impl Wanted {
    /// # Errors
    /// Says which of the names is none.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let made_of = |text: &str, more: &str| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        if !made_of(&self.package, "._-") {
            return Err(("package", format!("`{}` is no name of a package on PyPI", self.package)));
        }
        if !made_of(&self.version, ".!+_-") {
            return Err(("version", format!("`{}` is no version; pin one, such as 1.2.3", self.version)));
        }
        if self.python.is_empty() || self.python.starts_with('-') {
            return Err(("python", format!("`{}` is no interpreter", self.python)));
        }
        Ok(())
    }

    fn name(&self) -> String {
        let digest = Sha256::digest(self.python.as_bytes());
        format!("{}-{}-{:02x}{:02x}{:02x}", self.package, self.version, digest[0], digest[1], digest[2])
    }
}

impl Environment {
    /// The environment below `place`; made when it is not there or not whole.
    ///
    /// # Errors
    /// `Connector` says what kept it from being made.
    pub async fn ready(source: &str, place: &Path, wanted: &Wanted) -> Result<Environment, ConnectError> {
        let dir = place.join(wanted.name());
        if let Some(ready) = whole(&dir, wanted) {
            return Ok(ready);
        }
        let make = Making { source, wanted, dir: &dir };
        let _lock = make.lock(place).await?;
        // Somebody else may have made it while we waited.
        match whole(&dir, wanted) {
            Some(ready) => Ok(ready),
            None => make.all().await,
        }
    }

    pub fn python(&self) -> PathBuf {
        self.dir.join("bin/python")
    }

    /// Where a command of the environment lies; none when there is no such command.
    pub fn program(&self, command: &str) -> Option<PathBuf> {
        let path = self.dir.join("bin").join(command);
        (!command.is_empty() && !command.contains(['/', '\\']) && path.is_file()).then_some(path)
    }

    /// The command that the package is run by: its only one, or the only one whose name starts as connectors' do.
    pub fn command(&self, start: &str) -> Option<&str> {
        let named: Vec<&String> = self.commands.iter().filter(|name| name.starts_with(start)).collect();
        match (self.commands.as_slice(), named.as_slice()) {
            ([only], _) => Some(only.as_str()),
            (_, [only]) => Some(only.as_str()),
            _ => None,
        }
    }
}

/// The environment when its note says that it is whole, and its interpreter is still there.
fn whole(dir: &Path, wanted: &Wanted) -> Option<Environment> {
    let note: Note = serde_json::from_slice(&std::fs::read(dir.join(NOTE)).ok()?).ok()?;
    let fits = (note.package.as_str(), note.version.as_str(), note.python.as_str())
        == (wanted.package.as_str(), wanted.version.as_str(), wanted.python.as_str());
    (fits && dir.join("bin/python").is_file())
        .then(|| Environment { dir: dir.to_owned(), commands: note.commands })
}

struct Making<'a> {
    source: &'a str,
    wanted: &'a Wanted,
    dir: &'a Path,
}

impl Making<'_> {
    async fn lock(&self, place: &Path) -> Result<File, ConnectError> {
        let (place, name) = (place.to_owned(), format!("{}.lock", self.wanted.name()));
        let locked = tokio::task::spawn_blocking(move || -> io::Result<File> {
            std::fs::create_dir_all(&place)?;
            let lock = File::create(place.join(name))?;
            lock.lock()?;
            Ok(lock)
        });
        let locked = locked.await.map_err(io::Error::other).and_then(|lock| lock);
        locked.map_err(|error| self.failed(&error.to_string(), "check the permissions of the data folder"))
    }

    async fn all(&self) -> Result<Environment, ConnectError> {
        tracing::info!(source = self.source, "installing `{}` {}", self.wanted.package, self.wanted.version);
        match tokio::fs::remove_dir_all(self.dir).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(self.failed(&error.to_string(), "check the permissions of the data folder"));
            }
            _ => {}
        }
        let base = Path::new(&self.wanted.python);
        let (inner, dir) = (self.dir.join("bin/python"), self.dir.as_os_str().to_owned());
        let mut venv = guarded(base, None, base, &FOR_PIP);
        venv.args(["-m", "venv"]).arg(dir);
        self.run(
            venv,
            "install Python with its module venv (python3-venv), or name another interpreter in `python`",
        )
        .await?;
        let mut pip = guarded(base, None, &inner, &FOR_PIP);
        pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
            .arg(format!("{}=={}", self.wanted.package, self.wanted.version));
        self.run(
            pip,
            "check package and version, whether this Python fits them (`python`), and the way to the index",
        )
        .await?;
        let mut list = guarded(base, None, &inner, &[]);
        list.args(["-I", "-c", COMMANDS, &self.wanted.package]);
        let listed = self.run(list, "report it with the package's name").await?;
        let commands: Vec<String> = serde_json::from_str(listed.trim())
            .map_err(|error| self.failed(&error.to_string(), "report it with the package's name"))?;
        let note = self.note(&commands);
        note.map_err(|error| self.failed(&error.to_string(), "check the permissions of the data folder"))?;
        Ok(Environment { dir: self.dir.to_owned(), commands })
    }

    fn note(&self, commands: &[String]) -> io::Result<()> {
        let note = Note {
            package: self.wanted.package.clone(),
            version: self.wanted.version.clone(),
            python: self.wanted.python.clone(),
            commands: commands.to_vec(),
        };
        let draft = self.dir.join("mirante.draft");
        let mut file = File::create(&draft)?;
        serde_json::to_writer(&mut file, &note)?;
        file.flush()?;
        file.sync_all()?;
        std::fs::rename(draft, self.dir.join(NOTE))
    }

    /// Runs a step and gives what it printed.
    async fn run(&self, mut command: Command, remedy: &'static str) -> Result<String, ConnectError> {
        let started = |error: io::Error| {
            self.failed(&format!("`{}` cannot be started: {error}", self.wanted.python), remedy)
        };
        let mut child = command.spawn().map_err(started)?;
        // Held until the end: when we die, the step dies too, and nobody writes into an environment that another one makes.
        let _alive = child.stdin.take();
        let output = child.wait_with_output().await.map_err(started)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let (errors, prints) =
            (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        let lines = || errors.lines().chain(prints.lines()).map(str::trim).filter(|line| !line.is_empty());
        // pip says most in its first line of error; others say it last.
        let said = lines().find(|line| line.starts_with("ERROR:")).or_else(|| lines().last());
        Err(self.failed(said.unwrap_or("it failed without a word"), remedy))
    }

    fn failed(&self, detail: &str, remedy: &'static str) -> ConnectError {
        let doing = format!("installing `{}` {}", self.wanted.package, self.wanted.version);
        ConnectError::connector(self.source, &doing, &Secrets::default().hide(detail), remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_none_are_refused() {
        let wanted = |package: &str, version: &str| Wanted {
            package: package.to_owned(),
            version: version.to_owned(),
            python: "python3".to_owned(),
        };
        assert_eq!(wanted("airbyte-source-faker", "7.2.1").check(), Ok(()));
        for (package, version, field) in [
            ("--index-url=x", "1", "package"),
            ("a b", "1", "package"),
            ("a", "", "version"),
            ("a", "1; x", "version"),
        ] {
            assert_eq!(wanted(package, version).check().unwrap_err().0, field, "{package} {version}");
        }
    }

    #[test]
    fn the_command_of_a_package_is_its_only_one_or_the_one_that_is_named_as_connectors_are() {
        let with = |commands: &[&str]| Environment {
            dir: PathBuf::new(),
            commands: commands.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert_eq!(
            with(&["airbyte-cdk", "source-declarative-manifest"]).command("source-"),
            Some("source-declarative-manifest")
        );
        assert_eq!(with(&["run"]).command("tap-"), Some("run"));
        assert_eq!(with(&["tap-a", "tap-b"]).command("tap-"), None);
        assert_eq!(with(&["a", "b"]).command("tap-"), None);
        assert_eq!(with(&["a"]).program("../a"), None);
    }
}
