//! Days, months, Brazilian holidays and the business calendars of the five filiais.
//!
//! Written apart from `kpi::calendar` on purpose: the truth that tests the pipeline must not share its arithmetic.
//! Invariant: a business day is Monday to Friday and not a day off of the country, the company or the filial's city.

/// Days since 1970-01-01.
pub type Day = i32;
/// Seconds since 1970-01-01 00:00 in local time (America/Sao_Paulo, UTC−3 all along).
pub type Moment = i64;

pub const FILIAIS: usize = 5;
pub const DAY_SECONDS: Moment = 86_400;
/// Business hours: 08:00 to 18:00.
pub const OPENS: Moment = 8 * 3600;
pub const CLOSES: Moment = 18 * 3600;
/// Seconds from local time to UTC.
pub const UTC_OFFSET: Moment = 3 * 3600;

/// The day number of a Gregorian date.
pub fn day(year: i32, month: i32, day: i32) -> Day {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// (year, month, day) of a day number.
pub fn civil(day: Day) -> (i32, i32, i32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

/// 0 = Monday … 6 = Sunday.
pub fn weekday(day: Day) -> usize {
    (day + 3).rem_euclid(7) as usize
}

/// Months since year 0.
pub fn month_of(day: Day) -> i32 {
    let (year, month, _) = civil(day);
    year * 12 + month - 1
}

pub fn month_start(month: i32) -> Day {
    day(month.div_euclid(12), month.rem_euclid(12) + 1, 1)
}

pub fn month_end(month: i32) -> Day {
    month_start(month + 1) - 1
}

/// `aaaa-mm`.
pub fn month_label(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

/// Easter Sunday (Meeus/Jones/Butcher).
pub fn easter(year: i32) -> Day {
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let correction = (century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 19 * golden + 15) % 30;
    let leap = (32 + 2 * (century % 4) + 2 * (rest / 4) - correction - rest % 4) % 7;
    let shift = (golden + 11 * correction + 22 * leap) / 451;
    let total = correction + leap - 7 * shift + 114;
    day(year, total / 31, total % 31 + 1)
}

/// The Friday after the fourth Thursday of November.
pub fn black_friday(year: i32) -> Day {
    let first = day(year, 11, 1);
    let first_thursday = first + (3 + 7 - weekday(first) as i32) % 7;
    first_thursday + 22
}

/// A day on which the company, or one of its filiais, does not work.
#[derive(Debug, Clone)]
pub struct DayOff {
    pub day: Day,
    pub name: &'static str,
    /// `Nacional`, `Facultativo`, `Municipal` or `Empresa`.
    pub kind: &'static str,
    /// 1–5; `None` = all.
    pub filial: Option<u8>,
}

/// Every day off of the years, in order.
pub fn days_off(years: std::ops::RangeInclusive<i32>) -> Vec<DayOff> {
    const FIXED: [(i32, i32, &str, &str, u8); 19] = [
        (1, 1, "Confraternização Universal", "Nacional", 0),
        (4, 21, "Tiradentes", "Nacional", 0),
        (5, 1, "Dia do Trabalho", "Nacional", 0),
        (9, 7, "Independência do Brasil", "Nacional", 0),
        (10, 12, "Nossa Senhora Aparecida", "Nacional", 0),
        (11, 2, "Finados", "Nacional", 0),
        (11, 15, "Proclamação da República", "Nacional", 0),
        (12, 25, "Natal", "Nacional", 0),
        (12, 24, "Véspera de Natal", "Empresa", 0),
        (12, 31, "Véspera de Ano-Novo", "Empresa", 0),
        (9, 8, "Nossa Senhora da Luz", "Municipal", 1),
        (1, 25, "Aniversário de São Paulo", "Municipal", 2),
        (7, 9, "Revolução Constitucionalista", "Municipal", 2),
        (8, 15, "Assunção de Nossa Senhora", "Municipal", 3),
        (12, 8, "Imaculada Conceição", "Municipal", 3),
        (2, 2, "Nossa Senhora dos Navegantes", "Municipal", 4),
        (9, 20, "Revolução Farroupilha", "Municipal", 4),
        (6, 24, "São João", "Municipal", 5),
        (7, 16, "Nossa Senhora do Carmo", "Municipal", 5),
    ];
    let mut days = Vec::new();
    for year in years {
        let all = |day, name, kind| DayOff { day, name, kind, filial: None };
        days.extend(FIXED.iter().map(|&(month, on, name, kind, filial)| DayOff {
            day: day(year, month, on),
            name,
            kind,
            filial: (filial > 0).then_some(filial),
        }));
        if year >= 2024 {
            days.push(all(day(year, 11, 20), "Dia da Consciência Negra", "Nacional"));
        }
        let easter = easter(year);
        days.push(all(easter - 48, "Carnaval (segunda-feira)", "Facultativo"));
        days.push(all(easter - 47, "Carnaval (terça-feira)", "Facultativo"));
        days.push(all(easter - 2, "Sexta-feira Santa", "Nacional"));
        days.push(all(easter + 60, "Corpus Christi", "Facultativo"));
    }
    days.sort_by_key(|off| (off.day, off.filial));
    days
}

/// Business days of the five filiais over a span of years.
#[derive(Debug, Clone)]
pub struct Calendar {
    first: Day,
    /// For each filial, how many business days there are from `first` up to and including a day.
    counts: [Vec<i32>; FILIAIS],
    pub days_off: Vec<DayOff>,
}

impl Calendar {
    pub fn new(first_year: i32, last_year: i32) -> Calendar {
        let days_off = days_off(first_year..=last_year);
        let first = day(first_year, 1, 1);
        let last = day(last_year, 12, 31);
        let counts = std::array::from_fn(|index| {
            let filial = index as u8 + 1;
            let off: std::collections::BTreeSet<Day> = days_off
                .iter()
                .filter(|off| off.filial.is_none_or(|of| of == filial))
                .map(|off| off.day)
                .collect();
            let mut total = 0;
            (first..=last)
                .map(|day| {
                    total += i32::from(weekday(day) < 5 && !off.contains(&day));
                    total
                })
                .collect()
        });
        Calendar { first, counts, days_off }
    }

    fn count(&self, filial: u8, day: Day) -> i32 {
        let counts = &self.counts[usize::from(filial) - 1];
        if day < self.first { 0 } else { counts[((day - self.first) as usize).min(counts.len() - 1)] }
    }

    pub fn is_business(&self, filial: u8, day: Day) -> bool {
        self.count(filial, day) > self.count(filial, day - 1)
    }

    /// Business days in `(from, to]`.
    pub fn between(&self, filial: u8, from: Day, to: Day) -> i32 {
        self.count(filial, to) - self.count(filial, from)
    }

    /// The `n`-th business day after `from`; for `n` = 0 the first one on or after `from`.
    pub fn after(&self, filial: u8, from: Day, n: i32) -> Day {
        let wanted = if n == 0 { self.count(filial, from - 1) + 1 } else { self.count(filial, from) + n };
        let counts = &self.counts[usize::from(filial) - 1];
        self.first + counts.partition_point(|&count| count < wanted) as Day
    }

    /// The moment at which `seconds` business seconds have passed since `from`.
    pub fn add_seconds(&self, filial: u8, from: Moment, seconds: Moment) -> Moment {
        let mut on = from.div_euclid(DAY_SECONDS) as Day;
        let mut time = from.rem_euclid(DAY_SECONDS).max(OPENS);
        let mut left = seconds;
        loop {
            if time < CLOSES && self.is_business(filial, on) {
                if left <= CLOSES - time {
                    return Moment::from(on) * DAY_SECONDS + time + left;
                }
                left -= CLOSES - time;
            }
            on = self.after(filial, on, 1);
            time = OPENS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        assert_eq!(day(1970, 1, 1), 0);
        assert_eq!(day(2026, 6, 30), 20_634);
        for number in (-800..30_000).step_by(7) {
            let (year, month, on) = civil(number);
            assert_eq!(day(year, month, on), number);
        }
        assert_eq!(weekday(day(2026, 6, 30)), 1);
    }

    #[test]
    fn movable_days_fall_where_they_did() {
        assert_eq!(civil(easter(2024)), (2024, 3, 31));
        assert_eq!(civil(easter(2025)), (2025, 4, 20));
        assert_eq!(civil(easter(2026)), (2026, 4, 5));
        assert_eq!(civil(black_friday(2023)), (2023, 11, 24));
        assert_eq!(civil(black_friday(2024)), (2024, 11, 29));
        assert_eq!(civil(black_friday(2025)), (2025, 11, 28));
    }

    #[test]
    fn consciousness_day_is_off_from_2024_on() {
        let calendar = Calendar::new(2023, 2025);
        assert!(calendar.is_business(1, day(2023, 11, 20)));
        assert!(!calendar.is_business(1, day(2024, 11, 20)));
    }

    #[test]
    fn business_days_follow_the_filial() {
        let calendar = Calendar::new(2025, 2026);
        let (before, after) = (day(2026, 7, 8), day(2026, 7, 10));
        assert_eq!(calendar.between(1, before, after), 2);
        assert_eq!(calendar.between(2, before, after), 1);
        assert_eq!(calendar.after(2, before, 1), after);
    }

    #[test]
    fn late_message_waits_for_the_next_opening() {
        let calendar = Calendar::new(2025, 2026);
        let friday = Moment::from(day(2026, 4, 2)) * DAY_SECONDS; // Thursday; Friday is Good Friday
        let evening = friday + 18 * 3600 + 59 * 60;
        let monday = Moment::from(day(2026, 4, 6)) * DAY_SECONDS;
        assert_eq!(calendar.add_seconds(1, evening, 900), monday + OPENS + 900);
        assert_eq!(calendar.add_seconds(1, friday + 17 * 3600 + 3000, 900), monday + OPENS + 300);
        assert_eq!(calendar.add_seconds(1, friday + 10 * 3600, 900), friday + 10 * 3600 + 900);
    }
}
