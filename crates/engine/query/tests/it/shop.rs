//! A small shop: tables of a lake, its metrics, and short ways to ask.

use chrono::NaiveDate;
use kpi::{Calendar, Cell, Compare, Engine, Filter, FilterOp, Frame, Grain, MetricQuery, PeriodSpec, Role};
use lake::{Lake, LakeOptions, Relation, Relations, Session, TableName, WriteMode};
use plan::sliced::{Slices, Unanswered};
use query::slices::{SlicingError, Title};
use query::{AskError, Catalogue, Clock, MetricsFile};
use slice::Slice;
use std::sync::Mutex;
use tempfile::TempDir;

pub(crate) struct Shop {
    pub session: Session,
    pub catalogue: Catalogue,
    pub clock: Clock,
    /// The slice of each fact that can be sliced, with everything that can be asked of it.
    slices: Mutex<Slices>,
    /// Kept for as long as the lake is read.
    _dir: TempDir,
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn between(from: &str, to: &str) -> PeriodSpec {
    PeriodSpec::Between { from: day(from), to: day(to) }
}

pub(crate) fn cents(unscaled: i128) -> Cell {
    Cell::Decimal { unscaled, scale: 2 }
}

pub(crate) fn text(member: &str) -> Cell {
    Cell::Text(member.to_owned())
}

pub(crate) fn only(dimension: &str, op: FilterOp, values: &[&str]) -> Filter {
    Filter {
        dimension: dimension.to_owned(),
        op,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

/// A lake with one table in `marts` per name and SELECT.
pub(crate) async fn session(tables: &[(&str, &str)]) -> (Session, TempDir) {
    let dir = TempDir::new().unwrap();
    let lake = Lake::open(dir.path(), LakeOptions::default()).await.unwrap();
    let mut relations = Relations::new();
    for (name, sql) in tables {
        let table = TableName::new("marts", *name);
        let rows = lake.session(Relations::new()).stream(sql).await.unwrap();
        let version = lake.write(&table, rows, WriteMode::Replace).await.unwrap();
        relations.insert(table, Relation::Table { version });
    }
    (lake.session(relations), dir)
}

pub(crate) fn files(yaml: &str) -> Vec<MetricsFile> {
    vec![MetricsFile { pack: "shop".to_owned(), path: "metrics/shop.yml".to_owned(), text: yaml.to_owned() }]
}

pub(crate) async fn open(tables: &[(&str, &str)], yaml: &str, covered: &str) -> Shop {
    let (session, dir) = session(tables).await;
    let catalogue = Catalogue::build(&session, &files(yaml)).await.unwrap_or_else(|error| panic!("{error}"));
    let clock = Clock { covered: day(covered), calendar: Calendar::brazil(2020..=2030, true) };
    let slices = slices(&session, &catalogue).await;
    Shop { session, catalogue, clock, slices, _dir: dir }
}

async fn slices(session: &Session, catalogue: &Catalogue) -> Mutex<Slices> {
    let part = catalogue.planned();
    let mut slices = Slices::default();
    for fact in 0..part.facts.len() {
        let title = Title { fact: &part.facts[fact].name, policy: "all", edition: 7 };
        match query::slices::slice(session, catalogue, part, fact, title, None).await {
            Ok(built) => {
                let blobs = built.blobs;
                slices.put(fact, Slice::open(built.manifest, |id| blobs.get(id).map(Vec::as_slice)).unwrap());
            }
            Err(SlicingError::Uncounted { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    Mutex::new(slices)
}

impl Shop {
    /// What the lake answers. A slice answers the same to the last bit, or says that it cannot.
    pub(crate) async fn ask(&self, query: &MetricQuery) -> Result<Frame, AskError> {
        let queries = std::slice::from_ref(query);
        let answer = query::ask(&self.session, &self.catalogue, queries, &self.clock, 7).await.remove(0);
        match (self.ask_slices(queries).remove(0), &answer) {
            (Ok(sliced), Ok(frame)) => {
                assert_eq!(sliced.engine, Engine::Slice);
                assert_eq!(Frame { engine: Engine::Lake, ..sliced }, *frame, "{query:?}");
            }
            (Err(Unanswered::Question(error)), Err(AskError::Question(other))) => assert_eq!(error, *other),
            (Err(Unanswered::NoSlice { .. } | Unanswered::Slice(_)), _) => {}
            (sliced, _) => panic!("the lake says {answer:?}, and a slice {sliced:?}, of {query:?}"),
        }
        answer
    }

    /// What the slices answer.
    pub(crate) fn ask_slices(&self, queries: &[MetricQuery]) -> Vec<Result<Frame, Unanswered>> {
        self.slices.lock().unwrap().ask(self.catalogue.planned(), queries, &self.clock, 7)
    }

    /// The only value of a metric over a period.
    pub(crate) async fn total(&self, metric: &str, from: &str, to: &str) -> Cell {
        let frame = self.ask(&MetricQuery::total([metric], between(from, to))).await.unwrap();
        frame.single(metric, Role::Value).unwrap().clone()
    }

    /// Each bucket's first day and value.
    pub(crate) async fn series(
        &self,
        metric: &str,
        grain: Grain,
        from: &str,
        to: &str,
    ) -> Vec<(String, Cell)> {
        let query = MetricQuery { grain: Some(grain), ..MetricQuery::total([metric], between(from, to)) };
        let frame = self.ask(&query).await.unwrap();
        frame.rows.into_iter().map(|row| (row[0].date().unwrap().to_string(), row[1].clone())).collect()
    }

    /// Each member and value; no value is the member "".
    pub(crate) async fn by(
        &self,
        metric: &str,
        dimension: &str,
        from: &str,
        to: &str,
    ) -> Vec<(String, Cell)> {
        let query =
            MetricQuery { by: vec![dimension.to_owned()], ..MetricQuery::total([metric], between(from, to)) };
        let frame = self.ask(&query).await.unwrap();
        frame
            .rows
            .into_iter()
            .map(|row| (row[0].text().unwrap_or_default().to_owned(), row[1].clone()))
            .collect()
    }
}

pub(crate) fn compared(metrics: &[&str], period: PeriodSpec, compare: Compare) -> MetricQuery {
    MetricQuery { compare, ..MetricQuery::total(metrics.iter().copied(), period) }
}

pub(crate) const ORDERS: &str = "SELECT CAST(id AS INT) AS id, CAST(ordered_at AS DATE) AS ordered_at, CAST(amount AS DECIMAL(12,2)) AS amount, status, channel, \
    CAST(customer_id AS INT) AS customer_id FROM (VALUES \
    (1, '2026-01-05', '100.10', 'won', 'Ads', 1), (2, '2026-01-20', '50.05', 'lost', 'Site', 2), (3, '2026-02-03', '200.00', 'won', 'Ads', 1), \
    (4, '2026-02-10', '0.20', 'open', 'Site', NULL), (5, '2026-03-02', '75.00', 'won', NULL, 3), (6, '2026-03-31', '25.50', 'won', 'SDR', 9), \
    (7, '2026-03-31', '-10.00', 'won', '', 2)) AS t (id, ordered_at, amount, status, channel, customer_id)";

pub(crate) const CUSTOMERS: &str = "SELECT CAST(id AS INT) AS customer_key, uf, CAST(city AS INT) AS city_key FROM (VALUES \
    (1, 'SP', 10), (2, 'PR', 20), (3, 'PR', 21)) AS t (id, uf, city)";

pub(crate) const CITIES: &str = "SELECT CAST(id AS INT) AS id, name, region FROM (VALUES \
    (10, 'Campinas', 'Sudeste'), (20, 'Curitiba', 'Sul'), (21, 'Londrina', 'Sul')) AS t (id, name, region)";

pub(crate) const COSTS: &str = "SELECT CAST(day AS TIMESTAMP) AS posted_at, CAST(value AS DECIMAL(10,3)) AS value, channel FROM (VALUES \
    ('2026-01-31T23:30:00', '40.000', 'Ads'), ('2026-02-01T00:00:00', '10.005', 'Ads'), ('2026-03-01T12:00:00', '7.000', 'Eventos')) AS t (day, value, channel)";

pub(crate) const YAML: &str = r#"
semantic_models:
  - name: orders
    model: ref('fct_orders')
    defaults: {agg_time_dimension: ordered_at}
    entities:
      - {name: order, type: primary, expr: id}
      - {name: customer, type: foreign, expr: customer_id}
    dimensions:
      - {name: ordered_at, type: time, type_params: {time_granularity: day}}
      - {name: status, type: categorical}
      - {name: channel, type: categorical, config: {meta: {mirante: {label: Canal, label_en: Channel, prominent: true}}}}
    measures:
      - {name: revenue, agg: sum, expr: amount}
      - {name: order_count, agg: count, expr: id}
      - {name: customer_count, agg: count_distinct, expr: customer_id}
      - {name: won_count, agg: sum_boolean, expr: "status = 'won'"}
      - {name: smallest, agg: min, expr: amount}
      - {name: largest, agg: max, expr: amount}
      - {name: mean_amount, agg: average, expr: amount}
      - {name: median_amount, agg: median, expr: amount}
      - {name: p90_amount, agg: percentile, expr: amount, agg_params: {percentile: 0.9}}
      - {name: p50_picked, agg: percentile, expr: amount, agg_params: {percentile: 0.5, use_discrete_percentile: true}}
  - name: customers
    model: ref('dim_customers')
    entities:
      - {name: customer, type: primary, expr: customer_key}
      - {name: city, type: foreign, expr: city_key}
    dimensions:
      - {name: uf, type: categorical}
  - name: cities
    model: ref('dim_cities')
    entities: [{name: city, type: primary, expr: id}]
    dimensions:
      - {name: city_name, type: categorical, expr: name}
      - {name: region, type: categorical}
  - name: costs
    model: ref('fct_costs')
    defaults: {agg_time_dimension: posted_at}
    dimensions:
      - {name: posted_at, type: time, type_params: {time_granularity: day}}
      - {name: channel, type: categorical}
    measures: [{name: cost, agg: sum, expr: value}]
metrics:
  - {name: revenue, label: Receita, type: simple, type_params: {measure: revenue}, config: {meta: {mirante: {format: money, direction: up, kpi: true}}}}
  - {name: orders, label: Pedidos, type: simple, type_params: {measure: order_count}}
  - {name: customers, label: Clientes, type: simple, type_params: {measure: customer_count}}
  - {name: won, label: Ganhos, type: simple, type_params: {measure: won_count}}
  - {name: smallest, label: Menor, type: simple, type_params: {measure: smallest}}
  - {name: largest, label: Maior, type: simple, type_params: {measure: largest}}
  - {name: mean_amount, label: Média, type: simple, type_params: {measure: mean_amount}}
  - {name: median_amount, label: Mediana, type: simple, type_params: {measure: median_amount}}
  - {name: p90_amount, label: P90, type: simple, type_params: {measure: p90_amount}}
  - {name: p50_picked, label: P50, type: simple, type_params: {measure: p50_picked}}
  - {name: smallest_or_zero, label: Menor, type: simple, type_params: {measure: {name: smallest, fill_nulls_with: 0}}}
  - {name: cost, label: Custo, type: simple, type_params: {measure: cost}, config: {meta: {mirante: {format: money}}}}
  - {name: win_rate, label: Taxa, type: ratio, type_params: {numerator: won, denominator: orders}}
  - {name: avg_ticket, label: Ticket, type: ratio, type_params: {numerator: revenue, denominator: orders}, config: {meta: {mirante: {format: money}}}}
  - {name: cost_share, label: Custo, type: ratio, type_params: {numerator: cost, denominator: revenue}}
  - {name: margin, label: Margem, type: derived, type_params: {expr: revenue - cost, metrics: [revenue, cost]}}
  - {name: ads_revenue, label: Ads, type: simple, type_params: {measure: revenue}, filter: "{{ Dimension('order__channel') }} = 'Ads'"}
  - {name: sp_revenue, label: SP, type: simple, type_params: {measure: {name: revenue, filter: "{{ Dimension('customer__uf') }} = 'SP'"}}}
  - {name: won_share, label: Parte, type: ratio, type_params: {numerator: {name: revenue, filter: "{{ Dimension('order__status') }} = 'won'"}, denominator: revenue}}
  - {name: growth, label: Crescimento, type: derived, type_params: {expr: "now / before - 1", metrics: [{name: revenue, alias: now}, {name: revenue, alias: before, offset_window: 1 month}]}}
  - {name: first_day, label: Primeiro, type: derived, type_params: {expr: at_start, metrics: [{name: revenue, alias: at_start, offset_to_grain: month}]}}
  - {name: late_march, label: Fim, type: simple, type_params: {measure: revenue}, filter: "{{ TimeDimension('metric_time', 'day') }} >= '2026-03-15'"}
"#;

pub(crate) async fn shop() -> Shop {
    let tables =
        [("fct_orders", ORDERS), ("dim_customers", CUSTOMERS), ("dim_cities", CITIES), ("fct_costs", COSTS)];
    open(&tables, YAML, "2026-03-31").await
}
