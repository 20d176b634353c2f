//! Sends deliveries as Meta does: signed, and again after a growing while until they are taken.
//!
//! Speaks `http://` to the loopback. Invariant: a delivery counts as taken when 200 has come back, and is sent again otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::deliveries::Delivery;

/// Who sends to one address.
#[derive(Debug, Clone)]
pub struct Sender {
    url: String,
    key: hmac::Key,
    /// The pause before the second try; each one is twice as long as the one before, up to a hundred times this one.
    pub pause: Duration,
    pub attempts: u32,
    /// How long an answer may take.
    pub timeout: Duration,
    /// One in so many deliveries breaks off before it is sent whole, or before its answer, and comes again; 0 is none.
    pub breaks: usize,
    /// Deliveries begun so far, by all clones.
    begun: Arc<AtomicUsize>,
    /// Deliveries taken so far, by all clones.
    taken: Arc<AtomicUsize>,
}

/// What sending was like.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    pub taken: usize,
    /// Deliveries that were given up.
    pub given_up: usize,
    /// Tries beyond the first of each delivery.
    pub repeated: usize,
    /// How long each answer that took a delivery took, sorted.
    pub times: Vec<Duration>,
}

impl Sent {
    /// The time within which so many of a hundred answers came.
    pub fn percentile(&self, percent: usize) -> Duration {
        let at = (self.times.len() * percent / 100).min(self.times.len().saturating_sub(1));
        self.times.get(at).copied().unwrap_or_default()
    }
}

/// Why a try was none.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("`{url}` is no address of the form http://host:port/path")]
    Url { url: String },
    #[error("no connection")]
    Connect(#[from] std::io::Error),
    #[error("no answer")]
    Answer(#[from] hyper::Error),
    #[error("the request cannot be made")]
    Request(#[from] hyper::http::Error),
    #[error("no answer in time")]
    Slow,
}

type Connection = http1::SendRequest<Full<Bytes>>;

impl Sender {
    pub fn new(url: &str, app_secret: &str) -> Sender {
        Sender {
            url: url.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, app_secret.as_bytes()),
            pause: Duration::from_millis(20),
            attempts: 1000,
            timeout: Duration::from_secs(10),
            breaks: 0,
            begun: Arc::default(),
            taken: Arc::default(),
        }
    }

    /// How many deliveries were taken so far.
    pub fn progress(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// The value of `X-Hub-Signature-256`.
    pub fn signature(&self, body: &[u8]) -> String {
        use std::fmt::Write as _;
        let tag = hmac::sign(&self.key, body);
        tag.as_ref().iter().fold("sha256=".to_owned(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// `GET` with the query of Meta's handshake: status and body.
    pub async fn handshake(&self, token: &str, challenge: &str) -> Result<(u16, String), SendError> {
        let mut connection = None;
        let query = format!("hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={token}");
        let (host, path) = self.target()?;
        let request = hyper::Request::get(format!("/{path}?{query}")).header("host", host);
        self.exchange(&mut connection, request.body(Full::default())?).await
    }

    /// One delivery, until it is taken: its status in the end.
    pub async fn deliver(&self, body: &[u8]) -> Result<u16, SendError> {
        let (mut connection, mut sent) = (None, Sent::default());
        self.insist(&mut connection, body, &mut sent).await
    }

    /// One try, with this signature: status and body.
    pub async fn try_once(&self, body: &[u8], signature: &str) -> Result<(u16, String), SendError> {
        let mut connection = None;
        self.post(&mut connection, body, signature).await
    }

    /// All deliveries, `at_once` of them at the same time.
    pub async fn deliver_all(&self, deliveries: Arc<Vec<Delivery>>, at_once: usize) -> Sent {
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..at_once {
            let (sender, deliveries, next) = (self.clone(), Arc::clone(&deliveries), Arc::clone(&next));
            workers.spawn(async move {
                let (mut connection, mut sent) = (None, Sent::default());
                while let Some(body) = deliveries.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match sender.insist(&mut connection, body, &mut sent).await {
                        Ok(_) => sent.taken += 1,
                        Err(_) => sent.given_up += 1,
                    }
                }
                sent
            });
        }
        let mut all = Sent::default();
        while let Some(Ok(sent)) = workers.join_next().await {
            all.taken += sent.taken;
            all.given_up += sent.given_up;
            all.repeated += sent.repeated;
            all.times.extend(sent.times);
        }
        all.times.sort_unstable();
        all
    }

    async fn insist(
        &self,
        connection: &mut Option<Connection>,
        body: &[u8],
        sent: &mut Sent,
    ) -> Result<u16, SendError> {
        let signature = self.signature(body);
        let begun = self.begun.fetch_add(1, Ordering::Relaxed);
        if self.breaks > 0 && begun.is_multiple_of(self.breaks) {
            let part = if (begun / self.breaks).is_multiple_of(2) { body.len() / 2 } else { body.len() };
            // Whether anybody heard it is what a sender never knows.
            let _ = self.break_off(body, &signature, part).await;
            sent.repeated += 1;
        }
        let mut pause = self.pause;
        let mut tried = 0;
        loop {
            tried += 1;
            let started = Instant::now();
            let answer = self.post(connection, body, &signature).await;
            if let Ok((200, _)) = answer {
                sent.times.push(started.elapsed());
                self.taken.fetch_add(1, Ordering::Relaxed);
                return Ok(200);
            }
            if tried >= self.attempts {
                return answer.map(|(status, _)| status).and(Err(SendError::Slow));
            }
            sent.repeated += 1;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(self.pause * 100);
        }
    }

    async fn post(
        &self,
        connection: &mut Option<Connection>,
        body: &[u8],
        signature: &str,
    ) -> Result<(u16, String), SendError> {
        let (host, path) = self.target()?;
        let request = hyper::Request::post(format!("/{path}"))
            .header("host", host)
            .header("content-type", "application/json")
            .header("x-hub-signature-256", signature)
            .body(Full::new(Bytes::copy_from_slice(body)))?;
        self.exchange(connection, request).await
    }

    /// A connection that is gone after so many bytes of the body.
    async fn break_off(&self, body: &[u8], signature: &str, part: usize) -> Result<(), SendError> {
        let (host, path) = self.target()?;
        let head = format!(
            "POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nx-hub-signature-256: {signature}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(host).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body[..part]).await?;
        Ok(stream.shutdown().await?)
    }

    fn target(&self) -> Result<(&str, &str), SendError> {
        let rest =
            self.url.strip_prefix("http://").ok_or_else(|| SendError::Url { url: self.url.clone() })?;
        Ok(rest.split_once('/').unwrap_or((rest, "")))
    }

    async fn exchange(
        &self,
        connection: &mut Option<Connection>,
        request: hyper::Request<Full<Bytes>>,
    ) -> Result<(u16, String), SendError> {
        let outcome = tokio::time::timeout(self.timeout, self.converse(connection, request)).await;
        let outcome = outcome.unwrap_or(Err(SendError::Slow));
        if outcome.is_err() {
            *connection = None;
        }
        outcome
    }

    async fn converse(
        &self,
        connection: &mut Option<Connection>,
        request: hyper::Request<Full<Bytes>>,
    ) -> Result<(u16, String), SendError> {
        let mut sender = if let Some(sender) = connection.take().filter(|sender| !sender.is_closed()) {
            sender
        } else {
            let stream = TcpStream::connect(self.target()?.0).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            // It ends with the sender, or when the other side goes.
            tokio::spawn(async move { drop(connection.await) });
            sender
        };
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await?.to_bytes();
        *connection = Some(sender);
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}
