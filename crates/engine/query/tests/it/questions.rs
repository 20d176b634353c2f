//! Every kind of metric and question, against figures counted by hand.

use crate::shop::{between, cents, compared, day, only, shop, text};
use kpi::{Cell, Compare, FilterOp, Grain, MetricQuery, Order, OrderDirection, PeriodSpec, Role};

const Q1: (&str, &str) = ("2026-01-01", "2026-03-31");

#[tokio::test]
async fn totals_of_every_aggregation_are_exact() {
    let shop = shop().await;
    let check = async |metric: &str, expected: Cell| {
        assert_eq!(shop.total(metric, Q1.0, Q1.1).await, expected, "{metric}");
    };
    check("revenue", cents(44_085)).await;
    check("orders", Cell::Int(7)).await;
    check("customers", Cell::Int(4)).await;
    check("won", Cell::Int(5)).await;
    check("smallest", cents(-1_000)).await;
    check("largest", cents(20_000)).await;
    check("mean_amount", Cell::Float(440.85 / 7.0)).await;
    check("median_amount", Cell::Float(50.05)).await;
    check("p50_picked", Cell::Float(50.05)).await;
    check("cost", Cell::Decimal { unscaled: 57_005, scale: 3 }).await;
    check("ads_revenue", cents(30_010)).await;
    check("sp_revenue", cents(30_010)).await;
    check("late_march", cents(1_550)).await;
    check("margin", Cell::Decimal { unscaled: 383_845, scale: 3 }).await;
}

#[tokio::test]
async fn percentile_interpolates_to_full_precision() {
    let shop = shop().await;
    let found = shop.total("p90_amount", Q1.0, Q1.1).await.number().unwrap();
    // Sorted: −10, 0.20, 25.50, 50.05, 75, 100.10, 200; 0.9 × 6 = 5.4.
    assert!((found - (100.10 + 0.4 * 99.90)).abs() < 1e-12, "{found}");
}

#[tokio::test]
async fn ratio_is_a_sum_over_a_sum_and_never_a_mean_of_ratios() {
    let shop = shop().await;
    // Months: 1 of 2, 1 of 2, 3 of 3. The mean of the three is 0.667.
    assert_eq!(shop.total("win_rate", Q1.0, Q1.1).await, Cell::Float(5.0 / 7.0));
    let months = shop.series("win_rate", Grain::Month, Q1.0, Q1.1).await;
    assert_eq!(
        months.iter().map(|month| month.1.clone()).collect::<Vec<_>>(),
        [Cell::Float(0.5), Cell::Float(0.5), Cell::Float(1.0)]
    );
}

#[tokio::test]
async fn ratio_with_zero_denominator_is_null() {
    let shop = shop().await;
    assert_eq!(shop.total("win_rate", "2025-01-01", "2025-12-31").await, Cell::Null);
    assert_eq!(shop.total("orders", "2025-01-01", "2025-12-31").await, Cell::Int(0));
    assert_eq!(shop.total("revenue", "2025-01-01", "2025-12-31").await, cents(0));
    assert_eq!(shop.total("median_amount", "2025-01-01", "2025-12-31").await, Cell::Null);
    assert_eq!(shop.total("smallest", "2025-01-01", "2025-12-31").await, Cell::Null);
    assert_eq!(shop.total("smallest_or_zero", "2025-01-01", "2025-12-31").await, Cell::Int(0));
}

#[tokio::test]
async fn ratio_across_facts_joins_members_that_only_one_fact_has() {
    let shop = shop().await;
    let found = shop.by("cost_share", "channel", Q1.0, Q1.1).await;
    let expected = [
        ("Ads", Cell::Float(50.005 / 300.10)),
        // No revenue at all: the share is unknown, and the member is there.
        ("Eventos", Cell::Null),
        ("SDR", Cell::Float(0.0)),
        ("Site", Cell::Float(0.0)),
        ("", Cell::Float(0.0)),
    ];
    assert_eq!(
        found.iter().map(|(member, _)| member.as_str()).collect::<Vec<_>>(),
        expected.clone().map(|(member, _)| member)
    );
    for ((_, found), (member, expected)) in found.iter().zip(expected) {
        match (found.number(), expected.number()) {
            (Some(a), Some(b)) => assert!((a - b).abs() < 1e-15, "{member}"),
            (a, b) => assert_eq!(a, b, "{member}"),
        }
    }
}

#[tokio::test]
async fn filtered_numerator_shares_the_scan_and_not_the_filter() {
    let shop = shop().await;
    let found = shop.total("won_share", Q1.0, Q1.1).await.number().unwrap();
    assert!((found - 390.60 / 440.85).abs() < 1e-15, "{found}");
}

#[tokio::test]
async fn series_fills_empty_buckets_at_every_grain() {
    let shop = shop().await;
    for grain in Grain::ALL {
        let found = shop.series("revenue", grain, "2026-01-01", "2026-03-31").await;
        let period = kpi::Period::new(day("2026-01-01"), day("2026-03-31")).unwrap();
        assert_eq!(found.len(), period.buckets(grain).len(), "{grain:?}");
        let sum = found.iter().fold(Cell::Int(0), |sum, (_, cell)| sum.plus(cell).unwrap());
        assert_eq!(sum, cents(44_085), "{grain:?}");
    }
    let days = shop.series("revenue", Grain::Day, "2026-02-02", "2026-02-04").await;
    assert_eq!(
        days,
        [
            ("2026-02-02".to_owned(), cents(0)),
            ("2026-02-03".to_owned(), cents(20_000)),
            ("2026-02-04".to_owned(), cents(0))
        ]
    );
    let medians = shop.series("median_amount", Grain::Day, "2026-02-02", "2026-02-03").await;
    assert_eq!(medians[0].1, Cell::Null);
}

#[tokio::test]
async fn buckets_after_the_data_are_null_and_not_zero() {
    let shop = shop().await;
    let found = shop.series("revenue", Grain::Month, "2026-03-01", "2026-05-31").await;
    assert_eq!(
        found.iter().map(|month| month.1.clone()).collect::<Vec<_>>(),
        [cents(9_050), Cell::Null, Cell::Null]
    );
}

#[tokio::test]
async fn timestamps_belong_to_their_day() {
    let shop = shop().await;
    let found = shop.series("cost", Grain::Month, Q1.0, Q1.1).await;
    let thousandths = |unscaled| Cell::Decimal { unscaled, scale: 3 };
    assert_eq!(
        found.iter().map(|month| month.1.clone()).collect::<Vec<_>>(),
        [thousandths(40_000), thousandths(10_005), thousandths(7_000)]
    );
    assert_eq!(shop.total("cost", "2026-01-31", "2026-01-31").await, thousandths(40_000));
}

#[tokio::test]
async fn members_without_a_value_are_one_null_member() {
    let shop = shop().await;
    let found = shop.by("revenue", "channel", Q1.0, Q1.1).await;
    let expected =
        [("Ads", cents(30_010)), ("SDR", cents(2_550)), ("Site", cents(5_025)), ("", cents(6_500))];
    assert_eq!(found, expected.map(|(member, cell)| (member.to_owned(), cell)));
}

#[tokio::test]
async fn dimensions_are_reached_over_one_and_two_joins() {
    let shop = shop().await;
    let by_uf = shop.by("revenue", "uf", Q1.0, Q1.1).await;
    // Orders without a customer, or of a customer that the table does not know, have no UF.
    let expected = [("PR", cents(11_505)), ("SP", cents(30_010)), ("", cents(2_570))];
    assert_eq!(by_uf, expected.clone().map(|(member, cell)| (member.to_owned(), cell)));
    assert_eq!(shop.by("revenue", "customer__uf", Q1.0, Q1.1).await, by_uf);
    let by_region = shop.by("revenue", "region", Q1.0, Q1.1).await;
    let expected = [("Sudeste", cents(30_010)), ("Sul", cents(11_505)), ("", cents(2_570))];
    assert_eq!(by_region, expected.map(|(member, cell)| (member.to_owned(), cell)));
    assert_eq!(shop.by("revenue", "customer__city__region", Q1.0, Q1.1).await, by_region);
    assert_eq!(shop.by("orders", "customer", Q1.0, Q1.1).await.len(), 5);
}

#[tokio::test]
async fn filters_keep_and_drop_members_and_missing_values() {
    let shop = shop().await;
    let check = async |filter: kpi::Filter, expected: i128| {
        let query = MetricQuery {
            filters: vec![filter.clone()],
            ..MetricQuery::total(["revenue"], between(Q1.0, Q1.1))
        };
        let frame = shop.ask(&query).await.unwrap();
        assert_eq!(frame.single("revenue", Role::Value), Some(&cents(expected)), "{filter:?}");
    };
    check(only("channel", FilterOp::In, &["Ads", "SDR"]), 32_560).await;
    check(only("channel", FilterOp::In, &[""]), 6_500).await;
    check(only("channel", FilterOp::In, &["", "SDR"]), 9_050).await;
    check(only("channel", FilterOp::NotIn, &["Ads"]), 14_075).await;
    check(only("channel", FilterOp::NotIn, &["Ads", ""]), 7_575).await;
    check(only("channel", FilterOp::NotIn, &[""]), 37_585).await;
    check(only("uf", FilterOp::In, &["PR"]), 11_505).await;
    check(only("region", FilterOp::NotIn, &["Sul", "Sudeste"]), 2_570).await;
    check(only("customer", FilterOp::In, &["1"]), 30_010).await;
    check(only("ordered_at", FilterOp::In, &["2026-03-31"]), 1_550).await;
}

#[tokio::test]
async fn comparison_stands_beside_the_value_with_its_delta() {
    let shop = shop().await;
    let query =
        compared(&["revenue", "win_rate"], between("2026-03-01", "2026-03-31"), Compare::PreviousPeriod);
    let frame = shop.ask(&query).await.unwrap();
    assert_eq!(frame.comparison, Some(kpi::Period::new(day("2026-02-01"), day("2026-02-28")).unwrap()));
    assert_eq!(
        frame.rows,
        [[cents(9_050), cents(20_020), cents(-10_970), Cell::Float(1.0), Cell::Float(0.5), Cell::Float(0.5)]]
    );
    assert_eq!((frame.edition, frame.as_of, frame.partial_from), (7, day("2026-03-31"), None));
    assert_eq!(frame.definition["revenue"].len(), 64);
    assert_eq!(frame.columns[0].unit, "BRL");
    assert_eq!(frame.columns[0].kind, "decimal");
}

#[tokio::test]
async fn comparison_by_member_keeps_members_of_either_period() {
    let shop = shop().await;
    let query = MetricQuery {
        by: vec!["channel".to_owned()],
        ..compared(&["revenue"], between("2026-03-01", "2026-03-31"), Compare::PreviousPeriod)
    };
    let frame = shop.ask(&query).await.unwrap();
    let expected = [
        [text("Ads"), cents(0), cents(20_000), cents(-20_000)],
        [text("SDR"), cents(2_550), cents(0), cents(2_550)],
        [text("Site"), cents(0), cents(20), cents(-20)],
        [Cell::Null, cents(6_500), cents(0), cents(6_500)],
    ];
    assert_eq!(frame.rows, expected);
}

#[tokio::test]
async fn comparison_by_bucket_says_which_bucket() {
    let shop = shop().await;
    let query = MetricQuery {
        grain: Some(Grain::Month),
        ..compared(&["revenue"], between("2026-02-01", "2026-03-31"), Compare::PreviousPeriod)
    };
    let frame = shop.ask(&query).await.unwrap();
    let date = |text: &str| Cell::Date(day(text));
    let expected = [
        [date("2026-02-01"), date("2025-12-01"), cents(20_020), cents(0), cents(20_020)],
        [date("2026-03-01"), date("2026-01-01"), cents(9_050), cents(15_015), cents(-5_965)],
    ];
    assert_eq!(frame.rows, expected);
}

#[tokio::test]
async fn comparison_of_a_running_month_stops_at_the_same_business_day() {
    let mut shop = shop().await;
    // By Tuesday 10 February 2026, 7 business days are over; the 7th of January is Monday 12.
    shop.clock.covered = day("2026-02-10");
    let frame = shop
        .ask(&compared(&["revenue"], PeriodSpec::This { this: Grain::Month }, Compare::PreviousPeriod))
        .await
        .unwrap();
    assert_eq!(frame.comparison, Some(kpi::Period::new(day("2026-01-01"), day("2026-01-12")).unwrap()));
    assert_eq!(frame.rows, [[cents(20_020), cents(10_010), cents(10_010)]]);
    assert_eq!(frame.partial_from, Some(day("2026-02-01")));
}

#[tokio::test]
async fn weeks_are_compared_with_whole_weeks_of_last_year() {
    let shop = shop().await;
    let query = MetricQuery {
        grain: Some(Grain::Week),
        ..compared(&["orders"], between("2026-03-02", "2026-03-31"), Compare::SamePeriodLastYear)
    };
    let frame = shop.ask(&query).await.unwrap();
    let beside: Vec<String> = frame.rows.iter().map(|row| row[1].date().unwrap().to_string()).collect();
    assert_eq!(beside, ["2025-03-03", "2025-03-10", "2025-03-17", "2025-03-24", "2025-03-31"]);
}

#[tokio::test]
async fn derived_offset_compares_each_bucket_with_the_one_before() {
    let shop = shop().await;
    let found = shop.series("growth", Grain::Month, Q1.0, Q1.1).await;
    assert_eq!(found[0].1, Cell::Null);
    assert!((found[1].1.number().unwrap() - (200.20 / 150.15 - 1.0)).abs() < 1e-12);
    assert!((found[2].1.number().unwrap() - (90.50 / 200.20 - 1.0)).abs() < 1e-12);
    assert_eq!(shop.total("first_day", "2026-03-02", "2026-03-31").await, cents(0));
}

#[tokio::test]
async fn rows_are_ordered_and_cut() {
    let shop = shop().await;
    let order = |by: &str, dir: OrderDirection| vec![Order { by: by.to_owned(), dir }];
    let members = async |query: MetricQuery| {
        let frame = shop.ask(&query).await.unwrap();
        let members: Vec<String> =
            frame.rows.iter().map(|row| row[0].text().unwrap_or("-").to_owned()).collect();
        (members.join(" "), frame.truncated)
    };
    let base = MetricQuery {
        by: vec!["channel".to_owned()],
        ..compared(&["revenue"], between("2026-03-01", "2026-03-31"), Compare::PreviousPeriod)
    };
    let ask = |by: &str, dir, limit| MetricQuery { order: order(by, dir), limit, ..base.clone() };
    assert_eq!(
        members(ask("revenue", OrderDirection::Desc, None)).await,
        ("- SDR Ads Site".to_owned(), false)
    );
    assert_eq!(
        members(ask("revenue.delta", OrderDirection::Asc, Some(2))).await,
        ("Ads Site".to_owned(), true)
    );
    assert_eq!(
        members(ask("revenue.comparison", OrderDirection::Desc, Some(1))).await,
        ("Ads".to_owned(), true)
    );
    // Without a comparison value there is no percentage: those rows come last.
    assert_eq!(
        members(ask("revenue.delta_percent", OrderDirection::Desc, Some(4))).await,
        ("Ads Site SDR -".to_owned(), false)
    );
    assert_eq!(
        members(ask("channel", OrderDirection::Desc, None)).await,
        ("Site SDR Ads -".to_owned(), false)
    );
}

#[tokio::test]
async fn many_queries_of_one_call_answer_as_each_alone() {
    let shop = shop().await;
    let month = MetricQuery {
        grain: Some(Grain::Month),
        ..compared(&["revenue", "orders"], between(Q1.0, Q1.1), Compare::SamePeriodLastYear)
    };
    let channel = MetricQuery {
        by: vec!["channel".to_owned()],
        ..MetricQuery::total(["win_rate", "revenue"], between("2026-03-01", "2026-03-31"))
    };
    let other = MetricQuery {
        by: vec!["channel".to_owned()],
        ..MetricQuery::total(["revenue"], between("2026-01-01", "2026-01-31"))
    };
    let wrong = MetricQuery::total(["nothing"], between(Q1.0, Q1.1));
    let queries = [month, channel, wrong, other, MetricQuery::total(["cost"], between(Q1.0, Q1.1))];
    let together = query::ask(&shop.session, &shop.catalogue, &queries, &shop.clock, 7).await;
    for (query, found) in queries.iter().zip(together) {
        match (shop.ask(query).await, found) {
            (Ok(alone), Ok(found)) => assert_eq!(alone, found),
            (Err(alone), Err(found)) => assert_eq!(alone.to_string(), found.to_string()),
            (alone, found) => panic!("{alone:?} {found:?}"),
        }
    }
}

#[tokio::test]
async fn members_come_most_frequent_first() {
    let shop = shop().await;
    let found = query::members(&shop.session, &shop.catalogue, "channel").await.unwrap();
    assert_eq!(found, ["Ads", "Site", "Eventos", "SDR", ""]);
    assert_eq!(query::members(&shop.session, &shop.catalogue, "uf").await.unwrap(), ["PR", "SP"]);
    let error = query::members(&shop.session, &shop.catalogue, "chanel").await.unwrap_err();
    assert_eq!(error.to_string(), "there is no dimension `chanel`; did you mean `channel`?");
}
