//! One file that many accounts passed on goes out as one batched report where the destination allows it. Each case keeps a
//! report of its own; when the first of them is sent, those that wait with it go along.

use std::collections::BTreeSet;

use exchange::ncmec::document::{
    Batch, BatchReason, BatchedAccount, BatchedFile, BatchedReport, BatchedSummary, FileAnnotation, FileDetails,
    Report as Plain, Spread, Tip, Viewing,
};

use super::document::{Draft, DraftFile};
use super::{Report, ReportState, finish_one, store};
use crate::queue::{self, Work};
use crate::refusal::{Error, Result};
use crate::review::{self, Decision};
use crate::store::{ReportId, Tx};

/// So many accounts stand in one report at most.
const MOST: i64 = 2_000;

/// The file under which a report may go out with others: decided for one file, known to spread, of one account and nobody
/// else, and nothing urgent in it.
pub(super) fn of(draft: &Draft, decision: &Decision) -> Option<String> {
    let Tip::Plain(report) = &draft.tip else { return None };
    let [file] = draft.files.as_slice() else { return None };
    let alone = report.recipients.is_empty() && report.victims.is_empty() && report.law_enforcement.is_none();
    let fits = alone && account(report).is_some() && report.summary.escalate.is_none();
    decision.particulars.file.clone().filter(|_| fits && spread(&file.details).is_some())
}

fn account(report: &Plain) -> Option<String> {
    report.reported.as_ref().and_then(|reported| reported.account.esp_identifier.clone())
}

fn spread(details: &FileDetails) -> Option<Spread> {
    let all: BTreeSet<FileAnnotation> = details.relevance.annotations().clone();
    if all == BTreeSet::from([FileAnnotation::Viral]) {
        Some(Spread::Viral)
    } else if all == BTreeSet::from([FileAnnotation::PotentialMeme]) {
        Some(Spread::PotentialMeme)
    } else if all == BTreeSet::from([FileAnnotation::Viral, FileAnnotation::PotentialMeme]) {
        Some(Spread::Both)
    } else {
        None
    }
}

/// Takes along what waits with a report that is about to be opened for the first time.
pub(super) async fn gather(tx: &mut Tx, report: &Report) -> Result<()> {
    if let (Some(file), ReportState::Waiting) = (&report.batch, report.state) {
        store::join(tx, report.id, file, MOST).await?;
    }
    Ok(())
}

/// What goes out: alone, or with those that go along.
pub(super) struct Outgoing {
    with: Vec<String>,
}

impl Outgoing {
    pub(super) async fn of(tx: &mut Tx, report: &Report) -> Result<Self> {
        let mut with = Vec::new();
        if report.batch.is_some() {
            for other in store::joined(tx, report.id).await? {
                let draft = other.draft()?.filter(|_| !other.withdraw_asked);
                with.extend(draft.and_then(|draft| match &draft.tip {
                    Tip::Plain(plain) => account(plain),
                    Tip::Batched(_) => None,
                }));
            }
        }
        Ok(Self { with })
    }

    /// The document for `submit`.
    pub(super) fn report(&self, draft: &Draft) -> Result<String> {
        let (false, Tip::Plain(plain)) = (self.with.is_empty(), &draft.tip) else { return Ok(draft.document()) };
        let own = account(plain).ok_or_else(|| Error::internal("writing a batched report", "it has no account"))?;
        let Plain { summary, reporter, .. } = (**plain).clone();
        let batched = BatchedReport {
            batch: Batch { reason: BatchReason::ViralPotentialMeme },
            summary: BatchedSummary {
                incident_type: summary.incident_type,
                platform: summary.platform,
                annotations: summary.annotations,
                incident_at: summary.incident_at,
                incident_at_means: summary.incident_at_means,
            },
            reporter,
            accounts: std::iter::once(own)
                .chain(self.with.iter().cloned())
                .map(|esp_identifier| BatchedAccount { esp_identifier })
                .collect(),
        };
        Ok(Tip::Batched(Box::new(batched)).to_xml(draft.level).xml)
    }

    /// The document for `fileinfo` of a batched report; nothing for one that goes alone.
    pub(super) fn file(&self, file: &DraftFile, number: i64, file_id: &str, viewing: Viewing) -> Option<String> {
        let (details, level) = (&file.details, file.level);
        let spread = spread(details).filter(|_| !self.with.is_empty())?;
        let file = BatchedFile {
            report_id: number,
            file_id: file_id.to_owned(),
            uploaded_at: details.uploaded_at,
            viewing,
            publicly_available: details.publicly_available,
            spread,
            classification: details.relevance.classification(),
        };
        Some(file.to_xml(level).xml)
    }
}

/// The destination has accepted a report: those that went along are filed under its number, and each case has its year.
pub(super) async fn finished(tx: &mut Tx, report: &Report, number: i64) -> Result<()> {
    for other in store::joined(tx, report.id).await? {
        finish_one(tx, &other, number).await.map(drop)?;
    }
    Ok(())
}

/// A report was taken back at the destination. Whoever else went along goes on: with it, if its own decision stands, and
/// else by themselves. True where it goes on itself.
pub(super) async fn taken_back(tx: &mut Tx, report: &Report) -> Result<bool> {
    let stands = review::decision(tx, report.decision).await?.is_some_and(|decision| decision.undone_at.is_none());
    let joined = store::joined(tx, report.id).await?;
    let goes_on = stands && !joined.is_empty();
    for other in joined {
        if other.withdraw_asked {
            store::set_state(tx, other.id, ReportState::Withdrawn, None).await?;
            store::leave(tx, other.id).await?;
        } else if !goes_on {
            store::set_state(tx, other.id, ReportState::Waiting, None).await?;
            store::leave(tx, other.id).await?;
            queue::revive(tx, &Work::FileReportV1 { report: other.id }).await?;
        }
    }
    if goes_on {
        store::go_on(tx, report.id).await?;
    }
    Ok(goes_on)
}

/// The report with which another goes along.
pub(super) async fn carrier(tx: &mut Tx, report: &Report) -> Result<Option<Report>> {
    let Some(id) = report.joined else { return Ok(None) };
    store::report(tx, id).await
}

/// Where the calls about a report are kept: with the one that carries it.
pub(super) fn calls_of(report: &Report) -> ReportId {
    report.joined.unwrap_or(report.id)
}
