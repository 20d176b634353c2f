//! Tests of the pack that is written: it is read as any other, whatever its sheet is called.

use super::*;
use crate::packs;
use kpi::Grain;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn plan() -> SheetPlan {
    SheetPlan {
        name: "vendas".to_owned(),
        title: "Vendas".to_owned(),
        file: "Vendas.xlsx".to_owned(),
        date: DateColumn { column: "data".to_owned(), label: "Data".to_owned() },
        measures: vec![Measure {
            column: "valor".to_owned(),
            label: "Valor".to_owned(),
            mean: false,
            shown: Shown::Money,
        }],
        dimensions: vec![Dimension {
            column: "uf".to_owned(),
            label: "UF".to_owned(),
            of: DimensionOf::Text,
        }],
        totals_in: Vec::new(),
        span: (day("2026-01-01"), day("2026-06-30")),
        covered: day("2026-06-30"),
    }
}

/// The pack in a folder, read as any other.
fn written(plan: &SheetPlan) -> (tempfile::TempDir, packs::Pack) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files(plan) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let pack = packs::load_directory(folder.path()).unwrap();
    (folder, pack)
}

fn board_of(plan: &SheetPlan) -> contract::boards::Board {
    let (_folder, pack) = written(plan);
    let project = packs::project(std::slice::from_ref(&pack), serde_json::Map::new()).unwrap();
    packs::bundle(&[pack], &project, String::new()).unwrap().boards.remove(0)
}

#[test]
fn pack_of_a_sheet_is_read_as_any_other_and_has_one_board() {
    let board = board_of(&plan());
    assert_eq!((board.id.as_str(), board.title.pt.as_str()), ("vendas", "Vendas"));
    assert_eq!(board.kpis, ["vendas_valor", "vendas_registros"]);
    assert_eq!(board.filters, ["vendas_uf"]);
    let spans: Vec<u8> = board.tiles.iter().map(|tile| tile.span).collect();
    assert_eq!(spans, [8, 4, 12]);
}

#[test]
fn names_that_are_sql_jinja_or_yaml_make_a_valid_pack() {
    let hostile = "{{ env_var('HOME') }} \"x\": [y] #z\n- {% raw %}\u{2028}'";
    let mut plan = SheetPlan { title: hostile.to_owned(), file: hostile.to_owned(), ..plan() };
    plan.date.label = hostile.to_owned();
    plan.dimensions = ["order", "select", "dia", "c_2024"]
        .map(|column| Dimension {
            column: column.to_owned(),
            label: hostile.to_owned(),
            of: DimensionOf::Text,
        })
        .into();
    plan.measures[0].column = "group".to_owned();
    plan.measures[0].label = hostile.to_owned();
    plan.totals_in = vec!["order".to_owned()];
    let board = board_of(&plan);
    assert_eq!(board.title.pt, "(( env_var('HOME') )) \"x\": [y] #z - (% raw %) '");
    assert!(models::mart(&plan).contains("select\n    dia_da_linha,\n    \"order\""));
}

#[test]
fn board_opens_where_the_sheet_has_days() {
    let opened = |from: &str, to: &str, covered: &str| {
        let plan = SheetPlan { span: (day(from), day(to)), covered: day(covered), ..plan() };
        board_of(&plan).period.resolve(day(covered)).map(|days| (days.from(), days.to())).unwrap()
    };
    let (from, to) = (day("2026-06-01"), day("2026-06-28"));
    assert_eq!(opened("2026-01-05", "2026-06-28", "2026-06-28"), (from, to));
    assert_eq!(opened("2026-01-05", "2026-06-28", "2026-11-27"), (from, to));
    assert_eq!(opened("2026-06-01", "2026-06-28", "2026-11-27"), (from, to));
    assert_eq!(opened("2023-01-01", "2025-12-31", "2026-11-27"), (day("2025-01-01"), day("2025-12-31")));
}

#[test]
fn chart_has_as_many_buckets_as_the_span_fills() {
    for (from, to, expected, count) in [
        ("2026-06-01", "2026-06-20", Grain::Day, 20),
        ("2026-03-01", "2026-06-20", Grain::Week, 17),
        ("2025-07-01", "2026-06-30", Grain::Month, 13),
        ("2020-01-01", "2026-06-30", Grain::Quarter, 24),
    ] {
        let plan = SheetPlan { span: (day(from), day(to)), ..plan() };
        let board = board_of(&plan);
        let contract::boards::TileContent::Line { grain, buckets, .. } = board.tiles[0].content else {
            panic!("the first tile is a line")
        };
        assert!(grain == expected && buckets.abs_diff(count) <= 1, "{from}–{to}: {grain:?} {buckets}");
    }
}
