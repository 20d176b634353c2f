//! What changes after it was read.

use simulators::servers::{DealEdit, System};

use super::account::{Lake, assert_streams, served, source, world};

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
    world.edit_deal(open[2], DealEdit::Amount(12_345_67)).unwrap();
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
    let next = super::account::source_of(&running.url(), serde_json::json!({"since": since}));
    let mut lake = Lake::default();
    lake.read(&next, "deals").await.unwrap();
    let ledger = world.ledger(System::Ploomes, "Deals").unwrap();
    // Days of the ledger are Brazil's, and so is the day in the settings.
    let later = ledger.iter().filter(|row| row.stamp.as_deref().unwrap() >= since).count();
    assert_eq!(lake.rows("deals").len(), later);
    assert!(later > 0 && later < ledger.len());
}
