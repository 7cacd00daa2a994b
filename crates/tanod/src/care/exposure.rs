//! How much somebody saw, and whether a break is due: pure, from the looks that are on record.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Settings;
use crate::store::{CaseId, ItemId};

/// A look as it counts here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// At what.
    pub item: ItemId,
    /// Of which case; none, at a request to remove an adult's picture.
    pub case: Option<CaseId>,
    /// When.
    pub at: Timestamp,
    /// Whether it was blurred, grey and small.
    pub veiled: bool,
    /// How severe a list said it is.
    pub severity: String,
}

/// What somebody saw without the veil.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Exposure {
    /// Different uploads.
    pub files: i64,
    /// Minutes, at most two for each look: from it to the next one, or to now.
    pub minutes: i64,
    /// Uploads of each category.
    pub by_severity: BTreeMap<String, i64>,
}

/// A look counts no longer than this: nobody knows whether somebody still looks.
const LONGEST: SignedDuration = SignedDuration::from_mins(2);

impl Exposure {
    /// Sums looks in the order in which they were.
    pub fn of(looks: &[Look], now: Timestamp) -> Self {
        let (mut seen, mut exposure) = (HashSet::new(), Self::default());
        let mut time = SignedDuration::ZERO;
        for (nth, look) in looks.iter().enumerate().filter(|(_, look)| !look.veiled) {
            let next = looks.get(nth + 1).map_or(now, |next| next.at);
            time = time.saturating_add(next.duration_since(look.at).clamp(SignedDuration::ZERO, LONGEST));
            if seen.insert(look.item) {
                exposure.files += 1;
                *exposure.by_severity.entry(look.severity.clone()).or_default() += 1;
            }
        }
        exposure.minutes = time.as_mins();
        exposure
    }
}

/// Until when a break is due: looks without the veil have gone on for too long without a pause between them.
pub(super) fn break_until(looks: &[Look], now: Timestamp, settings: &Settings) -> Option<Timestamp> {
    let pause = SignedDuration::from_mins(settings.break_minutes);
    if settings.break_after_minutes <= 0 || pause.is_zero() {
        return None;
    }
    let mut stretch: Option<(Timestamp, Timestamp)> = None;
    for look in looks.iter().filter(|look| !look.veiled) {
        stretch = match stretch {
            Some((from, last)) if look.at.duration_since(last) < pause => Some((from, look.at)),
            _ => Some((look.at, look.at)),
        };
    }
    let (from, last) = stretch?;
    let until = last.checked_add(pause).ok()?;
    // Time in which nobody looked any more is the beginning of the break, not more of the stretch.
    let long = last.duration_since(from) >= SignedDuration::from_mins(settings.break_after_minutes);
    (long && now < until).then_some(until)
}

/// How many of the last cases that were looked at, one after the other, had something severe.
pub(super) fn severe_in_a_row(looks: &[Look], is_severe: impl Fn(&str) -> bool) -> usize {
    let mut cases: Vec<(Option<CaseId>, bool)> = Vec::new();
    for look in looks.iter().rev().filter(|look| !look.veiled) {
        let severe = is_severe(&look.severity);
        match cases.iter_mut().find(|(case, _)| *case == look.case) {
            Some((_, known)) => *known |= severe,
            None => cases.push((look.case, severe)),
        }
    }
    cases.iter().take_while(|(_, severe)| *severe).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings(after: i64, pause: i64) -> Settings {
        Settings {
            agreement: super::super::Agreement::Offered,
            daily_files: 0,
            daily_minutes: 0,
            break_after_minutes: after,
            break_minutes: pause,
            late_minutes: 0,
            rotate_after: 0,
            severe: vec!["A1".to_owned()],
            support_line: String::new(),
        }
    }

    fn look(minute: i64, item: u128, severity: &str, veiled: bool) -> Look {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        let (item, case) = (ItemId(uuid::Uuid::from_u128(item)), CaseId(uuid::Uuid::from_u128(item)));
        Look { item, case: Some(case), at, veiled, severity: severity.to_owned() }
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    #[test]
    fn files_count_once_and_looks_at_most_two_minutes() {
        let looks =
            [look(0, 1, "A1", false), look(1, 1, "A1", true), look(5, 1, "A1", false), look(30, 2, "B2", false)];
        let seen = Exposure::of(&looks, at(31));
        assert_eq!((seen.files, seen.minutes), (2, 1 + 2 + 1));
        assert_eq!(seen.by_severity, BTreeMap::from([("A1".to_owned(), 1), ("B2".to_owned(), 1)]));
    }

    #[test]
    fn a_break_is_due_after_a_stretch_and_over_after_its_time() {
        let looks: Vec<Look> = (0..=50).step_by(5).map(|minute| look(minute, 1, "A1", false)).collect();
        let settings = settings(50, 10);
        assert_eq!(break_until(&looks, at(51), &settings), Some(at(60)));
        assert_eq!(break_until(&looks, at(60), &settings), None);
        assert_eq!(break_until(&looks[..10], at(46), &settings), None, "not long enough");
    }

    #[test]
    fn severe_cases_are_counted_back_from_the_last() {
        let looks =
            [look(0, 1, "B1", false), look(1, 2, "A1", false), look(2, 3, "A1", false), look(3, 3, "B2", false)];
        assert_eq!(severe_in_a_row(&looks, |category| category == "A1"), 2);
        assert_eq!(severe_in_a_row(&looks[..1], |category| category == "A1"), 0);
    }

    proptest! {
        #[test]
        fn never_more_time_than_passed_and_never_more_files_than_looks(
            minutes in prop::collection::vec((0_i64..600, 0_u128..5, any::<bool>()), 0..40)
        ) {
            let mut minutes = minutes;
            minutes.sort_unstable();
            let looks: Vec<Look> = minutes.iter().map(|(at, item, veiled)| look(*at, *item, "A2", *veiled)).collect();
            let seen = Exposure::of(&looks, at(600));
            prop_assert!(seen.minutes <= 600 - minutes.first().map_or(600, |first| first.0));
            prop_assert!(seen.files <= 5 && seen.by_severity.values().sum::<i64>() == seen.files);
            // A break that is due ends, and no look is needed for that.
            let settings = settings(50, 10);
            if let Some(until) = break_until(&looks, at(600), &settings) {
                prop_assert_eq!(break_until(&looks, until, &settings), None);
            }
        }
    }
}
