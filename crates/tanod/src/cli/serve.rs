//! `tanod serve` and `tanod config`.

use tokio::net::TcpListener;

use super::{Context, Done, Trouble};
use crate::audit::{self, Entry};
use crate::config::DEFAULTS;
use crate::disks;
use crate::operator::{self, Off};
use crate::plan::{self, App};
use crate::roles::{self, Role};
use crate::store::World;
use crate::web::router::readiness;

/// Run the service.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tanod serve --data /var/lib/tanod --listen 127.0.0.1:8080")]
pub(super) struct Args {
    /// Which part of it: all, unless several processes share the work.
    #[arg(long, value_enum, default_value = "all")]
    role: Role,
    /// Where to serve; otherwise as the settings say.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

/// Show the settings in force.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tanod config --data /var/lib/tanod\n  tanod config --defaults > tanod.toml")]
pub(super) struct ConfigArgs {
    /// The defaults with their reasons, as a file to begin with.
    #[arg(long)]
    defaults: bool,
}

pub(super) fn config(context: &Context, args: &ConfigArgs) -> Done {
    if args.defaults {
        context.result(&serde_json::json!({"defaults": DEFAULTS}), DEFAULTS.trim_end());
        return Ok(());
    }
    let shown = context.settings()?.without_secrets();
    let text = toml::to_string_pretty(&shown).map_err(|error| Trouble::Said(error.to_string()))?;
    context.result(&shown, text.trim_end());
    Ok(())
}

pub(super) async fn run(context: &Context, args: Args) -> Done {
    let mut settings = context.settings()?;
    if let Some(listen) = args.listen {
        settings.listen = listen;
    }
    plan::reachable(&settings)?;
    let app = context.open_with(settings).await?;
    let _alone = plan::sole(&app.settings)?;
    let confinement = app.pool.warm().await.map_err(|error| Trouble::Said(format!("the decoder: {error}")))?;
    if !confinement.seccomp && app.world == World::Live && !app.settings.decode.weaker_confinement {
        // Without the filter nothing keeps a hostile file's exploit from the network.
        return Err(Trouble::Said(
            "this kernel does not filter the decoder's system calls (seccomp), so real uploads are not taken; \
             run on a kernel with seccomp, or state decode.weaker_confinement = true in the settings"
                .to_owned(),
        ));
    }
    if !confinement.seccomp || !confinement.landlock {
        tracing::warn!(
            seccomp = confinement.seccomp,
            landlock = confinement.landlock,
            "this kernel confines the decoder less than it could; run on Linux 5.13 or newer with landlock enabled"
        );
    }
    if app.world == World::Live && app.vault.ring.now()?.recovery().is_none() {
        tracing::warn!(
            "there is no recovery recipient: a lost secret is the loss of everything that was sealed; tanod keys recovery"
        );
    }
    may_detect(&app).await?;
    fit_disks(&app).await?;
    let called = matches!(args.role, Role::All | Role::Api | Role::Console);
    let listener = if called { Some(bind(&app.settings.listen).await?) } else { None };
    let address = listener.as_ref().and_then(|listener| listener.local_addr().ok());
    roles::run(&app, args.role, listener).await?;
    if let Some(address) = address {
        context.result(
            &serde_json::json!({"listening": format!("http://{address}"), "console": format!("http://{address}/console")}),
            format!("serving http://{address} (console: http://{address}/console); Ctrl-C stops it"),
        );
        tell_if_not_ready(&app).await;
    }
    roles::asked_to_stop().await;
    end(context, &app).await;
    Ok(())
}

/// Finishes what is in hand; a second signal ends at once, for everything that was promised is on disk.
pub(super) async fn end(context: &Context, app: &App) {
    context.say("stopping; again to stop at once");
    tokio::select! {
        () = app.tasks.end() => {}
        () = roles::asked_to_stop() => {}
        () = tokio::time::sleep(std::time::Duration::from_mins(1)) => {}
    }
    app.db.close().await;
}

/// Refuses to keep evidence on a disk that is not seen to be fit, unless the operator says why it is; the reason goes on record.
async fn fit_disks(app: &App) -> Done {
    let faults = disks::faults(&app.settings, &disks::Machine::default());
    if app.world == World::Demo || faults.is_empty() {
        return Ok(());
    }
    let Some(reason) = disks::reason(&app.settings) else {
        return Err(Trouble::Said(format!("{}\n{}", faults.join("\n"), disks::REMEDY)));
    };
    tracing::warn!(reason, "{}", faults.join("; "));
    let mut tx = app.db.write().await?;
    let detail = serde_json::json!({"faults": faults, "reason": reason});
    let proof = audit::record(&mut tx, Entry::by_tanod("disk.accepted").detail(detail)).await?;
    Ok(tx.commit(proof).await?)
}

/// Says loudly what keeps a detector off. What must never be is refused, and the refusal is on record (US-09).
async fn may_detect(app: &App) -> Done {
    for remark in operator::remarks(&app.settings.operator).iter().filter(|_| app.world == World::Live) {
        tracing::info!("{remark}");
    }
    if app.shield.is_some()
        && let Err(off) = app.may_ask_shield()
    {
        tracing::warn!("Project Arachnid Shield is configured and off, {off}. {}", operator::REMEDY);
    }
    match app.may_match() {
        Ok(()) => Ok(()),
        Err(off @ Off::Unanswered(_)) => {
            tracing::warn!(
                "DETECTION IS OFF, {off}. Every upload is `unscanned: detector_off`, sealed for a week and looked at again once \
                 this is answered. {}",
                operator::REMEDY
            );
            Ok(())
        }
        Err(Off::Refused(why)) => {
            let mut tx = app.db.write().await?;
            let detail = serde_json::json!({"detector": "hash_match", "why": why});
            let proof = audit::record(&mut tx, Entry::by_tanod("detector.refused").detail(detail)).await?;
            tx.commit(proof).await?;
            Err(Trouble::Said(why))
        }
    }
}

pub(super) async fn bind(address: &str) -> Result<TcpListener, Trouble> {
    TcpListener::bind(address).await.map_err(|error| {
        Trouble::Said(format!("{address} cannot be listened on: {error}; choose another with --listen 127.0.0.1:PORT"))
    })
}

async fn tell_if_not_ready(app: &App) {
    if let Err(why) = readiness(app).await {
        tracing::warn!(why, "not ready yet");
    } else if app.may_match().is_ok() && app.shield.is_none() && app.lists.with(|lists| lists.as_of().is_none()) {
        tracing::warn!(
            "no list of abuse material is enabled: every upload is `unscanned: no_list` until one is (tanod bank import)"
        );
    }
}
