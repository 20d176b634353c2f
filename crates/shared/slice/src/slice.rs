//! A slice in memory: the columns of all chunks, end to end, ready to be asked.
//!
//! Does not fetch (whoever opens it has the bytes) and answers through `tile`. Invariant: it is opened from a manifest as a whole or not at
//! all, and every code in it has a meaning: kernels look nothing up that could be missing.

use crate::SliceError;
use crate::answer::Answer;
use crate::bits::Bits;
use crate::blobs::{Blobs, Checked, Unchecked};
use crate::builder::DAYS;
use crate::chunk::{self, Block};
use crate::codes::{Codes, sort_by_number};
use crate::dictionary::Dictionary;
use crate::errors::damaged;
use crate::manifest::{Id, Kind, Manifest};
use crate::question::Question;
use crate::tile::Tile;
use chrono::NaiveDate;
use std::sync::{Arc, OnceLock};

#[derive(Debug)]
pub struct Slice {
    manifest: Manifest,
    rows: usize,
    columns: Vec<Held>,
}

/// A column in memory.
#[derive(Debug)]
pub(crate) enum Held {
    Days(Days),
    Dimension(Members),
    Entity(Entity),
    Measure(Numbers),
}

/// Days by code: 0 is null, 1 is the day after `base`.
#[derive(Debug)]
pub(crate) struct Days {
    pub codes: Codes,
    base: i32,
    /// The greatest code there is.
    pub last: usize,
}

#[derive(Debug)]
pub(crate) struct Members {
    pub codes: Codes,
    pub dictionary: Arc<Dictionary>,
    /// Codes in the order in which members are shown, null last.
    pub in_order: Arc<Vec<u32>>,
}

#[derive(Debug)]
pub(crate) struct Entity {
    pub codes: Codes,
    /// The greatest code there is.
    pub last: usize,
}

#[derive(Debug)]
pub(crate) struct Numbers {
    pub amounts: Amounts,
    /// Rows that have a value; `None` when all have.
    pub valid: Option<Bits>,
    pub scale: u8,
    sorted: OnceLock<Vec<u32>>,
}

/// The numbers of a measure. What a null row holds is never read.
#[derive(Debug)]
pub(crate) enum Amounts {
    /// Above a base, and how far above at most.
    Above {
        base: i128,
        most: u64,
        codes: Codes,
    },
    Wide(Vec<i128>),
}

impl Slice {
    /// Opens what a manifest names; `blob` gives the bytes of a name, as `Manifest::needed` lists them.
    ///
    /// # Errors
    /// `Missing` for what is not there, `Damaged` for bytes that are not what they should be, `Version`, `Schema`, `TooLarge`.
    pub fn open<'b>(
        manifest: Manifest,
        blob: impl FnMut(&Id) -> Option<&'b [u8]>,
    ) -> Result<Slice, SliceError> {
        Slice::read(manifest, Checked(blob))
    }

    /// As `open`, of bytes whose hashes were found to be their names when they arrived: a browser computes SHA-256 faster than a program in
    /// it. Bytes that are damaged all the same are an error or another slice, never a panic.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_checked<'b>(
        manifest: Manifest,
        blob: impl FnMut(&Id) -> Option<&'b [u8]>,
    ) -> Result<Slice, SliceError> {
        Slice::read(manifest, Unchecked(blob))
    }

    fn read<'b>(manifest: Manifest, mut blobs: impl Blobs<'b>) -> Result<Slice, SliceError> {
        manifest.check()?;
        let rows = manifest.rows() as usize;
        let mut chunks = Vec::with_capacity(manifest.chunks.len());
        for entry in &manifest.chunks {
            let bytes = blobs.get("chunk", &entry.id)?;
            chunks.push(chunk::read(&entry.id, bytes, manifest.columns.len(), entry.rows as usize)?);
        }
        let mut columns = Vec::with_capacity(manifest.columns.len());
        for (index, column) in manifest.columns.iter().enumerate() {
            let blocks: Vec<&Block<'_>> = chunks.iter().map(|chunk| &chunk[index]).collect();
            let name = &column.name;
            columns.push(match &column.kind {
                Kind::Day => Held::Days(Days::open(name, rows, &blocks)?),
                Kind::Dimension { dictionary } => {
                    let dictionary = Dictionary::open(dictionary, &mut blobs)?;
                    let codes = members(name, rows, &blocks, dictionary.len())?;
                    let in_order = Arc::new(dictionary.in_order());
                    Held::Dimension(Members { codes, dictionary: Arc::new(dictionary), in_order })
                }
                Kind::Entity { dictionary } => {
                    let known = dictionary.iter().map(|segment| segment.members as usize).sum();
                    let codes = members(name, rows, &blocks, known)?;
                    let last = (0..rows).map(|row| codes.get(row) as usize).max().unwrap_or(0);
                    Held::Entity(Entity { codes, last })
                }
                Kind::Measure { scale } => Held::Measure(Numbers::open(name, rows, &blocks, *scale)?),
            });
        }
        Ok(Slice { manifest, rows, columns })
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Answers one question. Tiles that share filters which move are answered by a `Session`.
    ///
    /// # Errors
    /// `UnknownColumn`, `Unfit`, `Backwards`, `Share`, `TooWide`.
    pub fn answer(&self, question: &Question) -> Result<Answer, SliceError> {
        let mut tile = Tile::new(self, question, None)?;
        tile.begin(self);
        Ok(tile.answer(self))
    }

    /// The column of a name, and its position.
    pub(crate) fn column(&self, name: &str) -> Result<usize, SliceError> {
        self.manifest.columns.iter().position(|column| column.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.manifest.columns.iter().map(|column| column.name.as_str()).collect();
            SliceError::UnknownColumn { name: name.to_owned(), known: known.join(", ") }
        })
    }

    pub(crate) fn held(&self, column: usize) -> &Held {
        &self.columns[column]
    }

    /// The measure in a column. A plan holds measures only; of any other column this is an empty one.
    pub(crate) fn numbers(&self, column: usize) -> &Numbers {
        static NONE: Numbers =
            Numbers { amounts: Amounts::Wide(Vec::new()), valid: None, scale: 0, sorted: OnceLock::new() };
        match self.held(column) {
            Held::Measure(numbers) => numbers,
            _ => &NONE,
        }
    }

    /// `Unfit`, for a column that is of another kind than what it is asked for.
    pub(crate) fn unfit(&self, column: usize, needed: &'static str) -> SliceError {
        let column = &self.manifest.columns[column];
        SliceError::Unfit { name: column.name.clone(), is: column.kind.words(), needed }
    }
}

/// The codes of all blocks, each at most `last`.
fn members(name: &str, rows: usize, blocks: &[&Block<'_>], last: usize) -> Result<Codes, SliceError> {
    let mut codes = Codes::with_capacity(last as u64, rows);
    let mut own = Vec::new();
    for block in blocks {
        block.codes(&mut own);
        if block.base != 0 || block.is_wide() || block.valid().is_some() {
            return Err(damaged(format!("column `{name}`"), "it is written as numbers"));
        }
        if own.iter().any(|code| *code > last as u64) {
            return Err(damaged(format!("column `{name}`"), "a code is in no dictionary"));
        }
        codes.extend(own.iter().copied());
    }
    Ok(codes)
}

impl Days {
    fn open(name: &str, rows: usize, blocks: &[&Block<'_>]) -> Result<Days, SliceError> {
        let wrong = |how: &str| damaged(format!("column `{name}`"), how);
        let mut own = Vec::new();
        let (mut base, mut end) = (i32::MAX, i32::MIN);
        let mut bases = Vec::with_capacity(blocks.len());
        for block in blocks {
            block.codes(&mut own);
            let above = i32::try_from(block.base).ok();
            let above = above.filter(|above| (*DAYS.start() - 1..=*DAYS.end()).contains(above));
            let above = above.ok_or_else(|| wrong("its days are out of range"))?;
            let greatest = own.iter().copied().max().unwrap_or(0);
            let last = i32::try_from(greatest).ok().and_then(|greatest| above.checked_add(greatest));
            let last =
                last.filter(|last| *last <= *DAYS.end() && !block.is_wide() && block.valid().is_none());
            let last = last.ok_or_else(|| wrong("its days are out of range"))?;
            if greatest > 0 {
                base = base.min(above);
                end = end.max(last);
            }
            bases.push(above);
        }
        if base > end {
            (base, end) = (0, 0);
        }
        let last = base.abs_diff(end) as usize;
        let mut codes = Codes::with_capacity(last as u64, rows);
        for (block, above) in blocks.iter().zip(bases) {
            block.codes(&mut own);
            // Without a day in it, a block's base may be anything.
            let shift = u64::from(above.max(base).abs_diff(base));
            codes.extend(own.iter().map(|code| if *code == 0 { 0 } else { code + shift }));
        }
        Ok(Days { codes, base, last })
    }

    /// The day of a code above 0.
    pub(crate) fn day(&self, code: usize) -> NaiveDate {
        NaiveDate::from_epoch_days(self.base + code as i32).unwrap_or_default()
    }

    /// The code that a day has or would have: below 1 and above `last` there are no rows.
    pub(crate) fn code(&self, day: NaiveDate) -> i64 {
        i64::from(day.to_epoch_days()) - i64::from(self.base)
    }

    /// All rows in order of their day.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        let rows: Vec<u32> = (0..self.codes.len() as u32).collect();
        sort_by_number(rows, self.last as u64, |row| self.codes.get(row as usize))
    }
}

impl Members {
    /// Where in the order of members each code stands.
    pub(crate) fn positions(&self) -> Vec<u64> {
        let mut positions = vec![0; self.in_order.len()];
        for (position, code) in self.in_order.iter().enumerate() {
            positions[*code as usize] = position as u64;
        }
        positions
    }
}

impl Numbers {
    fn open(name: &str, rows: usize, blocks: &[&Block<'_>], scale: u8) -> Result<Numbers, SliceError> {
        let base = blocks.iter().map(|block| block.base).min().unwrap_or(0);
        let bound = |block: &&Block<'_>| block.bound()?.checked_sub(base);
        let most = blocks.iter().map(bound).collect::<Option<Vec<i128>>>();
        let most = most.and_then(|most| u64::try_from(most.into_iter().max().unwrap_or(0)).ok());
        let amounts = match most {
            None => Amounts::wide(rows, blocks)?,
            Some(most) => {
                let mut codes = Codes::with_capacity(most, rows);
                let mut own = Vec::new();
                for block in blocks {
                    let shift = (block.base - base) as u64;
                    block.codes(&mut own);
                    codes.extend(own.iter().map(|code| code + shift));
                }
                Amounts::Above { base, most, codes }
            }
        };
        if !amounts.sums_fit(rows) {
            return Err(SliceError::TooLarge { name: name.to_owned() });
        }
        let valid = blocks.iter().any(|block| block.valid().is_some()).then(|| {
            let mut valid = Bits::none(0);
            for block in blocks {
                valid.append(&block.valid().unwrap_or_else(|| Bits::all(block.rows())));
            }
            valid
        });
        Ok(Numbers { amounts, valid, scale, sorted: OnceLock::new() })
    }

    /// The number of a row that has one.
    pub(crate) fn get(&self, row: usize) -> i128 {
        match &self.amounts {
            Amounts::Above { base, codes, .. } => base + i128::from(codes.get(row)),
            Amounts::Wide(numbers) => numbers[row],
        }
    }

    /// All rows in order of their number; null rows anywhere.
    pub(crate) fn sorted(&self) -> &[u32] {
        self.sorted.get_or_init(|| match &self.amounts {
            Amounts::Above { most, codes, .. } => {
                let rows: Vec<u32> = (0..codes.len() as u32).collect();
                sort_by_number(rows, *most, |row| codes.get(row as usize))
            }
            Amounts::Wide(numbers) => {
                let mut rows: Vec<u32> = (0..numbers.len() as u32).collect();
                rows.sort_by_key(|row| numbers[*row as usize]);
                rows
            }
        })
    }
}

impl Amounts {
    fn wide(rows: usize, blocks: &[&Block<'_>]) -> Result<Amounts, SliceError> {
        let mut numbers = Vec::with_capacity(rows);
        for block in blocks {
            numbers.extend(block.numbers()?);
        }
        Ok(Amounts::Wide(numbers))
    }

    /// Whether no sum of these numbers can leave 128 bits.
    fn sums_fit(&self, rows: usize) -> bool {
        let greatest = match self {
            Amounts::Above { base, most, .. } => {
                base.checked_add(i128::from(*most)).map(|end| base.unsigned_abs().max(end.unsigned_abs()))
            }
            Amounts::Wide(numbers) => {
                Some(numbers.iter().map(|number| number.unsigned_abs()).max().unwrap_or(0))
            }
        };
        let sum = greatest.and_then(|greatest| greatest.checked_mul(rows as u128));
        sum.is_some_and(|sum| i128::try_from(sum).is_ok())
    }
}
