//! The line to the destination: while it does not answer, or refuses us, one asks for all and the others wait.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use exchange::ncmec::{Breaker, Client, Outcome, Schema};
use jiff::Timestamp;

/// So many calls in a row may fail.
const FAILURES: u32 = 5;
/// The first rest; each one after it is twice as long, up to the longest.
const REST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_mins(10);

/// What may be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Call.
    Call,
    /// Ask first whether the destination is there and knows us: nobody else asks meanwhile.
    Ask,
    /// Nothing, for so long.
    Rest(Duration),
}

/// The line of this process. Reports wait for it in the queue; none is lost or worn out by it.
#[derive(Debug)]
pub struct Line(Mutex<State>);

#[derive(Debug)]
struct State {
    breaker: Breaker,
    locked: bool,
    /// Digest of a schema that is not the one we know.
    drifted: Option<String>,
}

impl Default for Line {
    fn default() -> Self {
        Self(Mutex::new(State { breaker: Breaker::new(FAILURES, REST, LONGEST), locked: false, drifted: None }))
    }
}

impl Line {
    pub(super) fn turn(&self, now: Timestamp) -> Turn {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.breaker.may_call(now) {
            Err(until) => Turn::Rest(Duration::try_from(until.duration_since(now)).unwrap_or(REST)),
            Ok(()) if state.breaker.open_until().is_some() => Turn::Ask,
            Ok(()) => Turn::Call,
        }
    }

    pub(super) fn hear(&self, outcome: &Outcome, now: Timestamp) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.locked = matches!(outcome, Outcome::Credentials { .. });
        if state.locked {
            // The destination is there, and no other report is sent into the same refusal.
            let later = Outcome::Retry { after: Some(REST), why: String::new() };
            state.breaker.heard(now, &later);
        } else {
            state.breaker.heard(now, outcome);
        }
    }

    /// Compares the destination's schema with the one that documents are written for. Reports are sent all the same; people are
    /// told.
    pub async fn compare(&self, client: &Client) {
        if let Ok(Schema::Drifted { sha256 }) = client.schema().await {
            tracing::warn!(
                sha256,
                "the CyberTipline's schema is not the one that reports are written for: download it, then tanod report check --xsd"
            );
            self.0.lock().unwrap_or_else(PoisonError::into_inner).drifted = Some(sha256);
        }
    }

    /// How it is, for a person.
    pub fn words(&self, configured: bool, now: Timestamp) -> String {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let drifted = state.drifted.as_ref().map_or_else(String::new, |sha256| {
            format!(" Its schema is a newer one ({sha256}): compare it with tanod report check --xsd.")
        });
        let how = match state.breaker.open_until() {
            _ if !configured => "The CyberTipline is off in the settings; nothing is sent to it.".to_owned(),
            None => "The CyberTipline answers, as far as this process knows.".to_owned(),
            Some(until) => {
                let why = if state.locked { "refuses our credentials" } else { "does not answer" };
                let when = if until > now { format!("at {until}") } else { "now".to_owned() };
                format!("The CyberTipline {why}. It is asked again {when}; until then reports wait.")
            }
        };
        how + &drifted
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn refused_credentials_rest_at_once_and_one_asks_for_all() {
        let (line, start) = (Line::default(), Timestamp::UNIX_EPOCH);
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        line.hear(&Outcome::NotSent { why: String::new() }, start);
        assert_eq!(line.turn(start), Turn::Call);
        line.hear(&Outcome::Credentials { why: String::new() }, start);
        assert_eq!(line.turn(at(10)), Turn::Rest(Duration::from_secs(20)));
        assert!(line.words(true, at(10)).contains("refuses our credentials"));
        assert_eq!(line.turn(at(30)), Turn::Ask);
        assert!(matches!(line.turn(at(31)), Turn::Rest(_)));
        line.hear(&Outcome::NoSuchReport, at(31));
        assert_eq!(line.turn(at(31)), Turn::Call);
        assert!(line.words(true, at(31)).contains("answers"));
    }
}
