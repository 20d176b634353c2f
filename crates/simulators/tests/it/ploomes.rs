//! The CRM's rules, one by one, over HTTP.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use simulators::servers::{DealEdit, System};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::calling::{Crm, encode, send, world};

fn id(row: &Value) -> i64 {
    row["Id"].as_i64().unwrap()
}

#[tokio::test]
async fn key_is_required_and_must_be_right() {
    let crm = Crm::start(world()).await;
    let url = format!("{}/Deals?$top=1", crm.server.url());
    let without = send(crm.http.get(&url)).await.unwrap();
    let wrong = send(crm.http.get(&url).header("User-Key", "0")).await.unwrap();
    assert_eq!((without.status, wrong.status), (401, 401));
    assert!(without.json()["Message"].is_string());
    assert_eq!(crm.get("Deals?$top=1").await.status, 200);
    assert_eq!(crm.get("deals?$top=1").await.status, 404);
    assert_eq!((crm.server.count("/Deals", 401), crm.server.count("/Deals", 200)), (2, 1));
}

#[tokio::test]
async fn page_is_clamped_and_names_a_shard() {
    let crm = Crm::start(world()).await;
    let body = crm.get("Deals?$top=1000").await.json();
    assert_eq!(body["value"].as_array().unwrap().len(), 300);
    assert_eq!(body["@odata.context"], "https://public6-api2.ploomes.com/$metadata#Deals");
    assert!(body.get("@odata.nextLink").is_none());
    let stamp = body["value"][0]["CreateDate"].as_str().unwrap();
    assert_eq!((stamp.len(), &stamp[19..20], &stamp[23..]), (29, ".", "-03:00"));
    assert!(body["value"][0].get("OtherProperties").is_none());
    let endless = crm.get("Deals").await.json();
    let link = endless["@odata.nextLink"].as_str().unwrap();
    let next = send(crm.http.get(link).header("User-Key", &crm.key)).await.unwrap().json();
    assert_eq!(id(&next["value"][0]), id(&body["value"][299]) + 1);
}

#[tokio::test]
async fn pages_by_skip_hold_each_row_once() {
    let world = world();
    let crm = Crm::start(Arc::clone(&world)).await;
    let rows = crm.all("Deals", "$select=Id&").await;
    let ids: BTreeSet<i64> = rows.iter().map(id).collect();
    assert_eq!((ids.len(), rows.len()), (rows.len(), world.read().company.deals.len()));
    assert!(rows.iter().all(|row| row.as_object().unwrap().len() == 1));
}

/// The recipe of a sync that does not lose rows: ask from the last stamp on, skip within one stamp, drop what is known.
async fn by_stamp(crm: &Crm, entity: &str, from: &str) -> BTreeSet<i64> {
    let (mut ids, mut stamp, mut skip) = (BTreeSet::new(), from.to_owned(), 0);
    loop {
        let filter = encode(&format!("LastUpdateDate ge {stamp}"));
        let path = format!("{entity}?$filter={filter}&$orderby=LastUpdateDate,Id&$top=300&$skip={skip}");
        let page = crm.rows(&path).await;
        ids.extend(page.iter().map(id));
        if page.len() < 300 {
            return ids;
        }
        let last = page[299]["LastUpdateDate"].as_str().unwrap().to_owned();
        if last == stamp {
            skip += 300;
        } else {
            (stamp, skip) = (last, 0);
        }
    }
}

#[tokio::test]
async fn pages_by_stamp_hold_each_row_even_where_a_page_has_one_stamp() {
    let world = world();
    let crm = Crm::start(Arc::clone(&world)).await;
    for entity in ["Deals", "Products", "Contacts"] {
        let wanted = world.ledger(System::Ploomes, entity).unwrap().len();
        assert_eq!(by_stamp(&crm, entity, "2000-01-01").await.len(), wanted, "{entity}");
    }
    let products = crm.rows("Products?$top=300&$select=LastUpdateDate").await;
    assert!(products.iter().all(|row| row == &products[0]));
}

#[tokio::test]
async fn filters_orders_and_expansions_work_together() {
    let crm = Crm::start(world()).await;
    let filter =
        encode("StatusId eq 2 and Amount gt 5000 and (OriginId ne 10000301 or Contact/StateId eq 2)");
    let expand = "$expand=Owner($select=Id,Name),OtherProperties,Contact($select=Id;$expand=City),Products($expand=Product($select=Id,Code))";
    let path = format!("Deals?$filter={filter}&{expand}&$orderby=Amount%20desc&$top=20&$skip=5");
    let rows = crm.rows(&path).await;
    assert_eq!(rows.len(), 20);
    let amounts: Vec<f64> = rows.iter().map(|row| row["Amount"].as_f64().unwrap()).collect();
    assert!(amounts.is_sorted_by(|one, other| one >= other) && amounts[19] > 5000.0);
    for row in &rows {
        assert_eq!(row["StatusId"], 2);
        assert_eq!(row["Owner"].as_object().unwrap().len(), 2);
        assert!(row["Contact"]["City"]["Name"].is_string());
        assert_eq!(row["Products"][0]["Product"]["Id"], row["Products"][0]["ProductId"]);
    }
    let pipelines = crm.rows("Deals@Pipelines?$expand=Stages").await;
    assert_eq!(pipelines[1]["Stages"].as_array().unwrap().len(), 5);
    let orders = crm.rows(&format!("Orders?$filter={}&$top=5", encode("Deal/StatusId eq 2"))).await;
    assert_eq!(orders.len(), 5);
    assert_eq!(crm.rows("Account").await[0]["Id"], crm.rows("Self").await[0]["AccountId"]);
}

#[tokio::test]
async fn custom_fields_are_typed_and_described() {
    let crm = Crm::start(world()).await;
    let filter = encode("Dynamic eq true and EntityId eq 2");
    let fields = crm.rows(&format!("Fields?$filter={filter}&$expand=Type")).await;
    let names: Vec<&str> = fields.iter().map(|field| field["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ProdutoCodigo", "Filial", "EventoCodigo"]);
    let deals = crm.all("Deals", "$expand=OtherProperties&$select=Id&").await;
    let mut events = 0;
    for property in deals.iter().flat_map(|deal| deal["OtherProperties"].as_array().unwrap()) {
        let field = fields.iter().find(|field| field["Key"] == property["FieldKey"]).unwrap();
        let native = field["Type"]["NativeType"].as_str().unwrap();
        assert!(!property[format!("{native}Value")].is_null(), "{property}");
        if field["Name"] == "EventoCodigo" {
            events += 1;
            assert_eq!(property["ObjectValueId"], property["IntegerValue"]);
        }
    }
    assert!(events > 10);
    let options = crm.rows("Fields@OptionsTables?$expand=Options").await;
    assert_eq!(options[0]["Options"].as_array().unwrap().len(), 40);
}

#[tokio::test]
async fn single_rows_come_in_an_envelope_or_bare() {
    let crm = Crm::start(world()).await;
    let even = crm.get("Deals(500000002)?$expand=Stage").await.json();
    assert!(even["value"][0]["Stage"]["Name"].is_string());
    let odd = crm.get("Deals(500000003)").await.json();
    assert_eq!((id(&odd), odd.get("value")), (500_000_003, None));
    assert_eq!(crm.get("Deals(5)").await.status, 404);
}

#[tokio::test]
async fn errors_have_their_shapes() {
    let crm = Crm::start(world()).await;
    for query in [
        "$filter=Nothing%20eq%201",
        "$filter=Id%20eq",
        "$filter=LastUpdateDate%20gt%20%272026-01-01%27",
        // A plus sign that was not encoded is a blank.
        "$filter=LastUpdateDate%20gt%202026-01-01T00:00:00+02:00",
        "$select=Nothing",
        "$expand=Nothing",
        "$top=x",
    ] {
        let reply = crm.get(&format!("Deals?{query}")).await;
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.json()["error"]["message"].is_string(), "{query}");
    }
    let lambda = crm.get(&format!("Contacts?$filter={}", encode("Tags/any(t: t/TagId eq 40)"))).await;
    assert_eq!((lambda.status, lambda.text.starts_with('<')), (403, true));
    let write = send(crm.request(Method::POST, "Deals").body("{}")).await.unwrap();
    assert_eq!(write.status, 405);
    assert!(crm.get("Nothing").await.json()["Message"].is_string());
}

#[tokio::test]
async fn changes_move_stamps_and_deletions_are_silent() {
    let world = world();
    let crm = Crm::start(Arc::clone(&world)).await;
    let newest = crm.rows("Deals?$orderby=LastUpdateDate%20desc&$top=1").await;
    let cursor = newest[0]["LastUpdateDate"].as_str().unwrap().to_owned();
    let changed = || async {
        let filter = encode(&format!("LastUpdateDate gt {cursor}"));
        crm.rows(&format!("Deals?$filter={filter}&$orderby=LastUpdateDate,Id&$top=300")).await
    };
    assert!(changed().await.is_empty());
    world.edit_deal(500_000_010, DealEdit::Amount(123_456)).unwrap();
    let created = world.create_deal(400_000_001, 99_900).unwrap();
    let rows = changed().await;
    assert_eq!(rows.iter().map(id).collect::<Vec<_>>(), [500_000_010, created]);
    assert_eq!((&rows[0]["Amount"], &rows[1]["Amount"]), (&json!(1234.56), &json!(999.0)));
    world.delete_deal(created).unwrap();
    let order = world.order_ids()[3];
    world.delete_order(order).unwrap();
    assert_eq!(changed().await.len(), 1);
    assert_eq!(crm.get(&format!("Orders({order})")).await.status, 404);
    assert_eq!(crm.all("Orders", "$select=Id&").await.len(), world.order_ids().len());
    assert!(world.delete_order(order).is_err());
    let act = crm.request(Method::POST, &format!("Deals({created})/Win"));
    assert_eq!(send(act).await.unwrap().status, 404);
}

#[tokio::test]
async fn days_bring_the_same_business_each_time() {
    let (one, other) = (world(), world());
    for world in [&one, &other] {
        world.advance(2).unwrap();
    }
    let deals = one.ledger(System::Ploomes, "Deals").unwrap();
    assert_eq!(deals, other.ledger(System::Ploomes, "Deals").unwrap());
    assert!(deals.len() > world().read().company.deals.len());
}

/// Takes one request and answers it: header and body.
async fn receive(listener: &tokio::net::TcpListener) -> (String, Value) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 4096];
        let read = stream.read(&mut more).await.unwrap();
        bytes.extend_from_slice(&more[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if let Ok(body) = serde_json::from_str(body) {
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            return (head.to_lowercase(), body);
        }
    }
}

#[tokio::test]
async fn webhooks_tell_of_changes_in_both_forms() {
    let world = world();
    let crm = Crm::start(Arc::clone(&world)).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks/ploomes/tok", listener.local_addr().unwrap());
    let mut hooks = Vec::new();
    for action in [1, 2, 4] {
        let body = json!({ "EntityId": 2, "ActionId": action, "CallbackUrl": url, "ValidationKey": "s3cr3t", "Active": true });
        let reply = send(crm.request(Method::POST, "Webhooks").body(body.to_string())).await.unwrap();
        assert_eq!(reply.status, 201);
        hooks.push(id(&reply.json()["value"][0]));
    }
    let filter = encode("StatusId eq 1");
    let open = id(&crm.rows(&format!("Deals?$filter={filter}&$top=1")).await[0]);
    world.edit_deal(open, DealEdit::Amount(777_700)).unwrap();
    let won = send(crm.request(Method::POST, &format!("Deals({open})/Win"))).await.unwrap();
    assert_eq!(won.status, 204);
    let (head, body) = receive(&listener).await;
    assert!(
        head.starts_with("post /hooks/ploomes/tok ") && head.contains("x-ploomes-validation-key: s3cr3t")
    );
    assert_eq!((&body["Action"], &body["Entity"]), (&json!("Update"), &json!("Deal")));
    assert_eq!((id(&body["New"]), &body["New"]["Amount"]), (open, &json!(7777.0)));
    assert_ne!(body["Old"]["Amount"], body["New"]["Amount"]);
    let (_, old_form) = receive(&listener).await;
    assert_eq!(old_form, json!({ "DealId": open }));
    let off = crm.request(Method::PATCH, &format!("Webhooks({})", hooks[0])).body(r#"{"Active":false}"#);
    assert_eq!(send(off).await.unwrap().status, 204);
    let gone = crm.request(Method::DELETE, &format!("Webhooks({})", hooks[1]));
    assert_eq!(send(gone).await.unwrap().status, 204);
    world.create_deal(400_000_001, 100).unwrap();
    world.edit_deal(open, DealEdit::Amount(1)).unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(150), receive(&listener)).await.is_err());
    assert_eq!(crm.rows("Webhooks").await.len(), 2);
    assert!(crm.rows("Webhooks@Actions").await.len() >= 5);
}

#[tokio::test]
async fn stopped_server_listens_no_more() {
    let crm = Crm::start(world()).await;
    let url = format!("{}/Deals", crm.server.url());
    crm.server.stop().await;
    assert!(reqwest::Client::new().get(url).send().await.is_err());
}
