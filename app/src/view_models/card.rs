//! A KPI card: value, change, context, trend, pace and the mark of its data.
//!
//! Invariant: a card always has its name and its way to the KPI's page, whatever happened to its figures.

use super::figures::Reading;
use super::verdict::{self, Verdict};
use super::{Missing, periods};
use crate::texts::Texts;
use chart::Delta;
use contract::Failure;
use contract::editions::{Mark, Status};
use kpi::definition::Additivity;
use kpi::target::Status as Pace;
use kpi::{Calendar, Frame, MetricDefinition, PeriodSpec};
use locale::{Shown, show};

#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub metric: String,
    pub name: String,
    pub figures: Result<Figures, Missing>,
    pub mark: DataMark,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    pub value: Shown,
    pub delta: Option<Delta>,
    /// `22,8% em out`.
    pub context: String,
    /// One more fact: `coortes com 90 dias`.
    pub extra: String,
    /// `sem filtro de canal`: what the page asks for and the figures do not follow.
    pub left_out: Option<String>,
    /// None when the metric has no target.
    pub verdict: Option<Verdict>,
}

/// The mark in a card's corner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataMark {
    Fine,
    /// Past its promise: age in words and a sentence.
    Late {
        age: String,
        sentence: String,
    },
    /// Checks failed in the last run: how many, and a sentence.
    HeldBack {
        count: String,
        sentence: String,
    },
}

/// What a card is judged by besides its frame.
#[derive(Clone, Copy)]
pub struct Judging<'a> {
    pub period: PeriodSpec,
    pub status: &'a Status,
    pub calendar: &'a Calendar,
    pub texts: &'a Texts,
}

impl Judging<'_> {
    /// The share of the asked period's business days that are over.
    pub fn elapsed(&self) -> f64 {
        let covered = self.status.edition.as_of;
        self.period.whole(covered).map_or(1.0, |whole| self.calendar.elapsed_share(whole, covered))
    }
}

pub fn card(
    definition: &MetricDefinition,
    answer: Option<Result<&Frame, &Failure>>,
    left_out: Option<String>,
    judging: Judging<'_>,
) -> Card {
    let texts = judging.texts;
    let figures = match answer {
        None => Err(Missing::Empty(texts.no_value_in_period.to_owned())),
        Some(Err(failure)) => Err(Missing::from_failure(failure, texts)),
        Some(Ok(frame)) => figures(definition, frame, judging).map(|figures| Figures { left_out, ..figures }),
    };
    Card {
        metric: definition.name.clone(),
        name: texts.label(&definition.label).to_owned(),
        figures,
        mark: mark(&definition.name, &judging.status.marks, texts),
    }
}

impl Card {
    pub fn has_target(&self) -> bool {
        self.figures.as_ref().is_ok_and(|figures| figures.verdict.is_some())
    }

    pub fn status(&self) -> Pace {
        match &self.figures {
            Ok(Figures { verdict: Some(verdict), .. }) => verdict.status,
            _ => Pace::Unknown,
        }
    }
}

fn figures(definition: &MetricDefinition, frame: &Frame, judging: Judging<'_>) -> Result<Figures, Missing> {
    let texts = judging.texts;
    let reading = Reading::single(frame, &definition.name);
    let Some(number) = reading.value.number() else {
        let ratio = definition.denominator.is_some();
        return Err(Missing::Empty(
            if ratio { texts.zero_denominator } else { texts.no_value_in_period }.to_owned(),
        ));
    };
    let stock = definition.additivity == Additivity::Stock;
    let context = match frame.comparison {
        Some(comparison) => {
            let value = show::card(&reading.comparison, definition.format, texts.lang).text();
            format!("{value} {}", periods::comparison_words(frame.period, comparison, stock, texts))
        }
        None => periods::in_words(frame.period, texts),
    };
    let verdict = verdict::target(definition, frame)
        .map(|target| verdict::judge(definition, number, target, judging.elapsed(), texts));
    Ok(Figures {
        value: show::card(&reading.value, definition.format, texts.lang),
        delta: if frame.comparison.is_some() { reading.change(definition, texts) } else { None },
        context,
        extra: texts.label(&definition.time_note).to_owned(),
        left_out: None,
        verdict,
    })
}

/// The mark of a metric: held back beats late beats fine.
pub fn mark(metric: &str, marks: &[Mark], texts: &Texts) -> DataMark {
    let Some(mark) = marks.iter().find(|mark| mark.metric == metric) else { return DataMark::Fine };
    if mark.failed_checks > 0 {
        let count =
            locale::plural::counted(mark.failed_checks.into(), texts.check_one, texts.check_many, texts.lang);
        return DataMark::HeldBack { sentence: format!("{}: {count}", texts.held_back_load), count };
    }
    match &mark.stale {
        None => DataMark::Fine,
        Some(stale) => {
            let age = locale::age::age(stale.age_minutes.cast_signed() * 60, texts.lang);
            let promise = locale::age::age(stale.promised_minutes.cast_signed() * 60, texts.lang);
            let sentence = format!(
                "{}: {} {age}, SLO {}",
                texts.late_data,
                stale.source,
                promise.trim_start_matches("há\u{a0}")
            );
            DataMark::Late { age, sentence }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view_models::figures::tests::definition;
    use contract::editions::EditionCard;
    use contract::failure::FailureKind;
    use kpi::target::Target;
    use kpi::{Cell, Column, Direction, Engine, Format, Grain, Period, Role};
    use locale::Lang;

    fn status(marks: Vec<Mark>) -> Status {
        Status {
            company: "Serra Azul".into(),
            time_zone: "America/Sao_Paulo".into(),
            today: "2026-11-23".parse().unwrap(),
            edition: EditionCard {
                number: 3,
                published_at: "2026-11-23T10:42:00Z".into(),
                as_of: "2026-11-22".parse().unwrap(),
                tables: 9,
            },
            held_back: None,
            marks,
            holidays: vec!["2026-11-02".parse().unwrap(), "2026-11-20".parse().unwrap()],
        }
    }

    fn frame(value: Cell, comparison: Cell) -> Frame {
        let period = |from: &str, to: &str| Period::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
        let column = |role| Column {
            name: "win".into(),
            role,
            kind: "float".into(),
            unit: "%".into(),
            format: Format::Percent,
        };
        let delta = value.minus(&comparison);
        Frame {
            columns: vec![column(Role::Value), column(Role::Comparison), column(Role::Delta)],
            rows: vec![vec![value, comparison, delta]],
            edition: 3,
            as_of: "2026-11-22".parse().unwrap(),
            period: period("2026-11-01", "2026-11-22"),
            comparison: Some(period("2026-10-01", "2026-10-20")),
            partial_from: None,
            definition: std::collections::BTreeMap::new(),
            engine: Engine::Lake,
            truncated: false,
        }
    }

    fn judged(answer: &Result<Frame, Failure>, marks: Vec<Mark>) -> Card {
        let mut win = definition("win", Format::Percent, Direction::Up);
        win.denominator = Some("closed".into());
        win.additivity = Additivity::None;
        win.target = Some(Target::Value(0.25));
        let status = status(marks);
        let calendar = Calendar::from_days_off(status.holidays.iter().copied());
        let period = PeriodSpec::This { this: Grain::Month };
        card(
            &win,
            Some(answer.as_ref()),
            None,
            Judging { period, status: &status, calendar: &calendar, texts: Texts::of(Lang::PtBr) },
        )
    }

    #[test]
    fn card_of_a_value_has_change_context_and_verdict() {
        let card = judged(&Ok(frame(Cell::Float(0.246), Cell::Float(0.228))), Vec::new());
        let figures = card.figures.unwrap();
        assert_eq!(figures.value.text(), "24,6%");
        assert_eq!(figures.context.replace(locale::NBSP, " "), "22,8% em out");
        assert_eq!(figures.verdict.unwrap().status, Pace::Attention);
        assert_eq!(card.mark, DataMark::Fine);
    }

    #[test]
    fn card_of_a_zero_denominator_says_so() {
        let card = judged(&Ok(frame(Cell::Null, Cell::Float(0.228))), Vec::new());
        assert_eq!(card.figures, Err(Missing::Empty("O denominador é zero.".into())));
        assert_eq!(card.status(), Pace::Unknown);
    }

    #[test]
    fn card_of_a_failure_keeps_its_name_and_mark() {
        let mark = Mark { metric: "win".into(), failed_checks: 1, stale: None };
        let card =
            judged(&Err(Failure::new(FailureKind::Internal, "the query ran out of memory")), vec![mark]);
        assert_eq!(card.name, "win");
        assert!(matches!(card.figures, Err(Missing::Failed { retry: true, .. })));
        assert!(matches!(card.mark, DataMark::HeldBack { .. }));
    }
}
