//! `tanod doctor`: tries every part, and says what to do.

use std::time::Duration;

use serde_json::json;

use super::{Context, Done, Trouble};
use crate::accounts::Caller;
use crate::alarms;
use crate::plan::App;
use crate::readiness::{self, Findings};
use crate::web::languages::say;

/// Try every part, and say what to do about what does not work.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  tanod doctor --data /var/lib/tanod\n  tanod doctor --page --wait-minutes 15 --config tanod.toml"
)]
pub(super) struct Args {
    /// Also ask the CyberTipline whether it accepts the credentials.
    #[arg(long)]
    outside: bool,
    /// Page the person on call for a test, and nothing else: good when somebody acknowledges it in time. The service must run.
    #[arg(long)]
    page: bool,
    /// How long to wait for somebody to acknowledge.
    #[arg(long, value_name = "N", default_value_t = 15, requires = "page")]
    wait_minutes: u32,
}

pub(super) async fn run(context: &Context, args: &Args) -> Done {
    let app = context.open().await?;
    let mut found = Findings::default();
    if args.page {
        page(context, &app, &mut found, args.wait_minutes).await?;
    } else {
        found = readiness::look(&app, args.outside).await?;
    }
    for finding in &found.0 {
        let said = match &finding.remedy {
            None => format!("  good  {}: {}", finding.part, finding.says),
            Some(remedy) => format!("  BAD   {}: {}\n        {remedy}", finding.part, finding.says),
        };
        context.result(&json!(finding), said);
    }
    if args.page {
        context.say("");
    }
    if context.json {
        context.result(&json!({"ok": !found.any_bad()}), "");
    }
    if found.any_bad() { Err(Trouble::Quiet) } else { Ok(()) }
}

/// Raises a test alarm, waits until somebody acknowledges it, and clears it whatever happens.
async fn page(context: &Context, app: &App, found: &mut Findings, minutes: u32) -> Result<(), Trouble> {
    let Some(first) = app.settings.alarms.on_call.first() else {
        found.bad("page", &say("doctor-page-nobody"));
        return Ok(());
    };
    let mut tx = app.db.write().await?;
    let (id, proof) = alarms::raise_test(&mut tx, &Caller::Operator).await?;
    tx.commit(proof).await?;
    context
        .say(format!("  paging {} for a test; waiting {minutes} minutes for somebody to press the button", first.name));
    let until = tokio::time::Instant::now() + Duration::from_mins(u64::from(minutes));
    let alarm = loop {
        let alarm = alarms::find(&mut app.db.read().await?, &Caller::Operator, id).await?;
        if alarm.state != alarms::State::Open || tokio::time::Instant::now() >= until {
            break alarm;
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
            () = crate::roles::asked_to_stop() => break alarm,
        }
    };
    let mut tx = app.db.write().await?;
    if let Some(proof) = alarms::clear_test(&mut tx, &alarm).await? {
        tx.commit(proof).await?;
    }
    match (&alarm.acknowledged_by, alarm.acknowledged_at) {
        (Some(by), Some(at)) => {
            let seconds = at.duration_since(alarm.raised_at).as_secs();
            let said = say("doctor-page").with("by", by).with("seconds", seconds);
            found.good("page", &said.with("pages", alarm.pages));
        }
        _ if alarm.pages == 0 => {
            found.bad("page", &say("doctor-page-silent"));
        }
        _ => found.bad("page", &say("doctor-page-unheard").with("pages", alarm.pages).with("minutes", minutes)),
    }
    Ok(())
}
