//! The plane of a plot: where a point of the data lies, and shapes drawn there through plotters.
//!
//! Writes no text. Invariant: every drawn point lies inside the plane.

use crate::backend::{Mark, MarkBackend, PER_PX, ink};
use plotters::chart::ChartBuilder;
use plotters::element::{DynElement, IntoDynElement, PathElement, Polygon, Rectangle};
use plotters::prelude::IntoDrawingArea;
use plotters::style::{Color, ShapeStyle};

/// How x indices spread over the width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    /// First at the left edge, last at the right edge.
    Points,
    /// Each in the middle of its own band.
    Bands,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plane {
    pub(crate) height: u32,
    /// Px of the plane's edges.
    pub(crate) top: u32,
    pub(crate) bottom: u32,
    /// Values at the lower and upper edge; `low < high`.
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) count: usize,
    pub(crate) spread: Spread,
}

/// A shape in shares of the plane: x from the left, y from the bottom, both 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Line(Vec<(f64, f64)>),
    Fill(Vec<(f64, f64)>),
    Bar { from: (f64, f64), to: (f64, f64) },
}

impl Plane {
    /// Share of the width at which x number `index` lies.
    pub(crate) fn x(&self, index: usize) -> f64 {
        match self.spread {
            Spread::Points if self.count < 2 => 0.5,
            Spread::Points => index as f64 / (self.count - 1) as f64,
            Spread::Bands => (index as f64 + 0.5) / self.count.max(1) as f64,
        }
    }

    /// Share of the height at which the value lies, from the bottom.
    pub(crate) fn up(&self, value: f64) -> f64 {
        // Halves, so that the distance of two huge values stays finite.
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Px from the top of the drawing.
    pub(crate) fn y(&self, value: f64) -> f64 {
        f64::from(self.bottom) - self.up(value) * f64::from(self.bottom - self.top)
    }

    pub(crate) fn at(&self, index: usize, value: f64) -> (f64, f64) {
        (self.x(index), self.up(value))
    }

    /// Draws the shapes; mark `ink` n belongs to shape n.
    pub(crate) fn paint(&self, shapes: &[Shape]) -> Vec<Mark> {
        const INFALLIBLE: &str = "the backend cannot fail and is borrowed once";
        let mut marks = Vec::new();
        let root = MarkBackend { marks: &mut marks, height: self.height }.into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(self.top * PER_PX)
            .margin_bottom((self.height - self.bottom) * PER_PX)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)
            .expect(INFALLIBLE);
        let elements = shapes.iter().enumerate().map(|(index, shape)| element(shape, ink(index).filled()));
        chart.draw_series(elements).expect(INFALLIBLE);
        drop(chart);
        drop(root);
        marks
    }
}

fn element<'a>(shape: &Shape, style: ShapeStyle) -> DynElement<'static, MarkBackend<'a>, (f64, f64)>
where
    MarkBackend<'a>: 'a,
{
    match shape {
        Shape::Line(points) => PathElement::new(points.clone(), style).into_dyn(),
        Shape::Fill(points) => Polygon::new(points.clone(), style).into_dyn(),
        Shape::Bar { from, to } => Rectangle::new([*from, *to], style).into_dyn(),
    }
}
