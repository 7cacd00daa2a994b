//! `tanod demo`: the whole job on one machine, with generated pictures and a simulated CyberTipline.
//!
//! Everything goes over HTTP through the public API, as a platform and its reviewers would do it. Every step may be
//! repeated: a demo that was killed goes on where it stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use ::sim::ncmec::Simulator;
use ::sim::pictures::{Picture, jpeg, picture, png, resized};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::{Context, Done, Trouble};
use crate::accounts::sessions::SecondFactor;
use crate::accounts::{self, Caller, Role as PersonRole, Scope};
use crate::audit;
use crate::care::Agreement;
use crate::evidence;
use crate::plan;
use crate::plan::App;
use crate::roles::{self, Role};
use crate::store::World;

/// Show everything on this machine.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tanod demo                      stays up, and prints where to sign in
  tanod demo --once               a scripted reviewer does it all; exits 0 if everything was as it should be
  tanod demo --once --data DIR    leaves DIR for inspection")]
pub(super) struct Args {
    /// A scripted reviewer decides, and the demo ends.
    #[arg(long)]
    once: bool,
    /// Where to serve.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: String,
}

/// What an upload is expected to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Expected {
    Exact,
    Near,
    NoMatch,
    Unscanned(&'static str),
    Refused(&'static str),
}

impl Expected {
    fn words(self) -> String {
        match self {
            Self::Exact => "match, exact".to_owned(),
            Self::Near => "match, near".to_owned(),
            Self::NoMatch => "no_match".to_owned(),
            Self::Unscanned(why) => format!("unscanned: {why}"),
            Self::Refused(slug) => format!("refused: {slug}"),
        }
    }
}

struct Upload {
    name: String,
    account: String,
    media: Vec<u8>,
    public: bool,
    expected: Expected,
}

const LISTED: u32 = 12;
const MAX_BYTES: usize = 1 << 20;
/// The account whose case is dismissed, and the one whose reviewer asks for help.
const DOUBT: &str = "account-7";
const HELP: &str = "account-2";

fn listed(n: u32) -> Picture {
    picture(n, 480, 360)
}

/// About fifty uploads, and what each is expected to be answered.
fn uploads() -> Vec<Upload> {
    let mut all = Vec::new();
    let mut add = |name: String, account: String, media: Vec<u8>, expected| {
        let public = all.len() % 3 == 0;
        all.push(Upload { name, account, media, public, expected });
    };
    for n in 0..10 {
        let media = jpeg(&listed(n % LISTED), 90);
        add(format!("copy-{n}.jpg"), format!("account-{}", n % 5), media, Expected::Exact);
    }
    for n in 0..8 {
        let smaller = resized(&listed(n), 360, 270);
        add(format!("smaller-{n}.png"), format!("account-{}", n % 8), png(&smaller), Expected::Near);
    }
    for n in 4..10 {
        let media = jpeg(&resized(&listed(n), 560, 420), 55);
        add(format!("again-{n}.jpg"), format!("account-{}", n % 8), media, Expected::Near);
    }
    for n in 0..22 {
        let other = picture(1_000 + n * 7, 300 + n * 8, 280);
        let media = if n % 2 == 0 { png(&other) } else { jpeg(&other, 80) };
        add(format!("other-{n}"), format!("account-{}", 20 + n), media, Expected::NoMatch);
    }
    for n in 0..2 {
        let mut media = jpeg(&picture(2_000 + n, 500, 400), 90);
        media.truncate(media.len() / 2);
        add(format!("damaged-{n}.jpg"), "account-50".to_owned(), media, Expected::Unscanned("damaged"));
    }
    let large = vec![0xff; MAX_BYTES + 1];
    add("large.bin".to_owned(), "account-51".to_owned(), large, Expected::Refused("too-large"));
    all
}

/// A caller of the API.
struct Api {
    http: reqwest::Client,
    base: String,
    token: String,
}

fn wrong(doing: &str, error: impl std::fmt::Display) -> Trouble {
    Trouble::Said(format!("{doing}: {error}"))
}

impl Api {
    fn as_other(&self, token: String) -> Self {
        Self { http: self.http.clone(), base: self.base.clone(), token }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<(u16, Value), Trouble> {
        let response =
            request.bearer_auth(&self.token).send().await.map_err(|error| wrong("calling the API", error))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| wrong("reading an answer", error))?;
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    async fn get(&self, path: &str) -> Result<Value, Trouble> {
        let (status, body) = self.send(self.http.get(format!("{}{path}", self.base))).await?;
        if status == 200 { Ok(body) } else { Err(wrong(path, body)) }
    }

    fn post(&self, path: &str, key: Option<&str>) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.base));
        match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        }
    }

    async fn upload(&self, upload: &Upload, key: String) -> Result<(u16, Value), Trouble> {
        let facts = json!({
            "content_id": upload.name,
            "account": {
                "id": upload.account, "screen_name": format!("{}-name", upload.account),
                "profile_url": format!("https://platform.example/u/{}", upload.account),
            },
            "surface": "post",
            "uploaded_at": "2026-01-05T10:11:12+00:00",
            "upload_ip": "192.0.2.10",
            "upload_port": 51_234,
            "public": upload.public,
            "urls": [format!("https://platform.example/p/{}", upload.name)],
            "file_name": upload.name,
        });
        let media = reqwest::multipart::Part::bytes(upload.media.clone()).file_name("media");
        let form = reqwest::multipart::Form::new().text("item", facts.to_string()).part("media", media);
        self.send(self.post("/v1/items", Some(&key)).multipart(form)).await
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn rows<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn answered(status: u16, body: &Value) -> String {
    match (text(body, "verdict"), text(body, "strength")) {
        ("match", strength) => format!("match, {strength}"),
        ("unscanned", _) => format!("unscanned: {}", text(body, "reason")),
        ("", _) => format!("refused: {}", body.get("slug").and_then(Value::as_str).unwrap_or(&status.to_string())),
        (verdict, _) => verdict.to_owned(),
    }
}

pub(super) async fn run(context: &Context, args: Args) -> Done {
    // A folder of its own that vanishes, unless one was named. The secret lies beside the data, not in it.
    let passing = tempfile::Builder::new().prefix("tanod-demo-").tempdir()?;
    let data = context.data.clone().unwrap_or_else(|| passing.path().join("data"));
    fs_err::create_dir_all(&data)?;

    let simulator = super::sim::simulator(&context.clock, "demo", "demo", Some(data.join("cybertipline-sim.ndjson")))?;
    let outside = super::serve::bind("127.0.0.1:0").await?;
    let listener = super::serve::bind(&args.listen).await?;
    let base = format!("http://{}", listener.local_addr()?);

    let mut settings =
        crate::config::Settings::load(Some(&data), context.config.as_deref()).map_err(crate::plan::PlanError::from)?;
    settings.world = Some(World::Demo);
    // By name: browsers use no passkeys under a bare number.
    settings.public_url = base.replace("//127.0.0.1:", "//localhost:");
    // Nothing here is real: whoever tries it out need not set up a passkey or an authenticator first.
    settings.sign_in.second_factor = SecondFactor::Offered;
    settings.sign_in.passkey_before_depictions = false;
    // The scripted reviewer looks at nothing for seconds.
    settings.looking.least_seconds = 0;
    settings.care.agreement = Agreement::Offered;
    settings.intake.max_bytes = MAX_BYTES;
    settings.reporting.ncmec = format!("http://{}/ispws", outside.local_addr()?);
    if settings.operator.country.is_empty() {
        // So that the numbers to call have a place to be of.
        "US".clone_into(&mut settings.operator.country);
    }
    // A demo waits for nobody: reports leave as soon as they are decided.
    settings.reporting.send_after_minutes = 0;
    settings.reporting.username = "demo".into();
    settings.reporting.password = "demo".into();
    settings.reporting.about.platform = "Demo platform".into();
    settings.reporting.about.email = "child-safety@platform.example".into();
    settings.reporting.about.mailing_address = "1 Example Street, Exampleton".into();
    settings.reporting.about.telephone = "+1 555 0100".into();
    settings.reporting.about.no_facsimile_because = "there never was one".into();
    settings.reporting.about.company_template =
        "This report comes from a demonstration and describes nothing real.".into();

    settings.listen.clone_from(&args.listen);
    plan::reachable(&settings)?;
    let app = context.open_with(settings).await?;
    let _alone = plan::sole(&app.settings)?;
    let (serving, stop) = (simulator.clone(), app.tasks.stop.clone());
    app.tasks.spawn(async move {
        serving.serve(outside, stop.cancelled_owned()).await.ok();
    });
    roles::run(&app, Role::All, Some(listener)).await?;

    let shown = Demo { context, app: &app, simulator: &simulator, data: &data, base: &base };
    let result = shown.show(args.once).await;
    match (&result, args.once) {
        (Ok(()), false) => {
            roles::asked_to_stop().await;
            super::serve::end(context, &app).await;
        }
        _ => app.tasks.end().await,
    }
    app.db.close().await;
    result
}

struct Demo<'a> {
    context: &'a Context,
    app: &'a App,
    simulator: &'a Simulator,
    data: &'a Path,
    base: &'a str,
}

impl Demo<'_> {
    async fn show(&self, once: bool) -> Done {
        let api = self.platform().await?;
        let context = self.context;
        context.say(format!(
            "Tanod's demo. Everything here is generated; nothing leaves this machine.\nserving {}\n",
            self.base
        ));
        let mut wrongs = Vec::new();

        // The first minute: no list yet, so nothing may be called clean.
        let first = Upload {
            name: "before-any-list.png".to_owned(),
            account: "account-60".to_owned(),
            media: png(&picture(3_000, 320, 240)),
            public: false,
            expected: Expected::Unscanned("no_list"),
        };
        let mut table: BTreeMap<(String, String), u32> = BTreeMap::new();
        let mut check = |upload: &Upload, status: u16, body: &Value| {
            let (expected, answer) = (upload.expected.words(), answered(status, body));
            if expected != answer {
                wrongs.push(format!("{}: expected {expected}, answered {answer}", upload.name));
            }
            *table.entry((expected, answer)).or_default() += 1;
        };
        let (status, body) = api.upload(&first, "demo-first".to_owned()).await?;
        check(&first, status, &body);

        self.fill_bank(&api).await?;
        let uploads = uploads();
        let bar = context.progress(uploads.len(), "uploads");
        // Four at a time, as a platform would.
        let send = |(n, upload)| api.upload(upload, format!("demo-upload-{n}"));
        let mut answers = std::pin::pin!(futures_util::stream::iter(uploads.iter().enumerate()).map(send).buffered(4));
        let mut waiting = uploads.iter();
        while let (Some((status, body)), Some(upload)) = (answers.try_next().await?, waiting.next()) {
            check(upload, status, &body);
            bar.inc(1);
        }
        bar.finish_and_clear();
        context.say(format!("{:<28} {:<28} uploads", "expected", "answered"));
        for ((expected, answer), n) in &table {
            context.say(format!("{expected:<28} {answer:<28} {n:>7}"));
        }
        let matched: BTreeSet<&str> = uploads
            .iter()
            .filter(|upload| matches!(upload.expected, Expected::Exact | Expected::Near))
            .map(|upload| upload.account.as_str())
            .collect();

        if !once {
            return self.invite(&wrongs).await;
        }
        context.say("\nA scripted reviewer and a lead work through the cases.");
        self.review(&api).await?;
        let result = self.look_back(&api, &matched, uploads.len() + 1, wrongs).await?;
        let good = result.get("ok") == Some(&Value::Bool(true));
        // The last line is one JSON object, also for people.
        self.context.say(if good {
            "\nEverything was as it should be."
        } else {
            "\nSomething was not as it should be."
        });
        context.result(&result, result.to_string());
        if good { Ok(()) } else { Err(Trouble::Quiet) }
    }

    /// The platform's key. It is kept in the demo's folder, so that a demo that was killed goes on as the same caller.
    async fn platform(&self) -> Result<Api, Trouble> {
        let http = exchange::http::client().map_err(|error| wrong("making a client", error))?;
        let kept = self.data.join("demo-key");
        let token = if kept.exists() {
            fs_err::read_to_string(&kept)?
        } else {
            let mut tx = self.app.db.write().await?;
            let name = format!("demo-platform-{}", hex::encode(self.context.random.bytes::<4>()));
            let scopes = [Scope::ItemsWrite, Scope::MatchesWrite, Scope::MatchesDetail, Scope::BanksWrite];
            let (key, proof) = accounts::add_key(&mut tx, &Caller::Operator, &name, &scopes, Some(60_000)).await?;
            tx.commit(proof).await?;
            let staged = self.data.join("demo-key.new");
            fs_err::write(&staged, &key.token)?;
            fs_err::rename(&staged, &kept)?;
            key.token
        };
        Ok(Api { http, base: self.base.to_owned(), token })
    }

    /// A bank of the listed pictures, by digest and by PDQ.
    async fn fill_bank(&self, api: &Api) -> Done {
        let new = json!({"name": "Demo list", "kind": "csam", "source": "generated", "licence": "own"});
        let (status, bank) = api.send(api.post("/v1/banks", Some("demo-bank")).body(new.to_string())).await?;
        if status != 201 {
            return Err(wrong("making the bank", bank));
        }
        let mut csv = "signal,value,classification,source,provenance\n".to_owned();
        for n in 0..LISTED {
            let media = Bytes::from(jpeg(&listed(n), 90));
            let digest = fingerprint::Digests::of(&media).sha256_hex();
            let look = self
                .app
                .pool
                .look(media, decode::Wanted { exact: true, ..decode::Wanted::default() })
                .await
                .map_err(|error| wrong("fingerprinting", error))?;
            let hash = look.frames.first().map_or_else(String::new, |frame| frame.hash.to_string());
            for (signal, value) in [("sha256", digest), ("pdq", hash)] {
                let _fits = writeln!(csv, "{signal},{value},A1,generated,demo picture {n}");
            }
        }
        let path = format!("/v1/banks/{}/import", text(&bank, "id"));
        let request = api.post(&path, Some("demo-import")).header("content-type", "text/csv").body(csv);
        let (status, body) = api.send(request).await?;
        if status != 200 {
            return Err(wrong("filling the bank", body));
        }
        // A changed bank matches within a second.
        for _ in 0..100 {
            if self.app.lists.with(|lists| lists.as_of().is_some() && lists.len() >= 2 * 12) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(wrong("filling the bank", "the list did not reach the index"))
    }

    async fn invitation(&self, name: &str, role: PersonRole) -> Result<String, Trouble> {
        let mut tx = self.app.db.write().await?;
        let (invited, proof) = accounts::invite(&mut tx, &Caller::Operator, name, role).await?;
        tx.commit(proof).await?;
        Ok(invited.invitation)
    }

    async fn invite(&self, wrongs: &[String]) -> Done {
        let base = &self.app.settings.public_url;
        let reviewer =
            format!("{base}/console/welcome/{}", self.invitation("demo-reviewer", PersonRole::Reviewer).await?);
        let lead = format!("{base}/console/welcome/{}", self.invitation("demo-lead", PersonRole::Lead).await?);
        for wrong in wrongs {
            self.context.say(format!("NOT as planned: {wrong}"));
        }
        self.context.result(
            &json!({"console": format!("{base}/console"), "reviewer": reviewer, "lead": lead, "as_planned": wrongs.is_empty()}),
            format!("\nThe console: {base}/console\nOne-time sign-in as a reviewer:\n  {reviewer}\nand as a lead:\n  {lead}\nCtrl-C ends the demo."),
        );
        Ok(())
    }

    async fn person(&self, api: &Api, name: &str, role: PersonRole) -> Result<Api, Trouble> {
        let invitation = self.invitation(name, role).await?;
        let password = hex::encode(self.context.random.bytes::<12>());
        let body = json!({"invitation": invitation, "password": password});
        let (status, session) = api.send(api.post("/v1/sessions/accept", None).body(body.to_string())).await?;
        if status != 201 {
            return Err(wrong("signing in", session));
        }
        Ok(api.as_other(text(&session, "token").to_owned()))
    }

    /// Works until nothing waits for a person, then until every report is settled.
    async fn review(&self, api: &Api) -> Done {
        let reviewer = self.person(api, "demo-reviewer", PersonRole::Reviewer).await?;
        let lead = self.person(api, "demo-lead", PersonRole::Lead).await?;
        let next = {
            let mut tx = self.app.db.read().await?;
            let leads = accounts::people_who_may(&mut tx, accounts::Permission::ApproveDecisions).await?;
            leads.first().map(|lead| lead.staff)
        };
        for _ in 0..1_000 {
            let cases = reviewer.get("/v1/cases").await?;
            let mut waiting = false;
            for case in rows(&cases, "rows") {
                match text(case, "state") {
                    "open" => decide(&reviewer, case, next.filter(|_| text(case, "account") == HELP)).await?,
                    "help" => decide(&lead, case, None).await?,
                    "approval" => {
                        let body = json!({"approve": true, "reason": "Two of us agree on what is shown."});
                        let path = format!("/v1/cases/{}/approvals", text(case, "id"));
                        let (status, answer) = lead.send(lead.post(&path, None).body(body.to_string())).await?;
                        if status != 201 {
                            return Err(wrong("approving", answer));
                        }
                    }
                    "reporting" => {}
                    _ => continue,
                }
                waiting = true;
            }
            if !waiting {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Err(wrong("reviewing", "reports are still under way after a long time"))
    }

    /// Compares what happened with what should have.
    async fn look_back(
        &self,
        api: &Api,
        matched: &BTreeSet<&str>,
        uploads: usize,
        mut wrongs: Vec<String>,
    ) -> Result<Value, Trouble> {
        let lead = self.person(api, "demo-lead", PersonRole::Lead).await?;
        let cases = lead.get("/v1/cases").await?;
        let cases = rows(&cases, "rows");
        let grouped: BTreeSet<&str> = cases.iter().map(|case| text(case, "account")).collect();
        if &grouped != matched || cases.len() != matched.len() {
            wrongs.push(format!("{} cases for {} accounts", cases.len(), matched.len()));
        }
        let (mut numbers, mut files, mut viewed) = (Vec::new(), 0, 0);
        for case in cases {
            let whole = lead.get(&format!("/v1/cases/{}", text(case, "id"))).await?;
            let account = text(case, "account");
            let expected = if account == DOUBT { "dismissed" } else { "reported" };
            if text(case, "state") != expected {
                wrongs.push(format!("the case of {account} is {}, not {expected}", text(case, "state")));
            }
            let held = rows(&whole, "holds")
                .iter()
                .any(|hold| text(hold, "basis") == "us_2258a_h" && !text(hold, "until").is_empty());
            if held != (account != DOUBT) {
                wrongs.push(format!("the case of {account} is not held as it should be"));
            }
            for report in rows(&whole, "reports") {
                let report = lead.get(&format!("/v1/reports/{}", text(report, "id"))).await?;
                // Killed before the answer to `finish` was written down, it was asked again, and heard that it was done before.
                let says = |receipt: &&Value| {
                    let answer = text(receipt, "answer");
                    answer.contains("reportDoneResponse") || answer.contains("<responseCode>5102</responseCode>")
                };
                let receipt = report.get("receipt").filter(says);
                if text(&report, "state") != "finished" || receipt.is_none() {
                    wrongs.push(format!("the report of {account} has no receipt"));
                }
                numbers.extend(report.get("number").and_then(Value::as_i64));
                let said = rows(&report, "files");
                files += said.len();
                viewed += said.iter().filter(|file| file.get("viewed_by_esp") == Some(&Value::Bool(true))).count();
            }
        }
        self.look_outside(&numbers, files, viewed, &mut wrongs);
        let mut tx = self.app.db.read().await?;
        let (exhibits, broken) = evidence::sample(&mut tx, &self.app.vault, 1_000).await?;
        if broken > 0 || exhibits < u64::try_from(files).unwrap_or(0) {
            wrongs.push(format!("{broken} of {exhibits} exhibits do not open"));
        }
        drop(tx);
        roles::sequence_once(self.app).await?;
        let mut tx = self.app.db.read().await?;
        let verified = audit::verify(&mut tx, &self.app.signer.vkey(), None).await?;
        let ledger = match &verified {
            Ok(found) => json!({"verified": true, "size": found.size, "root": found.root}),
            Err(fault) => {
                wrongs.push(format!("the ledger: {fault}"));
                json!({"verified": false})
            }
        };
        Ok(json!({
            "ok": wrongs.is_empty(), "uploads": uploads, "cases": cases.len(), "reports": numbers, "files_reported": files,
            "files_viewed": viewed, "exhibits": exhibits, "ledger": ledger, "wrong": wrongs,
        }))
    }

    /// What the simulator has: each intended report finished, and nothing finished that was not intended.
    fn look_outside(&self, numbers: &[i64], files: usize, viewed: usize, wrongs: &mut Vec<String>) {
        let finished = self.simulator.finished();
        let outside: BTreeSet<i64> = finished.iter().map(|report| report.report_id).collect();
        let ours: BTreeSet<i64> = numbers.iter().copied().collect();
        if outside != ours || finished.len() != numbers.len() {
            wrongs.push(format!("{} reports are finished outside, {} are ours", finished.len(), numbers.len()));
        }
        let sent: Vec<&str> =
            finished.iter().flat_map(|report| &report.files).filter_map(|file| file.details.as_deref()).collect();
        let flagged = sent.iter().filter(|xml| xml.contains("<fileViewedByEsp>true</fileViewedByEsp>")).count();
        if sent.len() != files || flagged != viewed {
            wrongs.push(format!(
                "{} files are described outside, {flagged} as viewed; ours are {files} and {viewed}",
                sent.len()
            ));
        }
    }
}

/// Takes a case, looks at all but one of its uploads, and decides.
async fn decide(person: &Api, case: &Value, hand_to: Option<i64>) -> Done {
    let id = text(case, "id");
    let (status, body) = person.send(person.post(&format!("/v1/cases/{id}/lease"), None)).await?;
    if status != 200 {
        return Err(wrong("taking a case", body));
    }
    let whole = person.get(&format!("/v1/cases/{id}")).await?;
    let waiting: Vec<&str> = rows(&whole, "signals")
        .iter()
        .filter(|signal| signal.get("decision").is_none_or(Value::is_null))
        .map(|signal| text(signal, "item"))
        .collect();
    // Nobody looks more than is needed: of several, the last goes unviewed, and the report says so.
    let looked = if waiting.len() > 1 { waiting.len() - 1 } else { waiting.len() };
    let mut viewed = Vec::new();
    if hand_to.is_none() {
        for item in waiting.iter().take(looked) {
            let body = json!({"item": item, "purpose": "review", "veiled": false});
            let request = person.post(&format!("/v1/cases/{id}/views"), None).body(body.to_string());
            let response = request.bearer_auth(&person.token).send().await.map_err(|error| wrong("looking", error))?;
            let all = response.headers().get("x-tanod-whole").is_some_and(|value| value == "true");
            if response.status() != 200 {
                return Err(wrong("looking", response.text().await.unwrap_or_default()));
            }
            if all {
                viewed.push(*item);
            }
        }
    }
    let body = if let Some(staff) = hand_to {
        json!({"outcome": "cannot_tell", "reason": "I would like a second look at this.", "next": staff})
    } else if text(case, "account") == DOUBT {
        json!({"outcome": "no_violation", "reason": "A harmless picture that only looks alike.", "viewed_whole": viewed})
    } else {
        json!({
            "outcome": "report", "reason": "It is what the list says it is.",
            "incident_type": "Child Pornography (possession, manufacture, and distribution)", "viewed_whole": viewed,
            "roles": [{"account": text(case, "account"), "role": "suspect"}],
        })
    };
    let (status, answer) =
        person.send(person.post(&format!("/v1/cases/{id}/decisions"), None).body(body.to_string())).await?;
    if status == 201 { Ok(()) } else { Err(wrong("deciding", answer)) }
}
