//! What needs somebody now: the one page that they see first. It keeps nothing of its own; each line is a question to what others keep,
//! asked with the rights of who reads, and leads to where it is settled.

pub mod api;
pub mod pages;
mod store;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::accounts::{Caller, Permission};
use crate::refusal::Result;
use crate::store::{CaseId, Tx};

/// What can need somebody, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NeedKind)]
pub enum Kind {
    /// Cases in which a child may be in danger now and that are not reported yet.
    Danger,
    /// Alarms of which nobody has said that they know.
    Alarms,
    /// Cases whose deadline is near or has passed, and that nobody has decided.
    Deadlines,
    /// Cases that one works on.
    Yours,
    /// Cases that a colleague handed to one.
    Handed,
    /// Decisions of others that wait for a second person.
    Approvals,
    /// Cases with which somebody wants help.
    Help,
    /// Requests to remove an adult's intimate picture, whose time runs.
    Removals,
    /// Reports that are stuck.
    Stuck,
    /// Cases whose laws contradict each other: counsel is to be asked.
    Counsel,
    /// Holds that should give way, and orders to destroy, that wait for a second person.
    Releases,
    /// Legal process that is open.
    Process,
    /// Packages of evidence that wait for a second person.
    Packages,
    /// Those who received a wrong report and are to be told.
    Untold,
    /// Decisions about which two people disagree.
    Disagreements,
    /// Work behind the requests that gave up.
    Work,
}

impl Kind {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 16] = [
        Self::Danger,
        Self::Alarms,
        Self::Deadlines,
        Self::Yours,
        Self::Handed,
        Self::Approvals,
        Self::Help,
        Self::Removals,
        Self::Stuck,
        Self::Counsel,
        Self::Releases,
        Self::Process,
        Self::Packages,
        Self::Untold,
        Self::Disagreements,
        Self::Work,
    ];

    /// Who settles it: nobody else is told.
    fn needs(self) -> Permission {
        match self {
            Self::Danger | Self::Deadlines | Self::Yours | Self::Handed => Permission::DecideCases,
            Self::Alarms => Permission::AcknowledgeAlarms,
            Self::Approvals | Self::Help | Self::Disagreements => Permission::ApproveDecisions,
            Self::Removals => Permission::ReadNotices,
            Self::Stuck => Permission::ReviveReports,
            Self::Counsel | Self::Releases => Permission::ChangeHolds,
            Self::Process | Self::Packages => Permission::AnswerLegalProcess,
            Self::Untold => Permission::TellCorrections,
            Self::Work => Permission::RetryWork,
        }
    }

    /// Where it is settled.
    fn place(self) -> &'static str {
        match self {
            Self::Danger | Self::Yours | Self::Handed | Self::Deadlines => "/console/queue",
            Self::Approvals => "/console/queue?state=approval",
            Self::Help => "/console/queue?state=help",
            Self::Alarms => "/console/alarms",
            Self::Removals => "/console/removals",
            Self::Stuck => "/console/reports",
            Self::Counsel | Self::Releases => "/console/keeping",
            Self::Process | Self::Packages => "/console/legal",
            Self::Untold => "/console/banks",
            Self::Disagreements => "/console/second-looks",
            Self::Work => "/console/jobs",
        }
    }
}

/// Something that needs whoever asks.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Need {
    /// What.
    pub kind: Kind,
    /// How often.
    pub count: i64,
    /// Since when the oldest waits, or until when the next has time.
    #[schema(value_type = Option<String>)]
    pub at: Option<Timestamp>,
    /// The cases it is about, where it is about few: id and number.
    pub cases: Vec<Numbered>,
    /// The page of the console where it is settled.
    pub place: &'static str,
}

/// A case with the number that people call it by.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Numbered {
    /// Which.
    pub case: CaseId,
    /// Its number.
    pub number: i64,
}

/// So many cases are named each time.
const NAMED: i64 = 5;

/// What needs whoever asks, the most urgent first; nothing where nothing does.
pub async fn needs(tx: &mut Tx, caller: &Caller) -> Result<Vec<Need>> {
    let person = caller.person()?;
    let mut needs = Vec::new();
    for kind in Kind::ALL {
        if !caller.may(kind.needs()) {
            continue;
        }
        let (count, at) = store::count(tx, kind, person).await?;
        if count > 0 {
            let cases = store::cases(tx, kind, person, NAMED).await?;
            needs.push(Need { kind, count, at, cases, place: kind.place() });
        }
    }
    Ok(needs)
}
