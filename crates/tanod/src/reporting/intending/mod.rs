//! A settled decision becomes an intended report. One decision on a file becomes thousands of them, each of its own case: they
//! are read and written together.

mod store;

use std::collections::HashMap;
use std::time::Duration;

use jiff::SignedDuration;

use super::gather::{self, Around, Says};
use super::viewing::{Looks, Viewed};
use super::{
    Destination, INVALID_REPORT, Report, ReportKind, ReportState, batch, incident_type, minutes_to_take_back, score,
};
use crate::audit::{self, Entry};
use crate::config::Settings;
use crate::context;
use crate::evidence;
use crate::intake;
use crate::provider;
use crate::queue::{self, Work};
use crate::refusal::{Error, Result};
use crate::review::{self, Case, Decision, involved};
use crate::store::{CaseId, ItemId, ReportId, Tx};
use crate::web::languages::spoken;

pub(super) use store::{New, insert};

/// Intends the report of a settled decision. The decision is unique among reports: the same one never intends a second.
/// Until it is due it can be taken back; danger now is due at once.
pub async fn intend(tx: &mut Tx, case: &Case, decision: &Decision, settings: &Settings) -> Result<()> {
    intend_all(tx, std::slice::from_ref(case), std::slice::from_ref(decision), settings).await
}

/// The same for many decisions, each in the case that stands at its place.
pub async fn intend_all(tx: &mut Tx, cases: &[Case], decisions: &[Decision], settings: &Settings) -> Result<()> {
    let ids: Vec<CaseId> = cases.iter().map(|case| case.id).collect();
    let provider = provider::current(tx, &settings.reporting.about).await?;
    let missing = provider.missing();
    let mut signals = review::signals_of(tx, &ids).await?;
    let of_items = signals.values().flatten().filter_map(|signal| signal.item).collect::<Vec<ItemId>>();
    let mut uploads = intake::find_all(tx, &of_items).await?;
    let mut looks = Looks::at(store::looked_at(tx, &of_items).await?);
    let exif = evidence::exif_of(tx, &of_items).await?;
    let mut known = context::known_all(tx, &ids).await?;
    let standing = context::standing_all(tx, &ids).await?;
    let mut people = involved::of_all(tx, &ids).await?;
    let mut earlier = store::of_cases(tx, &ids).await?;
    let mut edits = store::edits_of(tx, &ids).await?;
    let (mut rows, mut entries, mut work) = (Vec::new(), Vec::new(), HashMap::<u64, Vec<Work>>::new());
    for (case, decision) in cases.iter().zip(decisions) {
        let destination = decision.particulars.destination.unwrap_or(settings.reporting.destination);
        let escalated = decision.particulars.escalate.is_some();
        // Danger now waits for nothing that the destination itself does not demand.
        if destination == Destination::Ncmec && !escalated && !missing.is_empty() {
            return Err(provider::INCOMPLETE.because(provider::named(&missing, spoken()).join("; ")));
        }
        let earlier = earlier.remove(&case.id).unwrap_or_default();
        let signals = signals.remove(&case.id).unwrap_or_default();
        let kind_of = decision.incident_type.as_deref().and_then(incident_type);
        let says = Says {
            incident_type: kind_of
                .ok_or_else(|| Error::internal("drafting a report", "the decision has no incident type"))?,
            escalate: decision.particulars.escalate.clone(),
            annotations: decision.particulars.report_annotations.clone(),
            file_annotations: decision.particulars.file_annotations.clone(),
            signals: signals.iter().filter(|signal| signal.decision == Some(decision.id)).collect(),
        };
        let covered = says.signals.iter().filter_map(|signal| signal.item);
        let around = Around {
            uploads: covered
                .map(|item| uploads.remove(&item).ok_or_else(|| (&intake::UNKNOWN_ITEM).into()))
                .collect::<Result<_>>()?,
            exif: says
                .signals
                .iter()
                .filter_map(|signal| exif.get_key_value(&signal.item?))
                .map(|(item, exif)| (*item, exif.clone()))
                .collect(),
            known: known.remove(&case.id).unwrap_or_default(),
            standing: standing.get(&case.id).map(|standing| standing.state),
            involved: people.remove(&case.id).unwrap_or_default(),
            prior: prior(&earlier),
        };
        let mut draft = gather::draft(tx.now(), case, &says, &around, &provider).at(settings.reporting.schema_level);
        let edits = edits.remove(&case.id).unwrap_or_default();
        let overtaken = draft.apply(&edits);
        let mut viewed = Vec::new();
        for file in &draft.files {
            viewed.push(looks.of(tx, Some(decision), file).await?);
        }
        let seen = viewed.iter().any(|viewed: &Viewed| viewed.flag() == Some(true));
        draft.score = Some(score::of(&draft, seen, &provider));
        let faults = if destination == Destination::Ncmec { draft.faults(tx.now()) } else { Vec::new() };
        // An alarm is raised even so: the report then waits, stuck, for whoever is paged.
        if let Some(fault) = faults.first().filter(|_| !escalated) {
            return Err(INVALID_REPORT.because(fault.clone()));
        }
        let report: ReportId = tx.id();
        let filed = earlier.iter().filter(|report| report.state != ReportState::Withdrawn).count();
        let kind = if filed == 0 { ReportKind::Initial } else { ReportKind::Supplement };
        let minutes = minutes_to_take_back(case, escalated, settings);
        let due = SignedDuration::try_from(Duration::from_mins(minutes)).ok();
        let due = due.and_then(|by| tx.now().checked_add(by).ok());
        rows.push(New {
            id: report,
            case: case.id,
            decision: decision.id,
            kind,
            destination,
            due: due.filter(|_| destination == Destination::Ncmec && minutes > 0),
            document: serde_json::to_string(&draft)
                .map_err(|error| Error::internal("writing a report's draft", error))?,
            batch: batch::of(&draft, decision).filter(|_| destination == Destination::Ncmec),
        });
        if !edits.is_empty() {
            super::store::settle_edits(tx, case.id, report).await?;
        }
        if destination == Destination::Ncmec {
            work.entry(minutes).or_default().push(Work::FileReportV1 { report });
        }
        let unsaid = draft.unsaid();
        let detail = serde_json::json!({
            "cleaned": unsaid.cleaned, "encoded": unsaid.encoded, "left_out": unsaid.left_out, "kind": kind, "files": draft.files.len(), "destination": destination,
            "score": draft.score, "overtaken": overtaken, "escalated": escalated,
        });
        entries.push(Entry::by_tanod("report.intended").case(case.id).about(report).detail(detail));
    }
    insert(tx, &rows).await?;
    for (minutes, work) in work {
        queue::push_all(tx, &work, Duration::from_mins(minutes)).await?;
    }
    audit::record_all(tx, &entries).await
}

/// Numbers of the finished reports of a case, in the same environment.
pub(super) fn prior(reports: &[Report]) -> Vec<i64> {
    let finished = reports.iter().filter(|report| report.state == ReportState::Finished);
    finished.filter_map(|report| report.number).collect()
}
