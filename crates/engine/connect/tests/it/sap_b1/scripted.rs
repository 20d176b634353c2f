//! A Service Layer in a few lines, for what a well-behaved one does not do.

use std::sync::{Arc, Mutex};

use connect::sources::sap_b1::SapB1;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::company::{settings, source_of};

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET`
    pub method: String,
    /// Without `/b1s/v2/`, decoded.
    pub path: String,
    /// Request line and headers, in small letters.
    pub head: String,
}

pub struct Scripted {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Scripted {
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Requests whose path starts so.
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path.starts_with(path)).count()
    }

    pub fn source(&self) -> SapB1 {
        source_of(&self.settings())
    }

    pub fn settings(&self) -> Value {
        let mut given = settings(&self.url);
        given["page_size"] = json!(5);
        given
    }
}

/// Answers each request with what the script gives.
pub async fn scripted(script: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let log = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            while !is_whole(&request) {
                match socket.read(&mut chunk).await {
                    Ok(0) | Err(_) => break,
                    Ok(read) => request.extend_from_slice(&chunk[..read]),
                }
            }
            let text = String::from_utf8_lossy(&request).into_owned();
            let mut words = text.split(' ');
            let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap_or_default());
            let path = decoded(path).trim_start_matches("/b1s/v2/").to_owned();
            let head = text.split("\r\n\r\n").next().unwrap().to_lowercase();
            let request = Asked { method, path, head };
            let answer = script(&request);
            log.lock().unwrap().push(request);
            // The client may have had enough before the end.
            drop(socket.write_all(answer.as_bytes()).await);
            drop(socket.shutdown().await);
        }
    });
    Scripted { url, asked }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
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

pub fn answer(status: &str, body: &str) -> String {
    answer_with(status, "", body)
}

pub fn answer_with(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len())
}

pub fn refused(status: &str, code: i64, message: &str) -> String {
    answer(
        status,
        &json!({"error": {"code": code, "message": {"lang": "en-us", "value": message}}}).to_string(),
    )
}

/// A session, or the end of one; none for other requests.
pub fn door(asked: &Asked) -> Option<String> {
    match asked.path.as_str() {
        "Login" => Some(answer_with(
            "200 OK",
            "set-cookie: B1SESSION=s-1;HttpOnly;\r\nset-cookie: ROUTEID=.node2; path=/b1s\r\n",
            r#"{"SessionId":"s-1","Version":"1000190","SessionTimeout":30}"#,
        )),
        "Logout" => Some(answer("204 No Content", "")),
        _ => None,
    }
}

/// A page of those documents that a question is for. It knows what this source asks, and no more of the language.
pub fn page(asked: &Asked, documents: &[Value]) -> String {
    let number = |what: &str| -> Option<i64> {
        let rest = asked.path.split_once(what)?.1;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    let after = number("DocEntry gt ").unwrap_or(0);
    let since = asked.path.split_once("UpdateDate ge '").map(|(_, rest)| rest[..10].to_owned());
    let one_of: Vec<i64> = asked
        .path
        .split("DocEntry eq ")
        .skip(1)
        .filter_map(|rest| rest.split([' ', ')']).next()?.parse().ok())
        .collect();
    let only_open = asked.path.contains("DocumentStatus eq 'bost_Open'");
    let is_meant = |document: &&Value| {
        let entry = document["DocEntry"].as_i64().unwrap();
        entry > after
            && since.as_ref().is_none_or(|since| document["UpdateDate"].as_str().unwrap() >= since.as_str())
            && (one_of.is_empty() || one_of.contains(&entry))
            && (!only_open || document["DocumentStatus"] == "bost_Open")
    };
    let size = asked.head.split_once("maxpagesize=").unwrap().1.lines().next().unwrap().parse().unwrap();
    let rows: Vec<&Value> = documents.iter().filter(is_meant).take(size).collect();
    answer("200 OK", &json!({"value": rows}).to_string())
}

pub fn document(entry: i64, day: &str, is_open: bool) -> Value {
    json!({
        "DocEntry": entry,
        "DocDate": day,
        "CreationDate": day,
        "UpdateDate": day,
        "DocTotal": entry as f64 / 4.0,
        "DocumentStatus": if is_open { "bost_Open" } else { "bost_Close" },
        "DocumentLines": [{"LineNum": 0, "LineTotal": 1.5}, {"LineNum": 1, "LineTotal": entry as f64}],
    })
}
