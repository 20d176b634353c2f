//! Windows, flags and digests without a server.

use super::*;
use crate::sources::sap_b1::catalogue::{Entity, entities};
use crate::sources::sap_b1::custom::CustomFields;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn entity(stream: &str) -> Entity {
    entities(&CustomFields::new()).into_iter().find(|entity| entity.stream() == stream).unwrap()
}

fn seen<'a>(key: &'a Key, day: &str, digest: &str) -> Seen<'a> {
    Seen { key, day: Some(day.parse().unwrap()), digest: digest.to_owned() }
}

fn filter(progress: &mut Progress, stream: &str, today: &str, first_day: Option<&str>) -> Option<String> {
    let entity = entity(stream);
    let back = days_back(&entity.follow, 3);
    let window = progress.window(day(today), back, false).clone();
    window.filter(&entity.follow, entity.key, first_day.map(day))
}

#[test]
fn first_windows_read_everything_or_from_the_first_day() {
    assert_eq!(filter(&mut Progress::default(), "invoices", "2026-07-02", None), None);
    for (stream, expected) in [
        ("invoices", Some("DocDate ge '2024-01-01'")),
        ("incoming_payments", Some("DocDate ge '2024-01-01'")),
        ("journal_entries", Some("ReferenceDate ge '2024-01-01'")),
        ("items", None),
    ] {
        let found = filter(&mut Progress::default(), stream, "2026-07-02", Some("2024-01-01"));
        assert_eq!(found.as_deref(), expected, "{stream}");
    }
}

#[test]
fn next_window_starts_a_day_before_the_newest_change_whatever_the_clock_says() {
    let mut progress = Progress::default();
    progress.window(day("2026-07-02"), 1, false);
    progress.note(seen(&Key::Number(5), "2026-06-30", "a"), 1);
    progress.note(seen(&Key::Number(6), "2026-06-12", "b"), 1);
    progress.end_window(false);
    let expected = "(CreationDate ge '2026-06-29' or UpdateDate ge '2026-06-29')";
    assert_eq!(
        filter(&mut progress, "invoices", "2026-07-03", Some("2024-01-01")).as_deref(),
        Some(expected)
    );
}

#[test]
fn a_day_in_the_future_does_not_hide_what_comes_before_it() {
    let mut progress = Progress::default();
    progress.window(day("2026-07-02"), 1, false);
    progress.note(seen(&Key::Number(5), "2062-01-01", "a"), 1);
    progress.end_window(false);
    let expected = "(CreationDate ge '2026-07-01' or UpdateDate ge '2026-07-01')";
    assert_eq!(filter(&mut progress, "orders", "2026-07-09", None).as_deref(), Some(expected));
}

#[test]
fn numbered_entities_are_followed_by_key_and_the_last_days_again() {
    let mut progress = Progress::default();
    progress.window(day("2026-07-09"), 3, false);
    progress.note(seen(&Key::Number(9), "2026-06-30", "a"), 3);
    progress.note(seen(&Key::Number(7), "2026-06-29", "b"), 3);
    progress.end_window(true);
    let found = filter(&mut progress, "incoming_payments", "2026-07-09", None);
    assert_eq!(found.as_deref(), Some("(DocEntry gt 9 or DocDate ge '2026-06-27')"));
}

#[test]
fn rows_that_come_again_as_they_were_are_no_news() {
    let mut progress = Progress::default();
    let (five, six) = (Key::Number(5), Key::Number(6));
    for (key, at, digest, news) in [
        (&five, "2026-06-30", "a", true),
        (&six, "2026-07-01", "b", true),
        (&six, "2026-07-01", "b", false),
        (&six, "2026-07-01", "c", true),
        (&five, "2026-06-30", "a", false),
        // Older than the next window reaches: not remembered, so always landed.
        (&five, "2026-06-29", "a", true),
        (&five, "2026-06-29", "a", true),
    ] {
        progress.window(day("2026-07-02"), 1, false);
        assert_eq!(progress.note(seen(key, at, digest), 1), news, "{key} {at} {digest}");
        progress.end_window(false);
    }
}

#[test]
fn a_mark_read_back_goes_on_where_it_was_and_another_question_starts_anew() {
    let mut progress = Progress::resumed(None, "asked".to_owned());
    progress.window(day("2026-07-02"), 1, false).after = Some(Key::Number(41));
    progress.flag(&Key::Number(7), true);
    progress.note(seen(&Key::Number(41), "2026-07-01", "a"), 1);
    let mark = progress.mark().unwrap();
    let mut again = Progress::resumed(Some(&mark), "asked".to_owned());
    assert_eq!(again, progress);
    assert_eq!(again.window(day("2026-07-05"), 1, false).after, Some(Key::Number(41)));
    assert!(Progress::resumed(Some(&mark), "more columns".to_owned()).window.is_none());
    assert!(Progress::resumed(Some(&serde_json::json!({"window": 7})), "asked".to_owned()).window.is_none());
}

#[test]
fn flagged_rows_are_found_between_two_keys() {
    let mut progress = Progress::default();
    for key in [3, 5, 8, 13] {
        progress.flag(&Key::Number(key), true);
    }
    progress.flag(&Key::Number(8), false);
    let (three, nine) = (Key::Number(3), Key::Number(9));
    assert_eq!(progress.flagged_between(None, Some(&nine)), [3, 5]);
    assert_eq!(progress.flagged_between(Some(&three), None), [5, 13]);
}

#[test]
fn going_back_starts_the_next_window_with_that_day_and_forgets_what_was_seen() {
    let mut progress = Progress::default();
    progress.window(day("2026-07-02"), 1, false);
    progress.note(seen(&Key::Number(7), "2026-07-01", "a"), 1);
    assert_eq!(progress.clone().back_to(Some(day("2024-01-01")), 1), progress, "everything is being read");
    progress.end_window(false);
    let mut back = progress.clone().back_to(Some(day("2024-01-01")), 1);
    let asked = filter(&mut back, "invoices", "2026-07-02", None).unwrap();
    assert!(asked.contains("ge '2024-01-01'"), "{asked}");
    assert!(back.note(seen(&Key::Number(7), "2026-07-01", "a"), 1), "it comes again");
    let later = progress.clone().back_to(Some(day("2026-12-01")), 1);
    assert_eq!(later.newest, progress.newest, "never forward");
    assert!(!progress.back_to(None, 1).has_rows(), "the whole of it");
}
