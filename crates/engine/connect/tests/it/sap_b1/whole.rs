//! A first crawl of everything, in both versions of the service.

use connect::Source;
use serde_json::json;

use super::company::{
    Lake, assert_rows, assert_same, expected, expected_row, served, settings, sorted, source, source_of,
    world,
};

#[tokio::test]
async fn a_first_crawl_brings_every_entity_with_its_lines_and_the_next_one_nothing() {
    let world = world();
    let server = served(&world).await;
    for version in ["/b1s/v2", "/b1s/v1"] {
        let mut given = settings(&(server.url() + version));
        given["page_size"] = json!(73);
        let source = source_of(&given);
        let mut lake = Lake::default();
        let problems = lake.sync(&source).await;
        assert!(problems.is_empty(), "{problems:?}");
        assert_same(&lake.all_tables(), &expected(&world, &source).await);
        assert!(lake.rows("invoices").len() > 100 && lake.rows("invoice_lines").len() > 200);
        assert!(lake.rows("purchase_invoices").is_empty(), "an empty entity has a table all the same");
        let before = lake.clone();
        assert!(lake.sync(&source).await.is_empty());
        assert_eq!(lake.pieces, 0, "nothing has changed");
        assert_same(&lake.all_tables(), &before.all_tables());
    }
}

#[tokio::test]
async fn all_streams_share_one_session_that_is_signed_out_of() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    assert!(Lake::default().sync(&source).await.is_empty());
    assert_eq!((server.count("/b1s/v2/Login", 200), server.count("/b1s/v2/Logout", 204)), (1, 1));
    // Whoever goes on after the end signs in anew.
    Lake::default().read(&source, "items").await.unwrap();
    assert_eq!(server.count("/b1s/v2/Login", 200), 2);
}

#[tokio::test]
async fn streams_read_at_once_sign_in_once() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    let each = ["items", "business_partners", "orders", "projects", "item_groups", "deliveries"];
    let read = each.map(|stream| {
        let source = &source;
        async move { Lake::default().read(source, stream).await }
    });
    for outcome in futures::future::join_all(read).await {
        outcome.unwrap();
    }
    assert_eq!(server.count("/b1s/v2/Login", 200), 1);
}

#[tokio::test]
async fn custom_fields_and_user_tables_come_with_their_types() {
    let world = world();
    let server = served(&world).await;
    let mut given = settings(&server.url());
    given["custom_fields"] =
        json!("invoices: U_Canal U_Operacao\ninvoice_lines: U_ICMS:decimal\nprojects: U_Tipo");
    given["user_tables"] = json!("U_CONTRATOS\nU_MOVIMENTOS");
    let source = source_of(&given);
    let mut lake = Lake::default();
    let problems = lake.sync(&source).await;
    assert!(problems.is_empty(), "{problems:?}");
    assert_same(&lake.all_tables(), &expected(&world, &source).await);
    assert!(lake.rows("invoices").iter().any(|row| row.get("u_canal").is_some_and(|canal| canal == "Site")));
    assert!(lake.rows("invoice_lines").iter().any(|row| row.contains_key("u_icms")));
    let found = source.discover().await.unwrap();
    for (table, stream) in [("U_CONTRATOS", "u_contratos"), ("U_MOVIMENTOS", "u_movimentos")] {
        let columns = found.streams.iter().find(|found| found.name == stream).unwrap();
        let ledger = world.ledger(simulators::servers::System::SapB1, table).unwrap();
        let mut expected: Vec<_> =
            ledger.iter().map(|row| expected_row(columns, &row.fields, &json!(null))).collect();
        // Days within user tables come as the service writes them: only their rows tell what they hold.
        for row in &mut expected {
            for value in row.values_mut().filter(|value| value.len() == 10 && value.as_bytes()[4] == b'-') {
                value.push_str("T00:00:00Z");
            }
        }
        assert_rows(table, &lake.rows(stream), &sorted(expected));
    }
    let before = lake.clone();
    assert!(lake.sync(&source).await.is_empty());
    assert_eq!(lake.pieces, 0);
    assert_same(&lake.all_tables(), &before.all_tables());
}

#[tokio::test]
async fn a_custom_field_that_does_not_exist_is_named() {
    let world = world();
    let server = served(&world).await;
    let mut given = settings(&server.url());
    given["custom_fields"] = json!("invoices: U_Inventado");
    let error = Lake::default().read(&source_of(&given), "invoices").await.unwrap_err().to_string();
    assert!(error.contains("U_Inventado") && error.contains("`custom_fields`"), "{error}");
}

#[tokio::test]
async fn discovery_lists_lines_after_their_documents_with_the_names_of_the_service() {
    let world = world();
    let server = served(&world).await;
    let found = source(&server).discover().await.unwrap();
    assert!(found.problems.is_empty());
    let names: Vec<&str> = found.streams.iter().take(4).map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["invoices", "invoice_lines", "credit_notes", "credit_note_lines"]);
    assert_eq!(found.streams[1].table, "sap__invoice_lines");
    let total = found.streams[0].columns.iter().find(|column| column.name == "doc_total_fc").unwrap();
    assert_eq!(
        (total.source_name.as_str(), total.column_type.to_string()),
        ("DocTotalFc", "decimal(19,6)".to_owned())
    );
}

#[tokio::test]
async fn a_first_day_leaves_older_documents_out_unless_they_are_open() {
    let world = world();
    let server = served(&world).await;
    let mut given = settings(&server.url());
    given["since"] = json!("2026-06-20");
    let source = source_of(&given);
    let mut lake = Lake::default();
    for stream in ["invoices", "incoming_payments", "journal_entries"] {
        lake.read(&source, stream).await.unwrap();
    }
    let all = expected(&world, &source).await;
    let kept = |stream: &str, day: &str| -> Vec<_> {
        let is_kept = |row: &&super::company::Row| {
            row[day].as_str() >= "2026-06-20"
                || row.get("document_status").is_some_and(|it| it == "bost_Open")
        };
        all[stream].iter().filter(is_kept).cloned().collect()
    };
    assert!(
        kept("invoices", "doc_date").iter().any(|row| row["doc_date"].as_str() < "2026-06-20"),
        "one is old and open"
    );
    for (stream, day) in
        [("invoices", "doc_date"), ("incoming_payments", "doc_date"), ("journal_entries", "reference_date")]
    {
        let kept = kept(stream, day);
        assert!(kept.len() < all[stream].len(), "{stream}");
        assert_rows(stream, &lake.rows(stream), &kept);
    }
}
