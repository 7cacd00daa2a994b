//! The states of a case, and the only moves between them.

use crate::refusal::Result;

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Something waits for a decision.
    Open,
    /// A reviewer cannot tell; whoever is named, or a lead, decides.
    Help,
    /// A reviewer needs more from the platform before deciding.
    Context,
    /// A decision waits for a second person.
    Approval,
    /// Reports are on their way.
    Reporting,
    /// All intended reports are finished.
    Reported,
    /// No violation, or one that is not reported.
    Dismissed,
}

impl State {
    /// All states.
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Help, Self::Context, Self::Approval, Self::Reporting, Self::Reported, Self::Dismissed];

    /// Whether a decision can be made.
    pub fn can_be_decided(self) -> bool {
        matches!(self, Self::Open | Self::Help | Self::Context)
    }

    /// The state after an event; illegal moves are refused, and there is no other way to change a state.
    pub fn after(self, event: Event) -> Result<Self> {
        use Event as E;
        use State as S;
        Ok(match (self, event) {
            // What is under way is finished first; the new signal waits undecided. And what waits for a named person
            // goes on waiting for them.
            (S::Help | S::Approval | S::Reporting, E::Signal)
            | (S::Approval | S::Reporting, E::Reopened)
            | (S::Open | S::Help | S::Approval | S::Reporting | S::Reported | S::Dismissed, E::ContextCame) => self,
            // What was not settled waits for a decision again.
            (S::Open | S::Context | S::Reported, E::Signal)
            | (S::Context, E::ContextCame)
            | (S::Approval, E::ApprovalRefused)
            | (S::Open | S::Help | S::Context | S::Approval, E::DismissedWithMore)
            | (S::Reporting, E::ReportedWithMore | E::Withdrawn)
            | (S::Reporting | S::Reported, E::FoundWrongWithMore)
            | (S::Open | S::Help | S::Context | S::Reported | S::Dismissed, E::Reopened) => S::Open,
            (S::Open | S::Help | S::Context, E::ApprovalAsked) => S::Approval,
            (S::Open | S::Help | S::Context, E::HelpAsked) => S::Help,
            (S::Open | S::Help | S::Context, E::ContextAsked) => S::Context,
            (S::Open | S::Help | S::Context | S::Approval, E::Dismissed)
            | (S::Reporting | S::Reported, E::FoundWrong) => S::Dismissed,
            (S::Open | S::Help | S::Context | S::Approval, E::ReportDecided)
            // Danger now waits for nothing, not for a report that is on its way either.
            | (S::Open | S::Help | S::Context | S::Approval | S::Reporting | S::Reported | S::Dismissed, E::DangerNow) => {
                S::Reporting
            }
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
    /// A child may be in danger now: a report is decided, whatever else is under way.
    DangerNow,
    /// No report is decided.
    Dismissed,
    /// No report is decided, and a signal came meanwhile.
    DismissedWithMore,
    /// A reviewer cannot tell.
    HelpAsked,
    /// A reviewer needs more from the platform.
    ContextAsked,
    /// The platform's context came, or its time is over.
    ContextCame,
    /// Every intended report is finished.
    Reported,
    /// Every intended report is finished, and a signal came meanwhile.
    ReportedWithMore,
    /// The report was taken back before it was sent.
    Withdrawn,
    /// The decision to report was wrong.
    FoundWrong,
    /// The decision to report was wrong, and a signal waits.
    FoundWrongWithMore,
    /// What was decided rested on something that was found wrong.
    Reopened,
}

impl Event {
    /// All events.
    pub const ALL: [Self; 16] = [
        Self::Signal,
        Self::ApprovalAsked,
        Self::ApprovalRefused,
        Self::ReportDecided,
        Self::DangerNow,
        Self::Dismissed,
        Self::DismissedWithMore,
        Self::HelpAsked,
        Self::ContextAsked,
        Self::ContextCame,
        Self::Reported,
        Self::ReportedWithMore,
        Self::Withdrawn,
        Self::FoundWrong,
        Self::FoundWrongWithMore,
        Self::Reopened,
    ];
}
