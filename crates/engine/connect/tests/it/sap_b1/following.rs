//! Changes after the first crawl: edits, new and cancelled documents, payments that nothing tells of.

use connect::Source;
use serde_json::json;
use simulators::servers::{Key, Misbehaviour, System, World};

use super::company::{Lake, assert_rows, assert_same, expected, served, settings, source, source_of, world};

fn customer(world: &World) -> String {
    match &world.ledger(System::SapB1, "BusinessPartners").unwrap()[3].key {
        Key::Text(code) => code.clone(),
        Key::Number(number) => panic!("{number} is no code of a partner"),
    }
}

/// The oldest invoice that nobody has paid.
fn open_invoice(world: &World) -> i64 {
    let ledger = world.ledger(System::SapB1, "Invoices").unwrap();
    let row = ledger.iter().find(|row| row.fields["DocumentStatus"] == "bost_Open").unwrap();
    row.fields["DocEntry"].as_i64().unwrap()
}

#[tokio::test]
async fn new_changed_and_cancelled_documents_arrive_with_the_next_sync() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    let mut lake = Lake::default();
    assert!(lake.sync(&source).await.is_empty());
    let partner = customer(&world);
    let kept = world.post_order(&partner, None).unwrap();
    let order = world.post_order(&partner, None).unwrap();
    let invoice = world.post_invoice(order).unwrap();
    assert!(lake.sync(&source).await.is_empty());
    assert_same(&lake.all_tables(), &expected(&world, &source).await);
    world.cancel_invoice(invoice).unwrap();
    world.post_invoice(kept).unwrap();
    world.move_customer(&partner, 2).unwrap();
    world.post_expense(12_345);
    assert!(lake.sync(&source).await.is_empty());
    assert_same(&lake.all_tables(), &expected(&world, &source).await);
    let mirrors = lake.rows("invoices").iter().filter(|row| row["cancel_status"] == "csCancellation").count();
    assert!(mirrors > 0);
}

#[tokio::test]
async fn days_that_pass_with_business_arrive() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    let mut lake = Lake::default();
    assert!(lake.sync(&source).await.is_empty());
    for _ in 0..3 {
        world.advance(2).unwrap();
        lake.let_a_day_pass();
        assert!(lake.sync(&source).await.is_empty());
        assert_same(&lake.all_tables(), &expected(&world, &source).await);
    }
}

#[tokio::test]
async fn payments_move_invoices_that_tell_no_change_once_a_day() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    let mut lake = Lake::default();
    assert!(lake.sync(&source).await.is_empty());
    let open = open_invoice(&world);
    let payment = world.pay_invoice(open).unwrap();
    lake.read(&source, "invoices").await.unwrap();
    let paid = |lake: &Lake| {
        let row = lake.rows("invoices").into_iter().find(|row| row["doc_entry"] == open.to_string()).unwrap();
        (row["document_status"].clone(), row["paid_to_date"] != "0.000000")
    };
    assert_eq!(paid(&lake), ("bost_Open".to_owned(), false), "nothing tells of it on the same day");
    lake.let_a_day_pass();
    assert!(lake.sync(&source).await.is_empty());
    assert_eq!(paid(&lake), ("bost_Close".to_owned(), true));
    assert_same(&lake.all_tables(), &expected(&world, &source).await);
    // And back: the payment is cancelled, which reopens the invoice.
    world.cancel_payment(payment).unwrap();
    lake.let_a_day_pass();
    assert!(lake.sync(&source).await.is_empty());
    assert_same(&lake.all_tables(), &expected(&world, &source).await);
}

#[tokio::test]
async fn an_old_payment_that_is_cancelled_is_found_by_the_daily_look() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    let mut lake = Lake::default();
    lake.read(&source, "incoming_payments").await.unwrap();
    let ledger = world.ledger(System::SapB1, "IncomingPayments").unwrap();
    let old = ledger.iter().find(|row| row.fields["Cancelled"] == "tNO").unwrap();
    world.cancel_payment(old.fields["DocEntry"].as_i64().unwrap()).unwrap();
    lake.read(&source, "incoming_payments").await.unwrap();
    assert!(lake.rows("incoming_payments") != expected(&world, &source).await["incoming_payments"]);
    lake.let_a_day_pass();
    lake.pieces = 0;
    lake.read(&source, "incoming_payments").await.unwrap();
    assert_rows(
        "incoming_payments",
        &lake.rows("incoming_payments"),
        &expected(&world, &source).await["incoming_payments"],
    );
    assert_eq!(lake.pieces, 2, "the payment and what it pays");
}

#[tokio::test]
async fn a_payment_of_the_last_days_that_is_cancelled_is_found_at_once() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    let mut lake = Lake::default();
    let open = open_invoice(&world);
    let payment = world.pay_invoice(open).unwrap();
    lake.read(&source, "incoming_payments").await.unwrap();
    world.cancel_payment(payment).unwrap();
    lake.read(&source, "incoming_payments").await.unwrap();
    assert_rows(
        "incoming_payments",
        &lake.rows("incoming_payments"),
        &expected(&world, &source).await["incoming_payments"],
    );
}

#[tokio::test]
async fn rows_that_change_and_come_between_pages_are_not_lost() {
    let world = world();
    let server = served(&world).await;
    let mut given = settings(&server.url());
    given["page_size"] = json!(20);
    let source = source_of(&given);
    let mut lake = Lake::default();
    server.misbehave(Misbehaviour { page_shift: 0.5, ..Misbehaviour::default() });
    let before = world.ledger(System::SapB1, "Invoices").unwrap().len();
    for stream in ["orders", "invoices", "business_partners"] {
        lake.read(&source, stream).await.unwrap();
    }
    assert!(world.ledger(System::SapB1, "Invoices").unwrap().len() > before, "it did change meanwhile");
    server.misbehave(Misbehaviour::default());
    lake.let_a_day_pass();
    assert!(lake.sync(&source).await.is_empty());
    assert_same(&lake.all_tables(), &expected(&world, &source).await);
}

#[tokio::test]
async fn another_column_is_filled_for_what_was_read_before() {
    let world = world();
    let server = served(&world).await;
    let mut lake = Lake::default();
    lake.read(&source(&server), "orders").await.unwrap();
    let mut given = settings(&server.url());
    given["custom_fields"] = json!("orders: U_Canal");
    let wider = source_of(&given);
    lake.read(&wider, "orders").await.unwrap();
    assert_rows("orders", &lake.rows("orders"), &expected(&world, &wider).await["orders"]);
    assert!(lake.rows("orders").iter().all(|row| row.contains_key("u_canal")));
    wider.close().await;
}

#[tokio::test]
async fn a_table_that_was_dropped_is_filled_again() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    let mut lake = Lake::default();
    for stream in ["orders", "items", "projects"] {
        lake.read(&source, stream).await.unwrap();
        let before = lake.rows(stream);
        lake.drop_table(stream);
        lake.read(&source, stream).await.unwrap();
        assert_rows(stream, &lake.rows(stream), &before);
    }
}
