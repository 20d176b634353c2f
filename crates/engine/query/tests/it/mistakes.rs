//! Questions that cannot be answered, and what is said about them.

use crate::shop::{between, only, shop};
use kpi::{FilterOp, Grain, MetricQuery, Order, OrderDirection, PeriodSpec};
use query::AskError;

const Q1: (&str, &str) = ("2026-01-01", "2026-03-31");

#[tokio::test]
async fn wrong_questions_say_what_and_the_remedy() {
    let shop = shop().await;
    let base = MetricQuery::total(["revenue"], between(Q1.0, Q1.1));
    let check = async |query: MetricQuery, expected: &str| {
        let error = shop.ask(&query).await.unwrap_err();
        assert!(error.is_bad_request());
        assert_eq!(error.to_string(), expected);
    };
    check(
        MetricQuery { metrics: vec!["revenu".into()], ..base.clone() },
        "there is no metric `revenu`; did you mean `revenue`?",
    )
    .await;
    check(MetricQuery { metrics: vec![], ..base.clone() }, "a query names at least one metric in `metrics`")
        .await;
    check(
        MetricQuery { by: vec!["chanel".into()], ..base.clone() },
        "there is no dimension `chanel`; did you mean `channel`?",
    )
    .await;
    check(
        MetricQuery { metrics: vec!["cost".into()], by: vec!["uf".into()], ..base.clone() },
        "metric `cost` cannot be broken down or filtered by `uf`; it knows channel",
    )
    .await;
    check(
        MetricQuery { period: between("2026-03-31", "2026-01-01"), ..base.clone() },
        "the period ends on 2026-01-01, before it starts on 2026-03-31; swap the two days",
    )
    .await;
    check(
        MetricQuery { limit: Some(1_000_000_000), ..base.clone() },
        "a limit of 1000000000 is out of range; ask for 1 to 100000 rows",
    )
    .await;
    check(
        MetricQuery { limit: Some(0), ..base.clone() },
        "a limit of 0 is out of range; ask for 1 to 100000 rows",
    )
    .await;
    check(
        MetricQuery { filters: vec![only("uf", FilterOp::In, &[])], ..base.clone() },
        "filter on `uf` has no values; name at least one, or leave the filter out",
    )
    .await;
    check(
        MetricQuery { grain: Some(Grain::Day), period: between("1950-01-01", "2150-01-01"), ..base.clone() },
        "73050 days are too many buckets; ask for at most 5000, or for a coarser grain",
    )
    .await;
    check(
        MetricQuery { order: vec![Order { by: "revenue.delta".into(), dir: OrderDirection::Asc }], ..base.clone() },
        "cannot order by `revenue.delta`; order by a metric or dimension of the query, `metric_time`, or `<metric>.comparison`, `.delta`, `.delta_percent`",
    )
    .await;
    check(
        MetricQuery { edition: Some(6), ..base.clone() },
        "edition 6 cannot be answered from edition 7; open the edition that is asked for",
    )
    .await;
    assert!(matches!(
        shop.ask(&MetricQuery { period: PeriodSpec::Last { last: 0, unit: Grain::Day }, ..base }).await,
        Err(AskError::Question(plan::AskError::Period(_)))
    ));
}
