//! Whole numbers of every row, in the narrowest type that holds them all.
//!
//! Knows no meaning: a code may stand for a member, a day, a group or an amount. Invariant: what was pushed comes back, whatever the type.

/// One number per row.
#[derive(Debug, Clone)]
pub(crate) enum Codes {
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
}

/// A type that codes can have.
pub(crate) trait Code: Copy {
    fn wide(self) -> u64;

    fn index(self) -> usize {
        self.wide() as usize
    }
}

macro_rules! code {
    ($($kind:ty),*) => {$(
        impl Code for $kind {
            #[inline]
            fn wide(self) -> u64 {
                u64::from(self)
            }
        }
    )*};
}
code!(u8, u16, u32, u64);

/// Runs the same expression on whichever vector there is: one loop is compiled per type.
macro_rules! with_codes {
    ($codes:expr, $values:ident => $body:expr) => {
        match $codes {
            $crate::codes::Codes::U8($values) => $body,
            $crate::codes::Codes::U16($values) => $body,
            $crate::codes::Codes::U32($values) => $body,
            $crate::codes::Codes::U64($values) => $body,
        }
    };
}
pub(crate) use with_codes;

impl Codes {
    /// Room for `rows` numbers from 0 to `max`.
    pub(crate) fn with_capacity(max: u64, rows: usize) -> Codes {
        if u8::try_from(max).is_ok() {
            Codes::U8(Vec::with_capacity(rows))
        } else if u16::try_from(max).is_ok() {
            Codes::U16(Vec::with_capacity(rows))
        } else if u32::try_from(max).is_ok() {
            Codes::U32(Vec::with_capacity(rows))
        } else {
            Codes::U64(Vec::with_capacity(rows))
        }
    }

    /// Numbers, none greater than `max`.
    pub(crate) fn narrow(max: u64, numbers: Vec<u64>) -> Codes {
        let mut codes = Codes::with_capacity(max, numbers.len());
        codes.extend(numbers.into_iter());
        codes
    }

    /// Adds numbers, none greater than the `max` that room was made for.
    pub(crate) fn extend(&mut self, numbers: impl Iterator<Item = u64>) {
        match self {
            Codes::U8(codes) => codes.extend(numbers.map(|number| number as u8)),
            Codes::U16(codes) => codes.extend(numbers.map(|number| number as u16)),
            Codes::U32(codes) => codes.extend(numbers.map(|number| number as u32)),
            Codes::U64(codes) => codes.extend(numbers),
        }
    }

    pub(crate) fn len(&self) -> usize {
        with_codes!(self, codes => codes.len())
    }

    pub(crate) fn get(&self, row: usize) -> u64 {
        with_codes!(self, codes => codes[row].wide())
    }
}

/// `rows` in order of `key`, which is below `keys`; rows of one key stay in the order in which they came.
pub(crate) fn sort_by_key(rows: &[u32], keys: usize, key: impl Fn(u32) -> usize) -> Vec<u32> {
    let mut next = starts(rows, keys, &key);
    let mut sorted = vec![0; rows.len()];
    for row in rows {
        let place = &mut next[key(*row)];
        sorted[*place as usize] = *row;
        *place += 1;
    }
    sorted
}

/// Where the rows of each key begin once they are in order of it, and behind them where the last ones end.
pub(crate) fn starts(rows: &[u32], keys: usize, key: impl Fn(u32) -> usize) -> Vec<u32> {
    let mut starts = vec![0; keys + 1];
    for row in rows {
        starts[key(*row) + 1] += 1;
    }
    for key in 0..keys {
        starts[key + 1] += starts[key];
    }
    starts
}

/// `rows` in order of a number of any size, at most `max`: eleven bits at a time from the lowest.
pub(crate) fn sort_by_number(mut rows: Vec<u32>, max: u64, number: impl Fn(u32) -> u64) -> Vec<u32> {
    const DIGIT: u32 = 11;
    let mut shift = 0;
    while shift < u64::BITS && max >> shift > 0 {
        let mask = (1 << DIGIT) - 1;
        rows = sort_by_key(&rows, 1 << DIGIT, |row| (number(row) >> shift & mask) as usize);
        shift += DIGIT;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_back_in_every_width() {
        for max in [0, 255, 256, 65_535, 65_536, u64::from(u32::MAX), u64::from(u32::MAX) + 1, u64::MAX] {
            let mut codes = Codes::with_capacity(max, 3);
            codes.extend([0, max / 3, max].into_iter());
            assert_eq!([codes.get(0), codes.get(1), codes.get(2)], [0, max / 3, max]);
        }
    }

    #[test]
    fn sorts_are_stable() {
        let numbers = [7_u64 << 40, 3, 9 << 20, 3, 0, 7 << 40, u64::MAX];
        let sorted = sort_by_number((0..7).collect(), u64::MAX, |row| numbers[row as usize]);
        assert_eq!(sorted, [4, 1, 3, 2, 0, 5, 6]);
        assert_eq!(sort_by_key(&[4, 2, 0, 3, 1], 2, |row| row as usize % 2), [4, 2, 0, 3, 1]);
        assert_eq!(starts(&[4, 2, 0, 3, 1], 3, |row| row as usize % 2), [0, 3, 5, 5]);
    }
}
