//! The SQL of cases, signals, people, decisions and calls.

use std::collections::HashMap;

use jiff::Timestamp;

use super::danger::TelephoneCall;
use super::involved::{Involved, Role};
use super::priority::Ground;
use super::{Approval, Case, Decision, Joining, Priority, Signal, State};
use crate::refusal::{Error, Result};
use crate::store::{Arg, CaseId, DecisionId, InvolvedId, PersonId, Row, SignalId, StoreError, Tx, as_word, uuids};

pub(super) type Read<T> = std::result::Result<T, StoreError>;

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("writing a case", error))
}

pub(super) fn read_case(row: &Row) -> Read<Case> {
    Ok(Case {
        id: row.get("id")?,
        number: row.get("number")?,
        account: row.get("account")?,
        state: row.word("state")?,
        priority: Priority::from_number(row.get("priority")?),
        reasons: row.json("reasons")?,
        priority_by: row.get("priority_by")?,
        knowledge_at: row.get("knowledge_at")?,
        knowledge_route: row.word("knowledge_route")?,
        leased_by: row.get("leased_by")?,
        leased_until: row.get("leased_until")?,
        given_to: row.get("given_to")?,
        opened_at: row.get("opened_at")?,
    })
}

pub(super) async fn of_account(tx: &mut Tx, account: &str) -> Result<Option<Case>> {
    let sql = tx.dialect(
        "SELECT * FROM cases WHERE account = $1 AND state <> 'dismissed'",
        "SELECT * FROM cases WHERE account = $1 AND state <> 'dismissed' FOR UPDATE",
    );
    let row = tx.row(sql, &[account.into()]).await?;
    Ok(row.as_ref().map(read_case).transpose()?)
}

/// The newest case without an account that this key holds together.
pub(super) async fn gathered(tx: &mut Tx, key: &str, since: Timestamp) -> Result<Option<Case>> {
    let row = tx
        .row(
            "SELECT cases.id FROM gatherings JOIN cases ON cases.id = gatherings.case_id
             WHERE gatherings.key = $1 AND gatherings.at >= $2 AND cases.account IS NULL AND cases.state <> 'dismissed'
             ORDER BY gatherings.at DESC, cases.id DESC LIMIT 1",
            &[key.into(), since.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let found = locked(tx, row.get("id")?).await?;
    Ok(found.filter(|case| case.state != State::Dismissed))
}

pub(super) async fn gather(tx: &mut Tx, case: CaseId, key: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO gatherings (key, case_id, at) VALUES ($1, $2, $3) ON CONFLICT (key, case_id) DO UPDATE SET at = $3",
        &[key.into(), case.into(), now.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_case(tx: &mut Tx, case: &Case, due_at: Option<Timestamp>) -> Result<()> {
    tx.execute(
        "INSERT INTO cases (id, number, account, state, priority, reasons, knowledge_at, knowledge_route, opened_at,
             changed_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
        &[
            case.id.into(),
            case.number.into(),
            case.account.as_deref().into(),
            as_word(&case.state).into(),
            case.priority.number().into(),
            json(&case.reasons)?.into(),
            case.knowledge_at.into(),
            as_word(&case.knowledge_route).into(),
            case.opened_at.into(),
            due_at.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_priority(
    tx: &mut Tx,
    id: CaseId,
    priority: Priority,
    reasons: &[Ground],
    by: Option<PersonId>,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE cases SET priority = $1, reasons = $2, priority_by = $3, changed_at = $4 WHERE id = $5",
        &[priority.number().into(), json(&reasons)?.into(), by.into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn give_to(tx: &mut Tx, id: CaseId, person: Option<PersonId>) -> Result<()> {
    tx.execute("UPDATE cases SET given_to = $1 WHERE id = $2", &[person.into(), id.into()]).await?;
    Ok(())
}

pub(super) async fn set_state(tx: &mut Tx, id: CaseId, state: State) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE cases SET state = $1, changed_at = $2 WHERE id = $3",
        &[as_word(&state).into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn case(tx: &mut Tx, id: CaseId) -> Result<Option<Case>> {
    let row = tx.row("SELECT * FROM cases WHERE id = $1", &[id.into()]).await?;
    Ok(row.as_ref().map(read_case).transpose()?)
}

pub(super) async fn of_number(tx: &mut Tx, number: i64) -> Result<Option<Case>> {
    let row = tx.row("SELECT * FROM cases WHERE number = $1", &[number.into()]).await?;
    Ok(row.as_ref().map(read_case).transpose()?)
}

/// The case, with its row locked to the end of the transaction: no signal joins while it is decided.
pub(super) async fn locked(tx: &mut Tx, id: CaseId) -> Result<Option<Case>> {
    let sql = tx.dialect("SELECT * FROM cases WHERE id = $1", "SELECT * FROM cases WHERE id = $1 FOR UPDATE");
    let row = tx.row(sql, &[id.into()]).await?;
    Ok(row.as_ref().map(read_case).transpose()?)
}

pub(super) async fn lease(tx: &mut Tx, id: CaseId, person: PersonId, until: Timestamp) -> Result<bool> {
    let now = tx.now();
    let taken = tx
        .execute(
            "UPDATE cases SET leased_by = $1, leased_until = $2
             WHERE id = $3 AND (leased_by IS NULL OR leased_by = $1 OR leased_until <= $4)",
            &[person.into(), until.into(), id.into(), now.into()],
        )
        .await?;
    Ok(taken == 1)
}

pub(super) async fn release(tx: &mut Tx, id: CaseId) -> Result<()> {
    tx.execute("UPDATE cases SET leased_by = NULL, leased_until = NULL WHERE id = $1", &[id.into()]).await?;
    Ok(())
}

pub(super) async fn changed(tx: &mut Tx) -> Result<Option<i64>> {
    let row = tx.row("SELECT MAX(changed_at) AS at FROM cases", &[]).await?;
    Ok(row.map_or(Ok(None), |row| row.get("at"))?)
}

pub(super) async fn leased_by(tx: &mut Tx, person: PersonId) -> Result<Vec<CaseId>> {
    let now = tx.now();
    let sql = "SELECT id FROM cases WHERE leased_by = $1 AND leased_until > $2 ORDER BY id";
    Ok(tx.rows(sql, &[person.into(), now.into()]).await?.iter().map(|row| row.get("id")).collect::<Read<_>>()?)
}

pub(super) async fn insert_signal(tx: &mut Tx, id: SignalId, case: CaseId, joining: &Joining<'_>) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO signals (id, case_id, kind, item, notice, at, stream) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            id.into(),
            case.into(),
            as_word(&joining.kind).into(),
            joining.item.into(),
            joining.notice.into(),
            now.into(),
            joining.stream.into(),
        ],
    )
    .await?;
    Ok(())
}

fn read_signal(row: &Row) -> Read<Signal> {
    Ok(Signal {
        id: row.get("id")?,
        kind: row.word("kind")?,
        item: row.get("item")?,
        notice: row.get("notice")?,
        stream: row.get("stream")?,
        decision: row.get("decision")?,
        at: row.get("at")?,
    })
}

pub(super) async fn signals(tx: &mut Tx, case: CaseId) -> Result<Vec<Signal>> {
    let rows = tx.rows("SELECT * FROM signals WHERE case_id = $1 ORDER BY at, id", &[case.into()]).await?;
    Ok(rows.iter().map(read_signal).collect::<Read<_>>()?)
}

/// The signals of many cases, oldest first.
pub(super) async fn signals_of(tx: &mut Tx, cases: &[CaseId]) -> Result<HashMap<CaseId, Vec<Signal>>> {
    let rows = tx.rows_of("SELECT * FROM signals WHERE case_id IN IDS ORDER BY at, id", &[], &uuids(cases)).await?;
    let mut all: HashMap<CaseId, Vec<Signal>> = HashMap::new();
    for row in &rows {
        all.entry(row.get("case_id")?).or_default().push(read_signal(row)?);
    }
    Ok(all)
}

pub(super) async fn matches_in(tx: &mut Tx, case: CaseId) -> Result<i64> {
    let row =
        tx.row("SELECT COUNT(*) AS n FROM signals WHERE case_id = $1 AND kind = 'hash_match'", &[case.into()]).await?;
    Ok(row.map_or(Ok(0), |row| row.get("n"))?)
}

/// Moves everything of a dismissed case into the account's case of today.
pub(super) async fn move_signals(tx: &mut Tx, from: DecisionId, to: CaseId) -> Result<()> {
    tx.execute("UPDATE signals SET case_id = $1, decision = NULL WHERE decision = $2", &[to.into(), from.into()])
        .await?;
    Ok(())
}

pub(super) async fn assign_signals(tx: &mut Tx, case: CaseId, decision: DecisionId) -> Result<()> {
    tx.execute(
        "UPDATE signals SET decision = $1 WHERE case_id = $2 AND decision IS NULL",
        &[decision.into(), case.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn assign_these(tx: &mut Tx, signals: &[SignalId], decision: DecisionId) -> Result<()> {
    let ids: Vec<uuid::Uuid> = signals.iter().map(|signal| signal.0).collect();
    let sql = "UPDATE signals SET decision = $1 WHERE decision IS NULL AND id IN IDS";
    Ok(tx.rows_of(sql, &[decision.into()], &ids).await.map(drop)?)
}

pub(super) async fn unassign_signals(tx: &mut Tx, decision: DecisionId) -> Result<()> {
    tx.execute("UPDATE signals SET decision = NULL WHERE decision = $1", &[decision.into()]).await?;
    Ok(())
}

fn decision_row(decision: &Decision) -> Result<Vec<Arg>> {
    Ok(vec![
        decision.id.into(),
        decision.case.into(),
        as_word(&decision.outcome).into(),
        decision.reason.as_str().into(),
        decision.incident_type.as_deref().into(),
        json(&decision.viewed_whole)?.into(),
        json(&decision.particulars)?.into(),
        decision.by.into(),
        as_word(&decision.approval).into(),
        decision.at.into(),
    ])
}

pub(super) async fn insert_decisions(tx: &mut Tx, decisions: &[Decision]) -> Result<()> {
    let rows = decisions.iter().map(decision_row).collect::<Result<Vec<_>>>()?;
    let sql = "INSERT INTO decisions (id, case_id, outcome, reason, incident_type, statements, particulars, by_person,
             approval, at)
         VALUES ROWS";
    Ok(tx.write_rows(sql, &rows).await?)
}

pub(super) async fn settle_approval(
    tx: &mut Tx,
    id: DecisionId,
    approval: Approval,
    approver: PersonId,
    reason: &str,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE decisions SET approval = $1, approver = $2, approver_reason = $3, settled_at = $4 WHERE id = $5",
        &[as_word(&approval).into(), approver.into(), reason.into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn settle_alone(tx: &mut Tx, id: DecisionId) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE decisions SET settled_at = $1 WHERE id = $2", &[now.into(), id.into()]).await?;
    Ok(())
}

pub(super) async fn undo(tx: &mut Tx, id: DecisionId, by: PersonId, because: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE decisions SET undone_at = $1, undone_by = $2, undone_because = $3 WHERE id = $4",
        &[now.into(), by.into(), because.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) fn read_decision(row: &Row) -> Read<Decision> {
    Ok(Decision {
        id: row.get("id")?,
        case: row.get("case_id")?,
        outcome: row.word("outcome")?,
        reason: row.get("reason")?,
        incident_type: row.get("incident_type")?,
        viewed_whole: row.json("statements")?,
        particulars: row.json("particulars")?,
        by: row.get("by_person")?,
        approval: row.word("approval")?,
        at: row.get("at")?,
        undone_at: row.get("undone_at")?,
    })
}

pub(super) async fn decision(tx: &mut Tx, id: DecisionId) -> Result<Option<Decision>> {
    let row = tx.row("SELECT * FROM decisions WHERE id = $1", &[id.into()]).await?;
    Ok(row.as_ref().map(read_decision).transpose()?)
}

pub(super) async fn decisions(tx: &mut Tx, case: CaseId) -> Result<Vec<Decision>> {
    let rows = tx.rows("SELECT * FROM decisions WHERE case_id = $1 ORDER BY at, id", &[case.into()]).await?;
    Ok(rows.iter().map(read_decision).collect::<Read<_>>()?)
}

fn read_involved(row: &Row) -> Read<Involved> {
    Ok(Involved {
        id: row.get("id")?,
        kind: row.word("kind")?,
        account: row.get("account")?,
        role: row.get::<Option<String>>("role")?.and_then(|text| crate::store::word(&text)),
        likely_minor: row.get("likely_minor")?,
        hijacked: row.get("hijacked")?,
        facts: row.json("facts")?,
        set_by: row.get("set_by")?,
        at: row.get("at")?,
    })
}

pub(super) async fn involved(tx: &mut Tx, case: CaseId) -> Result<Vec<Involved>> {
    let rows = tx.rows("SELECT * FROM involved WHERE case_id = $1 ORDER BY at, id", &[case.into()]).await?;
    Ok(rows.iter().map(read_involved).collect::<Read<_>>()?)
}

/// The same of many cases.
pub(super) async fn involved_of(tx: &mut Tx, cases: &[CaseId]) -> Result<HashMap<CaseId, Vec<Involved>>> {
    let rows = tx.rows_of("SELECT * FROM involved WHERE case_id IN IDS ORDER BY at, id", &[], &uuids(cases)).await?;
    let mut all: HashMap<CaseId, Vec<Involved>> = HashMap::new();
    for row in &rows {
        all.entry(row.get("case_id")?).or_default().push(read_involved(row)?);
    }
    Ok(all)
}

pub(super) async fn insert_involved(tx: &mut Tx, case: CaseId, one: &Involved) -> Result<()> {
    tx.execute(
        "INSERT INTO involved (id, case_id, account, kind, role, likely_minor, hijacked, facts, set_by, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            one.id.into(),
            case.into(),
            one.account.as_deref().into(),
            as_word(&one.kind).into(),
            one.role.as_ref().map(as_word).into(),
            one.likely_minor.into(),
            one.hijacked.into(),
            json(&one.facts)?.into(),
            one.set_by.into(),
            one.at.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_involved(
    tx: &mut Tx,
    id: InvolvedId,
    role: Option<Role>,
    likely_minor: bool,
    hijacked: bool,
    by: Option<PersonId>,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE involved SET role = $1, likely_minor = $2, hijacked = $3, set_by = $4, set_at = $5 WHERE id = $6",
        &[role.as_ref().map(as_word).into(), likely_minor.into(), hijacked.into(), by.into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_call(tx: &mut Tx, case: CaseId, call: &TelephoneCall) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO telephone_calls (id, case_id, by_person, direction, authority, telephone, reference, words, at,
             written_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            call.id.into(),
            case.into(),
            call.by.into(),
            as_word(&call.direction).into(),
            call.authority.as_str().into(),
            call.telephone.as_str().into(),
            call.reference.as_deref().into(),
            call.words.as_str().into(),
            call.at.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn calls(tx: &mut Tx, case: CaseId) -> Result<Vec<TelephoneCall>> {
    let rows = tx.rows("SELECT * FROM telephone_calls WHERE case_id = $1 ORDER BY at, id", &[case.into()]).await?;
    let call = |row: &Row| {
        Ok(TelephoneCall {
            id: row.get("id")?,
            by: row.get("by_person")?,
            direction: row.word("direction")?,
            authority: row.get("authority")?,
            telephone: row.get("telephone")?,
            reference: row.get("reference")?,
            words: row.get("words")?,
            at: row.get("at")?,
        })
    };
    Ok(rows.iter().map(call).collect::<Read<_>>()?)
}
