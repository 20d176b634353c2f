//! How a source asks: how fast, how many at once, how patiently after a failure, and when it stops for a while.
//!
//! Asks nothing itself (`http`). Invariant: all requests to one account go through one `Pace`, however many streams read at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The rules of one system.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manners {
    /// Requests per minute over a long time; none where the system sets no limit.
    pub per_minute: Option<u32>,
    /// Requests that may come at once after a pause.
    pub burst: u32,
    /// Requests under way at the same time.
    pub at_once: usize,
    /// How often a request is tried in all.
    pub attempts: u32,
    /// The longest pause between two tries.
    pub longest_pause: Duration,
    /// How long the system is left alone at first after repeated failures; each time twice as long.
    pub rest: Duration,
}

impl Default for Manners {
    fn default() -> Manners {
        Manners {
            per_minute: None,
            burst: 1,
            at_once: 4,
            attempts: 5,
            longest_pause: Duration::from_mins(1),
            rest: Duration::from_mins(1),
        }
    }
}

/// Requests that failed for good in a row before a system is left alone.
const PATIENCE: u32 = 3;
/// The longest rest is so many times the first.
const LONGEST_REST: u32 = 16;

/// Keeps the manners of one account. A clone is the same account.
#[derive(Debug, Clone)]
pub struct Pace {
    manners: Manners,
    slots: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    tokens: f64,
    filled_at: Instant,
    /// Nothing is asked before.
    not_before: Option<Instant>,
    failures: u32,
    rest: Duration,
}

/// The right to make one request; it ends when dropped.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

/// The system is left alone after repeated failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resting(pub Duration);

impl Pace {
    pub fn new(manners: Manners) -> Pace {
        let state = State {
            tokens: f64::from(manners.burst),
            filled_at: Instant::now(),
            not_before: None,
            failures: 0,
            rest: manners.rest,
        };
        Pace {
            manners,
            slots: Arc::new(Semaphore::new(manners.at_once.max(1))),
            state: Arc::new(Mutex::new(state)),
        }
    }

    pub fn manners(&self) -> Manners {
        self.manners
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the next request may be made.
    ///
    /// # Errors
    /// `Resting` when the system is left alone for a while.
    pub async fn turn(&self) -> Result<Turn, Resting> {
        // The semaphore is never closed.
        let permit = self.slots.clone().acquire_owned().await.map_err(|_| Resting(Duration::ZERO))?;
        loop {
            let wait = {
                let mut state = self.state();
                let now = Instant::now();
                if state.failures >= PATIENCE
                    && let Some(until) = state.not_before.filter(|until| *until > now)
                {
                    return Err(Resting(until - now));
                }
                match state.not_before.filter(|until| *until > now) {
                    Some(until) => until - now,
                    None => match self.take(&mut state, now) {
                        None => return Ok(Turn(permit)),
                        Some(wait) => wait,
                    },
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes a token, or says how long it takes until there is one.
    fn take(&self, state: &mut State, now: Instant) -> Option<Duration> {
        let per_second = f64::from(self.manners.per_minute?) / 60.0;
        let gained = (now - state.filled_at).as_secs_f64() * per_second;
        state.tokens = (state.tokens + gained).min(f64::from(self.manners.burst.max(1)));
        state.filled_at = now;
        if state.tokens >= 1.0 {
            state.tokens -= 1.0;
            return None;
        }
        Some(Duration::from_secs_f64((1.0 - state.tokens) / per_second))
    }

    /// The system asked everybody to wait.
    pub fn wait_for(&self, pause: Duration) {
        let mut state = self.state();
        let until = Instant::now() + pause;
        state.not_before = Some(state.not_before.map_or(until, |known| known.max(until)));
    }

    /// A request was answered.
    pub fn succeeded(&self) {
        let mut state = self.state();
        state.failures = 0;
        state.rest = self.manners.rest;
    }

    /// A request failed for good, whatever was tried.
    pub fn failed(&self) {
        let mut state = self.state();
        state.failures += 1;
        if state.failures >= PATIENCE {
            state.not_before = Some(Instant::now() + state.rest);
            state.rest = (state.rest * 2).min(self.manners.rest * LONGEST_REST);
        }
    }
}

/// How long to wait before try `attempt` (the second is 1): doubling from a second, spread so that many do not come back at once.
///
/// `asked` is what the system itself asked for; `chance` is from 0 to 1.
pub fn pause(attempt: u32, asked: Option<Duration>, longest: Duration, chance: f64) -> Duration {
    if let Some(asked) = asked {
        return asked.min(longest) + Duration::from_secs_f64(0.25 * chance);
    }
    let whole = Duration::from_secs(1 << attempt.saturating_sub(1).min(16)).min(longest);
    whole.mul_f64(0.5 + 0.5 * chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_keep_the_limit_after_the_burst() {
        let manners = Manners { per_minute: Some(6_000), burst: 10, ..Manners::default() };
        let pace = Pace::new(manners);
        let started = Instant::now();
        for _ in 0..40 {
            drop(pace.turn().await.unwrap());
        }
        // Thirty beyond the burst at a hundred a second; never faster, whatever the machine does meanwhile.
        assert!(started.elapsed() >= Duration::from_millis(295), "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn turns_under_way_are_few() {
        let pace = Pace::new(Manners { at_once: 2, ..Manners::default() });
        let (first, _second) = (pace.turn().await.unwrap(), pace.turn().await.unwrap());
        let third = pace.turn();
        tokio::pin!(third);
        assert!(tokio::time::timeout(Duration::from_millis(20), &mut third).await.is_err());
        drop(first);
        assert!(third.await.is_ok());
    }

    #[tokio::test]
    async fn repeated_failures_rest_longer_each_time_and_an_answer_ends_it() {
        let rest = Duration::from_millis(50);
        let pace = Pace::new(Manners { rest, ..Manners::default() });
        for _ in 0..PATIENCE {
            assert!(pace.turn().await.is_ok());
            pace.failed();
        }
        assert!(pace.turn().await.unwrap_err().0 <= rest);
        tokio::time::sleep(rest).await;
        assert!(pace.turn().await.is_ok(), "after the rest one may try again");
        pace.failed();
        assert!(pace.turn().await.unwrap_err().0 > rest);
        tokio::time::sleep(rest * 2).await;
        assert!(pace.turn().await.is_ok());
        pace.succeeded();
        pace.failed();
        assert!(pace.turn().await.is_ok());
    }

    #[tokio::test]
    async fn a_wait_that_was_asked_for_holds_for_all() {
        let pace = Pace::new(Manners::default());
        let asked = Duration::from_millis(40);
        pace.wait_for(asked);
        let started = Instant::now();
        drop(pace.clone().turn().await.unwrap());
        assert!(started.elapsed() >= asked.mul_f64(0.9));
    }

    #[test]
    fn pauses_double_and_end() {
        let longest = Duration::from_mins(1);
        let secs: Vec<u64> = (1..=9).map(|attempt| pause(attempt, None, longest, 1.0).as_secs()).collect();
        assert_eq!(secs, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pause(3, None, longest, 0.0), Duration::from_secs(2));
        assert_eq!(pause(1, Some(Duration::from_secs(7)), longest, 0.0), Duration::from_secs(7));
        assert_eq!(pause(1, Some(Duration::from_hours(9)), longest, 0.0), longest);
    }
}
