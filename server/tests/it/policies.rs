//! Two people before the same board: each gets their own rows, by every door, and what was remembered for one is never shown to another.

use crate::serving::Serving;
use crate::workspace::Workspace;
use std::path::Path;

/// Sales of two branches, with a column that is not for everybody; `RULES` stands for the rules of the table.
const FILES: [(&str, &str); 5] = [
    (
        "dbt_project.yml",
        "name: loja\nversion: '1.0'\nmodel-paths: [models]\nmodels:\n  loja:\n    +schema: marts\n    +materialized: table\n",
    ),
    (
        "models/sources.yml",
        "sources:\n  - name: shop\n    schema: raw\n    tables: [{name: sales, identifier: shop__sales}]\n",
    ),
    ("models/fct_sales.sql", "select * from {{ source('shop', 'sales') }}\n"),
    (
        "models/fct_by_buyer.sql",
        "select buyer, day, sum(amount) as amount from {{ ref('fct_sales') }} group by 1, 2\n",
    ),
    (
        "metrics/sales.yml",
        "semantic_models:\n  - name: sales\n    model: ref('fct_sales')\n    defaults: {agg_time_dimension: day}\n    entities: [{name: sale, type: primary, expr: id}]\n    dimensions:\n      - {name: day, type: time, type_params: {time_granularity: day}}\n      - {name: branch, type: categorical}\n      - {name: buyer, type: categorical}\n    measures: [{name: amount, agg: sum, expr: amount}]\n  - name: buyers\n    model: ref('fct_by_buyer')\n    defaults: {agg_time_dimension: day}\n    entities: [{name: buyer_id, type: primary, expr: buyer}]\n    dimensions: [{name: day, type: time, type_params: {time_granularity: day}}]\n    measures: [{name: by_buyer, agg: sum, expr: amount}]\nmetrics:\n  - {name: amount, label: Valor, type: simple, type_params: {measure: amount}}\n  - {name: by_buyer, label: Por comprador, type: simple, type_params: {measure: by_buyer}}\n",
    ),
];

const RULES: &str = "models:\n  - name: fct_sales\n    config: {meta: {mirante: {rows: branch in user.filiais, rows_unless: [curador]}}}\n    columns:\n      - {name: buyer, config: {meta: {mirante: {classification: confidencial, mask: name}}}}\n";

const SALES: &str = "id;day;branch;buyer;amount\n1;01/06/2026;Curitiba;Ana Souza;10,50\n2;02/06/2026;Curitiba;Rui Lima;20,00\n3;03/06/2026;Londrina;Eva Reis;777,77\n";

const ASKED: &str = r#"{"metrics":["amount"],"by":["branch"],"period":{"from":"2026-06-01","to":"2026-06-30"},"order":[{"by":"branch","dir":"asc"}]}"#;

fn write_rules(pack: &Path, rules: &str) {
    std::fs::write(pack.join("models/schema.yml"), rules).unwrap();
}

fn shop(rules: &str) -> Workspace {
    let workspace = Workspace::new();
    let (files, pack) = (workspace.folder("files"), workspace.folder("pack"));
    std::fs::write(files.join("sales.csv"), SALES).unwrap();
    for folder in ["models", "metrics"] {
        std::fs::create_dir_all(pack.join(folder)).unwrap();
    }
    for (path, text) in FILES {
        std::fs::write(pack.join(path), text).unwrap();
    }
    write_rules(&pack, rules);
    workspace.succeeds(&["source", "add", "files", "--name", "shop", "--path", files.to_str().unwrap()]);
    workspace.succeeds(&["pack", "add", pack.to_str().unwrap()]);
    workspace
}

/// The link's token.
fn token(printed: &str) -> String {
    printed.trim().rsplit_once("token=").expect("a link").1.to_owned()
}

fn session(serving: &Serving, token: &str) -> String {
    let answer = serving.ask(&format!("GET /entrar/link?token={token}"), "", "");
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a session");
    cookie.split(';').next().unwrap().to_owned()
}

/// The rows of an answer of the API, as it wrote them.
fn rows(answer: &str) -> String {
    let (_, rows) = answer.split_once("\"rows\":").unwrap_or_else(|| panic!("no rows: {answer}"));
    rows.split_once("]]").map_or(rows.split(']').next().unwrap_or_default(), |(rows, _)| rows).to_owned()
}

#[test]
fn two_people_before_the_same_question_get_their_own_rows() {
    let workspace = shop(RULES);
    workspace.succeeds(&["run"]);
    let add = |id: &str, more: &[&str]| token(&workspace.succeeds(&[&["user", "add", id], more].concat()));
    let ana = add("ana", &["--attribute", "filiais=Curitiba"]);
    let eva = add("eva", &["--role", "gestor", "--attribute", "filiais=Londrina"]);
    let nobody = add("ze", &[]);
    let serving = Serving::start(&workspace, &["--no-schedule"]);
    assert!(serving.ready_within_patience());
    let (ana, eva, nobody) = (session(&serving, &ana), session(&serving, &eva), session(&serving, &nobody));
    let ask = |who: &str| rows(&serving.ask("POST /api/v1/query", who, ASKED));
    // Twice, so that the second answers are remembered ones.
    for _ in 0..2 {
        let (of_ana, of_eva, of_nobody) = (ask(&ana), ask(&eva), ask(&nobody));
        assert!(
            of_ana.contains("Curitiba") && of_ana.contains("30.5") && !of_ana.contains("777"),
            "{of_ana}"
        );
        assert!(
            of_eva.contains("Londrina") && of_eva.contains("777.77") && !of_eva.contains("Curitiba"),
            "{of_eva}"
        );
        assert!(!of_nobody.contains("Londrina") && !of_nobody.contains("Curitiba"), "{of_nobody}");
    }
    // Members and names: a manager sees buyers, a reader their initials.
    let buyers = ASKED.replace("branch", "buyer");
    let of = |who: &str| rows(&serving.ask("POST /api/v1/query", who, &buyers));
    let (of_ana, of_eva) = (of(&ana), of(&eva));
    assert!(of_ana.contains("A. S.") && of_ana.contains("R. L.") && !of_ana.contains("Souza"), "{of_ana}");
    assert!(of_eva.contains("Eva Reis") && !of_eva.contains("A. S."), "{of_eva}");
    // A table made from rows that are not for everybody, which does not say whom its own are for.
    let by_buyer = r#"{"metrics":["by_buyer"],"period":{"from":"2026-06-01","to":"2026-06-30"}}"#;
    let closed = serving.ask("POST /api/v1/query", &ana, by_buyer);
    assert!(!closed.contains("808.27") && !closed.contains("30.5"), "{closed}");
    assert!(workspace.succeeds(&["query", "--metric", "by_buyer", "--period", "12month"]).contains("808"));
    // Sources are for those who look after them.
    for request in ["GET /dados/fonte/shop", "POST /dados/fonte/shop/sincronizar"] {
        let refused = serving.ask(request, &ana, "");
        assert!(refused.starts_with("HTTP/1.1 403") && !refused.contains("shop__"), "{refused}");
    }

    // What changes holds from the next request on.
    workspace.succeeds(&["user", "set", "ana", "--attribute", "filiais=Londrina"]);
    let moved = ask(&ana);
    assert!(moved.contains("777.77") && !moved.contains("Curitiba"), "{moved}");
    workspace.succeeds(&["user", "remove", "ana"]);
    assert!(serving.ask("POST /api/v1/query", &ana, ASKED).starts_with("HTTP/1.1 401"));
}

/// The names of the parts that make the slice of `sales`, and how many rows it has.
fn slice_of_sales(serving: &Serving, who: &str) -> (Vec<String>, u64) {
    let body = |answer: String| answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap();
    let told = body(serving.ask("POST /_fn/slices/sliced", who, "{}"));
    let sliced: serde_json::Value = serde_json::from_str(&told).unwrap_or_else(|_| panic!("{told}"));
    let facts = sliced["definitions"]["facts"].as_array().unwrap();
    let fact = facts.iter().position(|fact| fact["name"] == "sales").unwrap();
    let asked = format!(r#"{{"edition":{},"fact":{fact}}}"#, sliced["edition"]);
    let told = body(serving.ask("POST /_fn/slices/manifest", who, &asked));
    let manifest: slice::Manifest = serde_json::from_str(&told).unwrap_or_else(|_| panic!("{told}"));
    (manifest.needed().map(|id| id.to_string()).collect(), manifest.rows())
}

#[test]
fn slices_hold_what_their_reader_may_see_and_are_given_to_nobody_else() {
    let workspace = shop(RULES);
    workspace.succeeds(&["run"]);
    let add = |id: &str, more: &[&str]| token(&workspace.succeeds(&[&["user", "add", id], more].concat()));
    let (ana, eva) = (add("ana", &["--attribute", "filiais=Curitiba"]), add("eva", &["--role", "curador"]));
    let serving = Serving::start(&workspace, &["--no-schedule"]);
    assert!(serving.ready_within_patience());
    let (ana, eva) = (session(&serving, &ana), session(&serving, &eva));
    let ((of_ana, few), (of_eva, all)) = (slice_of_sales(&serving, &ana), slice_of_sales(&serving, &eva));
    assert_eq!((few, all), (2, 3));
    let get = |who: &str, part: &String| serving.begin_and_read(&format!("GET /fatias/{part}"), who);
    let mut told = String::new();
    for part in &of_ana {
        let answer = get(&ana, part);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        told.push_str(&answer);
    }
    assert!(told.contains("Curitiba") && !told.contains("Londrina"), "{told}");
    assert!(!told.contains("Souza"), "a masked name stays masked");
    for part in of_eva.iter().filter(|part| !of_ana.contains(part)) {
        assert!(get(&eva, part).starts_with("HTTP/1.1 200"));
        assert!(get(&ana, part).starts_with("HTTP/1.1 404"), "somebody else's part");
    }

    // What changes holds from the next request on, also for what somebody knows the name of.
    workspace.succeeds(&["user", "set", "ana", "--attribute", "filiais=Londrina"]);
    for part in &of_ana {
        assert!(get(&ana, part).starts_with("HTTP/1.1 404"), "what she saw before");
    }
}

#[test]
fn rules_that_came_later_hold_for_older_editions_too() {
    let workspace = shop("models: []\n");
    workspace.succeeds(&["run"]);
    workspace.succeeds(&["user", "add", "ana", "--attribute", "filiais=Curitiba"]);
    let ask = |edition: &[&str]| {
        let asked =
            ["query", "--metric", "amount", "--from", "2026-06-01", "--to", "2026-06-30", "--as", "ana"];
        workspace.succeeds(&[&asked, edition].concat())
    };
    assert!(ask(&[]).contains("808"), "{}", ask(&[]));
    write_rules(&workspace.folder("pack"), RULES);
    workspace.succeeds(&["run"]);
    assert!(!ask(&[]).contains("808") && ask(&[]).contains("30"), "{}", ask(&[]));
    let before = ask(&["--edition", "1"]);
    assert!(!before.contains("808") && before.contains("30"), "{before}");
}

#[test]
fn rules_that_are_not_understood_publish_nothing_and_say_where() {
    let cases = [
        (RULES.replace("branch in user.filiais", "branch in filiais"), "models/schema.yml", "at letter 11"),
        (RULES.replace("branch in user.filiais", "filial in user.filiais"), "marts.fct_sales", "filial"),
        (RULES.replace("name: buyer", "name: buier"), "marts.fct_sales", "buier"),
        (RULES.replace("confidencial", "secreto"), "models/schema.yml", "secreto"),
        (RULES.replace("curador", "chefe"), "models/schema.yml", "chefe"),
    ];
    for (rules, place, what) in cases {
        let workspace = shop(&rules);
        let error = workspace.fails(1, &["run"]);
        assert!(error.contains(place) && error.contains(what), "{rules}: {error}");
        assert!(
            workspace
                .fails(1, &["query", "--metric", "amount", "--period", "12month"])
                .contains("nothing has been published")
        );
    }
    let workspace = shop(RULES);
    let error = workspace.fails(2, &["user", "add", "ana", "--role", "chefe"]);
    assert!(error.contains("there is no role `chefe`") && error.contains("leitor"), "{error}");
}
