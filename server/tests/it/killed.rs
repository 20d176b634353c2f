//! A run that is killed (kill -9) at any moment loses nothing and doubles nothing: the next one ends with the same figures.
//!
//! `MIRANTE_KILL_ROUNDS` sets the number of rounds. The moments are drawn from fixed seeds, as shares of an undisturbed run's time, counted from
//! its start, its first landing or its first model.

use crate::workspace::Workspace;
use std::fmt::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A pack with a staging view, a model that is merged by key, one that is appended to, and one that is built anew.
const FILES: [(&str, &str); 7] = [
    (
        "dbt_project.yml",
        "name: loja\nversion: '1.0'\nmodel-paths: [models]\nmodels:\n  loja:\n    +schema: marts\n    +materialized: table\n",
    ),
    (
        "models/sources.yml",
        "sources:\n  - name: shop\n    schema: raw\n    tables:\n      - {name: sales, identifier: shop__sales}\n      - {name: customers, identifier: shop__customers}\n",
    ),
    (
        "models/stg_sales.sql",
        "{{ config(materialized='view', schema='staging') }}\nselect id, day, customer, cast(amount as decimal(18, 2)) as amount, _mirante_loaded_at as loaded_at from {{ source('shop', 'sales') }}\n",
    ),
    (
        "models/fct_merged.sql",
        "{{ config(materialized='incremental', unique_key='id') }}\nselect id, day, amount, loaded_at from {{ ref('stg_sales') }}\n{% if is_incremental() %} where loaded_at > (select max(loaded_at) from {{ this }}) {% endif %}\n",
    ),
    (
        "models/fct_appended.sql",
        "{{ config(materialized='incremental', incremental_strategy='append') }}\nselect id, day, amount from {{ ref('stg_sales') }}\n{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}\n",
    ),
    (
        "models/fct_sales.sql",
        "select s.id, s.day, s.amount, c.uf from {{ ref('stg_sales') }} s left join {{ source('shop', 'customers') }} c on s.customer = c.id\n",
    ),
    (
        "models/schema.yml",
        "models:\n  - name: fct_merged\n    columns: [{name: id, data_tests: [unique, not_null]}]\n  - name: fct_appended\n    columns: [{name: id, data_tests: [unique, not_null]}]\n  - name: fct_sales\n    columns: [{name: id, data_tests: [unique, not_null]}]\n",
    ),
];

/// Rows and amount of each model, so that a lost or doubled row shows.
const METRICS: &str = "merged_rows,merged_amount,appended_rows,appended_amount,sales_rows,sales_amount";

fn write_pack(pack: &Path) {
    for folder in ["models", "metrics"] {
        std::fs::create_dir_all(pack.join(folder)).unwrap();
    }
    for (path, text) in FILES {
        std::fs::write(pack.join(path), text).unwrap();
    }
    let (mut models, mut metrics) = (String::from("semantic_models:\n"), String::from("metrics:\n"));
    for name in ["merged", "appended", "sales"] {
        let uf = if name == "sales" { "      - {name: uf, type: categorical}\n" } else { "" };
        let _ = write!(
            models,
            "  - name: {name}\n    model: ref('fct_{name}')\n    defaults: {{agg_time_dimension: day}}\n    entities: [{{name: {name}_id, type: primary, expr: id}}]\n    dimensions:\n      - {{name: day, type: time, type_params: {{time_granularity: day}}}}\n{uf}    measures:\n      - {{name: {name}_rows, agg: sum, expr: '1'}}\n      - {{name: {name}_amount, agg: sum, expr: amount}}\n"
        );
        for part in ["rows", "amount"] {
            let _ = writeln!(
                metrics,
                "  - {{name: {name}_{part}, label: {name} {part}, type: simple, type_params: {{measure: {name}_{part}}}}}"
            );
        }
    }
    std::fs::write(pack.join("metrics/sales.yml"), models + &metrics).unwrap();
}

/// One month's file: 400 sales, of which `raised` cost one real more than they did.
fn sales(month: u32, raised: u32) -> String {
    let mut text = String::from("id;day;customer;amount\n");
    for row in 0..400 {
        let id = month * 1000 + row;
        let amount = 10 + row % 90 + u32::from(row < raised);
        let _ =
            writeln!(text, "{id};{:02}/{month:02}/2026;{};{amount},{:02}", 1 + row % 28, row % 20, row % 100);
    }
    text
}

fn write_first_files(files: &Path) {
    for month in 1..=3 {
        std::fs::write(files.join(format!("sales_2026-{month:02}.csv")), sales(month, 0)).unwrap();
    }
    let customers: String = (0..20).map(|id| format!("{id};{}\n", ["SP", "PR", "SC"][id % 3])).collect();
    std::fs::write(files.join("customers.csv"), format!("id;uf\n{customers}")).unwrap();
}

/// A month is corrected and another one arrives.
fn write_second_files(files: &Path) {
    std::fs::write(files.join("sales_2026-02.csv"), sales(2, 50)).unwrap();
    std::fs::write(files.join("sales_2026-04.csv"), sales(4, 0)).unwrap();
}

pub struct Shop {
    pub workspace: Workspace,
}

impl Shop {
    pub fn new() -> Shop {
        let workspace = Workspace::new();
        let (files, pack) = (workspace.folder("files"), workspace.folder("pack"));
        write_first_files(&files);
        write_pack(&pack);
        workspace.succeeds(&["source", "add", "files", "--name", "shop", "--path", files.to_str().unwrap()]);
        workspace.succeeds(&["pack", "add", pack.to_str().unwrap()]);
        Shop { workspace }
    }

    fn second_files(&self) {
        write_second_files(&self.workspace.folder("files"));
    }

    /// Starts a run and kills it `patience` after it was started, or after its first commit to a schema. Whether it was still alive.
    fn killed_run(&self, first_commit_to: Option<&str>, patience: Duration) -> bool {
        let before = first_commit_to.map(|schema| (schema, self.commits(schema)));
        let mut child = self
            .workspace
            .command(&["run"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let has_come_there = || before.is_none_or(|(schema, commits)| self.commits(schema) > commits);
        while !has_come_there() && child.try_wait().expect("the child can be asked").is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(patience);
        let was_alive = child.try_wait().expect("the child can be asked").is_none();
        child.kill().expect("the child can be killed");
        child.wait().expect("the child ends");
        was_alive
    }

    /// How often the tables of a schema were written.
    fn commits(&self, schema: &str) -> usize {
        let tables = std::fs::read_dir(self.workspace.lake().join(schema)).into_iter().flatten().flatten();
        tables
            .filter_map(|table| std::fs::read_dir(table.path().join("_delta_log")).ok())
            .flat_map(|log| log.flatten())
            .filter(|commit| commit.path().extension().is_some_and(|extension| extension == "json"))
            .count()
    }

    /// Runs to the end; the number of the edition that readers see now.
    fn run(&self) -> u64 {
        let said = self.workspace.succeeds(&["run"]);
        let number = said.split("edition ").nth(1).and_then(|rest| rest.split([':', '\n']).next());
        number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("`{said}` names no edition"))
    }

    pub fn figures(&self, edition: Option<u64>) -> String {
        let edition = edition.map(|number| number.to_string());
        let mut arguments = vec![
            "query",
            "--metric",
            METRICS,
            "--grain",
            "month",
            "--from",
            "2026-01-01",
            "--to",
            "2026-06-30",
            "--format",
            "csv",
        ];
        if let Some(edition) = &edition {
            arguments.extend(["--edition", edition]);
        }
        self.workspace.succeeds(&arguments)
    }

    /// How far the killed run had come, by what it has left on the disk.
    fn stage(&self) -> &'static str {
        let lake = self.workspace.lake();
        match (lake.join("raw").is_dir(), lake.join("marts").is_dir()) {
            (_, true) => "after the first model",
            (true, false) => "while landing",
            (false, false) => "before landing",
        }
    }
}

/// Fixed numbers that look drawn (splitmix64).
struct Draw(u64);

impl Draw {
    /// A share of `whole`.
    fn share(&mut self, whole: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        whole.mul_f64(
            f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX),
        )
    }
}

fn rounds() -> u64 {
    let asked = std::env::var("MIRANTE_KILL_ROUNDS").ok();
    asked.map_or(6, |text| {
        text.parse().unwrap_or_else(|_| panic!("MIRANTE_KILL_ROUNDS is `{text}`; give a number"))
    })
}

#[test]
fn run_that_was_killed_is_made_good_by_the_next() {
    let undisturbed = Shop::new();
    let started = Instant::now();
    undisturbed.run();
    let first_time = started.elapsed();
    let first = undisturbed.figures(None);
    undisturbed.second_files();
    let started = Instant::now();
    undisturbed.run();
    let second_time = started.elapsed();
    let second = undisturbed.figures(None);
    let rows: Vec<&str> = second.lines().skip(1).filter(|line| line.contains("400,")).collect();
    assert_eq!(rows.len(), 4, "four months of 400 sales each: {second}");
    assert_ne!(first, second);

    let mut stages = std::collections::BTreeMap::new();
    let (mut kills, mut too_late) = (0, 0);
    for round in 0..rounds() {
        let mut draw = Draw(round);
        let shop = Shop::new();
        // On a busy machine runs begin late: two rounds of three wait for what they want to meet.
        let mut kill = |time: Duration| {
            let was_alive = match round % 3 {
                0 => shop.killed_run(None, draw.share(time)),
                1 => shop.killed_run(Some("raw"), draw.share(time / 3)),
                _ => shop.killed_run(Some("marts"), draw.share(time / 4)),
            };
            if was_alive { kills += 1 } else { too_late += 1 }
        };
        kill(first_time);
        *stages.entry(shop.stage()).or_insert(0) += 1;
        let number = shop.run();
        assert_eq!(shop.figures(None), first, "round {round}: the first files, edition {number}");
        shop.second_files();
        kill(second_time);
        let number = shop.run();
        assert_eq!(shop.figures(None), second, "round {round}: the second files, edition {number}");
        assert_eq!(shop.run(), number, "round {round}: nothing is left to do");
        for edition in 1..=number {
            let figures = shop.figures(Some(edition));
            assert!(
                figures == first || figures == second,
                "round {round}: edition {edition} is neither state: {figures}"
            );
        }
        assert_eq!(number, 2, "round {round}: one edition for each state of the files");
    }
    println!(
        "{} rounds, {kills} runs killed, {too_late} had ended before; first kills: {stages:?}; all figures equal",
        rounds()
    );
}
