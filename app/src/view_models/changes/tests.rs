//! What changes say, on small figures.

use super::*;
use crate::view_models::figures::tests::definition;
use kpi::{Column, Direction, Engine};
use locale::Lang;

fn frame(metrics: &[&str], rows: Vec<Vec<Cell>>) -> Frame {
    let column = |name: &str, role| Column {
        name: name.into(),
        role,
        kind: "int".into(),
        unit: String::new(),
        format: Format::Integer,
    };
    let mut columns = vec![column("canal", Role::Dimension)];
    for metric in metrics {
        columns.extend([
            column(metric, Role::Value),
            column(metric, Role::Comparison),
            column(metric, Role::Delta),
        ]);
    }
    let period = |from: &str, to: &str| Period::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
    Frame {
        columns,
        rows,
        edition: 1,
        as_of: "2026-06-30".parse().unwrap(),
        period: period("2026-06-01", "2026-06-30"),
        comparison: Some(period("2026-05-01", "2026-05-31")),
        partial_from: None,
        definition: std::collections::BTreeMap::new(),
        engine: Engine::Lake,
        truncated: false,
    }
}

fn row(member: &str, pairs: &[(i64, i64)]) -> Vec<Cell> {
    let mut row = vec![Cell::Text(member.into())];
    for (value, before) in pairs {
        row.extend([Cell::Int(*value), Cell::Int(*before), Cell::Int(value - before)]);
    }
    row
}

#[test]
fn change_of_a_ratio_sums_to_its_delta_and_names_the_driver() {
    let mut rate = definition("win_rate", Format::Percent, Direction::Up);
    (rate.numerator, rate.denominator) = (Some("won".into()), Some("closed".into()));
    let frame = frame(
        &["won", "closed"],
        vec![row("Ads", &[(10, 40), (100, 100)]), row("Site", &[(30, 29), (100, 100)])],
    );
    let explained = explain(&rate, &frame, "canal").unwrap();
    assert!((explained.rate + explained.mix - explained.delta).abs() < 1e-12);
    let change = change(&rate, &explained, "Canal", Texts::of(Lang::PtBr)).unwrap();
    assert_eq!((change.member.as_str(), change.kind, change.tone), ("Ads", "Detrator", Tone::Bad));
    assert_eq!(change.parts.replace(locale::NBSP, " "), "Ads −15,0 p.p. · Site +0,5 p.p.");
    assert_eq!(change.share.unwrap().text, "mais que toda a queda");
}

#[test]
fn most_telling_dimension_is_the_concentrated_one() {
    let sales = definition("net_sales", Format::Integer, Direction::Up);
    let explained = |rows| explain(&sales, &frame(&["net_sales"], rows), "canal").unwrap();
    let even = explained(vec![row("a", &[(60, 50)]), row("b", &[(60, 50)])]);
    let single = explained(vec![row("x", &[(120, 100)])]);
    let one =
        Explained { dimension: "uf".into(), ..explained(vec![row("a", &[(70, 50)]), row("b", &[(50, 50)])]) };
    assert_eq!(most_telling([&single, &even, &one]).unwrap().dimension, "uf");
    assert_eq!(most_telling([&single]), None);
}

#[test]
fn many_members_are_kept_as_sums() {
    let sales = definition("net_sales", Format::Integer, Direction::Up);
    let rows = (0..400).map(|i| row(&format!("p{i}"), &[(100 + i % 7, 100)])).collect();
    let explained = explain(&sales, &frame(&["net_sales"], rows), "canal").unwrap();
    assert_eq!((explained.leading.len(), explained.members), (NAMED, 400));
    assert!((explained.rate - explained.delta).abs() < 1e-9);
    let change = change(&sales, &explained, "Produto", Texts::of(Lang::PtBr)).unwrap();
    assert_eq!(change.parts, "p104 +6 · p111 +6 · p118 +6 · outros +1.179");
}

#[test]
fn cause_of_a_median_is_its_largest_move() {
    let mut lead = definition("order_lead_time", Format::BusinessDays, Direction::Down);
    lead.additivity = Additivity::None;
    let frame = frame(&["order_lead_time"], vec![row("PR", &[(3, 3)]), row("SC", &[(9, 4)])]);
    let Some(Cause::Move(found)) = Cause::of(&lead, &frame, "canal") else { panic!("a median has no parts") };
    let change = moved(&lead, &found, "UF", Texts::of(Lang::PtBr)).unwrap();
    assert_eq!((change.member.as_str(), change.tone, change.share), ("SC", Tone::Bad, None));
}

#[test]
fn parts_of_money_are_told_in_cents_and_sum() {
    let sales = definition("net_sales", Format::Money, Direction::Up);
    let rows = vec![row("a", &[(1_000, 31_736)]), row("b", &[(20_000, 1_000)]), row("c", &[(700, 200)])];
    let explained = explain(&sales, &frame(&["net_sales"], rows), "canal").unwrap();
    let change = change(&sales, &explained, "Canal", Texts::of(Lang::PtBr)).unwrap();
    let parts = change.parts.replace(locale::NBSP, " ");
    assert_eq!(parts, "a −R$ 30.736,00 · b +R$ 19.000,00 · c +R$ 500,00");
}
