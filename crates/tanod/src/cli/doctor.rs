//! `tanod doctor`: tries every part, and says what to do.

use serde_json::json;

use super::{Context, Done, Trouble};
use crate::audit;
use crate::evidence;
use crate::operator;
use crate::queue;
use crate::reporting;
use crate::store::{ObjectId, new_uuid};

/// Try every part, and say what to do about what does not work.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tanod doctor --data /var/lib/tanod")]
pub(super) struct Args {
    /// Also ask the CyberTipline whether it accepts the credentials.
    #[arg(long)]
    outside: bool,
}

struct Findings<'a> {
    context: &'a Context,
    worst: bool,
}

impl Findings<'_> {
    fn good(&self, part: &str, words: impl AsRef<str>) {
        let words = words.as_ref();
        self.context.result(&json!({"part": part, "ok": true, "says": words}), format!("  good  {part}: {words}"));
    }

    fn bad(&mut self, part: &str, words: impl AsRef<str>, remedy: &str) {
        self.worst = true;
        let words = words.as_ref();
        self.context.result(
            &json!({"part": part, "ok": false, "says": words, "remedy": remedy}),
            format!("  BAD   {part}: {words}\n        {remedy}"),
        );
    }
}

pub(super) async fn run(context: &Context, args: &Args) -> Done {
    let mut found = Findings { context, worst: false };
    let app = context.open().await?;
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
    let id = vault::ObjectId(ObjectId(new_uuid(context.clock.now(), &context.random)).0);
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
    match audit::verify(&mut tx, &app.signer.vkey()).await? {
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
    match evidence::sample(&mut tx, &app.vault, 20).await? {
        (checked, 0) => found.good("evidence", format!("{checked} sealed exhibits open and are what they were")),
        (checked, broken) => {
            let remedy = "Restore the objects from their backup; do not delete anything.";
            found.bad("evidence", format!("{broken} of {checked} sealed exhibits do not open"), remedy);
        }
    }
    match (&app.ncmec, args.outside) {
        (None, _) => found.bad("reporting", "the CyberTipline is off", "Set reporting.ncmec, username and password."),
        (Some(_), false) => found.good("reporting", "configured; --outside asks whether the credentials are accepted"),
        (Some(client), true) => match client.status().await.map(|answer| answer.outcome()) {
            Ok(exchange::ncmec::Outcome::Accepted(_)) => found.good("reporting", "the credentials are accepted"),
            Ok(other) => found.bad("reporting", format!("{other:?}"), "Check the credentials with NCMEC's ESP team."),
            Err(error) => {
                found.bad("reporting", error.to_string(), "Check the network between here and the CyberTipline.");
            }
        },
    }
    if context.json {
        context.result(&json!({"ok": !found.worst}), "");
    }
    if found.worst { Err(Trouble::Quiet) } else { Ok(()) }
}
