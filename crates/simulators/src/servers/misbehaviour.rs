//! How a server misbehaves: slowly, with errors, with answers that are cut or garbled, with rows that move under the reader.
//!
//! Does not answer; `serving` does. Invariant: what befalls a request follows from the seed and the request's number alone.

use std::ops::Range;

use crate::dirt;

/// What goes wrong, and how often; probabilities from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Misbehaviour {
    pub seed: u64,
    /// Every answer waits so long, drawn from the range.
    pub latency_ms: Range<u64>,
    /// 500, 502, 503 or 504 instead of an answer.
    pub server_error: f64,
    /// The connection ends in the middle of the body.
    pub drop_connection: f64,
    /// The body ends in the middle, and the status says nothing of it.
    pub malformed_json: f64,
    /// Requests per minute beyond which a request is refused: 429 in the CRM, 503 in the ERP, both without `Retry-After`.
    pub throttle: Option<u32>,
    /// The session of the ERP is forgotten, as if it had timed out.
    pub expire_session: f64,
    /// `Expect: 100-continue` gets a 500 without a body from the ERP, as its load balancer does.
    pub empty_500_on_expect: bool,
    /// Before a page is read, a row is changed and another one comes.
    pub page_shift: f64,
    /// The next request for rows gets a 403, once.
    pub forbidden_once: bool,
}

impl Default for Misbehaviour {
    /// Nothing goes wrong that would not in good days.
    fn default() -> Misbehaviour {
        Misbehaviour {
            seed: 0,
            latency_ms: 0..0,
            server_error: 0.0,
            drop_connection: 0.0,
            malformed_json: 0.0,
            throttle: None,
            expire_session: 0.0,
            empty_500_on_expect: true,
            page_shift: 0.0,
            forbidden_once: false,
        }
    }
}

/// What befalls one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    pub latency_ms: u64,
    pub server_error: Option<u16>,
    pub cut: bool,
    pub malformed: bool,
    pub expired: bool,
    /// What the change under the reader is drawn from.
    pub shift: Option<u64>,
}

impl Misbehaviour {
    /// What befalls the request of a number.
    pub fn faults(&self, request: u64) -> Faults {
        let drawn = |what: u64| dirt::mix(self.seed, 700 + what, request);
        let hits = |what: u64, probability: f64| {
            // The upper bits, as a number in 0..1.
            ((drawn(what) >> 11) as f64 / 9_007_199_254_740_992.0) < probability
        };
        let span = self.latency_ms.end.saturating_sub(self.latency_ms.start).max(1);
        Faults {
            latency_ms: self.latency_ms.start + drawn(0) % span,
            server_error: hits(1, self.server_error).then(|| [500, 502, 503, 504][(drawn(2) % 4) as usize]),
            cut: hits(3, self.drop_connection),
            malformed: hits(4, self.malformed_json),
            expired: hits(5, self.expire_session),
            shift: hits(6, self.page_shift).then(|| drawn(7)),
        }
    }
}
