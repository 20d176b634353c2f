//! Random questions over a random fact, against a naive loop: exact for sums and counts, to 1e-12 for ratios.

use crate::shop::{Shop, day, open};
use chrono::{Days, NaiveDate};
use kpi::{
    Cell, Compare, Engine, Filter, FilterOp, Frame, Grain, MetricQuery, Period, PeriodSpec, Role, comparison,
};
use std::collections::{BTreeMap, BTreeSet};

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}

#[derive(Debug, Clone)]
struct Row {
    day: NaiveDate,
    cents: i128,
    person: Option<i64>,
    channel: Option<&'static str>,
    uf: Option<&'static str>,
}

const UFS: [&str; 4] = ["SP", "PR", "RS", "PA"];

fn rows(random: &mut Random) -> Vec<Row> {
    let channels = [Some("Ads"), Some("Site"), Some("SDR"), None];
    (0..400)
        .map(|_| {
            let person = (random.below(10) > 0).then(|| random.below(12) as i64);
            Row {
                day: day("2024-11-15") + Days::new(random.below(500)),
                cents: i128::from(random.below(2_000_000)) - 300_000,
                person,
                channel: *random.pick(&channels),
                // Person 11 is in no table.
                uf: person.filter(|person| *person < 11).map(|person| UFS[person as usize % 4]),
            }
        })
        .collect()
}

const YAML: &str = r#"
semantic_models:
  - name: sales
    model: ref('fct_sales')
    defaults: {agg_time_dimension: day}
    entities: [{name: person, type: foreign, expr: person}]
    dimensions: [{name: day, type: time, type_params: {time_granularity: day}}, {name: channel, type: categorical}]
    measures:
      - {name: sum_, agg: sum, expr: value}
      - {name: count_, agg: count, expr: 1}
      - {name: people_, agg: count_distinct, expr: person}
      - {name: median_, agg: median, expr: value}
      - {name: max_, agg: max, expr: value}
      - {name: mean_, agg: average, expr: value}
  - name: people
    model: ref('dim_people')
    entities: [{name: person, type: primary, expr: id}]
    dimensions: [{name: uf, type: categorical}]
metrics:
  - {name: total, label: t, type: simple, type_params: {measure: sum_}}
  - {name: rows, label: r, type: simple, type_params: {measure: count_}}
  - {name: people, label: p, type: simple, type_params: {measure: people_}}
  - {name: median, label: m, type: simple, type_params: {measure: median_}}
  - {name: largest, label: l, type: simple, type_params: {measure: max_}}
  - {name: mean, label: m, type: simple, type_params: {measure: mean_}}
  - {name: ads, label: a, type: simple, type_params: {measure: sum_}, filter: "{{ Dimension('channel') }} = 'Ads'"}
  - {name: ads_share, label: s, type: ratio, type_params: {numerator: ads, denominator: total}}
  - {name: per_person, label: s, type: ratio, type_params: {numerator: total, denominator: people}}
  - {name: running, label: s, type: cumulative, type_params: {measure: sum_}}
"#;

const METRICS: [&str; 10] =
    ["total", "rows", "people", "median", "largest", "mean", "ads", "ads_share", "per_person", "running"];

async fn world(rows: &[Row]) -> Shop {
    let text = |value: Option<&str>| value.map_or_else(|| "NULL".to_owned(), |value| format!("'{value}'"));
    let number = |value: Option<i64>| value.map_or_else(|| "NULL".to_owned(), |value| value.to_string());
    let list: Vec<String> = rows
        .iter()
        .map(|row| format!("('{}', {}, {}, {})", row.day, row.cents, number(row.person), text(row.channel)))
        .collect();
    let sales = format!(
        "SELECT CAST(day AS DATE) AS day, CAST(CAST(cents AS DECIMAL(14,2)) / 100 AS DECIMAL(14,2)) AS value, person, channel FROM (VALUES {}) AS t (day, cents, person, channel)",
        list.join(", ")
    );
    let people: Vec<String> = (0..11).map(|id| format!("({id}, '{}')", UFS[id % 4])).collect();
    let people = format!("SELECT id, uf FROM (VALUES {}) AS t (id, uf)", people.join(", "));
    open(&[("fct_sales", &sales), ("dim_people", &people)], YAML, "2026-02-17").await
}

fn question(random: &mut Random) -> MetricQuery {
    let from = day("2024-12-01") + Days::new(random.below(400));
    let period = match random.below(4) {
        0 => PeriodSpec::This { this: *random.pick(&Grain::ALL) },
        1 => PeriodSpec::Last {
            last: 1 + random.below(14) as u32,
            unit: *random.pick(&[Grain::Week, Grain::Month]),
        },
        2 => PeriodSpec::Between {
            from: Grain::Month.start(from),
            to: Grain::Month.end(from + Days::new(random.below(90))),
        },
        _ => PeriodSpec::Between { from, to: from + Days::new(random.below(60)) },
    };
    let dimensions: Vec<String> =
        ["channel", "uf"].into_iter().filter(|_| random.below(3) == 0).map(str::to_owned).collect();
    let mut filters = Vec::new();
    for (dimension, members) in [("channel", ["Ads", "Site", ""]), ("uf", ["SP", "PA", ""])] {
        if random.below(4) == 0 {
            let values =
                members.into_iter().filter(|_| random.below(2) == 0).map(str::to_owned).collect::<Vec<_>>();
            let op = *random.pick(&[FilterOp::In, FilterOp::NotIn]);
            filters.extend((!values.is_empty()).then(|| Filter {
                dimension: dimension.to_owned(),
                op,
                values,
            }));
        }
    }
    MetricQuery {
        by: dimensions,
        grain: (random.below(2) == 0).then(|| *random.pick(&Grain::ALL)),
        compare: *random.pick(&[Compare::None, Compare::PreviousPeriod, Compare::SamePeriodLastYear]),
        match_weekday: random.below(4) == 0,
        filters,
        ..MetricQuery::total(METRICS.into_iter().filter(|_| random.below(2) == 0).chain(["total"]), period)
    }
}

fn member(row: &Row, dimension: &str) -> Option<&'static str> {
    if dimension == "uf" { row.uf } else { row.channel }
}

/// What a metric is over some rows, and over all rows up to the end of the same days.
fn figure(metric: &str, rows: &[&Row], up_to: &[&Row]) -> Cell {
    let sum = |rows: &[&Row]| rows.iter().map(|row| row.cents).sum::<i128>();
    let money = |unscaled: i128| Cell::Decimal { unscaled, scale: 2 };
    let ads: Vec<&Row> = rows.iter().copied().filter(|row| row.channel == Some("Ads")).collect();
    let people = rows.iter().filter_map(|row| row.person).collect::<BTreeSet<i64>>().len() as i64;
    match metric {
        "total" => money(sum(rows)),
        "rows" => Cell::Int(rows.len() as i64),
        "people" => Cell::Int(people),
        "ads" => money(sum(&ads)),
        "ads_share" => money(sum(&ads)).over(&money(sum(rows))),
        "per_person" => money(sum(rows)).over(&Cell::Int(people)),
        "largest" => rows.iter().map(|row| row.cents).max().map_or(Cell::Null, money),
        "mean" => money(sum(rows)).over(&Cell::Int(rows.len() as i64)),
        "running" => money(sum(up_to)),
        "median" => {
            let mut values: Vec<f64> = rows.iter().map(|row| row.cents as f64 / 100.0).collect();
            values.sort_by(f64::total_cmp);
            match values.len() {
                0 => Cell::Null,
                length => Cell::Float(f64::midpoint(values[(length - 1) / 2], values[length / 2])),
            }
        }
        other => panic!("{other}"),
    }
}

/// The days of each row of an answer: in its own period and in the comparison.
fn days(
    query: &MetricQuery,
    period: Period,
    other: Option<Period>,
) -> Vec<(NaiveDate, Period, Option<Period>)> {
    let Some(grain) = query.grain else { return vec![(period.from(), period, other)] };
    let all = period.buckets(grain).into_iter();
    all.map(|bucket| {
        let own = Period::new(bucket.max(period.from()), grain.end(bucket).min(period.to())).unwrap();
        let beside = other.and_then(|other| {
            let days: Vec<NaiveDate> = other
                .from()
                .iter_days()
                .take_while(|day| *day <= other.to())
                .filter(|day| comparison::bucket_of(period, other, grain, *day) == Some(bucket))
                .collect();
            Period::new(*days.first()?, *days.last()?).ok()
        });
        (bucket, own, beside)
    })
    .collect()
}

fn close(a: &Cell, b: &Cell) -> bool {
    match (a, b) {
        (Cell::Float(x), Cell::Float(y)) => (x - y).abs() <= 1e-12 * x.abs().max(y.abs()).max(1.0),
        _ => a == b,
    }
}

fn check(shop: &Shop, rows: &[Row], query: &MetricQuery, frame: &Frame) {
    let kept = |row: &&Row| {
        query.filters.iter().all(|filter| {
            let listed =
                filter.values.iter().any(|value| value == member(row, &filter.dimension).unwrap_or_default());
            listed == (filter.op == FilterOp::In)
        })
    };
    let rows: Vec<&Row> = rows.iter().filter(kept).collect();
    let mut members: BTreeMap<Vec<Option<&str>>, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        members
            .entry(query.by.iter().map(|dimension| member(row, dimension)).collect())
            .or_default()
            .push(row);
    }
    if query.by.is_empty() {
        members.insert(Vec::new(), rows.clone());
    }
    let period = query.period.resolve(shop.clock.covered).unwrap();
    let mut seen = 0;
    for (key, of_member) in &members {
        for (bucket, own, beside) in days(query, period, frame.comparison) {
            let found = frame.rows.iter().find(|row| {
                let is_member = query.by.iter().zip(key).all(|(dimension, member)| {
                    row[frame.index(dimension, Role::Dimension).unwrap()].text() == *member
                });
                let is_bucket = query.grain.is_none() || row[0] == Cell::Date(bucket);
                is_member && is_bucket
            });
            // A member without any data in the question's days has no row.
            let Some(found) = found else { continue };
            seen += 1;
            for metric in &query.metrics {
                for (role, days) in [(Role::Value, Some(own)), (Role::Comparison, beside)] {
                    let Some(index) = frame.index(metric, role) else { continue };
                    let expected = days.map_or(Cell::Null, |days| {
                        let within: Vec<&Row> =
                            of_member.iter().copied().filter(|row| days.contains(row.day)).collect();
                        let up_to: Vec<&Row> =
                            of_member.iter().copied().filter(|row| row.day <= days.to()).collect();
                        // Beyond the data, no rows is not zero: it is not known yet.
                        let without_rows = match metric.as_str() {
                            "ads" | "ads_share" => within.iter().all(|row| row.channel != Some("Ads")),
                            "running" => up_to.is_empty(),
                            _ => within.is_empty(),
                        };
                        let unknown = days.from() > shop.clock.covered && without_rows;
                        if unknown { Cell::Null } else { figure(metric, &within, &up_to) }
                    });
                    assert!(
                        close(&found[index], &expected),
                        "{metric} {role:?} of {key:?} from {bucket}: {:?} is not {expected:?}\n{query:?}",
                        found[index]
                    );
                }
            }
        }
    }
    assert_eq!(seen, frame.rows.len(), "rows that no member explains: {query:?}");
}

#[tokio::test]
async fn random_questions_to_lake_and_slices_equal_a_naive_loop() {
    let rounds: u64 =
        std::env::var("MIRANTE_ORACLE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(120);
    let mut random = Random(2026);
    let rows = rows(&mut random);
    let shop = world(&rows).await;
    for _ in 0..rounds / 4 {
        let queries: Vec<MetricQuery> = (0..4).map(|_| question(&mut random)).collect();
        let frames = query::ask(&shop.session, &shop.catalogue, &queries, &shop.clock, 7).await;
        let sliced = shop.ask_slices(&queries);
        for ((query, frame), sliced) in queries.iter().zip(frames).zip(sliced) {
            let frame = frame.unwrap_or_else(|error| panic!("{error}: {query:?}"));
            check(&shop, &rows, query, &frame);
            let sliced = sliced.unwrap_or_else(|error| panic!("{error}: {query:?}"));
            assert_eq!(Frame { engine: Engine::Lake, ..sliced }, frame, "{query:?}");
        }
    }
}
