//! `tanod bank`.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::{Context, Done, Trouble};
use crate::accounts::Caller;
use crate::banks::preview::{self, Preview};
use crate::banks::tries::{self, Tried};
use crate::banks::{self, Change, Form, Kind, Licence, NewBank};
use crate::store::Tx;

/// Lists of known fingerprints.
#[derive(clap::Subcommand)]
pub(super) enum Bank {
    /// List the banks.
    #[command(after_help = "Example:\n  tanod bank ls --data /var/lib/tanod")]
    Ls,
    /// Make a bank.
    #[command(
        after_help = "Example:\n  tanod bank create hotline --kind csam --source \"national hotline\" --data /var/lib/tanod"
    )]
    Create {
        /// A name to know it by.
        name: String,
        /// What its entries are said to be.
        #[arg(long, value_enum)]
        kind: Kind,
        /// Who keeps the list.
        #[arg(long, default_value = "own")]
        source: String,
        /// What may be done with it.
        #[arg(long, value_enum, default_value = "restricted")]
        licence: Licence,
        /// The greatest PDQ distance that is still a match.
        #[arg(long, default_value_t = 31)]
        threshold: u32,
        /// Match nothing until `tanod bank on`.
        #[arg(long)]
        off: bool,
        /// Count, don't act.
        #[arg(long)]
        shadow: bool,
        /// Compare pictures turned and mirrored as well.
        #[arg(long)]
        turned: bool,
        /// Compare pictures without their uniform borders as well.
        #[arg(long)]
        trimmed: bool,
        /// Compare pictures of a lower PDQ quality by digest only.
        #[arg(long, default_value_t = 50)]
        least_quality: u8,
    },
    /// Import rows from CSV (header: signal,value,classification,source,provenance) or NDJSON: all of them, or none.
    #[command(after_help = "Example:\n  tanod bank import hotline list.csv --data /var/lib/tanod")]
    Import {
        /// Which bank, by name or id.
        bank: String,
        /// The file; `.ndjson` and `.jsonl` are NDJSON, everything else is CSV.
        file: PathBuf,
    },
    /// Say what a file holds, before any of it is imported: new rows, known ones, faults, and which other banks have them.
    #[command(after_help = "Example:\n  tanod bank preview hotline list.csv --data /var/lib/tanod")]
    Preview {
        /// Which bank, by name or id.
        bank: String,
        /// The file; `.ndjson` and `.jsonl` are NDJSON, everything else is CSV.
        file: PathBuf,
    },
    /// Say what a bank, on or off, would have matched among the newest uploads.
    #[command(after_help = "Example:\n  tanod bank try hotline --threshold 24 --data /var/lib/tanod")]
    Try {
        /// Which bank, by name or id.
        bank: String,
        /// The greatest PDQ distance that would be a match; as the bank has it, if nothing is said.
        #[arg(long)]
        threshold: Option<u32>,
    },
    /// Let a bank match.
    #[command(after_help = "Example:\n  tanod bank on hotline --data /var/lib/tanod")]
    On {
        /// Which bank, by name or id.
        bank: String,
    },
    /// Let a bank match nothing, until it is switched on again. A list that was wrong is set aside in the console, with what rested on it.
    #[command(after_help = "Example:\n  tanod bank off hotline --data /var/lib/tanod")]
    Off {
        /// Which bank, by name or id.
        bank: String,
    },
    /// Write a bank's rows, where its licence allows it. A likely child's own picture stays here, unless a lead allowed it.
    #[command(
        after_help = "Example:\n  tanod bank export own-finds --out finds.csv --to \"the hotline\" --data /var/lib/tanod"
    )]
    Export {
        /// Which bank, by name or id.
        bank: String,
        /// Where to.
        #[arg(long)]
        out: PathBuf,
        /// To whom it goes, so that they can be told when a hash of it is wrong.
        #[arg(long, value_name = "WHOM")]
        to: Option<String>,
    },
    /// Take a bank out of use for good.
    #[command(after_help = "Example:\n  tanod bank rm hotline --data /var/lib/tanod")]
    Rm {
        /// Which bank, by name or id.
        bank: String,
    },
}

fn form(file: &std::path::Path) -> Form {
    Form::of_name(&file.to_string_lossy())
}

async fn switch(context: &Context, mut tx: Tx, bank: &str, enabled: bool) -> Done {
    let bank = banks::find(&mut tx, &Caller::Operator, bank).await?;
    let change = Change { enabled: Some(enabled), ..Change::default() };
    let (bank, proof) = banks::change(&mut tx, &Caller::Operator, bank.id, change).await?;
    tx.commit(proof).await?;
    context.result(&bank, format!("{} {}", bank.name, if enabled { "matches" } else { "matches nothing" }));
    Ok(())
}

fn previewed(preview: &Preview, bank: &str) -> String {
    let Preview { rows, new, known, switched_off, twice, refused, .. } = preview;
    let mut words = format!(
        "{rows} rows for {bank}: {new} new, {known} known ({switched_off} switched off), {twice} twice, {refused} refused; nothing was stored"
    );
    for fault in &preview.faults {
        let _fits = write!(words, "\n  row {}: {}", fault.row, fault.message);
    }
    for one in &preview.elsewhere {
        let _fits =
            write!(words, "\n  {} of them are in {} ({})", one.rows, one.name, crate::store::as_word(&one.kind));
    }
    words
}

fn would_match(tried: &Tried, bank: &str) -> String {
    let Tried { threshold, uploads, entries, found, unknown, .. } = tried;
    let mut words = format!(
        "{bank} within {threshold} bits would have matched {found} of the newest {uploads} uploads ({entries} entries tried); no list knew {unknown} of them"
    );
    for at in &tried.distances {
        let how = at.distance.map_or_else(|| "the very bytes".to_owned(), |bits| format!("{bits} bits away"));
        let _fits = write!(words, "\n  {how}: {} uploads in {} cases", at.uploads, at.cases);
    }
    words
}

pub(super) async fn run(context: &Context, bank: Bank) -> Done {
    let app = context.open().await?;
    let caller = Caller::Operator;
    let mut tx = app.db.write().await?;
    match bank {
        Bank::Ls => {
            let banks = banks::list(&mut tx, &caller).await?;
            if banks.is_empty() {
                context.say("no bank yet; make one with `tanod bank create`");
            }
            for (bank, entries) in banks {
                let state = match (bank.enabled, bank.shadow) {
                    (false, _) => "disabled",
                    (true, true) => "shadow",
                    (true, false) => "enabled",
                };
                let kind = crate::store::as_word(&bank.kind);
                let words =
                    format!("{:<24} {kind:<16} {entries:>9} entries  {state}  as of {}", bank.name, bank.refreshed_at);
                let mut row = serde_json::to_value(&bank).map_err(|error| Trouble::Said(error.to_string()))?;
                if let Some(row) = row.as_object_mut() {
                    row.insert("entries".to_owned(), entries.into());
                }
                context.result(&row, words);
            }
        }
        Bank::Create { name, kind, source, licence, threshold, off, shadow, turned, trimmed, least_quality } => {
            let enabled = !off;
            let new =
                NewBank { name, kind, source, licence, threshold, enabled, shadow, turned, trimmed, least_quality };
            let (bank, proof) = banks::create(&mut tx, &caller, &new).await?;
            tx.commit(proof).await?;
            context.result(&bank, format!("made {} ({})", bank.name, bank.id));
        }
        Bank::Import { bank, file } => {
            let bytes = fs_err::read(&file)?;
            let rows = form(&file).parse(&bytes)?;
            let bank = banks::find(&mut tx, &caller, &bank).await?;
            let (imported, proof) = banks::import(&mut tx, &caller, bank.id, &rows).await?;
            tx.commit(proof).await?;
            context.result(&imported, format!("{} new, {} renewed in {}", imported.added, imported.renewed, bank.name));
        }
        Bank::Preview { bank, file } => {
            let bytes = fs_err::read(&file)?;
            let bank = banks::find(&mut tx, &caller, &bank).await?;
            let preview = preview::of(&mut tx, &caller, bank.id, form(&file), &bytes).await?;
            context.result(&preview, previewed(&preview, &bank.name));
        }
        Bank::Try { bank, threshold } => {
            let bank = banks::find(&mut tx, &caller, &bank).await?;
            let tried = tries::try_out(&mut tx, &caller, &bank, threshold).await?;
            let proof = tries::record(&mut tx, &caller, &tried).await?;
            tx.commit(proof).await?;
            context.result(&tried, would_match(&tried, &bank.name));
        }
        Bank::On { bank } => switch(context, tx, &bank, true).await?,
        Bank::Off { bank } => switch(context, tx, &bank, false).await?,
        Bank::Export { bank, out, to } => {
            let bank = banks::find(&mut tx, &caller, &bank).await?;
            let (exported, proof) = banks::export(&mut tx, &caller, bank.id, to.as_deref()).await?;
            let (rows, left_out) = (&exported.rows, exported.left_out);
            let bytes = form(&out).write(rows)?;
            tx.commit(proof).await?;
            fs_err::write(&out, bytes)?;
            let mut words = format!("{} rows of {} in {}, for {}", rows.len(), bank.name, out.display(), exported.to);
            if left_out > 0 {
                let _fits = write!(
                    words,
                    "\n{left_out} were left out, for they may be a child's own pictures; a lead may allow it for a file in the console"
                );
            }
            let said =
                json!({"bank": bank.id, "rows": rows.len(), "left_out": left_out, "to": exported.to, "out": out});
            context.result(&said, words);
        }
        Bank::Rm { bank } => {
            let bank = banks::find(&mut tx, &caller, &bank).await?;
            let proof = banks::remove(&mut tx, &caller, bank.id).await?;
            tx.commit(proof).await?;
            context.result(&json!({"removed": bank.id}), format!("{} no longer matches", bank.name));
        }
    }
    Ok(())
}
