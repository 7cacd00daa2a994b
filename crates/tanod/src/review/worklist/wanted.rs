//! Which cases somebody wants to see or take: by state, urgency, kind, deadline, language, and who works on them.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::refusal::Result;
use crate::review::{Ground, Priority, Route, State};
use crate::store::{CaseId, PersonId, as_word, word};
use crate::web::BAD_QUERY;

/// How the next deadline stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// It has passed.
    Over,
    /// It passes before the day ends, in UTC.
    Today,
}

/// Who works on a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum With {
    /// Whoever asks.
    Me,
    /// Nobody.
    Nobody,
    /// Anybody.
    Somebody,
}

/// A filter for lists of cases: what is absent is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only in this state.
    pub state: Option<State>,
    /// Only as urgent as this.
    pub priority: Option<Priority>,
    /// Only known by this way.
    pub by: Option<Route>,
    /// Only with this ground for their urgency.
    pub ground: Option<Ground>,
    /// Only with such a deadline.
    pub due: Option<Due>,
    /// Only in this language.
    pub language: Option<String>,
    /// Only with such a person at work.
    pub with: Option<With>,
    /// After this case, in the queue's order.
    pub after: Option<CaseId>,
}

/// The same as an address or a body says it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// Only as urgent as this: `P0` to `P4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// Only known by this way: `hash_match`, `user_report`, `person_depicted`, `moderator`, `hotline`, `police`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Only with this ground for their urgency, as cases name them: `sextortion`, `known_public` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// Only with a deadline that has passed (`over`) or passes before the day ends in UTC (`today`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// Only with content in this language, where the platform said so (BCP 47).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Only those that `me`, `nobody` or `somebody` works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
}

/// One of our words, or nothing where nothing is said.
fn one<T: serde::de::DeserializeOwned>(name: &str, text: Option<&str>) -> Result<Option<T>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let short: String = text.chars().take(40).collect();
    word(text).map(Some).ok_or_else(|| BAD_QUERY.because(format!("{name} is never {short}")))
}

impl Conditions {
    /// What they mean.
    pub fn read(&self) -> Result<Wanted> {
        let language = self.language.as_deref().map(|tag| tag.trim().to_lowercase()).filter(|tag| !tag.is_empty());
        Ok(Wanted {
            priority: one("priority", self.priority.as_deref())?,
            by: one("by", self.by.as_deref())?,
            ground: one("ground", self.ground.as_deref())?,
            due: one("due", self.due.as_deref())?,
            with: one("with", self.with.as_deref())?,
            language,
            ..Wanted::default()
        })
    }
}

impl Wanted {
    /// The conditions as fields of an address, each that is there.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let fields = [
            ("priority", self.priority.as_ref().map(as_word)),
            ("by", self.by.as_ref().map(as_word)),
            ("ground", self.ground.as_ref().map(as_word)),
            ("due", self.due.as_ref().map(as_word)),
            ("language", self.language.clone()),
            ("with", self.with.as_ref().map(as_word)),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Between which times the next deadline lies: after the first, up to the second.
    pub(super) fn due_between(&self, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        match self.due {
            None => (None, None),
            Some(Due::Over) => (Some(Timestamp::MIN), Some(now)),
            Some(Due::Today) => {
                let day = now.to_zoned(TimeZone::UTC).date();
                let end = day.checked_add(Span::new().days(1)).and_then(|next| next.to_zoned(TimeZone::UTC));
                (Some(now), Some(end.map_or(now, |end| end.timestamp())))
            }
        }
    }
}

/// A time as somebody looks for it, as the span that it names: a day, an hour or a minute, in UTC.
pub(super) fn span_of(text: &str) -> Option<(Timestamp, Timestamp)> {
    let text = text.trim().trim_end_matches('Z').trim_end_matches(" UTC").replacen(' ', "T", 1);
    let (whole, long) = match text.len() {
        10 => (format!("{text}T00:00:00Z"), 24 * 60),
        13 => (format!("{text}:00:00Z"), 60),
        16 => (format!("{text}:00Z"), 1),
        _ => return None,
    };
    let from: Timestamp = whole.parse().ok()?;
    Some((from, from.checked_add(Span::new().minutes(long)).ok()?))
}

/// Who asks, for [`With::Me`].
pub(super) fn me(person: Option<PersonId>) -> uuid::Uuid {
    person.map_or(uuid::Uuid::nil(), |person| person.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_day_an_hour_or_a_minute() {
        let span = |text| span_of(text).map(|(from, to)| (from.to_string(), to.duration_since(from).as_mins()));
        assert_eq!(span("2026-11-24"), Some(("2026-11-24T00:00:00Z".to_owned(), 1_440)));
        assert_eq!(span("2026-11-24 12"), Some(("2026-11-24T12:00:00Z".to_owned(), 60)));
        assert_eq!(span(" 2026-11-24T12:07Z "), Some(("2026-11-24T12:07:00Z".to_owned(), 1)));
        for none in ["2026-13-01", "account-10", "1234567890", "", "9999-99-99"] {
            assert_eq!(span(none), None, "{none}");
        }
    }

    #[test]
    fn conditions_are_read_strictly_and_written_back() {
        let said = Conditions { priority: Some("P2".into()), with: Some("me".into()), ..Conditions::default() };
        assert_eq!(said.read().unwrap().fields(), [("priority", "P2".to_owned()), ("with", "me".to_owned())]);
        assert!(Conditions { by: Some("rumour".into()), ..Conditions::default() }.read().is_err());
        assert_eq!(Conditions { due: Some(String::new()), ..Conditions::default() }.read().unwrap(), Wanted::default());
    }
}
