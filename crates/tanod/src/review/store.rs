//! The SQL of cases, signals and decisions.

use jiff::Timestamp;

use super::{Approval, Case, Decision, Priority, Signal, State, Wanted};
use crate::refusal::{Error, Result};
use crate::store::{CaseId, DecisionId, ItemId, PersonId, Row, SignalId, StoreError, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

fn read_case(row: &Row) -> Read<Case> {
    Ok(Case {
        id: row.get("id")?,
        number: row.get("number")?,
        account: row.get("account")?,
        state: row.word("state")?,
        priority: Priority::from_number(row.get("priority")?),
        knowledge_at: row.get("knowledge_at")?,
        knowledge_route: row.get("knowledge_route")?,
        leased_by: row.get("leased_by")?,
        leased_until: row.get("leased_until")?,
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

pub(super) async fn insert_case(tx: &mut Tx, case: &Case) -> Result<()> {
    tx.execute(
        "INSERT INTO cases (id, number, account, state, priority, knowledge_at, knowledge_route, opened_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        &[
            case.id.into(),
            case.number.into(),
            case.account.as_deref().into(),
            as_word(&case.state).into(),
            case.priority.number().into(),
            case.knowledge_at.into(),
            case.knowledge_route.as_str().into(),
            case.opened_at.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn signal_joined(tx: &mut Tx, id: CaseId, state: State, priority: Priority) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE cases SET state = $1, priority = $2, changed_at = $3 WHERE id = $4",
        &[as_word(&state).into(), priority.number().into(), now.into(), id.into()],
    )
    .await?;
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

/// The case, with its row locked to the end of the transaction: no signal joins while it is decided.
pub(super) async fn locked(tx: &mut Tx, id: CaseId) -> Result<Option<Case>> {
    let sql = tx.dialect("SELECT * FROM cases WHERE id = $1", "SELECT * FROM cases WHERE id = $1 FOR UPDATE");
    let row = tx.row(sql, &[id.into()]).await?;
    Ok(row.as_ref().map(read_case).transpose()?)
}

pub(super) async fn list(tx: &mut Tx, wanted: Wanted, limit: i64) -> Result<Vec<Case>> {
    let after = match wanted.after {
        Some(id) => case(tx, id).await?,
        None => None,
    };
    // One cursor for the queue's order: urgency, then how long it is known, then the id.
    let (priority, known, id) = after.map_or((-1, Timestamp::MIN.as_microsecond(), uuid::Uuid::nil()), |case| {
        (case.priority.number(), case.knowledge_at.as_microsecond(), case.id.0)
    });
    let state = wanted.state.as_ref().map(as_word);
    let rows = tx
        .rows(
            "SELECT * FROM cases
             WHERE ($1 IS NULL OR state = $1) AND (priority > $2 OR (priority = $2
                 AND (knowledge_at > $3 OR (knowledge_at = $3 AND id > $4))))
             ORDER BY priority, knowledge_at, id LIMIT $5",
            &[state.into(), priority.into(), known.into(), id.into(), limit.into()],
        )
        .await?;
    Ok(rows.iter().map(read_case).collect::<Read<_>>()?)
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

pub(super) async fn insert_signal(tx: &mut Tx, id: SignalId, case: CaseId, item: ItemId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO signals (id, case_id, kind, item, at) VALUES ($1, $2, 'hash_match', $3, $4)",
        &[id.into(), case.into(), item.into(), now.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn signals(tx: &mut Tx, case: CaseId) -> Result<Vec<Signal>> {
    let rows = tx
        .rows("SELECT id, item, decision, at FROM signals WHERE case_id = $1 ORDER BY at, id", &[case.into()])
        .await?;
    let signal = |row: &Row| {
        Ok(Signal { id: row.get("id")?, item: row.get("item")?, decision: row.get("decision")?, at: row.get("at")? })
    };
    Ok(rows.iter().map(signal).collect::<Read<_>>()?)
}

pub(super) async fn assign_signals(tx: &mut Tx, case: CaseId, decision: DecisionId) -> Result<()> {
    tx.execute(
        "UPDATE signals SET decision = $1 WHERE case_id = $2 AND decision IS NULL",
        &[decision.into(), case.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn unassign_signals(tx: &mut Tx, decision: DecisionId) -> Result<()> {
    tx.execute("UPDATE signals SET decision = NULL WHERE decision = $1", &[decision.into()]).await?;
    Ok(())
}

pub(super) async fn insert_decision(tx: &mut Tx, decision: &Decision) -> Result<()> {
    let statements = serde_json::to_string(&decision.viewed_whole)
        .map_err(|error| Error::internal("writing a decision's statements", error))?;
    tx.execute(
        "INSERT INTO decisions (id, case_id, outcome, reason, incident_type, statements, by_person, approval, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            decision.id.into(),
            decision.case.into(),
            as_word(&decision.outcome).into(),
            decision.reason.as_str().into(),
            decision.incident_type.as_deref().into(),
            statements.into(),
            decision.by.into(),
            as_word(&decision.approval).into(),
            decision.at.into(),
        ],
    )
    .await?;
    Ok(())
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

pub(super) async fn decisions(tx: &mut Tx, case: CaseId) -> Result<Vec<Decision>> {
    let rows = tx.rows("SELECT * FROM decisions WHERE case_id = $1 ORDER BY at, id", &[case.into()]).await?;
    let decision = |row: &Row| {
        Ok(Decision {
            id: row.get("id")?,
            case: row.get("case_id")?,
            outcome: row.word("outcome")?,
            reason: row.get("reason")?,
            incident_type: row.get("incident_type")?,
            viewed_whole: row.json("statements")?,
            by: row.get("by_person")?,
            approval: row.word("approval")?,
            at: row.get("at")?,
        })
    };
    Ok(rows.iter().map(decision).collect::<Read<_>>()?)
}
