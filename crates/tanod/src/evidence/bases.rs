//! Why something is kept, as data (`config/holds.toml`), and what follows from all reasons together. Pure: holds and a time in,
//! a fate out.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Hold;
use crate::store::as_word;
use crate::web::languages;

/// A legal basis on which something is kept. Each has its rules in `config/holds.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Basis {
    /// From the moment of knowledge until a decision, and until a report is accepted (US-32).
    PendingDecision,
    /// 18 U.S.C. 2258A(h): one year from the completed submission (US-30).
    #[serde(rename = "us_2258a_h")]
    #[value(name = "us_2258a_h")]
    Us2258aH,
    /// 18 U.S.C. 2703(f): a preservation request (US-36).
    #[serde(rename = "us_2703_f")]
    #[value(name = "us_2703_f")]
    Us2703F,
    /// Philippines: content (PH-03).
    PhContent,
    /// Philippines: subscriber and traffic data (PH-02).
    PhTraffic,
    /// Philippines: evidence in a case (PH-04).
    PhEvidence,
    /// United Kingdom, SI 2026/268 (UK-09).
    #[serde(rename = "gb_2026_268")]
    #[value(name = "gb_2026_268")]
    Gb2026268,
    /// European Union: gone after twelve months (EU-09).
    EuCap,
    /// Canada: 21 days, then destroyed (CA-03).
    #[serde(rename = "ca_mra_4")]
    #[value(name = "ca_mra_4")]
    CaMra4,
    /// An order of a court.
    Court,
    /// The operator's own (US-34).
    Operator,
}

/// What a basis asks, as the file says it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a yes or no of the file, and none depends on another")]
pub struct Rules {
    /// Which basis.
    pub name: Basis,
    /// The requirement's number.
    pub law: String,
    /// Why, in words.
    pub words: String,
    /// What starts it.
    pub from: Start,
    /// The operator's countries in which it is placed by what happens; `EU` stands for its members.
    #[serde(default)]
    pub countries: Vec<String>,
    /// Whether it binds private messages alone.
    #[serde(default)]
    pub private: bool,
    /// Bodies that make it begin when they are told, wherever the operator is.
    #[serde(default)]
    pub told: Vec<String>,
    /// Bodies that do not, although others do.
    #[serde(default)]
    pub not_told: Vec<String>,
    /// Whether it stands in where no other is placed after a report.
    #[serde(default)]
    pub otherwise: bool,
    /// Whether a person who places it says who asked, under what reference.
    #[serde(default)]
    pub asked: bool,
    /// It must not go before so many days.
    pub least_days: Option<i64>,
    /// It must be gone by so many days.
    pub most_days: Option<i64>,
    /// How many days longer one renewal makes it.
    pub renew_days: Option<i64>,
    /// How often it can be renewed.
    pub renewals: Option<i64>,
    /// Whether it can be kept for longer with a purpose (US-34).
    #[serde(default)]
    pub extend: bool,
    /// Whether a person places it.
    #[serde(default)]
    pub by_hand: bool,
}

/// What starts a basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BasisStart)]
pub enum Start {
    /// The moment of knowledge.
    Knowledge,
    /// What the account did; the operator knows of it no sooner, so the moment of knowledge is never too early.
    Transaction,
    /// The suspicion being identified.
    Identification,
    /// The report being accepted or filed.
    Report,
    /// The police being notified.
    Notification,
    /// A request being received.
    Request,
}

#[derive(Deserialize)]
struct File {
    basis: Vec<Rules>,
}

static RULES: LazyLock<Vec<Rules>> = LazyLock::new(|| {
    let read = toml::from_str::<File>(include_str!("../../../../config/holds.toml"));
    // A test reads the file that is compiled in, so this is never empty.
    read.map(|file| file.basis).unwrap_or_default()
});

/// All bases with their rules.
pub fn bases() -> &'static [Rules] {
    &RULES
}

/// A time so many days later, never beyond what can be written.
pub(super) fn days_after(start: Timestamp, days: i64) -> Timestamp {
    let span = SignedDuration::from_hours(days.clamp(0, 365_000).saturating_mul(24));
    start.checked_add(span).unwrap_or(Timestamp::MAX)
}

impl Rules {
    /// Why, in the language of who reads a page.
    pub fn said(&'static self) -> Cow<'static, str> {
        languages::named("basis", &as_word(&self.name), &self.words)
    }
}

impl Basis {
    /// What it asks. `None` cannot be: a test compares the file with this list.
    pub fn rules(self) -> Option<&'static Rules> {
        RULES.iter().find(|rules| rules.name == self)
    }

    /// Why, in words.
    pub fn words(self) -> &'static str {
        self.rules().map_or("", |rules| rules.words.as_str())
    }

    /// Why, in the language of who reads a page.
    pub fn said(self) -> Cow<'static, str> {
        self.rules().map_or(Cow::Borrowed(""), Rules::said)
    }

    /// From when until when, for a hold that starts then: the least and the most.
    pub fn clock(self, starts_at: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        let rules = self.rules();
        let after = |days: Option<i64>| days.map(|days| days_after(starts_at, days));
        (after(rules.and_then(|rules| rules.least_days)), after(rules.and_then(|rules| rules.most_days)))
    }
}

/// What follows from everything that keeps a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// Nothing keeps it, and nothing did.
    Unheld,
    /// It must stay.
    Held {
        /// Until then; absent while it is not known.
        #[schema(value_type = Option<String>)]
        until: Option<Timestamp>,
    },
    /// Every hold has ended: it goes (US-34).
    Due {
        /// Since when.
        #[schema(value_type = String)]
        since: Timestamp,
    },
    /// One basis wants it kept when another wants it gone: counsel decides, and until then it stays (US-42, EV-20).
    Conflict {
        /// It must be gone by then.
        #[schema(value_type = String)]
        gone_by: Timestamp,
        /// And must stay until then; absent while it is not known.
        #[schema(value_type = Option<String>)]
        until: Option<Timestamp>,
    },
}

/// What becomes of a case with these holds, at this time.
pub fn fate(holds: &[Hold], now: Timestamp) -> Fate {
    let standing: Vec<&Hold> = holds.iter().filter(|hold| hold.released_at.is_none()).collect();
    let Some(most_recent) = holds.iter().map(|hold| hold.starts_at).max() else { return Fate::Unheld };
    let least = standing.iter().filter(|hold| hold.until.is_none_or(|until| until > now)).map(|hold| hold.until);
    // Open ones outlast every day.
    let held = least.reduce(|one, other| one.and_then(|one| other.map(|other| one.max(other))));
    let cap = standing.iter().filter_map(|hold| hold.most).min();
    match (held, cap) {
        (None, _) => {
            let ended = holds.iter().filter_map(|hold| hold.released_at.or(hold.until)).max();
            Fate::Due { since: ended.unwrap_or(most_recent) }
        }
        // What is open may end in time: it contradicts once the day has come. A later day contradicts at once.
        (Some(Some(until)), Some(gone_by)) if until > gone_by => Fate::Conflict { gone_by, until: Some(until) },
        (Some(None), Some(gone_by)) if gone_by <= now => Fate::Conflict { gone_by, until: None },
        (Some(until), _) => Fate::Held { until },
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;
    use proptest::prelude::*;

    use super::*;
    use crate::store::{CaseId, HoldId};

    #[test]
    fn every_basis_has_its_rules_and_cites_its_law() {
        let law = |law: &str| {
            let (country, number) = law.split_once('-').unwrap();
            country.len() == 2 && number.parse::<u32>().is_ok()
        };
        assert_eq!(bases().len(), Basis::value_variants().len());
        for basis in Basis::value_variants() {
            let rules = basis.rules().unwrap();
            assert!(law(&rules.law) && rules.words.len() > 20, "{rules:?}");
            for language in ["fil", "ar"].map(languages::Language::of) {
                assert_ne!(language.named("basis", &as_word(&rules.name), &rules.words), rules.words, "{rules:?}");
            }
            assert!(rules.most_days.is_none_or(|most| rules.least_days.is_some_and(|least| least < most)));
            assert_eq!(crate::store::as_word(basis), basis.to_possible_value().unwrap().get_name());
        }
        // US-30: never a day short, whatever year it is.
        let start: Timestamp = "2027-03-01T00:00:00Z".parse().unwrap();
        let (least, most) = Basis::Us2258aH.clock(start);
        assert!(least.unwrap() >= "2028-03-01T00:00:00Z".parse().unwrap() && most.is_none());
    }

    fn at(day: i64) -> Timestamp {
        days_after("2026-01-01T00:00:00Z".parse().unwrap(), day)
    }

    fn hold(until: Option<i64>, most: Option<i64>, released: Option<i64>) -> Hold {
        Hold {
            id: HoldId(uuid::Uuid::nil()),
            case: CaseId(uuid::Uuid::nil()),
            basis: Basis::Operator,
            starts_at: at(0),
            until: until.map(at),
            most: most.map(at),
            released_at: released.map(at),
            report: None,
            renewals: 0,
            authority: None,
            reference: None,
            purpose: None,
            owner: None,
            review_at: None,
        }
    }

    #[test]
    fn what_follows_from_several_holds() {
        let year = hold(Some(366), None, None);
        let cap = hold(Some(0), Some(365), None);
        let open = hold(None, None, None);
        let released = hold(None, None, Some(10));
        assert_eq!(fate(&[], at(1)), Fate::Unheld);
        assert_eq!(fate(std::slice::from_ref(&year), at(1)), Fate::Held { until: Some(at(366)) });
        assert_eq!(fate(std::slice::from_ref(&year), at(366)), Fate::Due { since: at(366) });
        assert_eq!(fate(&[year.clone(), open.clone()], at(400)), Fate::Held { until: None });
        assert_eq!(fate(std::slice::from_ref(&released), at(11)), Fate::Due { since: at(10) });
        // A year from the report, and gone a year after identification: known on the first day, not on the last.
        let conflict = Fate::Conflict { gone_by: at(365), until: Some(at(366)) };
        assert_eq!(fate(&[year, cap.clone()], at(1)), conflict);
        // A decision that is still to come may come in time.
        assert_eq!(fate(&[open.clone(), cap.clone()], at(364)), Fate::Held { until: None });
        assert_eq!(fate(&[open, cap.clone()], at(365)), Fate::Conflict { gone_by: at(365), until: None });
        assert_eq!(fate(&[cap], at(1)), Fate::Due { since: at(0) });
    }

    proptest! {
        /// Whatever else there is: while one hold stands nothing goes, and one more hold never makes anything go sooner.
        #[test]
        fn no_hold_shortens_another(
            days in prop::collection::vec((prop::option::of(0_i64..900), prop::option::of(0_i64..900), prop::option::of(0_i64..900)), 1..6),
            now in 0_i64..1_000,
        ) {
            let holds: Vec<Hold> = days.iter().map(|(until, most, released)| hold(*until, *most, *released)).collect();
            let stands = |hold: &Hold| hold.released_at.is_none() && hold.until.is_none_or(|until| until > at(now));
            let goes = |holds: &[Hold]| matches!(fate(holds, at(now)), Fate::Due { .. } | Fate::Unheld);
            prop_assert_eq!(goes(&holds), !holds.iter().any(stands));
            let fewer = &holds[1..];
            prop_assert!(!goes(&holds) || goes(fewer));
        }
    }
}
