//! Compressed files, whole, broken and hostile.

use std::io::Write;

use serde_json::json;

use crate::folder::Folder;

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn rows(count: usize) -> String {
    (0..count).fold("id;valor\n".to_owned(), |text, id| text + &format!("{id};{},5\n", id * 7919 % 10_007))
}

#[test]
fn gzip_and_zstd_of_every_format_are_read() {
    let folder = Folder::new();
    folder.write("a.csv.gz", gzip(b"id;nome\n1;Ana\n"));
    folder.write("b.csv.zst", zstd(b"id;nome\n1;Ana\n"));
    folder.write("c.jsonl.gz", gzip(b"{\"id\": 1, \"nome\": \"Ana\"}\n"));
    folder.write("d.xlsx.zst", zstd(&crate::xlsx::workbook(&[&["id", "nome"], &["1", "Ana"]])));
    folder.write("e.parquet.gz", gzip(&crate::parquet::people()));
    // Two members, as `cat a.gz b.gz` makes them.
    folder.write("f.csv.gz", [gzip(b"id;nome\n"), gzip(b"1;Ana\n")].concat());
    for stream in ["a", "b", "c", "d", "e", "f"] {
        assert_eq!(folder.read(stream).rows, ["1|Ana"], "{stream}");
    }
}

#[test]
fn truncated_files_are_refused_whole() {
    let folder = Folder::new();
    let (gz, zst) = (gzip(rows(5000).as_bytes()), zstd(rows(5000).as_bytes()));
    folder.write("a.csv.gz", &gz[..gz.len() / 2]);
    folder.write("b.csv.zst", &zst[..zst.len() / 2]);
    for stream in ["a", "b"] {
        let message = folder.failure(stream).to_string();
        assert!(
            message.contains("ends too early") && message.contains("copy or export it again"),
            "{message}"
        );
    }
}

#[test]
fn damaged_gzip_is_refused() {
    let mut gz = gzip(rows(5000).as_bytes());
    let end = gz.len() - 6;
    gz[end] ^= 0xff;
    let message = Folder::with("a.csv.gz", gz).failure("a").to_string();
    assert!(message.contains("`a.csv.gz`") && message.contains("copy or export it again"), "{message}");
}

#[test]
fn bombs_are_refused_by_ratio_and_by_size() {
    let bomb = format!("1;2;{}\n", "x".repeat(50_000)).repeat(1500);
    for (file, bytes) in [("a.csv.gz", gzip(bomb.as_bytes())), ("a.csv.zst", zstd(bomb.as_bytes()))] {
        assert!(bytes.len() < 1 << 20);
        let message = Folder::with(file, &bytes).failure("a").to_string();
        assert!(message.contains("limits.unpacked_ratio"), "{message}");
    }
    let gz = gzip(rows(50_000).as_bytes());
    let message = Folder::with("a.csv.gz", gz)
        .failure_with("a", json!({"limits": {"unpacked_bytes": 10_000}}))
        .to_string();
    assert!(message.contains("limits.unpacked_bytes"), "{message}");
}

#[test]
fn a_bomb_of_one_endless_line_is_refused_at_the_row_limit() {
    let bomb = gzip(&vec![b'x'; 60 << 20]);
    let message = Folder::with("a.csv.gz", bomb).failure("a").to_string();
    assert!(message.contains("row 1: the row has more than"), "{message}");
}
