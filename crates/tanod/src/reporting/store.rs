//! The SQL of reports and of the calls that file them.

use jiff::Timestamp;

use super::credentials::{Environment, Sealed};
use super::editor::{Change, Edit};
use super::line::Line;
use super::steps::{Call, Ended, Step};
use super::viewing::Viewing;
use super::{Queue, Receipt, Report, ReportState, Spoken};
use crate::refusal::{Error, Result};
use crate::store::{CallId, CaseId, ItemId, ReportId, Row, StoreError, Tx, ViewingId, as_word};

pub(super) type Read<T> = std::result::Result<T, StoreError>;

/// The newest call to any destination.
pub(super) async fn last_call(tx: &mut Tx) -> Result<Option<uuid::Uuid>> {
    let row = tx.row("SELECT id FROM report_calls ORDER BY id DESC LIMIT 1", &[]).await?;
    Ok(row.map(|row| row.get("id")).transpose()?)
}

pub(super) fn read_report(row: &Row) -> Read<Report> {
    Ok(Report {
        id: row.get("id")?,
        case: row.get("case_id")?,
        decision: row.get("decision")?,
        kind: row.word("kind")?,
        destination: row.word("destination")?,
        state: row.word("state")?,
        attempt: row.get("attempt")?,
        revived: row.get("revived")?,
        number: row.get("number")?,
        elsewhere: row
            .get::<Option<String>>("elsewhere")?
            .map(|text| serde_json::from_str(&text).map_err(|_| StoreError::Unreadable("elsewhere".to_owned())))
            .transpose()?,
        due_at: row.get("due_at")?,
        batch: row.get("batch")?,
        joined: row.get("joined")?,
        withdraw_asked: row.get("withdraw_asked")?,
        trouble: row.get("trouble")?,
        maybe_filed_as: row.get("maybe_filed_as")?,
        created_at: row.get("created_at")?,
        finished_at: row.get("finished_at")?,
        document: row.get("document")?,
    })
}

pub(super) async fn report(tx: &mut Tx, id: ReportId) -> Result<Option<Report>> {
    let row = tx.row("SELECT * FROM reports WHERE id = $1", &[id.into()]).await?;
    Ok(row.as_ref().map(read_report).transpose()?)
}

pub(super) async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Vec<Report>> {
    let rows = tx.rows("SELECT * FROM reports WHERE case_id = $1 ORDER BY id", &[case.into()]).await?;
    Ok(rows.iter().map(read_report).collect::<Read<_>>()?)
}

pub(super) async fn list(tx: &mut Tx, before: Option<ReportId>, limit: i64) -> Result<Vec<Report>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    let rows = tx
        .rows("SELECT * FROM reports WHERE id < $1 ORDER BY id DESC LIMIT $2", &[before.into(), limit.into()])
        .await?;
    Ok(rows.iter().map(read_report).collect::<Read<_>>()?)
}

pub(super) async fn dead(tx: &mut Tx) -> Result<i64> {
    let row = tx.row("SELECT COUNT(*) AS n FROM reports WHERE state = 'dead'", &[]).await?;
    Ok(row.map_or(Ok(0), |row| row.get("n"))?)
}

pub(super) async fn all_dead(tx: &mut Tx) -> Result<Vec<(ReportId, CaseId)>> {
    let rows = tx.rows("SELECT id, case_id FROM reports WHERE state = 'dead' ORDER BY id", &[]).await?;
    let pair = |row: &Row| Ok((row.get("id")?, row.get("case_id")?));
    Ok(rows.iter().map(pair).collect::<Read<_>>()?)
}

/// Whether the call that was answered last was refused for its credentials.
pub(super) async fn credentials_refused(tx: &mut Tx) -> Result<bool> {
    let row = tx
        .row(
            "SELECT outcome FROM report_calls WHERE answered_at IS NOT NULL ORDER BY answered_at DESC, id DESC LIMIT 1",
            &[],
        )
        .await?;
    let outcome: Option<String> = row.map(|row| row.get("outcome")).transpose()?.flatten();
    Ok(outcome.as_deref() == Some(as_word(&Ended::Locked).as_str()))
}

pub(super) async fn set_state(tx: &mut Tx, id: ReportId, state: ReportState, trouble: Option<&str>) -> Result<()> {
    tx.execute(
        "UPDATE reports SET state = $1, trouble = $2, maybe_filed_as = NULL WHERE id = $3",
        &[as_word(&state).into(), trouble.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_maybe_filed(tx: &mut Tx, id: ReportId, number: Option<i64>) -> Result<()> {
    tx.execute("UPDATE reports SET maybe_filed_as = $1 WHERE id = $2", &[number.into(), id.into()]).await?;
    Ok(())
}

/// Only what was never sent; whoever begins an attempt meets this row.
pub(super) async fn withdraw(tx: &mut Tx, id: ReportId) -> Result<bool> {
    let withdrawn = tx
        .execute(
            "UPDATE reports SET state = 'withdrawn' WHERE id = $1 AND state IN ('waiting', 'dead') AND attempt = 0",
            &[id.into()],
        )
        .await?;
    Ok(withdrawn == 1)
}

pub(super) async fn ask_withdrawal(tx: &mut Tx, id: ReportId) -> Result<()> {
    tx.execute(
        "UPDATE reports SET withdraw_asked = TRUE, state = 'filing', trouble = NULL, maybe_filed_as = NULL WHERE id = $1",
        &[id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn finish_elsewhere(tx: &mut Tx, id: ReportId, elsewhere: &str, at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE reports SET state = 'finished', elsewhere = $1, finished_at = $2 WHERE id = $3",
        &[elsewhere.into(), at.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_revived(tx: &mut Tx, id: ReportId, attempt: i64) -> Result<()> {
    tx.execute("UPDATE reports SET revived = $1 WHERE id = $2", &[attempt.into(), id.into()]).await?;
    Ok(())
}

/// False when it was taken back meanwhile: nothing may be sent.
pub(super) async fn begin_attempt(tx: &mut Tx, id: ReportId, attempt: i64) -> Result<bool> {
    let begun = tx
        .execute(
            "UPDATE reports SET state = 'filing', attempt = $1 WHERE id = $2 AND state IN ('waiting', 'filing')",
            &[attempt.into(), id.into()],
        )
        .await?;
    Ok(begun == 1)
}

pub(super) async fn finish(tx: &mut Tx, id: ReportId, number: i64) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE reports SET state = 'finished', number = $1, finished_at = $2, trouble = NULL, maybe_filed_as = NULL
         WHERE id = $3",
        &[number.into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn calls(tx: &mut Tx, report: ReportId) -> Result<Vec<Call>> {
    let rows = tx
        .rows(
            "SELECT attempt, step, item, number, sent_at, outcome, file_id FROM report_calls
             WHERE report = $1 ORDER BY ordinal",
            &[report.into()],
        )
        .await?;
    let call = |row: &Row| {
        let ended: Option<String> = row.get("outcome")?;
        Ok(Call {
            attempt: row.get("attempt")?,
            step: row.word("step")?,
            item: row.get("item")?,
            number: row.get("number")?,
            sent_at: row.get("sent_at")?,
            ended: ended.and_then(|text| crate::store::word(&text)),
            file_id: row.get("file_id")?,
        })
    };
    Ok(rows.iter().map(call).collect::<Read<_>>()?)
}

/// What is about to be sent.
pub(super) struct Sending<'a> {
    pub(super) report: ReportId,
    pub(super) attempt: i64,
    pub(super) step: Step,
    pub(super) item: Option<ItemId>,
    pub(super) number: Option<i64>,
    pub(super) sent: Option<&'a str>,
}

pub(super) async fn insert_call(tx: &mut Tx, call: &Sending<'_>) -> Result<CallId> {
    let id: CallId = tx.id();
    let now = tx.now();
    tx.execute(
        "INSERT INTO report_calls (id, report, attempt, step, item, sent, number, sent_at, ordinal)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
             (SELECT COALESCE(MAX(ordinal), 0) + 1 FROM report_calls WHERE report = $2))",
        &[
            id.into(),
            call.report.into(),
            call.attempt.into(),
            as_word(&call.step).into(),
            call.item.into(),
            call.sent.into(),
            call.number.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(id)
}

/// What came back.
#[derive(Default)]
pub(super) struct Answered {
    pub(super) number: Option<i64>,
    pub(super) http_status: Option<i64>,
    pub(super) request_id: Option<String>,
    pub(super) headers: Option<String>,
    pub(super) answer: Option<Vec<u8>>,
    pub(super) file_id: Option<String>,
}

pub(super) async fn answer_call(tx: &mut Tx, id: CallId, ended: Ended, with: Answered) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE report_calls SET answered_at = $1, outcome = $2, number = COALESCE($3, number), http_status = $4,
             request_id = $5, headers = $6, answer = $7, file_id = $8
         WHERE id = $9",
        &[
            now.into(),
            as_word(&ended).into(),
            with.number.into(),
            with.http_status.into(),
            with.request_id.into(),
            with.headers.into(),
            with.answer.into(),
            with.file_id.into(),
            id.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What was sent, word for word, in order: the step and the document.
pub(super) async fn sent(tx: &mut Tx, report: ReportId) -> Result<Vec<(Step, String)>> {
    let rows = tx
        .rows(
            "SELECT step, sent FROM report_calls WHERE report = $1 AND sent IS NOT NULL ORDER BY ordinal",
            &[report.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| Ok((row.word("step")?, row.get("sent")?))).collect::<Read<_>>()?)
}

pub(super) async fn receipt(tx: &mut Tx, report: ReportId) -> Result<Option<Receipt>> {
    let row = tx
        .row(
            "SELECT answered_at, request_id, headers, answer FROM report_calls
             WHERE report = $1 AND step = 'finish' AND outcome IN ('accepted', 'already_finished')
             ORDER BY ordinal LIMIT 1",
            &[report.into()],
        )
        .await?;
    let receipt = |row: Row| {
        let raw = row.get::<Option<Vec<u8>>>("answer")?.unwrap_or_default();
        Ok::<_, StoreError>(Receipt {
            at: row.get("answered_at")?,
            request_id: row.get("request_id")?,
            headers: row.get("headers")?,
            answer: String::from_utf8_lossy(&raw).into_owned(),
            raw,
        })
    };
    Ok(row.map(receipt).transpose()?)
}

fn read_viewing(row: &Row) -> Read<Viewing> {
    Ok(Viewing {
        id: row.get("id")?,
        case: row.get("case_id")?,
        item: row.get("item")?,
        viewer: row.get("viewer")?,
        tool: row.get("tool")?,
        viewed_at: row.get("viewed_at")?,
        state: row.word("state")?,
        by: row.get("by_person")?,
        at: row.get("at")?,
        second: row.get("second_person")?,
        second_at: row.get("second_at")?,
    })
}

pub(super) async fn insert_viewing(tx: &mut Tx, new: &Viewing) -> Result<()> {
    tx.execute(
        "INSERT INTO viewings (id, case_id, item, viewer, tool, viewed_at, state, by_person, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            new.id.into(),
            new.case.into(),
            new.item.into(),
            new.viewer.as_str().into(),
            new.tool.as_str().into(),
            new.viewed_at.into(),
            as_word(&new.state).into(),
            new.by.into(),
            new.at.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn viewing(tx: &mut Tx, id: ViewingId) -> Result<Option<Viewing>> {
    let row = tx.row("SELECT * FROM viewings WHERE id = $1", &[id.into()]).await?;
    Ok(row.as_ref().map(read_viewing).transpose()?)
}

pub(super) async fn viewings_of(tx: &mut Tx, item: ItemId) -> Result<Vec<Viewing>> {
    let rows = tx.rows("SELECT * FROM viewings WHERE item = $1 ORDER BY id", &[item.into()]).await?;
    Ok(rows.iter().map(read_viewing).collect::<Read<_>>()?)
}

pub(super) async fn viewings_in(tx: &mut Tx, case: CaseId) -> Result<Vec<Viewing>> {
    let rows = tx.rows("SELECT * FROM viewings WHERE case_id = $1 ORDER BY id", &[case.into()]).await?;
    Ok(rows.iter().map(read_viewing).collect::<Read<_>>()?)
}

/// False when somebody settled it before.
pub(super) async fn settle_viewing(tx: &mut Tx, viewing: &Viewing) -> Result<bool> {
    let settled = tx
        .execute(
            "UPDATE viewings SET state = $1, second_person = $2, second_at = $3 WHERE id = $4 AND state = 'open'",
            &[as_word(&viewing.state).into(), viewing.second.into(), viewing.second_at.into(), viewing.id.into()],
        )
        .await?;
    Ok(settled == 1)
}

/// Whether a moderator of the platform told of the case of this upload, and so may have seen it.
pub(super) async fn moderator_told(tx: &mut Tx, item: ItemId, until: Timestamp) -> Result<bool> {
    let row = tx
        .row(
            "SELECT notices.id FROM signals JOIN notices ON notices.case_id = signals.case_id
             WHERE signals.item = $1 AND notices.kind = 'moderator' AND notices.received_at <= $2 LIMIT 1",
            &[item.into(), until.into()],
        )
        .await?;
    Ok(row.is_some())
}

/// When an identical file of another upload was last shown whole to a person.
pub(super) async fn twin_viewed(tx: &mut Tx, item: ItemId, until: Timestamp) -> Result<Option<Timestamp>> {
    let row = tx
        .row(
            "SELECT MAX(views.at) AS at FROM items AS this
             JOIN items AS twin ON twin.sha256 = this.sha256 AND twin.id <> this.id
             JOIN views ON views.item = twin.id
             WHERE this.id = $1 AND views.whole = TRUE AND views.veiled = FALSE AND views.at <= $2",
            &[item.into(), until.into()],
        )
        .await?;
    Ok(row.map(|row| row.get("at")).transpose()?.flatten())
}

/// Wipes documents and, where no report of another case went along that still stands, the calls with them.
pub(super) async fn wipe(tx: &mut Tx, case: CaseId) -> Result<u64> {
    let wiped = tx
        .execute("UPDATE reports SET document = '{}' WHERE case_id = $1 AND document <> '{}'", &[case.into()])
        .await?;
    tx.execute(
        "UPDATE report_calls SET sent = NULL, answer = CASE WHEN step = 'finish' THEN answer END
         WHERE report IN (
             SELECT carrier.id FROM reports AS carrier
             WHERE carrier.document = '{}'
               AND (carrier.case_id = $1 OR carrier.id IN (SELECT joined FROM reports WHERE case_id = $1))
               AND NOT EXISTS (
                   SELECT 1 FROM reports AS other WHERE other.joined = carrier.id AND other.document <> '{}'))",
        &[case.into()],
    )
    .await?;
    tx.execute("UPDATE report_edits SET was = '', value = '' WHERE case_id = $1", &[case.into()]).await?;
    Ok(wiped)
}

/// What is known of the line to an address; with `lock` nobody else changes it until the commit.
pub(super) async fn line(tx: &mut Tx, address: &str, lock: bool) -> Result<Option<Line>> {
    let plain = "SELECT line FROM destination_lines WHERE address = $1";
    if lock {
        let new = "INSERT INTO destination_lines (address, line) VALUES ($1, $2) ON CONFLICT (address) DO NOTHING";
        tx.execute(new, &[address.into(), json(&Line::default())?.into()]).await?;
    }
    let locked = tx.dialect(plain, "SELECT line FROM destination_lines WHERE address = $1 FOR UPDATE");
    let row = tx.row(if lock { locked } else { plain }, &[address.into()]).await?;
    Ok(row.map(|row| row.json("line")).transpose()?)
}

pub(super) async fn keep_line(tx: &mut Tx, address: &str, line: &Line) -> Result<()> {
    let sql = "UPDATE destination_lines SET line = $1 WHERE address = $2";
    tx.execute(sql, &[json(line)?.into(), address.into()]).await?;
    Ok(())
}

fn json(line: &Line) -> Result<String> {
    serde_json::to_string(line).map_err(|error| Error::internal("writing what is known of the destination", error))
}

pub(super) async fn keep_credentials(tx: &mut Tx, environment: Environment, new: &Sealed) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO credentials (environment, object, sealed, wrapped_key, changed_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (environment) DO UPDATE SET object = $2, sealed = $3, wrapped_key = $4, changed_at = $5",
        &[
            as_word(&environment).into(),
            new.object.into(),
            new.bytes.as_slice().into(),
            new.wrapped_key.as_slice().into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Puts another wrapped key in the place of the one before, unless others were kept meanwhile.
pub(super) async fn rewrap_credentials(tx: &mut Tx, environment: Environment, with: &Sealed) -> Result<()> {
    let sql = "UPDATE credentials SET wrapped_key = $1 WHERE environment = $2 AND object = $3";
    let key = with.wrapped_key.as_slice();
    tx.execute(sql, &[key.into(), as_word(&environment).into(), with.object.into()]).await?;
    Ok(())
}

pub(super) async fn credentials(tx: &mut Tx, environment: Environment) -> Result<Option<Sealed>> {
    let row = tx.row("SELECT * FROM credentials WHERE environment = $1", &[as_word(&environment).into()]).await?;
    let sealed = |row: Row| {
        Ok::<_, StoreError>(Sealed {
            object: row.get("object")?,
            bytes: row.get("sealed")?,
            wrapped_key: row.get("wrapped_key")?,
        })
    };
    Ok(row.map(sealed).transpose()?)
}

pub(super) async fn insert_edit(tx: &mut Tx, case: CaseId, edit: &Edit) -> Result<()> {
    let id: uuid::Uuid = tx.id();
    tx.execute(
        "INSERT INTO report_edits (id, case_id, file, path, was, value, staff, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            id.into(),
            case.into(),
            edit.change.file.into(),
            edit.change.path.as_str().into(),
            edit.was.as_str().into(),
            edit.change.value.as_str().into(),
            edit.staff.into(),
            edit.at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What people entered for the next report of a case, oldest first.
pub(super) fn read_edit(row: &Row) -> Read<Edit> {
    Ok(Edit {
        change: Change { file: row.get("file")?, path: row.get("path")?, value: row.get("value")? },
        was: row.get("was")?,
        staff: row.get("staff")?,
        at: row.get("at")?,
    })
}

pub(super) async fn edits(tx: &mut Tx, case: CaseId) -> Result<Vec<Edit>> {
    let rows =
        tx.rows("SELECT * FROM report_edits WHERE case_id = $1 AND report IS NULL ORDER BY id", &[case.into()]).await?;
    Ok(rows.iter().map(read_edit).collect::<Read<_>>()?)
}

/// They went into this report.
pub(super) async fn settle_edits(tx: &mut Tx, case: CaseId, report: ReportId) -> Result<()> {
    tx.execute(
        "UPDATE report_edits SET report = $1 WHERE case_id = $2 AND report IS NULL",
        &[report.into(), case.into()],
    )
    .await?;
    Ok(())
}

/// The report was taken back before it was sent: what people entered is there for the next one.
pub(super) async fn free_edits(tx: &mut Tx, report: ReportId) -> Result<()> {
    tx.execute("UPDATE report_edits SET report = NULL WHERE report = $1", &[report.into()]).await?;
    Ok(())
}

/// A report, which nobody else changes until the commit.
pub(super) async fn locked(tx: &mut Tx, id: ReportId) -> Result<Option<Report>> {
    let sql = tx.dialect("SELECT * FROM reports WHERE id = $1", "SELECT * FROM reports WHERE id = $1 FOR UPDATE");
    let row = tx.row(sql, &[id.into()]).await?;
    Ok(row.as_ref().map(read_report).transpose()?)
}

/// What may have changed of a report since it was read: everything but what it says.
pub(super) async fn refresh(tx: &mut Tx, report: &mut Report) -> Result<()> {
    let sql = "SELECT state, attempt, revived, withdraw_asked, joined FROM reports WHERE id = $1";
    if let Some(row) = tx.row(sql, &[report.id.into()]).await? {
        report.state = row.word("state")?;
        report.attempt = row.get("attempt")?;
        report.revived = row.get("revived")?;
        report.withdraw_asked = row.get("withdraw_asked")?;
        report.joined = row.get("joined")?;
    }
    Ok(())
}

pub(super) async fn set_document(tx: &mut Tx, id: ReportId, document: &str) -> Result<()> {
    tx.execute("UPDATE reports SET document = $1 WHERE id = $2", &[document.into(), id.into()]).await?;
    Ok(())
}

pub(super) async fn queue(tx: &mut Tx) -> Result<Queue> {
    let mut queue = Queue::default();
    for row in tx.rows("SELECT state, COUNT(*) AS n, MIN(created_at) AS since FROM reports GROUP BY state", &[]).await?
    {
        let (state, n, since): (ReportState, i64, Timestamp) = (row.word("state")?, row.get("n")?, row.get("since")?);
        match state {
            ReportState::Waiting => queue.waiting = n,
            ReportState::Filing => queue.filing = n,
            ReportState::Dead => queue.dead = n,
            ReportState::Finished => queue.finished = n,
            ReportState::Withdrawn => {}
        }
        if matches!(state, ReportState::Waiting | ReportState::Filing | ReportState::Dead) {
            queue.oldest = Some(queue.oldest.map_or(since, |oldest| oldest.min(since)));
        }
    }
    Ok(queue)
}

pub(super) async fn conversation(tx: &mut Tx, report: ReportId) -> Result<Vec<Spoken>> {
    let rows = tx.rows("SELECT * FROM report_calls WHERE report = $1 ORDER BY ordinal", &[report.into()]).await?;
    let spoken = |row: &Row| {
        let answer: Option<Vec<u8>> = row.get("answer")?;
        Ok(Spoken {
            attempt: row.get("attempt")?,
            step: row.get("step")?,
            at: row.get("sent_at")?,
            sent: row.get("sent")?,
            answered_at: row.get("answered_at")?,
            outcome: row.get("outcome")?,
            http_status: row.get("http_status")?,
            request_id: row.get("request_id")?,
            headers: row.get("headers")?,
            answer: answer.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        })
    };
    Ok(rows.iter().map(spoken).collect::<Read<_>>()?)
}

/// Takes along what waits with the same file and is due.
pub(super) async fn join(tx: &mut Tx, carrier: ReportId, batch: &str, most: i64) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE reports SET state = 'filing', joined = $1 WHERE id IN (
             SELECT id FROM reports WHERE batch = $2 AND state = 'waiting' AND attempt = 0 AND joined IS NULL
                 AND id <> $1 AND (due_at IS NULL OR due_at <= $3) ORDER BY id LIMIT $4)
           AND state = 'waiting' AND attempt = 0",
        &[carrier.into(), batch.into(), now.into(), most.into()],
    )
    .await?;
    Ok(())
}

/// Those that go along with a report.
pub(super) async fn joined(tx: &mut Tx, carrier: ReportId) -> Result<Vec<Report>> {
    let rows = tx.rows("SELECT * FROM reports WHERE joined = $1 ORDER BY id", &[carrier.into()]).await?;
    Ok(rows.iter().map(read_report).collect::<Read<_>>()?)
}

/// It goes along no more.
pub(super) async fn leave(tx: &mut Tx, id: ReportId) -> Result<()> {
    tx.execute("UPDATE reports SET joined = NULL WHERE id = $1", &[id.into()]).await?;
    Ok(())
}

/// It begins anew: only what went along was taken back.
pub(super) async fn go_on(tx: &mut Tx, id: ReportId) -> Result<()> {
    tx.execute("UPDATE reports SET withdraw_asked = FALSE, state = 'filing' WHERE id = $1", &[id.into()]).await?;
    Ok(())
}
