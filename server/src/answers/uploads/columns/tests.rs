//! Tests of what columns are taken for: the sheets that people have, and what cannot be.

use super::*;

const MONEY_TYPE: ColumnType = ColumnType::Decimal { precision: 18, scale: 2 };

fn column(name: &str, detected: ColumnType, distinct: Option<u64>) -> LookedAt {
    LookedAt {
        name: name.to_owned(),
        source_name: name.to_owned(),
        detected,
        likely: detected,
        column_type: detected,
        values: 1000,
        distinct,
        total: None,
        span: None,
        longest: 10,
        examples: Vec::new(),
        misfits: 0,
        strangers: Vec::new(),
    }
}

fn look(columns: Vec<LookedAt>) -> Look {
    Look { sheets: Vec::new(), sheet: None, rows: 1000, rejected: 0, totals: 0, columns }
}

fn roles(look: &Look, draft: &UploadDraft) -> Vec<(ValueKind, Role)> {
    said(look, draft).into_iter().map(|said| (said.kind, said.role)).collect()
}

#[test]
fn columns_of_a_sales_sheet_get_the_roles_that_a_person_would_give() {
    let look = look(vec![
        column("pedido", ColumnType::Integer, None),
        column("data_emissao", ColumnType::Date, None),
        column("data_entrega", ColumnType::Date, None),
        column("vendedor", ColumnType::Text, Some(12)),
        column("observacao", ColumnType::Text, Some(990)),
        column("ano", ColumnType::Integer, Some(3)),
        column("quantidade", ColumnType::Integer, Some(40)),
        column("preco_unitario", MONEY_TYPE, None),
        column("valor_total", MONEY_TYPE, None),
        column("peso", MONEY_TYPE, None),
        column("ativo", ColumnType::Boolean, Some(2)),
    ]);
    let expected = [
        (ValueKind::Integer, Role::LeaveOut),
        (ValueKind::Date, Role::Date),
        (ValueKind::Date, Role::LeaveOut),
        (ValueKind::Text, Role::Dimension),
        (ValueKind::Text, Role::LeaveOut),
        (ValueKind::Integer, Role::Dimension),
        (ValueKind::Integer, Role::Sum),
        (ValueKind::Money, Role::Mean),
        (ValueKind::Money, Role::Sum),
        (ValueKind::Decimal, Role::Sum),
        (ValueKind::Flag, Role::Dimension),
    ];
    assert_eq!(roles(&look, &UploadDraft::default()), expected);
}

#[test]
fn what_is_said_holds_unless_it_cannot() {
    let look = look(vec![
        column("data", ColumnType::Date, None),
        column("entrega", ColumnType::Text, Some(900)),
        column("vendedor", ColumnType::Text, Some(12)),
    ]);
    let mut draft = UploadDraft::default();
    draft.roles.insert("entrega".to_owned(), Role::Date);
    draft.roles.insert("vendedor".to_owned(), Role::Sum);
    let expected = [
        (ValueKind::Date, Role::LeaveOut),
        (ValueKind::Date, Role::Date),
        // A text is not added up.
        (ValueKind::Text, Role::Dimension),
    ];
    assert_eq!(roles(&look, &draft), expected);
    assert_eq!(
        overrides(&look, &said(&look, &draft)),
        BTreeMap::from([("entrega".to_owned(), ColumnType::Date)])
    );
}

#[test]
fn wide_sheet_gives_a_board_that_can_be_read() {
    let numbers = (0..120).map(|at| column(&format!("medida_{at}"), MONEY_TYPE, None));
    let texts = (0..80).map(|at| column(&format!("grupo_{at}"), ColumnType::Text, Some(5)));
    let look = look(numbers.chain(texts).collect());
    let count = |draft: &UploadDraft, role| roles(&look, draft).iter().filter(|(_, of)| *of == role).count();
    let mut draft = UploadDraft::default();
    assert_eq!((count(&draft, Role::Sum), count(&draft, Role::Dimension)), (8, 10));
    draft.roles.insert("medida_119".to_owned(), Role::Sum);
    assert_eq!(count(&draft, Role::Sum), 9);
}
