//! A shop whose orders are served page by page, and where real connectors are installed for tests.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use connect::{Egress, Surroundings};
use serde_json::{Value, json};

use crate::served::{Served, json as told, served};

/// Orders by number, ten on a day.
pub fn orders(from: i64, to: i64) -> Vec<Value> {
    let order = |id: i64| json!({"id": id, "total": id as f64 * 1.5, "updated_at": format!("2026-02-{:02}T10:00:00Z", id / 10 + 1)});
    (from..=to).map(order).collect()
}

/// `GET /orders?since=…&page=…&limit=…` → `{"data": […]}`.
pub async fn shop(orders: Arc<Mutex<Vec<Value>>>) -> Served {
    served(move |asked| {
        let since = asked.query.get("since").cloned().unwrap_or_default();
        let orders = orders.lock().unwrap();
        let found = orders.iter().filter(|order| order["updated_at"].as_str().unwrap() >= since.as_str());
        let (page, limit) = (asked.number("page").unwrap_or(1), asked.number("limit").unwrap_or(1000));
        told(&json!({"data": found.skip((page - 1) * limit).take(limit).collect::<Vec<_>>()}))
    })
    .await
}

/// Connectors stay installed from one run of the tests to the next.
pub fn surroundings() -> Surroundings {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("connectors");
    Surroundings::new(Egress::public()).in_folder(folder)
}

/// An interpreter that is older than 3.13, which not all connectors run on.
pub fn older_python() -> &'static str {
    const FITS: &str = "import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))";
    let fits = |python: &&str| {
        Command::new(python).args(["-c", FITS]).output().is_ok_and(|output| output.status.success())
    };
    let found = ["python3", "python3.12", "python3.11", "python3.10"].into_iter().find(fits);
    found.expect("these connectors need Python 3.10 to 3.12; install one beside the newer one")
}
