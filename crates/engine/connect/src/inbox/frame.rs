//! How a delivery lies in a segment: mark, length, checksum, number, time, note, body.
//!
//! Does not touch files. Invariant: bytes that are no whole frame are never taken for one, and the next whole one behind them is found.

use memchr::memmem;

use super::Delivery;

/// Most bytes of note and body together.
pub const PAYLOAD_BYTES: usize = 16 << 20;

/// Begins every frame, so that reading can go on behind a damaged one.
const MARK: [u8; 4] = *b"\xF7MIR";
/// Mark, length of the rest after the checksum, checksum of that rest.
const HEAD: usize = 4 + 4 + 4;
/// Number, time, length of the note.
const FIXED: usize = 8 + 8 + 4;

/// Appends a delivery's frame to `buffer`.
pub fn encode(buffer: &mut Vec<u8>, sequence: u64, received_at: i64, note: &str, body: &[u8]) {
    let length = FIXED + note.len() + body.len();
    buffer.extend(MARK);
    buffer.extend((length as u32).to_le_bytes());
    let checksum_at = buffer.len();
    buffer.extend([0; 4]);
    buffer.extend(sequence.to_le_bytes());
    buffer.extend(received_at.to_le_bytes());
    buffer.extend((note.len() as u32).to_le_bytes());
    buffer.extend(note.as_bytes());
    buffer.extend(body);
    let checksum = checksum(&buffer[checksum_at + 4..]);
    buffer[checksum_at..checksum_at + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// Bytes that a delivery takes in a segment.
pub fn size(note: &str, body: &[u8]) -> u64 {
    (HEAD + FIXED + note.len() + body.len()) as u64
}

/// The frame at the start of `bytes`, and how long it is; none where there is no whole one.
pub fn decode(bytes: &[u8]) -> Option<(Delivery, usize)> {
    let head = bytes.get(..HEAD)?;
    if head[..4] != MARK {
        return None;
    }
    let length = number(head, 4)? as usize;
    if !(FIXED..=FIXED + PAYLOAD_BYTES).contains(&length) {
        return None;
    }
    let rest = bytes.get(HEAD..HEAD + length)?;
    if checksum(rest) != number(head, 8)? {
        return None;
    }
    let note = number(rest, 16)? as usize;
    let delivery = Delivery {
        sequence: u64::from_le_bytes(rest.get(..8)?.try_into().ok()?),
        received_at: i64::from_le_bytes(rest.get(8..16)?.try_into().ok()?),
        note: std::str::from_utf8(rest.get(FIXED..FIXED + note)?).ok()?.to_owned(),
        body: rest.get(FIXED + note..)?.to_vec(),
    };
    Some((delivery, HEAD + length))
}

/// Where the next whole frame behind a damaged place begins.
pub fn next_whole(bytes: &[u8]) -> Option<usize> {
    memmem::find_iter(bytes, &MARK).find(|at| decode(&bytes[*at..]).is_some())
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_cut_or_changed_anywhere_is_none() {
        let mut bytes = Vec::new();
        encode(&mut bytes, 7, 1_700_000_000_000_000, "{\"id\":1}", b"body");
        let (delivery, length) = decode(&bytes).unwrap();
        assert_eq!(
            (delivery.sequence, delivery.note.as_str(), &delivery.body[..]),
            (7, "{\"id\":1}", &b"body"[..])
        );
        assert_eq!(length as u64, size("{\"id\":1}", b"body"));
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end]), None, "cut at {end}");
            let mut changed = bytes.clone();
            changed[end] ^= 1;
            assert_eq!(decode(&changed), None, "changed at {end}");
        }
    }

    #[test]
    fn the_next_whole_frame_is_found_behind_damage() {
        let mut bytes = Vec::new();
        encode(&mut bytes, 1, 0, "", b"first");
        let second = bytes.len();
        encode(&mut bytes, 2, 0, "", b"second");
        bytes[HEAD + 3] ^= 1;
        assert_eq!(next_whole(&bytes), Some(second));
    }
}
