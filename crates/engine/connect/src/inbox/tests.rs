//! What an inbox promises, held against the files it leaves.

use std::io::Write;

use super::*;

fn inbox(dir: &Path) -> Inbox {
    Inbox::new(dir.join("inbox/loja"), InboxLimits::default())
}

fn bodies(inbox: &Inbox, after: u64) -> Vec<String> {
    inbox
        .after(after)
        .unwrap()
        .map(|item| match item.unwrap() {
            Item::Delivery(delivery) => String::from_utf8(delivery.body).unwrap(),
            Item::Damaged { at, bytes, .. } => format!("damaged at {at}, {bytes} bytes"),
        })
        .collect()
}

fn files(inbox: &Inbox) -> Vec<PathBuf> {
    segments::list(inbox.dir()).unwrap().into_iter().map(|segment| segment.path).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_come_together_share_syncs_and_are_read_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let inbox = Arc::new(inbox(dir.path()));
    let appended = (0..500).map(|number| {
        let inbox = inbox.clone();
        tokio::spawn(async move { inbox.append("", format!("{number}").as_bytes()).await.unwrap() })
    });
    let mut sequences = Vec::new();
    for task in appended.collect::<Vec<_>>() {
        sequences.push(task.await.unwrap());
    }
    let mut sorted = sequences.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), 500, "no number is given twice");
    let read = bodies(&inbox, 0);
    assert_eq!(read.len(), 500);
    for (number, sequence) in sequences.iter().enumerate() {
        let place = sorted.binary_search(sequence).unwrap();
        assert_eq!(read[place], number.to_string());
    }
    let counts = inbox.figures();
    assert_eq!(counts.deliveries, 500);
    assert!(counts.syncs < 500, "{} syncs", counts.syncs);
    assert_eq!(bodies(&inbox, sorted[497]).len(), 2);
}

#[tokio::test]
async fn a_torn_end_is_cut_off_and_numbers_go_on_beyond_it() {
    let dir = tempfile::tempdir().unwrap();
    let first = inbox(dir.path());
    let one = first.append("", b"one").await.unwrap();
    let two = first.append("", b"two").await.unwrap();
    drop(first);
    let again = inbox(dir.path());
    let file = files(&again).pop().unwrap();
    let whole = std::fs::metadata(&file).unwrap().len();
    let torn = std::fs::OpenOptions::new().append(true).open(&file);
    torn.unwrap().write_all(b"\xF7MIR\x40\x00\x00\x00torn").unwrap();
    assert_eq!(bodies(&again, 0), ["one", "two"], "before the writer has mended it");

    let three = retried(&again, b"three").await;
    assert_eq!(std::fs::metadata(&file).unwrap().len(), whole, "the torn end is gone");
    assert_eq!(bodies(&again, 0), ["one", "two", "three"]);
    assert!(one < two && two + 1000 < three, "a number that a reader may have seen is not given again");
}

/// The lock of a writer that was dropped goes with its thread, which may take a moment.
async fn retried(inbox: &Inbox, body: &[u8]) -> u64 {
    for _ in 0..500 {
        match inbox.append("", body).await {
            Err(InboxError::Taken { .. }) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            other => return other.unwrap(),
        }
    }
    panic!("the lock is never let go")
}

#[tokio::test]
async fn a_folder_that_was_lost_begins_beyond_all_former_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let first = inbox(dir.path());
    let before = first.append("", b"one").await.unwrap();
    drop(first);
    std::fs::remove_dir_all(dir.path().join("inbox")).unwrap();
    assert!(inbox(dir.path()).append("", b"two").await.unwrap() > before);
}

#[tokio::test]
async fn damage_in_the_middle_is_told_and_what_follows_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let inbox = inbox(dir.path());
    for body in ["one", "two", "three"] {
        inbox.append("", body.as_bytes()).await.unwrap();
    }
    let file = files(&inbox).pop().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let at = memchr::memmem::find(&bytes, b"two").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let read = bodies(&inbox, 0);
    assert_eq!((read[0].as_str(), read[2].as_str()), ("one", "three"));
    assert!(read[1].starts_with("damaged at 35,"), "{read:?}");
}

#[tokio::test]
async fn a_full_inbox_refuses_until_what_was_landed_is_released() {
    let dir = tempfile::tempdir().unwrap();
    let limits = InboxLimits { total: 4096, segment: 1024, waiting: 8 };
    let inbox = Inbox::new(dir.path().join("loja"), limits);
    let mut last = 0;
    let refused = loop {
        match inbox.append("", &[b'x'; 500]).await {
            Ok(sequence) => last = sequence,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, InboxError::Full { .. }), "{refused}");
    let kept = bodies(&inbox, 0).len();
    assert_eq!((kept, files(&inbox).len()), (7, 4));

    inbox.release(last - 4).unwrap();
    assert_eq!(bodies(&inbox, 0).len(), 5, "only whole segments go");
    assert!(inbox.append("", &[b'x'; 500]).await.is_ok());
    let last = inbox.append("", b"last").await.unwrap();
    inbox.release(last).unwrap();
    assert_eq!(files(&inbox).len(), 1, "an empty one takes the newest one's place");
    assert!(bodies(&inbox, 0).is_empty());
    assert_eq!(inbox.append("", b"next").await.unwrap(), last + 1);
    assert_eq!(bodies(&inbox, last), ["next"]);
}

#[tokio::test]
async fn another_writer_is_refused_and_another_reader_reads_and_releases() {
    let dir = tempfile::tempdir().unwrap();
    let limits = InboxLimits { segment: 1, ..InboxLimits::default() };
    let (writer, other) =
        (Inbox::new(dir.path().join("loja"), limits), Inbox::new(dir.path().join("loja"), limits));
    let one = writer.append("", b"one").await.unwrap();
    let two = writer.append("{}", b"two").await.unwrap();
    assert!(matches!(other.append("", b"x").await, Err(InboxError::Taken { .. })));
    assert_eq!(bodies(&other, one), ["two"]);
    other.release(two).unwrap();
    assert_eq!(bodies(&other, 0), ["two"], "the newest segment is the writer's");
    writer.append("", b"three").await.unwrap();
    assert_eq!(bodies(&writer, one), ["two", "three"]);
}

#[tokio::test]
async fn a_disk_that_refuses_is_an_error_and_later_deliveries_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("loja");
    std::fs::write(&place, "a file where the folder should be").unwrap();
    let inbox = Inbox::new(place.clone(), InboxLimits::default());
    assert!(matches!(inbox.append("", b"one").await, Err(InboxError::Disk { .. })));
    std::fs::remove_file(&place).unwrap();
    inbox.append("", b"two").await.unwrap();
    assert_eq!(bodies(&inbox, 0), ["two"]);
    assert!(matches!(inbox.append("", &vec![0; PAYLOAD_BYTES + 1]).await, Err(InboxError::TooLarge { .. })));
}

#[tokio::test]
async fn a_folder_that_is_removed_while_it_is_written_takes_no_later_delivery_along() {
    let dir = tempfile::tempdir().unwrap();
    let inbox = inbox(dir.path());
    let one = inbox.append("", b"one").await.unwrap();
    std::fs::remove_dir_all(inbox.dir()).unwrap();
    assert!(inbox.append("", b"two").await.unwrap() > one);
    assert_eq!(bodies(&inbox, one), ["two"]);
}
