//! The query language, case by case.

use serde_json::{Value, json};
use simulators::servers::odata::filter::{Bounds, Literal, Operator};
use simulators::servers::odata::{Dates, Filter, ODataError, Query, decode, expand};

fn row() -> Value {
    json!({
        "Id": 7, "Name": "D'Ávila Ltda", "Amount": 12.5, "Email": null, "Active": true,
        "LastUpdateDate": "2026-03-07T12:39:44.957-03:00", "UpdateDate": "2026-03-07",
        "CancelStatus": "csNo", "Deal": { "StatusId": 2 },
    })
}

fn holds(text: &str, dates: Dates) -> bool {
    let filter = Filter::parse(text, dates).unwrap_or_else(|error| panic!("{text}: {error}"));
    let row = row();
    let mut fetch = |path: &str| row.pointer(&format!("/{path}")).cloned().unwrap_or_default();
    filter.holds(&mut fetch, false)
}

#[test]
fn filters_hold_as_the_grammar_says() {
    let cases = [
        ("Id eq 7", true),
        ("Id ne 7", false),
        ("Id gt 6 and Id lt 8", true),
        ("Id ge 8 or Id le 6", false),
        ("Id eq 1 or Id eq 7 and Amount gt 12", true),
        ("(Id eq 7 or Id eq 1) and Amount gt 13", false),
        ("not (Id eq 7)", false),
        ("not Id eq 8", true),
        ("Amount eq 12.5", true),
        ("Amount gt -1", true),
        ("Name eq 'D''Ávila Ltda'", true),
        ("Name ne 'and'", true),
        ("Email eq null", true),
        ("Email ne null", false),
        ("Id ne null", true),
        ("Email gt 3", false),
        ("Active eq true", true),
        ("Active eq 1", true),
        ("Deal/StatusId eq 2", true),
        ("contains(Name,'vila')", true),
        ("startswith(Name,'Dá') or endswith(Name,'Ltda')", true),
        ("CancelStatus eq 'csNo'", true),
    ];
    for (text, expected) in cases {
        assert_eq!(holds(text, Dates::Unquoted), expected, "{text}");
        assert_eq!(holds(text, Dates::Quoted), expected, "{text}");
    }
}

#[test]
fn dates_are_written_as_each_system_wants_them() {
    let cases = [
        ("LastUpdateDate gt 2026-03-07T12:39:44.956-03:00", true),
        ("LastUpdateDate ge 2026-03-07T15:39:44.957Z", true),
        ("LastUpdateDate gt 2026-03-07T15:39:44.957Z", false),
        ("LastUpdateDate lt 2026-03-08", true),
        ("LastUpdateDate ge datetime'2026-03-07T00:00:00'", true),
    ];
    for (text, expected) in cases {
        assert_eq!(holds(text, Dates::Unquoted), expected, "{text}");
        if !text.contains("datetime") {
            assert!(Filter::parse(text, Dates::Quoted).is_err(), "{text}");
        }
    }
    for (text, expected) in [
        ("UpdateDate ge '2026-03-07'", true),
        ("UpdateDate gt '20260307'", false),
        ("UpdateDate eq '2026-03-07T00:00:00Z'", true),
        ("UpdateDate lt '2026-03-08'", true),
    ] {
        assert_eq!(holds(text, Dates::Quoted), expected, "{text}");
    }
}

#[test]
fn what_is_no_filter_is_refused_with_its_place() {
    let cases = [
        ("Id", ""),
        ("Id eq", ""),
        ("Id == 7", "== 7"),
        ("Id eq 7 and", ""),
        ("(Id eq 7", ""),
        ("Id eq 7)", ")"),
        ("Name eq 'open", "'open"),
        ("LastUpdateDate gt 2026-03-07T12:39:44 03:00", "03:00"),
        ("Id eq Name", "Name"),
        ("7 eq Id", "7 eq Id"),
        ("length(Name) eq 3", "length(Name) eq 3"),
    ];
    for (text, at) in cases {
        let expected = ODataError::Syntax { option: "$filter", at: at.to_owned() };
        assert_eq!(Filter::parse(text, Dates::Unquoted), Err(expected), "{text}");
    }
    assert_eq!(Filter::parse("Tags/any(t: t/TagId eq 40)", Dates::Unquoted), Err(ODataError::Lambda));
}

#[test]
fn bounds_hold_every_row_that_is_meant() {
    let of = |field: &str, operator: Operator, literal: &Literal| match literal {
        Literal::Number(number) if field == "Id" => Some(Bounds::of(operator, *number as i64)),
        _ => None,
    };
    for (text, low, high, exact) in [
        ("Id gt 5 and Id le 9", 6, 10, true),
        ("Id eq 5", 5, 6, true),
        ("Id ge 5 and Amount gt 1", 5, i64::MAX, false),
        ("Id lt 5 or Id eq 9", i64::MIN, 10, false),
        ("Id lt 5 or Amount gt 1", i64::MIN, i64::MAX, false),
        ("not Id eq 5", i64::MIN, i64::MAX, false),
    ] {
        let bounds = Filter::parse(text, Dates::Unquoted).unwrap().bounds(&of);
        assert_eq!(bounds, Bounds { low, high, exact }, "{text}");
    }
}

#[test]
fn options_are_read_as_encoded() {
    let raw = "%24filter=Id%20gt%205&$orderby=LastUpdateDate%20desc,Id&$select=Id,Name&$top=9&$skip=3&webhooks=false";
    let query = Query::parse(raw, Dates::Unquoted).unwrap();
    assert_eq!(query.filter_text, "Id gt 5");
    assert_eq!((query.order.len(), query.order[0].descending, query.order[1].descending), (2, true, false));
    assert_eq!(query.select, Some(vec!["Id".to_owned(), "Name".to_owned()]));
    assert_eq!((query.top, query.skip), (Some(9), 3));
    for raw in ["$top=x", "$skip=-1", "$orderby=Id up", "$apply=filter(Id eq 1)", "$expand=A(", "$orderby="] {
        assert!(Query::parse(raw, Dates::Unquoted).is_err(), "{raw}");
    }
    assert_eq!(decode("a+b%2Bc%zz%", true), "a b+c%zz%");
    assert_eq!(decode("Itens('A+1')", false), "Itens('A+1')");
}

#[test]
fn expand_nests() {
    let text =
        "Owner($select=Id,Name),OtherProperties,Products($select=Id;$expand=Product($select=Id,Name,Code))";
    let expand = expand::parse(text).unwrap();
    let names: Vec<&str> = expand.iter().map(|expand| expand.name.as_str()).collect();
    assert_eq!(names, ["Owner", "OtherProperties", "Products"]);
    assert_eq!(expand[0].select.as_ref().unwrap().len(), 2);
    assert_eq!(expand[2].expand[0].name, "Product");
    assert_eq!(expand[2].expand[0].select.as_ref().unwrap().len(), 3);
    for text in ["", "A,", "A(", "A)", "A($top=1)", "A B"] {
        assert!(expand::parse(text).is_err(), "{text}");
    }
}
