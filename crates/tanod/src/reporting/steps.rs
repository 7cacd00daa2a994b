//! The one decision of the filing machine: given every call so far, what comes next. Pure, so that a test can cut it
//! anywhere.
//!
//! Each call is written down before it is made and its answer after. What stands without an answer may or may not have
//! been acted on, and the rules of recovery (cybertipline A.4) follow from which call it was.

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

/// After so many attempts a person looks.
pub(super) const MOST_ATTEMPTS: i64 = 8;

/// What comes next, given every call on record in order and the files in order.
///
/// `revived` is the attempt after which a person last looked at a stuck report and said: again. What stuck it is past.
///
/// `withdraw` says that the decision was undone: nothing new is sent, and what is half open is taken back. Whether a lost
/// `finish` was acted on, the destination says when it is asked to take the report back.
pub(super) fn next(calls: &[Call], files: &[ItemId], revived: i64, withdraw: bool) -> Next {
    if withdraw {
        return back(calls);
    }
    let Some(last) = calls.last() else { return Next::Submit { attempt: 1 } };
    let again = || {
        if last.attempt - revived >= MOST_ATTEMPTS {
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
    match (last.step, last.ended) {
        (Step::Submit | Step::Upload | Step::Fileinfo, Some(Ended::Accepted)) => {
            forward(calls, files, last.attempt, number)
        }
        // `finish` may be asked again: it says so if it was done.
        (Step::Finish, None | Some(Ended::Unknown | Ended::Nothing)) => Next::Finish { number },
        (_, Some(Ended::AlreadyFinished)) | (Step::Finish, Some(Ended::Accepted)) => Next::Finished { number },
        (_, Some(Ended::Gone | Ended::AlreadyRetracted)) | (Step::Retract, Some(Ended::Accepted)) => again(),
        (_, Some(Ended::Locked)) => Next::Stuck { why: "the destination refused our credentials" },
        (Step::Upload | Step::Fileinfo, Some(Ended::Nothing)) => forward(calls, files, last.attempt, number),
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

/// The next thing to send in an attempt that goes well.
fn forward(calls: &[Call], files: &[ItemId], attempt: i64, number: i64) -> Next {
    let done = |step, item| {
        calls.iter().find(|call| {
            call.attempt == attempt
                && call.step == step
                && call.item == Some(item)
                && call.ended == Some(Ended::Accepted)
        })
    };
    for item in files {
        let Some(upload) = done(Step::Upload, *item) else { return Next::Upload { number, item: *item } };
        if done(Step::Fileinfo, *item).is_none() {
            let Some(file_id) = upload.file_id.clone() else { return Next::Retract { number } };
            return Next::Fileinfo { number, item: *item, file_id };
        }
    }
    Next::Finish { number }
}
