//! The SQL of many reports at once.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::super::editor::Edit;
use super::super::store::{read_edit, read_report};
use super::super::{Destination, Report, ReportKind};
use crate::refusal::Result;
use crate::store::{Arg, CaseId, DecisionId, ItemId, ReportId, Tx, as_word, uuids};

/// A report before it is written down.
pub(in crate::reporting) struct New {
    pub(in crate::reporting) id: ReportId,
    pub(in crate::reporting) case: CaseId,
    pub(in crate::reporting) decision: DecisionId,
    pub(in crate::reporting) kind: ReportKind,
    pub(in crate::reporting) destination: Destination,
    pub(in crate::reporting) due: Option<Timestamp>,
    pub(in crate::reporting) document: String,
    pub(in crate::reporting) batch: Option<String>,
}

pub(in crate::reporting) async fn insert(tx: &mut Tx, new: &[New]) -> Result<()> {
    let now = tx.now();
    let row = |new: &New| {
        vec![
            new.id.into(),
            new.case.into(),
            new.decision.into(),
            as_word(&new.kind).into(),
            as_word(&new.destination).into(),
            "waiting".into(),
            0_i64.into(),
            0_i64.into(),
            new.document.as_str().into(),
            now.into(),
            new.due.into(),
            new.batch.as_deref().into(),
        ]
    };
    let rows: Vec<Vec<Arg>> = new.iter().map(row).collect();
    let sql =
        "INSERT INTO reports (id, case_id, decision, kind, destination, state, attempt, revived, document, created_at,
             due_at, batch)
         VALUES ROWS";
    Ok(tx.write_rows(sql, &rows).await?)
}

/// The reports of many cases.
pub(in crate::reporting) async fn of_cases(tx: &mut Tx, cases: &[CaseId]) -> Result<HashMap<CaseId, Vec<Report>>> {
    let rows = tx.rows_of("SELECT * FROM reports WHERE case_id IN IDS ORDER BY id", &[], &uuids(cases)).await?;
    let mut all: HashMap<CaseId, Vec<Report>> = HashMap::new();
    for row in &rows {
        let report = read_report(row)?;
        all.entry(report.case).or_default().push(report);
    }
    Ok(all)
}

/// What people entered for the next report of many cases.
pub(in crate::reporting) async fn edits_of(tx: &mut Tx, cases: &[CaseId]) -> Result<HashMap<CaseId, Vec<Edit>>> {
    let sql = "SELECT * FROM report_edits WHERE report IS NULL AND case_id IN IDS ORDER BY id";
    let mut all: HashMap<CaseId, Vec<Edit>> = HashMap::new();
    for row in &tx.rows_of(sql, &[], &uuids(cases)).await? {
        all.entry(row.get("case_id")?).or_default().push(read_edit(row)?);
    }
    Ok(all)
}

/// Which of these uploads somebody may have seen: here, in the platform's own tool, or before they told of it.
pub(in crate::reporting) async fn looked_at(tx: &mut Tx, items: &[ItemId]) -> Result<HashSet<ItemId>> {
    let ids: Vec<Uuid> = items.iter().map(|item| item.0).collect();
    let mut all = HashSet::new();
    for sql in [
        "SELECT DISTINCT item FROM views WHERE item IN IDS",
        "SELECT DISTINCT item FROM viewings WHERE item IN IDS",
        "SELECT DISTINCT signals.item AS item FROM signals JOIN notices ON notices.case_id = signals.case_id
         WHERE notices.kind = 'moderator' AND signals.item IN IDS",
    ] {
        for row in tx.rows_of(sql, &[], &ids).await? {
            all.insert(row.get("item")?);
        }
    }
    Ok(all)
}
