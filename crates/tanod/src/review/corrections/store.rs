//! The SQL of corrections and of who must be told.

use super::super::store::{Read, read_decision};
use super::{Correction, Told, ToldState};
use crate::refusal::Result;
use crate::review::Decision;
use crate::store::{BankId, CaseId, CorrectionId, ReportId, Row, StoreError, ToldId, Tx, as_word};

/// Decisions, not undone, that cover a copy of this file.
pub(super) async fn decisions_on_file(tx: &mut Tx, sha256: &[u8]) -> Result<Vec<Decision>> {
    let rows = tx
        .rows(
            "SELECT * FROM decisions WHERE undone_at IS NULL AND id IN
                 (SELECT signals.decision FROM signals JOIN items ON items.id = signals.item WHERE items.sha256 = $1)
             ORDER BY at, id",
            &[sha256.into()],
        )
        .await?;
    Ok(rows.iter().map(read_decision).collect::<Read<_>>()?)
}

/// Decisions, not undone, every signal of which is a match with this bank and no other.
pub(super) async fn decisions_on_bank(tx: &mut Tx, bank: BankId) -> Result<Vec<Decision>> {
    let rows = tx
        .rows(
            "SELECT * FROM decisions WHERE undone_at IS NULL
               AND id IN (SELECT signals.decision FROM signals
                   JOIN item_matches ON item_matches.item = signals.item AND NOT item_matches.shadow
                   WHERE item_matches.bank = $1)
               AND id NOT IN (SELECT signals.decision FROM signals
                   LEFT JOIN item_matches ON item_matches.item = signals.item AND NOT item_matches.shadow
                   WHERE signals.decision IS NOT NULL
                     AND (signals.kind <> 'hash_match' OR item_matches.bank IS NULL OR item_matches.bank <> $1))
             ORDER BY at, id",
            &[bank.into()],
        )
        .await?;
    Ok(rows.iter().map(read_decision).collect::<Read<_>>()?)
}

pub(super) async fn insert_correction(tx: &mut Tx, correction: &Correction) -> Result<()> {
    tx.execute(
        "INSERT INTO corrections (id, case_id, decision, bank, reason, by_person, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            correction.id.into(),
            correction.case.into(),
            correction.decision.into(),
            correction.bank.into(),
            correction.reason.as_str().into(),
            correction.by.into(),
            correction.at.into(),
        ],
    )
    .await?;
    for told in &correction.told {
        tx.execute(
            "INSERT INTO corrections_told (id, correction, report, whom, state) VALUES ($1, $2, $3, $4, $5)",
            &[
                told.id.into(),
                correction.id.into(),
                told.report.into(),
                told.whom.as_str().into(),
                as_word(&told.state).into(),
            ],
        )
        .await?;
    }
    Ok(())
}

fn read_told(row: &Row) -> Read<Told> {
    Ok(Told {
        id: row.get("id")?,
        report: row.get("report")?,
        whom: row.get("whom")?,
        state: row.word("state")?,
        means: row.get("means")?,
        words: row.get("words")?,
        told_at: row.get("told_at")?,
        by: row.get("by_person")?,
    })
}

pub(super) async fn corrections(tx: &mut Tx, case: CaseId) -> Result<Vec<Correction>> {
    let rows = tx.rows("SELECT * FROM corrections WHERE case_id = $1 ORDER BY at, id", &[case.into()]).await?;
    let mut all = Vec::new();
    for row in &rows {
        let id: CorrectionId = row.get("id")?;
        let told = tx.rows("SELECT * FROM corrections_told WHERE correction = $1 ORDER BY id", &[id.into()]).await?;
        all.push(Correction {
            id,
            case: Some(case),
            decision: row.get("decision")?,
            bank: row.get("bank")?,
            reason: row.get("reason")?,
            by: row.get("by_person")?,
            at: row.get("at")?,
            told: told.iter().map(read_told).collect::<Read<_>>()?,
            reopened: Vec::new(),
        });
    }
    Ok(all)
}

/// Who must still be told, the longest waiting first, with the case.
pub(super) async fn untold(tx: &mut Tx) -> Result<Vec<(Option<CaseId>, Told)>> {
    let rows = tx
        .rows(
            "SELECT corrections_told.*, corrections.case_id FROM corrections_told
             JOIN corrections ON corrections.id = corrections_told.correction
             WHERE corrections_told.state = 'open' ORDER BY corrections_told.id LIMIT 1000",
            &[],
        )
        .await?;
    Ok(rows.iter().map(|row| Ok((row.get("case_id")?, read_told(row)?))).collect::<Read<_>>()?)
}

pub(super) async fn told(tx: &mut Tx, id: ToldId) -> Result<Option<(Option<CaseId>, Told)>> {
    let row = tx
        .row(
            "SELECT corrections_told.*, corrections.case_id FROM corrections_told
             JOIN corrections ON corrections.id = corrections_told.correction WHERE corrections_told.id = $1",
            &[id.into()],
        )
        .await?;
    Ok(row.as_ref().map(|row| Ok::<_, StoreError>((row.get("case_id")?, read_told(row)?))).transpose()?)
}

pub(super) async fn set_told(tx: &mut Tx, told: &Told) -> Result<bool> {
    let changed = tx
        .execute(
            "UPDATE corrections_told SET state = $1, means = $2, words = $3, told_at = $4, by_person = $5
             WHERE id = $6 AND state = $7",
            &[
                as_word(&told.state).into(),
                told.means.as_deref().into(),
                told.words.as_deref().into(),
                told.told_at.into(),
                told.by.into(),
                told.id.into(),
                as_word(&ToldState::Open).into(),
            ],
        )
        .await?;
    Ok(changed == 1)
}

pub(super) async fn must_be_told(tx: &mut Tx, report: ReportId) -> Result<()> {
    tx.execute(
        "UPDATE corrections_told SET state = 'open' WHERE report = $1 AND state = 'taken_back'",
        &[report.into()],
    )
    .await?;
    Ok(())
}
