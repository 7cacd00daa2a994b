//! Whether every part works: each is tried, and what does not work is said with what to do. `tanod doctor` and the page of that name.

pub mod pages;

use exchange::ncmec::{Outcome, Schema};

use crate::accounts::Caller;
use crate::accounts::sessions::passkeys;
use crate::alarms;
use crate::audit;
use crate::disks;
use crate::evidence;
use crate::plan::{self, App};
use crate::provider;
use crate::queue;
use crate::refusal::Result;
use crate::reporting;
use crate::store::{ObjectId, Tx, World, new_uuid};
use crate::web::languages::{self, Said, say};
use crate::webhooks;

/// What was found of one part.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Finding {
    /// Which part.
    pub part: String,
    /// Whether it works.
    pub ok: bool,
    /// What was found.
    pub says: String,
    /// What to do, where it does not work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// What was found, in the order in which it was looked at.
#[derive(Default)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// A part that works.
    pub fn good(&mut self, part: &str, says: &Said) {
        self.0.push(Finding { part: part.to_owned(), ok: true, says: says.to_string(), remedy: None });
    }

    /// A part that does not, and what to do: the text's attribute `remedy`.
    pub fn bad(&mut self, part: &str, says: &Said) {
        let remedy = says.attribute("remedy").to_string();
        self.0.push(Finding { part: part.to_owned(), ok: false, says: says.to_string(), remedy: Some(remedy) });
    }

    /// Whether any part does not work.
    pub fn any_bad(&self) -> bool {
        self.0.iter().any(|finding| !finding.ok)
    }
}

/// Tries every part. `outside`: also whether the CyberTipline accepts the credentials.
pub async fn look(app: &App, outside: bool) -> Result<Findings> {
    let mut found = Findings::default();
    found.good("settings", &say("doctor-settings"));
    match app.may_match() {
        Ok(()) => found.good("detectors", &say("doctor-detectors")),
        Err(off) => found.bad("detectors", &say("doctor-detectors-off").with("why", off.to_string())),
    }
    if app.shield.is_some() {
        match app.may_ask_shield() {
            Ok(()) => found.good("shield", &say("doctor-shield")),
            Err(off) => found.bad("shield", &say("doctor-shield-off").with("why", off.to_string())),
        }
    }
    match (app.vault.ring.now()?.recovery(), app.world) {
        (Some(recipient), _) => {
            found.good("keys", &say("doctor-keys").with("recipient", recipient.to_string()));
        }
        (None, World::Demo) => found.good("keys", &say("doctor-keys-demo")),
        (None, World::Live) => found.bad("keys", &say("doctor-keys-none")),
    }
    let id = vault::ObjectId(ObjectId(new_uuid(app.db.clock().now(), app.db.random())).0);
    let kept = async {
        app.vault.objects.put(id, bytes::Bytes::from_static(b"doctor")).await?;
        let same = app.vault.objects.get(id).await?.as_ref() == b"doctor";
        app.vault.objects.delete(id).await?;
        Ok::<_, vault::ObjectsError>(same)
    };
    match kept.await {
        Ok(true) => found.good("objects", &say("doctor-objects")),
        Ok(false) => found.bad("objects", &say("doctor-objects-changed")),
        Err(error) => found.bad("objects", &say("doctor-objects-fault").with("fault", error.to_string())),
    }
    disks_and_buckets(app, &mut found).await;
    match app.pool.warm().await {
        Ok(confined) if confined.seccomp && confined.landlock => {
            found.good("decoder", &say("doctor-decoder"));
        }
        Ok(confined) => {
            let said = say("doctor-decoder-open").with("landlock", confined.landlock.to_string());
            found.bad("decoder", &said.with("seccomp", confined.seccomp.to_string()));
        }
        Err(error) => found.bad("decoder", &say("doctor-decoder-fault").with("fault", error.to_string())),
    }
    match decode::ffmpeg() {
        Some(place) => found.good("films", &say("doctor-films").with("place", place.display().to_string())),
        None => found.bad("films", &say("doctor-films-none")),
    }
    app.lists.catch_up(&app.db).await?;
    let (entries, as_of) = app.lists.with(|lists| (lists.len(), lists.as_of()));
    match as_of {
        Some(at) => found.good("lists", &say("doctor-lists").with("entries", entries).with("at", at.to_string())),
        None => found.bad("lists", &say("doctor-lists-none")),
    }
    let mut tx = app.db.read().await?;
    match audit::verify(&mut tx, &app.signer.vkey(), None).await? {
        Ok(ledger) => {
            found.good("ledger", &say("doctor-ledger").with("size", ledger.size).with("waiting", ledger.waiting));
        }
        Err(fault) => found.bad("ledger", &say("doctor-ledger-fault").with("fault", fault)),
    }
    let jobs = queue::counts(&mut tx).await?;
    if jobs.dead == 0 {
        found.good("queue", &say("doctor-queue").with("waiting", jobs.waiting).with("leased", jobs.leased));
    } else {
        found.bad("queue", &say("doctor-queue-dead").with("dead", jobs.dead));
    }
    match reporting::dead(&mut tx).await? {
        0 => found.good("reports", &say("doctor-reports")),
        n => found.bad("reports", &say("doctor-reports-stuck").with("count", n)),
    }
    pictures(app, &mut found);
    told(app, &mut tx, &mut found).await?;
    match evidence::sample(&mut tx, &app.vault, 20).await? {
        (checked, 0) => found.good("evidence", &say("doctor-evidence").with("checked", checked)),
        (checked, broken) => {
            found.bad("evidence", &say("doctor-evidence-broken").with("broken", broken).with("checked", checked));
        }
    }
    let provider = provider::read(&mut tx, &Caller::Operator, &app.settings.reporting.about).await?;
    let named = |names: &[&str]| provider::named(names, languages::spoken()).join("; ");
    match (named(&provider.missing()), named(&provider.advice())) {
        (missing, _) if !missing.is_empty() => {
            found.bad("provider", &say("doctor-provider-missing").with("missing", missing));
        }
        (_, advice) if !advice.is_empty() => {
            found.good("provider", &say("doctor-provider-advice").with("advice", advice));
        }
        _ => found.good("provider", &say("doctor-provider")),
    }
    match (&app.ncmec, outside) {
        (None, _) => found.bad("reporting", &say("doctor-reporting-off")),
        (Some(_), false) => found.good("reporting", &say("doctor-reporting-unasked")),
        (Some(client), true) => {
            match client.status().await.map(|answer| answer.outcome()) {
                Ok(Outcome::Accepted(_)) => found.good("reporting", &say("doctor-reporting")),
                Ok(other) => {
                    found.bad("reporting", &say("doctor-reporting-refused").with("answer", format!("{other:?}")));
                }
                Err(error) => {
                    found.bad("reporting", &say("doctor-reporting-fault").with("fault", error.to_string()));
                }
            }
            match client.schema().await {
                Ok(Schema::Known(_)) => found.good("schema", &say("doctor-schema")),
                Ok(Schema::Drifted { sha256 }) => {
                    found.bad("schema", &say("doctor-schema-newer").with("sha256", sha256));
                }
                // A demo's CyberTipline has none.
                Ok(Schema::Absent { why }) => found.good("schema", &say("doctor-schema-absent").with("why", why)),
                Err(_) => {}
            }
        }
    }
    Ok(found)
}

/// Whether what is kept lies where it should: on an encrypted disk, and in a bucket that forgets what is deleted.
async fn disks_and_buckets(app: &App, found: &mut Findings) {
    let faults = disks::faults(&app.settings, &disks::Machine::default());
    match (faults.is_empty(), app.world, disks::reason(&app.settings)) {
        (true, ..) => found.good("disk", &say("doctor-disk")),
        (_, World::Demo, _) => found.good("disk", &say("doctor-disk-demo")),
        (_, World::Live, Some(reason)) => {
            found.good("disk", &say("doctor-disk-accepted").with("faults", faults.join("; ")).with("reason", reason));
        }
        (_, World::Live, None) => found.bad("disk", &say("doctor-disk-fault").with("faults", faults.join("; "))),
    }
    let Some(bucket) = plan::bucket(&app.settings) else { return };
    for vault::Keeps { what, on } in bucket.keeps().await {
        match on {
            Ok(false) => found.good(what, &say("doctor-bucket-off")),
            Ok(true) => found.bad(
                what,
                &match what {
                    "versioning" => say("doctor-bucket-versioning"),
                    "replication" => say("doctor-bucket-replication"),
                    _ => say("doctor-bucket-lock"),
                },
            ),
            Err(why) => found.bad(what, &say("doctor-bucket-mute").with("why", why)),
        }
    }
}

/// Whether anybody can be shown a picture: where a passkey is asked for first, browsers must use passkeys at the console's address.
fn pictures(app: &App, found: &mut Findings) {
    let address = &app.settings.public_url;
    match (app.settings.sign_in.passkey_before_depictions, passkeys::party(address)) {
        (true, Err(_)) => found.bad("pictures", &say("doctor-pictures-none").with("address", address)),
        (true, Ok(_)) => found.good("pictures", &say("doctor-pictures")),
        (false, _) => found.good("pictures", &say("doctor-pictures-anyhow")),
    }
}

/// Whether somebody would hear of what goes wrong, and whether the platform hears what happens.
async fn told(app: &App, tx: &mut Tx, found: &mut Findings) -> Result<()> {
    let standing = alarms::list(tx, &Caller::Operator, Some(alarms::State::Open), None, 100).await?;
    match (app.settings.alarms.on_call.len(), standing.len()) {
        (0, _) => found.bad("alarms", &say("doctor-alarms-nobody")),
        (people, 0) => found.good("alarms", &say("doctor-alarms").with("people", people)),
        (_, open) => found.bad("alarms", &say("doctor-alarms-open").with("open", open)),
    }
    let dead = webhooks::list(tx, &Caller::Operator, Some(webhooks::State::Dead), None, 100).await?;
    match (app.endpoints.len(), dead.len()) {
        (0, _) => found.good("webhooks", &say("doctor-webhooks-none")),
        (endpoints, 0) => found.good("webhooks", &say("doctor-webhooks").with("endpoints", endpoints)),
        (_, dead) => found.bad("webhooks", &say("doctor-webhooks-dead").with("dead", dead)),
    }
    Ok(())
}
