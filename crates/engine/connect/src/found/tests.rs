//! Columns out of records, from one piece to the next.

use super::*;

fn look(found: &mut Found, records: &[&str]) {
    for text in records {
        let row = row(text, found.flatten).unwrap();
        found.look(&row).unwrap();
    }
}

fn shaped(found: &mut Found, records: &[&str]) -> Vec<(String, ColumnType)> {
    look(found, records);
    let shape = found.shape("orders", &[]).unwrap();
    shape.columns.into_iter().map(|column| (column.name, column.column_type)).collect()
}

fn named(name: &str, column_type: ColumnType) -> (String, ColumnType) {
    (name.to_owned(), column_type)
}

#[test]
fn types_come_from_all_values_and_widen_with_the_next_piece() {
    let mut found = Found::new("loja", "orders", Vec::new(), None, true);
    let first = shaped(
        &mut found,
        &[
            r#"{"Id":1,"total":10,"cpf":123,"at":"2026-01-02T03:04:05Z","none":null,"buyer":{"name":"A","tags":[1]}}"#,
        ],
    );
    assert_eq!(
        first,
        [
            named("id", ColumnType::Integer),
            named("total", ColumnType::Integer),
            named("cpf", ColumnType::Text),
            named("at", ColumnType::Moment),
            named("buyer_name", ColumnType::Text),
            named("buyer_tags", ColumnType::Text),
        ]
    );
    let second = shaped(&mut found, &[r#"{"Id":2,"total":10.5,"new":true}"#]);
    assert_eq!(second[1], named("total", ColumnType::Decimal { precision: 21, scale: 2 }));
    assert_eq!(second[2], named("new", ColumnType::Boolean));
    assert!(second.contains(&named("buyer_name", ColumnType::Text)), "what does not come stays a column");
}

#[test]
fn columns_of_the_table_keep_their_names_and_a_changed_one_is_an_error() {
    let mut first = Found::new("loja", "orders", Vec::new(), None, false);
    look(&mut first, &[r#"{"Valor":1,"valor":2}"#]);
    let schema = first.shape("orders", &[]).unwrap().schema();
    let mut again = Found::new("loja", "orders", Vec::new(), Some(&schema), false);
    look(&mut again, &[r#"{"valor":2,"Valor":1}"#]);
    let shape = again.shape("orders", &["valor".to_owned()]).unwrap();
    let of = |key: &str| shape.columns.iter().find(|column| column.key == key).unwrap().name.clone();
    assert_eq!(
        (of("Valor"), of("valor"), shape.key.clone()),
        ("valor".into(), "valor_2".into(), vec!["valor_2".to_owned()])
    );
    look(&mut again, &[r#"{"Valor":"a"}"#, r#"{"Valor":"b"}"#]);
    let error = again.shape("orders", &[]).unwrap_err();
    assert!(
        matches!(&error, ConnectError::TypeChanged(change) if change.column == "valor" && change.row == 1),
        "{error}"
    );
}

#[test]
fn declared_columns_are_believed_and_other_keys_are_found_beside_them() {
    let declared = vec![("id".to_owned(), ColumnType::Integer), ("price".to_owned(), ColumnType::Float)];
    let mut found = Found::new("loja", "orders", declared, None, false);
    let columns = shaped(&mut found, &[r#"{"id":"x","extra":{"a":1}}"#]);
    assert_eq!(
        columns,
        [
            named("id", ColumnType::Integer),
            named("price", ColumnType::Float),
            named("extra", ColumnType::Text)
        ]
    );
}

#[test]
fn careless_moments_are_told_in_utc() {
    let told = |text: &str, column_type| match told(JsonCell::Text(text.to_owned().into()), column_type) {
        JsonCell::Text(text) => text.into_owned(),
        _ => String::new(),
    };
    assert_eq!(told("2005-02-17T02:37:06.283117", ColumnType::Moment), "2005-02-17T02:37:06.283117Z");
    assert_eq!(told("2005-02-17", ColumnType::Moment), "2005-02-17T00:00:00Z");
    assert_eq!(told("2005-02-17T02:37:06-03:00", ColumnType::Moment), "2005-02-17T02:37:06-03:00");
    assert_eq!(told("2005-02-17T02:37:06-03:00", ColumnType::Timestamp), "2005-02-17T05:37:06.000000");
    assert_eq!(told("soon", ColumnType::Moment), "soon");
}

#[test]
fn paths_of_keys_lead_into_objects() {
    let row = row(r#"{"a":{"b":{"c":7}},"a.b":1}"#, false).unwrap();
    let number = |key: &str| match lookup(&row, key) {
        JsonCell::Number(text) => text.to_owned(),
        _ => "-".to_owned(),
    };
    assert_eq!((number("a.b"), number("a.b.c"), number("a.x")), ("1".into(), "7".into(), "-".into()));
}
