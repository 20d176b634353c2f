//! Numbers of one column of a chunk as bytes, for the wire.
//!
//! Knows neither columns nor files (`chunk`). Invariant: reading takes exactly the bytes that writing made, and no others.
//!
//! Bit after bit is smallest by itself. But what goes over the wire is compressed, and a compressor finds frequent bytes, not frequent
//! groups of five bits; so where members differ in frequency, whole bytes end up smaller (decision 20 has the figures).

/// How the numbers of a column are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// One number after the other, `width` bits each, lowest bit first.
    Bits,
    /// The lowest byte of every number, then the next higher one of every number, and so on.
    Bytes,
}

/// Bytes that `rows` numbers of `width` bits take.
pub(crate) fn length(packing: Packing, width: u32, rows: usize) -> Option<usize> {
    match packing {
        Packing::Bits => rows.checked_mul(width as usize).map(|bits| bits.div_ceil(8)),
        Packing::Bytes => rows.checked_mul(width.div_ceil(8) as usize),
    }
}

/// The bits that a number takes.
pub(crate) fn width(max: u64) -> u32 {
    u64::BITS - max.leading_zeros()
}

/// Packs numbers below 2^`width` in the layout that will compress better.
pub(crate) fn pack(numbers: &[u64], width: u32) -> (Packing, Vec<u8>) {
    let bytes = planes(numbers, width);
    if compressed(&bytes, numbers.len()) < f64::from(width) * numbers.len() as f64 {
        return (Packing::Bytes, bytes);
    }
    let mut bits = Vec::with_capacity(numbers.len() * width as usize / 8 + 1);
    let (mut waiting, mut count) = (0_u128, 0);
    for number in numbers {
        waiting |= u128::from(*number) << count;
        count += width;
        while count >= 8 {
            bits.push(waiting as u8);
            waiting >>= 8;
            count -= 8;
        }
    }
    if count > 0 {
        bits.push(waiting as u8);
    }
    (Packing::Bits, bits)
}

fn planes(numbers: &[u64], width: u32) -> Vec<u8> {
    let plane = |byte: u32| numbers.iter().map(move |number| (number >> (byte * 8)) as u8);
    (0..width.div_ceil(8)).flat_map(plane).collect()
}

/// About how many bits a compressor makes of planes of `rows` bytes: their entropy, and the little that it adds to what is random.
fn compressed(bytes: &[u8], rows: usize) -> f64 {
    const ADDED: f64 = 1.015;
    let entropy = |plane: &[u8]| {
        let mut counts = [0_u32; 256];
        for byte in plane {
            counts[usize::from(*byte)] += 1;
        }
        let bits = |count: u32| f64::from(count) * (rows as f64 / f64::from(count)).log2();
        counts.into_iter().filter(|count| *count > 0).map(bits).sum::<f64>()
    };
    bytes.chunks(rows.max(1)).map(entropy).sum::<f64>() * ADDED
}

/// The numbers of a payload, which has to be as long as `length` says.
pub(crate) fn unpack(packing: Packing, width: u32, rows: usize, payload: &[u8], numbers: &mut Vec<u64>) {
    numbers.clear();
    match packing {
        Packing::Bytes => {
            numbers.resize(rows, 0);
            for (byte, plane) in payload.chunks_exact(rows.max(1)).enumerate() {
                for (number, part) in numbers.iter_mut().zip(plane) {
                    *number |= u64::from(*part) << (byte * 8);
                }
            }
        }
        Packing::Bits => {
            // Sixteen bytes hold any 64 bits that begin within the first; the last numbers need some to read over.
            let mut padded = Vec::with_capacity(payload.len() + 16);
            padded.extend_from_slice(payload);
            padded.resize(payload.len() + 16, 0);
            let mask = u64::MAX.checked_shr(u64::BITS - width).unwrap_or(0);
            numbers.extend((0..rows).map(|row| {
                let bit = row * width as usize;
                let window = padded[bit / 8..].first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes));
                (window >> (bit % 8)) as u64 & mask
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(numbers: &[u64], width: u32) -> Packing {
        let (packing, payload) = pack(numbers, width);
        assert_eq!(Some(payload.len()), length(packing, width, numbers.len()));
        let mut found = vec![9];
        unpack(packing, width, numbers.len(), &payload, &mut found);
        assert_eq!(found, numbers);
        packing
    }

    #[test]
    fn numbers_of_every_width_come_back() {
        for width in 1..=64 {
            let mask = u64::MAX >> (64 - width);
            let random =
                |row: u64| (row.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ row << 50).rotate_left(31) & mask;
            let numbers: Vec<u64> = (0..777).map(random).collect();
            check(&numbers, width);
            check(&[mask], width);
            check(&[0, mask, 0], width);
        }
        check(&[], 0);
        check(&[0; 100], 0);
    }

    #[test]
    fn frequent_members_stay_whole_bytes() {
        let skewed: Vec<u64> = (0..5_000).map(|row| if row % 7 == 0 { row % 27 } else { 3 }).collect();
        let even: Vec<u64> =
            (0..8_192).map(|row: u64| row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61).collect();
        assert_eq!(check(&skewed, 5), Packing::Bytes);
        assert_eq!(check(&even, 3), Packing::Bits);
    }
}
