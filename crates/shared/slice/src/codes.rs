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

/// Where the rows of each key begin once they are in order of it, and behind them where the last ones end. Keys are below `keys`.
pub(crate) fn starts(keys: usize, of: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut starts = vec![0; keys + 1];
    for key in of {
        starts[key + 1] += 1;
    }
    for key in 0..keys {
        starts[key + 1] += starts[key];
    }
    starts
}

/// `rows` in order of a number of any size, at most `max`; rows of one number stay in the order in which they came.
pub(crate) fn sort_by_number(rows: Vec<u32>, max: u64, number: impl Fn(u32) -> u64) -> Vec<u32> {
    if u32::try_from(max).is_ok() {
        let pairs = radix(rows.into_iter().map(|row| (number(row) as u32, row)).collect(), max);
        return pairs.into_iter().map(|(_, row)| row).collect();
    }
    let pairs = radix(rows.into_iter().map(|row| (number(row), row)).collect(), max);
    pairs.into_iter().map(|(_, row)| row).collect()
}

/// Gives the first `rows` rows with their numbers, in order of these.
pub(crate) fn in_order(rows: usize, max: u64, number: impl Fn(u32) -> u64, mut give: impl FnMut(u64, u32)) {
    let rows = 0..rows as u32;
    if u32::try_from(max).is_ok() {
        let pairs = radix(rows.map(|row| (number(row) as u32, row)).collect(), max);
        for (number, row) in pairs {
            give(u64::from(number), row);
        }
        return;
    }
    let pairs = radix(rows.map(|row| (number(row), row)).collect(), max);
    for (number, row) in pairs {
        give(number, row);
    }
}

/// Eleven bits at a time, from the lowest. Numbers travel with their rows, so that none is looked up twice.
fn radix<N: Code + Default>(mut pairs: Vec<(N, u32)>, max: u64) -> Vec<(N, u32)> {
    const DIGIT: u32 = 11;
    let mut sorted = vec![(N::default(), 0); pairs.len()];
    let mut shift = 0;
    while shift < u64::BITS && max >> shift > 0 {
        let digit = |number: N| (number.wide() >> shift) as usize & ((1 << DIGIT) - 1);
        let mut next = [0_u32; 1 << DIGIT];
        for (number, _) in &pairs {
            next[digit(*number)] += 1;
        }
        let mut start = 0;
        for place in &mut next {
            start += *place;
            *place = start - *place;
        }
        for pair in &pairs {
            let place = &mut next[digit(pair.0)];
            sorted[*place as usize] = *pair;
            *place += 1;
        }
        std::mem::swap(&mut pairs, &mut sorted);
        shift += DIGIT;
    }
    pairs
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
        assert_eq!(sort_by_number(vec![4, 2, 3, 0, 1], 1, |row| u64::from(row % 2)), [4, 2, 0, 3, 1]);
        assert_eq!(starts(3, [0, 1, 0, 1, 0].into_iter()), [0, 3, 5, 5]);
    }
}
