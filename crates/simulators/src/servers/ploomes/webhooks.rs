//! Webhooks of the CRM: who is to be told of what, and telling them.
//!
//! Callbacks must be `http://`: the simulator speaks to the loopback. Invariant: a delivery is tried once; what gets lost is found by
//! polling.

use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{JSON, STAFF_ID, context, refused};
use crate::servers::serving::{Answer, Request};
use crate::servers::world::Change;

/// (Id, name).
const ACTIONS: [(i64, &str); 7] =
    [(1, "Create"), (2, "Update"), (3, "Delete"), (4, "Win"), (5, "Lose"), (6, "Reopen"), (7, "Finish")];

#[derive(Debug, Clone)]
struct Webhook {
    id: i64,
    entity_id: i64,
    action_id: i64,
    callback_url: String,
    validation_key: Option<String>,
    active: bool,
}

impl Webhook {
    fn json(&self) -> Value {
        json!({
            "Id": self.id,
            "EntityId": self.entity_id,
            "ActionId": self.action_id,
            "CallbackUrl": self.callback_url,
            "ValidationKey": self.validation_key,
            "Active": self.active,
            "CreatorId": STAFF_ID,
        })
    }

    /// Takes over what a body says.
    fn change(&mut self, body: &Value) {
        if let Some(entity) = body["EntityId"].as_i64() {
            self.entity_id = entity;
        }
        if let Some(action) = body["ActionId"].as_i64() {
            self.action_id = action;
        }
        if let Some(url) = body["CallbackUrl"].as_str() {
            url.clone_into(&mut self.callback_url);
        }
        if let Some(key) = body["ValidationKey"].as_str() {
            self.validation_key = Some(key.to_owned());
        }
        if let Some(active) = body["Active"].as_bool() {
            self.active = active;
        }
    }
}

/// The registered webhooks.
#[derive(Debug, Default)]
pub(super) struct Webhooks {
    /// Number of the latest, and all that are there.
    registered: Mutex<(i64, Vec<Webhook>)>,
}

impl Webhooks {
    pub(super) fn answer(&self, request: &Request, name: &str, key: Option<&str>) -> Answer {
        let value = |rows: Vec<Value>| json!({ "@odata.context": context(name), "value": rows });
        let mut registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        let id = key.and_then(|key| key.parse::<i64>().ok());
        let place = registered.1.iter().position(|hook| Some(hook.id) == id);
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match (request.method.as_str(), name, key, place) {
            ("GET", "Webhooks@Actions", None, _) => {
                let rows = ACTIONS.iter().map(|(id, name)| json!({ "Id": id, "Name": name })).collect();
                Answer::json(200, JSON, &value(rows))
            }
            ("GET", "Webhooks", None, _) => {
                Answer::json(200, JSON, &value(registered.1.iter().map(Webhook::json).collect()))
            }
            ("GET", "Webhooks", Some(_), Some(place)) => {
                Answer::json(200, JSON, &value(vec![registered.1[place].json()]))
            }
            ("POST", "Webhooks", None, _) => {
                let known = ACTIONS.iter().any(|(id, _)| body["ActionId"].as_i64() == Some(*id));
                if body["EntityId"].as_i64().is_none() || !known || body["CallbackUrl"].as_str().is_none() {
                    return refused(400, "EntityId, ActionId and CallbackUrl are required.");
                }
                registered.0 += 1;
                let mut hook = Webhook {
                    id: registered.0,
                    entity_id: 0,
                    action_id: 0,
                    callback_url: String::new(),
                    validation_key: None,
                    active: true,
                };
                hook.change(&body);
                let row = hook.json();
                registered.1.push(hook);
                Answer::json(201, JSON, &value(vec![row]))
            }
            ("PATCH", "Webhooks", Some(_), Some(place)) => {
                registered.1[place].change(&body);
                Answer::empty(204)
            }
            ("DELETE", "Webhooks", Some(_), Some(place)) => {
                registered.1.remove(place);
                Answer::empty(204)
            }
            (_, "Webhooks", Some(_), None) => refused(404, "The resource was not found."),
            _ => refused(405, "The method is not allowed here."),
        }
    }

    /// Those who are to be told of a change.
    fn told(&self, change: &Change) -> Vec<Webhook> {
        let registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        let wants = |hook: &&Webhook| {
            hook.active && hook.entity_id == change.entity_id && hook.action_id == change.action_id
        };
        registered.1.iter().filter(wants).cloned().collect()
    }
}

/// Tells of changes in their order, until the world or the server is gone.
pub(super) async fn deliver(mut changes: UnboundedReceiver<Change>, webhooks: Weak<Webhooks>) {
    let mut deliveries = 0_u64;
    while let Some(change) = changes.recv().await {
        let Some(hooks) = webhooks.upgrade().map(|webhooks| webhooks.told(&change)) else { return };
        for hook in hooks {
            deliveries += 1;
            let body = body(&change, deliveries.is_multiple_of(2));
            // A receiver that is slow or gone must not keep the others waiting for long.
            let _ = tokio::time::timeout(Duration::from_secs(5), post(&hook, body)).await;
        }
    }
}

/// Every second delivery has the old form, which names the row and no more.
fn body(change: &Change, old_form: bool) -> String {
    let body = if old_form {
        let id = if change.entity == "Deal" { "DealId" } else { "Id" };
        json!({ id: change.id })
    } else {
        json!({
            "Action": change.action,
            "Entity": change.entity,
            "EntityId": change.entity_id,
            "ActionUserId": STAFF_ID,
            "AccountId": super::lookups::ACCOUNT,
            "Old": change.old,
            "New": change.new,
        })
    };
    body.to_string()
}

#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error("`{url}` is not a callback of the form http://host:port/path")]
    Url { url: String },
    #[error("no connection to the callback")]
    Connect(#[source] std::io::Error),
    #[error("the callback did not answer")]
    Send(#[source] hyper::Error),
    #[error("the validation key cannot be sent as a header")]
    Key(#[source] hyper::http::Error),
}

async fn post(hook: &Webhook, body: String) -> Result<(), DeliveryError> {
    let url = || DeliveryError::Url { url: hook.callback_url.clone() };
    let rest = hook.callback_url.strip_prefix("http://").ok_or_else(url)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let target = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let stream = TcpStream::connect(target).await.map_err(DeliveryError::Connect)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(DeliveryError::Send)?;
    let connection = tokio::spawn(connection);
    let mut request = hyper::Request::post(format!("/{path}"))
        .header("host", host)
        .header("content-type", "application/json");
    if let Some(key) = &hook.validation_key {
        request = request.header("x-ploomes-validation-key", key);
    }
    let request = request.body(Full::new(Bytes::from(body))).map_err(DeliveryError::Key)?;
    let answer = sender.send_request(request).await.map_err(DeliveryError::Send)?;
    // What the receiver says is of no interest, but it must be able to say it.
    let _ = answer.into_body().collect().await;
    connection.abort();
    Ok(())
}
