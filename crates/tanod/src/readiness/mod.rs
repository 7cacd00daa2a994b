//! Whether every part works: each is tried, and what does not work is said with what to do. `tanod doctor` and the page of that name.

pub mod pages;

use exchange::ncmec::{Outcome, Schema};

use crate::accounts::Caller;
use crate::accounts::sessions::passkeys;
use crate::alarms;
use crate::audit;
use crate::disks;
use crate::evidence;
use crate::operator;
use crate::plan::{self, App};
use crate::provider;
use crate::queue;
use crate::refusal::Result;
use crate::reporting;
use crate::store::{ObjectId, Tx, World, new_uuid};
use crate::web::languages::Language;
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
    pub fn good(&mut self, part: &str, words: impl Into<String>) {
        self.0.push(Finding { part: part.to_owned(), ok: true, says: words.into(), remedy: None });
    }

    /// A part that does not, and what to do.
    pub fn bad(&mut self, part: &str, words: impl Into<String>, remedy: &str) {
        self.0.push(Finding { part: part.to_owned(), ok: false, says: words.into(), remedy: Some(remedy.to_owned()) });
    }

    /// Whether any part does not work.
    pub fn any_bad(&self) -> bool {
        self.0.iter().any(|finding| !finding.ok)
    }
}

/// Tries every part. `outside`: also whether the CyberTipline accepts the credentials.
pub async fn look(app: &App, outside: bool) -> Result<Findings> {
    let mut found = Findings::default();
    found.good("settings", "they can be read, and database, objects and key ring open");
    match app.may_match() {
        Ok(()) => found.good("detectors", "who the operator is and why uploads are looked at is answered"),
        Err(off) => found.bad("detectors", format!("off, so every upload is unscanned: {off}"), operator::REMEDY),
    }
    if app.shield.is_some() {
        match app.may_ask_shield() {
            Ok(()) => found.good("shield", "Project Arachnid Shield is asked about uploads that no list knows"),
            Err(off) => found.bad("shield", format!("configured and off: {off}"), operator::REMEDY),
        }
    }
    match (app.vault.ring.now()?.recovery(), app.world) {
        (Some(recipient), _) => {
            found.good("keys", format!("a lost secret is survivable, with the identity of {recipient}"));
        }
        (None, World::Demo) => found.good("keys", "no recovery recipient; a demo's secret may be lost"),
        (None, World::Live) => found.bad(
            "keys",
            "there is no recovery recipient: whoever loses the secret loses everything that was sealed",
            "Make a recovery identity and keep it on paper, away from here: tanod keys recovery.",
        ),
    }
    let id = vault::ObjectId(ObjectId(new_uuid(app.db.clock().now(), app.db.random())).0);
    let kept = async {
        app.vault.objects.put(id, bytes::Bytes::from_static(b"doctor")).await?;
        let same = app.vault.objects.get(id).await?.as_ref() == b"doctor";
        app.vault.objects.delete(id).await?;
        Ok::<_, vault::ObjectsError>(same)
    };
    match kept.await {
        Ok(true) => found.good("objects", "written, read back and deleted"),
        Ok(false) => found.bad("objects", "what was written came back changed", "Check the disk or the bucket."),
        Err(error) => found.bad("objects", error.to_string(), "Check the address, the rights and the space."),
    }
    disks_and_buckets(app, &mut found).await;
    match app.pool.warm().await {
        Ok(confined) if confined.seccomp && confined.landlock => {
            found.good("decoder", "starts, confined by landlock and seccomp");
        }
        Ok(confined) => found.bad(
            "decoder",
            format!("starts, with landlock {} and seccomp {}", confined.landlock, confined.seccomp),
            "Run on Linux 5.13 or newer with landlock among the enabled security modules.",
        ),
        Err(error) => found.bad("decoder", error.to_string(), "Check that this binary may be executed."),
    }
    match decode::ffmpeg() {
        Some(place) => found.good("films", format!("read with {}", place.display())),
        None => found.bad(
            "films",
            "ffmpeg is not installed, so films are unscanned: no_ffmpeg",
            "Install ffmpeg in /usr/bin, on Debian with `apt-get install ffmpeg`.",
        ),
    }
    app.lists.catch_up(&app.db).await?;
    let (entries, as_of) = app.lists.with(|lists| (lists.len(), lists.as_of()));
    match as_of {
        Some(at) => found.good("lists", format!("{entries} entries, the oldest list of abuse material as of {at}")),
        None => found.bad(
            "lists",
            "no list of abuse material is enabled and has entries, so every upload is `unscanned: no_list`",
            "Import one: tanod bank create, tanod bank import.",
        ),
    }
    let mut tx = app.db.read().await?;
    match audit::verify(&mut tx, &app.signer.vkey(), None).await? {
        Ok(ledger) => {
            found.good("ledger", format!("{} entries verify, {} wait for a place", ledger.size, ledger.waiting));
        }
        Err(fault) => found.bad("ledger", fault, "Keep the database as it is, and find out who changed it."),
    }
    let jobs = queue::counts(&mut tx).await?;
    if jobs.dead == 0 {
        found.good("queue", format!("{} waiting, {} in hand", jobs.waiting, jobs.leased));
    } else {
        found.bad(
            "queue",
            format!("{} dead jobs", jobs.dead),
            "The log says why each gave up after its last try; a job of a report lives on with `tanod report submit`.",
        );
    }
    match reporting::dead(&mut tx).await? {
        0 => found.good("reports", "none is stuck"),
        n => found.bad(
            "reports",
            format!("{n} are stuck"),
            "See `tanod report status`; mend the cause, then `tanod report submit`.",
        ),
    }
    pictures(app, &mut found);
    told(app, &mut tx, &mut found).await?;
    match evidence::sample(&mut tx, &app.vault, 20).await? {
        (checked, 0) => found.good("evidence", format!("{checked} sealed exhibits open and are what they were")),
        (checked, broken) => {
            let remedy = "Restore the objects from their backup; do not delete anything.";
            found.bad("evidence", format!("{broken} of {checked} sealed exhibits do not open"), remedy);
        }
    }
    let provider = provider::read(&mut tx, &Caller::Operator, &app.settings.reporting.about).await?;
    let named = |names: &[&str]| provider::named(names, Language::default()).join("; ");
    match (named(&provider.missing()), named(&provider.advice())) {
        (missing, _) if !missing.is_empty() => found.bad(
            "provider",
            format!("the law's items about you are not all there, so no report can be filed: {missing}"),
            "Fill them in under Provider in the console, or under [reporting.about].",
        ),
        (_, advice) if !advice.is_empty() => {
            found.good("provider", format!("what the law asks for is there; officers would be quicker with: {advice}"));
        }
        _ => found.good("provider", "everything about you is there that officers ask for"),
    }
    match (&app.ncmec, outside) {
        (None, _) => found.bad("reporting", "the CyberTipline is off", "Set reporting.ncmec, username and password."),
        (Some(_), false) => found.good("reporting", "configured; --outside asks whether the credentials are accepted"),
        (Some(client), true) => {
            match client.status().await.map(|answer| answer.outcome()) {
                Ok(Outcome::Accepted(_)) => found.good("reporting", "the credentials are accepted"),
                Ok(other) => {
                    found.bad("reporting", format!("{other:?}"), "Check the credentials with NCMEC's ESP team.");
                }
                Err(error) => {
                    found.bad("reporting", error.to_string(), "Check the network between here and the CyberTipline.");
                }
            }
            match client.schema().await {
                Ok(Schema::Known(_)) => found.good("schema", "the CyberTipline's schema is the one we were written for"),
                Ok(Schema::Drifted { sha256 }) => found.bad(
                    "schema",
                    format!("the CyberTipline's schema is a newer one ({sha256})"),
                    "Reports are still sent. Download it, then: tanod report sample, and tanod report check --xsd FILE.",
                ),
                // A demo's CyberTipline has none.
                Ok(Schema::Absent { why }) => found.good("schema", format!("the CyberTipline served none: {why}")),
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
        (true, ..) => found.good("disk", "encrypted, as far as it is on this machine, and no other program copies it"),
        (_, World::Demo, _) => found.good("disk", "not looked at; a demo keeps nothing real"),
        (_, World::Live, Some(reason)) => found.good("disk", format!("{}; accepted: {reason}", faults.join("; "))),
        (_, World::Live, None) => found.bad("disk", faults.join("; "), disks::REMEDY),
    }
    let Some(bucket) = plan::bucket(&app.settings) else { return };
    for vault::Keeps { what, on } in bucket.keeps().await {
        match on {
            Ok(false) => found.good(what, "off"),
            Ok(true) => found.bad(
                what,
                "on: what is deleted is kept beside the object, so a certificate of destruction tells half of it (the key is gone all \
                 the same)",
                match what {
                    "versioning" => "Suspend it, and expire noncurrent versions within days by a rule of the bucket's lifecycle.",
                    "replication" => "Replicate deletions as well, or end it; the copies are yours to destroy.",
                    _ => "A lock forbids destruction when it is due. Use a bucket without it; our holds keep what the law asks for.",
                },
            ),
            Err(why) => found.bad(
                what,
                format!("the bucket does not say ({why})"),
                "Give these credentials the right to read the bucket's settings, or look in its console.",
            ),
        }
    }
}

/// Whether anybody can be shown a picture: where a passkey is asked for first, browsers must use passkeys at the console's address.
fn pictures(app: &App, found: &mut Findings) {
    let address = &app.settings.public_url;
    match (app.settings.sign_in.passkey_before_depictions, passkeys::party(address)) {
        (true, Err(_)) => found.bad(
            "pictures",
            format!("nobody is shown any: a passkey is asked for first, and browsers use none at {address}"),
            "Give the console a name behind TLS and say it in public_url; a bare address will not do. Or state sign_in.passkey_before_depictions = false.",
        ),
        (true, Ok(_)) => found.good("pictures", "shown to whoever signed in with a passkey"),
        (false, _) => found.good("pictures", "shown also to whoever signed in without a passkey"),
    }
}

/// Whether somebody would hear of what goes wrong, and whether the platform hears what happens.
async fn told(app: &App, tx: &mut Tx, found: &mut Findings) -> Result<()> {
    let standing = alarms::list(tx, &Caller::Operator, Some(alarms::State::Open), None, 100).await?;
    match (app.settings.alarms.on_call.len(), standing.len()) {
        (0, _) => found.bad(
            "alarms",
            "nobody is on call, so nobody is told when a child is in danger or a report is stuck",
            "Name somebody under [[alarms.on_call]], then: tanod doctor --page.",
        ),
        (people, 0) => found.good("alarms", format!("{people} on call, no alarm is open; --page tries the chain")),
        (_, open) => found.bad(
            "alarms",
            format!("{open} are open and nobody has acknowledged them"),
            "See Alarms in the console, or GET /v1/alarms.",
        ),
    }
    let dead = webhooks::list(tx, &Caller::Operator, Some(webhooks::State::Dead), None, 100).await?;
    match (app.endpoints.len(), dead.len()) {
        (0, _) => found.good("webhooks", "none is configured; your platform hears nothing"),
        (endpoints, 0) => found.good("webhooks", format!("{endpoints} configured, no delivery was given up")),
        (_, dead) => found.bad(
            "webhooks",
            format!("{dead} deliveries were given up"),
            "Mend the endpoint, then send them again: Webhooks in the console.",
        ),
    }
    Ok(())
}
