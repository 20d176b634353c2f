//! A server whose answers a test writes itself.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers by target, as `Deals?$filter=…`, decoded.
pub struct Scripted {
    pub url: String,
    pub asked: Arc<Mutex<Vec<String>>>,
}

/// Serves what `answer` says: status and body.
pub async fn scripted(answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let told = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                match socket.read(&mut chunk).await {
                    Ok(0) | Err(_) => break,
                    Ok(read) => request.extend_from_slice(&chunk[..read]),
                }
            }
            let request = String::from_utf8_lossy(&request);
            let target = decoded(request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/'));
            let (status, body) = answer(&target);
            told.lock().unwrap().push(target);
            let body = body.to_string();
            let head =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            // The client may have had enough before the end.
            drop(socket.write_all(format!("{head}{body}").as_bytes()).await);
            drop(socket.shutdown().await);
        }
    });
    Scripted { url, asked }
}

/// A page of `rows` as the API cuts it, of at most `clamp` rows: by the filters and the order that the source uses.
pub fn page(target: &str, rows: &[Value], clamp: usize) -> (u16, Value) {
    let after = |word: &str| target.split(word).nth(1).and_then(|rest| rest.split([' ', '&']).next());
    let number = |word: &str| after(word).and_then(|text| text.parse::<i64>().ok());
    let at = |row: &Value| row["LastUpdateDate"].as_str().unwrap_or_default().to_owned();
    let id = |row: &Value| row["Id"].as_i64().unwrap();
    let holds = |row: &&Value| {
        after("LastUpdateDate ge ").is_none_or(|from| at(row).as_str() >= from)
            && after("LastUpdateDate lt ").is_none_or(|to| at(row).as_str() < to)
            && number("Id gt ").is_none_or(|last| id(row) > last)
    };
    let mut found: Vec<&Value> = rows.iter().filter(holds).collect();
    if after("$orderby=").is_some_and(|order| order.starts_with("LastUpdateDate")) {
        found.sort_by_key(|row| (at(row), id(row)));
    } else {
        found.sort_by_key(|row| id(row));
    }
    let top = number("$top=").unwrap_or(300).min(clamp as i64) as usize;
    let skip = number("$skip=").unwrap_or_default() as usize;
    let page: Vec<&Value> = found.into_iter().skip(skip).take(top).collect();
    (
        200,
        serde_json::json!({ "@odata.context": "https://public6-api2.ploomes.com/$metadata#X", "value": page }),
    )
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let hex = (*first == b'%').then(|| std::str::from_utf8(&others[..2]).ok()).flatten();
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &others[2..];
        } else {
            bytes.push(*first);
            rest = others;
        }
    }
    String::from_utf8(bytes).unwrap()
}
