//! The states of a case, and the only moves between them.

use crate::refusal::Result;

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Something waits for a decision.
    Open,
    /// A reviewer asked for help; a lead decides.
    Help,
    /// A decision waits for a second person.
    Approval,
    /// Reports are on their way.
    Reporting,
    /// All intended reports are finished.
    Reported,
    /// No violation.
    Dismissed,
}

impl State {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Help, Self::Approval, Self::Reporting, Self::Reported, Self::Dismissed];

    /// The state after an event; illegal moves are refused, and there is no other way to change a state.
    pub fn after(self, event: Event) -> Result<Self> {
        use Event as E;
        use State as S;
        Ok(match (self, event) {
            (S::Open | S::Help | S::Reported, E::Signal) => {
                if self == S::Help {
                    S::Help
                } else {
                    S::Open
                }
            }
            // What is under way is finished first; the new signal waits undecided.
            (S::Approval | S::Reporting, E::Signal) => self,
            (S::Open | S::Help, E::ApprovalAsked) => S::Approval,
            // What was not settled waits for a decision again.
            (S::Approval, E::ApprovalRefused | E::DismissedWithMore)
            | (S::Open | S::Help, E::DismissedWithMore)
            | (S::Reporting, E::ReportedWithMore) => S::Open,
            (S::Open | S::Help | S::Approval, E::ReportDecided) => S::Reporting,
            (S::Open | S::Help | S::Approval, E::Dismissed) => S::Dismissed,
            (S::Open, E::HelpAsked) => S::Help,
            (S::Reporting, E::Reported) => S::Reported,
            (state, event) => {
                return Err(super::WRONG_STATE.because(format!("{state:?} has no move for {event:?}")));
            }
        })
    }
}

/// What can happen to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A signal joined.
    Signal,
    /// A decision wants a second person.
    ApprovalAsked,
    /// The second person said no.
    ApprovalRefused,
    /// A report is decided.
    ReportDecided,
    /// No violation is decided.
    Dismissed,
    /// No violation is decided, and a signal came meanwhile.
    DismissedWithMore,
    /// A reviewer asks for help.
    HelpAsked,
    /// Every intended report is finished.
    Reported,
    /// Every intended report is finished, and a signal came meanwhile.
    ReportedWithMore,
}

impl Event {
    /// All events.
    pub const ALL: [Self; 9] = [
        Self::Signal,
        Self::ApprovalAsked,
        Self::ApprovalRefused,
        Self::ReportDecided,
        Self::Dismissed,
        Self::DismissedWithMore,
        Self::HelpAsked,
        Self::Reported,
        Self::ReportedWithMore,
    ];
}
