//! What a page asks, built from what it shows: pure, so that the server and the engine in the browser are asked the same.
//!
//! Knows no transport (`calls`) and no pictures (`view_models`). Invariant: a query carries only filters that all its metrics have;
//! the ones left out are reported, never dropped in silence.

pub mod board;
pub mod metric;

use crate::calls::metrics::{Answer, Explain, Question, Told};
use crate::page_state::PageState;
use crate::view_models::changes::Cause;
use contract::Failure;
use contract::metrics::Catalogue;
use kpi::target::Target;
use kpi::{Compare, Filter, Frame, Grain, MetricDefinition, MetricQuery, Period, PeriodSpec};

/// Questions with the places that they belong to; answers come back in the same order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Questions<Place> {
    places: Vec<Place>,
    questions: Vec<Question>,
}

impl<Place: PartialEq> Questions<Place> {
    fn ask(&mut self, place: Place, query: MetricQuery) {
        self.places.push(place);
        self.questions.push(Question { query, explain: None });
    }

    fn ask_why(&mut self, place: Place, query: MetricQuery, explain: Explain) {
        self.places.push(place);
        self.questions.push(Question { query, explain: Some(explain) });
    }

    /// Everything to ask, in one batch.
    pub fn batch(&self) -> &[Question] {
        &self.questions
    }

    /// The query that was asked for `place`.
    pub fn query(&self, place: &Place) -> Option<&MetricQuery> {
        self.places.iter().position(|candidate| candidate == place).map(|index| &self.questions[index].query)
    }

    /// The frame for `place`; none when it was not asked or the answers are short.
    pub fn frame<'a>(&self, answers: &'a [Answer], place: &Place) -> Option<Result<&'a Frame, &'a Failure>> {
        match self.answer(answers, place)? {
            Ok(Told::Frame(frame)) => Some(Ok(frame)),
            Ok(Told::Cause(_)) => None,
            Err(failure) => Some(Err(failure)),
        }
    }

    /// What explains the change at `place`; none when nothing does.
    pub fn cause<'a>(&self, answers: &'a [Answer], place: &Place) -> Option<Result<&'a Cause, &'a Failure>> {
        match self.answer(answers, place)? {
            Ok(Told::Cause(cause)) => cause.as_ref().map(Ok),
            Ok(Told::Frame(_)) => None,
            Err(failure) => Some(Err(failure)),
        }
    }

    fn answer<'a>(&self, answers: &'a [Answer], place: &Place) -> Option<&'a Answer> {
        self.places.iter().position(|candidate| candidate == place).and_then(|index| answers.get(index))
    }

    pub fn places(&self) -> &[Place] {
        &self.places
    }
}

/// What every query of a page shares.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    pub catalogue: &'a Catalogue,
    pub state: &'a PageState,
    /// The period of the page, as it was asked for.
    pub period: PeriodSpec,
    /// The same in days, up to the last day that data covers.
    pub days: Period,
}

impl<'a> Asking<'a> {
    /// A period that cannot be (upside down, out of range) falls back to the page's own.
    pub fn new(
        catalogue: &'a Catalogue,
        state: &'a PageState,
        own: PeriodSpec,
        covered: chrono::NaiveDate,
    ) -> Asking<'a> {
        let wanted = state.period.unwrap_or(own);
        let (period, days) = match wanted.resolve(covered) {
            Ok(days) => (wanted, days),
            Err(_) => (own, own.resolve(covered).unwrap_or_else(|_| single_day(covered))),
        };
        Asking { catalogue, state, period, days }
    }

    pub fn definition(&self, metric: &str) -> Option<&'a MetricDefinition> {
        self.catalogue.metric(metric)
    }

    /// `metrics` over the page's period, filtered and compared as the page says.
    fn total(&self, metrics: &[&str]) -> MetricQuery {
        let comparison = self.state.comparison();
        MetricQuery {
            filters: self.filters(metrics).0,
            compare: comparison.with,
            match_weekday: comparison.match_weekday,
            ..MetricQuery::total(metrics.iter().copied(), self.period)
        }
    }

    /// `metrics` in the `buckets` buckets of `grain` up to the end of the period, beside last year.
    fn series(&self, metrics: &[&str], grain: Grain, buckets: u32) -> MetricQuery {
        let compare = match self.state.comparison().with {
            Compare::None => Compare::None,
            _ => Compare::SamePeriodLastYear,
        };
        MetricQuery {
            grain: Some(grain),
            period: last_buckets(self.days, grain, buckets),
            compare,
            match_weekday: false,
            ..self.total(metrics)
        }
    }

    /// The page's filters that all of `metrics` have, and the dimensions of those that some metric has not.
    pub fn filters(&self, metrics: &[&str]) -> (Vec<Filter>, Vec<String>) {
        let has = |dimension: &str| {
            metrics.iter().all(|metric| self.definition(metric).is_some_and(|known| offers(known, dimension)))
        };
        let (kept, left): (Vec<Filter>, Vec<Filter>) =
            self.state.query_filters().into_iter().partition(|filter| has(&filter.dimension));
        (kept, left.into_iter().map(|filter| filter.dimension).collect())
    }

    /// The metric and, where its target is a metric too, that one. A target that does not know the page's filters is left out: it
    /// would be the target of something else, and asking for it would lift the filters from the metric itself.
    fn with_target<'b>(&self, metric: &'b str) -> Vec<&'b str>
    where
        'a: 'b,
    {
        let Some(Target::Metric(target)) =
            self.definition(metric).and_then(|definition| definition.target.as_ref())
        else {
            return vec![metric];
        };
        let (filters, _) = self.filters(&[metric]);
        let follows =
            |known: &MetricDefinition| filters.iter().all(|filter| offers(known, &filter.dimension));
        if self.definition(target).is_some_and(follows) {
            vec![metric, target.as_str()]
        } else {
            vec![metric]
        }
    }

    /// Whether `others` can be asked with every filter that `metric` gets: figures shown together are about the same rows.
    fn agrees(&self, metric: &MetricDefinition, others: &[&str]) -> bool {
        let (filters, _) = self.filters(&[&metric.name]);
        filters.iter().all(|filter| {
            others
                .iter()
                .all(|other| self.definition(other).is_some_and(|known| offers(known, &filter.dimension)))
        })
    }

    /// What explains a change of `metric` by the members of `dimension`: its parts for a ratio, itself otherwise.
    fn drivers(&self, metric: &str, dimension: &str) -> Option<MetricQuery> {
        let definition = self.definition(metric)?;
        let metrics = parts(definition);
        let broken =
            metrics.iter().all(|part| self.definition(part).is_some_and(|known| offers(known, dimension)));
        (broken && self.agrees(definition, &metrics) && self.state.comparison().with != Compare::None)
            .then(|| MetricQuery { by: vec![dimension.to_owned()], ..self.total(&metrics) })
    }
}

/// The metrics whose sums make `definition`: numerator and denominator of a ratio, otherwise itself.
pub fn parts(definition: &MetricDefinition) -> Vec<&str> {
    match (&definition.numerator, &definition.denominator) {
        (Some(numerator), Some(denominator)) => vec![numerator, denominator],
        _ => vec![&definition.name],
    }
}

/// Whether a metric can be filtered and broken down by `dimension`, levels of its drill paths included.
pub fn offers(definition: &MetricDefinition, dimension: &str) -> bool {
    definition.dimensions.iter().any(|name| name == dimension)
        || definition.hierarchies.iter().any(|path| path.levels.iter().any(|level| level == dimension))
}

/// The `buckets` buckets of `grain` that end with the one holding the last day of `days`.
pub fn last_buckets(days: Period, grain: Grain, buckets: u32) -> PeriodSpec {
    let last = grain.start(days.to());
    PeriodSpec::Between { from: grain.shift(last, 1 - buckets.clamp(1, 1000).cast_signed()), to: days.to() }
}

/// The grain at which twelve steps say most about a metric over a period of this length.
pub fn trend_grain(definition: &MetricDefinition, days: Period) -> Grain {
    let by_length = match days.days() {
        ..=16 => Grain::Day,
        17..=100 => Grain::Week,
        101..=800 => Grain::Month,
        _ => Grain::Quarter,
    };
    by_length.max(definition.grain)
}

fn single_day(day: chrono::NaiveDate) -> Period {
    Period::new(day, day)
        .expect("a day does not end before it starts, and editions cover days of this century")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view_models::figures::tests::definition;
    use kpi::{Direction, Format};

    #[test]
    fn a_filter_that_the_target_does_not_know_leaves_the_target_out() {
        let mut mrr = definition("mrr", Format::Money, Direction::Up);
        mrr.target = Some(Target::Metric("mrr_target".into()));
        let mut target = definition("mrr_target", Format::Money, Direction::None);
        target.dimensions = vec!["uf".into()];
        let catalogue = Catalogue { metrics: vec![mrr, target], dimensions: Vec::new() };
        let asked = |query: &str| {
            let state = PageState::parse(query);
            let asking = Asking::new(
                &catalogue,
                &state,
                PeriodSpec::This { this: Grain::Month },
                "2026-06-30".parse().unwrap(),
            );
            let metrics = asking.with_target("mrr");
            let query = asking.total(&metrics);
            (query.metrics.len(), query.filters.len())
        };
        assert_eq!(asked(""), (2, 0));
        assert_eq!(asked("f.uf=PR"), (2, 1));
        assert_eq!(asked("f.canal=Ads"), (1, 1));
    }

    #[test]
    fn an_impossible_period_falls_back_to_the_pages_own() {
        let catalogue = Catalogue { metrics: Vec::new(), dimensions: Vec::new() };
        let state = PageState::parse("p=2026-06-30..2026-01-01");
        let own = PeriodSpec::This { this: Grain::Month };
        let asking = Asking::new(&catalogue, &state, own, "2026-06-22".parse().unwrap());
        assert_eq!((asking.period, asking.days.days()), (own, 22));
    }

    #[test]
    fn last_buckets_end_with_the_period() {
        let days = Period::new("2026-06-01".parse().unwrap(), "2026-06-22".parse().unwrap()).unwrap();
        let spec = last_buckets(days, Grain::Month, 13);
        assert_eq!(
            spec,
            PeriodSpec::Between { from: "2025-06-01".parse().unwrap(), to: "2026-06-22".parse().unwrap() }
        );
    }
}
