//! Nobody gets a row, a value or a count that is not theirs, by any path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::Principal;
use futures::StreamExt;
use lake::arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use lake::arrow::datatypes::Int64Type;
use lake::arrow::util::display::{ArrayFormatter, FormatOptions};
use lake::{Lake, LakeOptions, LandMode, Landing, Relation, Session};

use crate::world::{BRANCHES, Random, Sale, World};

/// How many (principal, question, path) are drawn; `MIRANTE_ISOLATION_CASES` sets another number.
const CASES: usize = 5_000;
const PER_PRINCIPAL: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_what_is_not_theirs() {
    let wanted =
        std::env::var("MIRANTE_ISOLATION_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let (mut done, mut seed, mut partly) = (0, 1, 0);
    while done < wanted {
        let world = World::new(seed);
        let dir = tempfile::tempdir().unwrap();
        let session = session_of(&world, dir.path()).await;
        for principal in &world.principals {
            let seen = world.seen_by(principal).len();
            partly += usize::from(seen > 0 && seen < world.sales.len());
            ask_all(&world, &session, principal, seed).await;
            done += PER_PRINCIPAL;
        }
        seed += 1;
    }
    // A generator whose rules show everything or nothing would find nothing out.
    assert!(partly * PER_PRINCIPAL * 5 > done, "{partly} of {} principals see a part", done / PER_PRINCIPAL);
    println!("{done} cases over {} worlds", seed - 1);
}

async fn session_of(world: &World, dir: &std::path::Path) -> Session {
    let lake = Lake::open(dir, LakeOptions::default()).await.unwrap();
    let text = |of: fn(&Sale) -> Option<&str>| {
        Arc::new(world.sales.iter().map(of).collect::<StringArray>()) as ArrayRef
    };
    let number =
        |of: fn(&Sale) -> i64| Arc::new(world.sales.iter().map(of).collect::<Int64Array>()) as ArrayRef;
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("id", number(|sale| sale.id), true),
        ("branch", text(|sale| sale.branch), true),
        ("seller", text(|sale| sale.seller), true),
        ("value", number(|sale| sale.value), true),
        ("cpf", text(|sale| Some(&sale.cpf)), true),
        ("email", text(|sale| Some(&sale.email)), true),
    ])
    .unwrap();
    let table: lake::TableName = "marts.fct_sales".parse().unwrap();
    let landing = Landing {
        table: table.clone(),
        batch_id: "1".to_owned(),
        once: true,
        bookmark: None,
        mode: LandMode::Append,
        anew: false,
        schema: rows.schema(),
        rows: futures::stream::iter([Ok(rows)]).boxed(),
    };
    lake.land(landing).await.unwrap();
    let view = |sql: &str| Relation::View { sql: sql.to_owned() };
    let mut relations = lake.latest("marts").await.unwrap();
    relations.insert("marts.v_one".parse().unwrap(), view("select * from marts.fct_sales"));
    relations.insert(
        "marts.v_two".parse().unwrap(),
        view("with w as (select * from marts.v_one where id >= 0) select w.* from w order by value"),
    );
    lake.session(relations)
}

/// A question with the answer that plain reading of the visible rows gives; `None` when only secrets are looked for.
struct Question {
    sql: String,
    expected: Option<Vec<String>>,
}

async fn ask_all(world: &World, all: &Session, principal: &Principal, seed: u64) {
    let schemas = BTreeSet::from(["marts".to_owned(), "raw".to_owned()]);
    let session = match world.rules.sight(principal, &schemas, "marts") {
        Some(sight) => all.seen_with(Arc::new(sight)),
        None => all.clone(),
    };
    let seen = world.seen_by(principal);
    let secrets = secrets(world, principal, &seen);
    let mut random = Random(seed ^ 0xabcd);
    let questions: Vec<Question> =
        (0..PER_PRINCIPAL).map(|_| question(world, principal, &seen, &mut random)).collect();
    // Half of them share passes, half are asked alone.
    let (shared, alone) = questions.split_at(PER_PRINCIPAL / 2);
    for some in shared.chunks(10) {
        let texts: Vec<String> = some.iter().map(|question| question.sql.clone()).collect();
        for (question, answer) in some.iter().zip(session.together(&texts).await) {
            judge(question, answer.map(|(_, batches)| batches), &secrets, principal, seed);
        }
    }
    for question in alone {
        judge(question, session.query(&question.sql).await, &secrets, principal, seed);
    }
}

fn judge(
    question: &Question,
    answer: Result<Vec<RecordBatch>, lake::LakeError>,
    secrets: &BTreeSet<String>,
    principal: &Principal,
    seed: u64,
) {
    let place = || format!("seed {seed}, {principal:?}, {}", question.sql);
    let said = match answer {
        Ok(batches) => {
            let lines = lines(&batches);
            if let Some(expected) = &question.expected {
                assert_eq!(&lines, expected, "{}", place());
            }
            lines.join("\n")
        }
        Err(error) => {
            assert!(question.expected.is_none(), "{}: {error}", place());
            format!("{error} {error:?}")
        }
    };
    let words = said.split(|letter: char| !letter.is_alphanumeric());
    for word in words {
        assert!(!secrets.contains(word), "{}: `{word}` came out: {said}", place());
    }
}

/// Every word that only stands in hidden rows or masked columns.
fn secrets(world: &World, principal: &Principal, seen: &[&Sale]) -> BTreeSet<String> {
    let ids: BTreeSet<i64> = seen.iter().map(|sale| sale.id).collect();
    let mut secrets = BTreeSet::new();
    for sale in &world.sales {
        let hidden = !ids.contains(&sale.id);
        let mut add = |column: &str, word: String| {
            if hidden || !world.is_plain(column, principal) {
                secrets.insert(word);
            }
        };
        add("value", sale.value.to_string());
        add("cpf", sale.cpf.clone());
        add("email", sale.email.split('@').next().unwrap_or_default().to_owned());
    }
    secrets
}

fn question(world: &World, principal: &Principal, seen: &[&Sale], random: &mut Random) -> Question {
    let table = *random.one(&["fct_sales", "v_one", "v_two", "mirante.marts.fct_sales"]);
    let plain = world.is_plain("value", principal);
    let branch = *random.one(&BRANCHES);
    let quoted = branch.replace('\'', "''");
    let least = random.below(world.sales.len()) as i64;
    let of_branch: Vec<&&Sale> = seen.iter().filter(|sale| sale.branch == Some(branch)).collect();
    let sum = |sales: &mut dyn Iterator<Item = i64>| {
        let values: Vec<i64> = sales.collect();
        if values.is_empty() || !plain { "∅".to_owned() } else { values.iter().sum::<i64>().to_string() }
    };
    let known = |sql: String, expected: Vec<String>| Question { sql, expected: Some(expected) };
    let free = |sql: String| Question { sql, expected: None };
    match random.below(19) {
        0 => known(format!("select count(*) from {table}"), vec![seen.len().to_string()]),
        1 => known(
            format!("select sum(value) from {table}"),
            vec![sum(&mut seen.iter().map(|sale| sale.value))],
        ),
        2 => known(
            format!("select count(*), sum(value) from {table} where branch = '{quoted}'"),
            vec![format!("{}|{}", of_branch.len(), sum(&mut of_branch.iter().map(|sale| sale.value)))],
        ),
        3 => {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            seen.iter().for_each(|sale| *counts.entry(sale.branch.unwrap_or("-")).or_default() += 1);
            let expected = counts.into_iter().map(|(branch, count)| format!("{branch}|{count}")).collect();
            known(
                format!("select coalesce(branch, '-') as b, count(*) from {table} group by 1 order by 1"),
                expected,
            )
        }
        4 => {
            let mut ids: Vec<i64> = seen.iter().map(|sale| sale.id).filter(|id| *id >= least).collect();
            ids.sort_unstable();
            let expected = ids.into_iter().map(|id| id.to_string()).collect();
            known(format!("select id from {table} where id >= {least} order by id"), expected)
        }
        5 => known(
            format!("select count(*) from {table} a join fct_sales b on a.id = b.id where a.id >= {least}"),
            vec![seen.iter().filter(|sale| sale.id >= least).count().to_string()],
        ),
        6 => known(
            format!(
                "select (select count(*) from {table}) + (select count(*) from v_one where branch is null)"
            ),
            vec![(seen.len() + seen.iter().filter(|sale| sale.branch.is_none()).count()).to_string()],
        ),
        7 => known(
            format!(
                "with w as (select * from {table} where branch <> '{quoted}') select count(distinct id) from w"
            ),
            vec![
                seen.iter()
                    .filter(|sale| sale.branch.is_some_and(|other| other != branch))
                    .count()
                    .to_string(),
            ],
        ),
        // A filter that fails on a hidden row would tell of it.
        8 => {
            let value = world.sales[least as usize].value;
            let visible = seen.iter().any(|sale| sale.value == value);
            let sql = format!("select count(*) from {table} where 1000 / (value - {value}) < 1");
            if plain && visible {
                free(sql)
            } else {
                known(sql, vec![if plain { seen.len().to_string() } else { "0".to_owned() }])
            }
        }
        9 => free(format!("select * from {table} where cast(email as int) = 1")),
        10 => free(format!("select cast(cpf as date), value from {table} where branch <> '{quoted}'")),
        11 => free(format!("select * from {table}")),
        12 => free(format!("select max(value), min(cpf), max(email) from {table}")),
        13 => free(format!("select string_agg(email, ' '), array_agg(cpf) from {table}")),
        14 => free(format!("explain analyze select * from {table} where value > {least}")),
        15 => free(format!(
            "select * from (select *, row_number() over (order by value desc) as r from {table} offset 0) where cast(cpf as int) > 0"
        )),
        // What a masked column is compared with is its mask.
        16 => {
            let shown = |sale: &Sale| {
                if world.is_plain("email", principal) {
                    sale.email.clone()
                } else {
                    "p***@exemplo.com".to_owned()
                }
            };
            let wanted = shown(&world.sales[least as usize]);
            let count = seen.iter().filter(|sale| shown(sale) == wanted).count();
            known(format!("select count(*) from {table} where email = '{wanted}'"), vec![count.to_string()])
        }
        17 => free(format!(
            "select a.email from {table} a, fct_sales b where a.cpf = b.cpf order by b.value limit 5"
        )),
        _ => {
            let Sale { value, cpf, .. } = &world.sales[least as usize];
            let visible = seen.iter().any(|sale| sale.value == *value);
            let found = visible && plain && world.is_plain("cpf", principal);
            known(
                format!("select count(*) from {table} where value = {value} and cpf = concat('', '{cpf}')"),
                vec![usize::from(found).to_string()],
            )
        }
    }
}

fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default().with_null("∅");
    let mut lines = Vec::new();
    for batch in batches {
        let cells: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            lines.push(cells.iter().map(|cell| cell.value(row).to_string()).collect::<Vec<_>>().join("|"));
        }
    }
    lines
}

#[tokio::test]
async fn oracle_finds_out_when_nothing_is_enforced() {
    let world = World::new(3);
    let dir = tempfile::tempdir().unwrap();
    let all = session_of(&world, dir.path()).await;
    let principal =
        world.principals.iter().find(|principal| world.seen_by(principal).len() < world.sales.len());
    let seen = world.seen_by(principal.unwrap());
    let secrets = secrets(&world, principal.unwrap(), &seen);
    let batches = all.query("select value from fct_sales").await.unwrap();
    let values = batches[0].column(0).as_primitive::<Int64Type>();
    assert!(values.iter().flatten().any(|value| secrets.contains(&value.to_string())));
    assert!(!secrets.is_empty() && values.len() == world.sales.len());
}
