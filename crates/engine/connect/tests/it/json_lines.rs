//! JSON lines.

use crate::folder::Folder;

#[test]
fn objects_become_rows_with_exact_numbers() {
    let text = concat!(
        "{\"id\": 1, \"Valor\": 10.10, \"ok\": true, \"em\": \"2026-06-30T10:00:00Z\", \"nome\": \"Jo\\u00e3o\"}\n",
        "\n",
        "{\"nome\": \"007\", \"id\": 2, \"Valor\": 12345678901234.567, \"itens\": [1, {\"a\": 2}], \"ok\": null}\n",
    );
    let table = Folder::with("a.jsonl", text).read("a");
    assert_eq!(
        table.columns(),
        ["id integer", "valor decimal(18,3)", "ok boolean", "em moment", "nome text", "itens text"]
    );
    assert_eq!(
        table.rows,
        ["1|10.100|true|2026-06-30T10:00:00Z|João|∅", "2|12345678901234.567|∅|∅|007|[1, {\"a\": 2}]"]
    );
    assert_eq!(table.numbers, ["1", "3"]);
}

#[test]
fn broken_lines_are_rejected_with_their_place() {
    let text = "{\"id\": 1}\n{\"id\": 2\n[3]\n{\"id\": 4}\n";
    let table = Folder::with("a.ndjson", text).read("a");
    assert_eq!(table.rows, ["1", "4"]);
    assert_eq!(table.rejects.len(), 2);
    assert!(table.rejects[0].starts_with("2|∅|{\"id\": 2|is no JSON object: EOF"), "{}", table.rejects[0]);
}

#[test]
fn a_json_list_is_refused_with_a_remedy() {
    let message = Folder::with("a.json", "[{\"id\": 1}]").failure("a").to_string();
    assert!(message.contains("write one object per line"), "{message}");
}

#[test]
fn a_huge_line_is_refused() {
    let text = format!("{{\"a\": 1}}\n{{\"a\": \"{}\"}}\n", "x".repeat(20 << 20));
    let message = Folder::with("a.jsonl", text).failure("a").to_string();
    assert!(message.contains("row 2: the line has more than 16777216 bytes"), "{message}");
}
