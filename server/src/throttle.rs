//! Who has tried too often: failed sign-ins by account and by address, in memory.
//!
//! Asks nobody for anything (`web::entry`), and what has to outlast the process is stored there. Invariant: an account that nobody has is counted like
//! any other.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures that cost nothing, and how long the first wait is; each further failure doubles it.
struct Patience {
    free: u32,
    first: Duration,
}

const ACCOUNT: Patience = Patience { free: 5, first: Duration::from_mins(1) };
/// Many people may share an address.
const ADDRESS: Patience = Patience { free: 50, first: Duration::from_secs(5) };
const LONGEST: Duration = Duration::from_hours(1);
/// Failures are forgotten so long after the last.
const MEMORY: Duration = Duration::from_hours(2);
/// At most so many accounts and addresses are remembered; beyond, those that need not wait are forgotten.
const MOST: usize = 50_000;

#[derive(Clone, Copy)]
struct Tries {
    failed: u32,
    last: Instant,
    until: Instant,
}

#[derive(Default)]
pub struct Throttle {
    tries: Mutex<HashMap<String, Tries>>,
}

/// A try that was let through.
#[derive(Debug, PartialEq, Eq)]
pub struct Try {
    keys: [String; 2],
    /// Should it fail, the account waits so long.
    pub locks_for: Option<Duration>,
}

impl Throttle {
    /// Counts a try to sign in, as a failure until it is told to have succeeded, so that many at once are counted too. `None` when account or
    /// address have to wait.
    pub fn begin(&self, account: &str, address: &str, now: Instant) -> Option<Try> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= MOST {
            tries.retain(|_, tries| tries.last + MEMORY > now && tries.until > now);
        }
        // Nobody chooses how long a key is.
        let keys = [
            format!("account {}", account.chars().take(254).collect::<String>()),
            format!("address {address}"),
        ];
        if keys.iter().any(|key| tries.get(key).is_some_and(|tries| tries.until > now)) {
            return None;
        }
        let mut count = |key: &String, patience: &Patience| {
            let known = tries.entry(key.clone()).or_insert(Tries { failed: 0, last: now, until: now });
            if known.last + MEMORY <= now {
                known.failed = 0;
            }
            (known.failed, known.last) = (known.failed.saturating_add(1), now);
            let over = known.failed.checked_sub(patience.free)?;
            let wait = patience.first.saturating_mul(1 << over.min(16)).min(LONGEST);
            known.until = now + wait;
            Some(wait)
        };
        let [account, address] = &keys;
        let locks_for = count(account, &ACCOUNT);
        count(address, &ADDRESS);
        Some(Try { keys, locks_for })
    }

    /// The try was right: the account's failures are forgotten, and this one is not its address's.
    pub fn succeeded(&self, done: &Try) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let [account, address] = &done.keys;
        tries.remove(account);
        if let Some(tries) = tries.get_mut(address) {
            tries.failed = tries.failed.saturating_sub(1);
            tries.until = tries.last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_waits_longer_with_each_failure_and_is_forgiven_by_a_success() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        for _ in 0..4 {
            assert_eq!(throttle.begin("ana", "10.0.0.1", now).unwrap().locks_for, None);
        }
        for minutes in [1, 2, 4] {
            let wait = Duration::from_mins(minutes);
            assert_eq!(throttle.begin("ana", "10.0.0.1", now).unwrap().locks_for, Some(wait));
            assert_eq!(throttle.begin("ana", "10.0.0.2", now), None, "from anywhere");
            assert_eq!(throttle.begin("ana", "10.0.0.1", now + wait - Duration::from_secs(1)), None);
            assert!(throttle.begin("eva", "10.0.0.1", now).is_some());
            now += wait;
        }
        let right = throttle.begin("ana", "10.0.0.1", now).unwrap();
        throttle.succeeded(&right);
        assert_eq!(throttle.begin("ana", "10.0.0.1", now).unwrap().locks_for, None);
    }

    #[test]
    fn an_address_that_tries_many_accounts_waits() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for n in 0..50 {
            assert!(throttle.begin(&format!("person {n}"), "10.0.0.1", now).is_some());
        }
        assert_eq!(throttle.begin("another", "10.0.0.1", now), None);
        assert!(throttle.begin("another", "10.0.0.2", now).is_some());
    }

    #[test]
    fn failures_are_forgotten_after_a_while() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..4 {
            throttle.begin("ana", "10.0.0.1", now);
        }
        assert_eq!(throttle.begin("ana", "10.0.0.1", now + MEMORY).unwrap().locks_for, None);
    }
}
