//! Whether an action's turn has come: a pure answer from what is known of its case.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Action, Kind, Notice, UNAPPROVED};

/// What an action's turn waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// Nothing of the case is kept yet.
    Hold,
    /// Who takes part in a stream is not sealed yet.
    Snapshot,
    /// The platform has not said what it knows, and its time is not over.
    Context,
    /// No report was accepted, and the case is not closed either.
    Report,
    /// A user is told later.
    Delay,
}

/// What of a case decides whose turn it is.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of the case")]
pub(super) struct Known {
    /// A hold stands: everything is kept.
    pub(super) held: bool,
    /// The platform's context came, or its time is over.
    pub(super) context: bool,
    /// Who took part in its streams is sealed.
    pub(super) sealed: bool,
    /// A child may be in danger now.
    pub(super) danger: bool,
    /// Every report is accepted, or the case is closed without one.
    pub(super) over: bool,
    /// Now.
    pub(super) now: Timestamp,
}

/// What the action still waits for; nothing when its turn has come. Preserve, context, restrict, report, notify (HR-07).
pub(super) fn waits(action: &Action, known: Known) -> Option<Waits> {
    match action.kind {
        // Whoever was restricted wrongly waits for nothing.
        Kind::Reinstate => None,
        // That nobody tells the user must be known before somebody does.
        Kind::UserNotice if action.notice == Some(Notice::None) => None,
        Kind::UserNotice if !known.over => Some(Waits::Report),
        Kind::UserNotice => {
            let until = action.delay.as_ref().map(|delay| match delay.approver {
                Some(_) => delay.until,
                None => delay.until.min(action.asked_at.checked_add(UNAPPROVED).unwrap_or(delay.until)),
            });
            until.filter(|until| *until > known.now).map(|_| Waits::Delay)
        }
        _ if !known.held => Some(Waits::Hold),
        // Whoever watches is gone with the stream: they are sealed first, and nothing else is waited for.
        Kind::StopStream => (!known.sealed).then_some(Waits::Snapshot),
        _ if !known.context && !known.danger => Some(Waits::Context),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Delay, State, Target};
    use super::*;
    use crate::store::{ActionId, CaseId, PersonId};

    fn action(kind: Kind, notice: Option<Notice>, delay: Option<Delay>) -> Action {
        Action {
            id: ActionId(uuid::Uuid::nil()),
            case: CaseId(uuid::Uuid::nil()),
            kind,
            state: State::Waiting,
            target: Target::default(),
            permanent: false,
            undo_of: None,
            notice,
            delay,
            reason: String::new(),
            asked_by: "tanod".to_owned(),
            asked_at: at(0),
            waits_for: None,
            requests: 0,
            sent_at: None,
            requested_at: None,
            settled_at: None,
            settled_by: None,
            note: None,
        }
    }

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hour * 3_600).unwrap()
    }

    proptest! {
        /// Nothing is restricted before everything is kept; nothing before the context, unless a child is in danger or a stream
        /// runs; no user is told before the report; and whoever was wronged waits for nothing.
        #[test]
        fn the_order_holds_whatever_is_known(
            held in any::<bool>(), context in any::<bool>(), danger in any::<bool>(), over in any::<bool>(), kind in 0..7_usize,
            told in 0..3_usize, sealed in any::<bool>(),
        ) {
            let known = Known { held, context, sealed, danger, over, now: at(1) };
            let kind = Kind::ALL[kind];
            let notice = (kind == Kind::UserNotice).then_some([Notice::None, Notice::Neutral, Notice::Full][told]);
            let waits = waits(&action(kind, notice, None), known);
            if kind == Kind::StopStream {
                prop_assert_eq!(waits.is_none(), held && sealed);
            } else if kind.restricts() {
                prop_assert_eq!(waits.is_none(), held && (context || danger));
            } else if kind == Kind::Reinstate || notice == Some(Notice::None) {
                prop_assert_eq!(waits, None);
            } else {
                prop_assert_eq!(waits.is_none(), over);
            }
        }

        /// A delay ends by itself: when it says so, or after a day where nobody approved it.
        #[test]
        fn a_delay_ends_by_itself(hours in 1_i64..800, now in 0_i64..900, approved in any::<bool>()) {
            let approver = approved.then(|| PersonId(uuid::Uuid::nil()));
            let delay = Delay { until: at(hours), basis: "a letter".to_owned(), approver, by: None };
            let known = Known { held: true, context: true, sealed: true, danger: false, over: true, now: at(now) };
            let waits = waits(&action(Kind::UserNotice, Some(Notice::Full), Some(delay)), known);
            let ends = if approved { hours } else { hours.min(24) };
            prop_assert_eq!(waits.is_some(), now < ends);
        }
    }
}
