//! Which day it is for a company.
//!
//! Keeps no time. Invariant: a day begins and ends at midnight of the company's own zone, whatever the machine's is.

use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

/// Tells the day.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock, in this zone.
    Zone(Tz),
    /// As somebody tells it.
    Told(fn() -> NaiveDate),
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::Zone(Tz::America__Sao_Paulo)
    }
}

impl Clock {
    pub fn today(self) -> NaiveDate {
        match self {
            Clock::Zone(zone) => day(zone, SystemTime::now().into()),
            Clock::Told(today) => today(),
        }
    }
}

fn day(zone: Tz, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_that_of_the_zone() {
        let at: DateTime<Utc> = "2026-03-01T02:30:00Z".parse().unwrap();
        for (zone, expected) in [
            (Tz::America__Sao_Paulo, "2026-02-28"),
            (Tz::America__Noronha, "2026-03-01"),
            (Tz::America__Rio_Branco, "2026-02-28"),
            (Tz::UTC, "2026-03-01"),
        ] {
            assert_eq!(day(zone, at).to_string(), expected, "{zone}");
        }
    }
}
