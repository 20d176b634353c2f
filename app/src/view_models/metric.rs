//! What the page of one metric shows: hero facts, waterfall, leaderboard and drill crumbs.
//!
//! Invariant: the waterfall's rows sum to the delta that the hero shows.

use super::changes::{Explained, NAMED};
use super::charts;
use super::figures::{self, Reading};
use crate::page_state::{PageState, Sort, SortBy};
use crate::questions::metric::{is_level, leader_dimension};
use crate::texts::Texts;
use chart::kinds::{Driver as WaterfallDriver, Effect, End, Waterfall};
use chart::{ChartSpec, Delta, Drawing};
use kpi::{Cell, Format, Frame, MetricDefinition, Role};
use locale::{Sign, show};

/// From the comparison to the value through the members of a dimension.
pub fn waterfall(
    definition: &MetricDefinition,
    explained: &Explained,
    ends: (String, String),
    texts: &Texts,
) -> Drawing {
    let tone = |effect: f64| chart::Delta::judge(effect, definition.direction, false).1;
    let ratio = definition.denominator.is_some();
    let mut drivers = Vec::new();
    if ratio {
        let mix = explained.mix;
        drivers.push(WaterfallDriver {
            name: texts.mix_of_all.to_owned(),
            effect: Effect::Mix,
            value: mix,
            tone: tone(mix),
        });
    }
    for driver in &explained.leading {
        let value = if ratio { driver.rate } else { driver.effect };
        let effect = if ratio { Effect::Rate } else { Effect::Plain };
        drivers.push(WaterfallDriver {
            name: figures::member_name(&driver.member, texts),
            effect,
            value,
            tone: tone(value),
        });
    }
    if explained.members > NAMED {
        let value = explained.rate - explained.leading.iter().map(|driver| driver.rate).sum::<f64>();
        let effect = if ratio { Effect::Rate } else { Effect::Plain };
        drivers.push(WaterfallDriver { name: texts.others.to_owned(), effect, value, tone: tone(value) });
    }
    let end =
        |name: String, value: f64| End { name, value, text: figures::full(value, definition.format, texts) };
    let (digit, unit) =
        last_digit(definition.format, explained.value.abs().max(explained.comparison.abs()), texts);
    let chart = Waterfall {
        title: texts.label(&definition.label).to_owned(),
        unit,
        digit,
        start: end(ends.0, explained.comparison),
        drivers,
        end: end(ends.1, explained.value),
    };
    charts::draw(
        &ChartSpec::Waterfall(chart),
        definition.format,
        explained.value.abs().max(explained.comparison.abs()),
        texts,
    )
}

/// The last digit that effects show, as a value, and what they are in.
fn last_digit(format: Format, largest: f64, texts: &Texts) -> (f64, String) {
    match format {
        Format::Percent => (0.0001, locale::decimal::points_unit(texts.lang).to_owned()),
        Format::Integer => (1.0, String::new()),
        _ => {
            let axis = locale::Axis::new(format, largest, texts.lang);
            let places = if largest > 0.0 { largest.log10().floor() as i32 - 3 } else { -2 };
            (10f64.powi(places.max(-2)), axis.unit)
        }
    }
}

/// The delta in words of the waterfall's title: `−1,5 p.p.`.
pub fn delta_words(definition: &MetricDefinition, delta: f64, texts: &Texts) -> String {
    show::card_difference(&Cell::Float(delta), definition.format, Sign::Both, texts.lang)
}

#[derive(Debug, Clone, PartialEq)]
pub struct Leaderboard {
    /// Tabs: dimension, its name, and whether it is shown.
    pub tabs: Vec<(String, String, bool)>,
    /// Sortable columns: name, the sort that a click asks for, and the order in force.
    pub columns: Vec<LeaderColumn>,
    pub rows: Vec<Leader>,
    pub total: Leader,
    pub truncated: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LeaderColumn {
    pub by: SortBy,
    pub name: String,
    /// What a click asks for.
    pub next: Sort,
    /// `descending`, `ascending`, or none when the rows are sorted by another column.
    pub order: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Leader {
    pub name: String,
    /// One level down, or the same page filtered by the member.
    pub href: String,
    /// Per cent of the largest value; none for values that a bar cannot show.
    pub filled: Option<f64>,
    pub reference: Option<f64>,
    pub value: String,
    pub difference: Option<Delta>,
    pub percent: Option<Delta>,
}

/// Everything that the leaderboard is drawn from.
pub struct Leaders<'a> {
    pub definition: &'a MetricDefinition,
    pub frame: &'a Frame,
    pub total: &'a Reading,
    pub total_name: String,
    pub state: &'a PageState,
    pub path: &'a str,
    /// Dimensions with their names.
    pub dimensions: Vec<(String, String)>,
}

pub fn leaderboard(leaders: &Leaders<'_>, texts: &Texts) -> Option<Leaderboard> {
    let Leaders { definition, frame, total, state, path, .. } = leaders;
    let shown = leader_dimension(definition, state)?;
    let member_at = frame.index(&shown, Role::Dimension)?;
    let mut rows: Vec<(Cell, Reading)> = frame
        .rows
        .iter()
        .enumerate()
        .map(|(row, cells)| (cells[member_at].clone(), Reading::row(frame, &definition.name, row)))
        .collect();
    sort(&mut rows, state.sort, texts);
    let largest = rows
        .iter()
        .flat_map(|(_, reading)| [reading.value.number(), reading.comparison.number()])
        .flatten()
        .fold(0.0, f64::max);
    let share = |cell: &Cell| {
        cell.number()
            .filter(|value| largest > 0.0 && *value >= 0.0)
            .map(|value| (value / largest * 1000.0).round() / 10.0)
    };
    let leader = |name: String, href: String, reading: &Reading| Leader {
        name,
        href,
        filled: share(&reading.value),
        reference: share(&reading.comparison),
        value: show::full(&reading.value, definition.format, texts.lang),
        difference: reading.difference(definition, texts),
        percent: reading.percent(definition, texts),
    };
    let link = |member: &Cell| {
        let key = figures::member_key(member);
        if is_level(definition, &shown) {
            let mut drill = state.drill.clone();
            drill.push((shown.clone(), key));
            state.with_drill(drill).href(path)
        } else {
            state.toggled(&shown, &key).href(path)
        }
    };
    Some(Leaderboard {
        tabs: leaders
            .dimensions
            .iter()
            .map(|(dimension, name)| (dimension.clone(), name.clone(), *dimension == shown))
            .collect(),
        columns: columns(definition, state, frame.comparison.is_some(), texts),
        rows: rows
            .iter()
            .map(|(member, reading)| leader(figures::member_name(member, texts), link(member), reading))
            .collect(),
        total: leader(leaders.total_name.clone(), String::new(), total),
        truncated: frame.truncated,
    })
}

fn columns(
    definition: &MetricDefinition,
    state: &PageState,
    compared: bool,
    texts: &Texts,
) -> Vec<LeaderColumn> {
    let sort = state.sort.unwrap_or(Sort { by: SortBy::Value, descending: true });
    let points =
        if definition.format == Format::Percent { locale::decimal::points_unit(texts.lang) } else { "" };
    let mut names = vec![(SortBy::Value, texts.value.to_owned())];
    if compared {
        names.push((SortBy::Delta, format!("Δ {points}").trim_end().to_owned()));
        names.push((SortBy::DeltaPercent, "Δ %".to_owned()));
    }
    names
        .into_iter()
        .map(|(by, name)| {
            let current = sort.by == by;
            LeaderColumn {
                by,
                name,
                next: Sort { by, descending: !(current && sort.descending) },
                order: current.then_some(if sort.descending { "descending" } else { "ascending" }),
            }
        })
        .collect()
}

/// The answer comes sorted already; this makes it certain, with nulls last and names as the tie-break.
fn sort(rows: &mut [(Cell, Reading)], sort: Option<Sort>, texts: &Texts) {
    let sort = sort.unwrap_or(Sort { by: SortBy::Value, descending: true });
    let name = |cell: &Cell| figures::member_name(cell, texts).to_lowercase();
    let number = |reading: &Reading| match sort.by {
        SortBy::Name => None,
        SortBy::Value => reading.value.number(),
        SortBy::Delta => reading.delta.number(),
        SortBy::DeltaPercent => reading
            .delta
            .number()
            .zip(reading.comparison.number())
            .filter(|(_, base)| *base != 0.0)
            .map(|(delta, base)| delta / base.abs()),
    };
    rows.sort_by(|(a_member, a), (b_member, b)| {
        let by_name = name(a_member).cmp(&name(b_member));
        if sort.by == SortBy::Name {
            return if sort.descending { by_name.reverse() } else { by_name };
        }
        let by_number = match (number(a), number(b)) {
            (Some(x), Some(y)) if sort.descending => y.total_cmp(&x),
            (Some(x), Some(y)) => x.total_cmp(&y),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => std::cmp::Ordering::Equal,
        };
        by_number.then(by_name)
    });
}

/// One level of the drill path with its own value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    pub name: String,
    pub value: String,
    pub href: String,
    pub current: bool,
}

/// The levels from the whole to where the page is; `values` holds one reading per level.
pub fn crumbs(
    definition: &MetricDefinition,
    state: &PageState,
    path: &str,
    values: &[Cell],
    texts: &Texts,
) -> Vec<Crumb> {
    let along = state.drill.first().map(|(dimension, _)| dimension).or(state.by.as_ref());
    let paths = || definition.hierarchies.iter();
    let path_in_force = along
        .and_then(|dimension| paths().find(|path| path.levels.contains(dimension)))
        .or_else(|| paths().next());
    let root = path_in_force
        .map_or_else(|| texts.whole.to_owned(), |hierarchy| texts.label(&hierarchy.root).to_owned());
    (0..=state.drill.len())
        .map(|depth| Crumb {
            name: match depth.checked_sub(1) {
                None => root.clone(),
                Some(step) => texts.member(&state.drill[step].1).to_owned(),
            },
            value: values.get(depth).map_or_else(
                || locale::NONE.to_owned(),
                |cell| show::card(cell, definition.format, texts.lang).text(),
            ),
            href: state.with_drill(state.drill[..depth].to_vec()).href(path),
            current: depth == state.drill.len(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view_models::figures::tests::definition;
    use kpi::Direction;
    use kpi::definition::{Hierarchy, Label};
    use locale::Lang;

    fn reading(value: f64, before: f64) -> Reading {
        let (value, comparison) = (Cell::Float(value), Cell::Float(before));
        Reading { delta: value.minus(&comparison), value, comparison }
    }

    #[test]
    fn sort_keeps_nulls_last_in_both_orders() {
        let null = Reading { value: Cell::Null, comparison: Cell::Null, delta: Cell::Null };
        let rows = || {
            vec![
                (Cell::Text("n".into()), null.clone()),
                (Cell::Text("b".into()), reading(2.0, 4.0)),
                (Cell::Text("a".into()), reading(2.0, 1.0)),
            ]
        };
        let names = |by, descending| {
            let mut rows = rows();
            sort(&mut rows, Some(Sort { by, descending }), Texts::of(Lang::PtBr));
            rows.iter().map(|(member, _)| figures::member_key(member)).collect::<String>()
        };
        assert_eq!(names(SortBy::Value, true), "abn");
        assert_eq!(names(SortBy::Delta, false), "ban");
        assert_eq!(names(SortBy::DeltaPercent, true), "abn");
        assert_eq!(names(SortBy::Name, true), "nba");
    }

    #[test]
    fn crumbs_have_a_value_on_every_level() {
        let mut margin = definition("gross_margin_pct", Format::Percent, Direction::Up);
        let levels = vec!["regiao".into(), "uf".into()];
        margin.hierarchies =
            vec![Hierarchy { name: "lugar".into(), root: Label { pt: "Brasil".into(), en: None }, levels }];
        let state = PageState::parse("d=regiao:Sul,uf:PR");
        let crumbs = crumbs(
            &margin,
            &state,
            "/indicador/m",
            &[Cell::Float(0.326), Cell::Float(0.311), Cell::Float(0.304)],
            Texts::of(Lang::PtBr),
        );
        let text: Vec<String> =
            crumbs.iter().map(|crumb| format!("{} {}", crumb.name, crumb.value)).collect();
        assert_eq!(text, ["Brasil 32,6%", "Sul 31,1%", "PR 30,4%"]);
        assert_eq!(crumbs[1].href, "/indicador/m?d=regiao:Sul");
        assert!(crumbs[2].current);
    }
}
