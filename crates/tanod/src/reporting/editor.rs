//! What people change in a report before it is sent: field by field, on top of what it gathered, and nothing of what follows
//! from the record.

use std::ops::Range;

use exchange::ncmec::document::{FileDetails, IncidentType, Level, Tip};
use exchange::ncmec::form::{self, Group};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::{Draft, DraftFile, Origin};
use super::gather::{self, Around, Says};
use super::viewing::{self, Viewed, ViewingState};
use super::{ReportState, UNKNOWN_REPORT, intending, score, store, thread};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::config;
use crate::provider;
use crate::refusal::{Error, Kind, Result};
use crate::review::{self, Signal};
use crate::store::{CaseId, ItemId, Recorded, ReportId, Tx, as_word, word};

/// A change that fits no field.
pub(super) static BAD_CHANGE: Kind = Kind::new(
    422,
    "bad-change",
    "This cannot be entered into the report.",
    "Enter what the form lists, with values that fit; the detail names the field. What follows from the record (viewing, \
     digests, ids) and from the decision (type, urgency) cannot be entered.",
)
.program("GET …/draft lists the fields.");
/// A report that is on its way, or filed.
pub(super) static NOT_EDITABLE: Kind = Kind::new(
    409,
    "not-editable",
    "This report can no longer be changed.",
    "What is being sent or is filed stays as it is; tell more in a supplement. A stuck one can be changed, then sent again.",
);

/// Where the fields stand that say why a report does not say something: `/absent/Devices/why`, `/absent/Devices/reason`.
pub(super) const ABSENT: &str = "/absent/";

/// What is chosen elsewhere: at the decision, or under Provider.
const CHOSEN_ELSEWHERE: [&str; 3] =
    ["/report/incidentSummary/incidentType", "/report/incidentSummary/escalateToHighPriority", "/report/reporter"];

/// Whether a field follows from the decision or from who reports, and is not entered here.
pub(super) fn chosen_elsewhere(path: &str) -> bool {
    CHOSEN_ELSEWHERE.iter().any(|chosen| path.starts_with(chosen))
}

/// A field of a report, changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Of which file; absent for the report itself.
    #[serde(default)]
    pub file: Option<ItemId>,
    /// Which field, as the draft's form names it.
    pub path: String,
    /// What it says from now on; empty takes it away.
    pub value: String,
}

/// A change as it is kept until the report is intended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Edit {
    pub(super) change: Change,
    /// What the field said then. If the case says something else by now, the change no longer fits.
    pub(super) was: String,
    pub(super) staff: i64,
    pub(super) at: Timestamp,
}

/// A report before it is sent, with what would be said of viewing.
pub struct Preview {
    /// As it would be sent now.
    pub draft: Draft,
    /// Of each file of the part that was asked for.
    pub viewed: Vec<Viewed>,
    /// What the destination would refuse, of the report itself and of those files.
    pub faults: Vec<exchange::ncmec::Finding>,
    /// Changes that the case has overtaken: look again.
    pub overtaken: Vec<Change>,
}

/// What is absent, and which of the two things said about that, where a change is one of those.
fn absent_field(change: &Change) -> Option<(&str, &str)> {
    change.path.strip_prefix(ABSENT).filter(|_| change.file.is_none())?.rsplit_once('/')
}

/// The form of a report or of one of its files.
pub(super) fn form_of(document: &str, level: Level) -> Result<Group> {
    form::form(document, level).ok_or_else(|| Error::internal("reading a draft", "a document of ours cannot be read"))
}

fn find<'a>(group: &'a Group, path: &str) -> Option<&'a str> {
    let own = group.fields.iter().find(|field| field.path == path).map(|field| field.value.as_str());
    own.or_else(|| {
        group.groups.iter().filter(|group| path.starts_with(&group.path)).find_map(|group| find(group, path))
    })
}

impl Draft {
    fn sketch(&self, file: Option<ItemId>) -> Option<String> {
        match file {
            None => Some(self.document()),
            Some(item) => self.files.iter().find(|file| file.item == item).map(DraftFile::sketch),
        }
    }

    /// What a field shows now, whoever may change it.
    pub(super) fn shows(&self, change: &Change) -> Option<String> {
        if change.path == thread::AS_FILE && change.file.is_none() {
            return self.conversation_as_file().map(|goes| if goes { "true".to_owned() } else { String::new() });
        }
        if let Some((what, field)) = absent_field(change) {
            let absent = self.absent.iter().find(|absent| absent.what == what)?;
            return match field {
                "why" => Some(as_word(&absent.why)),
                "reason" => Some(absent.reason.clone()),
                _ => None,
            };
        }
        find(&form::form(&self.sketch(change.file)?, self.level)?, &change.path).map(str::to_owned)
    }

    /// What a field says now that can be changed here.
    pub(super) fn value(&self, change: &Change) -> Option<String> {
        self.shows(change).filter(|_| !chosen_elsewhere(&change.path))
    }

    /// Changes a field. False where it cannot say this.
    fn change(&mut self, change: &Change, origin: Origin) -> bool {
        if change.path == thread::AS_FILE {
            if self.value(change).is_none() || !matches!(change.value.as_str(), "true" | "") {
                return false;
            }
            self.send_conversation(change.value == "true");
            self.origins.push((change.path.clone(), origin));
            return true;
        }
        if let Some((what, field)) = absent_field(change) {
            let absent = self.absent.iter_mut().find(|absent| absent.what == what);
            let Some(absent) = absent.filter(|_| (1..=500).contains(&change.value.chars().count())) else {
                return false;
            };
            match (field, word(&change.value)) {
                ("why", Some(why)) => absent.why = why,
                ("reason", _) => absent.reason.clone_from(&change.value),
                _ => return false,
            }
            self.origins.push((change.path.clone(), origin));
            return true;
        }
        let Some(document) = self.sketch(change.file).filter(|_| self.value(change).is_some()) else { return false };
        let one = [(change.path.clone(), change.value.clone())];
        let Some(changed) = form::with(&document, &one, self.level) else { return false };
        let origins = match change.file {
            None => {
                let Some(tip) = Tip::from_xml(&changed) else { return false };
                self.tip = tip;
                &mut self.origins
            }
            Some(item) => {
                let details = FileDetails::from_xml(&changed);
                let file = self.files.iter_mut().find(|file| file.item == item);
                let (Some(details), Some(file)) = (details, file) else { return false };
                file.details = details;
                &mut file.origins
            }
        };
        origins.push((change.path.clone(), origin));
        true
    }

    /// Changes a field for a moment, to see what would follow.
    pub(super) fn try_change(&mut self, change: &Change) -> bool {
        self.change(change, Origin::Record)
    }

    /// Applies what people entered; answers what no longer fits.
    pub(super) fn apply(&mut self, edits: &[Edit]) -> Vec<Change> {
        let fits = |draft: &mut Self, edit: &Edit| {
            let now = draft.value(&edit.change);
            now.as_ref() == Some(&edit.change.value)
                || now.as_ref() == Some(&edit.was)
                    && draft.change(&edit.change, Origin::Person { staff: edit.staff, at: edit.at })
        };
        edits.iter().filter(|edit| !fits(self, edit)).map(|edit| edit.change.clone()).collect()
    }
}

/// All files of a draft.
pub(super) const EVERY_FILE: Range<usize> = 0..usize::MAX;

/// The report of a case as it would be now: what is undecided, gathered, with what people entered; and of some of its files what
/// is to be said of viewing, for of thousands nobody waits for that.
pub(super) async fn preview(
    tx: &mut Tx,
    caller: &Caller,
    id: CaseId,
    settings: &config::Settings,
    part: &Range<usize>,
) -> Result<Preview> {
    caller.require(Permission::ReadCases)?;
    let case = review::find(tx, caller, id).await?;
    let signals = review::signals(tx, id).await?;
    let open: Vec<&Signal> = signals.iter().filter(|signal| signal.decision.is_none()).collect();
    let files = open.iter().any(|signal| signal.item.is_some());
    let says = Says {
        incident_type: if files { IncidentType::AbuseMaterial } else { IncidentType::Enticement },
        escalate: None,
        annotations: std::collections::BTreeSet::new(),
        file_annotations: std::collections::BTreeSet::new(),
        signals: open,
    };
    let provider = provider::current(tx, &settings.reporting.about).await?;
    let prior = intending::prior(&store::of_case(tx, id).await?);
    let around = Around::of(tx, &case, &says, prior).await?;
    let mut draft = gather::draft(tx.now(), &case, &says, &around, &provider).at(settings.reporting.schema_level);
    let overtaken = draft.apply(&store::edits(tx, id).await?);
    let mut viewed = Vec::new();
    for file in draft.files.iter().skip(part.start).take(part.len()) {
        viewed.push(viewing::of_file(tx, None, file, tx.now()).await?);
    }
    // Nothing is decided yet, so only what two people stated of another tool says that somebody viewed all of a file.
    let mut stated = store::viewings_in(tx, id).await?.into_iter();
    let seen = stated
        .any(|one| one.state == ViewingState::Countersigned && draft.files.iter().any(|file| file.item == one.item));
    draft.score = Some(score::of(&draft, seen, &provider));
    let faults = draft.findings(tx.now(), part);
    Ok(Preview { draft, viewed, faults, overtaken })
}

/// What a report says that was decided, as it would be sent or was.
pub(super) async fn of_report(
    tx: &mut Tx,
    caller: &Caller,
    id: ReportId,
    part: &Range<usize>,
) -> Result<Option<Preview>> {
    // What is sent has people's letters in it.
    caller.require(Permission::ReadCases)?;
    let report = super::find(tx, caller, id).await?;
    let Some(draft) = report.draft()? else { return Ok(None) };
    let said = super::said_of_viewing(tx, &report, &draft, part).await?;
    let viewed = said.into_iter().map(|(_, viewed)| viewed).collect();
    let faults = draft.findings(tx.now(), part);
    Ok(Some(Preview { draft, viewed, faults, overtaken: Vec::new() }))
}

/// Enters changes into the report of a case before it is decided. They go with the next report that is intended.
pub(super) async fn change_case(
    tx: &mut Tx,
    caller: &Caller,
    id: CaseId,
    changes: &[Change],
    settings: &config::Settings,
) -> Result<(Preview, Recorded)> {
    caller.require(Permission::DecideCases)?;
    review::leased(tx, caller, id).await?;
    let mut preview = preview(tx, caller, id, settings, &EVERY_FILE).await?;
    let made = enter(tx, caller, &mut preview.draft, changes)?;
    for edit in &made {
        store::insert_edit(tx, id, edit).await?;
    }
    preview.faults = preview.draft.findings(tx.now(), &EVERY_FILE);
    let detail = serde_json::json!({"changes": changes});
    let proof = audit::record(tx, Entry::by(caller, "report.edited").case(id).detail(detail)).await?;
    Ok((preview, proof))
}

/// Enters changes into a report that is decided and of which nothing is sent, or that is stuck.
pub(super) async fn change_report(tx: &mut Tx, caller: &Caller, id: ReportId, changes: &[Change]) -> Result<Recorded> {
    caller.require(Permission::DecideCases)?;
    let report = store::locked(tx, id).await?.ok_or(&UNKNOWN_REPORT)?;
    let waits = report.state == ReportState::Waiting && report.attempt == 0;
    let Some(mut draft) = report.draft()?.filter(|_| waits || report.state == ReportState::Dead) else {
        return Err((&NOT_EDITABLE).into());
    };
    enter(tx, caller, &mut draft, changes)?;
    let text = serde_json::to_string(&draft).map_err(|error| Error::internal("writing a report's draft", error))?;
    store::set_document(tx, id, &text).await?;
    let detail = serde_json::json!({"changes": changes});
    audit::record(tx, Entry::by(caller, "report.edited").case(report.case).about(id).detail(detail)).await
}

/// Changes the draft, field by field; the first that does not fit refuses all.
fn enter(tx: &Tx, caller: &Caller, draft: &mut Draft, changes: &[Change]) -> Result<Vec<Edit>> {
    let Caller::Person { staff, .. } = caller else { return Err((&crate::accounts::NOT_ALLOWED).into()) };
    let mut made = Vec::new();
    for change in changes {
        let was = draft.value(change).ok_or_else(|| BAD_CHANGE.because(change.path.clone()))?;
        let change = Change { value: change.value.trim().to_owned(), ..change.clone() };
        if was.trim() == change.value {
            continue;
        }
        let edit = Edit { was, staff: *staff, at: tx.now(), change };
        if !draft.change(&edit.change, Origin::Person { staff: edit.staff, at: edit.at }) {
            return Err(BAD_CHANGE.because(edit.change.path));
        }
        made.push(edit);
    }
    Ok(made)
}
