//! What a report may say about viewing: read from the record alone, for this very upload, as it stood at one time (US-15).
//!
//! `Viewed` has no public constructor, is stored nowhere and read from nowhere: whoever holds one got it from [`of`].

use std::collections::{HashMap, HashSet};

use exchange::ncmec::document;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::document::DraftFile;
use super::store;
use crate::accounts::{self, Caller, Permission};
use crate::audit::{self, Entry};
use crate::evidence;
use crate::refusal::{Kind, Result};
use crate::review::{self, Decision};
use crate::store::{CaseId, ItemId, PersonId, Recorded, Tx, ViewingId};
use crate::web::languages::{self, say};

/// A statement that says too little to be relied on.
pub(super) static BAD_VIEWING: Kind = Kind::new(
    422,
    "bad-viewing",
    "This statement about a viewing cannot be taken.",
    "Say who viewed the entire contents of this very upload, in which of your tools, and when, not in the future. Of anything less, state nothing.",
).program("They are `viewer`, `tool`, `viewed_at`, and `entire_contents: true`.");
/// An id that leads nowhere.
pub(super) static UNKNOWN_VIEWING: Kind = Kind::new(
    404,
    "unknown-viewing",
    "No such statement waits for a second person.",
    "The report's page lists them; one that was settled stays as it is.",
)
.program("GET /v1/cases/{case}/viewings lists them.");

/// What was seen of an upload, as a report may state it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewed {
    said: Said,
    /// When somebody of ours was shown an identical file of another upload, whole.
    twin: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    /// The deciding person viewed this upload whole and without a veil before this, and said so.
    Whole,
    /// Somebody named viewed it in the platform's own tool: stated by one person, countersigned by another.
    InTool { tool: String, at: Timestamp, stated: i64, countersigned: i64 },
    /// Somebody looked, but not at all of it, or does not state it.
    Partly,
    /// Nobody looked.
    Nobody,
    /// It is a text that we wrote ourselves, of which nobody states to have read it.
    Ours,
}

impl Viewed {
    /// The value of `fileViewedByEsp`; absent where neither yes nor no would be true.
    pub fn flag(&self) -> Option<bool> {
        match self.said {
            Said::Whole | Said::InTool { .. } => Some(true),
            Said::Partly | Said::Ours => None,
            Said::Nobody => Some(false),
        }
    }

    /// The same as the document writes it. Of EXIF nothing is stated: it is shown beside
    /// the fields, and whether somebody looked at it is not on record.
    pub(super) fn stated(&self) -> document::Viewing {
        match self.flag() {
            Some(true) => document::Viewing::WHOLE,
            Some(false) => document::Viewing::NOBODY,
            None => document::Viewing::UNSTATED,
        }
    }

    /// What belongs beside the flag, in plain words.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        match &self.said {
            Said::InTool { tool, at, stated, countersigned } => words.push(format!(
                "The entire contents of this upload were viewed in the platform's own tool ({tool}) on {at}, as stated by staff \
                 {stated} and countersigned by staff {countersigned}."
            )),
            Said::Partly => words.push(
                "A person saw part of this file, or a blurred or reduced form of it; nobody states to have viewed all of it.".to_owned(),
            ),
            Said::Whole | Said::Nobody | Said::Ours => {}
        }
        if let (Some(at), false) = (self.twin, self.flag() == Some(true)) {
            words.push(format!(
                "An identical file (the same SHA-256) of another upload was shown whole to a reviewer of the platform on {at}. \
                 This upload itself was not."
            ));
        }
        words
    }

    /// For a person, in a line.
    pub fn in_short(&self) -> languages::Said {
        say(match self.said {
            Said::Whole => "report-viewed-whole",
            Said::InTool { .. } => "report-viewed-in-tool",
            Said::Partly => "report-viewed-partly",
            Said::Nobody => "report-viewed-not",
            Said::Ours => "report-viewed-ours",
        })
    }
}

/// What was seen of a file of a report up to a time.
pub(super) async fn of_file(
    tx: &mut Tx,
    decision: Option<&Decision>,
    file: &DraftFile,
    until: Timestamp,
) -> Result<Viewed> {
    match file.text {
        Some(_) => Ok(Viewed { said: Said::Ours, twin: None }),
        None => of(tx, decision, file.item, until).await,
    }
}

/// What was seen of this very upload up to a time: never of an identical file of another.
async fn of(tx: &mut Tx, decision: Option<&Decision>, item: ItemId, until: Timestamp) -> Result<Viewed> {
    let mut views = evidence::views(tx, item).await?;
    views.retain(|view| view.at <= until);
    let whole = decision.is_some_and(|decision| {
        decision.viewed_whole.contains(&item)
            && views.iter().any(|view| view.person == decision.by && view.whole && !view.veiled)
    });
    if whole {
        return Ok(Viewed { said: Said::Whole, twin: None });
    }
    let mut statements = store::viewings_of(tx, item).await?;
    statements.retain(|one| one.at <= until);
    for one in &statements {
        if let (Some(second), Some(at)) = (one.second, one.second_at)
            && one.state == ViewingState::Countersigned
            && at <= until
        {
            let stated = accounts::staff_of(tx, one.by).await?;
            let countersigned = accounts::staff_of(tx, second).await?;
            let said = Said::InTool { tool: one.tool.clone(), at: one.viewed_at, stated, countersigned };
            return Ok(Viewed { said, twin: None });
        }
    }
    // A moderator who told of it has seen something of it; of what, nobody says.
    let looked = !views.is_empty() || !statements.is_empty() || store::moderator_told(tx, item, until).await?;
    let said = if looked { Said::Partly } else { Said::Nobody };
    Ok(Viewed { said, twin: store::twin_viewed(tx, item, until).await? })
}

/// What was seen of many uploads until now. Nobody looks at one of thousands of copies, and of those it is asked together.
pub(super) struct Looks {
    looked: HashSet<ItemId>,
    /// When a copy of a file was last seen whole, by its digests.
    twins: HashMap<String, Option<Timestamp>>,
}

impl Looks {
    /// With those that somebody may have seen.
    pub(super) fn at(looked: HashSet<ItemId>) -> Self {
        Self { looked, twins: HashMap::new() }
    }

    /// The same as [`of_file`], now.
    pub(super) async fn of(&mut self, tx: &mut Tx, decision: Option<&Decision>, file: &DraftFile) -> Result<Viewed> {
        if file.text.is_some() || self.looked.contains(&file.item) {
            return of_file(tx, decision, file, tx.now()).await;
        }
        let digests: String = file.digests().map(|(_, digest)| digest).collect();
        let twin = if let Some(twin) = self.twins.get(&digests) {
            *twin
        } else {
            // Nobody has seen this one, so whoever saw a copy saw one of the others.
            let twin = store::twin_viewed(tx, file.item, tx.now()).await?;
            *self.twins.entry(digests).or_insert(twin)
        };
        Ok(Viewed { said: Said::Nobody, twin })
    }
}

/// How far a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViewingState {
    /// It waits for a second person.
    Open,
    /// A second person stands by it.
    Countersigned,
    /// A second person does not.
    Refused,
}

/// A statement that somebody viewed an upload in the platform's own tool.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Viewing {
    /// Its id.
    pub id: ViewingId,
    /// In which case.
    pub case: CaseId,
    /// Which upload.
    pub item: ItemId,
    /// Who viewed it, by name or number as the platform knows them. It stays in our record.
    pub viewer: String,
    /// In which tool.
    pub tool: String,
    /// When.
    #[schema(value_type = String)]
    pub viewed_at: Timestamp,
    /// How far the statement is.
    pub state: ViewingState,
    /// Who stated it.
    pub by: PersonId,
    /// When it was stated.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Who countersigned or refused it.
    pub second: Option<PersonId>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub second_at: Option<Timestamp>,
}

/// Such a statement on its way in.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewViewing {
    /// Who viewed it, by name or number as the platform knows them.
    pub viewer: String,
    /// In which tool.
    pub tool: String,
    /// When.
    #[schema(value_type = String)]
    pub viewed_at: Timestamp,
    /// That it was all of it: must be true, for of less there is nothing to state.
    pub entire_contents: bool,
}

/// States that somebody viewed an upload of a case in the platform's own tool. It counts once another person has
/// countersigned it.
pub async fn state(
    tx: &mut Tx,
    caller: &Caller,
    case: CaseId,
    item: ItemId,
    new: &NewViewing,
) -> Result<(Viewing, Recorded)> {
    caller.require(Permission::DecideCases)?;
    review::find(tx, caller, case).await?;
    if review::signals(tx, case).await?.iter().all(|signal| signal.item != Some(item)) {
        return Err(review::NOT_IN_CASE.because(item.to_string()));
    }
    let fits = |text: &str| (2..=200).contains(&text.trim().chars().count());
    if !fits(&new.viewer) || !fits(&new.tool) || !new.entire_contents || new.viewed_at > tx.now() {
        return Err((&BAD_VIEWING).into());
    }
    let viewing = Viewing {
        id: tx.id(),
        case,
        item,
        viewer: new.viewer.trim().to_owned(),
        tool: new.tool.trim().to_owned(),
        viewed_at: new.viewed_at,
        state: ViewingState::Open,
        by: caller.person()?,
        at: tx.now(),
        second: None,
        second_at: None,
    };
    store::insert_viewing(tx, &viewing).await?;
    let detail = json!({"item": item, "viewer": viewing.viewer, "tool": viewing.tool, "viewed_at": viewing.viewed_at});
    let proof =
        audit::record(tx, Entry::by(caller, "viewing.stated").case(case).about(viewing.id).detail(detail)).await?;
    Ok((viewing, proof))
}

/// A second person stands by a statement, or does not. Nobody countersigns their own.
pub async fn countersign(tx: &mut Tx, caller: &Caller, id: ViewingId, yes: bool) -> Result<(Viewing, Recorded)> {
    caller.require(Permission::DecideCases)?;
    let mut viewing = store::viewing(tx, id).await?.ok_or(&UNKNOWN_VIEWING)?;
    let second = caller.person()?;
    if viewing.by == second {
        return Err((&review::SAME_PERSON).into());
    }
    viewing.state = if yes { ViewingState::Countersigned } else { ViewingState::Refused };
    viewing.second = Some(second);
    viewing.second_at = Some(tx.now());
    if !store::settle_viewing(tx, &viewing).await? {
        return Err((&UNKNOWN_VIEWING).into());
    }
    let kind = if yes { "viewing.countersigned" } else { "viewing.refused" };
    let proof = audit::record(tx, Entry::by(caller, kind).case(viewing.case).about(id)).await?;
    Ok((viewing, proof))
}

/// The statements in a case, oldest first.
pub async fn of_case(tx: &mut Tx, caller: &Caller, case: CaseId) -> Result<Vec<Viewing>> {
    caller.require(Permission::ReadCases)?;
    review::find(tx, caller, case).await?;
    store::viewings_in(tx, case).await
}
