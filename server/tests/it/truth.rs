//! The demo company through the command line reaches the figures that its simulator counted from its own model.
//!
//! Everything is compared as numerators and denominators, to the cent; only median and percentile come as one number.

use crate::workspace::{Workspace, root};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use lake::{Lake, LakeOptions};
use simulators::company::events;
use simulators::company::places::FILIAIS;
use simulators::servers::whatsapp::{Events, Options};
use simulators::{Company, Part, Scale, Truth, calendar};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::Duration;

const SCALE: f64 = 0.03;
const SEED: u64 = 7;
const TODAY: &str = "2026-06-30";
/// Each stream with broken lines has ten of them: exports with `Dirt::broken` in the simulator.
const BROKEN_LINES: usize = 10;

/// How a part of a metric of the packs says what the truth says.
#[derive(Clone, Copy)]
enum Unit {
    Count,
    Cents,
    /// Losses of revenue are negative in the packs and positive in the truth.
    LostCents,
}
use Unit::{Cents, Count, LostCents};

/// (metric of the truth, metrics of the packs that are its numerator and its denominator). `order_lead_time_mean` has no numerator
/// in the packs; its denominator counts fulfilled orders. `lead_conversion_rate` and `event_roi` follow below: the packs count a
/// cohort on the day on which it matures, the truth in the month in which it began.
const PARTS: [(&str, Option<(&str, Unit)>, Option<&str>); 11] = [
    ("mrr", Some(("mrr", Cents)), None),
    ("mrr_new", Some(("mrr_new", Cents)), None),
    ("mrr_expansion", Some(("mrr_expansion", Cents)), None),
    ("mrr_contraction", Some(("mrr_contraction", LostCents)), None),
    ("mrr_churn", Some(("mrr_churn", LostCents)), None),
    ("cac", Some(("acquisition_cost", Cents)), Some("new_customers")),
    ("net_sales", Some(("net_sales", Cents)), None),
    ("avg_ticket", Some(("net_sales", Cents)), Some("sales_invoices")),
    ("win_rate", Some(("won_deals", Count)), Some("closed_deals")),
    ("whatsapp_sla", Some(("whatsapp_turns_in_time", Count)), Some("whatsapp_turns")),
    ("order_lead_time_mean", None, Some("orders_fulfilled")),
];

/// (month, member) → text of the figure.
type Figures = BTreeMap<(String, String), String>;

struct Demo {
    workspace: Workspace,
    company: Company,
    truth: Truth,
    compared: usize,
}

/// From the systems themselves, over HTTP.
#[test]
fn demo_company_reaches_the_figures_of_its_model() {
    let workspace = Workspace::new();
    let (scale, seed) = (SCALE.to_string(), SEED.to_string());
    let demo = ["demo", "--no-serve", "--scale", &scale, "--seed", &seed, "--today", TODAY];
    killed_while_messages_are_sent(&workspace, &demo);
    workspace.succeeds(&demo);
    let written = workspace.lake_files();
    // The systems listen elsewhere now, and have nothing new to tell.
    workspace.succeeds(&demo[..6]);
    assert_eq!(workspace.lake_files(), written, "nothing has changed, so nothing is written");
    let other = workspace.fails(2, &["demo", "--no-serve", "--scale", "0.5"]);
    assert!(other.contains("--scale 0.03 --seed 7 --today 2026-06-30"), "{other}");
    let company = company();
    let told = Events::of(&company, &Options::default(), usize::MAX).messages.len();
    let sql = "select count(*) as n, count(distinct id) as distinct_n from raw.whatsapp__messages";
    assert_eq!(numbers(&workspace, sql), [told, told], "messages, and different ones");
    Demo::new(workspace, company).compare_all();
}

/// The first try ends (kill -9) when some of its messages have been acknowledged, and not all.
fn killed_while_messages_are_sent(workspace: &Workspace, demo: &[&str]) {
    let mark = workspace.folder("data").join("demo/.whatsapp");
    let quiet = || Stdio::null();
    let mut child =
        workspace.command(demo).stdout(quiet()).stderr(quiet()).spawn().expect("the binary starts");
    while !mark.exists() {
        assert!(child.try_wait().expect("it can be asked").is_none(), "it ended without sending anything");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}

/// From the exports of the same systems, dirt included.
#[test]
fn exports_of_the_demo_company_reach_the_same_figures() {
    let workspace = Workspace::new();
    let (company, exports) = (company(), workspace.folder("exports"));
    simulators::write_exports(&company, &exports, &Part::ALL, &mut |_, _| {}).expect("exports are written");
    for source in ["ploomes", "sap", "atendimento", "planilhas"] {
        let folder = exports.join(source);
        let folder = folder.to_str().expect("a UTF-8 path");
        workspace.succeeds(&["source", "add", "files", "--name", source, "--path", folder]);
    }
    for pack in ["empresa", "comercial", "operacional", "financeiro"] {
        let folder = root().join("packs").join(pack);
        workspace.succeeds(&["pack", "add", folder.to_str().expect("a UTF-8 path")]);
    }
    let settings = workspace.succeeds(&["workspace", "--company", "Serra Azul", "--today", TODAY]);
    assert_eq!(
        settings,
        "company\tSerra Azul\ntime zone\tAmerica/Sao_Paulo\nlanguage\tbrowser\ntoday\t2026-06-30 (pretended)\n"
    );
    workspace.succeeds(&["run"]);
    assert_eq!(workspace.succeeds(&["run"]), "nothing has changed since edition 1\n");
    rejects_hold_the_broken_lines(&workspace);
    Demo::new(workspace, company).compare_all();
}

fn company() -> Company {
    let today = TODAY.parse().expect("a day");
    Company::generate(Scale::new(SCALE).expect("a good scale"), SEED, today).expect("a good day")
}

impl Demo {
    fn new(workspace: Workspace, company: Company) -> Demo {
        Demo { workspace, truth: company.truth(), company, compared: 0 }
    }

    fn compare_all(&mut self) {
        self.parts();
        self.gross_margin();
        self.lead_times();
        self.leads();
        self.open_orders();
        self.cohorts();
        assert!(self.compared > 10_000, "few figures were compared: {}", self.compared);
        println!("{} figures compared", self.compared);
    }

    fn parts(&mut self) {
        for (metric, numerator, denominator) in PARTS {
            self.compare(metric, numerator, denominator);
        }
    }

    fn gross_margin(&mut self) {
        self.compare("gross_margin_pct", Some(("gross_margin", Cents)), Some("net_sales"));
    }

    /// Both parts of a metric, by month and by each dimension of the truth: nothing is missing, and nothing is there besides.
    fn compare(&mut self, metric: &str, numerator: Option<(&str, Unit)>, denominator: Option<&str>) {
        let dimensions: BTreeSet<&str> =
            self.truth.rows.iter().filter(|row| row.metric == metric).map(|row| row.dimension).collect();
        assert!(!dimensions.is_empty(), "the truth has no `{metric}`");
        for dimension in dimensions {
            let expected = |part: fn(&simulators::TruthRow) -> i64| -> BTreeMap<(String, String), i64> {
                let mut expected = BTreeMap::new();
                for row in
                    self.truth.rows.iter().filter(|row| row.metric == metric && row.dimension == dimension)
                {
                    *expected.entry((row.month.clone(), self.name(dimension, &row.member))).or_default() +=
                        part(row);
                }
                expected.retain(|_, value| *value != 0);
                expected
            };
            let numerators = expected(|row| row.numerator);
            let denominators = expected(|row| row.denominator);
            let (months, place) = (Some("month"), format!("{metric} by `{dimension}`"));
            if let Some((name, unit)) = numerator {
                let ours = exact(&self.ask(name, dimension, months), unit);
                self.compared += same(&format!("{place}: {name}"), &ours, &numerators);
            }
            if let Some(name) = denominator {
                // The denominator of a margin is money like its numerator.
                let unit = if name == "net_sales" { Cents } else { Count };
                let ours = exact(&self.ask(name, dimension, months), unit);
                self.compared += same(&format!("{place}: {name}"), &ours, &denominators);
            }
        }
    }

    /// What the boards call a member that the truth names by its code.
    fn name(&self, dimension: &str, code: &str) -> String {
        let number = || -> usize {
            code.trim_start_matches(char::is_alphabetic).parse().unwrap_or_else(|_| panic!("code `{code}`"))
        };
        match dimension {
            "filial" if !code.is_empty() => FILIAIS[number() - 1].1.to_owned(),
            "produto" if !code.is_empty() => self.company.products[number() - 1].name.clone(),
            "agente" if !code.is_empty() => self.company.agents[number() - 1].name.clone(),
            _ => code.to_owned(),
        }
    }

    /// Median and 90th percentile are single numbers, that the truth holds as fractions.
    fn lead_times(&mut self) {
        for metric in ["order_lead_time", "order_lead_time_p90"] {
            let ours = self.ask(metric, "", Some("month"));
            for row in self.truth.rows.iter().filter(|row| row.metric == metric) {
                let text = ours.get(&(row.month.clone(), row.member.clone()));
                let text = text.unwrap_or_else(|| panic!("no {metric} of {}", row.month));
                let value: f64 = text.parse().expect("a number");
                #[expect(clippy::cast_precision_loss, reason = "days are small")]
                let expected = row.numerator as f64 / row.denominator as f64;
                assert!(
                    (value - expected).abs() <= 1e-9 * expected.max(1.0),
                    "{metric} {}: {value}, {expected}",
                    row.month
                );
                self.compared += 1;
            }
        }
    }

    /// Leads are no ratio, so the truth does not list them; the model does.
    fn leads(&mut self) {
        let mut expected: BTreeMap<(String, String), i64> = BTreeMap::new();
        for deal in &self.company.deals {
            let month = calendar::month_label(calendar::month_of(deal.created_on()));
            *expected.entry((month, String::new())).or_default() += 1;
        }
        let ours = exact(&self.ask("leads", "", Some("month")), Count);
        self.compared += same("leads", &ours, &expected);
    }

    fn open_orders(&mut self) {
        let (expected, _) = self.truth.get("open_orders", "2026-06", "", "");
        let ours = exact(&self.ask("open_orders", "", Some("month")), Count);
        assert_eq!(ours.get(&("2026-06".to_owned(), String::new())), Some(&expected), "open orders");
        self.compared += 1;
    }

    /// Over all of the data, cohorts are the same ones wherever in time they are counted.
    fn cohorts(&mut self) {
        for dimension in ["", "canal", "segmento", "uf"] {
            for (name, is_won) in [("funnel_won", true), ("funnel_leads", false)] {
                let mut expected: BTreeMap<(String, String), i64> = BTreeMap::new();
                let rows = self.truth.rows.iter();
                for row in
                    rows.filter(|row| row.metric == "lead_conversion_rate" && row.dimension == dimension)
                {
                    let part = if is_won { row.numerator } else { row.denominator };
                    *expected.entry((String::new(), row.member.clone())).or_default() += part;
                }
                expected.retain(|_, value| *value != 0);
                let ours = exact(&self.ask(name, dimension, None), Count);
                self.compared += same(&format!("{name} by `{dimension}`"), &ours, &expected);
            }
        }
        let last = self.company.horizon.last;
        let mature: BTreeSet<String> = (0..self.company.events.len())
            .filter(|index| self.company.events[*index].from + 180 <= last)
            .map(events::code)
            .collect();
        let rows = || {
            self.truth.rows.iter().filter(|row| {
                row.metric == "event_roi" && row.dimension == "evento" && mature.contains(&row.member)
            })
        };
        let parts: [(&str, i64); 2] = [
            ("event_gain", rows().map(|row| row.numerator).sum()),
            ("event_cost", rows().map(|row| row.denominator).sum()),
        ];
        for (name, expected) in parts {
            let ours = exact(&self.ask(name, "", None), Cents);
            assert_eq!(ours.values().sum::<i64>(), expected, "{name} of the {} mature events", mature.len());
        }
        self.compared += parts.len();
    }

    /// A metric over all of the data.
    fn ask(&self, metric: &str, dimension: &str, grain: Option<&str>) -> Figures {
        // Plans of recurring contracts are the products of that part of the company.
        let by = if dimension == "plano" { "produto" } else { dimension };
        let mut arguments = vec![
            "query",
            "--metric",
            metric,
            "--from",
            "2023-07-01",
            "--to",
            "2026-06-29",
            "--format",
            "csv",
        ];
        if !by.is_empty() {
            arguments.extend(["--by", by]);
        }
        if let Some(grain) = grain {
            arguments.extend(["--grain", grain]);
        }
        let text = self.workspace.succeeds(&arguments);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().expect("a header").clone();
        let mut figures = Figures::new();
        for record in reader.records() {
            let record = record.expect("well-formed CSV");
            let named: BTreeMap<&str, &str> = header.iter().zip(record.iter()).collect();
            let month = named.get("metric_time").map_or("", |day| &day[..7]);
            let member = if by.is_empty() { "" } else { named[by] };
            figures.insert((month.to_owned(), member.to_owned()), named[metric].to_owned());
        }
        figures
    }
}

/// The figures that are not zero as whole numbers: counts, or cents.
fn exact(figures: &Figures, unit: Unit) -> BTreeMap<(String, String), i64> {
    let whole = |text: &str| match unit {
        Count => text.parse().unwrap_or_else(|_| panic!("`{text}` is no count")),
        Cents => cents(text),
        LostCents => -cents(text),
    };
    let figures = figures.iter().filter(|(_, text)| !text.is_empty());
    figures.map(|(key, text)| (key.clone(), whole(text))).filter(|(_, value)| *value != 0).collect()
}

/// `-12.30` as -1230; a fraction of a cent is an error.
fn cents(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    assert!(fraction.len() <= 2, "`{text}` is no whole number of cents");
    format!("{whole}{fraction:0<2}").parse().unwrap_or_else(|_| panic!("`{text}` is no amount"))
}

/// Both say the same; how many figures that were.
fn same(
    what: &str,
    ours: &BTreeMap<(String, String), i64>,
    expected: &BTreeMap<(String, String), i64>,
) -> usize {
    let keys: BTreeSet<&(String, String)> = ours.keys().chain(expected.keys()).collect();
    let wrong: Vec<String> = keys
        .iter()
        .filter(|key| ours.get(**key) != expected.get(**key))
        .map(|key| format!("{key:?}: ours {:?}, truth {:?}", ours.get(*key), expected.get(*key)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{what}: {} of {} differ: {}",
        wrong.len(),
        keys.len(),
        wrong[..wrong.len().min(5)].join("; ")
    );
    keys.len()
}

/// The numbers of the one row that a query over raw tables gives.
fn numbers(workspace: &Workspace, sql: &str) -> Vec<usize> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let rows = runtime.block_on(async {
        let lake = Lake::open(&workspace.lake(), LakeOptions::default()).await.expect("the lake opens");
        let raw = lake.latest("raw").await.expect("raw tables");
        lake.session(raw).query(sql).await.expect("the query runs")
    });
    let columns = rows[0].columns().iter();
    columns.map(|column| column.as_primitive::<Int64Type>().value(0) as usize).collect()
}

fn rejects_hold_the_broken_lines(workspace: &Workspace) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let counts: BTreeMap<String, usize> = runtime.block_on(async {
        let lake = Lake::open(&workspace.lake(), LakeOptions::default()).await.expect("the lake opens");
        let raw = lake.latest("raw").await.expect("raw tables");
        let session = lake.session(raw.clone());
        let mut counts = BTreeMap::new();
        for table in raw.keys().filter(|table| table.name.ends_with("__rejects")) {
            let rows = session
                .query(&format!("select file from {}", table.quoted()))
                .await
                .expect("rejects can be read");
            counts.insert(table.name.clone(), rows.iter().map(arrow::array::RecordBatch::num_rows).sum());
        }
        counts
    });
    assert!(counts.contains_key("atendimento__messages__rejects"), "{counts:?}");
    assert_eq!(counts.len(), 6, "{counts:?}");
    for (table, rows) in counts {
        assert_eq!(rows, BROKEN_LINES, "lines in {table}");
    }
}
