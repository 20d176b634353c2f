//! A server whose answers a test writes itself, over real sockets.
//!
//! Knows no system. Invariant: every request is noted, as it came and in its order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET`
    pub method: String,
    /// Path and query, decoded.
    pub target: String,
    /// With its leading `/`, without query, decoded.
    pub path: String,
    /// Decoded.
    pub query: BTreeMap<String, String>,
    /// Request line and headers, in small letters.
    pub head: String,
    pub body: String,
}

impl Asked {
    /// A parameter as a number.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.query.get(name)?.parse().ok()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub struct Served {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Served {
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// Answers each request with what the script gives.
pub async fn served(script: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let log = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
            while !is_whole(&request) {
                match socket.read(&mut chunk).await {
                    Ok(0) | Err(_) => break,
                    Ok(read) => request.extend_from_slice(&chunk[..read]),
                }
            }
            let asked = parsed(&String::from_utf8_lossy(&request));
            let answer = script(&asked);
            log.lock().unwrap().push(asked);
            // The client may have had enough before the end.
            drop(socket.write_all(answer.as_bytes()).await);
            drop(socket.shutdown().await);
        }
    });
    Served { url, asked }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

fn parsed(request: &str) -> Asked {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    Asked {
        method: method.to_owned(),
        target: decoded(target),
        path: decoded(path),
        query: pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect(),
        head: head.to_lowercase(),
        body: body.to_owned(),
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap()
}

pub fn json(body: &Value) -> String {
    answer("200 OK", "content-type: application/json\r\n", &body.to_string())
}

pub fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len())
}
