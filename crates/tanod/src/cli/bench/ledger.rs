//! `tanod bench ledger`: how fast entries of the record are placed, hashed, promised and published, on the database that is named.

use std::time::Instant;

use serde_json::json;

use super::{Context, Done, Trouble, number, thousandths};
use crate::audit::{self, Entry};
use crate::config::Settings;
use crate::roles;
use crate::store::World;

/// So many entries a second are wanted.
const TARGET: f64 = 20_000.0;

/// Entries of the record through all three steps of the ledger: places, tree, signed files.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  tanod bench ledger
  tanod bench ledger --database ADDRESS")]
pub(in crate::cli) struct Args {
    /// How many entries.
    #[arg(long, default_value_t = 200_000)]
    count: u32,
    /// An empty database to measure on, instead of a new SQLite file.
    #[arg(long)]
    database: Option<String>,
}

/// Entries that one transaction writes.
const BATCH: u32 = 1_000;

pub(super) async fn run(context: &Context, args: &Args) -> Done {
    let folder = tempfile::Builder::new().prefix("tanod-bench-").tempdir()?;
    let fresh = Settings::fresh(&folder.path().join("data"));
    let mut settings = fresh.map_err(|error| Trouble::Said(error.to_string()))?;
    settings.world = Some(World::Demo);
    if let Some(database) = &args.database {
        settings.database.clone_from(database);
    }
    let app = context.open_with(settings).await?;
    roles::sequence_once(&app).await?;

    let begin = Instant::now();
    let mut written = 0;
    while written < args.count {
        let mut tx = app.db.write().await?;
        let batch = BATCH.min(args.count - written);
        let mut proof = None;
        for at in 0..batch {
            let detail = json!({"number": written + at, "why": "an entry of ordinary length, as a decision leaves it"});
            let id: crate::store::ItemId = tx.id();
            proof = Some(audit::record(&mut tx, Entry::by_tanod("bench.entry").about(id).detail(detail)).await?);
        }
        if let Some(proof) = proof {
            tx.commit(proof).await?;
        }
        written += batch;
    }
    let recorded = begin.elapsed().as_secs_f64();

    let begin = Instant::now();
    let placed = roles::sequence_once(&app).await?;
    let published = begin.elapsed().as_secs_f64();

    let begin = Instant::now();
    let mut tx = app.db.read().await?;
    let found = audit::verify(&mut tx, &app.signer.vkey(), None).await?.map_err(Trouble::Said)?;
    drop(tx);
    let verified = begin.elapsed().as_secs_f64();
    let files = match &app.ledger {
        Some(folder) => ::ledger::export::verify(folder).map_err(|error| Trouble::Said(error.to_string()))?.size,
        None => found.size,
    };
    let whole = placed == u64::from(args.count) && files == found.size;

    let rate = |seconds: f64| (number(args.count) / seconds.max(1e-9)).round();
    let append = rate(published);
    let database = if app.db.is_shared() { "PostgreSQL" } else { "SQLite" };
    let row = json!({
        "name": "ledger", "database": database, "entries": args.count, "recorded_per_second": rate(recorded),
        "appended_per_second": append, "verified_per_second": rate(verified), "target": TARGET,
        "ratio": thousandths(append / TARGET), "whole": whole,
    });
    let words = format!(
        "{database}: {} entries written {}/s; placed, hashed, signed and published {append}/s (target {TARGET}/s, {:.2} of it); \
         verified {}/s",
        args.count,
        rate(recorded),
        append / TARGET,
        rate(verified),
    );
    context.result(&row, words);
    if whole { Ok(()) } else { Err(Trouble::Said("the ledger does not hold what was written".to_owned())) }
}
