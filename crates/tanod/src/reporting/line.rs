//! The line to the destination: while it does not answer, or refuses us, one asks for all and the others wait. What one process
//! learns stands in a row, so that it serves every other.

use std::time::Duration;

use exchange::ncmec::{Breaker, Client, Outcome, Standing};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::store;
use crate::refusal::Result;
use crate::store::Tx;
use crate::web::console::minute;
use crate::web::languages::say;

/// So many calls in a row may fail.
const FAILURES: u32 = 5;
/// The first rest; each one after it is twice as long, up to the longest.
const REST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_mins(10);
/// No rest is longer, whatever the destination asks for. One that is was written by a clock that was wrong, and is not believed.
const MOST: Duration = Duration::from_hours(1);

/// What may be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Call. Where nothing has failed lately, an answer is no news.
    Call {
        /// Whether nothing has failed lately.
        clear: bool,
    },
    /// Ask first whether the destination is there and knows us: nobody else asks meanwhile.
    Ask,
    /// Nothing, for so long.
    Rest(Duration),
}

/// What all processes know of the line to one address. Reports wait for it in the queue; none is lost or worn out by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    standing: Standing,
    locked: bool,
    /// Digest of a schema that is not the one we know.
    drifted: Option<String>,
}

impl Line {
    fn breaker(&self) -> Breaker {
        Breaker::new(FAILURES, REST, LONGEST).standing_at(self.standing)
    }

    fn turn(&mut self, now: Timestamp) -> Turn {
        let believed = now.checked_add(MOST).unwrap_or(Timestamp::MAX);
        if let Standing::Open { until, .. } | Standing::Trying { until, .. } = &mut self.standing
            && *until > believed
        {
            *until = now;
        }
        let mut breaker = self.breaker();
        let may = breaker.may_call(now);
        self.standing = breaker.standing();
        match may {
            Err(until) => Turn::Rest(Duration::try_from(until.duration_since(now)).unwrap_or(REST)),
            Ok(()) if breaker.open_until().is_some() => Turn::Ask,
            Ok(()) => Turn::Call { clear: self.standing == Standing::default() && !self.locked },
        }
    }

    fn hear(&mut self, outcome: &Outcome, now: Timestamp) {
        let mut breaker = self.breaker();
        self.locked = matches!(outcome, Outcome::Credentials { .. });
        if self.locked {
            // The destination is there, and no other report is sent into the same refusal.
            breaker.heard(now, &Outcome::Retry { after: Some(REST), why: String::new() });
        } else if let Outcome::Retry { after: Some(after), why } = outcome {
            breaker.heard(now, &Outcome::Retry { after: Some((*after).min(MOST)), why: why.clone() });
        } else {
            breaker.heard(now, outcome);
        }
        self.standing = breaker.standing();
    }

    fn words(&self, now: Timestamp) -> String {
        let how = match self.breaker().open_until() {
            None => say("line-answers"),
            Some(until) => {
                let when = if until > now { minute(until) } else { say("line-now").to_string() };
                say(if self.locked { "line-refuses" } else { "line-silent" }).with("when", when)
            }
        };
        match &self.drifted {
            Some(sha256) => format!("{how} {}", say("line-drifted").with("digest", sha256)),
            None => how.to_string(),
        }
    }
}

/// Whose turn it is. Whoever is to ask has it written down with this transaction.
pub(super) async fn turn(tx: &mut Tx, client: &Client) -> Result<Turn> {
    let now = tx.now();
    let mut line = store::line(tx, client.base(), false).await?.unwrap_or_default();
    let turn = line.turn(now);
    if turn != Turn::Ask {
        return Ok(turn);
    }
    // Held to the commit: of two that would ask, one does.
    let mut line = store::line(tx, client.base(), true).await?.unwrap_or_default();
    let turn = line.turn(now);
    store::keep_line(tx, client.base(), &line).await?;
    Ok(turn)
}

/// What came of a call.
pub(super) async fn hear(tx: &mut Tx, client: &Client, outcome: &Outcome) -> Result<()> {
    let now = tx.now();
    let known = store::line(tx, client.base(), true).await?.unwrap_or_default();
    let mut line = known.clone();
    line.hear(outcome, now);
    if line == known { Ok(()) } else { store::keep_line(tx, client.base(), &line).await }
}

/// Whether an answer tells nothing to whoever knows that nothing has failed lately.
pub(super) fn is_news(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Retry { .. } | Outcome::Lost { .. } | Outcome::NotSent { .. } | Outcome::Credentials { .. }
    )
}

/// How it is, for a person.
pub(super) async fn words(tx: &mut Tx, client: Option<&Client>) -> Result<String> {
    let Some(client) = client else {
        return Ok(say("line-off").to_string());
    };
    let now = tx.now();
    Ok(store::line(tx, client.base(), false).await?.unwrap_or_default().words(now))
}

/// Another schema of the destination than the one that documents are written for, or none. Answers whether that is news.
pub(super) async fn drift(tx: &mut Tx, client: &Client, drifted: Option<String>) -> Result<bool> {
    let known = store::line(tx, client.base(), true).await?.unwrap_or_default();
    let news = known.drifted != drifted;
    if news {
        store::keep_line(tx, client.base(), &Line { drifted, ..known }).await?;
    }
    Ok(news)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn refused_credentials_rest_at_once_and_one_asks_for_all() {
        let (mut line, start) = (Line::default(), Timestamp::UNIX_EPOCH);
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        assert_eq!(line.turn(start), Turn::Call { clear: true });
        line.hear(&Outcome::NotSent { why: String::new() }, start);
        assert_eq!(line.turn(start), Turn::Call { clear: false });
        line.hear(&Outcome::Credentials { why: String::new() }, start);
        assert_eq!(line.turn(at(10)), Turn::Rest(Duration::from_secs(20)));
        assert!(line.words(at(10)).contains("refuses our credentials"));
        // What stands in the row is all there is to know.
        let mut line: Line = serde_json::from_str(&serde_json::to_string(&line).unwrap()).unwrap();
        assert_eq!(line.turn(at(30)), Turn::Ask);
        assert!(matches!(line.turn(at(31)), Turn::Rest(_)));
        // A process whose clock is ahead does not shut the door for the others.
        let mut ahead = line.clone();
        ahead.hear(&Outcome::Credentials { why: String::new() }, at(1_000_000));
        assert_eq!(ahead.turn(at(40)), Turn::Ask);
        ahead.hear(&Outcome::Retry { after: Some(Duration::from_hours(99)), why: String::new() }, at(40));
        assert_eq!(ahead.turn(at(41)), Turn::Rest(Duration::from_secs(3_599)));
        line.hear(&Outcome::NoSuchReport, at(31));
        assert_eq!(line.turn(at(31)), Turn::Call { clear: true });
        assert!(line.words(at(31)).contains("answers"));
    }
}
