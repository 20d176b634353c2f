//! Only what is new or changed is read again.

use connect::{LandHint, StreamState};
use serde_json::json;

use crate::folder::{Folder, Table, read};

/// Reads a stream and notes everything as landed.
fn land(folder: &Folder, state: &mut StreamState) -> (Vec<(String, LandHint, String)>, usize) {
    land_with(folder, state, json!({}))
}

fn land_with(
    folder: &Folder,
    state: &mut StreamState,
    options: serde_json::Value,
) -> (Vec<(String, LandHint, String)>, usize) {
    let reading = read(&folder.source_with(options), "v", None, state);
    assert!(reading.failures.is_empty());
    let mut landed = Vec::new();
    for piece in reading.pieces {
        landed.push((piece.file.clone(), piece.hint.clone(), piece.batch_id.clone()));
        state.set(piece.mark.clone().unwrap());
        Table::of(vec![piece]).unwrap();
    }
    for skipped in reading.skipped {
        state.set(skipped.mark);
    }
    (landed, reading.unchanged)
}

fn replace(file: &str) -> LandHint {
    LandHint::Replace { column: "_mirante_file".to_owned(), value: file.to_owned() }
}

#[test]
fn only_new_and_changed_files_are_read() {
    let folder = Folder::new();
    folder.write("v/1.csv", "a\n1\n");
    folder.write("v/2.csv", "a\n2\n");
    let mut state = StreamState::default();
    let (first, _) = land(&folder, &mut state);
    assert_eq!(
        first.iter().map(|(file, hint, _)| (file.as_str(), hint.clone())).collect::<Vec<_>>(),
        [("v/1.csv", LandHint::Append), ("v/2.csv", LandHint::Append)]
    );
    // The state survives as JSON.
    let json = serde_json::to_string(&state).unwrap();
    state = serde_json::from_str(&json).unwrap();
    assert_eq!(land(&folder, &mut state), (vec![], 2));
    folder.write("v/2.csv", "a\n2\n22\n");
    folder.write("v/3.csv", "a\n3\n");
    let (second, unchanged) = land(&folder, &mut state);
    assert_eq!(unchanged, 1);
    assert_eq!(second[0].1, replace("v/2.csv"));
    assert_eq!(second[1].1, LandHint::Append);
    assert_ne!(second[0].2, first[1].2);
}

#[test]
fn a_new_file_of_an_existing_table_replaces_what_a_crash_may_have_left() {
    let folder = Folder::with("v/1.csv", "a\n1\n");
    let first = read(&folder.source(), "v", None, &StreamState::default()).pieces.remove(0);
    assert_eq!(first.hint, LandHint::Append);
    // Landed, then killed before the mark was kept; and the file has changed since.
    folder.write("v/1.csv", "a\n1\n2\n");
    let second =
        read(&folder.source(), "v", Some(first.schema.clone()), &StreamState::default()).pieces.remove(0);
    assert_eq!(second.hint, replace("v/1.csv"));
    assert_ne!(second.batch_id, first.batch_id);
}

#[test]
fn a_repeated_reading_has_the_same_batch_ids() {
    let folder = Folder::with("v/1.csv", "a\n1\n");
    let (once, _) = land(&folder, &mut StreamState::default());
    let (twice, _) = land(&folder, &mut StreamState::default());
    assert_eq!(once, twice);
}

#[test]
fn a_touched_file_is_no_news() {
    let folder = Folder::with("v/1.csv", "a\n1\n");
    let mut state = StreamState::default();
    land(&folder, &mut state);
    let later = std::time::SystemTime::now() + std::time::Duration::from_mins(1);
    std::fs::File::options().write(true).open(folder.path("v/1.csv")).unwrap().set_modified(later).unwrap();
    assert_eq!(land(&folder, &mut state), (vec![], 0));
    assert_eq!(land(&folder, &mut state), (vec![], 1));
}

#[test]
fn content_that_comes_back_is_landed_again() {
    let folder = Folder::with("v/1.csv", "a\n1\n");
    let mut state = StreamState::default();
    let (first, _) = land(&folder, &mut state);
    folder.write("v/1.csv", "a\n1\n2\n");
    land(&folder, &mut state);
    folder.write("v/1.csv", "a\n1\n");
    let (third, _) = land(&folder, &mut state);
    assert_eq!(third[0].1, replace("v/1.csv"));
    assert_ne!(third[0].2, first[0].2);
}

#[test]
fn changed_options_are_a_reason_to_read_again() {
    let folder = Folder::with("v/1.csv", "a\n1\n");
    let mut state = StreamState::default();
    land(&folder, &mut state);
    let (again, _) = land_with(&folder, &mut state, json!({"all": {"columns": {"a": "text"}}}));
    assert_eq!(again[0].1, replace("v/1.csv"));
}

#[test]
fn files_without_rows_are_skipped_and_watched() {
    let folder = Folder::with("v/1.csv", "");
    folder.write("v/2.csv", "a;b\n");
    let mut state = StreamState::default();
    let reading = read(&folder.source(), "v", None, &state);
    assert!(reading.pieces.is_empty() && reading.failures.is_empty());
    let reasons: Vec<_> = reading.skipped.iter().map(|it| (it.file.as_str(), it.reason.as_str())).collect();
    assert_eq!(reasons, [("v/1.csv", "it is empty"), ("v/2.csv", "it has column names but no rows yet")]);
    for skipped in reading.skipped {
        state.set(skipped.mark);
    }
    assert_eq!(land(&folder, &mut state), (vec![], 2));
    folder.write("v/2.csv", "a;b\n1;2\n");
    assert_eq!(land(&folder, &mut state).0.len(), 1);
}

#[test]
fn a_file_that_lost_its_content_is_an_error_and_a_deleted_one_is_told() {
    let folder = Folder::with("v/1.csv", "a\n1\n");
    folder.write("v/2.csv", "a\n2\n");
    let mut state = StreamState::default();
    land(&folder, &mut state);
    folder.write("v/1.csv", "");
    std::fs::remove_file(folder.path("v/2.csv")).unwrap();
    let reading = read(&folder.source(), "v", None, &state);
    assert!(reading.failures[0].to_string().contains("`v/1.csv` became empty"));
    assert_eq!(reading.gone, ["v/2.csv"]);
    assert!(reading.pieces.is_empty());
}

#[test]
fn a_file_that_lost_its_rows_replaces_them_with_none() {
    let folder = Folder::with("v/1.csv", "a\n1\n");
    let mut state = StreamState::default();
    let reading = read(&folder.source(), "v", None, &state);
    let schema = reading.pieces[0].schema.clone();
    state.set(reading.pieces[0].mark.clone().unwrap());
    folder.write("v/1.csv", "a\n");
    let reading = read(&folder.source(), "v", Some(schema), &state);
    assert_eq!(reading.pieces[0].hint, replace("v/1.csv"));
    assert!(Table::of(reading.pieces).unwrap().rows.is_empty());
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let folder = Folder::with("v/1.csv", "a\n1\n");
    let reading = read(&folder.source(), "v", None, &StreamState::default());
    folder.write("v/1.csv", "a\n1\n2\n");
    let error = Table::of(reading.pieces).unwrap_err();
    assert!(error.to_string().contains("`v/1.csv` changed while it was being read"));
}
