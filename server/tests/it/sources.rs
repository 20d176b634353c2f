//! Sources behind HTTP through the command line: added, tried out, told anew.

use crate::workspace::Workspace;
use simulators::servers::{Running, System, World, ploomes};
use simulators::{Company, Scale};
use std::process::Output;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A workspace that may call this machine, and the CRM on it.
pub struct Connected {
    pub workspace: Workspace,
    world: Arc<World>,
    pub crm: Running,
    pub key: String,
    pub runtime: Runtime,
}

impl Connected {
    pub fn new() -> Connected {
        let workspace = Workspace::new();
        let data = workspace.folder("data");
        std::fs::write(data.join("mirante.toml"), "private_networks = [\"127.0.0.1\"]\n").expect("settings");
        let today = "2026-06-30".parse().expect("a day");
        let company =
            Company::generate(Scale::new(0.02).expect("a scale"), 7, today).expect("a company is made");
        let options = ploomes::Options::default();
        let (runtime, key) = (Runtime::new().expect("a runtime"), options.user_key.clone());
        let world = Arc::new(World::new(company));
        let crm = runtime.block_on(ploomes::start(world.clone(), options)).expect("the CRM starts");
        Connected { workspace, world, crm, key, runtime }
    }

    /// Adds the CRM as `crm`.
    pub fn add(&self) {
        let url = self.crm.url();
        let what = [
            "source",
            "add",
            "ploomes",
            "--name",
            "crm",
            "--address",
            &url,
            "--user-key",
            "env:CRM_KEY",
            "--per-minute",
            "6000",
        ];
        let added = self.with_key(&self.key, &what);
        assert!(added.status.success(), "{}", error(&added));
    }

    /// A command that finds this key in its environment.
    pub fn with_key(&self, key: &str, arguments: &[&str]) -> Output {
        self.workspace.command(arguments).env("CRM_KEY", key).output().expect("the binary starts")
    }
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_source_is_added_tried_out_and_told_anew() {
    let it = Connected::new();
    it.add();
    let tested = it.workspace.succeeds(&["source", "test", "crm"]);
    assert!(tested.contains("\ndeals\tok\n") && tested.starts_with("account\t"), "{tested}");

    let set = |value: &str, key: &str| it.with_key(key, &["source", "set", "crm", value]);
    assert!(set("user_key=env:CRM_KEY", "WRONG").status.success());
    let refused = it.workspace.mirante(&["source", "test", "crm"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(error(&refused).contains("key") && !error(&refused).contains("WRONG"), "{}", error(&refused));
    assert!(set("user-key=env:CRM_KEY", &it.key).status.success());
    it.workspace.succeeds(&["source", "test", "crm"]);

    for (value, expected) in [
        ("page=301", "`page` takes a whole number from 1 to 300"),
        ("pages=3", "has no parameter `pages`"),
        ("page", "needs the form PARAMETER=VALUE"),
        ("user_key=secret", "env:NAME, file:PATH or -"),
    ] {
        let output = set(value, "");
        assert_eq!(output.status.code(), Some(2), "{value}");
        assert!(error(&output).contains(expected), "{value}: {}", error(&output));
    }
    let database = std::fs::read(it.workspace.folder("data").join("mirante.db")).expect("the database");
    assert!(!database.windows(it.key.len()).any(|window| window == it.key.as_bytes()), "the key is sealed");
}

/// The CRM as an API that Mirante knows nothing of.
const STREAMS: &str = "
- name: deals
  path: Deals?$orderby=LastUpdateDate,Id
  records: value
  key: Id
  paging: {by: offset, parameter: $skip, size: 100, size_parameter: $top}
  incremental: {field: LastUpdateDate, parameter: $filter, template: 'LastUpdateDate ge {value}', sorted: true}
";

/// A pack with one metric over the deals of that API.
fn pack(workspace: &Workspace) -> String {
    let pack = workspace.folder("pack");
    for (file, text) in [
        (
            "dbt_project.yml",
            "name: teste\nversion: '1.0'\nmodel-paths: [models]\nmodels: {teste: {+schema: marts, +materialized: table}}\n",
        ),
        (
            "models/sources.yml",
            "sources:\n  - {name: api, schema: raw, tables: [{name: deals, identifier: api__deals}]}\n",
        ),
        (
            "models/fct_deals.sql",
            "select id, cast(create_date as date) as day, cast(amount as decimal(18, 2)) as amount from {{ source('api', 'deals') }}\n",
        ),
        (
            "metrics/deals.yml",
            "semantic_models:\n  - name: deals\n    model: ref('fct_deals')\n    defaults: {agg_time_dimension: day}\n    entities: [{name: deal, type: primary, expr: id}]\n    dimensions: [{name: day, type: time, type_params: {time_granularity: day}}]\n    measures: [{name: amount, agg: sum}]\nmetrics:\n  - {name: offered, label: Ofertado, type: simple, type_params: {measure: amount}}\n",
        ),
    ] {
        let path = pack.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file of the pack");
    }
    pack.to_str().expect("a UTF-8 path").to_owned()
}

#[test]
fn an_api_that_is_described_is_added_tried_out_and_its_figures_are_those_of_the_system() {
    let it = Connected::new();
    let streams = it.workspace.folder("api").join("streams.yml");
    std::fs::write(&streams, STREAMS).expect("the description");
    let (url, described) = (it.crm.url(), format!("@{}", streams.display()));
    let add = |streams: &str| {
        let access = ["--auth", "header", "--secret-name", "User-Key", "--secret", "env:CRM_KEY"];
        let what = ["--address", &url, "--streams", streams, "--per-minute", "6000"];
        it.with_key(&it.key, &[&["source", "add", "http_json", "--name", "api"][..], &access, &what].concat())
    };
    let refused = add("- {name: deals, path: Deals, paging: {by: pages}}");
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        error(&refused).contains("`streams`: ") && error(&refused).contains("`pages`"),
        "{}",
        error(&refused)
    );
    let added = add(&described);
    assert!(added.status.success(), "{}", error(&added));
    let tested = it.workspace.succeeds(&["source", "test", "api"]);
    assert!(tested.contains("\ndeals\tok\n") && tested.starts_with("host\t127.0.0.1"), "{tested}");

    it.workspace.succeeds(&["pack", "add", &pack(&it.workspace)]);
    // What the system has by its own books, in cents.
    let offered = || -> i64 {
        let deals = it.world.ledger(System::Ploomes, "Deals").expect("deals");
        deals
            .iter()
            .map(|deal| (deal.fields["Amount"].as_f64().unwrap_or_default() * 100.0).round() as i64)
            .sum()
    };
    let asked =
        ["query", "--metric", "offered", "--from", "2000-01-01", "--to", "2030-12-31", "--format", "csv"];
    let mut before = 0;
    for day in 0..3 {
        it.workspace.succeeds(&["run"]);
        let figure = it.workspace.succeeds(&asked);
        let expected = format!("{}.{:02}", offered() / 100, offered() % 100);
        assert!(figure.contains(&expected), "day {day}: {figure} is not {expected}");
        assert_ne!(before, offered(), "business goes on");
        before = offered();
        it.world.advance(1).expect("a day passes");
    }
}
