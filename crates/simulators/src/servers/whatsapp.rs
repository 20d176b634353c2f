//! WhatsApp as Meta offers it: the Graph API of one account, and a sender of signed deliveries about the company's conversations.
//!
//! Follows the public behaviour of the Cloud API; README.md §12 tells what is left out. Invariant: what is sent, what is counted and what
//! the ledger tells come from the same events.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::misbehaviour::{Faults, Misbehaviour};
use super::serving::{self, Answer, Handler, Refusal, Request, Shared};
use super::{Running, ServerError};

pub mod deliveries;
pub mod events;
mod figures;
pub mod sender;

pub use deliveries::{Delivery, Disorder};
pub use events::{Events, MessageTruth, StatusKey};
pub use sender::{Sender, Sent};

/// Seconds between two messages to one user.
const PAIR_PAUSE: Duration = Duration::from_secs(6);

/// The account, and who may ask about it.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    pub account: String,
    pub number: String,
    pub display_number: String,
    pub access_token: String,
    pub app_secret: String,
    pub verify_token: String,
    /// Where statuses of messages go that are sent through the API.
    pub callback: Option<String>,
    /// Users who wrote within the last 24 hours: free text reaches them alone.
    pub open_windows: BTreeSet<String>,
    pub misbehaviour: Misbehaviour,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            account: "102290129340398".to_owned(),
            number: "106540352242922".to_owned(),
            display_number: "551130000000".to_owned(),
            access_token: "EAAserraazul0token".to_owned(),
            app_secret: "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
            verify_token: "serra-azul-verifica".to_owned(),
            callback: None,
            open_windows: BTreeSet::new(),
            misbehaviour: Misbehaviour::default(),
        }
    }
}

/// Starts the Graph API on the runtime of the caller.
pub async fn start(events: Arc<Events>, options: Options) -> Result<Running, ServerError> {
    let shared = Arc::new(Shared::new(options.misbehaviour.clone()));
    let (outgoing, statuses) = mpsc::unbounded_channel();
    if let Some(url) = options.callback.clone() {
        tokio::spawn(tell(statuses, Sender::new(&url, &options.app_secret)));
    }
    let clock = Arc::clone(&shared);
    let address = options.address;
    let server = Server { events, options, clock, sent: Mutex::default(), outgoing };
    serving::start(address, None, shared, |_| Arc::new(server)).await
}

/// Tells of statuses, each in a delivery of its own, until the server is gone.
async fn tell(mut statuses: mpsc::UnboundedReceiver<Delivery>, sender: Sender) {
    while let Some(body) = statuses.recv().await {
        // One that is never taken was tried as often as the sender tries.
        let _ = sender.deliver(&body).await;
    }
}

struct Server {
    events: Arc<Events>,
    options: Options,
    clock: Arc<Shared>,
    /// When each user was last written to, and how many messages there were.
    sent: Mutex<(HashMap<String, Duration>, u64)>,
    outgoing: mpsc::UnboundedSender<Delivery>,
}

fn refused(status: u16, code: i64, message: &str, details: &str) -> Answer {
    let error = json!({
        "message": format!("(#{code}) {message}"), "type": "OAuthException", "code": code, "error_subcode": 0, "fbtrace_id": "A4O5",
        "error_data": { "messaging_product": "whatsapp", "details": details },
    });
    Answer::json(status, "application/json; charset=UTF-8", &json!({ "error": error }))
}

fn good(value: &Value) -> Answer {
    Answer::json(200, "application/json; charset=UTF-8", value)
}

impl Handler for Server {
    fn answer(&self, request: &Request, _: &Faults) -> Answer {
        if request.header("authorization") != Some(&format!("Bearer {}", self.options.access_token)) {
            let why = "The session has been invalidated because the token expired.";
            return refused(401, 190, "Invalid OAuth access token.", why);
        }
        let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        let (account, number) = (self.options.account.as_str(), self.options.number.as_str());
        match (request.method.as_str(), parts.as_slice()) {
            (_, [version, ..]) if !version.starts_with('v') => {
                refused(400, 100, "Unsupported request", "There is no such version.")
            }
            ("POST", [_, node, "messages"]) if *node == number => self.send(&request.body),
            ("GET", [_, node, "phone_numbers"]) if *node == account => good(&self.numbers(&request.query)),
            ("GET", [_, node]) if *node == account => self.node(&request.query),
            (_, [_, node, ..]) => refused(
                400,
                100,
                "Unsupported request",
                &format!(
                    "Object with ID '{node}' does not exist, or cannot be loaded due to missing permissions."
                ),
            ),
            _ => refused(404, 100, "Unsupported request", "There is nothing at this path."),
        }
    }

    fn refuse(&self, refusal: Refusal, _: &Request) -> Answer {
        match refusal {
            Refusal::Throttled => refused(400, 80007, "Rate limit issues", "Too many calls to this account."),
            Refusal::Forbidden => refused(403, 10, "Permission denied", "The permission is missing."),
            Refusal::Server(status) => refused(status, 131_000, "Something went wrong", "Try again later."),
        }
    }

    fn spares(&self, request: &Request) -> bool {
        // A message that was accepted and not answered would be sent twice.
        request.method == "POST"
    }

    fn refuses_expect(&self) -> bool {
        false
    }
}

impl Server {
    fn node(&self, query: &str) -> Answer {
        let fields = value_of(query, "fields").unwrap_or_default();
        let mut answer = json!({ "id": self.options.account });
        if fields.split(',').any(|field| field == "name") {
            answer["name"] = "Serra Azul Distribuidora".into();
        }
        match figures::answer(&self.events, &fields, &self.options.display_number) {
            Ok(Some((name, value))) => answer[name] = value,
            Ok(None) => {}
            Err(details) => return refused(400, 100, "Invalid parameter", details),
        }
        good(&answer)
    }

    /// Two numbers on two pages.
    fn numbers(&self, query: &str) -> Value {
        let number = |id: &str, display: &str| {
            json!({
                "id": id, "display_phone_number": display, "verified_name": "Serra Azul", "quality_rating": "GREEN",
                "status": "CONNECTED", "throughput": { "level": "STANDARD" }, "messaging_limit_tier": "TIER_10K",
            })
        };
        if value_of(query, "after").as_deref() == Some("MQZDZD") {
            let last = number("106540352242923", "551130000001");
            return json!({ "data": [last], "paging": { "cursors": { "before": "Mg", "after": "Mg" } } });
        }
        let first = number(&self.options.number, &self.options.display_number);
        json!({ "data": [first], "paging": { "cursors": { "before": "MQ", "after": "MQZDZD" }, "next": "https://graph.facebook.com/elsewhere" } })
    }

    /// Accepts a message, and tells later what became of it.
    fn send(&self, body: &[u8]) -> Answer {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let to = body["to"].as_str().or_else(|| body["recipient"].as_str()).unwrap_or_default().to_owned();
        if to.is_empty() || body["messaging_product"] != "whatsapp" {
            return refused(
                400,
                100,
                "Invalid parameter",
                "The parameters messaging_product and to are required.",
            );
        }
        if body["type"] == "text" && !self.options.open_windows.contains(&to) {
            let why = "Message failed to send because more than 24 hours have passed since the customer last replied.";
            return refused(400, 131_047, "Re-engagement message", why);
        }
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.clock();
        if sent.0.get(&to).is_some_and(|last| now < *last + PAIR_PAUSE) {
            return refused(
                400,
                131_056,
                "Pair rate limit hit",
                "Too many messages to this user in a short time.",
            );
        }
        sent.0.insert(to.clone(), now);
        sent.1 += 1;
        let id = format!("wamid.OUT{:012}", sent.1);
        for (after, status) in ["sent", "delivered", "read"].into_iter().enumerate() {
            let status = json!({
                "id": id, "status": status, "timestamp": (events::FIRST_SENT + sent.1 as i64 * 10 + after as i64).to_string(),
                "recipient_id": to, "biz_opaque_callback_data": body["biz_opaque_callback_data"],
            });
            let value = events::value(&self.options, vec![("statuses", vec![status])]);
            // Nobody listens where no callback was given.
            let _ = self
                .outgoing
                .send(deliveries::envelope(&self.options.account, &[("messages".to_owned(), value)]));
        }
        let contact = json!({ "input": to, "wa_id": to });
        let message = json!({ "id": id, "message_status": "accepted" });
        good(&json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [message] }))
    }
}

/// A decoded value of a query.
fn value_of(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| super::odata::decode(value, true))
}
