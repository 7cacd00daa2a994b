//! The one decision of the filing machine: given every call so far, what comes next. Pure, so that a test can cut it
//! anywhere.
//!
//! Each call is written down before it is made and its answer after. What stands without an answer may or may not have
//! been acted on, and the rules of recovery (cybertipline A.4) follow from which call it was.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::store::ItemId;

/// A call to the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// Open the report.
    Submit,
    /// Send one file.
    Upload,
    /// Say what is to be said about it.
    Fileinfo,
    /// Make it final.
    Finish,
    /// Take an unfinished one back.
    Retract,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ended {
    /// Done as asked.
    Accepted,
    /// It certainly had no effect: never sent, or refused for now.
    Nothing,
    /// Nobody knows whether it had an effect.
    Unknown,
    /// The destination's copy of a file is not ours.
    Garbled,
    /// The report was finished before.
    AlreadyFinished,
    /// The report was taken back before.
    AlreadyRetracted,
    /// The destination knows no such report: it expired.
    Gone,
    /// Refused for good: the same again would be refused again.
    Refused,
    /// Our credentials are refused.
    Locked,
}

/// A call as it is on record.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// In which attempt.
    pub(super) attempt: i64,
    /// Which.
    pub(super) step: Step,
    /// For which upload.
    pub(super) item: Option<ItemId>,
    /// The report's number at the destination, when known.
    pub(super) number: Option<i64>,
    /// When it was made.
    pub(super) sent_at: Timestamp,
    /// How it ended; absent when no answer is on record.
    pub(super) ended: Option<Ended>,
    /// The destination's id of the file.
    pub(super) file_id: Option<String>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Open the report, as this attempt.
    Submit {
        /// Counted from 1.
        attempt: i64,
    },
    /// Send this file.
    Upload {
        /// The report's number.
        number: i64,
        /// Which upload.
        item: ItemId,
    },
    /// Say what is to be said about this file.
    Fileinfo {
        /// The report's number.
        number: i64,
        /// Which upload.
        item: ItemId,
        /// The destination's id of it.
        file_id: String,
    },
    /// Make it final.
    Finish {
        /// The report's number.
        number: i64,
    },
    /// Take this attempt back before a new one begins: law enforcement must not get near-duplicates.
    Retract {
        /// The report's number.
        number: i64,
    },
    /// It is filed.
    Finished {
        /// The report's number.
        number: i64,
    },
    /// It was taken back, and is not to be filed.
    Withdrawn,
    /// A person must look.
    Stuck {
        /// Why.
        why: &'static str,
    },
}

/// After so many opened attempts a person looks.
pub(super) const MOST_ATTEMPTS: usize = 8;

/// An attempt that has less left than this is taken back: what expires between two steps would be filed in part.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// When the destination forgets an unfinished attempt: at the later of a day after it was opened and an hour after its last
/// change (cybertipline A.2). Counted from our sending, so never too late.
pub(super) fn expires(calls: &[Call], attempt: i64) -> Option<Timestamp> {
    let done = |call: &&Call| call.attempt == attempt && call.ended == Some(Ended::Accepted);
    let of = |step| calls.iter().filter(done).filter(move |call| call.step == step).map(|call| call.sent_at);
    let opened = of(Step::Submit).next()?;
    let changed = of(Step::Upload).chain(of(Step::Fileinfo)).max().unwrap_or(opened);
    let add = |at: Timestamp, hours| at.checked_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX);
    Some(add(opened, 24).max(add(changed, 1)))
}

/// What comes next, given every call on record in order and the files in order.
///
/// `revived` is the attempt after which a person last looked at a stuck report and said: again. What stuck it is past.
///
/// `withdraw` says that the decision was undone: nothing new is sent, and what is half open is taken back. Whether a lost
/// `finish` was acted on, the destination says when it is asked to take the report back.
pub(super) fn next(calls: &[Call], files: &[ItemId], revived: i64, withdraw: bool, now: Timestamp) -> Next {
    if withdraw {
        return back(calls);
    }
    let Some(last) = calls.last() else { return Next::Submit { attempt: 1 } };
    let again = || {
        // Those that the destination never numbered do not count: an outage is not the report's fault.
        let numbered = |call: &&Call| call.step == Step::Submit && call.number.is_some() && call.attempt > revived;
        if calls.iter().filter(numbered).count() >= MOST_ATTEMPTS {
            Next::Stuck { why: "the report was begun many times and never finished" }
        } else {
            Next::Submit { attempt: last.attempt + 1 }
        }
    };
    let number = calls.iter().rev().filter(|call| call.attempt == last.attempt).find_map(|call| call.number);
    let looked_at =
        last.attempt <= revived && matches!(last.ended, Some(Ended::Refused | Ended::Locked | Ended::Garbled));
    if looked_at {
        // A person has seen to the cause. What is half open is taken back, then it all begins anew.
        return match number {
            Some(number) if last.step != Step::Retract => Next::Retract { number },
            _ => again(),
        };
    }
    let Some(number) = number else {
        // Only `submit` has no number. A lost one leaves an orphan that expires by itself; nothing is to be cleaned up.
        return match last.ended {
            Some(Ended::Refused) => Next::Stuck { why: "the destination refused the report" },
            Some(Ended::Locked) => Next::Stuck { why: "the destination refused our credentials" },
            Some(Ended::Nothing) => Next::Submit { attempt: last.attempt },
            _ => again(),
        };
    };
    let soon = now.checked_add(MARGIN).unwrap_or(Timestamp::MAX);
    let late = expires(calls, last.attempt).is_some_and(|at| at <= soon);
    let forward = || if late { Next::Retract { number } } else { forward(calls, files, last.attempt, number) };
    match (last.step, last.ended) {
        (Step::Submit, Some(Ended::Accepted))
        | (Step::Upload | Step::Fileinfo, Some(Ended::Accepted | Ended::Nothing)) => forward(),
        // `finish` may be asked again: it says so if it was done.
        (Step::Finish, None | Some(Ended::Unknown | Ended::Nothing)) => Next::Finish { number },
        (_, Some(Ended::AlreadyFinished)) | (Step::Finish, Some(Ended::Accepted)) => Next::Finished { number },
        (_, Some(Ended::Gone | Ended::AlreadyRetracted)) | (Step::Retract, Some(Ended::Accepted)) => again(),
        (_, Some(Ended::Locked)) => Next::Stuck { why: "the destination refused our credentials" },
        // What may have been done twice, or arrived garbled, is taken back as a whole.
        (Step::Submit, _)
        | (Step::Upload | Step::Fileinfo, None | Some(Ended::Unknown | Ended::Garbled))
        | (Step::Retract, None | Some(Ended::Unknown | Ended::Nothing)) => Next::Retract { number },
        (_, Some(Ended::Refused)) => Next::Stuck { why: "the destination refused a part of the report" },
        (Step::Finish | Step::Retract, Some(Ended::Garbled)) => {
            Next::Stuck { why: "the destination answered something that fits no step" }
        }
    }
}

/// The number under which an attempt may be final although nobody said so: it was asked to be, the answer was lost, and no later
/// answer tells. Whoever looks at a stuck report must know.
pub(super) fn maybe_filed(calls: &[Call]) -> Option<i64> {
    let mut maybe = None;
    for call in calls {
        match (call.step, call.ended) {
            (Step::Finish, None | Some(Ended::Unknown | Ended::Garbled)) => maybe = call.number,
            (_, Some(Ended::Gone | Ended::AlreadyRetracted | Ended::AlreadyFinished))
            | (Step::Finish | Step::Retract, Some(Ended::Accepted))
                if call.number == maybe =>
            {
                maybe = None;
            }
            _ => {}
        }
    }
    maybe
}

/// The way back.
fn back(calls: &[Call]) -> Next {
    let Some(last) = calls.last() else { return Next::Withdrawn };
    let number = calls.iter().rev().filter(|call| call.attempt == last.attempt).find_map(|call| call.number);
    // A submit without a number leaves at most an orphan, which expires unfinished.
    let Some(number) = number else { return Next::Withdrawn };
    match (last.step, last.ended) {
        (_, Some(Ended::AlreadyFinished)) | (Step::Finish, Some(Ended::Accepted)) => Next::Finished { number },
        (_, Some(Ended::Gone | Ended::AlreadyRetracted)) | (Step::Retract, Some(Ended::Accepted)) => Next::Withdrawn,
        (Step::Retract, Some(Ended::Refused | Ended::Locked | Ended::Garbled)) => {
            Next::Stuck { why: "the destination did not take the report back" }
        }
        _ => Next::Retract { number },
    }
}

/// The next thing to send in an attempt that goes well. Thousands of files are asked for one by one, so it is one pass.
fn forward(calls: &[Call], files: &[ItemId], attempt: i64, number: i64) -> Next {
    let mut uploaded = HashMap::new();
    let mut described = HashSet::new();
    for call in calls.iter().filter(|call| call.attempt == attempt && call.ended == Some(Ended::Accepted)) {
        match (call.step, call.item) {
            (Step::Upload, Some(item)) => drop(uploaded.insert(item, call.file_id.as_ref())),
            (Step::Fileinfo, Some(item)) => drop(described.insert(item)),
            _ => {}
        }
    }
    for item in files {
        let Some(file_id) = uploaded.get(item) else { return Next::Upload { number, item: *item } };
        if !described.contains(item) {
            let Some(file_id) = file_id else { return Next::Retract { number } };
            return Next::Fileinfo { number, item: *item, file_id: (*file_id).clone() };
        }
    }
    Next::Finish { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn call(step: Step, minutes: i64) -> Call {
        Call {
            attempt: 1,
            step,
            item: None,
            number: Some(7),
            sent_at: at(minutes),
            ended: Some(Ended::Accepted),
            file_id: None,
        }
    }

    #[test]
    fn what_is_about_to_expire_is_taken_back() {
        let item = ItemId(uuid::Uuid::nil());
        let calls = [call(Step::Submit, 0)];
        let day = 24 * 60;
        assert_eq!(next(&calls, &[item], 0, false, at(day - 6)), Next::Upload { number: 7, item });
        assert_eq!(next(&calls, &[item], 0, false, at(day - 5)), Next::Retract { number: 7 });
        // A change late in the day gives an hour more.
        let upload = Call { item: Some(item), file_id: Some("f".to_owned()), ..call(Step::Upload, day - 10) };
        let calls = [call(Step::Submit, 0), upload];
        assert_eq!(expires(&calls, 1), Some(at(day + 50)));
        let described = next(&calls, &[item], 0, false, at(day + 44));
        assert_eq!(described, Next::Fileinfo { number: 7, item, file_id: "f".to_owned() });
        assert_eq!(next(&calls, &[item], 0, false, at(day + 45)), Next::Retract { number: 7 });
        // A finish that was asked is asked again, whatever the time: it says if it was done.
        let finish = Call { ended: None, ..call(Step::Finish, day) };
        assert_eq!(next(&[calls[0].clone(), finish], &[], 0, false, at(3 * day)), Next::Finish { number: 7 });
    }

    #[test]
    fn what_may_be_filed_is_known_until_an_answer_tells() {
        let finish = |ended| Call { ended, ..call(Step::Finish, 1) };
        let lost = [call(Step::Submit, 0), finish(Some(Ended::Unknown))];
        let then = |more: Call| maybe_filed(&[lost[0].clone(), lost[1].clone(), more]);
        assert_eq!((maybe_filed(&lost[..1]), maybe_filed(&lost)), (None, Some(7)));
        assert_eq!(maybe_filed(&[finish(None)]), Some(7));
        assert_eq!(maybe_filed(&[finish(Some(Ended::Refused))]), None);
        for silent in [Ended::Locked, Ended::Nothing, Ended::Refused, Ended::Unknown] {
            assert_eq!(then(finish(Some(silent))), Some(7), "{silent:?}");
            assert_eq!(then(Call { ended: Some(silent), ..call(Step::Retract, 2) }), Some(7), "{silent:?}");
        }
        for telling in [Ended::Gone, Ended::AlreadyFinished, Ended::AlreadyRetracted, Ended::Accepted] {
            assert_eq!(then(finish(Some(telling))), None, "{telling:?}");
        }
        // What another attempt is told says nothing of this one.
        assert_eq!(then(Call { number: Some(8), ..finish(Some(Ended::Gone)) }), Some(7));
    }

    /// An outage is not the report's fault: only attempts that were opened count.
    #[test]
    fn a_destination_that_is_down_wears_no_report_out() {
        let lost = |attempt| Call { attempt, number: None, ended: Some(Ended::Unknown), ..call(Step::Submit, 0) };
        let calls: Vec<Call> = (1..=40).map(lost).collect();
        assert_eq!(next(&calls, &[], 0, false, at(1)), Next::Submit { attempt: 41 });
        let opened = |attempt| Call { attempt, ended: Some(Ended::Unknown), ..call(Step::Upload, 0) };
        let gone = |attempt| Call { attempt, ended: Some(Ended::Gone), ..call(Step::Retract, 0) };
        let each = |attempt| [Call { attempt, ..call(Step::Submit, 0) }, opened(attempt), gone(attempt)];
        let calls: Vec<Call> = (1..=8).flat_map(each).collect();
        assert!(matches!(next(&calls, &[], 0, false, at(1)), Next::Stuck { .. }));
        assert_eq!(next(&calls, &[], 8, false, at(1)), Next::Submit { attempt: 9 });
    }
}
