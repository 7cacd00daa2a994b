//! `tanod bench reports`: how fast one worker files queued reports to a simulator in another process, and with how much memory.

use std::process::Stdio;
use std::time::Instant;

use bytes::Bytes;
use decode::Coverage;
use exchange::ncmec::document::IncidentType;
use fingerprint::Digests;
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::process::Usage;
use super::{Context, Done, Trouble, number, thousandths};
use crate::accounts::sessions::{self, Place};
use crate::accounts::{self, Caller, Role};
use crate::banks::{Kind, Signal};
use crate::config::Settings;
use crate::intake::{self, Account, Arrival, Facts};
use crate::matching::{Hit, Judgement, Prints, Strength, Verdict};
use crate::plan::App;
use crate::reporting;
use crate::review::{self, NewDecision};
use crate::roles;
use crate::store::{BankId, ItemId, ObjectId, World, new_uuid};

/// So many reports a second are wanted of one worker on one core.
const TARGET: f64 = 50.0;

/// One worker files queued reports of one file each, to a simulator in another process.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tanod bench reports --count 10000 --bytes 200000")]
pub(in crate::cli) struct Args {
    /// How many reports are queued.
    #[arg(long, default_value_t = 10_000)]
    count: u32,
    /// How large each one's file is.
    #[arg(long, default_value_t = 200_000)]
    bytes: usize,
}

pub(super) async fn run(context: &Context, args: &Args) -> Done {
    let folder = tempfile::Builder::new().prefix("tanod-bench-").tempdir()?;
    let sim = Destination::start().await?;
    // What is set for a real installation must not reach this one.
    let fresh = Settings::fresh(&folder.path().join("data"));
    let mut settings = fresh.map_err(|error| Trouble::Said(error.to_string()))?;
    settings.world = Some(World::Demo);
    settings.reporting.ncmec.clone_from(&sim.base);
    "bench".clone_into(&mut settings.reporting.username);
    settings.reporting.password = "bench".into();
    settings.reporting.destination = reporting::Destination::Ncmec;
    settings.reporting.send_after_minutes = 0;
    settings.review.second_approval = review::SecondApproval::Off;
    let about = &mut settings.reporting.about;
    "safety@platform.example".clone_into(&mut about.email);
    "1 Example Street".clone_into(&mut about.mailing_address);
    "+1 555 0100".clone_into(&mut about.telephone);
    "there never was one".clone_into(&mut about.no_facsimile_because);
    let app = context.open_with(settings).await?;

    let begin = Instant::now();
    queue(&app, args).await?;
    context.say(format!("queued {} reports in {:.1} s", args.count, begin.elapsed().as_secs_f64()));

    let before = Usage::of(std::process::id())?;
    let (begin, mut done, mut peak) = (Instant::now(), 0_u32, before.own_bytes);
    let mut after_tenth = None;
    while roles::next(&app, "reports").await? {
        done += 1;
        if done.is_multiple_of(args.count.div_ceil(20).max(1)) {
            let now = Usage::of(std::process::id())?.own_bytes;
            peak = peak.max(now);
            // What is warm after a tenth is what memory is compared with: pools and pages fill up first.
            if done >= args.count / 10 {
                after_tenth.get_or_insert(now);
            }
        }
    }
    let (wall, after) = (begin.elapsed().as_secs_f64(), Usage::of(std::process::id())?);
    let filed = sim.finished().await?;
    let mut tx = app.db.read().await?;
    let queue = reporting::queue(&mut tx, &Caller::Operator).await?;
    drop(tx);
    let finished = u32::try_from(queue.finished).unwrap_or(0);
    let ok = finished == args.count && filed == u64::from(args.count);
    let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
    let per_second = number(done) / wall.max(1e-9);
    let megabytes = |bytes: u64| thousandths(number(bytes / 1_024) / 1_024.0);
    let warm = after_tenth.unwrap_or(after.own_bytes);
    let result = json!({
        "ok": ok, "reports": finished, "bytes": args.bytes, "seconds": thousandths(wall),
        "reports_per_s": thousandths(per_second), "target_per_s": TARGET, "ratio": thousandths(per_second / TARGET),
        "cpu_ms_per_report": thousandths(cpu * 1e3 / number(done.max(1))),
        "rss_mb_before": megabytes(before.own_bytes), "rss_mb_warm": megabytes(warm), "rss_mb_peak": megabytes(peak),
        "rss_mb_after": megabytes(after.own_bytes),
    });
    context.result(&result, result.to_string());
    if ok { Ok(()) } else { Err(Trouble::Quiet) }
}

/// The simulator, killed when it is dropped.
struct Destination {
    base: String,
    _child: tokio::process::Child,
    _said: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Destination {
    #[expect(clippy::disallowed_methods, reason = "the destination is another process, as it is in life")]
    async fn start() -> Result<Self, Trouble> {
        let mut command = tokio::process::Command::new(std::env::current_exe()?);
        command.args([
            "sim",
            "ncmec",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--username",
            "bench",
            "--password",
            "bench",
        ]);
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let gone = || Trouble::Said("the simulator ended before it served".to_owned());
        let mut lines = BufReader::new(child.stdout.take().ok_or_else(gone)?).lines();
        let line = lines.next_line().await?.ok_or_else(gone)?;
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        let base = said.get("base").and_then(Value::as_str).ok_or_else(gone)?.to_owned();
        Ok(Self { base, _child: child, _said: lines })
    }

    /// How many different accounts have a finished report there: one each, however often it was sent.
    async fn finished(&self) -> Result<u64, Trouble> {
        let said = |error: reqwest::Error| Trouble::Said(format!("the simulator: {error}"));
        let http = exchange::http::client().map_err(said)?;
        let at = self.base.replace("/ispws", "/sim/reports");
        let reports: Vec<Value> = http.get(at).send().await.map_err(said)?.json().await.map_err(said)?;
        let finished = reports.iter().filter(|report| report.get("state").and_then(Value::as_str) == Some("finished"));
        Ok(u64::try_from(finished.count()).unwrap_or(0))
    }
}

/// Accounts with one known file each, all decided to be reported.
async fn queue(app: &App, args: &Args) -> Result<(), Trouble> {
    let mut tx = app.db.write().await?;
    let (invited, proof) = accounts::invite(&mut tx, &Caller::Operator, "bench", Role::Lead).await?;
    tx.commit(proof).await?;
    let mut tx = app.db.write().await?;
    let (session, proof) =
        accounts::accept(&mut tx, &invited.invitation, "none", &app.settings.sign_in, &Place::default()).await?;
    tx.commit(proof).await?;
    let mut tx = app.db.write().await?;
    let scopes = [accounts::Scope::ItemsWrite];
    let (key, proof) = accounts::add_key(&mut tx, &Caller::Operator, "bench", &scopes, None).await?;
    tx.commit(proof).await?;
    let mut tx = app.db.read().await?;
    let platform = accounts::recognise(&mut tx, &key.token).await?;
    let (settings, profile) = (&app.settings.sign_in, app.settings.operator.profile);
    let lead = sessions::standing(&mut tx, &session.token, settings, profile).await?.caller;
    drop(tx);
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut media = vec![0; args.bytes.max(1)];
    for first in (0..args.count).step_by(50) {
        let mut arrivals = Vec::new();
        for n in first..(first + 50).min(args.count) {
            rng.fill_bytes(&mut media);
            arrivals.push(arrival(app, n, &media).await?);
        }
        let mut tx = app.db.write().await?;
        let mut proof = None;
        for arrival in &arrivals {
            let viral = i64::MAX;
            let (case, _) = intake::accept(&mut tx, &platform, arrival, viral).await?;
            let case = case.ok_or_else(|| Trouble::Said("a match made no case".to_owned()))?;
            review::lease(&mut tx, &lead, case).await.map(drop)?;
            let account = arrival.facts.account.as_ref().map(|account| account.id.clone());
            let new = json!({
                "outcome": "report", "reason": "It is what the list says.", "incident_type": IncidentType::AbuseMaterial,
                "roles": [{"account": account, "role": "suspect"}],
            });
            let new: NewDecision = serde_json::from_value(new).map_err(|error| Trouble::Said(error.to_string()))?;
            proof = Some(review::decide(&mut tx, &lead, case, &new, &app.settings).await?.1);
        }
        if let Some(proof) = proof {
            tx.commit(proof).await?;
        }
    }
    Ok(())
}

/// An upload of an account of its own, sealed, with a verdict that makes a case.
async fn arrival(app: &App, n: u32, media: &[u8]) -> Result<Arrival, Trouble> {
    let now = app.db.clock().now();
    let id = || new_uuid(now, app.db.random());
    let bytes = Bytes::copy_from_slice(media);
    let hit = Hit {
        bank: BankId(id()),
        bank_name: "generated".to_owned(),
        kind: Kind::Csam,
        entry: crate::store::EntryId(id()),
        signal: Signal::Sha256,
        strength: Strength::Exact,
        distance: None,
        threshold: None,
        orientation: None,
        in_common: None,
        trimmed: false,
        classification: None,
        source: None,
        shadow: false,
    };
    let judgement = Judgement {
        verdict: Verdict::Match,
        reason: None,
        strength: Some(Strength::Exact),
        coverage: Coverage::DigestOnly,
        lists_as_of: Some(now),
        stale: false,
        hits: vec![hit],
        shadow: Vec::new(),
        excepted: false,
    };
    let facts = Facts {
        content_id: format!("content-{n}"),
        account: Some(Account { id: format!("account-{n}"), ..Account::default() }),
        uploaded_at: Some(now),
        upload_ip: Some([192, 0, 2, 1].into()),
        upload_port: Some(4_000),
        public: Some(true),
        urls: vec![format!("https://platform.example/{n}")],
        file_name: Some(format!("{n}.jpg")),
        ..Facts::default()
    };
    let sealed = app.vault.seal(ObjectId(id()), &bytes).await?;
    Ok(Arrival {
        id: ItemId(id()),
        facts,
        bytes: bytes.len(),
        prints: Prints { digests: Digests::of(&bytes), look: None },
        judgement,
        sealed: Some(sealed),
    })
}
