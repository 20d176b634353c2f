//! Scans answered by slices: which columns of a fact a slice has to hold, and how a scan becomes questions to it.
//!
//! Knows nothing of where slices come from. Invariant: what a slice answers, the lake answers with the same cells; what it cannot answer
//! exactly, it refuses.

use crate::scan::{Grouping, Scan};
use crate::{AskError, Clock, Definitions, Fact, Function, Place, Planned, Planner, Row, Rows};
use chrono::NaiveDate;
use kpi::{Cell, Engine, Frame, Grain, MetricQuery, Period};
use slice::{Answer, Days, Filter, Kind, Link, Question, Session, Slice, SliceError, Test, Time, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The member of a flag's column in the rows of which its condition holds.
pub const HOLDS: &str = "1";

/// What a column of a fact is to a slice; one column can be several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The day that rows count on.
    Day,
    /// Something to group and filter by: a dimension of the slice.
    Member,
    /// Whether a condition holds: a dimension whose only member is [`HOLDS`].
    Flag,
    /// Whether there is a value: as `Flag`.
    Filled,
    /// Something that is counted once: an entity of the slice.
    Identity,
    /// An exact number: a measure of the slice.
    Number,
}

impl Role {
    /// The name of a fact's column within a slice.
    pub fn name(self, fact: &Fact, column: usize) -> String {
        let mark = match self {
            Role::Day => "day",
            Role::Member => "member",
            Role::Flag => "flag",
            Role::Filled => "filled",
            Role::Identity => "identity",
            Role::Number => "number",
        };
        format!("{mark} {}", fact.columns[column].name)
    }
}

/// The columns of a fact that a slice needs to answer these metrics by all dimensions that the fact has here; days first. Empty when no metric
/// counts the fact.
pub fn wanted(definitions: &Definitions, fact: usize) -> Vec<(Role, usize)> {
    let all = definitions.metrics.values().flat_map(|metric| metric.formula.measures());
    let mut found = BTreeSet::new();
    for measure in all.filter(|measure| measure.fact == fact) {
        found.insert((Role::Day, measure.time));
        found.extend(measure.conditions.iter().map(|column| (Role::Flag, *column)));
        let groups = measure.stock.iter().flat_map(|stock| &stock.groups);
        found.extend(groups.map(|column| (Role::Identity, *column)));
        found.extend(
            [Some(&measure.function), measure.weight.as_ref()].into_iter().flatten().filter_map(taken),
        );
    }
    if !found.is_empty() {
        found.extend(definitions.facts[fact].dimensions.values().map(|column| (Role::Member, *column)));
    }
    found.into_iter().collect()
}

fn taken(function: &Function) -> Option<(Role, usize)> {
    match function {
        Function::Rows => None,
        Function::Count(of) => Some((Role::Filled, *of)),
        Function::CountDistinct(of) => Some((Role::Identity, *of)),
        Function::Sum(of) | Function::Min(of) | Function::Max(of) | Function::Percentile { of, .. } => {
            Some((Role::Number, *of))
        }
    }
}

/// Why a slice has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// Nobody can answer it.
    #[error(transparent)]
    Question(#[from] AskError),
    /// The lake may know.
    #[error("there is no slice of `{fact}`")]
    NoSlice { fact: String },
    #[error(transparent)]
    Slice(#[from] SliceError),
}

/// Slices, and what was asked of them: an answer follows the filters of the next question instead of being computed anew.
#[derive(Debug, Default)]
pub struct Slices {
    held: BTreeMap<usize, Held>,
    /// How often it was asked.
    turn: u32,
}

#[derive(Debug)]
struct Held {
    slice: Arc<Slice>,
    /// One for each set of filters that one call asks with, in order of appearance.
    desks: Vec<Desk>,
    /// Column → the days on which the slice has rows.
    days: BTreeMap<usize, Vec<NaiveDate>>,
}

/// Questions that share filters.
#[derive(Debug)]
struct Desk {
    session: Session,
    filters: Vec<Filter>,
    asked: Vec<Asked>,
}

#[derive(Debug)]
struct Asked {
    question: Question,
    link: Link,
    turn: u32,
}

impl Slices {
    /// Adds the slice of a fact, by its number.
    pub fn put(&mut self, fact: usize, slice: Slice) {
        let held = Held { slice: Arc::new(slice), desks: Vec::new(), days: BTreeMap::new() };
        self.held.insert(fact, held);
    }

    /// Answers every query, in order.
    pub fn ask(
        &mut self,
        definitions: &Definitions,
        queries: &[MetricQuery],
        clock: &Clock,
        edition: u64,
    ) -> Vec<Result<Frame, Unanswered>> {
        let mut planner = Planner::new(definitions);
        let planned: Vec<Result<Planned, AskError>> =
            queries.iter().map(|query| planner.plan(query, clock, edition)).collect();
        let results = self.scans(definitions, planner.scans());
        let nothing = (Rows::default(), Vec::new());
        let known: Vec<&(Rows, Vec<NaiveDate>)> =
            results.iter().map(|result| result.as_ref().unwrap_or(&nothing)).collect();
        let rows: Vec<&Rows> = known.iter().map(|(rows, _)| rows).collect();
        let days: Vec<&[NaiveDate]> = known.iter().map(|(_, days)| days.as_slice()).collect();
        planned
            .into_iter()
            .map(|planned| {
                let planned = planned?;
                let failed = |scan: usize| results[scan].as_ref().err();
                if let Some(error) = planned.scans().into_iter().find_map(failed) {
                    return Err(error.again());
                }
                Ok(crate::frame(definitions, &planned, &rows, &days, clock, edition, Engine::Slice)?)
            })
            .collect()
    }

    /// The rows of each scan, and for scans of stocks the days on which the fact has rows.
    fn scans(
        &mut self,
        definitions: &Definitions,
        scans: &[Scan],
    ) -> Vec<Result<(Rows, Vec<NaiveDate>), Unanswered>> {
        self.turn += 1;
        let turn = self.turn;
        // Fact → the sets of filters of this call.
        let mut seen: BTreeMap<usize, Vec<&[crate::Test]>> = BTreeMap::new();
        let mut answer = |scan: &Scan, desk: usize| {
            let fact = &definitions.facts[scan.fact];
            let held = self.held.get_mut(&scan.fact);
            let held = held.ok_or_else(|| Unanswered::NoSlice { fact: fact.name.clone() })?;
            let days = held.days(fact, scan)?;
            let rows = held.rows(fact, scan, &days, desk, turn)?;
            Ok((rows, days))
        };
        scans
            .iter()
            .map(|scan| {
                let sets = seen.entry(scan.fact).or_default();
                let desk = sets.iter().position(|set| *set == scan.filters).unwrap_or_else(|| {
                    sets.push(&scan.filters);
                    sets.len() - 1
                });
                answer(scan, desk)
            })
            .collect()
    }
}

impl Held {
    /// The days on which a stock's fact has rows; empty for other scans.
    fn days(&mut self, fact: &Fact, scan: &Scan) -> Result<Vec<NaiveDate>, SliceError> {
        if scan.looks_up_to().is_none() {
            return Ok(Vec::new());
        }
        if let Some(known) = self.days.get(&scan.time) {
            return Ok(known.clone());
        }
        let column = Role::Day.name(fact, scan.time);
        let time = Time::Grain { column, grain: Grain::Day };
        let question = Question { by: Vec::new(), time, filters: Vec::new(), values: Vec::new() };
        let day = |place: slice::Place| if let slice::Place::Day(day) = place { Some(day) } else { None };
        let days: Vec<NaiveDate> = self.slice.answer(&question)?.places.into_iter().filter_map(day).collect();
        self.days.insert(scan.time, days.clone());
        Ok(days)
    }

    fn rows(
        &mut self,
        fact: &Fact,
        scan: &Scan,
        days: &[NaiveDate],
        desk: usize,
        turn: u32,
    ) -> Result<Rows, SliceError> {
        while self.desks.len() <= desk {
            let session = Session::new(self.slice.clone());
            self.desks.push(Desk { session, filters: Vec::new(), asked: Vec::new() });
        }
        let zeros = zeros(fact, scan, &self.slice);
        let desk = &mut self.desks[desk];
        let filters: Vec<Filter> = scan.filters.iter().map(|test| members(fact, test)).collect();
        desk.follow(filters)?;
        let mut found = Rows { rows: Vec::new(), zeros };
        for (time, places) in times(fact, scan, days)? {
            let day = Role::Day.name(fact, scan.time);
            let question = Question {
                by: scan.keys.iter().map(|key| Role::Member.name(fact, *key)).collect(),
                time,
                filters: Vec::new(),
                values: scan.columns.iter().map(|column| value(fact, &day, column)).collect(),
            };
            add(&mut found, desk.answer(question, turn)?, &places);
        }
        Ok(found)
    }
}

impl Desk {
    /// Moves everything that was asked here to these filters.
    fn follow(&mut self, filters: Vec<Filter>) -> Result<(), SliceError> {
        if self.filters != filters {
            self.session.filter(&filters)?;
            self.filters = filters;
        }
        Ok(())
    }

    fn answer(&mut self, question: Question, turn: u32) -> Result<Answer, SliceError> {
        if let Some(asked) = self.asked.iter_mut().find(|asked| asked.question == question) {
            asked.turn = turn;
            return Ok(self.session.answer(asked.link));
        }
        // What the last call did not ask any more gives its place.
        let link = if let Some(stale) = self.asked.iter_mut().find(|asked| asked.turn + 1 < turn) {
            self.session.replace(stale.link, &question, &[])?;
            (stale.question, stale.turn) = (question, turn);
            stale.link
        } else {
            let link = self.session.add(&question, &[])?;
            self.asked.push(Asked { question, link, turn });
            link
        };
        Ok(self.session.answer(link))
    }
}

/// How a scan groups by time, as one or several questions, and what the spans of each mean in the scan.
fn times(fact: &Fact, scan: &Scan, days: &[NaiveDate]) -> Result<Vec<(Time, Vec<Place>)>, SliceError> {
    let column = Role::Day.name(fact, scan.time);
    let runs = |spans: &[Option<Period>], days: &Days| {
        let run =
            |(spans, places)| (Time::Spans { column: column.clone(), spans, days: days.clone() }, places);
        forward(spans).into_iter().map(run).collect()
    };
    Ok(match &scan.grouping {
        Grouping::Buckets { grain: None, .. } => vec![(Time::Whole, Vec::new())],
        Grouping::Buckets { grain: Some(grain), .. } => {
            vec![(Time::Grain { column, grain: *grain }, Vec::new())]
        }
        Grouping::AsOf(_) => {
            let wanted = scan.wanted_days(days);
            let spans = wanted.iter().filter_map(|day| Period::new(*day, *day).ok()).collect();
            let places = wanted.iter().map(|day| Place::Day(*day)).collect();
            vec![(Time::Spans { column, spans, days: Days::All }, places)]
        }
        Grouping::Spans(spans) => runs(spans, &Days::All),
        Grouping::LastOf(spans, groups) => {
            let &[group] = groups.as_slice() else {
                let name = fact.name.clone();
                let needed = "a balance of several entities together is read from the lake";
                return Err(SliceError::Unfit { name, is: "a fact", needed });
            };
            runs(spans, &Days::LastOf(Role::Identity.name(fact, group)))
        }
    })
}

impl Unanswered {
    /// The same for another query that needs the same scan.
    fn again(&self) -> Unanswered {
        match self {
            Unanswered::Question(error) => Unanswered::Question(error.clone()),
            Unanswered::NoSlice { fact } => Unanswered::NoSlice { fact: fact.clone() },
            Unanswered::Slice(error) => Unanswered::Slice(error.clone()),
        }
    }
}

fn members(fact: &Fact, test: &crate::Test) -> Filter {
    let members = test.members.clone();
    let test_of = if test.negated { Test::NotIn(members) } else { Test::In(members) };
    Filter { column: Role::Member.name(fact, test.column), test: test_of }
}

fn value(fact: &Fact, day: &str, column: &crate::Aggregate) -> Value {
    let holds = |role: Role, column: usize| Filter {
        column: role.name(fact, column),
        test: Test::In(vec![HOLDS.to_owned()]),
    };
    let mut filters: Vec<Filter> = column.window.iter().map(|window| Filter::within(day, *window)).collect();
    filters.extend(column.conditions.iter().map(|condition| holds(Role::Flag, *condition)));
    let number = |of: usize| Role::Number.name(fact, of);
    let function = match &column.function {
        Function::Rows => slice::Function::Rows,
        Function::Count(of) => {
            filters.push(holds(Role::Filled, *of));
            slice::Function::Rows
        }
        Function::CountDistinct(of) => slice::Function::CountDistinct(Role::Identity.name(fact, *of)),
        Function::Sum(of) => slice::Function::Sum(number(*of)),
        Function::Min(of) => slice::Function::Min(number(*of)),
        Function::Max(of) => slice::Function::Max(number(*of)),
        Function::Percentile { of, percentile, discrete } => {
            slice::Function::Percentile { of: number(*of), share: *percentile, discrete: *discrete }
        }
    };
    Value { function, filters }
}

/// The zero of each column, in the type that the lake gives it.
fn zeros(fact: &Fact, scan: &Scan, slice: &Slice) -> Vec<Cell> {
    let columns = &slice.manifest().columns;
    let scale = |of: usize| {
        let name = Role::Number.name(fact, of);
        columns.iter().find(|column| column.name == name).map(|column| match column.kind {
            Kind::Measure { scale } => scale,
            _ => 0,
        })
    };
    let zero = |function: &Function| match function {
        Function::Sum(of) | Function::Min(of) | Function::Max(of) => match scale(*of) {
            Some(scale) if scale > 0 => Cell::Decimal { unscaled: 0, scale },
            _ => Cell::Int(0),
        },
        Function::Percentile { .. } => Cell::Float(0.0),
        Function::Rows | Function::Count(_) | Function::CountDistinct(_) => Cell::Int(0),
    };
    scan.columns.iter().map(|column| zero(&column.function)).collect()
}

/// The spans that are there, in runs in which neither first nor last days go back, and the number of each.
fn forward(spans: &[Option<Period>]) -> Vec<(Vec<Period>, Vec<Place>)> {
    let mut runs: Vec<(Vec<Period>, Vec<Place>)> = Vec::new();
    for (number, span) in spans.iter().enumerate() {
        let Some(span) = *span else { continue };
        let follows = |last: &Period| last.from() <= span.from() && last.to() <= span.to();
        match runs.last_mut() {
            Some((run, places)) if run.last().is_some_and(follows) => {
                run.push(span);
                places.push(Place::Number(number));
            }
            _ => runs.push((vec![span], vec![Place::Number(number)])),
        }
    }
    runs
}

/// Adds the groups of an answer; `places` are what its spans mean.
fn add(found: &mut Rows, answer: Answer, places: &[Place]) {
    let mut values: Vec<_> = answer.values.into_iter().map(Vec::into_iter).collect();
    for (group, place) in answer.places.iter().enumerate() {
        let place = match *place {
            slice::Place::Whole => Place::Whole,
            slice::Place::Day(day) => Place::Day(day),
            slice::Place::Span(position) => places[position],
            slice::Place::Weekday(_) => Place::Nowhere,
        };
        let key = answer.by.iter().map(|members| members.get(group).map(str::to_owned)).collect();
        let cells = values.iter_mut().map(|cells| cells.next().unwrap_or(Cell::Null)).collect();
        found.rows.push(Row { key, place, cells });
    }
}
