//! The dirt of real exports: which rows are doubled, late, corrected, spelled differently or broken.
//!
//! Decides only; `exports` writes. Invariant: dropping broken lines and keeping the newest row of each key gives back the clean model.

/// How dirty a folder stream is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dirt {
    /// Rows written twice, per thousand.
    pub doubled: usize,
    /// Rows that sit in the next file, per thousand.
    pub late: usize,
    /// Broken lines; `None` for a stream without.
    pub broken: Option<Broken>,
}

/// Where the lines of a stream can be broken.
#[derive(Debug, Clone, Copy)]
pub struct Broken {
    /// Positions of a date column and a number column.
    pub date: usize,
    pub number: usize,
    /// What the key of a broken line starts with.
    pub key: &'static str,
}

/// Text without accents: the spelling of a hurried clerk.
pub fn fold(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
            'Á' | 'À' | 'Â' | 'Ã' | 'Ä' => 'A',
            'é' | 'ê' | 'è' => 'e',
            'É' | 'Ê' => 'E',
            'í' => 'i',
            'Í' => 'I',
            'ó' | 'ô' | 'õ' | 'ö' => 'o',
            'Ó' | 'Ô' | 'Õ' => 'O',
            'ú' | 'ü' => 'u',
            'Ú' | 'Ü' => 'U',
            'ç' => 'c',
            'Ç' => 'C',
            other => other,
        })
        .collect()
}

/// The second spelling of a city: without accents, or in capitals when it has none.
pub fn other_city(city: &str) -> String {
    let folded = fold(city);
    if folded == city { city.to_uppercase() } else { folded }
}

/// The second spelling of a canal.
pub fn other_channel(channel: u8) -> &'static str {
    ["ADS", "Whatsapp", "site", "Sdr", "Indicacao", "Evento"][usize::from(channel)]
}

/// The second spelling of a product's name and code.
pub fn other_product(name: &str, code: &str) -> (String, String) {
    (fold(name).to_uppercase(), format!(" {}", code.to_lowercase()))
}

/// A number that looks drawn but follows from what it is about: which rows are dirty never depends on the order of writing.
pub fn mix(seed: u64, stream: u64, row: u64) -> u64 {
    let mut z = seed ^ stream.wrapping_mul(0xa076_1d64_78bd_642f) ^ row.wrapping_mul(0xe703_7ed1_a0b4_28db);
    z = (z ^ (z >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    z = (z ^ (z >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    z ^ (z >> 32)
}

/// Whether a row belongs to the `per_mille` dirty ones.
pub fn hits(seed: u64, stream: u64, row: u64, per_mille: usize) -> bool {
    mix(seed, stream, row) % 1000 < per_mille as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_spelling_always_differs() {
        for place in &crate::company::places::PLACES {
            for city in place.cities {
                assert_ne!(other_city(city), *city);
            }
        }
        for (index, channel) in crate::company::CHANNELS.iter().enumerate() {
            assert_ne!(other_channel(index as u8), *channel);
        }
    }

    #[test]
    fn share_of_dirty_rows_is_as_asked() {
        let hit = (0..100_000).filter(|&row| hits(7, 3, row, 20)).count();
        assert!((1800..2200).contains(&hit), "{hit}");
    }
}
