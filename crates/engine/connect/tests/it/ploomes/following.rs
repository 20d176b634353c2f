//! What changes after it was read.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use simulators::servers::{DealEdit, System};

use super::account::{Lake, assert_streams, served, source, source_of, world};
use super::scripted::{page, scripted};

#[tokio::test]
async fn changed_and_new_deals_come_and_no_others() {
    let world = world();
    let running = served(&world).await;
    let mut lake = Lake::default();
    lake.sync_some(&source(&running), &["contacts", "deals"]).await;
    let open: Vec<i64> = lake
        .rows("deals")
        .iter()
        .filter(|row| row["status_id"] == "1")
        .map(|row| row["id"].parse().unwrap())
        .collect();
    world.edit_deal(open[0], DealEdit::Win).unwrap();
    world.edit_deal(open[1], DealEdit::Lose(2)).unwrap();
    world.edit_deal(open[2], DealEdit::Amount(1_234_567)).unwrap();
    let contact = lake.ids("contacts")[0];
    let new = world.create_deal(contact, 990_000).unwrap();

    let next = source(&running);
    let brought = lake.read(&next, "deals").await.unwrap();
    assert_eq!((brought.pieces, brought.rows), (1, 4));
    assert_eq!(lake.row("deals", open[0])["status_id"], "2");
    assert_eq!(lake.row("deals", open[2])["amount"], "12345.670000");
    assert_eq!(lake.row("deals", new)["amount"], "9900.000000");
    assert_streams(&lake, &world, &next, &["deals"]).await;
    assert_eq!(lake.read(&next, "deals").await.unwrap().rows, 0, "the overlap is not landed again");
}

#[tokio::test]
async fn days_that_pass_come_with_everything_that_happened_on_them() {
    let world = world();
    let running = served(&world).await;
    let mut lake = Lake::default();
    lake.read(&source(&running), "deals").await.unwrap();
    for _ in 0..3 {
        world.advance(2).unwrap();
        let next = source(&running);
        lake.read(&next, "deals").await.unwrap();
        assert_streams(&lake, &world, &next, &["deals"]).await;
    }
}

#[tokio::test]
async fn since_leaves_out_what_has_not_changed_since() {
    let world = world();
    let running = served(&world).await;
    let since = "2026-05-01";
    let next = source_of(&running.url(), &json!({"since": since}));
    let mut lake = Lake::default();
    lake.read(&next, "deals").await.unwrap();
    let ledger = world.ledger(System::Ploomes, "Deals").unwrap();
    // Days of the ledger are Brazil's, and so is the day in the settings.
    let later = ledger.iter().filter(|row| row.stamp.as_deref().unwrap() >= since).count();
    assert_eq!(lake.rows("deals").len(), later);
    assert!(later > 0 && later < ledger.len());
}

#[tokio::test]
async fn records_that_become_visible_late_come_all_the_same() {
    static ROUND: AtomicUsize = AtomicUsize::new(0);
    let server = scripted(|target| {
        let mut rows = vec![json!({"Id": 1, "LastUpdateDate": "2026-03-20T15:37:10.183-03:00"})];
        if ROUND.load(Ordering::SeqCst) > 0 {
            // Written down four minutes before the first, seen only now.
            rows.push(json!({"Id": 2, "LastUpdateDate": "2026-03-20T15:33:10.183-03:00"}));
        }
        page(target, if target.starts_with("Deals") { &rows } else { &[] }, 300)
    })
    .await;
    let mut lake = Lake::default();
    for (round, ids) in [(0, vec![1]), (1, vec![1, 2])] {
        ROUND.store(round, Ordering::SeqCst);
        assert_eq!(lake.read(&source_of(&server.url, &json!({})), "deals").await.unwrap().rows, 1);
        assert_eq!(lake.ids("deals"), ids);
    }
}

#[tokio::test]
async fn documents_that_change_between_two_pages_keep_their_newest_lines_only() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let server = scripted(|target| {
        if !target.starts_with("Quotes") {
            return page(target, &[], 300);
        }
        // After the first page the first quote is given another line.
        let changed = ASKED.fetch_add(1, Ordering::SeqCst) > 0;
        let (at, line) = if changed { ("2026-03-20T16:00:00.000-03:00", 9) } else { ("2026-03-20T15:00:00.000-03:00", 7) };
        let quote = |id: i64, at: &str, line: i64| {
            json!({"Id": id, "LastUpdateDate": at, "Products": [{"Id": line, "Total": 1}, {"Id": line + 10, "Total": 2}]})
        };
        let other = |id: i64| quote(id, &format!("2026-03-20T15:0{id}:00.000-03:00"), 100 * id);
        page(target, &[quote(1, at, line), other(2), other(3), other(4)], 2)
    })
    .await;
    let mut lake = Lake::default();
    lake.read(&source_of(&server.url, &json!({"page": 2})), "quotes").await.unwrap();
    let of_first: Vec<String> = lake
        .rows("quote_products")
        .into_iter()
        .filter(|row| row["quote_id"] == "1")
        .map(|row| row["id"].clone())
        .collect();
    assert_eq!(of_first, ["19", "9"]);
    assert_eq!((lake.ids("quotes").len(), lake.rows("quote_products").len()), (4, 8));
}

#[tokio::test]
async fn a_server_that_gives_fewer_rows_than_asked_for_is_read_to_its_end() {
    let rows: Vec<Value> = (1..=20)
        .map(|id| json!({"Id": id, "Name": "x", "LastUpdateDate": format!("2026-03-20T15:{:02}:00.000-03:00", id / 2)}))
        .collect();
    let server =
        scripted(move |target| page(target, if target.starts_with("Fields") { &[] } else { &rows }, 3)).await;
    let mut lake = Lake::default();
    let source = source_of(&server.url, &json!({}));
    for stream in ["contacts", "loss_reasons"] {
        lake.read(&source, stream).await.unwrap();
        let mut ids = lake.ids(stream);
        ids.sort_unstable();
        assert_eq!(ids, (1..=20).collect::<Vec<_>>(), "{stream}");
    }
}
