//! Answers that a well-behaved service does not give, and syncs that are stopped at any page.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::company::Lake;
use super::scripted::{Scripted, answer, document, door, page, refused, scripted};

type Documents = Arc<Mutex<Vec<Value>>>;

/// A company of orders alone; the question for rows with this number is refused.
async fn orders(documents: &Documents, refuse: Arc<AtomicUsize>) -> Scripted {
    let documents = documents.clone();
    scripted(move |asked| {
        if let Some(answer) = door(asked) {
            return answer;
        }
        if refuse.fetch_sub(1, Ordering::SeqCst) == 1 {
            return refused("403 Forbidden", -5002, "You are not permitted to perform this action.");
        }
        page(asked, &documents.lock().unwrap())
    })
    .await
}

fn never() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(usize::MAX))
}

fn many() -> Documents {
    let days = ["2026-03-01", "2026-03-02", "2026-03-03"];
    let document = |entry: i64| document(entry, days[entry as usize * 3 / 24], entry % 3 == 0);
    Arc::new(Mutex::new((1..=23).map(document).collect()))
}

#[tokio::test]
async fn a_sync_stopped_at_any_page_goes_on_from_its_mark_to_the_same_end() {
    let documents = many();
    let mut whole = Lake::default();
    whole.read(&orders(&documents, never()).await.source(), "orders").await.unwrap();
    assert_eq!((whole.rows("orders").len(), whole.rows("order_lines").len()), (23, 46));
    // Five pages of all documents, then two of the open ones.
    for stop in 1..=7 {
        let refuse = Arc::new(AtomicUsize::new(stop));
        let server = orders(&documents, refuse.clone()).await;
        let mut lake = Lake::default();
        let error = lake.read(&server.source(), "orders").await.unwrap_err().to_string();
        assert!(error.contains("the authorisation to read it"), "{error}");
        refuse.store(usize::MAX, Ordering::SeqCst);
        let before = server.asked().len();
        lake.read(&server.source(), "orders").await.unwrap();
        assert_eq!(lake.all_tables(), whole.all_tables(), "stopped at page {stop}");
        if stop > 1 {
            let first = server.asked()[before..]
                .iter()
                .find(|asked| asked.path.starts_with("Orders"))
                .cloned()
                .unwrap();
            let goes_on = first.path.contains(&format!("DocEntry gt {}", 5 * (stop - 1))) || stop > 5;
            assert!(goes_on, "stopped at page {stop}: {}", first.path);
        }
        lake.pieces = 0;
        lake.read(&server.source(), "orders").await.unwrap();
        assert_eq!(lake.pieces, 0, "stopped at page {stop}");
    }
}

#[tokio::test]
async fn a_large_crawl_comes_in_pieces_and_goes_on_after_each() {
    let lines: Vec<Value> = (0..5_000).map(|line| json!({"LineNum": line, "LineTotal": 1.0})).collect();
    let large = |entry: i64| {
        let mut document = document(entry, "2026-03-01", false);
        document["DocumentLines"] = json!(lines);
        document
    };
    let documents: Documents = Arc::new(Mutex::new((1..=13).map(large).collect()));
    let server = orders(&documents, never()).await;
    let mut lake = Lake::default();
    // The lines and documents of two pages; then it is killed.
    lake.read_some(&server.source(), "orders", 2).await.unwrap();
    assert_eq!((lake.rows("orders").len(), lake.rows("order_lines").len()), (10, 50_000));
    let before = server.asked().len();
    lake.read(&server.source(), "orders").await.unwrap();
    assert_eq!((lake.rows("orders").len(), lake.rows("order_lines").len()), (13, 65_000));
    let asked = server.asked();
    let first = asked[before..].iter().find(|asked| asked.path.starts_with("Orders")).unwrap();
    assert!(first.path.contains("DocEntry gt 10"), "{}", first.path);
}

#[tokio::test]
async fn a_document_that_changes_behind_a_stopped_sync_comes_with_the_next_window() {
    let documents = many();
    let refuse = Arc::new(AtomicUsize::new(4));
    let server = orders(&documents, refuse.clone()).await;
    let mut lake = Lake::default();
    lake.read(&server.source(), "orders").await.unwrap_err();
    refuse.store(usize::MAX, Ordering::SeqCst);
    let changed = json!({"DocEntry": 2, "DocDate": "2026-03-01", "CreationDate": "2026-03-01", "UpdateDate": "2026-03-03",
        "DocTotal": 99.0, "DocumentStatus": "bost_Close", "DocumentLines": []});
    documents.lock().unwrap()[1] = changed;
    for _ in 0..2 {
        lake.read(&server.source(), "orders").await.unwrap();
    }
    let row = lake.rows("orders").into_iter().find(|row| row["doc_entry"] == "2").unwrap();
    assert_eq!(row["doc_total"], "99.000000");
    let left: Vec<_> = lake.rows("order_lines").into_iter().filter(|row| row["doc_entry"] == "2").collect();
    assert!(left.is_empty(), "its lines are gone with it: {left:?}");
}

#[tokio::test]
async fn a_full_page_without_a_link_is_gone_on_from_by_key() {
    let documents: Documents =
        Arc::new(Mutex::new((1..=10).map(|entry| document(entry, "2026-03-01", false)).collect()));
    let server = orders(&documents, never()).await;
    let mut lake = Lake::default();
    lake.read(&server.source(), "orders").await.unwrap();
    assert_eq!(lake.rows("orders").len(), 10);
    let asked: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert!(asked.iter().any(|path| path.contains("DocEntry gt 10")), "{asked:?}");
}

#[tokio::test]
async fn nothing_found_is_an_empty_entity() {
    let nothing = "No matching records found (ODBC -2028)";
    let server =
        scripted(move |asked| door(asked).unwrap_or_else(|| refused("404 Not Found", -2028, nothing))).await;
    let mut lake = Lake::default();
    lake.read(&server.source(), "orders").await.unwrap();
    assert!(lake.rows("orders").is_empty() && lake.rows("order_lines").is_empty());
}

#[tokio::test]
async fn an_entity_that_is_not_there_and_a_page_for_people_are_told() {
    for (body, status) in [("<html><h1>Welcome</h1></html>", "200 OK"), ("<html>", "404 Not Found")] {
        let server = scripted(move |asked| door(asked).unwrap_or_else(|| answer(status, body))).await;
        let error = Lake::default().read(&server.source(), "orders").await.unwrap_err().to_string();
        assert!(error.contains("did not answer `Orders` as it should"), "{error}");
        assert_eq!(server.count("Orders"), 1, "asking again would not help");
    }
    let server = scripted(|_| answer("200 OK", "<html>Sign in</html>")).await;
    let error = Lake::default().read(&server.source(), "orders").await.unwrap_err().to_string();
    assert!(error.contains("did not answer `Login` as it should") && error.contains("no session"), "{error}");
}

#[tokio::test]
async fn an_error_without_a_body_is_asked_again() {
    let failed = AtomicUsize::new(0);
    let server = scripted(move |asked| {
        door(asked).unwrap_or_else(|| match failed.fetch_add(1, Ordering::SeqCst) {
            0 => answer("500 Internal Server Error", ""),
            _ => page(asked, &[document(1, "2026-03-01", false)]),
        })
    })
    .await;
    let mut lake = Lake::default();
    lake.read(&server.source(), "orders").await.unwrap();
    assert_eq!(lake.rows("orders").len(), 1);
}

#[tokio::test]
async fn pages_that_do_not_lead_on_end_the_reading() {
    let rows: Vec<Value> = (1..=5).map(|entry| document(entry, "2026-03-01", false)).collect();
    let body = json!({"value": rows, "@odata.nextLink": "Orders?$skip=5"}).to_string();
    let server = scripted(move |asked| door(asked).unwrap_or_else(|| answer("200 OK", &body))).await;
    let error = Lake::default().read(&server.source(), "orders").await.unwrap_err().to_string();
    assert!(error.contains("the same row again"), "{error}");
    assert_eq!(server.count("Orders"), 2);
}

#[tokio::test]
async fn a_field_that_this_version_does_not_have_is_left_out() {
    let server = scripted(|asked| {
        door(asked).unwrap_or_else(|| {
            if asked.path.contains(",ClosingDate,") {
                return refused("400 Bad Request", -1000, "Property 'ClosingDate' of 'Document' is invalid");
            }
            page(asked, &[document(1, "2026-03-01", false)])
        })
    })
    .await;
    let mut lake = Lake::default();
    lake.read(&server.source(), "orders").await.unwrap();
    assert_eq!(lake.rows("orders").len(), 1);
    assert_eq!(server.count("Orders"), 3, "one refused, the window, the open ones");
}

#[tokio::test]
async fn user_tables_follow_links_and_keep_what_they_asked_for() {
    let row = |code: usize| json!({"Code": format!("{code:02}"), "Name": "x", "U_Valor": code as f64 / 2.0});
    let server = scripted(move |asked| {
        if let Some(answer) = door(asked) {
            return answer;
        }
        let skip = asked.path.split_once("$skip=").and_then(|(_, rest)| rest.split('&').next()?.parse().ok());
        let skip: usize = skip.unwrap_or(0);
        let rows: Vec<Value> = (skip..(skip + 2).min(5)).map(row).collect();
        let mut body = json!({ "value": rows });
        if skip + 2 < 5 {
            body["odata.nextLink"] = json!(format!("U_METAS?$skip={}", skip + 2));
        }
        answer("200 OK", &body.to_string())
    })
    .await;
    let mut given = server.settings();
    given["user_tables"] = json!("U_METAS");
    let mut lake = Lake::default();
    lake.read(&super::company::source_of(&given), "u_metas").await.unwrap();
    let codes: Vec<String> = lake.rows("u_metas").into_iter().map(|row| row["code"].clone()).collect();
    assert_eq!(codes, ["00", "01", "02", "03", "04"]);
    let asked: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(asked[2], "U_METAS?$skip=2&$orderby=Code");
}

#[tokio::test]
async fn partners_that_are_deleted_go_and_an_entity_that_loses_all_rows_is_told() {
    let partners: Arc<Mutex<Vec<Value>>> = Arc::default();
    let partner = |code: &str| json!({"CardCode": code, "CardName": "Ana", "CreateDate": "2026-03-01", "UpdateDate": null});
    partners.lock().unwrap().extend(["C1", "C2", "C3"].map(partner));
    let served = partners.clone();
    let server = scripted(move |asked| {
        door(asked)
            .unwrap_or_else(|| answer("200 OK", &json!({"value": *served.lock().unwrap()}).to_string()))
    })
    .await;
    let mut lake = Lake::default();
    lake.read(&server.source(), "business_partners").await.unwrap();
    assert_eq!(lake.rows("business_partners").len(), 3);
    partners.lock().unwrap().remove(1);
    lake.let_a_day_pass();
    lake.read(&server.source(), "business_partners").await.unwrap();
    let codes: Vec<String> =
        lake.rows("business_partners").into_iter().map(|row| row["card_code"].clone()).collect();
    assert_eq!(codes, ["C1", "C3"]);
    partners.lock().unwrap().clear();
    lake.let_a_day_pass();
    let error = lake.read(&server.source(), "business_partners").await.unwrap_err().to_string();
    assert!(error.contains("it has no rows any more"), "{error}");
    assert_eq!(lake.rows("business_partners").len(), 2);
}

#[tokio::test]
async fn the_parts_of_a_payment_are_added_up() {
    let payment = json!({"DocEntry": 7, "DocDate": "2026-03-01", "CashSum": 0.1, "TransferSum": 0.0, "Cancelled": "tNO",
        "PaymentChecks": [{"CheckSum": 0.1}, {"CheckSum": 0.2}], "PaymentCreditCards": [{"CreditSum": 9.9}],
        "PaymentInvoices": [{"LineNum": 0, "DocEntry": 30001, "InvoiceType": "it_Invoice", "SumApplied": 10.3}]});
    let server =
        scripted(move |asked| door(asked).unwrap_or_else(|| page(asked, std::slice::from_ref(&payment))))
            .await;
    let mut lake = Lake::default();
    lake.read(&server.source(), "incoming_payments").await.unwrap();
    let row = &lake.rows("incoming_payments")[0];
    assert_eq!((row["check_sum"].as_str(), row["credit_sum"].as_str()), ("0.300000", "9.900000"));
    let paid = &lake.rows("incoming_payment_invoices")[0];
    assert_eq!((paid["payment_doc_entry"].as_str(), paid["doc_entry"].as_str()), ("7", "30001"));
}
