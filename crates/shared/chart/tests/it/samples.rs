//! Long because every kind is drawn here in every situation: one chart each, as the golden files and the gallery show them.
//!
//! Figures are those of the design pages. Invariant: names are unique, because they name the golden files.

use chart::kinds::{
    Area, Bar, BarCell, BarColumn, BarList, BarRow, Driver, Effect, End, Funnel, FunnelLayout, HeatCell,
    HeatRow, HeatScale, Heatmap, Hide, Layout, Line, Sparkline, Stage, Waterfall,
};
use chart::{ChartSpec, Delta, Plot, Point, Role, Series, Tone, Trend, X};
use kpi::{Cell, Direction, Format};
use locale::{Axis, Lang, show};

pub struct Sample {
    pub name: &'static str,
    pub title: &'static str,
    pub subtitle: &'static str,
    /// Columns of twelve.
    pub span: u8,
    pub spec: ChartSpec,
    pub axis: Axis,
}

const MONTHS: [&str; 12] =
    ["dez", "jan/26", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov"];
const MRR: [f64; 12] = [
    1.0421,
    1.0584,
    1.0712,
    1.0943,
    1.1092,
    1.1213,
    1.1480,
    1.1634,
    1.1970,
    1.2262,
    1.248_630_12,
    1.284_729_57,
];
const MRR_TARGET: [f64; 13] =
    [1.055, 1.085, 1.110, 1.130, 1.150, 1.165, 1.185, 1.205, 1.230, 1.255, 1.280, 1.300, 1.330];
const MRR_BEFORE: [f64; 12] =
    [0.872, 0.889, 0.902, 0.911, 0.928, 0.940, 0.951, 0.962, 0.979, 0.994, 1.009, 1.022];

pub fn months(count: usize, partial: Option<usize>) -> Vec<X> {
    let x = |index: usize| X {
        label: MONTHS.get(index).map_or_else(|| format!("mês {index}"), |name| (*name).to_owned()),
        tick: MONTHS.get(index).map_or_else(String::new, |name| (*name).to_owned()),
        major: index == 1,
        partial: partial == Some(index),
    };
    (0..count).map(x).collect()
}

pub fn series(name: &str, role: Role, values: &[f64], format: Format, latest: &str) -> Series {
    let point = |value: &f64| {
        if value.is_nan() {
            return Point::default();
        }
        Point { value: Some(*value), text: show::full(&Cell::Float(*value), format, Lang::PtBr) }
    };
    Series {
        name: name.to_owned(),
        role,
        points: values.iter().map(point).collect(),
        latest: latest.to_owned(),
    }
}

fn plot(title: &str, unit: &str, x: Vec<X>, series: Vec<Series>) -> Plot {
    Plot { title: title.into(), x_title: "Mês".into(), unit: unit.into(), x, series, ..Plot::default() }
}

fn sample(
    name: &'static str,
    title: &'static str,
    subtitle: &'static str,
    span: u8,
    spec: ChartSpec,
) -> Sample {
    Sample {
        name,
        title,
        subtitle,
        span,
        spec,
        axis: Axis::new(Format::Number { decimals: 2 }, 1.0, Lang::PtBr),
    }
}

fn on(mut sample: Sample, format: Format, largest: f64) -> Sample {
    sample.axis = Axis::new(format, largest, Lang::PtBr);
    sample
}

fn delta(text: &str, trend: Trend, tone: Tone) -> Delta {
    let spoken = match (trend, tone) {
        (Trend::Up, Tone::Good) => "alta favorável de ",
        (Trend::Down, Tone::Bad) => "queda desfavorável de ",
        (Trend::Up, Tone::Bad) => "alta desfavorável de ",
        (Trend::Down, Tone::Good) => "queda favorável de ",
        _ => "",
    };
    Delta { text: text.into(), spoken: spoken.into(), trend, tone }
}

pub fn all() -> Vec<Sample> {
    let mut out = lines();
    out.extend(areas_and_bars());
    out.extend(tables());
    out.extend(sparklines());
    out
}

fn scaled(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| (value * 1e8).round() / 100.0).collect()
}

fn mrr() -> Plot {
    let mut x = months(13, Some(11));
    x[12] = X { label: "dez/26".into(), tick: "dez".into(), ..X::default() };
    plot(
        "MRR",
        "R$ milhões",
        x,
        vec![
            series("MRR", Role::Main, &scaled(&MRR), Format::Money, "1,28 em 22/11"),
            series("Meta", Role::Target, &scaled(&MRR_TARGET), Format::Money, "1,33"),
            series("Ano anterior", Role::Comparison, &scaled(&MRR_BEFORE), Format::Money, "1,02"),
        ],
    )
}

fn members(count: usize) -> Vec<Series> {
    let names =
        ["Vendedor externo", "Televendas", "WhatsApp", "E-commerce B2B", "Indicação", "Feiras", "LinkedIn"];
    let member = |index: usize| {
        let base = 612.0 - 96.0 * index as f64;
        let values: Vec<f64> =
            (0..13).map(|week| base + f64::from((week * 37 + index as i32 * 53) % 61) - 30.0).collect();
        let latest = show::full(&Cell::Float(values[12]), Format::Number { decimals: 1 }, Lang::PtBr);
        series(names[index], Role::Member(index as u8 + 1), &values, Format::Number { decimals: 1 }, &latest)
    };
    (0..count).map(member).collect()
}

fn weeks() -> Vec<X> {
    let days = [
        "24/08", "31/08", "07/09", "14/09", "21/09", "28/09", "05/10", "12/10", "19/10", "26/10", "02/11",
        "09/11", "16/11",
    ];
    let x = |day: &str| X { label: format!("semana de {day}"), tick: day.into(), ..X::default() };
    days.into_iter().map(x).collect()
}

fn lines() -> Vec<Sample> {
    let line = |plot: Plot| ChartSpec::Line(Line { plot, zero: false });
    let gaps = [f64::NAN, 12.0, 14.0, f64::NAN, 9.0, f64::NAN, f64::NAN, -4.0, -2.0, 3.0, 8.0, f64::NAN];
    let wave = |i: usize| {
        // A triangle a week long on a slow climb, with a little noise that needs no random numbers.
        let triangle = (i % 168).abs_diff(84) as f64;
        i as f64 / 40.0 + 2.0 * triangle + ((i * 7919) % 23) as f64
    };
    let many: Vec<f64> = (0..5000).map(wave).collect();
    let hours = (0..5000).map(|i| X {
        label: format!("hora {i}"),
        tick: if i % 500 == 0 { format!("{i} h") } else { String::new() },
        ..X::default()
    });
    let first_partial = {
        let mut plot = plot(
            "Pedidos",
            "pedidos",
            months(6, Some(0)),
            vec![series(
                "Pedidos",
                Role::Main,
                &[118.0, 276.0, 251.0, 264.0, 301.0, 288.0],
                Format::Integer,
                "288",
            )],
        );
        plot.whole = true;
        plot.height = 190;
        plot
    };
    vec![
        on(
            sample("line", "MRR", "Contratos ativos no fim do mês · R$ milhões", 7, line(mrr())),
            Format::Money,
            1.33e6,
        ),
        sample(
            "line-members",
            "Faturamento por canal",
            "Semanas · R$ mil",
            5,
            line(plot("Faturamento líquido por canal", "R$ mil", weeks(), members(5))),
        ),
        sample(
            "line-many-members",
            "Sete canais",
            "Cinco com cor, o resto em cinza",
            6,
            line(plot("Faturamento por canal", "R$ mil", weeks(), members(7))),
        ),
        on(
            sample(
                "line-gaps",
                "Lacunas e negativos",
                "Denominador zero é lacuna",
                6,
                line(plot(
                    "Saldo",
                    "",
                    months(12, None),
                    vec![series("Saldo", Role::Main, &gaps, Format::Integer, "8")],
                )),
            ),
            Format::Integer,
            14.0,
        ),
        on(
            sample("line-first-partial", "Primeiro período parcial", "Contagens", 4, line(first_partial)),
            Format::Integer,
            301.0,
        ),
        on(
            sample(
                "line-single",
                "Um ponto só",
                "",
                4,
                line(Plot {
                    height: 190,
                    ..plot(
                        "Margem",
                        "%",
                        months(1, None),
                        vec![series("Margem", Role::Main, &[0.32], Format::Percent, "32,0%")],
                    )
                }),
            ),
            Format::Percent,
            0.3,
        ),
        on(
            sample(
                "line-equal",
                "Todos iguais",
                "",
                4,
                line(Plot {
                    height: 190,
                    ..plot(
                        "Margem",
                        "%",
                        months(6, None),
                        vec![series("Margem", Role::Main, &[0.32; 6], Format::Percent, "32,0%")],
                    )
                }),
            ),
            Format::Percent,
            0.3,
        ),
        on(
            sample(
                "line-empty",
                "Tudo nulo",
                "",
                4,
                line(plot(
                    "Margem",
                    "%",
                    months(6, None),
                    vec![series("Margem", Role::Main, &[f64::NAN; 6], Format::Percent, "")],
                )),
            ),
            Format::Percent,
            0.3,
        ),
        on(
            sample(
                "line-thousands",
                "Cinco mil pontos",
                "Reduzidos a dois por px",
                8,
                line(Plot {
                    x_title: "Hora".into(),
                    ..plot(
                        "Carga",
                        "",
                        hours.collect(),
                        vec![series("Carga", Role::Main, &many, Format::Integer, "")],
                    )
                }),
            ),
            Format::Integer,
            400.0,
        ),
    ]
}

fn areas_and_bars() -> Vec<Sample> {
    let orders = [212.0, 240.0, 198.0, 262.0, 251.0, 270.0, 243.0, 281.0, 276.0, 301.0, 294.0, 187.0];
    let before = [190.0, 201.0, 188.0, 220.0, 231.0, 229.0, 236.0, 240.0, 251.0, 262.0, 270.0, 275.0];
    let target = [220.0, 230.0, 230.0, 240.0, 240.0, 250.0, 250.0, 260.0, 260.0, 280.0, 280.0, 300.0];
    let one = || {
        plot(
            "Pedidos",
            "pedidos",
            months(12, Some(11)),
            vec![series("Pedidos", Role::Main, &orders, Format::Integer, "187 em 22/11")],
        )
    };
    let with_references = Plot {
        series: vec![
            series("Pedidos", Role::Main, &orders, Format::Integer, "187"),
            series("Ano anterior", Role::Comparison, &before, Format::Integer, "275"),
            series("Meta", Role::Target, &target, Format::Integer, "300"),
        ],
        ..one()
    };
    let parts = |scale: f64| {
        let part = |(number, name): (usize, &str)| {
            let values: Vec<f64> =
                orders.iter().map(|value| (value * scale / f64::from(number as u32 + 1)).round()).collect();
            series(name, Role::Member(number as u8 + 1), &values, Format::Integer, "")
        };
        ["WhatsApp", "Site", "Indicação"].into_iter().enumerate().map(part).collect::<Vec<_>>()
    };
    let several = |scale| Plot { series: parts(scale), ..one() };
    let mut movements = Plot { unit: "R$ mil".into(), title: "Movimentos de MRR".into(), ..one() };
    movements.series = vec![
        series(
            "Novo",
            Role::Member(1),
            &[22.0, 18.0, 25.0, 21.0, 19.0, 28.0, 24.0, 26.0, 31.0, 27.0, 29.0, 28.4],
            Format::Number { decimals: 1 },
            "",
        ),
        series(
            "Expansão",
            Role::Member(3),
            &[9.0, 12.0, 8.0, 14.0, 11.0, 10.0, 15.0, 13.0, 16.0, 12.0, 18.0, 19.6],
            Format::Number { decimals: 1 },
            "",
        ),
        series(
            "Contração",
            Role::Member(6),
            &[-3.0, -5.0, -2.0, -4.0, -6.0, -3.0, -5.0, -4.0, -7.0, -3.0, -6.0, -4.1],
            Format::Number { decimals: 1 },
            "",
        ),
        series(
            "Churn",
            Role::Member(8),
            &[-8.0, -6.0, -9.0, -7.0, -12.0, -6.0, -8.0, -5.0, -9.0, -11.0, -7.0, -7.8],
            Format::Number { decimals: 1 },
            "",
        ),
    ];
    let bar = |plot, layout| ChartSpec::Bar(Bar { plot, layout });
    let count = |sample| on(sample, Format::Integer, 300.0);
    vec![
        count(sample(
            "area",
            "Pedidos",
            "Área, mês corrente parcial",
            6,
            ChartSpec::Area(Area { plot: one() }),
        )),
        count(sample(
            "area-stacked",
            "Pedidos por canal",
            "Área empilhada",
            6,
            ChartSpec::Area(Area { plot: several(0.6) }),
        )),
        count(sample(
            "bar",
            "Pedidos",
            "Barra · traço: ano anterior · pontilhado: meta",
            6,
            bar(with_references, Layout::Grouped),
        )),
        count(sample("bar-grouped", "Pedidos por canal", "Agrupada", 6, bar(several(1.0), Layout::Grouped))),
        count(sample(
            "bar-stacked",
            "Movimentos de MRR",
            "Empilhada, com negativos",
            6,
            bar(movements, Layout::Stacked),
        )),
        count(sample(
            "bar-empty",
            "Sem dados",
            "",
            6,
            bar(plot("Pedidos", "", Vec::new(), Vec::new()), Layout::Grouped),
        )),
    ]
}

fn tables() -> Vec<Sample> {
    vec![
        sample(
            "bar-list",
            "Leads por origem",
            "1.317 leads de 1 a 22/11 · traço: mesmos dias úteis de out.",
            6,
            leads(),
        ),
        sample("bar-list-negative", "Resultado por filial", "R$ mil", 6, results()),
        sample(
            "funnel",
            "Funil de vendas",
            "1.284 leads criados de 3 a 24/08, já com 90 dias",
            6,
            funnel(FunnelLayout::Table),
        ),
        sample(
            "funnel-columns",
            "Da conversa à recompra",
            "Quem saiu, hachurado",
            8,
            funnel(FunnelLayout::Columns),
        ),
        on(
            sample(
                "heatmap",
                "SLA WhatsApp por dia e hora",
                "% respondido em 15 min úteis · centro: meta de 92%",
                5,
                heat(true),
            ),
            Format::Integer,
            100.0,
        ),
        on(
            sample("heatmap-sequential", "Conversas por dia e hora", "Mais é mais escuro", 5, heat(false)),
            Format::Integer,
            100.0,
        ),
        on(
            sample("waterfall", "O que explica −1,50 p.p.", "Mix hachurado, taxa cheia", 7, waterfall()),
            Format::Percent,
            0.3,
        ),
    ]
}

fn leads() -> ChartSpec {
    let row = |(name, slug, value, before, share, delta): (&str, &str, f64, f64, &str, Delta)| BarRow {
        name: name.into(),
        href: Some(format!("?f.canal={slug}")),
        value: Some(value),
        reference: Some(before),
        cells: vec![BarCell::Text(format!("{value}")), BarCell::Text(share.into()), BarCell::Delta(delta)],
    };
    let rows = [
        ("WhatsApp", "whatsapp", 438.0, 366.0, "33%", delta("20%", Trend::Up, Tone::Good)),
        ("Busca orgânica", "busca", 261.0, 268.0, "20%", delta("−3%", Trend::Flat, Tone::Neutral)),
        ("Indicação", "indicacao", 196.0, 151.0, "15%", delta("30%", Trend::Up, Tone::Good)),
        ("Feiras e eventos", "feiras", 158.0, 164.0, "12%", delta("4%", Trend::Down, Tone::Bad)),
        ("Google Ads", "google", 137.0, 171.0, "10%", delta("20%", Trend::Down, Tone::Bad)),
        ("Televendas ativo", "televendas", 83.0, 80.0, "6%", delta("4%", Trend::Up, Tone::Good)),
        ("LinkedIn", "linkedin", 44.0, 29.0, "3%", delta("52%", Trend::Up, Tone::Good)),
    ];
    let column = |title: &str, hide, sorted| BarColumn { title: title.into(), hide, sorted };
    ChartSpec::BarList(BarList {
        title: "Leads por origem".into(),
        name: "Origem".into(),
        columns: vec![
            column("Leads", Hide::Never, Some("descending")),
            column("Parte", Hide::Xs, None),
            column("Δ out.", Hide::Never, None),
        ],
        rows: rows.into_iter().map(row).collect(),
        total: None,
        roomy: false,
    })
}

fn results() -> ChartSpec {
    let row = |(name, value): (&str, Option<f64>)| BarRow {
        name: name.into(),
        value,
        cells: vec![BarCell::Text(value.map_or("—".into(), |value| format!("{value}").replace('-', "−")))],
        ..BarRow::default()
    };
    let rows = [
        ("Curitiba", Some(42.0)),
        ("Joinville", Some(17.0)),
        ("Maringá", Some(-3.0)),
        ("Londrina", Some(-21.0)),
        ("Cascavel", None),
    ];
    ChartSpec::BarList(BarList {
        title: "Resultado por filial".into(),
        name: "Filial".into(),
        columns: vec![BarColumn { title: "R$ mil".into(), ..BarColumn::default() }],
        rows: rows.into_iter().map(row).collect(),
        total: Some(BarRow {
            name: "Total".into(),
            cells: vec![BarCell::Text("35".into())],
            ..BarRow::default()
        }),
        roomy: false,
    })
}

fn funnel(layout: FunnelLayout) -> ChartSpec {
    let columns = layout == FunnelLayout::Columns;
    let stage = |(name, value, text, passage, delta): (&str, f64, &str, &str, Option<Delta>)| Stage {
        name: name.into(),
        href: Some(format!("?d=etapa:{value}")),
        value: Some(value),
        text: if columns { format!("{text} pessoas") } else { text.into() },
        passage: passage.into(),
        delta,
        note: "mediana 1,2 dia".into(),
        lost: if columns { "136 saíram".into() } else { String::new() },
    };
    let stages = [
        ("Leads", 1284.0, "1.284", if columns { "100%" } else { "" }, None),
        ("Qualificados", 873.0, "873", "68,0%", Some(delta("1,9 p.p.", Trend::Up, Tone::Good))),
        ("Proposta", 611.0, "611", "70,0%", Some(delta("0,6 p.p.", Trend::Up, Tone::Good))),
        ("Negociação", 428.0, "428", "70,0%", Some(delta("1,8 p.p.", Trend::Down, Tone::Bad))),
        ("Ganhos", 316.0, "316", "73,8%", Some(delta("4,5 p.p.", Trend::Up, Tone::Good))),
    ];
    let total = ("Lead a ganho", 316.0, "316", "24,6%", Some(delta("1,8 p.p.", Trend::Up, Tone::Good)));
    ChartSpec::Funnel(Funnel {
        title: "Funil de vendas".into(),
        layout,
        headers: ["Etapa", "Leads", "Passagem", "Δ out."].map(str::to_owned),
        stages: stages.into_iter().map(stage).collect(),
        total: Some(Stage { href: None, ..stage(total) }),
    })
}

fn heat(diverging: bool) -> ChartSpec {
    let rows = [
        ("seg", "Segunda", [91, 84, 78, 76, 83, 92, 91, 90, 93, 94]),
        ("ter", "Terça", [94, 89, 81, 79, 86, 94, 93, 92, 94, 95]),
        ("qua", "Quarta", [95, 90, 83, 80, 88, 95, 93, 93, 95, 96]),
        ("qui", "Quinta", [94, 91, 84, 82, 87, 93, 94, 93, 94, 95]),
        ("sex", "Sexta", [93, 88, 80, 74, 85, 92, 91, 89, 91, 93]),
        ("sáb", "Sábado", [96, 94, 91, 92, 0, 0, 0, 0, 0, 0]),
    ];
    let columns: Vec<String> = (8..18).map(|hour| format!("{hour}h")).collect();
    let cell = |full: &str, index: usize, value: i32| HeatCell {
        value: (value != 93 || index != 7).then_some(f64::from(value)),
        text: value.to_string(),
        title: format!("{full}, {}h: {value}%", index + 8),
        partial: full == "Sexta" && index == 9,
        closed: value == 0,
    };
    let rows: Vec<HeatRow> = rows
        .into_iter()
        .map(|(name, full, values)| HeatRow {
            name: name.into(),
            full: full.into(),
            cells: values.into_iter().enumerate().map(|(index, value)| cell(full, index, value)).collect(),
        })
        .collect();
    let values =
        rows.iter().flat_map(|row| &row.cells).filter(|cell| !cell.closed).filter_map(|cell| cell.value);
    let scale = if diverging {
        HeatScale::around(92.0, Direction::Up, values)
    } else {
        HeatScale::sequential(values)
    };
    ChartSpec::Heatmap(Heatmap {
        title: "SLA WhatsApp por dia e hora".into(),
        name: "Dia".into(),
        columns,
        rows,
        scale,
    })
}

fn waterfall() -> ChartSpec {
    let driver = |(name, effect, value): (&str, Effect, f64)| Driver {
        name: name.into(),
        effect,
        value,
        tone: if value < 0.0 { Tone::Bad } else { Tone::Good },
    };
    let drivers = [
        ("Mix: peso de cada linha", Effect::Mix, -0.004_714),
        ("Papel e dispensers", Effect::Rate, -0.008_526),
        ("Descartáveis", Effect::Rate, -0.001_281),
        ("Químicos concentrados", Effect::Rate, -0.000_913),
        ("Higiene pessoal", Effect::Rate, -0.000_262),
        ("EPI", Effect::Rate, 0.000_098),
        ("Equipamentos", Effect::Rate, 0.000_598),
    ];
    ChartSpec::Waterfall(Waterfall {
        title: "O que explica a margem".into(),
        unit: "p.p.".into(),
        digit: 0.0001,
        start: End { name: "Out., 13 dias úteis".into(), value: 0.312, text: "31,20%".into() },
        drivers: drivers.into_iter().map(driver).collect(),
        end: End { name: "Nov., até 22/11".into(), value: 0.297, text: "29,70%".into() },
    })
}

fn sparklines() -> Vec<Sample> {
    let spark = |plot: Plot, mini| ChartSpec::Sparkline(Sparkline { plot, mini });
    let plain = plot(
        "ROI",
        "",
        months(12, None),
        vec![series(
            "ROI",
            Role::Main,
            &[0.88, 0.96, 0.91, 1.04, 1.12, 1.08, 1.19, 1.26, 1.21, 1.33, 1.24, 1.42],
            Format::Percent,
            "",
        )],
    );
    let references = Plot {
        x: months(12, Some(11)),
        series: mrr().series.into_iter().filter(|series| series.role != Role::Target).collect(),
        ..mrr()
    };
    vec![
        sample("sparkline", "Faísca com comparação", "Último período parcial", 3, spark(references, false)),
        sample("sparkline-plain", "Faísca", "", 3, spark(plain.clone(), false)),
        sample("sparkline-mini", "Faísca em tabela", "", 3, spark(plain, true)),
        sample(
            "sparkline-empty",
            "Faísca sem dados",
            "",
            3,
            spark(plot("Vazio", "", months(3, None), Vec::new()), false),
        ),
    ]
}
