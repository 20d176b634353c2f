//! Any finite data, and data that is not, makes a picture that holds together.
//!
//! Invariant: the generator is seeded, so that a failure comes again.

use crate::page::{path_points, plain_text, rects, with_tree};
use chart::kinds::{
    Area, Bar, Driver, Effect, End, HeatCell, HeatRow, HeatScale, Heatmap, Layout, Line, Sparkline, Waterfall,
};
use chart::{ChartSpec, Drawing, Plot, Point, Role, Series, Tone, X, draw};
use kpi::Direction;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Ordinary values mostly; the ends of the range, tiny ones, and no number at all now and then.
    fn value(&mut self, kind: u64) -> Option<f64> {
        const ODD: [f64; 10] =
            [f64::MAX, f64::MIN, 5e-324, -5e-324, 1e300, -1e-300, 0.0, -0.0, f64::NAN, f64::INFINITY];
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        match (kind, self.below(12)) {
            (_, 0) => None,
            (1, 1..=4) => Some(ODD[self.below(10) as usize]),
            (2, _) => Some(1e15 + unit),
            (3, _) => Some(42.0),
            (4, _) => Some(-unit * 1e-9),
            _ => Some((unit - 0.3) * 10f64.powi(self.below(7) as i32)),
        }
    }

    fn plot(&mut self) -> Plot {
        let count = match self.below(12) {
            0 => 0,
            1 => 1,
            2 => 2500,
            _ => self.below(40) as usize + 2,
        };
        let kind = self.below(6);
        let x = (0..count)
            .map(|index| X {
                label: format!("x{index}"),
                tick: if self.below(9) == 0 { String::new() } else { format!("t{index}") },
                major: index % 12 == 0,
                partial: self.below(8) == 0,
            })
            .collect();
        let roles = [
            Role::Main,
            Role::Comparison,
            Role::Target,
            Role::Member(1),
            Role::Member(8),
            Role::Member(77),
            Role::Others,
        ];
        let series = (0..self.below(8))
            .map(|number| Series {
                name: format!("série {number}"),
                role: roles[self.below(7) as usize],
                points: (0..count.saturating_sub(self.below(3) as usize))
                    .map(|_| Point { value: self.value(kind), text: "v".into() })
                    .collect(),
                latest: "9".into(),
            })
            .collect();
        let height = [0, 0, 40, 190, 100_000][self.below(5) as usize];
        let unit = if self.below(2) == 0 { String::new() } else { "R$ mil".into() };
        Plot {
            title: "Qualquer".into(),
            x_title: "x".into(),
            unit,
            height,
            whole: self.below(4) == 0,
            x,
            series,
        }
    }
}

fn check(drawing: &Drawing, case: u64) {
    assert!(!drawing.html.contains("NaN") && !drawing.html.contains("inf"), "case {case}: {}", drawing.html);
    let plane =
        drawing.plot.map(|plot| (f64::from(plot.top), f64::from(plot.bottom), f64::from(plot.height)));
    let inside = |value: f64, low: f64, high: f64| value >= low - 0.11 && value <= high + 0.11;
    with_tree(&drawing.html, |tree| {
        let Some((top, bottom, height)) = plane else { return };
        for (x, y) in path_points(tree) {
            assert!(inside(x, 0.0, 1000.0) && inside(y, top, bottom), "case {case}: point {x} {y}");
        }
        for [x, width, y, tall] in rects(tree) {
            assert!(width >= 0.0 && tall >= 0.0, "case {case}: rect {width} × {tall}");
            assert!(inside(x, 0.0, 100.0) && inside(x + width, 0.0, 100.0), "case {case}: rect {x} {width}");
            assert!(inside(y, top, bottom) && inside(y + tall, top, bottom), "case {case}: rect {y} {tall}");
        }
        let ticks = tree.descendants().filter(|node| {
            node.has_tag_name("line") && matches!(node.attribute("class"), Some("grid" | "axis"))
        });
        let ys: Vec<f64> = ticks.map(|node| node.attribute("y1").unwrap().parse().unwrap()).collect();
        if !ys.is_empty() {
            assert!((3..=6).contains(&ys.len()), "case {case}: {} ticks", ys.len());
            assert!(
                (ys[0] - bottom).abs() < 0.01 && (ys[ys.len() - 1] - top).abs() < 0.01,
                "case {case}: {ys:?}"
            );
        }
        for focus in &drawing.focus {
            assert!(inside(focus.x, 0.0, 100.0), "case {case}: focus at {}", focus.x);
            let ys = focus.values.iter().filter_map(|value| value.y);
            assert!({ ys }.all(|y| inside(y, 0.0, height)), "case {case}");
        }
    });
    assert!(!drawing.summary.is_empty(), "case {case}");
}

#[test]
fn any_series_stay_inside_the_plane_with_three_to_six_ticks() {
    let mut dice = Dice(7);
    for case in 0..200 {
        let plot = dice.plot();
        let count = plot.x.len();
        let specs = [
            ChartSpec::Line(Line { plot: plot.clone(), zero: case % 3 == 0 }),
            ChartSpec::Area(Area { plot: plot.clone() }),
            ChartSpec::Bar(Bar { plot: plot.clone(), layout: Layout::Grouped }),
            ChartSpec::Bar(Bar { plot: plot.clone(), layout: Layout::Stacked }),
            ChartSpec::Sparkline(Sparkline { plot, mini: case % 2 == 0 }),
        ];
        for spec in specs {
            let drawing = draw(&spec, &plain_text());
            check(&drawing, case);
            assert_eq!(drawing.table.rows.len(), count, "case {case}");
        }
    }
}

#[test]
fn line_of_thousands_of_points_is_two_per_px() {
    let values = (0..20_000).map(|i| f64::from((i * 7919) % 1013));
    let points = values.map(|value| Point { value: Some(value), text: String::new() }).collect();
    let x = vec![X::default(); 20_000];
    let series = vec![Series { name: "muitos".into(), points, ..Series::default() }];
    let drawing = draw(
        &ChartSpec::Line(Line { plot: Plot { x, series, ..Plot::default() }, zero: false }),
        &plain_text(),
    );
    let drawn = with_tree(&drawing.html, |tree| path_points(tree).len());
    assert!((1500..=2002).contains(&drawn), "{drawn} points");
    assert_eq!(drawing.focus.len(), 20_000);
}

#[test]
fn line_of_nulls_only_is_an_empty_state() {
    let points = vec![Point::default(), Point { value: Some(f64::NAN), text: "—".into() }];
    let series = vec![Series { name: "nada".into(), points, ..Series::default() }];
    let plot = Plot { title: "Nada".into(), x: vec![X::default(); 2], series, ..Plot::default() };
    for spec in [ChartSpec::Line(Line { plot: plot.clone(), zero: false }), ChartSpec::Area(Area { plot })] {
        let drawing = draw(&spec, &plain_text());
        assert!(drawing.empty && drawing.html.contains("class=\"empty\""), "{}", drawing.html);
        assert_eq!(drawing.summary, "Nada: sem dados no período.");
        assert_eq!(drawing.table.rows.len(), 2);
    }
}

#[test]
fn any_heat_and_any_waterfall_hold_together() {
    let mut dice = Dice(11);
    for case in 0..400 {
        let kind = dice.below(6);
        let rows: Vec<HeatRow> = (0..dice.below(8))
            .map(|row| HeatRow {
                name: format!("r{row}"),
                full: String::new(),
                cells: (0..dice.below(12))
                    .map(|_| HeatCell { value: dice.value(kind), text: "1".into(), ..HeatCell::default() })
                    .collect(),
            })
            .collect();
        let values: Vec<f64> = rows.iter().flat_map(|row| &row.cells).filter_map(|cell| cell.value).collect();
        let scale = match case % 3 {
            0 => HeatScale::sequential(values.into_iter()),
            1 => HeatScale::around(dice.value(kind).unwrap_or(0.0), Direction::Up, values.into_iter()),
            _ => HeatScale::around(92.0, Direction::Down, values.into_iter()),
        };
        let columns = (0..10).map(|hour| format!("{hour}h")).collect();
        let heat = Heatmap { title: "Calor".into(), name: "Dia".into(), columns, rows, scale };
        let drawing = draw(&ChartSpec::Heatmap(heat), &plain_text());
        with_tree(&drawing.html, |_| ());

        let end = |dice: &mut Dice| End {
            name: "fim".into(),
            value: dice.value(kind).unwrap_or(0.0),
            text: "9".into(),
        };
        let waterfall = Waterfall {
            title: "Causas".into(),
            unit: "R$".into(),
            digit: [0.01, 1.0, 0.0, f64::NAN, -1.0, 1e-4][dice.below(6) as usize],
            start: end(&mut dice),
            drivers: (0..dice.below(9))
                .map(|n| Driver {
                    name: format!("d{n}"),
                    effect: Effect::Rate,
                    value: dice.value(kind).unwrap_or(1.0),
                    tone: Tone::Bad,
                })
                .collect(),
            end: end(&mut dice),
        };
        let drawing = draw(&ChartSpec::Waterfall(waterfall), &plain_text());
        assert!(
            !drawing.html.contains("%:") && !drawing.html.contains("--a:NaN"),
            "case {case}: {}",
            drawing.html
        );
        with_tree(&drawing.html, |_| ());
    }
}

#[test]
fn waterfall_with_an_effect_left_out_says_so() {
    let end = |name: &str, value: f64| End { name: name.into(), value, text: format!("{value}") };
    let driver = Driver { name: "preço".into(), value: 30.0, ..Driver::default() };
    let waterfall = Waterfall {
        title: "Receita".into(),
        digit: 1.0,
        start: end("antes", 100.0),
        drivers: vec![driver],
        end: end("depois", 150.0),
        ..Waterfall::default()
    };
    let rows = draw(&ChartSpec::Waterfall(waterfall), &plain_text()).table.rows;
    let row = |name: &str, effect: &str| vec![name.to_owned(), effect.to_owned()];
    assert_eq!(rows[1..3], [row("preço", "+30"), row("Não explicado", "+20")]);
}
