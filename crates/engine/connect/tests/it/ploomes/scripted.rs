//! A CRM whose answers a test writes itself.

use serde_json::Value;

use crate::served::{Served, answer, served};

/// Serves what `script` says to a target such as `Deals?$filter=…`: status and body.
pub async fn scripted(script: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> Served {
    served(move |asked| {
        let (status, body) = script(asked.target.trim_start_matches('/'));
        answer(&format!("{status} X"), "", &body.to_string())
    })
    .await
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
