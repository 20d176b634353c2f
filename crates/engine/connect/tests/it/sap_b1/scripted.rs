//! A Service Layer in a few lines, for what a well-behaved one does not do.

use connect::sources::sap_b1::SapB1;
use serde_json::{Value, json};

use super::company::{settings, source_of};
pub use crate::served::answer as answer_with;
use crate::served::{self, Served, served};

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET`
    pub method: String,
    /// Path and query without `/b1s/v2/`, decoded.
    pub path: String,
    /// Request line and headers, in small letters.
    pub head: String,
}

impl Asked {
    fn of(asked: &served::Asked) -> Asked {
        let path = asked.target.trim_start_matches("/b1s/v2/").to_owned();
        Asked { method: asked.method.clone(), path, head: asked.head.clone() }
    }
}

pub struct Scripted {
    pub url: String,
    served: Served,
}

impl Scripted {
    pub fn asked(&self) -> Vec<Asked> {
        self.served.asked().iter().map(Asked::of).collect()
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
    let served = served(move |asked| script(&Asked::of(asked))).await;
    Scripted { url: served.url.clone(), served }
}

pub fn answer(status: &str, body: &str) -> String {
    answer_with(status, "", body)
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
