//! `tanod ledger`.

use std::path::PathBuf;

use serde_json::json;

use super::{Context, Done, Trouble};
use crate::audit;
use crate::roles;

/// The record of everything that was done.
#[derive(clap::Subcommand)]
pub(super) enum Ledger {
    /// Derive every entry, root and signature anew.
    #[command(
        after_help = "Example:\n  tanod ledger verify --data /var/lib/tanod\n  tanod ledger verify --from exported-folder"
    )]
    Verify {
        /// An exported folder instead of the database.
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
    },
    /// Write the ledger to a folder that anyone can verify, with neither our database nor our binary.
    #[command(after_help = "Example:\n  tanod ledger export --out ledger-2026 --data /var/lib/tanod")]
    Export {
        /// Where to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Sign what is there now, and print it.
    #[command(after_help = "Example:\n  tanod ledger checkpoint --data /var/lib/tanod")]
    Checkpoint,
}

pub(super) async fn run(context: &Context, ledger: Ledger) -> Done {
    if let Ledger::Verify { from: Some(folder) } = &ledger {
        let found = ledger::export::verify(folder).map_err(|error| Trouble::Said(format!("not verified: {error}")))?;
        let row = json!({"verified": true, "size": found.size, "root": found.root, "checkpoints": found.checkpoints});
        context.result(&row, format!("verified: {} entries, root {}", found.size, found.root));
        return Ok(());
    }
    let app = context.open().await?;
    match ledger {
        Ledger::Verify { .. } => {
            let mut tx = app.db.read().await?;
            match audit::verify(&mut tx, &app.signer.vkey()).await? {
                Ok(found) => {
                    let row = json!({
                        "verified": true, "size": found.size, "root": found.root,
                        "checkpoints": found.checkpoints, "waiting": found.waiting,
                    });
                    let words = format!(
                        "verified: {} entries under {} checkpoints, root {}; {} entries wait for a place",
                        found.size, found.checkpoints, found.root, found.waiting
                    );
                    context.result(&row, words);
                    Ok(())
                }
                Err(fault) => {
                    context.result(&json!({"verified": false, "fault": fault}), format!("NOT verified: {fault}"));
                    Err(Trouble::Quiet)
                }
            }
        }
        Ledger::Export { out } => {
            roles::sequence_once(&app).await?;
            let mut tx = app.db.write().await?;
            let (leaves, notes) = audit::export(&mut tx).await?;
            let entry = audit::Entry::by(&crate::accounts::Caller::Operator, "ledger.exported");
            let proof = audit::record(&mut tx, entry.detail(json!({"size": leaves.len()}))).await?;
            tx.commit(proof).await?;
            ledger::export::write(&out, &leaves, &notes, &app.signer.vkey())
                .map_err(|error| Trouble::Said(error.to_string()))?;
            let words = format!(
                "{} entries in {}; an auditor verifies them with `tanod ledger verify --from {}`, or with Python alone by \
                 the project's crates/ledger/verify.py",
                leaves.len(),
                out.display(),
                out.display()
            );
            context.result(&json!({"out": out, "size": leaves.len()}), words);
            Ok(())
        }
        Ledger::Checkpoint => {
            roles::sequence_once(&app).await?;
            let mut tx = app.db.read().await?;
            let note = audit::newest_checkpoint(&mut tx).await?;
            let note = note.ok_or_else(|| Trouble::Said("nothing is on record yet".to_owned()))?;
            context.result(
                &json!({"checkpoint": note, "vkey": app.signer.vkey()}),
                format!("{note}\nverifier key: {}", app.signer.vkey()),
            );
            Ok(())
        }
    }
}
