//! What the platform tells of a stream: who came and went, what was written and paid, what somebody reported. Strict, with a limit
//! on every length; card numbers are refused.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BAD_EVENT;
use crate::notices::Reason;
use crate::refusal::{Result, RowFault};
use crate::store::StreamEventId;

/// So many events come with one call.
pub const MOST_AT_ONCE: usize = 1_000;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StreamEventKind)]
pub enum Kind {
    /// Somebody who watches, or moderates, tells what they see.
    Report,
    /// Somebody came to watch.
    Join,
    /// Somebody left.
    Leave,
    /// Somebody wrote something.
    Chat,
    /// Somebody paid, tipped or gave.
    Payment,
    /// The platform's own classifier has a word on it.
    Classifier,
}

/// One thing that happened in a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StreamEvent)]
pub struct Told {
    /// What happened.
    pub kind: Kind,
    /// Your own id of it: told twice under the same id it is one event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When, with an offset; now, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub at: Option<Timestamp>,
    /// The account that did it. Only a report may be anonymous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// From which address (US-16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// From which source port: behind shared addresses the address alone finds nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// For a chat: what was written. For a report: in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// For a report: what it is about; `live_abuse`, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// For a report: whether a child is in danger now. `live_abuse` in a stream that runs says so by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger_now: Option<bool>,
    /// For a report: whether a moderator of yours tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderator: Option<bool>,
    /// For a payment: your reference. Never a card number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// For a payment: your own mark of what was paid with (an account, a wallet, a card), the same each time: best a keyed hash. Cases that
    /// share one are shown beside each other. Never a card number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// For a payment: how much, in the smallest unit of its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// For a payment: in which currency, three letters (ISO 4217), or a word of yours for tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// For a classifier: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classifier: Option<String>,
    /// For a classifier: how sure it is, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// An event as it is kept.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id.
    pub id: StreamEventId,
    /// When it happened; never after it came.
    pub at: Timestamp,
    /// As it was told.
    pub told: Told,
}

impl Told {
    /// What is wrong with it, if anything.
    fn fault(&self) -> Option<&'static str> {
        let fits = |text: &Option<String>, most: usize| {
            text.as_ref().is_none_or(|text| !text.trim().is_empty() && text.chars().count() <= most)
        };
        if !fits(&self.id, 128) || !fits(&self.account, 255) || !fits(&self.classifier, 64) {
            return Some("id has 1 to 128 characters, account 1 to 255, classifier 1 to 64");
        }
        if !fits(&self.reference, 128) || !fits(&self.instrument, 128) || !fits(&self.currency, 16) {
            return Some("reference and instrument have 1 to 128 characters, currency 1 to 16");
        }
        if self.text.as_ref().is_some_and(|text| text.chars().count() > 4_000) {
            return Some("text has at most 4000 characters");
        }
        if self.port == Some(0) {
            return Some("port is 1 to 65535");
        }
        let references = [&self.id, &self.reference, &self.instrument, &self.account];
        if self.kind == Kind::Payment && references.into_iter().flatten().any(|text| looks_like_card(text)) {
            return Some(
                "this looks like a card number: send a reference of your own, with letters in it if it must be as long",
            );
        }
        let given = [
            (self.text.is_some(), matches!(self.kind, Kind::Chat | Kind::Report)),
            (self.reason.is_some() || self.danger_now.is_some() || self.moderator.is_some(), self.kind == Kind::Report),
            (
                [&self.reference, &self.instrument, &self.currency].iter().any(|one| one.is_some())
                    || self.amount_minor.is_some(),
                self.kind == Kind::Payment,
            ),
            (self.classifier.is_some() || self.score.is_some(), self.kind == Kind::Classifier),
        ];
        if given.into_iter().any(|(given, belongs)| given && !belongs) {
            return Some("a field does not belong to this kind of event");
        }
        let somebody = self.account.is_some() || self.address.is_some();
        match self.kind {
            Kind::Join | Kind::Leave if !somebody => Some("join and leave need an account or an address"),
            Kind::Chat if self.account.is_none() || self.text.is_none() => Some("chat needs account and text"),
            Kind::Payment if self.account.is_none() => Some("payment needs an account"),
            Kind::Payment if self.amount_minor.is_some_and(|amount| amount < 0) => Some("amount_minor is not negative"),
            Kind::Payment if self.amount_minor.is_some() != self.currency.is_some() => {
                Some("amount_minor and currency go together")
            }
            Kind::Classifier if self.classifier.is_none() => Some("classifier needs its name"),
            Kind::Classifier if !self.score.is_some_and(|score| (0.0..=1.0).contains(&score)) => {
                Some("score is 0 to 1")
            }
            _ => None,
        }
    }
}

/// Refuses events of which one cannot be kept; says which, and why.
pub fn check(events: &[Told]) -> Result<()> {
    if events.is_empty() || events.len() > MOST_AT_ONCE {
        return Err(BAD_EVENT.because(format!("1 to {MOST_AT_ONCE} events come with one call")));
    }
    let faults: Vec<RowFault> = (1..)
        .zip(events)
        .filter_map(|(row, event)| event.fault().map(|message| RowFault { row, message: message.to_owned() }))
        .take(50)
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(BAD_EVENT.rows(faults)) }
}

/// Whether a text is nothing but 13 to 19 digits, however they are set apart, with the check digit of a payment card (ISO/IEC 7812).
fn looks_like_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let apart = text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "-./".contains(c));
    let issuer = digits.first().is_some_and(|first| (2..=6).contains(first));
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(nth, digit)| if nth % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    apart && issuer && (13..=19).contains(&digits.len()) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn card_numbers_are_seen_however_they_are_written() {
        for card in ["4111111111111111", "4111 1111 1111 1111", "3782-822463-10005", "5555 5555 5555 4444"] {
            assert!(looks_like_card(card), "{card}");
        }
        for other in ["4111111111111112", "tip-4111111111111111", "12345", "", "0000000000000000", "pay_81"] {
            assert!(!looks_like_card(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_event_is_read_without_harm(text in "\\PC{0,200}") {
            drop(serde_json::from_str::<Told>(&text));
            assert!(!looks_like_card(&format!("x{text}")));
        }
    }
}
