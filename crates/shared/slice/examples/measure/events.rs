//! Events as the benchmarks have them: a year and a half, a million people, and members that are as frequent as each other, or as uneven as
//! real ones.
//!
//! Measures nothing (`main`). Invariant: the same count and shape are the same rows.

use slice::{Builder, Built, Column, Input, Kind};

/// How often members occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Each as often as any other: nothing that a compressor could use.
    Even,
    /// The nth about 1/n as often as the first.
    Uneven,
}

/// 2025-01-01.
pub const FIRST: i32 = 20_089;
pub const DAYS: u64 = 547;
pub const UFS: [&str; 27] = [
    "SP", "RJ", "MG", "PR", "SC", "RS", "BA", "PE", "CE", "GO", "DF", "ES", "MT", "MS", "PA", "AM", "MA",
    "PB", "RN", "AL", "SE", "PI", "TO", "RO", "AC", "AP", "RR",
];
const CHANNELS: [&str; 8] = ["Ads", "WhatsApp", "Site", "SDR", "Indicações", "Eventos", "Loja", "Parceiros"];
const STATUSES: [&str; 4] = ["view", "cart", "pay", "delivered"];

struct Random(u64, Shape);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn even(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A member below `limit`. Uneven: Zipf's law, by its continuous cousin; which members are frequent has nothing to do with their names.
    fn member(&mut self, limit: u64) -> u64 {
        match self.1 {
            Shape::Even => self.even(limit),
            Shape::Uneven => {
                let rank = ((limit as f64 + 1.0).powf(self.share()) - 1.0) as u64;
                rank.min(limit - 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) % limit
            }
        }
    }

    /// Cents: even up to a thousand, or about as amounts of orders are.
    fn cents(&mut self) -> i128 {
        match self.1 {
            Shape::Even => i128::from(self.even(100_000)),
            Shape::Uneven => {
                let bell: f64 = (0..6).map(|_| self.share()).sum::<f64>() - 3.0;
                (8_000.0 * (bell * 1.1).exp()) as i128
            }
        }
    }
}

fn texts<'t>(numbers: &[u64], names: &'t [String]) -> Vec<Option<&'t str>> {
    numbers.iter().map(|number| names.get(*number as usize).map(String::as_str)).collect()
}

/// Builds a slice; `narrow` has the eight columns of the budget for size, otherwise the ten that the twelve tiles need.
pub fn build(count: usize, shape: Shape, narrow: bool) -> Built {
    let mut random = Random(7, shape);
    let mut draw = |limit: u64| -> Vec<u64> { (0..count).map(|_| random.member(limit)).collect() };
    let (statuses, channels, ufs, categories) = (draw(4), draw(8), draw(27), draw(40));
    let (sellers, people, hours) = (draw(3_095), draw(1_000_000), draw(24));
    let days: Vec<Option<i32>> = (0..count).map(|_| Some(FIRST + random.even(DAYS) as i32)).collect();
    let cents: Vec<Option<i128>> = (0..count).map(|_| Some(random.cents())).collect();
    let minutes: Vec<Option<i128>> =
        (0..count).map(|_| (random.even(10) > 0).then(|| i128::from(random.even(20_000)))).collect();
    let names = |list: &[&str]| -> Vec<String> { list.iter().map(|name| (*name).to_owned()).collect() };
    let numbered =
        |name: &str, count: usize| -> Vec<String> { (0..count).map(|n| format!("{name}{n}")).collect() };
    let all = [
        ("status", statuses, names(&STATUSES)),
        ("channel", channels, names(&CHANNELS)),
        ("uf", ufs, names(&UFS)),
        ("category", categories, numbered("Categoria ", 40)),
        ("hour", hours, numbered("", 24)),
        ("seller", sellers, numbered("Vendedor ", 3_095)),
        ("person", people, numbered("", 1_000_000)),
    ];
    let dictionary = || Vec::new();
    let mut columns = vec![Column { name: "day".to_owned(), kind: Kind::Day }];
    let mut members: Vec<Vec<Option<&str>>> = Vec::new();
    for (name, numbers, names) in all.iter().filter(|(name, ..)| !narrow || *name != "hour") {
        let kind = match *name {
            "person" => Kind::Entity { dictionary: dictionary() },
            _ => Kind::Dimension { dictionary: dictionary() },
        };
        columns.push(Column { name: (*name).to_owned(), kind });
        members.push(texts(numbers, names));
    }
    columns.push(Column { name: "value".to_owned(), kind: Kind::Measure { scale: 2 } });
    if !narrow {
        columns.push(Column { name: "minutes".to_owned(), kind: Kind::Measure { scale: 0 } });
    }
    let mut batch = vec![Input::Days(&days)];
    batch.extend(members.iter().map(|members| Input::Texts(members)));
    batch.push(Input::Numbers(&cents));
    if !narrow {
        batch.push(Input::Numbers(&minutes));
    }
    let mut builder = Builder::new(columns, |_| None).expect("the columns make a slice");
    builder.add(&batch).expect("the batch fits");
    builder.finish("bench", "all", 1)
}
