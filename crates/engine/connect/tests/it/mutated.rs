//! Files with random damage: always an error or rows, never a panic that leaves the reader.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use connect::{ConnectError, StreamState};

use crate::folder::{Folder, Table, read};
use crate::packed::gzip;

/// A small generator of our own, so that a failure can be repeated by its number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below.max(1)
    }
}

fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(bytes.len());
        match dice.roll(5) {
            0 => bytes[at] = dice.roll(256) as u8,
            1 => bytes[at] ^= 1 << dice.roll(8),
            2 => bytes.truncate(at.max(1)),
            3 => bytes.insert(at, b"\"\n;,\0\xff\r'"[dice.roll(8)]),
            _ => {
                let end = (at + dice.roll(64)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }
}

fn check(file: &str, whole: &[u8], rounds: u64) {
    let folder = Folder::new();
    for seed in 0..rounds {
        let mut bytes = whole.to_vec();
        damage(&mut bytes, &mut Dice(seed * 7919 + 1));
        folder.write(file, &bytes);
        let source = folder.source();
        let Ok(streams) = source.streams_now() else { panic!("{file}, seed {seed}: the folder is whole") };
        for stream in streams {
            let reading = read(&source, &stream, None, &StreamState::default());
            let failures = reading.failures.into_iter().chain(Table::of(reading.pieces).err());
            for failure in failures {
                let message = failure.to_string();
                assert!(message.contains(file) && !message.contains('\n'), "{file}, seed {seed}: {message}");
                // The workbook and Parquet readers are others' code: their panics are caught. Ours must not.
                let foreign = ["a.xlsx", "b.parquet"].contains(&file);
                assert!(
                    foreign || !matches!(failure, ConnectError::ReaderPanicked { .. }),
                    "{file}, seed {seed}: {message}"
                );
            }
        }
    }
}

#[test]
fn damaged_text_never_panics() {
    let text =
        "id;nome;valor;dia\n1;\"São; João\";1.234,56;01/02/2026\n2;Ana;0,5;31/12/2025\n3;Rui;7;02/01/2026\n"
            .repeat(5);
    check("a.csv", text.as_bytes(), 1500);
    check("b.csv.gz", &gzip(text.as_bytes()), 500);
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    check("c.csv", &utf16, 300);
    check(
        "d.jsonl",
        &b"{\"id\": 1, \"v\": 1.5e3, \"t\": \"2026-01-01T00:00:00Z\", \"x\": [1, {}]}\n".repeat(5),
        1000,
    );
}

#[test]
fn damaged_workbooks_and_parquet_never_panic() {
    check("a.xlsx", &crate::xlsx::workbook(&[&["id", "nome"], &["1", "Ana"], &["2", "Rui"]]), 300);
    let ids: ArrayRef = Arc::new(Int64Array::from((0..500).collect::<Vec<_>>()));
    let names: ArrayRef =
        Arc::new(StringArray::from((0..500).map(|at| format!("nome {at}")).collect::<Vec<_>>()));
    check("b.parquet", &crate::parquet::file_of(vec![("id", ids), ("nome", names)]), 300);
}
