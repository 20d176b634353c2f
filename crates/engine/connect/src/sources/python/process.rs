//! One run of a connector: its process, its lines, its end.
//!
//! Does not understand lines. Invariant: dropping a run, or our own death however it comes, ends the connector and all that it started: they
//! live as long as a pipe that only we hold open.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use super::folder::Folder;
use crate::errors::ConnectError;
use crate::secrets::Secrets;

/// Longer lines are no records.
const LINE_BYTES: u64 = 64 << 20;
/// Lines of standard error that are kept to say why a connector failed.
const LAST_WORDS: usize = 20;
const GUARD: &str = include_str!("guard.py");

/// A command of the machine's own, guarded: `python` runs the guard, the guard runs `program`. The environment is empty but for what a
/// connector needs to reach its system, and `more`.
pub fn guarded(python: &Path, folder: Option<&Path>, program: &Path, more: &[&str]) -> Command {
    const NEEDED: [&str; 14] = [
        "PATH",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
    ];
    let mut command = Command::new(python);
    command.env_clear();
    for (name, value) in std::env::vars_os() {
        let said = name.to_string_lossy();
        if NEEDED.contains(&&*said) || more.iter().any(|start| said.starts_with(start)) {
            command.env(name, value);
        }
    }
    // The guard has a group of its own, so that Ctrl-C in a terminal is for us to handle.
    command
        .args(["-I", "-S", "-c", GUARD])
        .arg(folder.unwrap_or(Path::new("")))
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    command
}

/// What is run, and for whom.
pub struct Run<'a> {
    pub source: &'a str,
    /// What it is asked for, for messages: `check`, `stream `users``.
    pub doing: String,
    /// The interpreter of its environment.
    pub python: &'a Path,
    pub program: &'a Path,
    pub arguments: Vec<OsString>,
    pub folder: Folder,
    pub secrets: Arc<Secrets>,
    /// How long it may be silent, as when it waits for its system.
    pub patience: Duration,
}

/// A connector at work.
pub struct Process {
    source: String,
    doing: String,
    child: Child,
    /// The pipe that keeps the connector alive. Apart from the child, whose `wait` would close it.
    _alive: ChildStdin,
    out: BufReader<ChildStdout>,
    line: Vec<u8>,
    errors: JoinHandle<VecDeque<String>>,
    patience: Duration,
    /// Its files, which go with it.
    _folder: Folder,
}

/// How a connector ended.
#[derive(Debug)]
pub struct Ending {
    /// None when nobody can say.
    pub code: Option<i32>,
    /// Its last lines on standard error, without secrets.
    pub last_words: Vec<String>,
}

impl Ending {
    pub fn is_good(&self) -> bool {
        self.code == Some(0)
    }

    /// What is known of a failure that the connector itself did not explain.
    pub fn said(&self) -> String {
        let how = match self.code {
            Some(code) if code > 128 => format!("it was killed by signal {}", code - 128),
            Some(code) => format!("it ended with code {code}"),
            None => "it was killed".to_owned(),
        };
        // Of a stack trace the last line says what happened.
        match self.last_words.last() {
            Some(words) => format!("{how} ({words})"),
            None => how,
        }
    }
}

impl Process {
    /// # Errors
    /// `Connector` when it cannot be started.
    pub fn start(run: Run<'_>) -> Result<Process, ConnectError> {
        let home = run.folder.home();
        let mut command = guarded(run.python, Some(run.folder.path()), run.program, &[]);
        command
            .args(&run.arguments)
            .env("HOME", &home)
            .env("TMPDIR", &home)
            .env("PYTHONUTF8", "1")
            .current_dir(&home);
        const REMEDY: &str =
            "check that Python is there, or remove the connector's environment so that it is made anew";
        let failed = |detail: String| ConnectError::connector(run.source, &run.doing, &detail, REMEDY);
        let mut child =
            command.spawn().map_err(|error| failed(format!("the connector cannot be started ({error})")))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(alive), Some(out), Some(errors)) = pipes else {
            return Err(failed("the connector has no output".to_owned()));
        };
        let errors = tokio::spawn(drain(errors, run.secrets, run.source.to_owned()));
        Ok(Process {
            source: run.source.to_owned(),
            doing: run.doing,
            child,
            _alive: alive,
            out: BufReader::with_capacity(64 << 10, out),
            line: Vec::new(),
            errors,
            patience: run.patience,
            _folder: run.folder,
        })
    }

    /// Reads the next line; `false` at the end. While nobody asks, the pipe fills up and the connector waits.
    ///
    /// # Errors
    /// `Connector` when it says nothing for too long, or too much in one line.
    pub async fn advance(&mut self) -> Result<bool, ConnectError> {
        self.line.clear();
        let mut limited = (&mut self.out).take(LINE_BYTES);
        let read = limited.read_until(b'\n', &mut self.line);
        let Ok(read) = tokio::time::timeout(self.patience, read).await else {
            let minutes = self.patience.as_secs().div_ceil(60);
            return Err(self.failed(
                format!("the connector said nothing for {minutes} min and was ended"),
                "raise `patience` if its system is that slow, else see its log",
            ));
        };
        match read {
            Ok(0) => Ok(false),
            Ok(_) if self.line.len() as u64 >= LINE_BYTES && !self.line.ends_with(b"\n") => Err(self.failed(
                format!("the connector wrote a line of more than {} MB", LINE_BYTES >> 20),
                "leave the stream or its largest field out",
            )),
            Ok(_) => Ok(true),
            Err(error) => Err(self
                .failed(format!("the connector's output broke off ({error})"), "the next sync tries again")),
        }
    }

    /// The line that was read last, without its end.
    pub fn line(&self) -> &[u8] {
        self.line.trim_ascii_end()
    }

    /// Waits for the end of a connector that has closed its output.
    pub async fn end(mut self) -> Ending {
        let ended = tokio::time::timeout(self.patience, self.child.wait()).await;
        let code = ended.ok().and_then(Result::ok).and_then(|status| status.code());
        let last_words = match tokio::time::timeout(Duration::from_secs(5), &mut self.errors).await {
            Ok(Ok(words)) => words.into(),
            _ => Vec::new(),
        };
        Ending { code, last_words }
    }

    pub fn failed(&self, detail: String, remedy: &'static str) -> ConnectError {
        ConnectError::connector(&self.source, &self.doing, &detail, remedy)
    }
}

/// Reads standard error to its end, so that the connector never waits for us there.
async fn drain(
    errors: tokio::process::ChildStderr,
    secrets: Arc<Secrets>,
    source: String,
) -> VecDeque<String> {
    let (mut errors, mut line, mut last) = (BufReader::new(errors), Vec::new(), VecDeque::new());
    loop {
        line.clear();
        // A line without an end is cut: its rest is another line.
        match (&mut errors).take(64 << 10).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return last,
            Ok(_) => {}
        }
        let text = secrets.hide(&String::from_utf8_lossy(&line));
        if text.is_empty() {
            continue;
        }
        tracing::debug!(source, "connector: {text}");
        if last.len() == LAST_WORDS {
            last.pop_front();
        }
        last.push_back(text);
    }
}
