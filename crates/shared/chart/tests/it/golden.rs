//! Every sample equals its golden file, byte for byte.
//!
//!     MIRANTE_GOLDEN=write cargo test -p chart        rewrites them; look at the gallery before committing
//!
//! Invariant: a golden file without a sample fails too.

use crate::page;
use crate::samples::{self, Sample};
use chart::{Drawing, Text, draw, words};
use std::collections::BTreeSet;
use std::{env, fs, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn drawn(sample: &Sample) -> Drawing {
    let tick = |value: f64, step: f64| sample.axis.tick(value, step);
    draw(&sample.spec, &Text { words: &words::PT_BR, tick: &tick })
}

/// One mark per line, so that a difference can be read.
fn readable(drawing: &Drawing) -> String {
    let rows = drawing.table.rows.len();
    let html = drawing.html.replace("><", ">\n<");
    format!(
        "<!-- {} · {rows} rows · {} x -->\n{html}\n",
        drawing.summary.replace("--", "-"),
        drawing.focus.len()
    )
}

#[test]
fn every_sample_equals_its_golden_file() {
    let write = env::var("MIRANTE_GOLDEN").is_ok_and(|value| value == "write");
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for sample in samples::all() {
        let actual = readable(&drawn(&sample));
        let name = format!("{}.html", sample.name);
        let path = folder().join(&name);
        if write {
            fs::write(&path, &actual).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected != actual {
            let line = expected.lines().zip(actual.lines()).position(|(a, b)| a != b).unwrap_or(0);
            let at = |text: &str| text.lines().nth(line).unwrap_or_default().to_owned();
            wrong.push(format!("{name}:{}\n  golden {}\n  actual {}", line + 1, at(&expected), at(&actual)));
        }
        assert!(names.insert(name), "`{}` is used twice", sample.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, names, "golden files and samples differ");
}

#[test]
fn every_sample_is_well_formed_and_has_a_table() {
    for sample in samples::all() {
        let drawing = drawn(&sample);
        page::with_tree(&drawing.html, |_| ());
        page::with_tree(&drawing.table.html(), |_| ());
        assert!(!drawing.summary.is_empty(), "`{}` has no summary", sample.name);
        let width = drawing.table.headers.len();
        assert!(drawing.table.rows.iter().all(|row| row.len() == width), "`{}`", sample.name);
        assert!(drawing.empty || !drawing.table.rows.is_empty(), "`{}`", sample.name);
    }
}

#[test]
fn waterfall_rows_sum_to_the_difference_in_the_shown_digits() {
    let sample = samples::all().into_iter().find(|sample| sample.name == "waterfall").unwrap();
    let rows = drawn(&sample).table.rows;
    let hundredths = |text: &str| -> i64 {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let size: i64 = digits.parse().unwrap();
        if text.starts_with('\u{2212}') { -size } else { size }
    };
    let [start, effects @ .., end] = rows.as_slice() else { panic!("{rows:?}") };
    let sum: i64 = effects.iter().map(|row| hundredths(&row[1])).sum();
    assert_eq!(hundredths(&start[1]) + sum, hundredths(&end[1]), "{rows:?}");
    assert_eq!(effects.len(), 7);
}
