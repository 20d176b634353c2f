//! One chart of any kind.
//!
//! Knows no boards. Invariant: every kind of `kinds` is here, so that a caller can hold them alike.

use crate::drawing::Drawing;
use crate::kinds::{Area, Bar, BarList, Funnel, Heatmap, Line, Sparkline, Waterfall};
use crate::words::Text;

#[derive(Debug, Clone, PartialEq)]
pub enum ChartSpec {
    Line(Line),
    Area(Area),
    Bar(Bar),
    BarList(BarList),
    Funnel(Funnel),
    Heatmap(Heatmap),
    Sparkline(Sparkline),
    Waterfall(Waterfall),
}

/// Draws the chart.
pub fn draw(spec: &ChartSpec, text: &Text) -> Drawing {
    match spec {
        ChartSpec::Line(chart) => chart.draw(text),
        ChartSpec::Area(chart) => chart.draw(text),
        ChartSpec::Bar(chart) => chart.draw(text),
        ChartSpec::BarList(chart) => chart.draw(text),
        ChartSpec::Funnel(chart) => chart.draw(text),
        ChartSpec::Heatmap(chart) => chart.draw(text),
        ChartSpec::Sparkline(chart) => chart.draw(text),
        ChartSpec::Waterfall(chart) => chart.draw(text),
    }
}
