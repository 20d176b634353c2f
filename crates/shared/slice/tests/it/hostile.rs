//! Bytes that were cut, flipped or forged are refused in words, or make a slice that answers something; never a panic.
//!
//! Invariant: forged bytes are taken for checked ones, so that what is tested is the reading and not the hash.

use crate::random::{Random, build, data, full, open, question};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed};
use slice::{Built, Id, Manifest, Slice, SliceError};

#[derive(Debug, Clone)]
enum Forgery {
    Flip(Index, u8),
    Cut(Index),
    Write(Index, u32),
    Insert(Index, Vec<u8>),
    Repeat(Index, Index),
}

fn forgery() -> impl Strategy<Value = Forgery> {
    let extreme =
        prop_oneof![Just(0), Just(1), Just(255), Just(u32::MAX), Just(1 << 22), Just(1 << 31), any::<u32>()];
    prop_oneof![
        4 => (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Forgery::Flip(at, bit)),
        1 => any::<Index>().prop_map(Forgery::Cut),
        3 => (any::<Index>(), extreme).prop_map(|(at, value)| Forgery::Write(at, value)),
        1 => (any::<Index>(), proptest::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Forgery::Insert(at, bytes)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Forgery::Repeat(from, to)),
    ]
}

fn forge(bytes: &mut Vec<u8>, forgery: &Forgery) {
    if bytes.is_empty() {
        return;
    }
    match forgery {
        Forgery::Flip(at, bit) => {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        Forgery::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Forgery::Write(at, value) => {
            // Near the front, where the heads are, as often as anywhere.
            let near = if value % 2 == 0 { bytes.len() } else { bytes.len().min(96) };
            let at = at.index(near);
            let end = bytes.len().min(at + 4);
            bytes[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
        }
        Forgery::Insert(at, new) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, new.iter().copied());
        }
        Forgery::Repeat(from, to) => {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let part = bytes[from.min(to)..from.max(to)].to_vec();
            bytes.extend(part);
        }
    }
}

/// Opens what was forged, and asks it when it opens.
fn survives(built: &Built, seed: u64) {
    let blob = |id: &Id| built.blobs.get(id).map(Vec::as_slice);
    let opened = Slice::open_checked(built.manifest.clone(), blob);
    let mut random = Random(seed);
    let data = data(&mut random);
    match opened {
        Ok(slice) => {
            for _ in 0..4 {
                drop(slice.answer(&question(&mut random, &data)));
            }
        }
        Err(error) => assert!(!error.to_string().contains('\n')),
    }
}

proptest! {
    #![proptest_config(Config { cases: 3_000, failure_persistence: None, rng_seed: RngSeed::Fixed(18), ..Config::default() })]

    #[test]
    fn forged_blobs_never_panic(seed in 0..300_u64, blob in any::<Index>(), forgeries in proptest::collection::vec(forgery(), 1..4)) {
        let mut built = build(&data(&mut Random(seed)).rows);
        if built.blobs.is_empty() {
            return Ok(());
        }
        let old = *blob.get(&built.blobs.keys().copied().collect::<Vec<_>>());
        let mut bytes = built.blobs[&old].clone();
        for forgery in &forgeries {
            forge(&mut bytes, forgery);
        }
        built.blobs.insert(old, bytes);
        survives(&built, seed);
    }

    #[test]
    fn forged_manifests_never_panic(seed in 0..300_u64, forgeries in proptest::collection::vec(forgery(), 1..3)) {
        let mut built = build(&data(&mut Random(seed)).rows);
        let mut text = serde_json::to_vec(&built.manifest).unwrap();
        for forgery in &forgeries {
            forge(&mut text, forgery);
        }
        if let Ok(manifest) = serde_json::from_slice::<Manifest>(&text) {
            built.manifest = manifest;
            survives(&built, seed);
        }
    }

    #[test]
    fn forged_numbers_in_a_manifest_never_panic(seed in 0..300_u64, at in any::<Index>(), value in any::<u64>(), digits in 1..11_u32) {
        let mut built = build(&data(&mut Random(seed)).rows);
        let text = serde_json::to_string(&built.manifest).unwrap();
        let mut parts: Vec<String> = text.split(':').map(str::to_owned).collect();
        let index = at.index(parts.len());
        let end = parts[index].find(|c: char| !c.is_ascii_digit()).unwrap_or(parts[index].len());
        if end > 0 {
            parts[index].replace_range(..end, &(value % 10_u64.pow(digits)).to_string());
        }
        if let Ok(manifest) = serde_json::from_str::<Manifest>(&parts.join(":")) {
            built.manifest = manifest;
            survives(&built, seed);
        }
    }
}

#[test]
fn one_wrong_bit_anywhere_is_found_by_the_hash() {
    let built = build(&full().rows);
    let mut refused = 0;
    for (id, bytes) in &built.blobs {
        for at in (0..bytes.len() * 8).step_by(97) {
            let mut forged = bytes.clone();
            forged[at / 8] ^= 1 << (at % 8);
            let blob =
                |other: &Id| Some(if other == id { &forged[..] } else { built.blobs[other].as_slice() });
            let needed = built.manifest.needed().any(|needed| needed == *id);
            let opened = Slice::open(built.manifest.clone(), blob);
            assert_eq!(opened.is_err(), needed, "bit {at} of {id}");
            refused += usize::from(needed);
        }
    }
    assert!(refused > 100);
    open(&built);
}

#[test]
fn what_is_missing_is_named() {
    let built = build(&full().rows);
    for missing in built.manifest.needed() {
        let blob = |id: &Id| built.blobs.get(id).filter(|_| *id != missing).map(Vec::as_slice);
        match Slice::open(built.manifest.clone(), blob) {
            Err(SliceError::Missing { id, .. }) => assert_eq!(id, missing),
            other => panic!("{missing}: {other:?}"),
        }
    }
}
