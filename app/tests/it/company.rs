//! Long because a whole invented company stands behind the contract here: enough to render every page, never part of the product.
//!
//! Invariant: the same question gets the same answer, and the members of a total sum to it.

use async_trait::async_trait;
use chrono::NaiveDate;
use contract::boards::{Board, BoardCard, Boards, Tile, TileContent};
use contract::editions::{EditionCard, Editions, HeldBack, Mark, Stale, Status};
use contract::failure::FailureKind;
use contract::metrics::{Catalogue, CheckResult, CheckStatus, Layer, Metrics, Origin, OriginTable};
use contract::runs::{RunCard, Runs};
use contract::{Failure, Principal};
use kpi::definition::{Additivity, Hierarchy, Label, MetricKind, PaceKind};
use kpi::frame::TIME;
use kpi::target::Target;
use kpi::{
    Calendar, Cell, Column, Compare, Dimension, Direction, Engine, Format, Frame, Grain, MetricDefinition,
    MetricQuery, Period, PeriodSpec, Role,
};
use std::collections::BTreeMap;

/// What this company does unlike others.
#[derive(Clone, Default)]
pub struct Company {
    /// The metric whose questions fail.
    pub broken: Option<&'static str>,
    pub held_back: bool,
    pub unpublished: bool,
}

pub fn principal() -> Principal {
    Principal {
        id: "1".into(),
        name: "Helena Prado".into(),
        roles: vec!["diretoria".into()],
        attributes: BTreeMap::new(),
    }
}

const COVERED: &str = "2026-06-22";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn label(pt: &str, en: &str) -> Label {
    Label { pt: pt.into(), en: Some(en.into()) }
}

fn metric(name: &str, pt: &str, format: Format, direction: Direction) -> MetricDefinition {
    MetricDefinition {
        name: name.into(),
        label: label(pt, &format!("{pt} (en)")),
        description: label("Quanto sobra da receita líquida depois do custo.", "What is left."),
        kind: MetricKind::Simple,
        additivity: Additivity::Full,
        numerator: None,
        denominator: None,
        formula: label("soma", "sum"),
        format,
        unit: String::new(),
        direction,
        target: None,
        thresholds: None,
        pace: PaceKind::Sum,
        dimensions: ["canal", "uf", "filial"].map(String::from).to_vec(),
        hierarchies: vec![Hierarchy {
            name: "geografia".into(),
            root: label("Brasil", "Brazil"),
            levels: ["regiao", "uf", "cidade"].map(String::from).to_vec(),
        }],
        grain: Grain::Day,
        time_note: Label::default(),
        owner: Some("Diretoria".into()),
        steward: None,
        classification: Some("interno".into()),
        is_kpi: false,
        hash: format!("{name:0<8}5f0c"),
        pack: "comercial".into(),
    }
}

fn ratio(
    name: &str,
    pt: &str,
    above: &str,
    below: &str,
    target: f64,
    direction: Direction,
    format: Format,
) -> MetricDefinition {
    MetricDefinition {
        kind: MetricKind::Ratio,
        additivity: Additivity::None,
        numerator: Some(above.into()),
        denominator: Some(below.into()),
        target: Some(Target::Value(target)),
        pace: PaceKind::Level,
        is_kpi: true,
        ..metric(name, pt, format, direction)
    }
}

pub fn catalogue() -> Catalogue {
    let count = |name: &str, pt: &str| metric(name, pt, Format::Integer, Direction::Up);
    let money = |name: &str, pt: &str| metric(name, pt, Format::Money, Direction::None);
    let mut mrr = MetricDefinition {
        additivity: Additivity::Stock,
        target: Some(Target::Metric("mrr_target".into())),
        pace: PaceKind::Level,
        is_kpi: true,
        grain: Grain::Month,
        ..metric("mrr", "MRR", Format::Money, Direction::Up)
    };
    mrr.dimensions = vec!["canal".into(), "uf".into()];
    let lead_time = MetricDefinition {
        additivity: Additivity::None,
        target: Some(Target::Value(3.0)),
        pace: PaceKind::Level,
        is_kpi: true,
        ..metric("order_lead_time", "Lead time do pedido", Format::BusinessDays, Direction::Down)
    };
    let mut sla =
        ratio("whatsapp_sla", "SLA WhatsApp", "turns_in_time", "turns", 0.92, Direction::Up, Format::Percent);
    sla.dimensions.retain(|dimension| dimension != "canal");
    sla.dimensions.extend(["dia_semana".into(), "hora".into()]);
    let metrics = vec![
        ratio(
            "lead_conversion_rate",
            "Taxa de conversão",
            "won",
            "aged",
            0.25,
            Direction::Up,
            Format::Percent,
        ),
        ratio("cac", "CAC", "spend", "new_customers", 1900.0, Direction::Down, Format::Money),
        mrr,
        sla,
        lead_time,
        ratio(
            "gross_margin_pct",
            "Margem bruta",
            "gross_margin",
            "net_revenue",
            0.315,
            Direction::Up,
            Format::Percent,
        ),
        ratio("event_roi", "ROI de eventos", "event_gain", "event_cost", 1.2, Direction::Up, Format::Percent),
        count("won", "Ganhos"),
        count("aged", "Leads com 90 dias"),
        money("spend", "Gastos de vendas e marketing"),
        count("new_customers", "Clientes novos"),
        money("mrr_target", "Meta de MRR"),
        money("mrr_new", "Novo"),
        money("mrr_churn", "Churn"),
        count("turns_in_time", "Turnos no prazo"),
        count("turns", "Turnos"),
        money("gross_margin", "Margem"),
        money("net_revenue", "Receita líquida"),
        money("event_gain", "Ganho de eventos"),
        money("event_cost", "Custo de eventos"),
        count("leads", "Leads"),
        count("qualified", "Qualificados"),
        count("proposed", "Proposta"),
    ];
    let dimension = |name: &str, pt: &str, en: &str| Dimension {
        name: name.into(),
        label: label(pt, en),
        prominent: true,
    };
    let dimensions = vec![
        dimension("canal", "Canal", "Channel"),
        dimension("uf", "UF", "State"),
        dimension("filial", "Filial", "Branch"),
        dimension("regiao", "Região", "Region"),
        dimension("cidade", "Cidade", "City"),
        dimension("dia_semana", "Dia da semana", "Weekday"),
        dimension("hora", "Hora", "Hour"),
    ];
    Catalogue { metrics, dimensions }
}

fn members_of(dimension: &str) -> Vec<String> {
    let names: &[&str] = match dimension {
        "canal" => &["WhatsApp", "Ads", "Site", "Indicações", "SDR", "Eventos"],
        "uf" => &["PR", "SC", "RS", "SP", "MG", "RJ", "ES", "BA", "GO", "DF", "PE", "CE", "AM"],
        "filial" => &["Curitiba", "Joinville", "Porto Alegre", "Campinas", "Contagem"],
        "regiao" => &["Sul", "Sudeste", "Norte"],
        "cidade" => &["Curitiba", "Londrina", "Maringá"],
        "dia_semana" => &["seg", "ter", "qua", "qui", "sex", "sáb"],
        "hora" => &["08h", "09h", "10h", "11h", "12h", "13h", "14h", "15h", "16h", "17h"],
        _ => &[],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub fn board() -> Board {
    let tile = |id: &str, pt: &str, span: u8, content: TileContent| Tile {
        id: id.into(),
        title: label(pt, pt),
        subtitle: label("subtítulo do bloco", "subtitle"),
        span,
        content,
    };
    Board {
        id: "visao-geral".into(),
        title: label("Visão geral", "Overview"),
        period: PeriodSpec::This { this: Grain::Month },
        filters: ["canal", "uf", "filial"].map(String::from).to_vec(),
        kpis: [
            "lead_conversion_rate",
            "cac",
            "mrr",
            "whatsapp_sla",
            "order_lead_time",
            "gross_margin_pct",
            "event_roi",
        ]
        .map(String::from)
        .to_vec(),
        tiles: vec![
            tile(
                "mudou",
                "O que mudou",
                12,
                TileContent::Changes { dimensions: vec!["canal".into(), "uf".into(), "filial".into()] },
            ),
            tile(
                "mrr",
                "MRR",
                7,
                TileContent::Line {
                    metric: "mrr".into(),
                    grain: Grain::Month,
                    buckets: 13,
                    beneath: vec!["mrr_new".into(), "mrr_churn".into()],
                },
            ),
            tile(
                "sla",
                "SLA WhatsApp",
                5,
                TileContent::Heatmap {
                    metric: "whatsapp_sla".into(),
                    rows: "dia_semana".into(),
                    columns: "hora".into(),
                },
            ),
            tile(
                "funil",
                "Funil de vendas",
                6,
                TileContent::Funnel {
                    stages: ["leads", "qualified", "proposed", "won"].map(String::from).to_vec(),
                },
            ),
            tile(
                "leads",
                "Leads por canal",
                6,
                TileContent::Ranking { metric: "leads".into(), by: "canal".into(), limit: None },
            ),
        ],
    }
}

/// A board with the kinds of tiles that the overview has not.
pub fn movements() -> Board {
    let tile = |id: &str, content: TileContent| Tile {
        id: id.into(),
        title: label(id, id),
        subtitle: label("", ""),
        span: 6,
        content,
    };
    let (metric, grain, buckets) = ("leads".to_owned(), Grain::Month, 6);
    let by = |dimension: &str| Some(dimension.to_owned());
    let area = TileContent::Area { metric: metric.clone(), grain, buckets, by: by("canal") };
    let stacked = TileContent::Bar { metric: metric.clone(), grain, buckets, by: by("uf"), stacked: true };
    let plain = TileContent::Bar { metric, grain, buckets, by: None, stacked: false };
    Board {
        id: "movimentos".into(),
        title: label("Movimentos", "Movements"),
        tiles: vec![tile("area", area), tile("stacked", stacked), tile("plain", plain)],
        kpis: Vec::new(),
        ..board()
    }
}

/// Spreads names and days over 0..1: FNV-1a, then the finish of SplitMix64.
fn noise(text: &str) -> f64 {
    let mut hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((hash ^ (hash >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// The size of a metric per day and member.
fn size(metric: &str) -> f64 {
    match metric {
        "won" => 2.4,
        "aged" | "qualified" => 9.5,
        "proposed" => 6.0,
        "leads" => 14.0,
        "spend" => 4_600.0,
        "new_customers" => 2.5,
        "turns" => 60.0,
        "turns_in_time" => 52.0,
        "gross_margin" | "event_gain" => 31_500.0,
        "net_revenue" => 100_000.0,
        "event_cost" => 24_000.0,
        "mrr" => 107_000.0,
        "mrr_target" => 110_000.0,
        _ => 1_000.0,
    }
}

fn sum(metric: &str, members: &[String], period: Period) -> f64 {
    let stock = matches!(metric, "mrr" | "mrr_target");
    let members: &[String] = if members.is_empty() { &[String::new()] } else { members };
    let amount = |day: NaiveDate, member: &String| {
        let growth = 1.0 + (day - self::day("2024-01-01")).num_days() as f64 / 4000.0;
        size(metric) * growth * (0.93 + 0.14 * noise(&format!("{metric}{member}{}", day.format("%Y-%m"))))
    };
    let total: f64 = if stock {
        members.iter().map(|member| amount(period.to(), member)).sum::<f64>() * 12.0
    } else {
        period
            .from()
            .iter_days()
            .take_while(|day| *day <= period.to())
            .map(|day| members.iter().map(|member| amount(day, member)).sum::<f64>())
            .sum()
    };
    if members.len() > 1 { total / members.len() as f64 } else { total }
}

fn value(definition: &MetricDefinition, members: &[String], period: Period) -> Cell {
    match (&definition.numerator, &definition.denominator) {
        (Some(above), Some(below)) => Cell::Float(sum(above, members, period) / sum(below, members, period)),
        _ if definition.format == Format::BusinessDays => {
            Cell::Float(2.0 + 2.0 * noise(&format!("{members:?}{}", period.from())))
        }
        _ if definition.format == Format::Money => {
            Cell::Decimal { unscaled: (sum(&definition.name, members, period) * 100.0) as i128, scale: 2 }
        }
        _ => Cell::Int(sum(&definition.name, members, period) as i64),
    }
}

fn answer(query: &MetricQuery) -> Result<Frame, Failure> {
    let catalogue = catalogue();
    let covered = day(COVERED);
    let bad = |message: String| Failure::new(FailureKind::BadRequest, message);
    let period = query.period.resolve(covered).map_err(|error| bad(error.to_string()))?;
    let comparison = kpi::comparison::window(
        query.period,
        query.compare,
        query.match_weekday,
        covered,
        &Calendar::brazil(2023..=2026, true),
    )
    .map_err(|error| bad(error.to_string()))?;
    let definitions: Vec<&MetricDefinition> = query
        .metrics
        .iter()
        .map(|name| catalogue.metric(name).ok_or_else(|| bad(format!("there is no metric `{name}`"))))
        .collect::<Result<_, _>>()?;
    let mut columns = Vec::new();
    let column = |name: &str, role, format, kind: &str| Column {
        name: name.into(),
        role,
        kind: kind.into(),
        unit: String::new(),
        format,
    };
    if query.grain.is_some() {
        columns.push(column(TIME, Role::Dimension, Format::Text, "date"));
    }
    columns.extend(query.by.iter().map(|name| column(name, Role::Dimension, Format::Text, "text")));
    for definition in &definitions {
        let kind = match definition.format {
            _ if definition.denominator.is_some() => "float",
            Format::BusinessDays => "float",
            Format::Money => "decimal",
            _ => "int",
        };
        columns.push(column(&definition.name, Role::Value, definition.format, kind));
        if query.compare != Compare::None {
            columns.push(column(&definition.name, Role::Comparison, definition.format, kind));
            columns.push(column(&definition.name, Role::Delta, definition.format, kind));
        }
    }
    let buckets: Vec<Option<NaiveDate>> =
        query.grain.map_or_else(|| vec![None], |grain| period.buckets(grain).into_iter().map(Some).collect());
    let mut combinations: Vec<Vec<String>> = vec![Vec::new()];
    for dimension in &query.by {
        combinations = combinations
            .iter()
            .flat_map(|before| {
                members_of(dimension).into_iter().map(|member| [before.clone(), vec![member]].concat())
            })
            .collect();
    }
    let mut rows = Vec::new();
    for bucket in &buckets {
        for members in &combinations {
            if members.first().is_some_and(|day| day == "sáb")
                && members.get(1).is_some_and(|hour| hour.as_str() > "11h")
            {
                continue;
            }
            let span = bucket.zip(query.grain).map_or(period, |(start, grain)| {
                Period::new(start.max(period.from()), grain.end(start).min(period.to())).unwrap()
            });
            let before = comparison.map(|comparison| match bucket {
                Some(start) => {
                    let back = (period.from() - comparison.from()).num_days();
                    Period::new(
                        *start - chrono::TimeDelta::days(back),
                        span.to() - chrono::TimeDelta::days(back),
                    )
                    .unwrap()
                }
                None => comparison,
            });
            let mut row: Vec<Cell> = bucket.iter().map(|start| Cell::Date(*start)).collect();
            row.extend(members.iter().cloned().map(Cell::Text));
            for definition in &definitions {
                let now = value(definition, members, span);
                row.push(now.clone());
                if let Some(before) = before {
                    let before = value(definition, members, before);
                    let delta = now.minus(&before);
                    row.extend([before, delta]);
                }
            }
            rows.push(row);
        }
    }
    Ok(Frame {
        columns,
        rows,
        edition: 412,
        as_of: covered,
        period,
        comparison,
        partial_from: query
            .grain
            .and_then(|grain| (grain.end(period.to()) > period.to()).then(|| grain.start(period.to()))),
        definition: BTreeMap::new(),
        engine: Engine::Lake,
        truncated: false,
    })
}

#[async_trait]
impl Metrics for Company {
    async fn catalogue(&self, _: &Principal) -> Result<Catalogue, Failure> {
        Ok(catalogue())
    }

    async fn ask(
        &self,
        _: &Principal,
        queries: &[MetricQuery],
    ) -> Result<Vec<Result<Frame, Failure>>, Failure> {
        let fails = |query: &MetricQuery| query.metrics.iter().any(|name| Some(name.as_str()) == self.broken);
        Ok(queries
            .iter()
            .map(|query| {
                if fails(query) {
                    Err(Failure::new(FailureKind::Internal, "a consulta ficou sem memória"))
                } else {
                    answer(query)
                }
            })
            .collect())
    }

    async fn members(&self, _: &Principal, dimension: &str) -> Result<Vec<String>, Failure> {
        Ok(members_of(dimension))
    }

    async fn origin(&self, _: &Principal, metric: &str) -> Result<Origin, Failure> {
        let table = |name: &str, layer| OriginTable {
            name: name.into(),
            layer,
            description: "uma tabela".into(),
            checks: 3,
            parents: Vec::new(),
            loaded_at: None,
        };
        let check = |name: &str, status| CheckResult {
            name: name.into(),
            table: "marts.fct_sales".into(),
            column: Some("id".into()),
            status,
            failures: 0,
            at: "2026-06-30T10:00:00Z".into(),
        };
        Ok(Origin {
            metric: metric.into(),
            tables: vec![
                table("raw.sap__oinv", Layer::Raw),
                table("raw.sap__orin", Layer::Raw),
                table("staging.stg_invoices", Layer::Staging),
                table("marts.fct_sales", Layer::Marts),
            ],
            checks: vec![check("unique_id", CheckStatus::Pass), check("not_null_id", CheckStatus::Fail)],
            edition: 412,
            published_at: "2026-06-30T10:42:00Z".into(),
            changed_at: Some("2026-05-03T12:00:00Z".into()),
            hash: "5f0c9a77e1".into(),
            expressions: vec![("net_revenue".into(), "sum(line_total - tax)".into())],
            used_on: vec!["visao-geral".into()],
        })
    }
}

#[async_trait]
impl Boards for Company {
    async fn list(&self, _: &Principal) -> Result<Vec<BoardCard>, Failure> {
        let card = |board: Board| BoardCard { id: board.id, title: board.title };
        Ok([board(), movements()].map(card).into())
    }

    async fn open(&self, _: &Principal, id: &str) -> Result<Board, Failure> {
        let absent = || Failure::new(FailureKind::NotFound, format!("there is no board `{id}`"));
        [board(), movements()].into_iter().find(|board| board.id == id).ok_or_else(absent)
    }
}

#[async_trait]
impl Editions for Company {
    async fn time_zone(&self, _: &Principal) -> Result<String, Failure> {
        Ok("America/Sao_Paulo".to_owned())
    }

    async fn status(&self, _: &Principal) -> Result<Status, Failure> {
        if self.unpublished {
            return Err(Failure::new(FailureKind::NothingPublished, "no edition has been published"));
        }
        let failed = CheckResult {
            name: "unique_id".into(),
            table: "marts.fct_sales".into(),
            column: None,
            status: CheckStatus::Fail,
            failures: 3,
            at: "2026-06-30T10:00:00Z".into(),
        };
        Ok(Status {
            company: "Serra Azul Distribuidora".into(),
            time_zone: "America/Sao_Paulo".into(),
            today: day("2026-06-23"),
            edition: EditionCard {
                number: 412,
                published_at: "2026-06-30T10:42:00Z".into(),
                as_of: day(COVERED),
                tables: 30,
            },
            held_back: self.held_back.then(|| HeldBack {
                run: "9".into(),
                at: "2026-07-01T03:00:00Z".into(),
                reason: "1 teste bloqueante falhou.".into(),
                checks: vec![failed],
            }),
            marks: vec![Mark {
                metric: "event_roi".into(),
                failed_checks: 0,
                stale: Some(Stale { source: "eventos".into(), age_minutes: 1560, promised_minutes: 1440 }),
            }],
            holidays: vec![day("2026-06-04")],
        })
    }

    async fn list(&self, _: &Principal, _: u32) -> Result<Vec<EditionCard>, Failure> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Runs for Company {
    async fn list(&self, _: &Principal, _: u32) -> Result<Vec<RunCard>, Failure> {
        Ok(Vec::new())
    }
}
