//! What single parts of a question mean, on rows that can be counted by hand.

use chrono::NaiveDate;
use kpi::{Cell, Grain, Period};
use slice::{
    Answer, Builder, Column, Days, Filter, Function, Input, Kind, Place, Question, Slice, SliceError, Test,
    Time, Value,
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn period(from: &str, to: &str) -> Period {
    Period::new(day(from), day(to)).unwrap()
}

/// Balances of two accounts, written when they change; and who wrote them.
fn balances() -> Slice {
    let kind = |name: &str, kind| Column { name: name.to_owned(), kind };
    let columns = vec![
        kind("day", Kind::Day),
        kind("hour", Kind::Dimension { dictionary: Vec::new() }),
        kind("account", Kind::Entity { dictionary: Vec::new() }),
        kind("balance", Kind::Measure { scale: 2 }),
    ];
    let mut builder = Builder::new(columns, |_| None).unwrap();
    let days: Vec<Option<i32>> = ["2026-01-05", "2026-01-05", "2026-01-20", "2026-02-10", "2026-03-01"]
        .map(|text| Some(day(text).to_epoch_days()))
        .to_vec();
    builder
        .add(&[
            Input::Days(&days),
            Input::Texts(&[Some("9"), Some("10"), Some(""), Some("10"), Some("antes")]),
            Input::Texts(&[Some("a"), Some("b"), Some("a"), Some("b"), Some("a")]),
            Input::Numbers(&[Some(100), Some(1_000), Some(200), Some(3_000), None]),
        ])
        .unwrap();
    let built = builder.finish("board", "all", 1);
    Slice::open(built.manifest, |id| built.blobs.get(id).map(Vec::as_slice)).unwrap()
}

fn ask(time: Time, functions: &[Function]) -> Result<Answer, SliceError> {
    let values = functions.iter().cloned().map(Value::from).collect();
    balances().answer(&Question { by: Vec::new(), time, filters: Vec::new(), values })
}

fn months(days: Days) -> Time {
    let spans = vec![
        period("2026-01-01", "2026-01-31"),
        period("2026-02-01", "2026-02-28"),
        period("2026-03-01", "2026-03-31"),
        period("2026-04-01", "2026-04-30"),
    ];
    Time::Spans { column: "day".to_owned(), spans, days }
}

fn balance() -> Function {
    Function::Sum("balance".to_owned())
}

fn money(cents: i128) -> Cell {
    Cell::Decimal { unscaled: cents, scale: 2 }
}

#[test]
fn a_stock_is_that_of_the_last_day_even_before_the_span() {
    let answer = ask(months(Days::Last), &[balance()]).unwrap();
    assert_eq!(answer.places, [0, 1, 2, 3].map(Place::Span));
    assert_eq!(answer.values[0], [money(200), money(3_000), Cell::Null, Cell::Null]);
}

#[test]
fn a_stock_at_the_start_is_that_of_the_first_day_within() {
    let answer = ask(months(Days::First), &[balance()]).unwrap();
    assert_eq!(answer.places, [0, 1, 2].map(Place::Span));
    assert_eq!(answer.values[0], [money(1_100), money(3_000), Cell::Null]);
}

#[test]
fn each_account_keeps_its_own_last_balance() {
    let answer = ask(months(Days::LastOf("account".to_owned())), &[balance(), Function::Rows]).unwrap();
    // The last row of `a` has no balance: it counts as one, with nothing in it.
    assert_eq!(answer.values[0], [money(1_200), money(3_200), money(3_000), money(3_000)]);
    assert_eq!(answer.values[1], [2, 2, 2, 2].map(Cell::Int));
}

#[test]
fn a_person_behind_several_accounts_counts_once_in_each_span() {
    let column = |name: &str, kind| Column { name: name.to_owned(), kind };
    let entity = || Kind::Entity { dictionary: Vec::new() };
    let columns = vec![column("day", Kind::Day), column("account", entity()), column("person", entity())];
    let mut builder = Builder::new(columns, |_| None).unwrap();
    // `a` stands from January on, `b` in February, `c` in March: the span of `b` lies within that of `a`, and so does that of `c`.
    let days =
        ["2026-01-05", "2026-02-10", "2026-03-01", "2026-03-02"].map(|text| Some(day(text).to_epoch_days()));
    let accounts = [Some("a"), Some("b"), Some("b"), Some("c")];
    let people = [Some("p"), Some("p"), Some("q"), Some("p")];
    builder.add(&[Input::Days(&days), Input::Texts(&accounts), Input::Texts(&people)]).unwrap();
    let built = builder.finish("board", "all", 1);
    let slice = Slice::open(built.manifest, |id| built.blobs.get(id).map(Vec::as_slice)).unwrap();
    let values = vec![Function::CountDistinct("person".to_owned()).into()];
    let time = months(Days::LastOf("account".to_owned()));
    let answer = slice.answer(&Question { by: Vec::new(), time, filters: Vec::new(), values }).unwrap();
    assert_eq!(answer.values[0], [1, 1, 2, 2].map(Cell::Int));
}

#[test]
fn running_sums_and_rolling_people_come_from_spans_that_overlap() {
    let to = ["2026-01-31", "2026-02-28", "2026-03-31"];
    let spans = to.map(|to| period("2026-01-01", to)).to_vec();
    let time = Time::Spans { column: "day".to_owned(), spans, days: Days::All };
    let functions =
        [balance(), Function::CountDistinct("account".to_owned()), Function::Max("balance".to_owned())];
    let answer = ask(time, &functions).unwrap();
    assert_eq!(answer.values[0], [money(1_300), money(4_300), money(4_300)]);
    assert_eq!(answer.values[1], [2, 2, 2].map(Cell::Int));
    assert_eq!(answer.values[2], [money(1_000), money(3_000), money(3_000)]);
}

#[test]
fn members_stand_by_number_then_by_text_and_no_value_last() {
    let question = Question {
        by: vec!["hour".to_owned()],
        time: Time::Whole,
        filters: Vec::new(),
        values: vec![Function::Rows.into()],
    };
    let answer = balances().answer(&question).unwrap();
    assert_eq!(answer.by[0].iter().collect::<Vec<_>>(), [Some("9"), Some("10"), Some("antes"), None]);
    assert_eq!(answer.rows, [1, 2, 1, 1]);
}

#[test]
fn weeks_start_on_monday_and_weekdays_count_from_it() {
    let column = || "day".to_owned();
    let weeks = ask(Time::Grain { column: column(), grain: Grain::Week }, &[Function::Rows]).unwrap();
    assert_eq!(weeks.places[..2], [Place::Day(day("2026-01-05")), Place::Day(day("2026-01-19"))]);
    let weekdays = ask(Time::Weekday { column: column() }, &[Function::Rows]).unwrap();
    assert_eq!(weekdays.places, [Place::Weekday(1), Place::Weekday(2), Place::Weekday(7)]);
    assert_eq!(weekdays.rows, [2, 2, 1]);
}

#[test]
fn without_rows_there_is_one_total_and_no_group() {
    let none = Filter { column: "hour".to_owned(), test: Test::In(Vec::new()) };
    let values: Vec<Value> =
        vec![Function::Rows.into(), balance().into(), Function::Average("balance".to_owned()).into()];
    let total = Question { by: Vec::new(), time: Time::Whole, filters: vec![none], values };
    let answer = balances().answer(&total).unwrap();
    assert_eq!(answer.values, [[Cell::Int(0)], [Cell::Null], [Cell::Null]]);
    assert!(balances().answer(&Question { by: vec!["hour".to_owned()], ..total }).unwrap().is_empty());
}

#[test]
fn what_cannot_be_asked_is_refused_in_words() {
    let says = |time: Time, function: Function| ask(time, &[function]).unwrap_err().to_string();
    assert_eq!(
        says(Time::Whole, Function::Sum("saldo".to_owned())),
        "the slice has no column `saldo`; it has day, hour, account, balance"
    );
    assert_eq!(
        says(Time::Whole, Function::CountDistinct("hour".to_owned())),
        "`hour` is a dimension; count distinct days or entities"
    );
    assert_eq!(
        says(Time::Weekday { column: "hour".to_owned() }, Function::Rows),
        "`hour` is a dimension; group time by a column of days"
    );
    let spans = vec![period("2026-02-01", "2026-02-28"), period("2026-01-01", "2026-03-31")];
    let back = Time::Spans { column: "day".to_owned(), spans, days: Days::All };
    assert!(says(back, Function::Rows).starts_with("span 1 begins or ends before the one ahead of it"));
    let share = Function::Percentile { of: "balance".to_owned(), share: 1.5, discrete: false };
    assert_eq!(says(Time::Whole, share), "a percentile takes a share from 0 to 1");
}
