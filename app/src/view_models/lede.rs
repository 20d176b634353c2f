//! The sentence that opens a board: how many KPIs are on track, then only the exceptions.
//!
//! Invariant: at most two sentences, and every exception names its KPI so that it can be a link.

use super::card::Card;
use crate::texts::Texts;
use chart::Trend;
use kpi::target::Status;
use locale::Lang;
use locale::plural::{Gender, capitalized, in_words};

/// How many exceptions are told.
const TOLD: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lede {
    /// `Cinco dos sete indicadores estão no ritmo da meta.`
    pub count: String,
    pub exceptions: Vec<Exception>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Before the name: nothing, a comma or "and".
    pub joint: &'static str,
    pub metric: String,
    pub name: String,
    /// ` caiu 3,1 p.p.`
    pub said: String,
}

/// None when no card has a target.
pub fn lede(cards: &[Card], texts: &Texts) -> Option<Lede> {
    let judged: Vec<&Card> = cards.iter().filter(|card| card.status() != Status::Unknown).collect();
    if judged.is_empty() {
        return None;
    }
    let on_track = judged.iter().filter(|card| card.status() == Status::OnTrack).count();
    let mut worst: Vec<&Card> = judged.iter().copied().filter(|card| card.status() == Status::Off).collect();
    worst.extend(judged.iter().copied().filter(|card| card.status() == Status::Attention));
    worst.truncate(TOLD);
    let last = worst.len().saturating_sub(1);
    let exceptions = worst
        .iter()
        .enumerate()
        .map(|(index, card)| Exception {
            joint: match index {
                0 => "",
                index if index == last => texts.lang.pick(" e ", " and "),
                _ => ", ",
            },
            metric: card.metric.clone(),
            name: card.name.clone(),
            said: said(card, texts),
        })
        .collect();
    Some(Lede { count: count(on_track as u32, judged.len() as u32, texts.lang), exceptions })
}

fn count(on_track: u32, all: u32, lang: Lang) -> String {
    let word = |number| in_words(number, Gender::Masculine, lang);
    let sentence = match (lang, on_track) {
        (Lang::PtBr, 0) => format!("nenhum dos {} indicadores está no ritmo da meta.", word(all)),
        (Lang::PtBr, 1) if all == 1 => "o indicador está no ritmo da meta.".to_owned(),
        (Lang::En, 1) if all == 1 => "the metric is on track for its target.".to_owned(),
        (Lang::PtBr, n) if n == all => format!("todos os {} indicadores estão no ritmo da meta.", word(all)),
        (Lang::PtBr, 1) => format!("um dos {} indicadores está no ritmo da meta.", word(all)),
        (Lang::PtBr, n) => format!("{} dos {} indicadores estão no ritmo da meta.", word(n), word(all)),
        (Lang::En, 0) => format!("none of the {} metrics is on track for its target.", word(all)),
        (Lang::En, n) if n == all => format!("all {} metrics are on track for their targets.", word(all)),
        (Lang::En, 1) => format!("one of the {} metrics is on track for its target.", word(all)),
        (Lang::En, n) => format!("{} of the {} metrics are on track for their targets.", word(n), word(all)),
    };
    capitalized(&sentence)
}

fn said(card: &Card, texts: &Texts) -> String {
    let Ok(figures) = &card.figures else { return String::new() };
    let value = figures.value.text();
    match &figures.delta {
        Some(delta) if delta.trend == Trend::Up => format!(" {} {}", texts.rose, delta.text),
        Some(delta) if delta.trend == Trend::Down => format!(" {} {}", texts.fell, delta.text),
        Some(_) => format!(" {}", texts.stayed),
        None => format!(" {} {value}", texts.lang.pick("está em", "is at")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view_models::card::{DataMark, Figures};
    use crate::view_models::verdict::Verdict;
    use chart::{Delta, Tone};
    use kpi::target::Pace;
    use locale::Shown;

    fn card(name: &str, status: Status) -> Card {
        let pace = Pace { target: 1.0, expected: 1.0, ratio: 1.0, status };
        let verdict = Verdict { status, word: "", target: String::new(), filled: 80.0, pace };
        let delta =
            Delta { text: "3,1 p.p.".into(), spoken: String::new(), trend: Trend::Down, tone: Tone::Bad };
        let figures = Figures {
            value: Shown::default(),
            delta: Some(delta),
            context: String::new(),
            extra: String::new(),
            left_out: None,
            verdict: Some(verdict),
        };
        Card { metric: name.to_lowercase(), name: name.into(), figures: Ok(figures), mark: DataMark::Fine }
    }

    #[test]
    fn lede_counts_and_tells_the_worst_first() {
        let cards =
            [card("MRR", Status::OnTrack), card("Lead time", Status::Attention), card("SLA", Status::Off)];
        let told = lede(&cards, Texts::of(Lang::PtBr)).unwrap();
        assert_eq!(told.count, "Um dos três indicadores está no ritmo da meta.");
        let text: Vec<String> =
            told.exceptions.iter().map(|e| format!("{}{}{}", e.joint, e.name, e.said)).collect();
        assert_eq!(text.concat(), "SLA caiu 3,1 p.p. e Lead time caiu 3,1 p.p.");
        let told = lede(&[card("MRR", Status::OnTrack)], Texts::of(Lang::En)).unwrap();
        assert_eq!(told.count, "The metric is on track for its target.");
        assert_eq!(lede(&[card("x", Status::Unknown)], Texts::of(Lang::En)), None);
    }
}
