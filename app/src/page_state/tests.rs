//! Tests of the URL grammar: readable forms, forms of browsers, and a round trip of generated states.

use super::*;

fn state(query: &str) -> PageState {
    PageState::parse(query)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn print_of_a_parsed_link_is_the_link() {
    for link in [
        "",
        "p=2026-11-01..2026-11-22",
        "p=mtd&c=yoy&f.canal=Ads,Site&f.uf=!SP&d=regiao:Sul,uf:PR&g=week&b=canal&s=delta.desc",
        "p=13w&c=none",
        "c=yoy%2Bdow",
        "f.canal=Indica%C3%A7%C3%B5es",
        "f.canal=%5Ce,a%5C,b",
    ] {
        assert_eq!(state(link).print(), link);
    }
}

#[test]
fn parse_of_a_form_adds_repeated_keys_up() {
    let sent = state("f.uf=SP&f.uf=PR&f.uf=SP&p.from=2026-01-01&p.to=2026-03-31");
    assert_eq!(
        sent.filters,
        [DimensionFilter { dimension: "uf".into(), except: false, values: vec!["SP".into(), "PR".into()] }]
    );
    assert_eq!(sent.period, Some(PeriodSpec::Between { from: day("2026-01-01"), to: day("2026-03-31") }));
}

#[test]
fn parse_of_nonsense_keeps_what_can_be_read() {
    let read = state("?p=soon&c=always&g=fortnight&s=up&f.=x&f.uf=&d=,uf,:x&zz=1&%F0%28=%zz&b=");
    assert_eq!(read, PageState::default());
}

#[test]
fn defaults_are_not_printed() {
    let month = PeriodSpec::This { this: Grain::Month };
    let touched = PageState::default()
        .with_period(PeriodSpec::Last { last: 3, unit: Grain::Month }, month)
        .with_period(month, month)
        .with_comparison(Comparison { with: Compare::SamePeriodLastYear, match_weekday: false })
        .with_comparison(Comparison::default())
        .toggled("uf", "SP")
        .toggled("uf", "SP");
    assert_eq!(touched.href("/"), "/");
}

#[test]
fn query_filters_carry_filters_and_drill() {
    let filters = state("f.uf=!SP&d=regiao:Sul").query_filters();
    assert_eq!(filters.len(), 2);
    assert_eq!(filters[0].op, FilterOp::NotIn);
    assert_eq!(filters[1], step("regiao", "Sul"));
}

/// A small generator of numbers that needs no crate: the same states on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn text(&mut self) -> String {
        const LETTERS: [char; 16] =
            ['a', 'Z', '0', 'ç', 'Ã', ',', ':', '!', '\\', '&', '=', '+', '%', ' ', '#', '日'];
        (0..self.roll(6)).map(|_| LETTERS[self.roll(16) as usize]).collect()
    }

    fn name(&mut self) -> String {
        ["uf", "canal", "filial_id", "x"][self.roll(4) as usize].to_owned()
    }

    fn day(&mut self) -> NaiveDate {
        day("2020-01-01") + chrono::Days::new(self.roll(4000))
    }

    fn grain(&mut self) -> Grain {
        Grain::ALL[self.roll(5) as usize]
    }

    fn state(&mut self) -> PageState {
        let period = match self.roll(4) {
            0 => None,
            1 => Some(PeriodSpec::This { this: self.grain() }),
            2 => Some(PeriodSpec::Last { last: self.roll(400) as u32, unit: self.grain() }),
            _ => Some(PeriodSpec::Between { from: self.day(), to: self.day() }),
        };
        let mut state = PageState { period, ..PageState::default() };
        state.compare = match self.roll(3) {
            0 => None,
            1 => Some(Comparison { with: Compare::SamePeriodLastYear, match_weekday: self.roll(2) == 1 }),
            _ => Some(Comparison { with: Compare::None, match_weekday: false }),
        };
        for _ in 0..self.roll(4) {
            let mut values: Vec<String> = (0..=self.roll(3)).map(|_| self.text()).collect();
            values.sort();
            values.dedup();
            let except = self.roll(2) == 1;
            let dimension = self.name();
            state.filters.retain(|filter| filter.dimension != dimension);
            state.filters.push(DimensionFilter { dimension, except, values });
        }
        state.filters.sort_by(|a, b| a.dimension.cmp(&b.dimension));
        state.drill = (0..self.roll(4)).map(|_| (self.name(), self.text())).collect();
        state.grain = (self.roll(2) == 1).then(|| self.grain());
        state.by = (self.roll(2) == 1).then(|| self.name());
        state.sort = (self.roll(2) == 1)
            .then(|| Sort { by: SortBy::ALL[self.roll(4) as usize], descending: self.roll(2) == 1 });
        state
    }
}

#[test]
fn every_generated_state_survives_the_round_trip() {
    let mut dice = Dice(7);
    for _ in 0..5_000 {
        let original = dice.state();
        let printed = original.print();
        assert_eq!(PageState::parse(&printed), original, "{printed}");
        assert_eq!(PageState::parse(&printed).print(), printed);
        assert!(
            printed.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>')),
            "{printed}"
        );
    }
}
