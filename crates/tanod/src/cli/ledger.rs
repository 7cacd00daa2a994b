//! `tanod ledger`.

use std::path::PathBuf;

use serde_json::json;

use super::{Context, Done, Trouble};
use crate::accounts::Caller;
use crate::audit::{self, Entry};
use crate::plan::App;
use crate::roles;
use crate::store::AuditId;

/// The record of everything that was done.
#[derive(clap::Subcommand)]
pub(super) enum Ledger {
    /// Derive every entry, root and signature anew.
    #[command(after_help = "Examples:
  tanod ledger verify --data /var/lib/tanod
  tanod ledger verify --since checkpoint-of-may --data /var/lib/tanod
  tanod ledger verify --from exported-folder")]
    Verify {
        /// An exported folder instead of the database.
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
        /// A checkpoint that you kept: nothing that it promised may be gone or changed.
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
        /// Root certificates, in PEM, that the time stamps of an exported folder must lead to.
        #[arg(long, value_name = "FILE", requires = "from")]
        tsa_root: Option<PathBuf>,
    },
    /// Prove that an entry stands in the ledger, or that it only grew since a checkpoint that you kept.
    #[command(after_help = "Examples:
  tanod ledger prove audit_0199… --data /var/lib/tanod >entry.proof
  tanod ledger prove --since checkpoint-of-may --data /var/lib/tanod >growth.proof

An auditor checks both without this program:
  contrib/verify-ledger.py --proof entry.proof --vkey ledger/vkey
  contrib/verify-ledger.py --growth growth.proof --since checkpoint-of-may --vkey ledger/vkey")]
    Prove {
        /// Which entry.
        #[arg(required_unless_present = "since", conflicts_with = "since")]
        entry: Option<String>,
        /// The checkpoint that you kept. What is printed is also what a witness is sent (C2SP tlog-witness).
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
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
    /// Put a witness's signature beside ours: somebody else saw that this ledger only grew.
    #[command(after_help = "Example:
  tanod ledger prove --since last-cosigned >request      send it to the witness (C2SP tlog-witness)
  tanod ledger cosign --witness witness.example+1a2b3c4d+BA… --answer FILE --data /var/lib/tanod")]
    Cosign {
        /// The witness's public key.
        #[arg(long, value_name = "VKEY")]
        witness: String,
        /// Its answer: one signature line.
        #[arg(long, value_name = "FILE")]
        answer: PathBuf,
    },
}

/// A checkpoint that somebody kept.
fn kept(file: Option<&PathBuf>) -> Result<Option<String>, Trouble> {
    Ok(file.map(fs_err::read_to_string).transpose()?)
}

pub(super) async fn run(context: &Context, ledger: Ledger) -> Done {
    if let Ledger::Verify { from: Some(folder), since, tsa_root } = &ledger {
        return verify_folder(context, folder, kept(since.as_ref())?.as_deref(), kept(tsa_root.as_ref())?.as_deref());
    }
    let app = context.open().await?;
    match ledger {
        Ledger::Verify { since, .. } => verify(context, &app, kept(since.as_ref())?.as_deref()).await,
        Ledger::Prove { entry, since } => {
            roles::sequence_once(&app).await?;
            let mut tx = app.db.read().await?;
            let vkey = app.signer.vkey();
            let proof = match (kept(since.as_ref())?, entry) {
                (Some(since), _) => audit::prove_growth(&mut tx, &since, &vkey).await?.text(),
                (None, entry) => {
                    let entry = entry.unwrap_or_default();
                    let id: AuditId = entry.parse().map_err(|_| crate::refusal::Error::from(&audit::NOT_PLACED))?;
                    audit::prove(&mut tx, id, &vkey).await?.text()
                }
            };
            context.result(&json!({"proof": proof, "vkey": vkey}), proof.trim_end());
            Ok(())
        }
        Ledger::Export { out } => {
            roles::sequence_once(&app).await?;
            let mut tx = app.db.write().await?;
            let size = audit::export(&mut tx, &out, &app.signer.vkey()).await?;
            let entry = Entry::by(&Caller::Operator, "ledger.exported").detail(json!({"size": size}));
            let proof = audit::record(&mut tx, entry).await?;
            tx.commit(proof).await?;
            let place = out.display();
            let words = format!(
                "{size} entries in {place}; an auditor verifies them with `tanod ledger verify --from {place}`, or without \
                 this program by contrib/verify-ledger.py"
            );
            context.result(&json!({"out": out, "size": size}), words);
            Ok(())
        }
        Ledger::Checkpoint => {
            roles::sequence_once(&app).await?;
            let mut tx = app.db.read().await?;
            let note = audit::newest_checkpoint(&mut tx).await?;
            let note = note.ok_or_else(|| Trouble::Said("nothing is on record yet".to_owned()))?;
            let vkey = app.signer.vkey();
            context.result(&json!({"checkpoint": note, "vkey": vkey}), format!("{note}\nverifier key: {vkey}"));
            Ok(())
        }
        Ledger::Cosign { witness, answer } => {
            let witness =
                ledger::Witness::parse(&witness).map_err(|error| Trouble::Said(format!("--witness: {error}")))?;
            let line = fs_err::read_to_string(&answer)?;
            let mut tx = app.db.write().await?;
            let (note, time) = audit::cosign(&mut tx, &witness, &line).await?;
            let entry = Entry::by(&Caller::Operator, "ledger.cosigned");
            let proof = audit::record(&mut tx, entry.detail(json!({"witness": witness.name(), "time": time}))).await?;
            tx.commit(proof).await?;
            if let Some(folder) = &app.ledger {
                audit::offer(folder, &app.signer, &note)?;
            }
            context.result(&json!({"checkpoint": note, "witness": witness.name(), "time": time}), &note);
            Ok(())
        }
    }
}

fn verify_folder(context: &Context, folder: &std::path::Path, since: Option<&str>, tsa_root: Option<&str>) -> Done {
    let trouble = |error: &dyn std::fmt::Display| Trouble::Said(format!("not verified: {error}"));
    let kept = match since {
        None => None,
        Some(note) => {
            let vkey = fs_err::read_to_string(folder.join("vkey"))?;
            let verifier = ledger::Verifier::parse(&vkey).map_err(|error| trouble(&error))?;
            Some(verifier.open(note).map_err(|error| trouble(&error))?)
        }
    };
    let found = ledger::export::verify_since(folder, kept.as_ref()).map_err(|error| trouble(&error))?;
    let roots = tsa_root.map(ledger::stamp::Roots::pem).transpose().map_err(|error| trouble(&error))?;
    let stamps = ledger::export::verify_stamps(folder, roots.as_ref()).map_err(|error| trouble(&error))?;
    let row = json!({
        "verified": true, "size": found.size, "root": found.root, "checkpoints": found.checkpoints, "time_stamps": stamps,
    });
    let trusted = if stamps > 0 && roots.is_none() { ", whose root nobody named (--tsa-root)" } else { "" };
    let words = format!("verified: {} entries, root {}; {stamps} time stamps{trusted}", found.size, found.root);
    context.result(&row, words);
    Ok(())
}

async fn verify(context: &Context, app: &App, since: Option<&str>) -> Done {
    let mut tx = app.db.read().await?;
    let roots = app.stamps.as_ref().map(|authority| &authority.roots);
    let stamps = audit::verify_stamps(&mut tx, &app.signer.vkey(), roots).await?;
    let found = audit::verify(&mut tx, &app.signer.vkey(), since).await?;
    match found.and_then(|found| stamps.map(|stamps| (found, stamps))) {
        Ok((found, stamps)) => {
            let row = json!({
                "verified": true, "size": found.size, "root": found.root,
                "checkpoints": found.checkpoints, "waiting": found.waiting, "time_stamps": stamps,
            });
            let words = format!(
                "verified: {} entries under {} checkpoints and {stamps} time stamps, root {}; {} entries wait for a place or a \
                 checkpoint",
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
