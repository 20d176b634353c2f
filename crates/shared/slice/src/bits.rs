//! A set of rows, one bit each.
//!
//! Does not know what chose them (`filter`). Invariant: bits beyond the last row are zero, so that counting needs no special case.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: usize,
}

/// The bits below `bit`; all of them from 64 on.
fn below(bit: u32) -> u64 {
    1_u64.checked_shl(bit).map_or(u64::MAX, |one| one - 1)
}

impl Bits {
    pub(crate) fn none(len: usize) -> Bits {
        Bits { words: vec![0; len.div_ceil(64)], len }
    }

    pub(crate) fn all(len: usize) -> Bits {
        Bits::none(len).not()
    }

    /// The bits whose flag is 1; flags are 0 or 1 and come in stretches of 64, the last one shorter.
    pub(crate) fn from_flags(len: usize, mut flags: impl FnMut(usize, &mut [u8; 64])) -> Bits {
        let mut bits = Bits::none(len);
        let mut stretch = [0_u8; 64];
        for (index, word) in bits.words.iter_mut().enumerate() {
            flags(index * 64, &mut stretch);
            // Eight flags become the eight top bits of one product.
            for (byte, eight) in stretch.chunks_exact(8).enumerate() {
                let eight = eight.iter().rev().fold(0, |all, flag| all << 8 | u64::from(*flag));
                *word |= (eight.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (byte * 8);
            }
        }
        bits.trim();
        bits
    }

    /// Reads bits as bytes hold them, the first row in the lowest bit of the first byte.
    pub(crate) fn from_bytes(bytes: &[u8], len: usize) -> Bits {
        let mut bits = Bits::none(len);
        for (index, byte) in bytes.iter().enumerate().take(len.div_ceil(8)) {
            bits.words[index / 8] |= u64::from(*byte) << (index % 8 * 8);
        }
        bits.trim();
        bits
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let bytes = self.words.iter().flat_map(|word| word.to_le_bytes());
        bytes.take(self.len.div_ceil(8)).collect()
    }

    fn trim(&mut self) {
        if let (Some(last), rest @ 1..) = (self.words.last_mut(), self.len % 64) {
            *last &= below(rest as u32);
        }
    }

    /// The words that hold the bits, to change them in place.
    pub(crate) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    pub(crate) fn get(&self, at: usize) -> bool {
        self.words[at / 64] >> (at % 64) & 1 == 1
    }

    pub(crate) fn set(&mut self, at: usize) {
        self.words[at / 64] |= 1 << (at % 64);
    }

    pub(crate) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) fn and(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub(crate) fn not(mut self) -> Bits {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.trim();
        self
    }

    /// The rows, in order.
    pub(crate) fn rows(&self) -> Vec<u32> {
        let mut rows = Vec::with_capacity(self.count());
        for (index, word) in self.words.iter().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                rows.push(index as u32 * 64 + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
        rows
    }

    /// The bits that are set here and not there.
    pub(crate) fn without(&self, other: &Bits) -> Bits {
        let words = self.words.iter().zip(&other.words).map(|(word, other)| word & !other).collect();
        Bits { words, len: self.len }
    }

    pub(crate) fn clear(&mut self) {
        self.words.fill(0);
    }

    pub(crate) fn unset(&mut self, at: usize) {
        self.words[at / 64] &= !(1 << (at % 64));
    }

    /// The nearest set bit before a position of the same stretch; `starts` marks where stretches begin.
    pub(crate) fn before(&self, at: usize, starts: &Bits) -> Option<usize> {
        let (mut set, mut start) = (below((at % 64) as u32), below((at % 64) as u32 + 1));
        for index in (0..=at / 64).rev() {
            let (found, begins) = (self.words[index] & set, starts.words[index] & start);
            if found | begins != 0 {
                // Zeros above: the fewer, the nearer. A stretch that begins where the bit is holds it.
                let holds = found.leading_zeros() <= begins.leading_zeros() && found != 0;
                return holds.then(|| index * 64 + 63 - found.leading_zeros() as usize);
            }
            (set, start) = (u64::MAX, u64::MAX);
        }
        None
    }

    /// The nearest set bit behind a position of the same stretch.
    pub(crate) fn after(&self, at: usize, starts: &Bits) -> Option<usize> {
        let mut behind = !below((at % 64) as u32 + 1);
        for index in at / 64..self.words.len() {
            let (found, begins) = (self.words[index] & behind, starts.words[index] & behind);
            if found | begins != 0 {
                let holds = found.trailing_zeros() < begins.trailing_zeros();
                return holds.then(|| index * 64 + found.trailing_zeros() as usize);
            }
            behind = u64::MAX;
        }
        None
    }

    /// Adds the bits of another set behind the last of this one.
    pub(crate) fn append(&mut self, other: &Bits) {
        let (start, shift) = (self.len / 64, self.len % 64);
        self.len += other.len;
        self.words.resize(self.len.div_ceil(64), 0);
        for (index, word) in other.words.iter().enumerate() {
            self.words[start + index] |= word << shift;
            if shift > 0 && start + index + 1 < self.words.len() {
                self.words[start + index + 1] |= word >> (64 - shift);
            }
        }
    }
}

/// How often each position up to a bit is set: rank and select over a set that has come to rest.
pub(crate) struct Ranks<'b> {
    bits: &'b Bits,
    /// Set bits before each word.
    before: Vec<u32>,
}

impl<'b> Ranks<'b> {
    pub(crate) fn new(bits: &'b Bits) -> Ranks<'b> {
        let mut sum = 0;
        let mut before = Vec::with_capacity(bits.words.len() + 1);
        for word in &bits.words {
            before.push(sum);
            sum += word.count_ones();
        }
        before.push(sum);
        Ranks { bits, before }
    }

    /// How many bits are set before a position.
    pub(crate) fn rank(&self, at: usize) -> usize {
        let word = self.bits.words.get(at / 64).map_or(0, |word| word & below((at % 64) as u32));
        self.before[at / 64] as usize + word.count_ones() as usize
    }

    /// The position of the `nth` set bit, counted from 0; there have to be as many.
    pub(crate) fn select(&self, nth: usize) -> usize {
        let index = self.before.partition_point(|before| *before as usize <= nth) - 1;
        let mut word = self.bits.words[index];
        for _ in self.before[index] as usize..nth {
            word &= word - 1;
        }
        index * 64 + word.trailing_zeros() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(len: usize, at: &[usize]) -> Bits {
        let mut bits = Bits::none(len);
        for at in at {
            bits.set(*at);
        }
        bits
    }

    #[test]
    fn flags_bytes_and_positions_name_the_same_rows() {
        let odd = |start: usize, stretch: &mut [u8; 64]| {
            stretch
                .iter_mut()
                .enumerate()
                .for_each(|(index, flag)| *flag = u8::from((start + index) % 3 == 1));
        };
        let bits = Bits::from_flags(131, odd);
        let expected: Vec<u32> = (0..131).filter(|row| row % 3 == 1).collect();
        assert_eq!(bits.rows(), expected);
        assert_eq!(Bits::from_bytes(&bits.to_bytes(), 131), bits);
        assert_eq!(bits.clone().not().count(), 131 - expected.len());
        assert_eq!(Bits::all(131).without(&bits), bits.not());
    }

    #[test]
    fn append_joins_sets_at_any_bit() {
        for first in [0, 1, 63, 64, 65, 100] {
            let mut bits = some(first, &[]);
            bits.append(&some(70, &[0, 5, 69]));
            bits.append(&some(1, &[0]));
            assert_eq!(bits.rows(), [first, first + 5, first + 69, first + 70].map(|row| row as u32));
        }
    }

    #[test]
    fn before_and_after_stay_in_their_run() {
        let starts = [0, 3, 60, 70, 128, 200, 201];
        let marks = some(260, &starts);
        for chosen in [&[][..], &[1, 2, 3, 61, 69], &[2, 65, 127, 130, 199, 259], &[0, 64, 70, 128, 200, 201]]
        {
            let bits = some(260, chosen);
            for at in 0..260 {
                let start = *starts.iter().rfind(|start| **start <= at).unwrap();
                let end = *starts.iter().find(|start| **start > at).unwrap_or(&260);
                let before = chosen.iter().rfind(|bit| **bit < at && **bit >= start).copied();
                let after = chosen.iter().find(|bit| **bit > at && **bit < end).copied();
                assert_eq!((bits.before(at, &marks), bits.after(at, &marks)), (before, after), "{at}");
            }
        }
    }

    #[test]
    fn rank_and_select_undo_each_other() {
        let bits = some(300, &[0, 63, 64, 130, 299]);
        let ranks = Ranks::new(&bits);
        for (nth, at) in [0, 63, 64, 130, 299].into_iter().enumerate() {
            assert_eq!(ranks.select(nth), at);
            assert_eq!(ranks.rank(at), nth);
        }
        assert_eq!(ranks.rank(300), 5);
        assert_eq!(Ranks::new(&some(64, &[3])).rank(64), 1);
    }
}
