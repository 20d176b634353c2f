//! Makes a slice out of rows: codes, order, chunks and manifest.
//!
//! Reads no tables: rows are handed in, column by column. Invariant: the same rows, in whatever order and batches they come, over the same
//! former dictionaries, make the same bytes; so a month that did not change keeps its name, and does not travel again.

use crate::SliceError;
use crate::blobs::Checked;
use crate::chunk::{self, Written};
use crate::codes::sort_by_number;
use crate::dictionary::Dictionary;
use crate::manifest::{
    Chunk, Column, Id, Kind, MAX_CHUNK_ROWS, MAX_ROWS, Manifest, Segment, VERSION, check_columns,
};
use chrono::NaiveDate;
use kpi::Grain;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Days from year 1 to year 9999, counted from 1970-01-01.
pub(crate) const DAYS: std::ops::RangeInclusive<i32> = -719_162..=2_932_896;

/// Some rows of one column.
pub enum Input<'a> {
    /// Days since 1970-01-01.
    Days(&'a [Option<i32>]),
    /// Members of a dimension or ids of an entity.
    Texts(&'a [Option<&'a str>]),
    /// Multiples of the measure's unit, 10^-scale.
    Numbers(&'a [Option<i128>]),
}

/// A finished slice.
#[derive(Debug)]
pub struct Built {
    pub manifest: Manifest,
    /// The bytes of all chunks and of dictionaries that are new, by name.
    pub blobs: BTreeMap<Id, Vec<u8>>,
}

/// Collects the rows of a slice.
pub struct Builder {
    columns: Vec<Column>,
    pending: Vec<Pending>,
    rows: usize,
}

/// The rows of a column so far.
enum Pending {
    Days(Vec<Option<i32>>),
    Texts { texts: Texts, former: Dictionary },
    Numbers(Vec<Option<i128>>),
}

/// Texts by numbers of their own, in order of appearance; 0 is null.
#[derive(Default)]
struct Texts {
    numbers: HashMap<String, u32>,
    rows: Vec<u32>,
}

impl Builder {
    /// A slice with these columns. Rows are sorted by them in this order: dimensions with few members come first, then chunks are smallest.
    /// A column that an earlier edition had carries its dictionary's segments, and `blob` gives their bytes.
    ///
    /// # Errors
    /// `Schema`; `Missing`, `Damaged` and `Version` of a dictionary.
    pub fn new<'b>(
        columns: Vec<Column>,
        blob: impl FnMut(&Id) -> Option<&'b [u8]>,
    ) -> Result<Builder, SliceError> {
        let mut blobs = Checked(blob);
        check_columns(&columns)?;
        let mut pending = Vec::with_capacity(columns.len());
        for column in &columns {
            pending.push(match &column.kind {
                Kind::Day => Pending::Days(Vec::new()),
                Kind::Measure { .. } => Pending::Numbers(Vec::new()),
                Kind::Dimension { dictionary } | Kind::Entity { dictionary } => Pending::Texts {
                    texts: Texts::default(),
                    former: Dictionary::open(dictionary, &mut blobs)?,
                },
            });
        }
        Ok(Builder { columns, pending, rows: 0 })
    }

    /// Adds rows: one input per column, all of one length. Nothing is added when there is a mistake.
    ///
    /// # Errors
    /// `Schema`, `Uneven`, `Day`.
    pub fn add(&mut self, batch: &[Input<'_>]) -> Result<(), SliceError> {
        self.check(batch)?;
        for ((pending, column), input) in self.pending.iter_mut().zip(&self.columns).zip(batch) {
            match (pending, input) {
                (Pending::Days(rows), Input::Days(days)) => rows.extend_from_slice(days),
                (Pending::Numbers(rows), Input::Numbers(numbers)) => rows.extend_from_slice(numbers),
                (Pending::Texts { texts, .. }, Input::Texts(new)) => {
                    let empty_is_null = matches!(column.kind, Kind::Dimension { .. });
                    texts.extend(new, empty_is_null);
                }
                _ => {}
            }
        }
        self.rows += batch.first().map_or(0, length);
        Ok(())
    }

    fn check(&self, batch: &[Input<'_>]) -> Result<(), SliceError> {
        let wrong = |what: String, remedy| Err(SliceError::Schema { what, remedy });
        if batch.len() != self.columns.len() {
            return wrong(format!("a batch has {} columns", batch.len()), "give one input per column");
        }
        let expected = batch.first().map_or(0, length);
        if self.rows + expected > MAX_ROWS {
            return wrong(format!("more than {MAX_ROWS} rows"), "aggregate them before they are sliced");
        }
        for (column, input) in self.columns.iter().zip(batch) {
            let name = column.name.clone();
            let fits = matches!(
                (&column.kind, input),
                (Kind::Day, Input::Days(_))
                    | (Kind::Dimension { .. } | Kind::Entity { .. }, Input::Texts(_))
                    | (Kind::Measure { .. }, Input::Numbers(_))
            );
            if !fits {
                return wrong(
                    format!("the input for `{name}` is of another kind"),
                    "give what the column holds",
                );
            }
            if length(input) != expected {
                return Err(SliceError::Uneven { name, found: length(input), expected });
            }
            if let Input::Days(days) = input
                && let Some((row, value)) = days
                    .iter()
                    .enumerate()
                    .find_map(|(row, day)| day.map(|day| (row, day)).filter(|(_, day)| !DAYS.contains(day)))
            {
                return Err(SliceError::Day { name, row: self.rows + row, value });
            }
        }
        Ok(())
    }

    /// Sorts, cuts and writes what was added.
    pub fn finish(self, fact: &str, policy: &str, edition: u64) -> Built {
        let mut blobs = BTreeMap::new();
        let mut columns = self.columns;
        let mut coded = Vec::with_capacity(columns.len());
        for (column, pending) in columns.iter_mut().zip(self.pending) {
            coded.push(match pending {
                Pending::Days(days) => Coded::days(&days),
                Pending::Numbers(numbers) => Coded::Numbers(numbers),
                Pending::Texts { texts, former } => {
                    let (codes, added) = texts.finish(former);
                    if let (
                        Kind::Dimension { dictionary } | Kind::Entity { dictionary },
                        Some((segment, bytes)),
                    ) = (&mut column.kind, added)
                    {
                        blobs.insert(segment.id, bytes);
                        dictionary.push(segment);
                    }
                    Coded::Members(codes)
                }
            });
        }
        let mut order: Vec<u32> = (0..self.rows as u32).collect();
        for column in coded.iter().rev() {
            order = column.sort(order);
        }
        let mut chunks = Vec::new();
        let month = |row: &u32| coded[0].month(*row);
        for rows in order.chunk_by(|a, b| month(a) == month(b)).flat_map(|rows| rows.chunks(MAX_CHUNK_ROWS)) {
            let written: Vec<Written> = coded.iter().map(|column| column.pick(rows)).collect();
            let bytes = chunk::write(rows.len(), &written);
            let id = Id::of(&bytes);
            chunks.push(Chunk { id, month: month(&rows[0]), rows: rows.len() as u32 });
            blobs.insert(id, bytes);
        }
        let (fact, policy) = (fact.to_owned(), policy.to_owned());
        Built { manifest: Manifest { version: VERSION, fact, policy, edition, columns, chunks }, blobs }
    }
}

fn length(input: &Input<'_>) -> usize {
    match input {
        Input::Days(days) => days.len(),
        Input::Texts(texts) => texts.len(),
        Input::Numbers(numbers) => numbers.len(),
    }
}

impl Texts {
    fn extend(&mut self, texts: &[Option<&str>], empty_is_null: bool) {
        for text in texts {
            let number = match text {
                None => 0,
                Some("") if empty_is_null => 0,
                Some(text) => self.numbers.get(*text).copied().unwrap_or_else(|| {
                    let number = self.numbers.len() as u32 + 1;
                    self.numbers.insert((*text).to_owned(), number);
                    number
                }),
            };
            self.rows.push(number);
        }
    }

    /// The code of each row, and what the dictionary had to be given for that.
    fn finish(self, mut dictionary: Dictionary) -> (Vec<u64>, Option<(Segment, Vec<u8>)>) {
        let mut counts = vec![0_u32; self.numbers.len() + 1];
        for number in &self.rows {
            counts[*number as usize] += 1;
        }
        let new = self.numbers.iter().filter(|(text, _)| dictionary.code(text).is_none());
        let mut new: Vec<(Reverse<u32>, &str)> =
            new.map(|(text, number)| (Reverse(counts[*number as usize]), text.as_str())).collect();
        new.sort_unstable();
        let new: Vec<&str> = new.into_iter().map(|(_, text)| text).collect();
        let added = dictionary.append(&new);
        let mut codes = vec![0; self.numbers.len() + 1];
        for (text, number) in &self.numbers {
            codes[*number as usize] = u64::from(dictionary.code(text).unwrap_or_default());
        }
        (self.rows.iter().map(|number| codes[*number as usize]).collect(), added)
    }
}

/// A column whose rows are numbers.
enum Coded {
    /// Days above a base; 0 is null.
    Days {
        base: i32,
        codes: Vec<u64>,
    },
    /// Codes of a dictionary; 0 is null.
    Members(Vec<u64>),
    Numbers(Vec<Option<i128>>),
}

impl Coded {
    fn days(days: &[Option<i32>]) -> Coded {
        let base = days.iter().flatten().copied().min().unwrap_or(0) - 1;
        let codes = days.iter().map(|day| day.map_or(0, |day| u64::from(day.abs_diff(base)))).collect();
        Coded::Days { base, codes }
    }

    fn sort(&self, mut rows: Vec<u32>) -> Vec<u32> {
        match self {
            Coded::Days { codes, .. } | Coded::Members(codes) => {
                let max = codes.iter().copied().max().unwrap_or(0);
                sort_by_number(rows, max, |row| codes[row as usize])
            }
            Coded::Numbers(numbers) => {
                let min = numbers.iter().flatten().copied().min().unwrap_or(0);
                let max = numbers.iter().flatten().copied().max().unwrap_or(0);
                // Far apart is rare, and worth a slower sort.
                match max.checked_sub(min).and_then(|range| u64::try_from(range).ok()) {
                    Some(range) => {
                        let above =
                            |row: u32| numbers[row as usize].map_or(0, |number| (number - min) as u64);
                        rows = sort_by_number(rows, range, above);
                    }
                    None => rows.sort_by_key(|row| numbers[*row as usize].unwrap_or(min)),
                }
                sort_by_number(rows, 1, |row| u64::from(numbers[row as usize].is_some()))
            }
        }
    }

    fn month(&self, row: u32) -> Option<NaiveDate> {
        let Coded::Days { base, codes } = self else { return None };
        let code = i32::try_from(codes[row as usize]).ok().filter(|code| *code > 0)?;
        NaiveDate::from_epoch_days(base + code).map(|day| Grain::Month.start(day))
    }

    /// These rows, above a base that depends on no others.
    fn pick(&self, rows: &[u32]) -> Written {
        match self {
            Coded::Numbers(numbers) => {
                Written::Numbers(rows.iter().map(|row| numbers[*row as usize]).collect())
            }
            Coded::Members(codes) => {
                Written::Codes { base: 0, codes: rows.iter().map(|row| codes[*row as usize]).collect() }
            }
            Coded::Days { base, codes } => {
                let least = rows.iter().map(|row| codes[*row as usize]).filter(|code| *code > 0).min();
                let above = least.map_or(0, |least| least - 1);
                let codes = rows.iter().map(|row| codes[*row as usize].saturating_sub(above)).collect();
                let base = least.map_or(0, |_| i128::from(*base) + i128::from(above));
                Written::Codes { base, codes }
            }
        }
    }
}
