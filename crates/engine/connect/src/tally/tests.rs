//! What columns of values are taken for.

use super::*;

const BRAZIL: Reading = Reading { decimal: DecimalStyle::Comma, date_order: DateOrder::DayFirst };

fn counts(values: &[&str], reading: Reading) -> Counts {
    let mut tally = Tally::default();
    for (row, value) in values.iter().enumerate() {
        tally.add(row as u64 + 2, Cell::Raw(value.as_bytes()));
    }
    tally.read_as(reading)
}

fn decided(values: &[&str]) -> String {
    counts(values, BRAZIL).decide().to_string()
}

#[test]
fn decide_plain_columns_get_their_type() {
    assert_eq!(decided(&["1", "20", "", "-3"]), "integer");
    assert_eq!(decided(&["1,5", "1.234,56", "7"]), "decimal(18,2)");
    assert_eq!(decided(&["1,2345", "1"]), "decimal(18,4)");
    assert_eq!(decided(&["123456789012345678,25"]), "decimal(20,2)");
    assert_eq!(decided(&["31/12/2026", "01/02/2026"]), "date");
    assert_eq!(decided(&["31/12/2026 10:00", "01/02/2026"]), "timestamp");
    assert_eq!(decided(&["2026-01-01T00:00:00Z"]), "moment");
    assert_eq!(decided(&["true", "FALSO"]), "boolean");
    assert_eq!(decided(&["a", "1"]), "text");
    assert_eq!(decided(&["", " "]), "text");
}

#[test]
fn decide_codes_stay_text() {
    assert_eq!(decided(&["01310100", "90010000"]), "text");
    assert_eq!(decided(&["35260612345678000199550010000012341000012345"]), "text");
    assert_eq!(decided(&["4.001.001", "4.001.002"]), "text");
    assert_eq!(decided(&["+5511987654321"]), "text");
}

#[test]
fn decide_few_misfits_keep_the_type_and_many_do_not() {
    let mut values = vec!["10"; 999];
    values.push("A12");
    assert_eq!(decided(&values), "integer");
    values.extend(["A12"; 9]);
    assert_eq!(decided(&values), "text");
    assert_eq!(decided(&["10", "12", "A12"]), "text");
    assert_eq!(decided(&["10", "N/D", "12", "14", "--", "11", "13", "12", "11", "10"]), "integer");
    assert_eq!(decided(&["10", "N/D", "n/d"]), "text");
    let mut days = vec!["30/06/2026"; 20];
    days.push("31/02/2026");
    assert_eq!(decided(&days), "date");
}

#[test]
fn evidence_tells_style_and_order() {
    let mut tally = Tally::default();
    for value in ["1,234.50", "1.234", "10/20/2016"] {
        tally.add(1, Cell::Raw(value.as_bytes()));
    }
    assert_eq!(tally.evidence().decimal(), Some(DecimalStyle::Point));
    assert_eq!(tally.evidence().date_order(), Some(DateOrder::MonthFirst));
    assert_eq!(Evidence::default().decimal(), None);
}

#[test]
fn decide_typed_strings_are_text_unless_dates() {
    let mut tally = Tally::default();
    tally.add(1, Cell::Text("536365"));
    assert_eq!(tally.read_as(BRAZIL).decide(), ColumnType::Text);
    let mut tally = Tally::default();
    tally.add(1, Cell::Text("12/1/10 8:26"));
    assert_eq!(tally.read_as(BRAZIL).decide(), ColumnType::Timestamp);
}

#[test]
fn decide_spreadsheet_numbers_keep_their_places() {
    let mut tally = Tally::default();
    for value in [0.15, 1_500_000.0, 0.1 + 0.2] {
        tally.add(1, Cell::Float(value));
    }
    assert_eq!(tally.read_as(BRAZIL).decide().to_string(), "decimal(18,2)");
}

#[test]
fn stranger_names_the_first_value_of_another_kind() {
    let mut tally = Tally::default();
    for (row, value) in [(2, "10"), (3, "N/D"), (4, "2026-01-01")] {
        tally.add(row, Cell::Raw(value.as_bytes()));
    }
    assert_eq!(tally.stranger(ColumnType::Integer), Some((3, "N/D")));
    assert_eq!(tally.stranger(ColumnType::Text), None);
}
