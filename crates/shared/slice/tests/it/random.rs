//! Seeded data and questions: small, but with every kind of column, nulls, far numbers, and days that have no rows.
//!
//! Knows nothing of the right answers (`oracle`). Invariant: a seed is a case, on every machine.

use chrono::{Days as Count, NaiveDate};
use kpi::{Grain, Period};
use slice::{
    Builder, Built, Column, Days, Filter, Function, Input, Kind, Question, Slice, Test, Time, Value,
};

pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    Day(Option<i32>),
    Text(Option<String>),
    Number(Option<i128>),
}

/// Rows in the order of `COLUMNS`.
#[derive(Debug, Clone)]
pub struct Data {
    pub rows: Vec<Vec<Raw>>,
    /// The days that its rows are about.
    pub first: i32,
    pub days: usize,
}

/// What a column of the tests is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Day,
    Dimension,
    Entity,
    Measure(u8),
}

/// `cut` is the day by which chunks are cut, and `day` the one that questions are about.
pub const COLUMNS: [(&str, Of); 12] = [
    ("cut", Of::Day),
    ("day", Of::Day),
    ("due", Of::Day),
    ("uf", Of::Dimension),
    ("hour", Of::Dimension),
    ("product", Of::Dimension),
    ("person", Of::Entity),
    ("account", Of::Entity),
    ("value", Of::Measure(2)),
    ("minutes", Of::Measure(0)),
    ("long", Of::Measure(4)),
    ("wide", Of::Measure(9)),
];

pub fn position(name: &str) -> usize {
    COLUMNS.iter().position(|(column, _)| *column == name).expect("a column of the tests")
}

pub fn date(day: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(day).expect("a day of the tests")
}

pub fn columns() -> Vec<Column> {
    let kind = |of| match of {
        Of::Day => Kind::Day,
        Of::Dimension => Kind::Dimension { dictionary: Vec::new() },
        Of::Entity => Kind::Entity { dictionary: Vec::new() },
        Of::Measure(scale) => Kind::Measure { scale },
    };
    COLUMNS.iter().map(|(name, of)| Column { name: (*name).to_owned(), kind: kind(*of) }).collect()
}

pub fn data(random: &mut Random) -> Data {
    let most = *random.pick(&[0, 1, 7, 60, 300, 300]);
    let count = random.below(most + 1);
    let days = *random.pick(&[1, 3, 40, 400, 900]);
    let first = 19_000 + random.below(1_500) as i32;
    let one_chunk = random.one_in(4);
    let nulls = random.one_in(2);
    let products = 1 + random.below(120);
    let rows = (0..count)
        .map(|_| {
            let null = |random: &mut Random| nulls && random.one_in(9);
            let day = (!null(random)).then(|| first + random.below(days) as i32);
            let due = (!null(random)).then(|| first + random.below(days * 2) as i32 - 20);
            let uf = (!null(random)).then(|| (*random.pick(&["SP", "PR", "RS", "", "São José"])).to_owned());
            let hour = (!null(random)).then(|| random.below(24).to_string());
            let product = (!null(random)).then(|| format!("Produto {}", random.below(products)));
            let person = (!null(random)).then(|| match random.below(25) {
                0 => String::new(),
                person => format!("p{person}"),
            });
            let account = (!null(random)).then(|| format!("a{}", random.below(6)));
            let value = (!null(random)).then(|| random.below(200_000) as i128 - 40_000);
            let long = (!null(random)).then(|| i128::from(random.next() as i64));
            let wide =
                (!null(random)).then(|| (i128::from(random.next() as i64) << 40) + i128::from(random.next()));
            let cut = if one_chunk { Some(first) } else { day };
            vec![
                Raw::Day(cut),
                Raw::Day(day),
                Raw::Day(due),
                Raw::Text(uf),
                Raw::Text(hour),
                Raw::Text(product),
                Raw::Text(person),
                Raw::Text(account),
                Raw::Number(value),
                Raw::Number(Some(random.below(90) as i128)),
                Raw::Number(long),
                Raw::Number(wide),
            ]
        })
        .collect();
    Data { rows, first, days }
}

/// The first data with many rows.
pub fn full() -> Data {
    let all = (0..).map(|seed| data(&mut Random(seed)));
    all.into_iter().find(|data| data.rows.len() > 200).expect("there is no end of seeds")
}

/// Adds rows to a builder as one batch.
pub fn add(builder: &mut Builder, rows: &[Vec<Raw>]) {
    let days = |at: usize| -> Vec<Option<i32>> {
        rows.iter().map(|row| if let Raw::Day(day) = row[at] { day } else { None }).collect()
    };
    let texts = |at: usize| -> Vec<Option<&str>> {
        rows.iter().map(|row| if let Raw::Text(text) = &row[at] { text.as_deref() } else { None }).collect()
    };
    let numbers = |at: usize| -> Vec<Option<i128>> {
        rows.iter().map(|row| if let Raw::Number(number) = row[at] { number } else { None }).collect()
    };
    let (mut all_days, mut all_texts, mut all_numbers) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (_, of)) in COLUMNS.iter().enumerate() {
        match of {
            Of::Day => all_days.push(days(at)),
            Of::Dimension | Of::Entity => all_texts.push(texts(at)),
            Of::Measure(_) => all_numbers.push(numbers(at)),
        }
    }
    let (mut days, mut texts, mut numbers) = (all_days.iter(), all_texts.iter(), all_numbers.iter());
    let batch: Vec<Input<'_>> = COLUMNS
        .iter()
        .map(|(_, of)| match of {
            Of::Day => Input::Days(days.next().expect("a column of days")),
            Of::Dimension | Of::Entity => Input::Texts(texts.next().expect("a column of texts")),
            Of::Measure(_) => Input::Numbers(numbers.next().expect("a column of numbers")),
        })
        .collect();
    builder.add(&batch).expect("the batch fits");
}

pub fn build(rows: &[Vec<Raw>]) -> Built {
    let mut builder = Builder::new(columns(), |_| None).expect("the columns make a slice");
    add(&mut builder, rows);
    builder.finish("board", "all", 1)
}

pub fn open(built: &Built) -> Slice {
    let blob = |id: &slice::Id| built.blobs.get(id).map(Vec::as_slice);
    Slice::open(built.manifest.clone(), blob).expect("what was built opens")
}

fn some_day(random: &mut Random, data: &Data) -> NaiveDate {
    date(data.first + random.below(data.days + 60) as i32 - 30)
}

fn period(random: &mut Random, data: &Data) -> Period {
    let (a, b) = (some_day(random, data), some_day(random, data));
    Period::new(a.min(b), a.max(b)).expect("days in order")
}

/// Spans whose ends go forward: rolling, to date, of a whole life, or of no pattern.
fn spans(random: &mut Random, data: &Data) -> Vec<Period> {
    let count = 1 + random.below(12);
    if random.one_in(2) {
        let width = random.below(40) as u64;
        let step = 1 + random.below(9) as u64;
        let start = some_day(random, data);
        let nth = |nth: usize| {
            let from = start + Count::new(step * nth as u64);
            Period::new(from, from + Count::new(width)).expect("days in order")
        };
        return (0..count).map(nth).collect();
    }
    let mut from: Vec<NaiveDate> = (0..count).map(|_| some_day(random, data)).collect();
    let mut to: Vec<NaiveDate> = (0..count).map(|_| some_day(random, data)).collect();
    from.sort_unstable();
    to.sort_unstable();
    from.iter().zip(to).map(|(from, to)| Period::new(*from, to.max(*from)).expect("days in order")).collect()
}

pub fn filter(random: &mut Random, data: &Data) -> Filter {
    let members = |random: &mut Random, all: &[&str]| -> Vec<String> {
        (0..random.below(4)).map(|_| (*random.pick(all)).to_owned()).collect()
    };
    let (column, test) = match random.below(11) {
        0 => ("uf", Test::In(members(random, &["SP", "PR", "", "XX"]))),
        1 => ("uf", Test::NotIn(members(random, &["SP", "PR", "", "XX"]))),
        2 => ("hour", Test::In(members(random, &["0", "7", "12", "13", "14", "23"]))),
        3 => ("product", Test::NotIn(members(random, &["Produto 0", "Produto 7", "Produto 90"]))),
        4 => {
            let from = (!random.one_in(4)).then(|| some_day(random, data));
            let to = (!random.one_in(4)).then(|| some_day(random, data));
            (*random.pick(&["day", "due"]), Test::Between { from, to })
        }
        5 => {
            let days = [some_day(random, data).to_string(), some_day(random, data).to_string()];
            let list =
                vec![days[0].clone(), days[1].clone(), (*random.pick(&["", "2024-1-1", "x"])).to_owned()];
            ("day", if random.one_in(2) { Test::In(list) } else { Test::NotIn(list) })
        }
        6 => (random.pick(&COLUMNS).0, Test::Null),
        7 => (random.pick(&COLUMNS).0, Test::NotNull),
        _ => {
            let period = period(random, data);
            ("day", Test::Between { from: Some(period.from()), to: Some(period.to()) })
        }
    };
    Filter { column: column.to_owned(), test }
}

pub fn filters(random: &mut Random, data: &Data, most: usize) -> Vec<Filter> {
    (0..random.below(most + 1)).map(|_| filter(random, data)).collect()
}

fn value(random: &mut Random, data: &Data) -> Value {
    let measure = |random: &mut Random| (*random.pick(&["value", "minutes", "long", "wide"])).to_owned();
    let function = match random.below(10) {
        0 => Function::Rows,
        1 => Function::Count((*random.pick(&["day", "due", "person", "value", "minutes"])).to_owned()),
        2..=4 => Function::CountDistinct((*random.pick(&["person", "person", "account", "due"])).to_owned()),
        5 => Function::Average(measure(random)),
        6 => Function::Min(measure(random)),
        7 => Function::Max(measure(random)),
        8 => Function::Percentile {
            of: measure(random),
            share: *random.pick(&[0.0, 0.1, 0.25, 0.5, 0.9, 0.95, 1.0]),
            discrete: random.one_in(2),
        },
        _ => Function::Sum(measure(random)),
    };
    let filters = if random.one_in(3) { filters(random, data, 2) } else { Vec::new() };
    Value { function, filters }
}

pub fn question(random: &mut Random, data: &Data) -> Question {
    let column = (*random.pick(&["day", "day", "day", "due", "cut"])).to_owned();
    let time = match random.below(9) {
        0 => Time::Whole,
        1 | 2 => Time::Grain { column, grain: *random.pick(&Grain::ALL) },
        3 => Time::Weekday { column },
        kind => Time::Spans {
            column,
            spans: spans(random, data),
            days: match kind {
                4..=6 => Days::All,
                7 => random.pick(&[Days::Last, Days::First]).clone(),
                _ => Days::LastOf("account".to_owned()),
            },
        },
    };
    let mut by: Vec<String> = Vec::new();
    for _ in 0..random.below(5).saturating_sub(1) {
        let name = (*random.pick(&["uf", "hour", "product"])).to_owned();
        if !by.contains(&name) {
            by.push(name);
        }
    }
    let values = (0..=random.below(5)).map(|_| value(random, data)).collect();
    Question { by, time, filters: filters(random, data, 2), values }
}
