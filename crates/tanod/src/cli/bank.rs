//! `tanod bank`.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::{Context, Done, Trouble};
use crate::accounts::Caller;
use crate::banks::{self, Kind, Licence, NewBank};

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

fn is_ndjson(file: &std::path::Path) -> bool {
    file.extension().is_some_and(|end| end == "ndjson" || end == "jsonl")
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
        Bank::Create { name, kind, source, licence, threshold, shadow, turned, trimmed, least_quality } => {
            let new = NewBank { name, kind, source, licence, threshold, shadow, turned, trimmed, least_quality };
            let (bank, proof) = banks::create(&mut tx, &caller, &new).await?;
            tx.commit(proof).await?;
            context.result(&bank, format!("made {} ({})", bank.name, bank.id));
        }
        Bank::Import { bank, file } => {
            let bytes = fs_err::read(&file)?;
            let rows = if is_ndjson(&file) { banks::parse_ndjson(&bytes)? } else { banks::parse_csv(&bytes)? };
            let bank = banks::find(&mut tx, &caller, &bank).await?;
            let (imported, proof) = banks::import(&mut tx, &caller, bank.id, &rows).await?;
            tx.commit(proof).await?;
            context.result(&imported, format!("{} new, {} renewed in {}", imported.added, imported.renewed, bank.name));
        }
        Bank::Export { bank, out, to } => {
            let bank = banks::find(&mut tx, &caller, &bank).await?;
            let (exported, proof) = banks::export(&mut tx, &caller, bank.id, to.as_deref()).await?;
            let (rows, left_out) = (&exported.rows, exported.left_out);
            let bytes = if is_ndjson(&out) { banks::write_ndjson(rows)? } else { banks::write_csv(rows)? };
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
