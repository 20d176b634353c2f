//! Calls the servers as a client does, and walks through their pages.
//!
//! Invariant: a walk fails rather than return part of the rows.

use std::sync::Arc;

use serde_json::Value;
use simulators::servers::{Running, World, ploomes, sap_b1};

/// A small company that is served.
pub(crate) fn world() -> Arc<World> {
    Arc::new(World::new(crate::company(0.02, 7)))
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Reply { status, headers, text: response.text().await? })
}

/// Percent-encodes a value of a query.
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.,()';/@$=".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A client of the CRM.
pub(crate) struct Crm {
    pub server: Running,
    pub http: reqwest::Client,
    pub key: String,
}

impl Crm {
    pub(crate) async fn start(world: Arc<World>) -> Crm {
        let options = ploomes::Options::default();
        let key = options.user_key.clone();
        Crm { server: ploomes::start(world, options).await.unwrap(), http: reqwest::Client::new(), key }
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/{path}", self.server.url());
        self.http.request(method, url).header("User-Key", &self.key)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        send(self.request(reqwest::Method::GET, path)).await.unwrap()
    }

    pub(crate) async fn rows(&self, path: &str) -> Vec<Value> {
        let reply = self.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.json()["value"].as_array().unwrap().clone()
    }

    /// Every row of an entity, by `$skip`. `options` end with `&` or are empty.
    pub(crate) async fn all(&self, entity: &str, options: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        loop {
            let path = format!("{entity}?{options}$orderby=Id&$top=300&$skip={}", rows.len());
            let page = self.rows(&path).await;
            let last = page.len() < 300;
            rows.extend(page);
            if last {
                return rows;
            }
        }
    }
}

/// A client of the ERP, logged in.
pub(crate) struct Erp {
    pub server: Running,
    pub http: reqwest::Client,
    pub cookie: String,
    pub options: sap_b1::Options,
}

impl Erp {
    /// In the clear, which is what most tests need.
    pub(crate) async fn start(world: Arc<World>) -> Erp {
        let options = sap_b1::Options { tls: false, ..sap_b1::Options::default() };
        let server = sap_b1::start(world, options.clone()).await.unwrap();
        let mut erp = Erp { server, http: reqwest::Client::new(), cookie: String::new(), options };
        let reply = erp.login("v2").await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        erp.cookie = cookies(&reply);
        erp
    }

    pub(crate) fn credentials(&self) -> String {
        serde_json::json!({
            "CompanyDB": self.options.company_db,
            "UserName": self.options.user,
            "Password": self.options.password,
        })
        .to_string()
    }

    pub(crate) async fn login(&self, version: &str) -> Reply {
        let url = format!("{}/b1s/{version}/Login", self.server.url());
        send(self.http.post(url).body(self.credentials())).await.unwrap()
    }

    pub(crate) fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}/b1s/{path}", self.server.url())).header("cookie", &self.cookie)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        send(self.request(path)).await.unwrap()
    }

    /// Every row of an entity, by following the links.
    pub(crate) async fn all(&self, version: &str, entity: &str, page: usize) -> Vec<Value> {
        let link = if version == "v1" { "odata.nextLink" } else { "@odata.nextLink" };
        let (mut rows, mut next) = (Vec::new(), Some(entity.to_owned()));
        while let Some(path) = next {
            let request = self.request(&format!("{version}/{path}"));
            let reply = send(request.header("prefer", format!("odata.maxpagesize={page}"))).await.unwrap();
            assert_eq!(reply.status, 200, "{path}: {}", reply.text);
            let body = reply.json();
            rows.extend(body["value"].as_array().unwrap().iter().cloned());
            next = body[link].as_str().map(str::to_owned);
        }
        rows
    }
}

/// What a `Cookie` header must say after a login.
pub(crate) fn cookies(reply: &Reply) -> String {
    let set = reply.headers.get_all("set-cookie").iter();
    let pairs: Vec<&str> = set.map(|value| value.to_str().unwrap().split(';').next().unwrap()).collect();
    pairs.join("; ")
}

/// Whether a row of the ERP is one of the ledger, apart from what the protocol adds.
pub(crate) fn same(row: &Value, wanted: &Value) -> bool {
    let (row, wanted) = (row.as_object().unwrap(), wanted.as_object().unwrap());
    let mut own = row.iter().filter(|(name, _)| !name.contains("odata."));
    own.clone().count() == wanted.len() && own.all(|(name, value)| wanted.get(name) == Some(value))
}
