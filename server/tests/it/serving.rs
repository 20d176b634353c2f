//! `mirante serve` at work by itself: it reads sources by schedule, publishes what they brought, and ends when it is told to.

use crate::killed::Shop;
use crate::workspace::Workspace;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Long enough for a slow machine; a server that is well needs a few seconds.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    pub fn start(workspace: &Workspace, more: &[&str]) -> Serving {
        Serving::start_and_hear(workspace, more).0
    }

    /// The server, and its line that says how one comes in.
    pub fn start_and_hear(workspace: &Workspace, more: &[&str]) -> (Serving, String) {
        let mut child = workspace
            .command(&[&["serve", "--listen", "127.0.0.1:0"], more].concat())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut line = || lines.next().expect("a line").expect("text");
        let (first, way_in) = (line(), line());
        let address = match first.rsplit_once(", listening on ") {
            Some((_, address)) => address,
            None => first.strip_prefix("Mirante: http://").expect("the address"),
        };
        let address = address.to_owned();
        // The rest is read so that the server never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        (Serving { child, address }, way_in)
    }

    fn status(&self, path: &str) -> u16 {
        let answer = self.ask(&format!("GET {path}"), "", "");
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
    }

    /// The whole answer to a request, head and body; `cookie` may be empty, a body is JSON.
    pub fn ask(&self, request: &str, cookie: &str, body: &str) -> String {
        self.send(request, cookie, ("application/json", body))
    }

    /// The same, with the body of a form.
    pub fn send_form(&self, request: &str, cookie: &str, form: &str) -> String {
        self.send(request, cookie, ("application/x-www-form-urlencoded", form))
    }

    fn send(&self, request: &str, cookie: &str, body: (&str, &str)) -> String {
        let mut stream = self.asked(request, cookie, body);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    /// The whole answer to a request for bytes; what is no text is left out.
    pub fn begin_and_read(&self, request: &str, cookie: &str) -> String {
        let mut answer = Vec::new();
        let _ = self.begin(request, cookie).read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A request whose answer the caller reads as it comes.
    pub fn begin(&self, request: &str, cookie: &str) -> TcpStream {
        self.asked(request, cookie, ("application/json", ""))
    }

    fn asked(&self, request: &str, cookie: &str, (kind, body): (&str, &str)) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a patience");
        let request = format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {cookie}\r\nContent-Type: {kind}\r\nAccept: text/html\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("the question is sent");
        stream
    }

    pub fn ready_within_patience(&self) -> bool {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if self.status("/readyz") == 200 {
                return true;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        false
    }

    /// SIGTERM, as a service manager ends it.
    fn ended(mut self) -> Option<i32> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn sources_that_were_never_read_are_read_and_published_while_serving() {
    let shop = Shop::new();
    let serving = Serving::start(&shop.workspace, &[]);
    assert!(serving.ready_within_patience(), "nothing was published");
    assert_eq!(serving.ended(), Some(0));
    // The same figures as a run from the command line gives.
    let other = Shop::new();
    other.workspace.succeeds(&["run"]);
    assert_eq!(shop.figures(None), other.figures(None));
}

#[test]
fn without_a_schedule_nothing_is_read() {
    let shop = Shop::new();
    shop.workspace.succeeds(&["source", "set", "shop", "schedule=manual"]);
    let serving = Serving::start(&shop.workspace, &[]);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(serving.status("/readyz"), 503);
    assert_eq!(serving.ended(), Some(0));
    let serving = Serving::start(&shop.workspace, &["--no-schedule"]);
    assert_eq!(serving.status("/readyz"), 503);
    assert_eq!(serving.ended(), Some(0));

    for (change, expected) in [
        ("schedule=daily", "`daily` is no schedule; write `every 30m`"),
        ("promise=soon", "a promise is a number of minutes"),
    ] {
        let output = shop.workspace.mirante(&["source", "set", "shop", change]);
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(expected), "{error}");
    }
}
