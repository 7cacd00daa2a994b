//! Leaves a destination alone that is down: after some failures nobody calls for a while, then one call tries.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Outcome;

/// What is remembered of a destination. It is pure: whoever calls asks it before and tells it after.
#[derive(Clone, Debug)]
pub struct Breaker {
    failures_allowed: u32,
    first_pause: Duration,
    longest_pause: Duration,
    state: Standing,
}

/// Where a breaker stands: all that is to be kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Calls go out.
    Closed {
        /// So many failed in a row.
        failures: u32,
    },
    /// Nobody calls.
    Open {
        /// Until then.
        until: Timestamp,
        /// So many times in a row it came to this.
        times: u32,
    },
    /// One call is out to try; the others wait.
    Trying {
        /// If it is never heard of, another tries then.
        until: Timestamp,
        /// So many times in a row it came to this.
        times: u32,
    },
}

impl Default for Standing {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Opens at this many failures in a row, for `first_pause`, twice as long each further time, never longer than
    /// `longest_pause` unless the destination itself asks for more.
    pub fn new(failures_allowed: u32, first_pause: Duration, longest_pause: Duration) -> Self {
        Self { failures_allowed, first_pause, longest_pause, state: Standing::default() }
    }

    /// The same, where it stood when it was kept.
    #[must_use]
    pub fn standing_at(self, state: Standing) -> Self {
        Self { state, ..self }
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        self.state
    }

    /// Whether a call may go out now; if not, when to ask again.
    pub fn may_call(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        match self.state {
            Standing::Closed { .. } => Ok(()),
            Standing::Open { until, .. } | Standing::Trying { until, .. } if now < until => Err(until),
            Standing::Open { times, .. } | Standing::Trying { times, .. } => {
                self.state = Standing::Trying { until: later(now, self.pause(times)), times };
                Ok(())
            }
        }
    }

    /// What came of a call. Any answer that was meant, a refusal among them, shows that the destination is there.
    pub fn heard(&mut self, now: Timestamp, outcome: &Outcome) {
        let asked_to_wait = match outcome {
            Outcome::Retry { after, .. } => *after,
            Outcome::Lost { .. } | Outcome::NotSent { .. } => None,
            _ => {
                self.state = Standing::Closed { failures: 0 };
                return;
            }
        };
        let times = match self.state {
            Standing::Closed { failures } if failures + 1 < self.failures_allowed && asked_to_wait.is_none() => {
                self.state = Standing::Closed { failures: failures + 1 };
                return;
            }
            Standing::Closed { .. } => 1,
            // A call that began before it opened; that one more failed is no news.
            Standing::Open { times, .. } => times,
            Standing::Trying { times, .. } => times.saturating_add(1),
        };
        let mut until = later(now, self.pause(times).max(asked_to_wait.unwrap_or_default()));
        if let Standing::Open { until: known, .. } = self.state {
            until = if asked_to_wait.is_some() { until.max(known) } else { known };
        }
        self.state = Standing::Open { until, times };
    }

    /// Since when calls wait, for whoever looks: the time at which one may try again.
    pub fn open_until(&self) -> Option<Timestamp> {
        match self.state {
            Standing::Closed { .. } => None,
            Standing::Open { until, .. } | Standing::Trying { until, .. } => Some(until),
        }
    }

    fn pause(&self, times: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(times.saturating_sub(1));
        self.first_pause.saturating_mul(doubled).min(self.longest_pause)
    }
}

fn later(now: Timestamp, pause: Duration) -> Timestamp {
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::constant(second, 0)
    }

    fn breaker() -> Breaker {
        Breaker::new(3, Duration::from_secs(10), Duration::from_secs(35))
    }

    fn lost() -> Outcome {
        Outcome::Lost { why: String::new() }
    }

    #[test]
    fn it_opens_tries_with_one_call_and_closes() {
        let mut one = breaker();
        for _ in 0..2 {
            one.heard(at(0), &lost());
            assert_eq!(one.may_call(at(0)), Ok(()));
        }
        one.heard(at(0), &lost());
        assert_eq!(one.may_call(at(9)), Err(at(10)));
        // Late answers of calls from before change nothing.
        one.heard(at(5), &lost());
        assert_eq!(one.may_call(at(9)), Err(at(10)));
        assert_eq!(one.may_call(at(10)), Ok(()));
        assert_eq!(one.may_call(at(10)), Err(at(20)), "a second call waits for the first");
        one.heard(at(11), &lost());
        assert_eq!(one.open_until(), Some(at(31)), "twice as long");
        assert_eq!(one.may_call(at(31)), Ok(()));
        one.heard(at(31), &lost());
        assert_eq!(one.open_until(), Some(at(66)), "never longer than the longest");
        assert_eq!(one.may_call(at(66)), Ok(()));
        one.heard(at(66), &Outcome::Refused { code: 4_100, description: String::new() });
        assert_eq!((one.open_until(), one.may_call(at(66))), (None, Ok(())));
        one.heard(at(66), &lost());
        assert_eq!(one.may_call(at(66)), Ok(()), "failures are counted anew");
    }

    #[test]
    fn a_destination_that_asks_to_wait_is_obeyed_at_once() {
        let mut one = breaker();
        one.heard(at(0), &Outcome::Retry { after: Some(Duration::from_secs(90)), why: String::new() });
        assert_eq!(one.may_call(at(89)), Err(at(90)));
        assert_eq!(one.may_call(at(90)), Ok(()));
    }

    #[test]
    fn a_try_that_is_never_heard_of_does_not_shut_the_door() {
        let mut one = breaker();
        (0..3).for_each(|_| one.heard(at(0), &lost()));
        assert_eq!(one.may_call(at(10)), Ok(()));
        assert_eq!(one.may_call(at(20)), Ok(()));
    }

    proptest! {
        /// Whatever happens, whoever waits as long as it is told may call.
        #[test]
        fn nobody_waits_for_ever(events in proptest::collection::vec((0_u8..4, 0_i64..50), 0..60)) {
            let mut one = breaker();
            let mut now = 0;
            for (event, pause) in events {
                now += pause;
                match event {
                    0 => one.heard(at(now), &lost()),
                    1 => one.heard(at(now), &Outcome::AlreadyFinished),
                    2 => one.heard(at(now), &Outcome::Retry { after: None, why: String::new() }),
                    _ => {
                        if let Err(until) = one.may_call(at(now)) {
                            prop_assert!(until > at(now) && until <= at(now + 35));
                            prop_assert_eq!(one.may_call(until), Ok(()));
                            now = until.as_second();
                        }
                    }
                }
            }
        }
    }
}
