//! Instants in the workspace's time zone.
//!
//! Carries no time zone database (it would weigh more than the app): Brazil's zones have had fixed offsets since 2019, and others
//! are told in UTC. Invariant: an instant is never shown in the browser's own zone.

use chrono::{DateTime, NaiveDateTime, TimeDelta};

/// Hours from UTC of the zones that Brazil uses.
fn offset_hours(zone: &str) -> i64 {
    match zone {
        "America/Noronha" => -2,
        "America/Sao_Paulo" | "America/Bahia" | "America/Fortaleza" | "America/Recife" | "America/Maceio"
        | "America/Belem" | "America/Araguaina" | "America/Santarem" => -3,
        "America/Manaus"
        | "America/Cuiaba"
        | "America/Campo_Grande"
        | "America/Porto_Velho"
        | "America/Boa_Vista" => -4,
        "America/Rio_Branco" | "America/Eirunepe" => -5,
        _ => 0,
    }
}

/// An RFC 3339 instant as the clock on the wall showed it; none when the text is no instant.
pub fn local_time(instant: &str, zone: &str) -> Option<NaiveDateTime> {
    let utc = DateTime::parse_from_rfc3339(instant).ok()?.naive_utc();
    utc.checked_add_signed(TimeDelta::hours(offset_hours(zone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_the_workspaces() {
        let at = local_time("2026-11-23T01:42:00Z", "America/Sao_Paulo").unwrap();
        assert_eq!(at.to_string(), "2026-11-22 22:42:00");
        assert_eq!(local_time("yesterday", "America/Sao_Paulo"), None);
    }
}
