//! The company's own fields, and answers that the simulated CRM does not give.

use std::sync::atomic::{AtomicUsize, Ordering};

use connect::{CLASSIFICATION, ReadRequest, Source};
use futures::StreamExt;
use serde_json::{Value, json};

use super::account::{Lake, source_of};
use super::scripted::scripted;

fn listing(rows: &Value) -> (u16, Value) {
    (200, json!({"@odata.context": "https://public6-api2.ploomes.com/$metadata#X", "value": rows}))
}

fn field(key: &str, name: &str, native: &str, more: &Value) -> Value {
    let mut field = json!({"Key": key, "Name": name, "EntityId": 2, "Dynamic": true, "TypeId": 1,
        "Type": {"NativeType": native}, "OptionsTableId": null, "Multiple": false, "IsSensitiveData": false});
    field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    field
}

/// A deal as the API shows it: the first page, and nothing behind it.
fn deals(target: &str, rows: &Value) -> (u16, Value) {
    if target.contains("LastUpdateDate ge") { listing(&json!([])) } else { listing(rows) }
}

#[tokio::test]
async fn values_are_typed_and_sensitive_columns_are_marked() {
    let server = scripted(|target| match target.split('?').next().unwrap() {
        "Fields" => listing(&json!([
            field("deal_1", "Margem", "Decimal", &json!({})),
            field("deal_2", "Entrega", "DateTime", &json!({})),
            field("deal_3", "Recorrente", "Bool", &json!({})),
            field("deal_4", "Observação", "BigString", &json!({"IsSensitiveData": true})),
            field("deal_5", "Segmento", "Integer", &json!({"OptionsTableId": 9, "IsSensitiveData": true})),
            field("deal_6", "Title", "Integer", &json!({})),
        ])),
        _ => deals(
            target,
            &json!([{"Id": 1, "Title": "A", "Amount": 0.1, "LastUpdateDate": "2026-03-20T15:37:10.183-03:00",
            "OtherProperties": [
                {"FieldKey": "deal_1", "DecimalValue": 12.345_678_901},
                {"FieldKey": "deal_2", "DateTimeValue": "2026-03-07T12:39:44-03:00"},
                {"FieldKey": "deal_3", "BoolValue": true},
                {"FieldKey": "deal_4", "StringValue": null, "BigStringValue": "a\nb"},
                {"FieldKey": "deal_5", "IntegerValue": 77, "ObjectValueId": 77, "ObjectValueName": "Agro"},
                {"FieldKey": "deal_6", "IntegerValue": 3},
            ]}]),
        ),
    })
    .await;
    let source = source_of(&server.url, &json!({}));
    let mut lake = Lake::default();
    lake.read(&source, "deals").await.unwrap();
    let row = lake.row("deals", 1);
    let shown =
        ["margem", "entrega", "recorrente", "observacao", "segmento_id", "segmento", "title", "title_2"];
    assert_eq!(
        shown.map(|column| row[column].as_str()),
        ["12.345679", "2026-03-07T15:39:44Z", "true", "a\nb", "77", "Agro", "A", "3"]
    );
    let mut reading =
        source.read(ReadRequest { stream: "deals".into(), ..Default::default() }).await.unwrap();
    let schema = reading.pieces.next().await.unwrap().unwrap().schema;
    let mut marked: Vec<&str> = schema
        .fields()
        .iter()
        .filter(|field| field.metadata().get(CLASSIFICATION).is_some_and(|class| class == "restrito"))
        .map(|field| field.name().as_str())
        .collect();
    marked.sort_unstable();
    assert_eq!(marked, ["observacao", "segmento", "segmento_id"]);
}

#[tokio::test]
async fn renamed_options_change_a_dimension_and_renamed_fields_keep_their_column() {
    static ROUND: AtomicUsize = AtomicUsize::new(0);
    let server = scripted(|target| {
        let later = ROUND.load(Ordering::SeqCst) > 0;
        match target.split('?').next().unwrap() {
            "Fields" => {
                let name = if later { "Ramo" } else { "Segmento" };
                listing(&json!([field("deal_5", name, "Integer", &json!({"OptionsTableId": 9}))]))
            }
            "Fields@OptionsTables" => {
                let label = if later { "Agronegócio" } else { "Agro" };
                listing(&json!([{"Id": 9, "Options": [{"Id": 77, "Name": label}, {"Id": 78, "Name": "Saúde"}]},
                    {"Id": 10, "Options": [{"Id": 1, "Name": "of no field"}]}]))
            }
            _ => {
                let at = if later { "2026-03-21T10:00:00.000-03:00" } else { "2026-03-20T15:37:10.183-03:00" };
                let rows = json!([{"Id": 1, "Title": "A", "LastUpdateDate": at, "OtherProperties": [
                    {"FieldKey": "deal_5", "IntegerValue": 77, "ObjectValueId": 77, "ObjectValueName": "x"}]}]);
                if target.contains("LastUpdateDate ge 2026-03-21") { listing(&json!([])) } else { listing(&rows) }
            }
        }
    })
    .await;
    let mut lake = Lake::default();
    for round in 0..2 {
        ROUND.store(round, Ordering::SeqCst);
        let source = source_of(&server.url, &json!({}));
        assert_eq!(lake.read(&source, "options").await.unwrap().rows, 2);
        assert_eq!(
            lake.read(&source, "options").await.unwrap().pieces,
            0,
            "the same list is not landed again"
        );
        assert_eq!(lake.read(&source, "deals").await.unwrap().rows, 1);
    }
    let options = lake.rows("options");
    let labels: Vec<(&str, &str)> =
        options.iter().map(|row| (row["option_id"].as_str(), row["name"].as_str())).collect();
    assert_eq!(labels, [("78", "Saúde"), ("77", "Agronegócio")].into_iter().rev().collect::<Vec<_>>());
    assert!(options.iter().all(|row| row["entity"] == "deals" && row["field_key"] == "deal_5"));
    let row = lake.row("deals", 1);
    assert_eq!(row["segmento_id"], "77");
    assert!(!row.contains_key("ramo"), "{row:?}");
}

#[tokio::test]
async fn fields_that_the_account_does_not_have_are_left_out() {
    let server = scripted(|target| match target.split('?').next().unwrap() {
        "Fields" => listing(&json!([])),
        _ if target.contains("$select") => {
            (400, json!({"error": {"message": "Could not find a property named 'WonQuoteId'."}}))
        }
        _ => deals(
            target,
            &json!([{"Id": 1, "Title": "A", "LastUpdateDate": "2026-03-20T15:37:10.183-03:00"}]),
        ),
    })
    .await;
    let mut lake = Lake::default();
    lake.read(&source_of(&server.url, &json!({})), "deals").await.unwrap();
    assert_eq!(lake.row("deals", 1)["title"], "A");
}

#[tokio::test]
async fn records_without_a_date_come_first_and_are_all_read() {
    let undated =
        |from: i64, to: i64| (from..to).map(|id| json!({"Id": id, "Title": "sem data"})).collect::<Vec<_>>();
    let server = scripted(move |target| {
        let rows = if target.starts_with("Fields") {
            Vec::new()
        } else if target.contains("LastUpdateDate eq null and Id gt 10") {
            undated(11, 13)
        } else if target.contains("LastUpdateDate eq null") {
            undated(6, 11)
        } else if target.contains("LastUpdateDate ge 1900") {
            vec![json!({"Id": 50, "LastUpdateDate": "2026-03-20T15:37:10.183-03:00"})]
        } else if target.contains("LastUpdateDate ge") {
            Vec::new()
        } else {
            undated(1, 6)
        };
        listing(&json!(rows))
    })
    .await;
    let mut lake = Lake::default();
    lake.read(&source_of(&server.url, &json!({"page": 5})), "deals").await.unwrap();
    let mut ids = lake.ids("deals");
    ids.sort_unstable();
    assert_eq!(ids, (1..13).chain([50]).collect::<Vec<_>>());
}

#[tokio::test]
async fn records_that_are_none_are_rejected_and_the_others_land() {
    let server = scripted(|target| match target.split('?').next().unwrap() {
        "Fields" => listing(&json!([])),
        _ => deals(
            target,
            &json!([
                {"Id": 1, "Title": "A", "LastUpdateDate": "2026-03-20T15:37:10.183-03:00"},
                {"Id": null, "Title": "B", "LastUpdateDate": "2026-03-20T15:37:10.183-03:00"},
                {"Id": 3, "StageId": "x", "LastUpdateDate": "2026-03-20T15:37:10.183-03:00"},
                "nothing at all",
            ]),
        ),
    })
    .await;
    let mut lake = Lake::default();
    lake.read(&source_of(&server.url, &json!({})), "deals").await.unwrap();
    assert_eq!((lake.ids("deals"), lake.rejected), (vec![1], 3));
}

#[tokio::test]
async fn documents_that_lose_their_lines_lose_their_rows() {
    static ROUND: AtomicUsize = AtomicUsize::new(0);
    let server = scripted(|target| {
        if target.starts_with("Fields") {
            return listing(&json!([]));
        }
        let round = ROUND.load(Ordering::SeqCst);
        let (at, lines) = match round {
            0 => ("2026-03-20T15:37:10.183-03:00", json!([{"Id": 7, "Total": 5.5}, {"Id": 8, "Total": 1}])),
            _ => ("2026-03-21T10:00:00.000-03:00", json!([])),
        };
        let known = target.contains("Id gt")
            || target.contains("ge 2026-03-21")
            || round == 0 && target.contains("Date ge");
        listing(&if known { json!([]) } else { json!([{"Id": 1, "LastUpdateDate": at, "Products": lines}]) })
    })
    .await;
    let mut lake = Lake::default();
    lake.read(&source_of(&server.url, &json!({})), "quotes").await.unwrap();
    let lines = lake.rows("quote_products");
    assert_eq!((lines.len(), lines[0]["quote_id"].as_str()), (2, "1"));
    ROUND.store(1, Ordering::SeqCst);
    lake.read(&source_of(&server.url, &json!({})), "quotes").await.unwrap();
    assert!(lake.rows("quote_products").is_empty());
    assert_eq!(lake.deleted("quote_products").len(), 1);
}

#[tokio::test]
async fn links_to_further_pages_are_followed_by_their_query_alone() {
    let server = scripted(|target| {
        let next = "https://10.0.0.1/elsewhere?$skiptoken=2";
        match target {
            "Deals@LossReasons?$skiptoken=2" => listing(&json!([{"Id": 2, "Name": "Preço"}])),
            _ if target.contains("$skip=") => listing(&json!([])),
            _ => (200, json!({"value": [{"Id": 1, "Name": "Prazo"}], "@odata.nextLink": next})),
        }
    })
    .await;
    let mut lake = Lake::default();
    lake.read(&source_of(&server.url, &json!({})), "loss_reasons").await.unwrap();
    assert_eq!(lake.ids("loss_reasons"), [1, 2]);
    assert!(server.asked().iter().all(|asked| asked.target.starts_with("/Deals@LossReasons")));
}

#[tokio::test]
async fn a_list_that_becomes_empty_is_not_believed() {
    static ROUND: AtomicUsize = AtomicUsize::new(0);
    let server = scripted(|target| {
        let is_first = ROUND.load(Ordering::SeqCst) == 0 && !target.contains("$skip=");
        listing(&if is_first { json!([{"Id": 1, "Name": "Site"}]) } else { json!([]) })
    })
    .await;
    let source = source_of(&server.url, &json!({}));
    let mut lake = Lake::default();
    lake.read(&source, "origins").await.unwrap();
    ROUND.store(1, Ordering::SeqCst);
    let error = lake.read(&source, "origins").await.unwrap_err();
    assert!(error.to_string().contains("lists nothing where it listed something before"), "{error}");
    assert_eq!(lake.ids("origins"), [1]);
}

#[tokio::test]
async fn origins_are_found_where_the_account_keeps_them() {
    let server = scripted(|target| match target.split('?').next().unwrap() {
        "Contacts@Origins" if target.contains("$skip=") => listing(&json!([])),
        "Contacts@Origins" => listing(&json!([{"Id": 1, "Name": "Site"}])),
        _ => (404, json!({"Message": "No HTTP resource was found."})),
    })
    .await;
    let mut lake = Lake::default();
    lake.read(&source_of(&server.url, &json!({})), "origins").await.unwrap();
    assert_eq!(lake.ids("origins"), [1]);
}

#[tokio::test]
async fn pages_that_ignore_the_question_end_the_reading() {
    // Whoever ignores the filter would give the first page for ever.
    let server = scripted(|target| match target.split('?').next().unwrap() {
        "Fields" => listing(&json!([])),
        _ => listing(&json!([
            {"Id": 1, "LastUpdateDate": "2026-03-20T15:37:10.183-03:00"},
            {"Id": 2, "LastUpdateDate": "2026-03-20T15:37:11.183-03:00"},
        ])),
    })
    .await;
    let error =
        Lake::default().read(&source_of(&server.url, &json!({"page": 2})), "deals").await.unwrap_err();
    assert!(error.to_string().contains("the filter by LastUpdateDate is not kept"), "{error}");
    let asked = server.asked().len();
    assert!(asked <= 4, "{asked}");
}
