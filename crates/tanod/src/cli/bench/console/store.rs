//! The rows of a large installation, written many at a time, and the pages that show them.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::refusal::Result;
use crate::store::{Arg, CaseId, ReportId, Tx};

/// So many different files are passed on by all those accounts.
const DIFFERENT: u32 = 2_000;
/// So many rows are made before they are written.
const CHUNK: usize = 5_000;
/// Files of the largest case, where there are so many.
const LARGEST: u32 = 1_000;

/// What was filled in, by what it is found.
pub(super) struct Filled {
    pub(super) largest: CaseId,
    pub(super) middle: CaseId,
    waits: CaseId,
    reported: CaseId,
    report: ReportId,
    number: i64,
    sha256: String,
    md5: String,
    common: String,
    /// A day on which cases came.
    day: String,
}

/// A table's rows on their way.
struct Rows {
    sql: &'static str,
    waiting: Vec<Vec<Arg>>,
}

impl Rows {
    fn of(sql: &'static str) -> Self {
        Self { sql, waiting: Vec::new() }
    }

    async fn push(&mut self, tx: &mut Tx, row: Vec<Arg>) -> Result<()> {
        self.waiting.push(row);
        if self.waiting.len() >= CHUNK { self.end(tx).await } else { Ok(()) }
    }

    async fn end(&mut self, tx: &mut Tx) -> Result<()> {
        let rows = std::mem::take(&mut self.waiting);
        if rows.is_empty() { Ok(()) } else { Ok(tx.write_rows(self.sql, &rows).await?) }
    }
}

fn digest(n: u32, wide: usize) -> Vec<u8> {
    let mut bytes = vec![0; wide];
    let number = n.to_be_bytes();
    bytes.iter_mut().zip(number.iter().cycle()).for_each(|(byte, from)| *byte = *from);
    bytes
}

/// Statistics, as a database that has run for a while has them.
pub(super) async fn analyse(tx: &mut Tx) -> Result<()> {
    tx.execute("ANALYZE", &[]).await.map(drop)?;
    Ok(())
}

/// Fills a fresh database: so many open cases, a quarter more in other states, and files spread over them.
pub(super) async fn fill(tx: &mut Tx, open: u32, files: u32) -> Result<Filled> {
    let now = tx.now();
    let ago = |minutes: i64| now.checked_sub(SignedDuration::from_mins(minutes)).unwrap_or(now);
    let person: Option<Uuid> =
        tx.row("SELECT id FROM people ORDER BY staff", &[]).await?.map(|row| row.get("id")).transpose()?;
    let person = person.unwrap_or_default();
    let bank: Uuid = tx.id();
    tx.execute(
        "INSERT INTO banks (id, name, kind, source, licence, threshold, enabled, shadow, removed, refreshed_at, feed, created_at)
         VALUES ($1, 'generated', 'csam', 'bench', 'own', 31, TRUE, FALSE, FALSE, $2, 0, $2)",
        &[bank.into(), now.into()],
    )
    .await?;
    let mut entries = Rows::of(
        "INSERT INTO entries (id, bank, signal, value, classification, enabled, removed, feed, created_at) VALUES ROWS",
    );
    let mut entry_ids: Vec<Uuid> = Vec::new();
    for n in 0..DIFFERENT {
        let id: Uuid = tx.id();
        entry_ids.push(id);
        let class = ["A1", "A2", "B1", "B2"].get(usize::try_from(n % 4).unwrap_or(0)).copied();
        let row = vec![
            id.into(),
            bank.into(),
            "sha256".into(),
            digest(n, 32).into(),
            class.into(),
            true.into(),
            false.into(),
            0_i64.into(),
            now.into(),
        ];
        entries.push(tx, row).await?;
    }
    entries.end(tx).await?;

    let mut cases = Rows::of(
        "INSERT INTO cases (id, number, account, state, priority, reasons, knowledge_at, knowledge_route, opened_at, changed_at, severity)
         VALUES ROWS",
    );
    let mut involved = Rows::of(
        "INSERT INTO involved (id, case_id, account, kind, role, likely_minor, hijacked, facts, at) VALUES ROWS",
    );
    let mut context = Rows::of("INSERT INTO context_requests (case_id, state, asked_at, asks) VALUES ROWS");
    let mut holds = Rows::of("INSERT INTO holds (id, case_id, basis, starts_at) VALUES ROWS");
    let mut words = Rows::of("INSERT INTO case_words (kind, word, case_id) VALUES ROWS");
    let mut decisions = Rows::of(
        "INSERT INTO decisions (id, case_id, outcome, reason, incident_type, statements, particulars, by_person, approval, at, settled_at)
         VALUES ROWS",
    );
    let mut reports = Rows::of(
        "INSERT INTO reports (id, case_id, decision, kind, destination, state, attempt, revived, number, document, created_at, finished_at)
         VALUES ROWS",
    );
    let mut audit =
        Rows::of("INSERT INTO audit (id, kind, actor, case_id, at, salt, detail, leaf, position) VALUES ROWS");
    let total = open + open / 4;
    let mut all: Vec<(Uuid, Option<Uuid>, Timestamp)> = Vec::new();
    let (mut waits, mut reported, mut report_id) = (Uuid::nil(), Uuid::nil(), Uuid::nil());
    for n in 0..total {
        let id: Uuid = tx.id();
        let state = match (n < open, n % 10) {
            (true, _) => "open",
            (_, 0) => "context",
            (_, 1) => "help",
            (_, 2) => "approval",
            (_, 3 | 4) => "dismissed",
            _ => "reported",
        };
        let at = ago(i64::from(n % 9_000) + 1);
        let route = ["hash_match", "hash_match", "hash_match", "user_report", "moderator", "hotline"]
            .get(usize::try_from(n % 6).unwrap_or(0))
            .copied()
            .unwrap_or("hash_match");
        let priority = i64::from(if n.is_multiple_of(997) { 0 } else { 2 + n % 3 });
        let class = ["A1", "A2", "B1", "B2"].get(usize::try_from(n % 4).unwrap_or(0)).copied();
        cases
            .push(
                tx,
                vec![
                    id.into(),
                    i64::from(n + 1).into(),
                    format!("account-{n}").into(),
                    state.into(),
                    priority.into(),
                    r#"["known_single"]"#.into(),
                    at.into(),
                    route.into(),
                    at.into(),
                    at.into(),
                    class.into(),
                ],
            )
            .await?;
        if cases.waiting.is_empty() {
            // Rows that name a case come after it.
            for rows in [&mut involved, &mut context, &mut holds, &mut words, &mut decisions, &mut reports, &mut audit]
            {
                rows.end(tx).await?;
            }
        }
        let mut decision = None;
        if matches!(state, "reported" | "approval" | "dismissed") {
            let made: Uuid = tx.id();
            decision = Some(made);
            let outcome = if state == "reported" { "report" } else { "no_violation" };
            let approval = if state == "approval" { "asked" } else { "not_needed" };
            decisions.waiting.push(vec![
                made.into(),
                id.into(),
                outcome.into(),
                "It is what the list says it is.".into(),
                Some("Child Pornography (possession, manufacture, and distribution)")
                    .filter(|_| outcome == "report")
                    .into(),
                "[]".into(),
                "{}".into(),
                person.into(),
                approval.into(),
                at.into(),
                Some(at).filter(|_| state != "approval").into(),
            ]);
            if state == "approval" {
                waits = id;
            }
            if state == "reported" {
                let report: Uuid = tx.id();
                (reported, report_id) = (id, report);
                reports.waiting.push(vec![
                    report.into(),
                    id.into(),
                    made.into(),
                    "initial".into(),
                    "ncmec".into(),
                    "finished".into(),
                    1_i64.into(),
                    0_i64.into(),
                    (1_000_000 + i64::from(n)).into(),
                    "{}".into(),
                    at.into(),
                    at.into(),
                ]);
            }
        }
        let person_row: Uuid = tx.id();
        involved.waiting.push(vec![
            person_row.into(),
            id.into(),
            format!("account-{n}").into(),
            "account".into(),
            None::<&str>.into(),
            false.into(),
            false.into(),
            "null".into(),
            at.into(),
        ]);
        context.waiting.push(vec![id.into(), "asked".into(), at.into(), 1_i64.into()]);
        let hold: Uuid = tx.id();
        holds.waiting.push(vec![hold.into(), id.into(), "pending_decision".into(), at.into()]);
        for (kind, word) in [
            ("email", format!("person-{n}@platform.example")),
            ("address", format!("192.0.2.{}", n % 250)),
            ("telephone", format!("6380000{n:05}")),
        ] {
            words.waiting.push(vec![kind.into(), word.into(), id.into()]);
        }
        for kind in ["case.opened", "signal.added", "context.asked", "case.leased"] {
            let entry: Uuid = tx.id();
            audit.waiting.push(vec![
                entry.into(),
                kind.into(),
                "tanod".into(),
                id.into(),
                at.into(),
                digest(n, 16).into(),
                "{}".into(),
                digest(n, 32).into(),
                None::<i64>.into(),
            ]);
        }
        all.push((id, decision, at));
    }
    for rows in
        [&mut cases, &mut involved, &mut context, &mut holds, &mut words, &mut decisions, &mut reports, &mut audit]
    {
        rows.end(tx).await?;
    }

    let mut items = Rows::of(
        "INSERT INTO items (id, api_key, content_id, verdict, strength, coverage, lists_as_of, facts, bytes, md5, sha1, sha256, frames, received_at)
         VALUES ROWS",
    );
    let mut matches = Rows::of("INSERT INTO item_matches (item, entry, bank, signal, strength, shadow) VALUES ROWS");
    let mut exhibits = Rows::of("INSERT INTO exhibits (id, item, object, bytes, sealed_at) VALUES ROWS");
    let mut keys = Rows::of("INSERT INTO data_keys (object, wrapped) VALUES ROWS");
    let mut signals = Rows::of("INSERT INTO signals (id, case_id, kind, item, decision, at) VALUES ROWS");
    let largest_has = LARGEST.min(files / 2);
    for n in 0..files {
        let of = if n < largest_has { 0 } else { usize::try_from(n).unwrap_or(0) % all.len().max(1) };
        let Some((case, decision, at)) = all.get(of).copied() else { break };
        let (item, exhibit, object, signal): (Uuid, Uuid, Uuid, Uuid) = (tx.id(), tx.id(), tx.id(), tx.id());
        let file = n % DIFFERENT;
        let facts = json!({
            "content_id": format!("content-{n}"), "account": {"id": format!("account-{of}")}, "surface": "post",
            "upload_ip": format!("192.0.2.{}", n % 250), "public": true, "file_name": format!("{n}.jpg"),
        });
        items
            .push(
                tx,
                vec![
                    item.into(),
                    bank.into(),
                    format!("content-{n}").into(),
                    "match".into(),
                    "exact".into(),
                    "whole".into(),
                    at.into(),
                    facts.to_string().into(),
                    200_000_i64.into(),
                    digest(file, 16).into(),
                    digest(file, 20).into(),
                    digest(file, 32).into(),
                    "[]".into(),
                    at.into(),
                ],
            )
            .await?;
        let entry = entry_ids.get(usize::try_from(file).unwrap_or(0)).copied().unwrap_or_default();
        matches.waiting.push(vec![
            item.into(),
            entry.into(),
            bank.into(),
            "sha256".into(),
            "exact".into(),
            false.into(),
        ]);
        keys.waiting.push(vec![object.into(), digest(n, 40).into()]);
        exhibits.waiting.push(vec![exhibit.into(), item.into(), object.into(), 200_000_i64.into(), at.into()]);
        signals.waiting.push(vec![
            signal.into(),
            case.into(),
            "hash_match".into(),
            item.into(),
            decision.into(),
            at.into(),
        ]);
        if items.waiting.is_empty() {
            for rows in [&mut matches, &mut exhibits, &mut keys, &mut signals] {
                rows.end(tx).await?;
            }
        }
    }
    for rows in [&mut items, &mut matches, &mut exhibits, &mut keys, &mut signals] {
        rows.end(tx).await?;
    }
    let id_at = |at: usize| CaseId(all.get(at).map_or(Uuid::nil(), |one| one.0));
    Ok(Filled {
        largest: id_at(0),
        middle: id_at(all.len() / 3),
        waits: CaseId(waits),
        reported: CaseId(reported),
        report: ReportId(report_id),
        number: i64::from(total / 2),
        sha256: hex::encode(digest(7, 32)),
        md5: hex::encode(digest(9, 16)),
        common: "192.0.2.7".to_owned(),
        day: ago(3 * 24 * 60).strftime("%Y-%m-%d").to_string(),
    })
}

impl Filled {
    /// Every page about cases, with what it is called in the figures.
    pub(super) fn pages(&self) -> Vec<(String, String)> {
        let mut pages: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, path: String| pages.push((name.to_owned(), path));
        add("queue", "/console/queue".to_owned());
        for state in ["all", "open", "help", "context", "approval", "reporting", "reported", "dismissed"] {
            add(&format!("queue, {state}"), format!("/console/queue?state={state}"));
        }
        add("queue, second page", format!("/console/queue?after={}", self.middle));
        for filter in [
            "priority=P0",
            "priority=P4",
            "by=hash_match",
            "by=hotline",
            "due=over",
            "due=today",
            "with=me",
            "with=nobody",
            "language=fil",
        ] {
            add(&format!("queue, {filter}"), format!("/console/queue?state=open&{filter}"));
            add(&format!("queue, all, {filter}"), format!("/console/queue?state=all&{filter}"));
        }
        let n = self.number;
        for (kind, sought) in [
            ("number", n.to_string()),
            ("account", format!("account-{n}")),
            ("CyberTip", format!("{}", 1_000_000 + n)),
            ("content id", format!("content-{n}")),
            ("SHA-256", self.sha256.clone()),
            ("MD5", self.md5.clone()),
            ("e-mail", format!("person-{n}%40platform.example")),
            ("address of many", self.common.clone()),
            ("telephone", format!("%2B63%2080000{n:05}")),
            ("nothing", "there-is-no-such-thing".to_owned()),
            ("day", self.day.clone()),
        ] {
            add(&format!("search, {kind}"), format!("/console/queue?q={sought}"));
        }
        for (name, case) in
            [("largest", self.largest), ("middle", self.middle), ("waits", self.waits), ("reported", self.reported)]
        {
            add(&format!("case, {name}"), format!("/console/cases/{case}"));
            add(&format!("case, {name}, second sheet"), format!("/console/cases/{case}?sheet=2"));
            add(&format!("case, {name}, context"), format!("/console/cases/{case}/context"));
            add(&format!("case, {name}, actions"), format!("/console/cases/{case}/actions"));
            add(&format!("case, {name}, keeping"), format!("/console/cases/{case}/keeping"));
            add(&format!("case, {name}, notices"), format!("/console/notices?case={case}"));
        }
        for (name, case) in [("largest", self.largest), ("middle", self.middle)] {
            add(&format!("case, {name}, report"), format!("/console/cases/{case}/report"));
        }
        add("file", format!("/console/files/{}", self.sha256));
        add("report", format!("/console/reports/{}", self.report));
        for room in [
            "reports", "figures", "keeping", "care", "actions", "notices", "legal", "provider", "banks", "sources",
            "alarms", "webhooks", "you",
        ] {
            add(room, format!("/console/{room}"));
        }
        pages
    }
}

/// The rooms that only an administrator enters.
pub(super) fn rooms_of_an_administrator() -> Vec<(String, String)> {
    ["people"].map(|room| (room.to_owned(), format!("/console/{room}"))).into()
}
