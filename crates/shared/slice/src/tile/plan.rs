//! What a question needs: groups, sets of rows that its values share, and what is kept for each.
//!
//! Reads no rows but to make groups, rankings and clusters. Invariant: what two values share is kept once.

use crate::SliceError;
use crate::bits::Bits;
use crate::clusters::Clusters;
use crate::filter;
use crate::groups::Groups;
use crate::places::Places;
use crate::question::{Filter, Function, Question, Test, Value};
use crate::ranking::Ranking;
use crate::slice::{Held, Numbers, Slice};
use std::sync::Arc;

/// The groups of a question; equal ones are shared.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    pub groups: Arc<Groups>,
    pub places: Arc<Places>,
}

#[derive(Debug)]
pub(crate) struct Plan {
    pub grouping: Grouping,
    /// The columns of the dimensions.
    pub by: Vec<usize>,
    /// The first one is that of the question's own filters.
    pub lanes: Vec<Lane>,
    /// The measure that each sum is of.
    pub sums: Vec<usize>,
    pub rankings: Vec<Ranking>,
    pub clusters: Vec<Clusters>,
    pub figures: Vec<Figure>,
    /// A group that is answered even without rows.
    pub always: bool,
}

/// Rows that pass the same filters.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    filters: Vec<Filter>,
    pub mask: Option<Bits>,
    pub sums: Vec<usize>,
    pub rankings: Vec<usize>,
    pub clusters: Vec<usize>,
    /// The columns that `rankings` and `clusters` are of.
    ranked: Vec<usize>,
    clustered: Vec<usize>,
}

/// Where a value of the question is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Figure {
    /// A lane.
    Count(usize),
    /// A lane and a sum.
    Sum(usize, usize),
    Average(usize, usize),
    /// Clusters.
    Distinct(usize),
    /// A ranking, and the measure.
    Ranked(usize, usize, Rank),
}

/// Which of the chosen numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rank {
    Min,
    Max,
    Percentile { share: f64, discrete: bool },
}

impl Grouping {
    fn new(slice: &Slice, question: &Question) -> Result<Grouping, SliceError> {
        let places = Places::new(slice, &question.time)?;
        let groups = Groups::new(slice, &question.by, &places)?;
        Ok(Grouping { groups: Arc::new(groups), places: Arc::new(places) })
    }
}

impl Plan {
    pub(crate) fn new(
        slice: &Slice,
        question: &Question,
        grouping: Option<Grouping>,
    ) -> Result<Plan, SliceError> {
        let grouping = grouping.map_or_else(|| Grouping::new(slice, question), Ok)?;
        let by = question.by.iter().map(|name| slice.column(name)).collect::<Result<_, _>>()?;
        let always = grouping.groups.of.is_none();
        let mut plan = Plan {
            grouping,
            by,
            lanes: Vec::new(),
            sums: Vec::new(),
            rankings: Vec::new(),
            clusters: Vec::new(),
            figures: Vec::new(),
            always,
        };
        plan.lane(slice, &question.filters)?;
        for value in &question.values {
            let figure = plan.figure(slice, question, value)?;
            plan.figures.push(figure);
        }
        Ok(plan)
    }

    /// The lane of these filters, which is made when there is none yet.
    fn lane(&mut self, slice: &Slice, filters: &[Filter]) -> Result<usize, SliceError> {
        if let Some(index) = self.lanes.iter().position(|lane| lane.filters == filters) {
            return Ok(index);
        }
        let mut mask: Option<Bits> = None;
        for filter in filters {
            let rows = filter::rows(slice, filter)?;
            match &mut mask {
                None => mask = Some(rows),
                Some(mask) => mask.and(&rows),
            }
        }
        let filters = filters.to_vec();
        self.lanes.push(Lane { filters, mask, ..Lane::default() });
        Ok(self.lanes.len() - 1)
    }

    fn figure(&mut self, slice: &Slice, question: &Question, value: &Value) -> Result<Figure, SliceError> {
        let column = value.function.of().map(|name| slice.column(name)).transpose()?;
        let mut filters = question.filters.clone();
        for filter in &value.filters {
            if !filters.contains(filter) {
                filters.push(filter.clone());
            }
        }
        let Some(column) = column else { return Ok(Figure::Count(self.lane(slice, &filters)?)) };
        if has_nulls(slice.held(column)) {
            let column = value.function.of().unwrap_or_default().to_owned();
            filters.push(Filter { column, test: Test::NotNull });
        }
        let lane = self.lane(slice, &filters)?;
        match &value.function {
            Function::Rows => Ok(Figure::Count(lane)),
            Function::Count(_) => match slice.held(column) {
                Held::Dimension(_) => Err(slice.unfit(column, "count days, entities or measures")),
                _ => Ok(Figure::Count(lane)),
            },
            Function::CountDistinct(_) => self.distinct(slice, lane, column),
            Function::Sum(_) => Ok(Figure::Sum(lane, self.sum(slice, lane, column)?)),
            Function::Average(_) => Ok(Figure::Average(lane, self.sum(slice, lane, column)?)),
            Function::Min(_) => self.ranked(slice, lane, column, Rank::Min),
            Function::Max(_) => self.ranked(slice, lane, column, Rank::Max),
            Function::Percentile { share, discrete, .. } if (0.0..=1.0).contains(share) => {
                self.ranked(slice, lane, column, Rank::Percentile { share: *share, discrete: *discrete })
            }
            Function::Percentile { .. } => Err(SliceError::Share),
        }
    }

    fn sum(&mut self, slice: &Slice, lane: usize, column: usize) -> Result<usize, SliceError> {
        numbers(slice, column)?;
        let known = self.lanes[lane].sums.iter().find(|index| self.sums[**index] == column);
        if let Some(index) = known {
            return Ok(*index);
        }
        self.sums.push(column);
        self.lanes[lane].sums.push(self.sums.len() - 1);
        Ok(self.sums.len() - 1)
    }

    fn ranked(
        &mut self,
        slice: &Slice,
        lane: usize,
        column: usize,
        rank: Rank,
    ) -> Result<Figure, SliceError> {
        let numbers = numbers(slice, column)?;
        let own = &mut self.lanes[lane];
        if let Some(index) = own.ranked.iter().position(|known| *known == column) {
            return Ok(Figure::Ranked(own.rankings[index], column, rank));
        }
        own.rankings.push(self.rankings.len());
        own.ranked.push(column);
        self.rankings.push(Ranking::new(numbers, &self.grouping.groups));
        Ok(Figure::Ranked(self.rankings.len() - 1, column, rank))
    }

    fn distinct(&mut self, slice: &Slice, lane: usize, column: usize) -> Result<Figure, SliceError> {
        let (codes, last) = match slice.held(column) {
            Held::Entity(entity) => (&entity.codes, entity.last),
            Held::Days(days) => (&days.codes, days.last),
            _ => return Err(slice.unfit(column, "count distinct days or entities")),
        };
        let own = &self.lanes[lane];
        if let Some(index) = own.clustered.iter().position(|known| *known == column) {
            return Ok(Figure::Distinct(own.clusters[index]));
        }
        self.clusters.push(Clusters::new(codes, last, &self.grouping.groups, &self.grouping.places)?);
        self.lanes[lane].clusters.push(self.clusters.len() - 1);
        self.lanes[lane].clustered.push(column);
        Ok(Figure::Distinct(self.clusters.len() - 1))
    }
}

fn has_nulls(held: &Held) -> bool {
    match held {
        Held::Measure(numbers) => numbers.valid.is_some(),
        Held::Days(_) | Held::Entity(_) | Held::Dimension(_) => true,
    }
}

fn numbers(slice: &Slice, column: usize) -> Result<&Numbers, SliceError> {
    match slice.held(column) {
        Held::Measure(numbers) => Ok(numbers),
        _ => Err(slice.unfit(column, "calculate with a measure")),
    }
}
