//! The eighth card: how many KPIs are on track, and how far the month has come.
//!
//! Invariant: the strip has one mark per weekday of the month, so that a holiday is a gap and not a missing day.

use super::card::Card;
use crate::texts::Texts;
use chrono::{Datelike, NaiveDate, Weekday};
use kpi::target::Status;
use kpi::{Calendar, Grain, Period};
use locale::date::{self, Width};
use locale::{Decimals, Number, Sign};

#[derive(Debug, Clone, PartialEq)]
pub struct Scoreboard {
    /// `Placar de novembro`.
    pub title: String,
    pub on_track: usize,
    pub of: usize,
    /// `Atenção: Lead time`, `Fora: SLA WhatsApp`.
    pub exceptions: Vec<String>,
    /// One per KPI, in their order: status and its name for screen readers.
    pub signs: Vec<(Status, String)>,
    /// Classes of the strip's marks.
    pub strip: Vec<&'static str>,
    /// `13 de 19 dias úteis`.
    pub elapsed: String,
    /// `68% do mês`.
    pub share: String,
    /// The strip for screen readers.
    pub spoken: String,
}

pub fn scoreboard(
    cards: &[Card],
    covered: NaiveDate,
    calendar: &Calendar,
    texts: &Texts,
) -> Option<Scoreboard> {
    let lang = texts.lang;
    let month = Period::new(Grain::Month.start(covered), Grain::Month.end(covered)).ok()?;
    let over = Period::new(month.from(), covered).ok()?;
    let named = |status: Status, word: &str| -> Option<String> {
        let names: Vec<&str> =
            cards.iter().filter(|card| card.status() == status).map(|card| card.name.as_str()).collect();
        match names.as_slice() {
            [] => None,
            [one] => Some(format!("{word}: {one}")),
            // The signs below name them all.
            [first, rest @ ..] => Some(format!("{word}: {first} +{}", rest.len())),
        }
    };
    let (elapsed, total) = (calendar.business_days(over), calendar.business_days(month));
    let elapsed_text = format!("{elapsed} {} {total} {}", lang.pick("de", "of"), texts.business_days);
    let share = Number::float(calendar.elapsed_share(month, covered))
        .map(|share| locale::decimal::percent(&share, Decimals::exactly(0), Sign::Negative, lang));
    let month_name = date::month(covered.month(), Width::Long, lang);
    let holidays: Vec<String> =
        calendar.days_off(month).iter().map(|day| date::day_month(*day, lang)).collect();
    let spoken = match holidays.as_slice() {
        [] => format!("{elapsed_text}, {month_name}"),
        _ => format!(
            "{elapsed_text}, {month_name}; {} {}",
            texts.holidays_on,
            locale::list::and(&holidays, lang)
        ),
    };
    Some(Scoreboard {
        title: lang.pick(format!("Placar de {month_name}"), format!("{month_name} scoreboard")),
        on_track: cards.iter().filter(|card| card.status() == Status::OnTrack).count(),
        of: cards.len(),
        exceptions: [named(Status::Off, texts.off_on), named(Status::Attention, texts.attention_on)]
            .into_iter()
            .flatten()
            .collect(),
        signs: cards
            .iter()
            .map(|card| (card.status(), format!("{}: {}", card.name, word(card.status(), texts))))
            .collect(),
        strip: strip(month, covered, calendar),
        elapsed: elapsed_text,
        share: share.map_or_else(String::new, |share| format!("{share} {}", texts.of_the_month)),
        spoken,
    })
}

fn word(status: Status, texts: &Texts) -> &'static str {
    match status {
        Status::OnTrack => texts.on_track,
        Status::Attention => texts.attention,
        Status::Off => texts.off_track,
        Status::Unknown => texts.unknown_status,
    }
}

fn strip(month: Period, covered: NaiveDate, calendar: &Calendar) -> Vec<&'static str> {
    let weekday = |day: &NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    let mark = |day: NaiveDate| {
        let monday = day.weekday() == Weekday::Mon && day != month.from();
        match (calendar.is_business_day(day), day <= covered, monday) {
            (false, _, false) => "hol",
            (false, _, true) => "hol mon",
            (true, true, false) => "past",
            (true, true, true) => "past mon",
            (true, false, false) => "",
            (true, false, true) => "mon",
        }
    };
    month.from().iter_days().take_while(|day| *day <= month.to()).filter(weekday).map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use locale::Lang;

    #[test]
    fn scoreboard_counts_business_days_of_the_month() {
        let calendar =
            Calendar::from_days_off(["2026-11-02".parse().unwrap(), "2026-11-20".parse().unwrap()]);
        let board = scoreboard(&[], "2026-11-22".parse().unwrap(), &calendar, Texts::of(Lang::PtBr)).unwrap();
        assert_eq!(board.title, "Placar de novembro");
        assert_eq!((board.elapsed.as_str(), board.share.as_str()), ("13 de 19 dias úteis", "68% do mês"));
        assert_eq!(board.strip.len(), 21);
        assert_eq!(board.strip.iter().filter(|class| class.starts_with("past")).count(), 13);
        assert_eq!(board.spoken, "13 de 19 dias úteis, novembro; feriados em 02/11 e 20/11");
    }
}
