//! The SQL of legal process and packages.

use jiff::Timestamp;

use super::{Package, PackageState, Process, State};
use crate::refusal::Result;
use crate::store::{CaseId, LegalProcessId, PackageId, PersonId, Row, StoreError, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

/// A process with the staff numbers of those who worked on it.
macro_rules! processes {
    ($rest:literal) => {
        concat!(
            "SELECT legal_processes.*, writer.staff AS by_staff, verifier.staff AS verified_staff,
                 settler.staff AS settled_staff
             FROM legal_processes
             LEFT JOIN people AS writer ON writer.id = legal_processes.by_person
             LEFT JOIN people AS verifier ON verifier.id = legal_processes.verified_by
             LEFT JOIN people AS settler ON settler.id = legal_processes.settled_by ",
            $rest
        )
    };
}

/// A package with the staff numbers of the two people.
macro_rules! packages {
    ($rest:literal) => {
        concat!(
            "SELECT packages.*, asker.staff AS asked_staff, settler.staff AS settled_staff
             FROM packages
             LEFT JOIN people AS asker ON asker.id = packages.asked_by
             LEFT JOIN people AS settler ON settler.id = packages.settled_by ",
            $rest
        )
    };
}

pub(super) async fn insert(tx: &mut Tx, process: &Process, by: PersonId) -> Result<()> {
    tx.execute(
        "INSERT INTO legal_processes (id, number, case_id, authority, recipient, agency, officer, reference, scope,
             received_at, due_at, state, by_person)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
            process.id.into(),
            process.number.into(),
            process.case.into(),
            as_word(&process.authority).into(),
            as_word(&process.recipient).into(),
            process.agency.as_str().into(),
            process.officer.as_str().into(),
            process.reference.as_str().into(),
            process.scope.as_str().into(),
            process.received_at.into(),
            process.due_at.into(),
            as_word(&process.state).into(),
            by.into(),
        ],
    )
    .await?;
    Ok(())
}

fn read(row: &Row) -> Read<Process> {
    let by: Option<i64> = row.get("by_staff")?;
    Ok(Process {
        id: row.get("id")?,
        number: row.get("number")?,
        case: row.get("case_id")?,
        authority: row.word("authority")?,
        recipient: row.word("recipient")?,
        agency: row.get("agency")?,
        officer: row.get("officer")?,
        reference: row.get("reference")?,
        scope: row.get("scope")?,
        received_at: row.get("received_at")?,
        due_at: row.get("due_at")?,
        state: row.word("state")?,
        verified_how: row.get("verified_how")?,
        verified_by: row.get("verified_staff")?,
        verified_at: row.get("verified_at")?,
        given: row.get("given")?,
        settled_by: row.get("settled_staff")?,
        settled_at: row.get("settled_at")?,
        by: by.unwrap_or_default(),
    })
}

pub(super) async fn find(tx: &mut Tx, id: LegalProcessId) -> Result<Option<Process>> {
    let row = tx.row(processes!("WHERE legal_processes.id = $1"), &[id.into()]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

/// The process, locked to the end of the transaction.
pub(super) async fn locked(tx: &mut Tx, id: LegalProcessId) -> Result<Option<Process>> {
    let sql = tx.dialect(
        "SELECT id FROM legal_processes WHERE id = $1",
        "SELECT id FROM legal_processes WHERE id = $1 FOR UPDATE",
    );
    if tx.row(sql, &[id.into()]).await?.is_none() {
        return Ok(None);
    }
    find(tx, id).await
}

pub(super) async fn list(
    tx: &mut Tx,
    state: Option<State>,
    case: Option<CaseId>,
    before: Option<LegalProcessId>,
    limit: i64,
) -> Result<Vec<Process>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    let state = state.as_ref().map(as_word);
    let sql = processes!(
        "WHERE legal_processes.id < $1 AND ($2 IS NULL OR legal_processes.state = $2)
             AND ($3 IS NULL OR legal_processes.case_id = $3)
         ORDER BY legal_processes.id DESC LIMIT $4"
    );
    let rows = tx.rows(sql, &[before.into(), state.into(), case.into(), limit.into()]).await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

/// Open ones that ask for an answer by a time.
pub(super) async fn ticking(tx: &mut Tx, limit: i64) -> Result<Vec<Process>> {
    let sql = processes!(
        "WHERE legal_processes.state IN ('received', 'verified') AND legal_processes.due_at IS NOT NULL
         ORDER BY legal_processes.due_at LIMIT $1"
    );
    let rows = tx.rows(sql, &[limit.into()]).await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

pub(super) async fn verify(tx: &mut Tx, id: LegalProcessId, by: PersonId, how: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE legal_processes SET state = 'verified', verified_how = $1, verified_by = $2, verified_at = $3
         WHERE id = $4",
        &[how.into(), by.into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn settle(tx: &mut Tx, id: LegalProcessId, state: State, by: PersonId, given: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE legal_processes SET state = $1, given = $2, settled_by = $3, settled_at = $4 WHERE id = $5",
        &[as_word(&state).into(), given.into(), by.into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "one for each column")]
pub(super) async fn insert_package(
    tx: &mut Tx,
    id: PackageId,
    process: LegalProcessId,
    case: CaseId,
    language: &str,
    age_recipient: Option<&str>,
    reason: &str,
    by: PersonId,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO packages (id, process, case_id, language, age_recipient, reason, asked_by, asked_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'asked')",
        &[
            id.into(),
            process.into(),
            case.into(),
            language.into(),
            age_recipient.into(),
            reason.into(),
            by.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

fn read_package(row: &Row) -> Read<Package> {
    let (asked_by, sha256): (Option<i64>, Option<Vec<u8>>) = (row.get("asked_staff")?, row.get("sha256")?);
    Ok(Package {
        id: row.get("id")?,
        process: row.get("process")?,
        case: row.get("case_id")?,
        language: row.get("language")?,
        age_recipient: row.get("age_recipient")?,
        reason: row.get("reason")?,
        asked_by: asked_by.unwrap_or_default(),
        asked_at: row.get("asked_at")?,
        state: row.word("state")?,
        settled_by: row.get("settled_staff")?,
        settled_reason: row.get("settled_reason")?,
        settled_at: row.get("settled_at")?,
        made_at: row.get("made_at")?,
        sha256: sha256.map(hex::encode),
        bytes: row.get("bytes")?,
    })
}

pub(super) async fn package(tx: &mut Tx, id: PackageId) -> Result<Option<Package>> {
    let row = tx.row(packages!("WHERE packages.id = $1"), &[id.into()]).await?;
    Ok(row.as_ref().map(read_package).transpose()?)
}

/// The package and who asked for it, locked to the end of the transaction.
pub(super) async fn locked_package(tx: &mut Tx, id: PackageId) -> Result<Option<(Package, PersonId)>> {
    let sql = tx.dialect(
        "SELECT asked_by FROM packages WHERE id = $1",
        "SELECT asked_by FROM packages WHERE id = $1 FOR UPDATE",
    );
    let Some(row) = tx.row(sql, &[id.into()]).await? else { return Ok(None) };
    let by: PersonId = row.get("asked_by")?;
    Ok(package(tx, id).await?.map(|package| (package, by)))
}

pub(super) async fn packages(
    tx: &mut Tx,
    case: Option<CaseId>,
    process: Option<LegalProcessId>,
    before: Option<PackageId>,
    limit: i64,
) -> Result<Vec<Package>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    let sql = packages!(
        "WHERE packages.id < $1 AND ($2 IS NULL OR packages.case_id = $2)
             AND ($3 IS NULL OR packages.process = $3)
         ORDER BY packages.id DESC LIMIT $4"
    );
    let rows = tx.rows(sql, &[before.into(), case.into(), process.into(), limit.into()]).await?;
    Ok(rows.iter().map(read_package).collect::<Read<_>>()?)
}

pub(super) async fn settle_package(
    tx: &mut Tx,
    id: PackageId,
    state: PackageState,
    by: PersonId,
    reason: &str,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE packages SET state = $1, settled_by = $2, settled_reason = $3, settled_at = $4 WHERE id = $5",
        &[as_word(&state).into(), by.into(), reason.into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn made(tx: &mut Tx, id: PackageId, sha256: [u8; 32], bytes: i64) -> Result<()> {
    let now: Timestamp = tx.now();
    tx.execute(
        "UPDATE packages SET state = 'made', made_at = $1, sha256 = $2, bytes = $3 WHERE id = $4",
        &[now.into(), sha256.as_slice().into(), bytes.into(), id.into()],
    )
    .await?;
    Ok(())
}
