//! Accepts connections, with or without TLS, reads requests, lets faults befall them, counts them, and stops.
//!
//! Does not know the systems: a `Handler` answers. Invariant: every request that was read is counted once.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::certificate::Certificate;
use super::misbehaviour::{Faults, Misbehaviour};
use super::{Running, ServerError, odata};

mod body;

use body::Sent;

const BODY_BYTES_MAX: usize = 1 << 20;

/// What came in.
#[derive(Debug)]
pub(crate) struct Request {
    pub method: String,
    /// Decoded.
    pub path: String,
    /// Still encoded.
    pub query: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What goes out.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(status: u16, content_type: &'static str, value: &serde_json::Value) -> Answer {
        let headers = vec![("content-type", content_type.to_owned())];
        Answer { status, headers, body: value.to_string().into_bytes() }
    }

    pub(crate) fn empty(status: u16) -> Answer {
        Answer { status, ..Answer::default() }
    }

    pub(crate) fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Answer {
        let headers = vec![("content-type", content_type.to_owned())];
        Answer { status, headers, body: text.into().into_bytes() }
    }
}

/// Why a request is refused before it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Throttled,
    Forbidden,
    Server(u16),
}

/// A system.
pub(crate) trait Handler: Send + Sync + 'static {
    fn answer(&self, request: &Request, faults: &Faults) -> Answer;
    fn refuse(&self, refusal: Refusal, request: &Request) -> Answer;
    /// Whether faults spare a request: those that a careful client never repeats.
    fn spares(&self, request: &Request) -> bool;
    /// Whether a request for which the client waits before it sends its body is refused.
    fn refuses_expect(&self) -> bool;
}

/// What the caller and the connections of a server share.
pub(crate) struct Shared {
    misbehaviour: Mutex<Misbehaviour>,
    requests: AtomicU64,
    started: Instant,
    /// Milliseconds by which the server's clock is ahead.
    ahead: AtomicU64,
    /// Requests of the current minute: its number, and how many.
    minute: Mutex<(u64, u32)>,
    pub counts: Mutex<BTreeMap<(String, u16), u64>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("requests", &self.requests).finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(misbehaviour: Misbehaviour) -> Shared {
        Shared {
            misbehaviour: Mutex::new(misbehaviour),
            requests: AtomicU64::new(0),
            started: Instant::now(),
            ahead: AtomicU64::new(0),
            minute: Mutex::new((0, 0)),
            counts: Mutex::default(),
        }
    }

    pub(crate) fn misbehave(&self, misbehaviour: Misbehaviour) {
        *self.misbehaviour.lock().unwrap_or_else(PoisonError::into_inner) = misbehaviour;
    }

    pub(crate) fn pass_time(&self, time: Duration) {
        self.ahead.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }

    /// Time since the server started, by its own clock.
    pub(crate) fn clock(&self) -> Duration {
        self.started.elapsed() + Duration::from_millis(self.ahead.load(Ordering::Relaxed))
    }

    pub(crate) fn total(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Number of the request, counted from 1, and what befalls it.
    fn faults(&self) -> (Faults, bool) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let misbehaviour = self.misbehaviour.lock().unwrap_or_else(PoisonError::into_inner);
        (misbehaviour.faults(number), misbehaviour.empty_500_on_expect)
    }

    fn refusal(&self, faults: &Faults) -> Option<Refusal> {
        let mut misbehaviour = self.misbehaviour.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(limit) = misbehaviour.throttle {
            let this = self.clock().as_secs() / 60;
            let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
            *minute = if minute.0 == this { (this, minute.1 + 1) } else { (this, 1) };
            if minute.1 > limit {
                return Some(Refusal::Throttled);
            }
        }
        if std::mem::take(&mut misbehaviour.forbidden_once) {
            return Some(Refusal::Forbidden);
        }
        faults.server_error.map(Refusal::Server)
    }

    fn count(&self, path: &str, status: u16) {
        // Keys would make a line of each row.
        let path = path.split('(').next().unwrap_or_default().to_owned();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((path, status)).or_default() += 1;
    }
}

/// Listens, and answers in a task until the caller stops it.
pub(crate) async fn start(
    address: SocketAddr,
    tls: Option<(Certificate, Arc<ServerConfig>)>,
    shared: Arc<Shared>,
    make: impl FnOnce(SocketAddr) -> Arc<dyn Handler>,
) -> Result<Running, ServerError> {
    let failed = |source| ServerError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let handler = make(address);
    let (certificate, acceptor) = match tls {
        Some((certificate, config)) => (Some(certificate), Some(TlsAcceptor::from(config))),
        None => (None, None),
    };
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(accept(listener, acceptor, Arc::clone(&shared), handler, stopped));
    Ok(Running { address, certificate, shared, stop, task: Some(task) })
}

async fn accept(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    handler: Arc<dyn Handler>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: the next one may do better.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let (acceptor, shared, handler) = (acceptor.clone(), Arc::clone(&shared), Arc::clone(&handler));
        let stopped = stopped.clone();
        connections.spawn(async move { connection(stream, acceptor, shared, handler, stopped).await });
    }
    while connections.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    handler: Arc<dyn Handler>,
    stopped: watch::Receiver<bool>,
) {
    // Small answers must not wait for the acknowledgement of the ones before; failing that, they are only slower.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => converse(stream, shared, handler, stopped).await,
        Some(acceptor) => {
            // A client that does not trust the certificate goes away, which is its right.
            if let Ok(stream) = acceptor.accept(stream).await {
                converse(stream, shared, handler, stopped).await;
            }
        }
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    shared: Arc<Shared>,
    handler: Arc<dyn Handler>,
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(|request| respond(request, Arc::clone(&shared), Arc::clone(&handler)));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // A connection that breaks is the client's loss; the server goes on.
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(Duration::from_secs(2), connection).await;
        }
    }
}

async fn respond(
    incoming: hyper::Request<Incoming>,
    shared: Arc<Shared>,
    handler: Arc<dyn Handler>,
) -> Result<hyper::Response<Sent>, Infallible> {
    let (faults, empty_500_on_expect) = shared.faults();
    let (parts, body) = incoming.into_parts();
    let mut request = Request {
        method: parts.method.as_str().to_owned(),
        path: odata::decode(parts.uri.path(), false),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: Vec::new(),
    };
    if faults.latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(faults.latency_ms)).await;
    }
    if empty_500_on_expect && handler.refuses_expect() && request.headers.contains_key("expect") {
        shared.count(&request.path, 500);
        return Ok(response(Answer::empty(500), false));
    }
    let Ok(collected) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        shared.count(&request.path, 413);
        return Ok(response(Answer::empty(413), false));
    };
    request.body = collected.to_bytes().to_vec();
    let spared = handler.spares(&request);
    let refusal = if spared { None } else { shared.refusal(&faults) };
    let answer = match refusal {
        Some(refusal) => handler.refuse(refusal, &request),
        None => handler.answer(&request, &faults),
    };
    let damages = !spared && refusal.is_none() && answer.body.len() > 1;
    let cut = damages && faults.cut;
    shared.count(&request.path, if cut { 0 } else { answer.status });
    let mut answer = answer;
    if damages && faults.malformed && !cut {
        answer.body.truncate(answer.body.len() / 2);
    }
    Ok(response(answer, cut))
}

fn response(answer: Answer, cut: bool) -> hyper::Response<Sent> {
    let body = if cut { Sent::cut(answer.body) } else { Sent::whole(answer.body) };
    let mut response = hyper::Response::new(body);
    *response.status_mut() = hyper::StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}
