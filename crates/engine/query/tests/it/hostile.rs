//! Values of filters that try to be more than values.

use crate::shop::{between, only, open};
use kpi::{Cell, FilterOp, MetricQuery, Role};

const YAML: &str = r"
semantic_models:
  - name: names
    model: ref('fct_names')
    defaults: {agg_time_dimension: day}
    dimensions:
      - {name: day, type: time, type_params: {time_granularity: day}}
      - {name: name, type: categorical}
      - {name: number, type: categorical}
    measures: [{name: names, agg: count, expr: 1}]
metrics:
  - {name: names, label: Nomes, type: simple, type_params: {measure: names}}
";

const HOSTILE: [&str; 22] = [
    "'",
    "''",
    "\\",
    "\\'",
    "' OR 1=1 --",
    "'; DROP TABLE fct_names; --",
    "\\' OR 1=1 --",
    "a\nb",
    "\r\n'",
    "\u{0}",
    "a\u{0}'b",
    "/* ' */",
    "$$ ' $$",
    "{{ Dimension('x') }}",
    "\u{1}0\u{2}",
    "\u{2019}",
    "\u{202e}'",
    "%",
    "_",
    "NULL",
    "\"name\"",
    "😀'😀",
];

#[tokio::test]
async fn filter_values_match_themselves_and_nothing_else() {
    // One row for every hostile text, made without writing it into SQL: chr() of each character.
    let spelled = |text: &str| {
        let letters: Vec<String> = text.chars().map(|c| format!("chr({})", c as u32)).collect();
        format!("concat({})", letters.join(", "))
    };
    let rows: Vec<String> = HOSTILE
        .iter()
        .enumerate()
        .filter(|(_, text)| !text.contains('\u{0}'))
        .map(|(index, text)| {
            format!("SELECT DATE '2026-01-01' AS day, {} AS name, {index} AS number", spelled(text))
        })
        .collect();
    let table = rows.join(" UNION ALL ");
    let shop = open(&[("fct_names", &table)], YAML, "2026-01-31").await;
    let all = rows.len() as i64;
    for text in HOSTILE {
        let expected = i64::from(!text.contains('\u{0}'));
        for (op, expected) in [(FilterOp::In, expected), (FilterOp::NotIn, all - expected)] {
            let query = MetricQuery {
                filters: vec![only("name", op, &[text])],
                ..MetricQuery::total(["names"], between("2026-01-01", "2026-01-31"))
            };
            let frame = shop.ask(&query).await.unwrap_or_else(|error| panic!("{text:?}: {error}"));
            assert_eq!(frame.single("names", Role::Value), Some(&Cell::Int(expected)), "{text:?} {op:?}");
            // A column of numbers is compared as text and cannot fail to convert.
            let query = MetricQuery { filters: vec![only("number", op, &[text])], ..query };
            assert!(shop.ask(&query).await.is_ok(), "{text:?}");
        }
    }
}

#[tokio::test]
async fn random_filter_values_never_break_out() {
    let shop = open(
        &[("fct_names", "SELECT DATE '2026-01-01' AS day, 'x' AS name, 1 AS number")],
        YAML,
        "2026-01-31",
    )
    .await;
    let alphabet: Vec<char> = "'\"\\;-/*$`(){}\n\t\u{1}\u{2}%_ aOR=1".chars().collect();
    let mut state = 42_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..200 {
        let text: String = (0..=next(12)).map(|_| alphabet[next(alphabet.len())]).collect();
        let query = MetricQuery {
            filters: vec![only("name", FilterOp::In, &[&text])],
            ..MetricQuery::total(["names"], between("2026-01-01", "2026-01-31"))
        };
        let frame = shop.ask(&query).await.unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(frame.single("names", Role::Value), Some(&Cell::Int(0)), "{text:?}");
    }
}

#[tokio::test]
async fn hostile_names_are_unknown_names() {
    let shop = open(
        &[("fct_names", "SELECT DATE '2026-01-01' AS day, 'x' AS name, 1 AS number")],
        YAML,
        "2026-01-31",
    )
    .await;
    for name in HOSTILE {
        let base = MetricQuery::total(["names"], between("2026-01-01", "2026-01-31"));
        assert!(shop.ask(&MetricQuery { by: vec![name.to_owned()], ..base.clone() }).await.is_err());
        assert!(shop.ask(&MetricQuery { metrics: vec![name.to_owned()], ..base.clone() }).await.is_err());
        assert!(
            shop.ask(&MetricQuery { filters: vec![only(name, FilterOp::In, &["x"])], ..base }).await.is_err()
        );
    }
}
