//! JSON APIs by description: every way of paging, what is new, and what goes wrong.

mod faults;
mod following;
mod lists;
mod paging;
mod signing;

use connect::sources::http_json::HttpJson;
use connect::{Egress, Manners, Pace, Surroundings};
use serde_json::{Value, json};
use std::time::Duration;

/// The settings of an API with this document.
fn settings(url: &str, streams: &str) -> Value {
    json!({"address": format!("{url}/api"), "streams": streams})
}

/// A source that tries twice, and never sleeps for long.
fn source_of(settings: &Value) -> HttpJson {
    let surroundings = Surroundings::new(Egress::with_networks(["127.0.0.1"]).unwrap());
    let manners = Manners { attempts: 2, longest_pause: Duration::from_millis(2), ..Manners::default() };
    HttpJson::from_settings("api", settings, &surroundings).unwrap().with_pace(Pace::new(manners))
}

fn source(url: &str, streams: &str) -> HttpJson {
    source_of(&settings(url, streams))
}

/// Records with these numbers.
fn rows(numbers: impl Iterator<Item = usize>) -> Vec<Value> {
    numbers.map(|number| json!({"id": number, "price": format!("{number}.50")})).collect()
}
