//! The line to the destination: after failures in a row nobody calls for a while, then one asks whether it is there again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

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

/// What a call says of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The destination answered.
    Answer,
    /// It did not, or said "not now".
    Nothing,
    /// It refused our credentials: no other report is sent into the same refusal.
    Locked,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    rests: u32,
    until: Option<Timestamp>,
    locked: bool,
}

/// The line of this process. Reports wait for it in the queue; none is lost or worn out by it.
#[derive(Debug, Default)]
pub struct Line(Mutex<State>);

impl Line {
    pub(super) fn turn(&self, now: Timestamp) -> Turn {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = state.until else { return Turn::Call };
        if let Some(left) = Duration::try_from(until.duration_since(now)).ok().filter(|left| !left.is_zero()) {
            return Turn::Rest(left);
        }
        state.until = Some(after(now, REST));
        Turn::Ask
    }

    pub(super) fn hear(&self, heard: Heard, now: Timestamp) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard == Heard::Answer {
            *state = State::default();
            return;
        }
        state.failures = state.failures.saturating_add(1);
        state.locked = heard == Heard::Locked;
        if state.locked || state.failures >= FAILURES {
            let rest = REST.saturating_mul(2_u32.saturating_pow(state.rests)).min(LONGEST);
            state.rests = state.rests.saturating_add(1);
            state.until = Some(after(now, rest));
        }
    }

    /// How it is, for a person.
    pub fn words(&self, configured: bool, now: Timestamp) -> String {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.until {
            _ if !configured => "The CyberTipline is off in the settings; nothing is sent to it.".to_owned(),
            None => "The CyberTipline answers, as far as this process knows.".to_owned(),
            Some(until) => {
                let why = if state.locked { "refuses our credentials" } else { "does not answer" };
                let when = if until > now { format!("at {until}") } else { "now".to_owned() };
                format!("The CyberTipline {why}. It is asked again {when}; until then reports wait.")
            }
        }
    }
}

fn after(now: Timestamp, rest: Duration) -> Timestamp {
    SignedDuration::try_from(rest).ok().and_then(|rest| now.checked_add(rest).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_rest_and_one_asks_for_all() {
        let (line, start) = (Line::default(), Timestamp::UNIX_EPOCH);
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        for _ in 0..4 {
            line.hear(Heard::Nothing, start);
        }
        assert_eq!(line.turn(start), Turn::Call);
        line.hear(Heard::Nothing, start);
        assert_eq!(line.turn(at(10)), Turn::Rest(Duration::from_secs(20)));
        assert_eq!(line.turn(at(30)), Turn::Ask);
        // Somebody asks; the others wait.
        assert_eq!(line.turn(at(31)), Turn::Rest(Duration::from_secs(29)));
        line.hear(Heard::Nothing, at(31));
        assert_eq!(line.turn(at(32)), Turn::Rest(Duration::from_secs(59)));
        line.hear(Heard::Answer, at(91));
        assert_eq!(line.turn(at(91)), Turn::Call);
        // Refused credentials rest at once.
        line.hear(Heard::Locked, at(100));
        assert_eq!(line.turn(at(100)), Turn::Rest(REST));
        assert!(line.words(true, at(100)).contains("refuses our credentials"));
        for _ in 0..20 {
            line.hear(Heard::Locked, at(100));
        }
        assert_eq!(line.turn(at(100)), Turn::Rest(LONGEST));
    }
}
