//! The bytes of a chunk: the rows of a month, column after column.
//!
//! Knows no dictionaries and no manifest (`slice`, `builder`). Invariant: a chunk stands for itself: base and width of each column are in it,
//! so that the same rows make the same bytes in every edition.
//!
//! After the mark: rows (u32), columns (u32); for each column its layout (u8), width in bits (u8), whether it has nulls (u8), base (i128);
//! then for each column one bit per row that says where there is a value, if it has nulls, and the packed numbers.

use crate::SliceError;
use crate::bits::Bits;
use crate::bytes::{Reader, begin};
use crate::errors::damaged;
use crate::manifest::{Id, MAX_CHUNK_ROWS, MAX_COLUMNS};
use crate::packing::{self, Packing};

const MARK: [u8; 4] = *b"MiSC";

/// How the numbers of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// What is above the base.
    Packed(Packing, u32),
    /// Sixteen bytes each: what lies too far apart for 64 bits.
    Wide,
}

/// A column to be written: `None` is null.
pub(crate) enum Written {
    /// Codes, of which 0 is null, above a base of their own.
    Codes {
        base: i128,
        codes: Vec<u64>,
    },
    Numbers(Vec<Option<i128>>),
}

/// A column as it was read, its numbers still packed.
pub(crate) struct Block<'a> {
    layout: Layout,
    pub(crate) base: i128,
    valid: Option<&'a [u8]>,
    payload: &'a [u8],
    rows: usize,
}

/// Writes a chunk; all columns have `rows` rows.
pub(crate) fn write(rows: usize, columns: &[Written]) -> Vec<u8> {
    let mut bytes = begin(MARK);
    bytes.extend((rows as u32).to_le_bytes());
    bytes.extend((columns.len() as u32).to_le_bytes());
    let mut payloads = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let (layout, base, valid, payload) = match column {
            Written::Codes { base, codes } => {
                let (layout, payload) = packed(codes, usize::from(index == 0));
                (layout, *base, None, payload)
            }
            Written::Numbers(numbers) => write_numbers(numbers),
        };
        bytes.extend(match layout {
            Layout::Packed(Packing::Bits, width) => [0, width as u8],
            Layout::Packed(Packing::Bytes, width) => [1, width as u8],
            Layout::Wide => [2, 0],
        });
        bytes.push(u8::from(valid.is_some()));
        bytes.extend(base.to_le_bytes());
        payloads.extend(valid.map(|valid| valid.to_bytes()).unwrap_or_default());
        payloads.extend(payload);
    }
    bytes.extend(payloads);
    bytes
}

/// The first column takes a bit per row at least: then a chunk cannot claim more rows than it has bytes for.
fn packed(numbers: &[u64], least: usize) -> (Layout, Vec<u8>) {
    let max = numbers.iter().copied().max().unwrap_or(0);
    let width = packing::width(max).max(least as u32);
    let (packing, payload) = packing::pack(numbers, width);
    (Layout::Packed(packing, width), payload)
}

fn write_numbers(numbers: &[Option<i128>]) -> (Layout, i128, Option<Bits>, Vec<u8>) {
    let valid = numbers.iter().any(Option::is_none).then(|| {
        let mut valid = Bits::none(numbers.len());
        numbers.iter().enumerate().filter(|(_, number)| number.is_some()).for_each(|(row, _)| valid.set(row));
        valid
    });
    let base = numbers.iter().flatten().copied().min().unwrap_or(0);
    let above = |number: &Option<i128>| match number {
        None => Some(0),
        Some(number) => number.checked_sub(base).and_then(|above| u64::try_from(above).ok()),
    };
    if let Some(numbers) = numbers.iter().map(above).collect::<Option<Vec<u64>>>() {
        let (layout, payload) = packed(&numbers, 0);
        return (layout, base, valid, payload);
    }
    let bytes = |number: &Option<i128>| number.unwrap_or(0).to_le_bytes();
    (Layout::Wide, 0, valid, numbers.iter().flat_map(bytes).collect())
}

/// Reads a chunk of a manifest: its columns, in order, with `rows` rows each.
///
/// # Errors
/// `Damaged`, `Version`.
pub(crate) fn read<'a>(
    id: &Id,
    bytes: &'a [u8],
    columns: usize,
    rows: usize,
) -> Result<Vec<Block<'a>>, SliceError> {
    let mut reader = Reader::begin(bytes, MARK, format!("chunk {id}"))?;
    let found = (reader.number()? as usize, reader.number()? as usize);
    if found != (rows, columns) || rows > MAX_CHUNK_ROWS || columns > MAX_COLUMNS {
        return Err(reader.wrong(format!(
            "it has {} rows and {} columns instead of {rows} and {columns}",
            found.0, found.1
        )));
    }
    let mut heads = Vec::with_capacity(columns);
    for index in 0..columns {
        let [layout, width, nulls] = reader.array()?;
        let width = u32::from(width);
        let layout = match layout {
            0 if width <= 64 => Layout::Packed(Packing::Bits, width),
            1 if width <= 64 => Layout::Packed(Packing::Bytes, width),
            2 if width == 0 => Layout::Wide,
            _ => return Err(reader.wrong(format!("column {index} has an unknown layout"))),
        };
        if nulls > 1 || (index == 0 && width == 0) {
            return Err(reader.wrong(format!("column {index} has an unknown layout")));
        }
        heads.push((layout, nulls == 1, i128::from_le_bytes(reader.array()?)));
    }
    let mut blocks = Vec::with_capacity(columns);
    for (layout, nulls, base) in heads {
        let valid = if nulls { Some(reader.take(rows.div_ceil(8))?) } else { None };
        let length = match layout {
            Layout::Packed(packing, width) => packing::length(packing, width, rows),
            Layout::Wide => rows.checked_mul(16),
        };
        let payload = reader.take(length.unwrap_or(usize::MAX))?;
        blocks.push(Block { layout, base, valid, payload, rows });
    }
    reader.end()?;
    Ok(blocks)
}

impl Block<'_> {
    /// The greatest number that its width allows for; `None` for wide ones, and where that is beyond every number.
    pub(crate) fn bound(&self) -> Option<i128> {
        match self.layout {
            Layout::Packed(_, width) => self.base.checked_add((1_i128 << width) - 1),
            Layout::Wide => None,
        }
    }

    pub(crate) fn is_wide(&self) -> bool {
        self.layout == Layout::Wide
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Rows that have a value, when it says so.
    pub(crate) fn valid(&self) -> Option<Bits> {
        self.valid.map(|bytes| Bits::from_bytes(bytes, self.rows))
    }

    /// Every number above the base; none of a wide block.
    pub(crate) fn codes(&self, codes: &mut Vec<u64>) {
        match self.layout {
            Layout::Packed(packing, width) => packing::unpack(packing, width, self.rows, self.payload, codes),
            Layout::Wide => codes.clear(),
        }
    }

    /// Every number, base included.
    ///
    /// # Errors
    /// `Damaged` when one is beyond every number.
    pub(crate) fn numbers(&self) -> Result<Vec<i128>, SliceError> {
        if self.is_wide() {
            let (numbers, _) = self.payload.as_chunks();
            return Ok(numbers.iter().map(|bytes| i128::from_le_bytes(*bytes)).collect());
        }
        let mut codes = Vec::new();
        self.codes(&mut codes);
        let above = |code: &u64| self.base.checked_add(i128::from(*code));
        codes
            .iter()
            .map(above)
            .collect::<Option<_>>()
            .ok_or_else(|| damaged("a chunk", "a number is too large"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_near_and_far_come_back() {
        let near = vec![Some(-5), None, Some(1_000_000), Some(0)];
        let far = vec![Some(i128::MIN), Some(i128::MAX), None, Some(7)];
        let nulls = vec![None; 4];
        let day = Written::Codes { base: 20_000, codes: vec![0, 1, 2, 1] };
        let columns = [day, Written::Numbers(near), Written::Numbers(far), Written::Numbers(nulls)];
        let bytes = write(4, &columns);
        let blocks = read(&Id::of(&bytes), &bytes, 4, 4).unwrap();
        let mut codes = Vec::new();
        blocks[0].codes(&mut codes);
        assert_eq!(
            (blocks[0].base, &codes[..], blocks[0].bound()),
            (20_000, &[0, 1, 2, 1][..], Some(20_003))
        );
        assert_eq!(blocks[1].numbers().unwrap(), [-5, -5, 1_000_000, 0]);
        assert_eq!(blocks[2].numbers().unwrap(), [i128::MIN, i128::MAX, 0, 7]);
        assert_eq!((blocks[1].is_wide(), blocks[2].is_wide()), (false, true));
        assert_eq!(blocks[3].valid(), Some(Bits::none(4)));
        assert_eq!(blocks[1].valid().map(|valid| valid.count()), Some(3));
    }

    #[test]
    fn what_a_chunk_claims_is_held_against_its_bytes() {
        let days = |rows: usize| [Written::Codes { base: 0, codes: vec![0; rows] }];
        let bytes = write(9, &days(9));
        let id = Id::of(&bytes);
        assert!(read(&id, &bytes, 1, 9).is_ok());
        assert!(read(&id, &bytes, 1, 8).is_err());
        assert!(read(&id, &bytes, 2, 9).is_err());
        let mut claims = bytes.clone();
        claims[8..12].copy_from_slice(&4_000_000_u32.to_le_bytes());
        assert!(read(&Id::of(&claims), &claims, 1, 4_000_000).is_err());
        for length in 0..bytes.len() {
            assert!(read(&Id::of(&bytes[..length]), &bytes[..length], 1, 9).is_err());
        }
    }
}
