//! Text from data is text, whatever it looks like.
//!
//! Invariant: every text field of every kind is attacked.

use crate::page::{plain_text, with_tree};
use chart::kinds::{
    Area, Bar, BarCell, BarColumn, BarList, BarRow, Driver, End, Funnel, FunnelLayout, HeatCell, HeatRow,
    HeatScale, Heatmap, Layout, Line, Sparkline, Stage, Waterfall,
};
use chart::{ChartSpec, Delta, Plot, Point, Role, Series, Text, X, draw, words};
use kpi::Direction;

const ATTACK: &str =
    "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&lt;{title}\u{0}\u{1b}]]>--><!--";

fn text() -> String {
    ATTACK.to_owned()
}

fn plot() -> Plot {
    let x = X { label: text(), tick: text(), major: true, partial: true };
    let series = |role| Series {
        name: text(),
        role,
        points: [1.0, 2.0, 3.0].map(|value| Point { value: Some(value), text: text() }).to_vec(),
        latest: text(),
    };
    let roles = [Role::Main, Role::Comparison, Role::Target, Role::Member(2), Role::Others];
    Plot {
        title: text(),
        x_title: text(),
        unit: text(),
        x: vec![x; 3],
        series: roles.map(series).to_vec(),
        ..Plot::default()
    }
}

fn delta() -> Delta {
    Delta { text: text(), spoken: text(), ..Delta::default() }
}

fn specs() -> Vec<ChartSpec> {
    let row = || BarRow {
        name: text(),
        href: Some(format!("?f={ATTACK}")),
        value: Some(1.0),
        reference: Some(2.0),
        cells: vec![BarCell::Text(text()), BarCell::Delta(delta())],
    };
    let column = || BarColumn { title: text(), ..BarColumn::default() };
    let stage = || Stage {
        name: text(),
        href: Some(format!("javascript:{ATTACK}")),
        value: Some(3.0),
        text: text(),
        passage: text(),
        delta: Some(delta()),
        note: text(),
        lost: text(),
    };
    let funnel = |layout| Funnel {
        title: text(),
        layout,
        headers: [text(), text(), text(), text()],
        stages: vec![stage(), stage()],
        total: Some(stage()),
    };
    let cell = |value: Option<f64>| HeatCell { value, text: text(), title: text(), ..HeatCell::default() };
    let heat = || HeatRow { name: text(), full: text(), cells: vec![cell(Some(1.0)), cell(None)] };
    let end = || End { name: text(), value: 1.0, text: text() };
    vec![
        ChartSpec::Line(Line { plot: plot(), zero: false }),
        ChartSpec::Area(Area { plot: plot() }),
        ChartSpec::Bar(Bar { plot: plot(), layout: Layout::Grouped }),
        ChartSpec::Bar(Bar { plot: plot(), layout: Layout::Stacked }),
        ChartSpec::Sparkline(Sparkline { plot: plot(), mini: false }),
        ChartSpec::BarList(BarList {
            title: text(),
            name: text(),
            columns: vec![column(), column()],
            rows: vec![row(), row()],
            total: Some(row()),
            roomy: false,
        }),
        ChartSpec::Funnel(funnel(FunnelLayout::Table)),
        ChartSpec::Funnel(funnel(FunnelLayout::Columns)),
        ChartSpec::Heatmap(Heatmap {
            title: text(),
            name: text(),
            columns: vec![text(), text()],
            rows: vec![heat(), heat()],
            scale: HeatScale::around(1.0, Direction::Up, [0.5, 1.0].into_iter()),
        }),
        ChartSpec::Waterfall(Waterfall {
            title: text(),
            unit: text(),
            digit: 0.1,
            start: end(),
            drivers: vec![Driver { name: text(), value: 0.5, ..Driver::default() }],
            end: End { value: 1.5, ..end() },
        }),
    ]
}

#[test]
fn hostile_text_in_every_field_stays_text() {
    let hostile_tick = |_: f64, _: f64| text();
    for spec in specs() {
        for text in [plain_text(), Text { words: &words::EN, tick: &hostile_tick }] {
            let drawing = draw(&spec, &text);
            assert!(!drawing.empty, "{spec:?}");
            for html in [&drawing.html, &drawing.table.html()] {
                with_tree(html, |tree| harmless(tree, html));
            }
        }
    }
}

fn harmless(tree: &roxmltree::Document, html: &str) {
    const KNOWN: [&str; 34] = [
        "root", "figure", "svg", "rect", "text", "line", "path", "circle", "div", "ul", "ol", "li", "i", "b",
        "p", "a", "span", "small", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "use",
        "g", "section", "header", "dl", "dt", "dd", "h2",
    ];
    let mut attacks = 0;
    for node in tree.descendants() {
        if node.is_element() {
            assert!(
                KNOWN.contains(&node.tag_name().name()),
                "element `{}` in {html}",
                node.tag_name().name()
            );
            for attribute in node.attributes() {
                assert!(!attribute.name().starts_with("on"), "attribute `{}` in {html}", attribute.name());
                if matches!(attribute.name(), "href" | "src") {
                    assert!(attribute.value().starts_with(['?', '#']), "{} in {html}", attribute.value());
                }
                if attribute.name() == "style" {
                    assert!(!attribute.value().contains("script"), "{html}");
                }
            }
        }
        attacks += usize::from(node.text().is_some_and(|text| text.contains("<script>alert(1)</script>")));
    }
    let named = tree
        .descendants()
        .any(|node| node.attribute("aria-label").is_some_and(|label| label.contains("<script>")));
    assert!(attacks > 0 || named, "the attack is not in {html}");
}
