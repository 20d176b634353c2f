//! The age of the newest row against dbt's two limits.

use check::{Freshness, MaxAge, Period, Status, freshness};
use chrono::{DateTime, Utc};

use crate::shop::shop;

fn of(table: &str, warn_hours: Option<u32>, error_hours: Option<u32>) -> Freshness {
    let hours = |count| MaxAge { count, period: Period::Hour };
    Freshness {
        table: table.parse().unwrap(),
        loaded_at_field: "loaded_at".to_string(),
        warn_after: warn_hours.map(hours),
        error_after: error_hours.map(hours),
        filter: None,
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn age_beyond_a_limit_warns_or_errs_and_at_the_limit_passes() {
    let shop = shop().await;
    // The newest row is of 07:00.
    let cases = [
        ("1970-01-01T08:00:00Z", Some(1), Some(2), Status::Pass),
        ("1970-01-01T08:00:01Z", Some(1), Some(2), Status::Warn),
        ("1970-01-01T09:00:01Z", Some(1), Some(2), Status::Error),
        ("1970-01-01T09:00:01Z", Some(1), None, Status::Warn),
        ("1970-01-09T09:00:01Z", None, None, Status::Pass),
    ];
    for (now, warn, error, status) in cases {
        let outcome = freshness(&shop.session, &of("marts.orders", warn, error), at(now)).await;
        assert_eq!(outcome.status, status, "{now}: {outcome:?}");
        assert_eq!(outcome.max_loaded_at, Some(at("1970-01-01T07:00:00Z")));
    }
}

#[tokio::test]
async fn filter_narrows_and_a_source_without_rows_is_infinitely_old() {
    let shop = shop().await;
    let mut narrowed = of("marts.orders", Some(1), None);
    narrowed.filter = Some("id = 1".to_string());
    let outcome = freshness(&shop.session, &narrowed, at("1970-01-01T02:00:00Z")).await;
    assert_eq!((outcome.status, outcome.age_s), (Status::Warn, Some(7200)));
    let outcome =
        freshness(&shop.session, &of("marts.nothing", None, Some(1)), at("1970-01-01T02:00:00Z")).await;
    assert_eq!((outcome.status, outcome.age_s), (Status::Error, None), "{outcome:?}");
}

#[tokio::test]
async fn field_that_is_no_time_is_an_error_with_the_remedy() {
    let shop = shop().await;
    let mut wrong = of("marts.orders", Some(1), None);
    wrong.loaded_at_field = "status".to_string();
    let outcome = freshness(&shop.session, &wrong, at("1970-01-01T02:00:00Z")).await;
    assert_eq!(outcome.status, Status::Error);
    assert!(outcome.message.unwrap().contains("loaded_at_field"));
    wrong.loaded_at_field = "nada".to_string();
    assert_eq!(freshness(&shop.session, &wrong, at("1970-01-01T02:00:00Z")).await.status, Status::Error);
}
