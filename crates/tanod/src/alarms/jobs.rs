//! Paging, and watching for what nobody tells of by itself.

use std::time::Duration;

use exchange::mail::NotSent;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Alarm, Kind, OnCall, Page, Part, Settings, State, Told, link, store};
use crate::accounts::new_token;
use crate::audit::{self, Entry};
use crate::plan::App;
use crate::queue::{self, Done};
use crate::refusal::Result;
use crate::store::{AlarmId, PageId, Tx, as_word};
use crate::webhooks::{self, Event};
use crate::{banks, reporting};

/// How soon a page that did not get through is tried again on the same way.
const TRY_AGAIN: Duration = Duration::from_mins(1);
/// A lane whose oldest due job is older than this is stuck.
const STUCK_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// So long an endpoint that gave something up is an alarm by itself.
const DEAD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a page is about to do.
struct Plan<'a> {
    person: &'a OnCall,
    place: usize,
    nth: i64,
    mail: bool,
    webhook: bool,
    /// Until the next page.
    left: Duration,
}

/// Pages somebody, unless they know. Killed anywhere, it pages once more rather than once less.
pub async fn page(app: &App, id: AlarmId) -> Result<Done> {
    let rules = &app.settings.alarms;
    let mut tx = app.db.write().await?;
    let Some(alarm) = store::alarm(&mut tx, id).await?.filter(|alarm| alarm.state == State::Open) else {
        return Ok(Done::Finished);
    };
    if rules.on_call.is_empty() {
        tracing::error!(alarm = %id, kind = as_word(&alarm.kind), "an alarm, and nobody is on call: set alarms.on_call");
        return Ok(Done::Later(rules.repeat()));
    }
    let newest = store::newest_page(&mut tx, &alarm).await?;
    let plan = match next(rules, &alarm, newest.as_ref(), tx.now()) {
        Next::Wait(time) => return Ok(Done::Later(time)),
        Next::Page(plan) => plan,
    };
    let (page, token): (PageId, String) = (tx.id(), new_token("page", tx.random()));
    if plan.nth >= alarm.pages && !store::count_page(&mut tx, &alarm).await? {
        return Ok(Done::Later(TRY_AGAIN));
    }
    let waiting = |wanted: bool| wanted.then_some(Told::Waiting);
    let row = Page {
        alarm: id,
        person: plan.person.name.clone(),
        mail: waiting(plan.mail),
        webhook: waiting(plan.webhook),
        at: tx.now(),
    };
    store::insert_page(&mut tx, page, plan.nth, &super::token_hash(&token), &row).await?;
    let entry = Entry::by_tanod("alarm.paged").about(id);
    let entry = entry.detail(json!({"page": page, "nth": plan.nth + 1, "on_call": plan.place}));
    let proof = audit::record(&mut tx, if let Some(case) = alarm.case { entry.case(case) } else { entry }).await?;
    tx.commit(proof).await?;

    let text = Text::of(app, &alarm, &plan, &token);
    // Side by side: a mail server that hangs keeps no webhook back.
    let (mail, webhook) = tokio::join!(
        async { if plan.mail { Some(mail(app, &text, &plan, &page.to_string()).await) } else { None } },
        async { if plan.webhook { Some(post(app, &text, &plan, &page.to_string()).await) } else { None } },
    );
    let told = |result: &Option<std::result::Result<(), String>>| {
        result.as_ref().map(|result| if result.is_ok() { Told::Sent } else { Told::Failed })
    };
    let faults: Vec<String> = [&mail, &webhook].into_iter().flatten().filter_map(|r| r.clone().err()).collect();
    let trouble = (!faults.is_empty()).then(|| faults.join("; "));
    if let Some(trouble) = &trouble {
        tracing::error!(alarm = %id, trouble, "a page did not get through");
    }
    let mut tx = app.db.write().await?;
    store::settle_page(&mut tx, page, told(&mail), told(&webhook), trouble.as_deref()).await?;
    let detail = json!({"page": page, "mail": told(&mail), "webhook": told(&webhook), "trouble": trouble});
    let proof = audit::record(&mut tx, Entry::by_tanod("alarm.page_sent").about(id).detail(detail)).await?;
    tx.commit(proof).await?;
    Ok(Done::Later(if trouble.is_some() { TRY_AGAIN.min(plan.left) } else { plan.left }))
}

enum Next<'a> {
    Wait(Duration),
    Page(Plan<'a>),
}

/// Whether the next page is due, the last one must be tried again, or it is time to wait.
fn next<'a>(rules: &'a Settings, alarm: &Alarm, newest: Option<&Page>, now: Timestamp) -> Next<'a> {
    let until = |since: Timestamp, time: Duration| {
        let passed = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        time.checked_sub(passed).filter(|left| !left.is_zero())
    };
    let plan = |nth: i64, mail: bool, webhook: bool, left: Duration| match rules.whose_turn(nth) {
        Some((place, person)) => Next::Page(Plan {
            person,
            place,
            nth,
            mail: mail && !person.email.is_empty(),
            webhook: webhook && !person.webhook.is_empty(),
            left,
        }),
        None => Next::Wait(rules.repeat()),
    };
    let (Some(paged_at), Some(newest)) = (alarm.paged_at, newest) else {
        return plan(alarm.pages, true, true, rules.repeat());
    };
    let Some(left) = until(paged_at, rules.repeat()) else { return plan(alarm.pages, true, true, rules.repeat()) };
    let open = |told: Option<Told>| matches!(told, Some(Told::Waiting | Told::Failed));
    if !open(newest.mail) && !open(newest.webhook) {
        return Next::Wait(left);
    }
    match until(newest.at, TRY_AGAIN) {
        Some(soon) => Next::Wait(soon.min(left)),
        None => plan(alarm.pages - 1, open(newest.mail), open(newest.webhook), left),
    }
}

/// What a page says: the kind, the case's number, two links. Nothing of what it is about.
struct Text {
    says: String,
    case: Option<i64>,
    link: String,
    acknowledge: String,
    data: serde_json::Value,
}

impl Text {
    fn of(app: &App, alarm: &Alarm, plan: &Plan<'_>, token: &str) -> Self {
        let base = app.settings.public_url.trim_end_matches('/');
        let (link, acknowledge) = (link(base, alarm), format!("{base}/alarms/{token}"));
        let says = alarm.kind.words();
        let data = json!({
            "alarm": alarm.id, "kind": alarm.kind, "says": says, "case_number": alarm.case_number, "link": link,
            "acknowledge": acknowledge, "page": plan.nth + 1, "person": plan.person.name,
        });
        Self { says, case: alarm.case_number, link, acknowledge, data }
    }

    fn subject(&self) -> String {
        match self.case {
            Some(number) => format!("Tanod: {} (case {number})", self.says),
            None => format!("Tanod: {}", self.says),
        }
    }

    fn body(&self, repeat_minutes: u32) -> String {
        let case = self.case.map_or_else(String::new, |number| format!("Case {number}\n"));
        format!(
            "{}.\n{case}\nLook at it (you sign in there):\n{}\n\nSay that you know, with one press:\n{}\n\n\
             Until somebody says so, this comes again every {repeat_minutes} minutes, and then goes to the next person.\n",
            self.says, self.link, self.acknowledge,
        )
    }
}

async fn mail(app: &App, text: &Text, plan: &Plan<'_>, id: &str) -> std::result::Result<(), String> {
    let Some(mailer) = &app.mailer else { return Err("mail: no server is configured".to_owned()) };
    let (now, rules) = (app.db.clock().now(), &app.settings.alarms);
    let body = text.body(rules.repeat_minutes.max(1));
    let sent = mailer.send(&plan.person.email, id, now, &text.subject(), &body).await;
    sent.map_err(|error: NotSent| format!("mail: {error}"))
}

async fn post(app: &App, text: &Text, plan: &Plan<'_>, id: &str) -> std::result::Result<(), String> {
    let Some(endpoint) = app.endpoint(&plan.person.webhook) else {
        return Err("webhook: no such endpoint is configured".to_owned());
    };
    let now = app.db.clock().now();
    // Not a delivery: the link in it is kept nowhere, and another page comes in a few minutes anyway.
    let body = webhooks::body(Event::AlarmPage, now, &text.data);
    match app.webhooks.post(&endpoint.url, &endpoint.secrets, id, now, body).await {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) => Err(format!("webhook: the endpoint answered {}", answer.status)),
        Err(lost) => Err(format!("webhook: {lost}")),
    }
}

/// What is wrong now, of all that nobody tells of by itself.
struct Seen {
    kind: Kind,
    subject: String,
    case: Option<crate::store::CaseId>,
}

/// The kinds that [`watch`] raises and clears; it leaves the others to whoever raised them.
const WATCHED: [Kind; 7] = [
    Kind::ReportDead,
    Kind::CredentialsRefused,
    Kind::ListStale,
    Kind::QueueStuck,
    Kind::ScannerStuck,
    Kind::WebhookDead,
    Kind::Silent,
];

/// Tries this process's decoder, and says how it is: so every process that looks at files is watched, wherever it runs.
pub async fn scan(app: &App) -> Result<()> {
    let works = app.pool.works().await.is_ok();
    let mut tx = app.db.write().await?;
    let proof = super::scans(&mut tx, app.process, works).await?;
    Ok(tx.commit(proof).await?)
}

/// Looks whether something is wrong, raises what is, clears what is not any more, and raises again what was acknowledged
/// long ago and lasts.
pub async fn watch(app: &App) -> Result<()> {
    let rules = &app.settings.alarms;
    let mut tx = app.db.read().await?;
    let (seen, standing) = (look(&mut tx, rules).await?, store::all_standing(&mut tx).await?);
    let now = tx.now();
    drop(tx);
    let stands = |kind: Kind, subject: &str| standing.iter().any(|one| one.kind == kind && one.subject == subject);
    let is_seen = |alarm: &Alarm| seen.iter().any(|one| one.kind == alarm.kind && one.subject == alarm.subject);
    for one in seen.iter().filter(|one| !stands(one.kind, &one.subject)) {
        let mut tx = app.db.write().await?;
        if let Some(proof) = super::raised(&mut tx, one.kind, &one.subject, one.case).await? {
            tx.commit(proof).await?;
        }
    }
    for alarm in standing {
        let watched = WATCHED.contains(&alarm.kind);
        let old = SignedDuration::from_mins(i64::from(rules.again_minutes.max(1)));
        if watched && !is_seen(&alarm) {
            let mut tx = app.db.write().await?;
            if let Some(proof) = super::cleared(&mut tx, alarm.kind, &alarm.subject).await? {
                tx.commit(proof).await?;
            }
        } else if alarm.kind.comes_again() && alarm.acknowledged_at.is_some_and(|at| now.duration_since(at) >= old) {
            let mut tx = app.db.write().await?;
            let proof = super::again(&mut tx, &alarm).await?;
            tx.commit(proof).await?;
        }
    }
    app.nudge.notify_waiters();
    Ok(())
}

async fn look(tx: &mut Tx, rules: &Settings) -> Result<Vec<Seen>> {
    let now = tx.now();
    let ago = |by: SignedDuration| now.checked_sub(by).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut seen = Vec::new();
    let mut add = |kind, subject: String, case| seen.push(Seen { kind, subject, case });
    for (report, case) in reporting::all_dead(tx).await? {
        add(Kind::ReportDead, report.to_string(), Some(case));
    }
    if reporting::credentials_refused(tx).await? {
        add(Kind::CredentialsRefused, "ncmec".to_owned(), None);
    }
    let stale = SignedDuration::from_hours(i64::from(rules.list_stale_hours));
    for bank in banks::stale(tx, ago(stale)).await? {
        add(Kind::ListStale, bank.to_string(), None);
    }
    for lane in queue::stuck(tx, ago(STUCK_AFTER)).await? {
        add(Kind::QueueStuck, lane, None);
    }
    for process in super::stuck_scanners(tx).await? {
        add(Kind::ScannerStuck, process.to_string(), None);
    }
    for endpoint in webhooks::died_since(tx, ago(DEAD_FOR)).await? {
        add(Kind::WebhookDead, endpoint, None);
    }
    for part in super::fallen_silent(tx).await?.into_iter().filter(|part| *part != Part::Scheduler) {
        add(Kind::Silent, as_word(&part), None);
    }
    Ok(seen)
}

/// Calls the outside watcher, while every part of this program gives signs of life.
pub async fn knock(app: &App) -> Result<()> {
    let url = app.settings.alarms.heartbeat_url.as_str();
    if url.is_empty() || !super::silent(&mut app.db.read().await?).await?.is_empty() {
        return Ok(());
    }
    if let Err(error) = app.webhooks.knock(url).await {
        tracing::warn!(%error, "the outside watcher does not answer");
    }
    Ok(())
}
