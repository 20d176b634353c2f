//! The ERP's rules, one by one, over HTTP and HTTPS.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulators::servers::{System, sap_b1};

use crate::calling::{Erp, cookies, encode, same, send, world};

fn entry(row: &Value) -> i64 {
    row["DocEntry"].as_i64().unwrap()
}

#[tokio::test]
async fn login_sets_the_two_odd_cookies() {
    let erp = Erp::start(world()).await;
    for (version, context) in [("v1", "odata.metadata"), ("v2", "@odata.context")] {
        let reply = erp.login(version).await;
        let body = reply.json();
        assert!(body[context].as_str().unwrap().ends_with("/$metadata#B1Sessions/@Element"));
        assert_eq!(body["SessionTimeout"], 30);
        let session = body["SessionId"].as_str().unwrap();
        let set: Vec<&str> =
            reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(set.len(), 2);
        assert_eq!(set[0], format!("B1SESSION={session};HttpOnly;"));
        assert!(set[1].starts_with("ROUTEID=.node") && set[1].ends_with("; path=/b1s"));
    }
}

#[tokio::test]
async fn wrong_credentials_and_lower_case_are_refused() {
    let erp = Erp::start(world()).await;
    let login =
        |path: &str, body: String| send(erp.http.post(format!("{}{path}", erp.server.url())).body(body));
    let wrong = json!({ "CompanyDB": erp.options.company_db, "UserName": "x", "Password": "y" }).to_string();
    let refused = login("/b1s/v1/Login", wrong.clone()).await.unwrap();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (401, &json!(100_000_027)));
    assert!(refused.headers.get("set-cookie").is_none());
    let refused = login("/b1s/v2/Login", wrong).await.unwrap();
    assert_eq!(refused.json()["error"], json!({ "code": "100000027", "message": "Login failed" }));
    let lower = login("/b1s/v1/login", erp.credentials()).await.unwrap();
    let error = json!({ "error": { "code": 301, "message": { "lang": "en-us", "value": "Invalid session or session already timeout." } } });
    assert_eq!((lower.status, lower.json()), (401, error));
    assert_eq!(erp.get("v1/invoices").await.status, 404);
}

#[tokio::test]
async fn session_needs_both_cookies_and_slides() {
    let erp = Erp::start(world()).await;
    let with = |cookie: String| {
        send(erp.http.get(format!("{}/b1s/v2/Orders?$top=1", erp.server.url())).header("cookie", cookie))
    };
    let session = erp.cookie.split("; ").next().unwrap().to_owned();
    assert_eq!(with(session.clone()).await.unwrap().status, 401);
    assert_eq!(with(format!("{session}; ROUTEID=.node9")).await.unwrap().status, 401);
    assert_eq!(with(erp.cookie.replace("B1SESSION=", "B1SESSION=0")).await.unwrap().status, 401);
    for _ in 0..3 {
        erp.server.pass_time(Duration::from_mins(29));
        assert_eq!(with(erp.cookie.clone()).await.unwrap().status, 200);
    }
    erp.server.pass_time(Duration::from_mins(31));
    let expired = with(erp.cookie.clone()).await.unwrap();
    assert_eq!((expired.status, &expired.json()["error"]["code"]), (401, &json!("301")));
    let again = cookies(&erp.login("v1").await);
    assert_eq!(with(again.clone()).await.unwrap().status, 200);
    let logout = erp.http.post(format!("{}/b1s/v2/Logout", erp.server.url())).header("cookie", &again);
    assert_eq!(send(logout).await.unwrap().status, 204);
    assert_eq!(with(again).await.unwrap().status, 401);
}

#[tokio::test]
async fn pages_follow_relative_links_and_hold_each_row_once() {
    let world = world();
    let erp = Erp::start(Arc::clone(&world)).await;
    let first = erp.get("v1/Invoices?$select=DocEntry&$filter=DocEntry%20gt%2030100").await.json();
    assert_eq!(first["value"].as_array().unwrap().len(), 20);
    assert_eq!(first["odata.nextLink"], "Invoices?$select=DocEntry&$filter=DocEntry%20gt%2030100&$skip=20");
    assert!(first["odata.metadata"].as_str().unwrap().ends_with("/b1s/v1/$metadata#Invoices"));
    assert!(first["value"][0]["odata.etag"].is_string());
    let sized = erp.request("v2/Invoices?$select=DocEntry").header("B1S-PageSize", "7");
    assert_eq!(send(sized).await.unwrap().json()["value"].as_array().unwrap().len(), 7);
    let top = erp.get("v2/Invoices?$select=DocEntry&$top=25").await.json();
    assert_eq!(top["@odata.nextLink"], "Invoices?$select=DocEntry&$top=5&$skip=20");
    let rest = erp.get(&format!("v2/{}", top["@odata.nextLink"].as_str().unwrap())).await.json();
    assert_eq!((rest["value"].as_array().unwrap().len(), rest.get("@odata.nextLink")), (5, None));
    let all = world.read().company.invoices.len();
    for (version, entity) in [
        ("v1", "Invoices?$select=DocEntry"),
        ("v2", "Invoices?$select=DocEntry&$orderby=UpdateDate,DocEntry"),
    ] {
        let rows = erp.all(version, entity, 500).await;
        let entries: BTreeSet<i64> = rows.iter().map(entry).collect();
        assert_eq!((entries.len(), rows.len()), (all, all), "{version}");
    }
    let unpaged = erp.all("v2", "Orders?$select=DocEntry", 0).await;
    assert_eq!(unpaged.len(), world.read().company.orders.len());
}

#[tokio::test]
async fn counts_come_in_three_ways() {
    let world = world();
    let erp = Erp::start(Arc::clone(&world)).await;
    let all = world.read().company.orders.len();
    assert_eq!(erp.get("v1/Orders/$count").await.text, all.to_string());
    let inline = erp.get("v1/Orders?$inlinecount=allpages&$select=DocEntry").await.json();
    assert_eq!(inline["odata.count"], all.to_string());
    let count = erp.get("v2/Orders?$count=true&$select=DocEntry").await.json();
    assert_eq!((&count["@odata.count"], count["value"].as_array().unwrap().len()), (&json!(all), 20));
    let open = encode("DocumentStatus eq 'bost_Open'");
    let open: usize = erp.get(&format!("v2/Orders/$count?$filter={open}")).await.text.parse().unwrap();
    assert!(open > 0 && open < all);
}

#[tokio::test]
async fn filters_take_quoted_dates_and_texts_of_enumerations() {
    let erp = Erp::start(world()).await;
    let of =
        |filter: &str| format!("Invoices?$filter={}&$select=DocEntry,DocDate,CancelStatus", encode(filter));
    let rows = erp.all("v1", &of("DocDate ge '2026-06-01' and DocDate lt '2026-06-03'"), 100).await;
    assert!(!rows.is_empty());
    assert!(rows.iter().all(|row| matches!(row["DocDate"].as_str(), Some("2026-06-01" | "2026-06-02"))));
    let rows = erp.all("v2", &of("DocDate eq '2026-06-01'"), 100).await;
    assert!(rows.iter().all(|row| row["DocDate"] == "2026-06-01T00:00:00Z"));
    assert_eq!(erp.get(&format!("v1/{}", of("DocDate ge 2026-06-01"))).await.status, 400);
    let mirrors = erp.all("v1", &of("CancelStatus eq 'csCancellation'"), 100).await;
    let cancelled = erp.all("v1", &of("Cancelled eq 'tYES' and CancelStatus eq 'csYes'"), 100).await;
    assert!(!mirrors.is_empty());
    assert_eq!(mirrors.len(), cancelled.len());
    let by_state = encode("AddressExtension/ShipToState eq 'PR'");
    assert!(!erp.all("v2", &format!("Orders?$filter={by_state}&$select=DocEntry"), 500).await.is_empty());
    let folded = format!("v1/SalesPersons?$filter={}", encode("U_Perfil eq 'hunter'"));
    assert!(erp.get(&folded).await.json()["value"].as_array().unwrap().is_empty());
    let folded = send(erp.request(&folded).header("B1S-CaseInsensitive", "true")).await.unwrap();
    assert!(!folded.json()["value"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn keys_and_errors_have_their_shapes() {
    let erp = Erp::start(world()).await;
    assert_eq!(entry(&erp.get("v1/Invoices(30001)").await.json()), 30_001);
    assert_eq!(erp.get("v2/BusinessPartners('C00001')").await.json()["CardCode"], "C00001");
    assert_eq!(erp.get("v2/BusinessPartners(%27C00001%27)?$select=CardName").await.status, 200);
    let text = "No matching records found (ODBC -2028)";
    let missing = erp.get("v1/Invoices(1)").await;
    let error = json!({ "error": { "code": -2028, "message": { "lang": "en-us", "value": text } } });
    assert_eq!((missing.status, missing.json()), (404, error));
    let missing = erp.get("v2/Items('X')").await;
    assert_eq!(
        (missing.status, missing.json()),
        (404, json!({ "error": { "code": "-2028", "message": text } }))
    );
    for path in [
        "v2/Invoices?$select=Nothing",
        "v2/Invoices?$filter=Nothing%20eq%201",
        "v2/Invoices?$apply=x",
        "v2/Invoices(x)",
    ] {
        assert_eq!(erp.get(path).await.status, 400, "{path}");
    }
    let expects = send(erp.request("v2/Invoices").header("expect", "100-continue")).await.unwrap();
    assert_eq!((expects.status, expects.text.as_str()), (500, ""));
    let ping = send(erp.http.get(format!("{}/ping/load-balancer", erp.server.url()))).await.unwrap();
    assert_eq!(ping.status, 200);
}

#[tokio::test]
async fn cancelling_makes_a_second_document() {
    let world = world();
    let erp = Erp::start(Arc::clone(&world)).await;
    let order = world.post_order("C00001", None).unwrap();
    let invoice = world.post_invoice(order).unwrap();
    let before = erp.get(&format!("v1/Invoices({invoice})")).await.json();
    let mirror = world.cancel_invoice(invoice).unwrap();
    let after = erp.get(&format!("v1/Invoices({invoice})")).await.json();
    let second = erp.get(&format!("v1/Invoices({mirror})")).await.json();
    let states = |row: &Value| (row["Cancelled"].clone(), row["CancelStatus"].clone());
    assert_eq!(states(&before), (json!("tNO"), json!("csNo")));
    assert_eq!(states(&after), (json!("tYES"), json!("csYes")));
    assert_eq!(states(&second), (json!("tNO"), json!("csCancellation")));
    assert_eq!((&before["DocTotal"], &after["DocTotal"]), (&after["DocTotal"], &second["DocTotal"]));
    assert_eq!(second["DocumentLines"][0]["Quantity"], before["DocumentLines"][0]["Quantity"]);
    assert_eq!(erp.get(&format!("v1/Orders({order})")).await.json()["DocumentStatus"], "bost_Close");
    assert!(world.cancel_invoice(invoice).is_err() && world.post_invoice(order).is_err());
}

#[tokio::test]
async fn payments_tell_no_change_and_settle_invoices() {
    let world = world();
    let erp = Erp::start(Arc::clone(&world)).await;
    let payments = erp.all("v1", "IncomingPayments", 500).await;
    assert!(payments.len() > 1000);
    let mut paid: BTreeMap<i64, i64> = BTreeMap::new();
    for payment in &payments {
        assert!(payment.get("UpdateDate").is_none() && payment.get("CreationDate").is_none());
        let cents = |name: &str| (payment[name].as_f64().unwrap() * 100.0).round() as i64;
        let total = cents("CashSum") + cents("TransferSum") + cents("BillOfExchangeAmount");
        let settled = &payment["PaymentInvoices"][0];
        assert_eq!((settled["SumApplied"].as_f64().unwrap() * 100.0).round() as i64, total);
        if payment["Cancelled"] == "tNO" {
            *paid.entry(entry(settled)).or_default() += total;
        }
    }
    assert!(payments.iter().any(|payment| payment["Cancelled"] == "tYES"));
    let invoices = erp.all("v1", "Invoices?$select=DocEntry,PaidToDate,UpdateDate", 2000).await;
    for invoice in &invoices {
        let to_date = (invoice["PaidToDate"].as_f64().unwrap() * 100.0).round() as i64;
        assert_eq!(paid.get(&entry(invoice)).copied().unwrap_or_default(), to_date);
    }
    let order = world.post_order("C00002", None).unwrap();
    let invoice = world.post_invoice(order).unwrap();
    let before = erp.get(&format!("v1/Invoices({invoice})")).await.json();
    let payment = world.pay_invoice(invoice).unwrap();
    let after = erp.get(&format!("v1/Invoices({invoice})")).await.json();
    assert_eq!((&before["UpdateTime"], &after["PaidToDate"]), (&after["UpdateTime"], &before["DocTotal"]));
    assert!(world.cancel_invoice(invoice).is_err());
    world.cancel_payment(payment).unwrap();
    world.cancel_invoice(invoice).unwrap();
}

#[tokio::test]
async fn sync_by_day_finds_all_that_changed() {
    let world = world();
    let erp = Erp::start(Arc::clone(&world)).await;
    let filter = encode("(CreationDate ge '2026-06-30' or UpdateDate ge '2026-06-30')");
    let path = format!("Invoices?$filter={filter}&$orderby=DocEntry");
    assert!(erp.all("v2", &path, 100).await.is_empty());
    world.advance(1).unwrap();
    let unpaid =
        encode("Cancelled eq 'tNO' and PaidToDate eq 0 and U_Operacao eq 'Venda' and CancelStatus eq 'csNo'");
    let unpaid = erp.all("v1", &format!("Invoices?$filter={unpaid}&$select=DocEntry"), 0).await;
    let old =
        unpaid.iter().find_map(|row| world.cancel_invoice(entry(row)).ok().map(|_| entry(row))).unwrap();
    let changed = erp.all("v1", &path, 3).await;
    assert!(changed.iter().any(|row| entry(row) == old));
    let ledger = world.ledger(System::SapB1, "Invoices").unwrap();
    let mut wanted = ledger.iter().filter(|row| row.stamp.as_deref() >= Some("2026-06-30"));
    for row in &changed {
        assert!(same(row, &wanted.next().unwrap().fields), "{}", entry(row));
    }
    assert_eq!(wanted.next(), None);
}

#[tokio::test]
async fn entries_balance_and_number_on() {
    let world = world();
    let erp = Erp::start(Arc::clone(&world)).await;
    let entries = erp.all("v2", "JournalEntries", 1000).await;
    for entry in &entries {
        let lines = entry["JournalEntryLines"].as_array().unwrap();
        let sum = |name: &str| lines.iter().map(|line| line[name].as_f64().unwrap()).sum::<f64>();
        assert_eq!(sum("Debit").to_bits(), sum("Credit").to_bits());
        assert!(entry.get("UpdateDate").is_none());
    }
    let last = entries.last().unwrap()["JdtNum"].as_i64().unwrap();
    let posted = world.post_expense(12_345);
    let newer =
        erp.get(&format!("v2/JournalEntries?$filter=JdtNum%20gt%20{last}&$orderby=JdtNum")).await.json();
    assert_eq!(newer["value"][0]["JdtNum"], posted);
    assert_eq!(newer["value"][0]["JournalEntryLines"][0]["Debit"], 123.45);
    assert!(erp.get("v2/PurchaseInvoices").await.json()["value"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn certificate_is_its_own_and_known_by_its_fingerprint() {
    let server = sap_b1::start(world(), sap_b1::Options::default()).await.unwrap();
    let certificate = server.certificate.clone().unwrap();
    assert_eq!(certificate.fingerprint, format!("{:x}", Sha256::digest(&certificate.der)));
    let ping = format!("{}/ping/", server.url());
    assert!(server.url().starts_with("https://"));
    assert!(reqwest::Client::new().get(&ping).send().await.is_err());
    let root = reqwest::Certificate::from_pem(certificate.pem.as_bytes()).unwrap();
    let trusting = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    assert_eq!(trusting.get(&ping).send().await.unwrap().status().as_u16(), 200);
    // What the server shows is what it told us.
    let shown = peer_certificate(server.address, &certificate.der).await;
    assert_eq!(format!("{:x}", Sha256::digest(&shown)), certificate.fingerprint);
    server.stop().await;
}

async fn peer_certificate(address: std::net::SocketAddr, trusted: &[u8]) -> Vec<u8> {
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto, pki_types};
    let mut roots = RootCertStore::empty();
    roots.add(pki_types::CertificateDer::from(trusted.to_vec())).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = pki_types::ServerName::try_from("localhost").unwrap();
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}
