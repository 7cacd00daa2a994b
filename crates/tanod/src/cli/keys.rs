//! `tanod keys`.

use serde_json::json;
use vault::Lock;

use super::{Context, Done, Trouble};
use crate::accounts::Caller;
use crate::audit::{self, Entry};
use crate::evidence;
use crate::plan::App;

/// The ring of wrapping keys, and the ways into it.
#[derive(clap::Subcommand)]
pub(super) enum Keys {
    /// Show how many wrapping keys there are, and what opens the ring.
    #[command(after_help = "Example:\n  tanod keys ls --data /var/lib/tanod")]
    Ls,
    /// Make a new wrapping key and wrap every data key with it. No sealed object is touched, and the service may go on.
    #[command(after_help = "Example:\n  tanod keys rotate --data /var/lib/tanod")]
    Rotate,
    /// Make a recovery code that opens the ring where the secret is lost, in the place of an earlier one. It is shown once:
    /// write it down and keep it in a safe.
    #[command(after_help = "Example:
  tanod keys recovery --data /var/lib/tanod
  TANOD_SECRET=<the code> tanod keys secret --data /var/lib/tanod      after the secret was lost")]
    Recovery,
    /// Make a new secret in the place of the one before, which then opens nothing. It is shown once.
    #[command(after_help = "Example:\n  tanod keys secret --data /var/lib/tanod")]
    Secret,
}

async fn recorded(app: &App, kind: &'static str, detail: serde_json::Value) -> Result<(), Trouble> {
    let mut tx = app.db.write().await?;
    let proof = audit::record(&mut tx, Entry::by(&Caller::Operator, kind).detail(detail)).await?;
    Ok(tx.commit(proof).await?)
}

pub(super) async fn run(context: &Context, keys: Keys) -> Done {
    let app = context.open().await?;
    let ring = app.vault.ring.now();
    let trouble = |error: vault::KeyRingError| Trouble::Said(error.to_string());
    match keys {
        Keys::Ls => {
            let names = ring.locks().iter().map(|lock| match lock {
                Lock::Secret { .. } => "secret".to_owned(),
                Lock::Recovery { .. } => "recovery code".to_owned(),
                Lock::Kms { key, .. } => format!("awskms {key}"),
            });
            let names: Vec<String> = names.collect();
            let words = format!("{} wrapping keys; opened by: {}", ring.len(), names.join(", "));
            context.result(&json!({"keys": ring.len(), "opened_by": names}), words);
        }
        Keys::Rotate => {
            let (newer, file) = ring.rotate(&context.random).map_err(trouble)?;
            let count = newer.len();
            // Its file first: what is wrapped from here on opens also after a crash.
            app.vault.ring.replace(newer, &file)?;
            recorded(&app, "keys.rotated", json!({"keys": count})).await?;
            let (mut wrapped, mut after) = (0, None);
            loop {
                let mut tx = app.db.write().await?;
                let (n, last) = evidence::rewrap(&mut tx, &app.vault.ring, after).await?;
                if n == 0 {
                    break;
                }
                let entry = Entry::by(&Caller::Operator, "keys.rewrapped").detail(json!({"count": n}));
                let proof = audit::record(&mut tx, entry).await?;
                tx.commit(proof).await?;
                (wrapped, after) = (wrapped + n, last);
            }
            context.result(
                &json!({"keys": count, "rewrapped": wrapped}),
                format!("wrapping key {count} wraps from now on; {wrapped} data keys were wrapped with it"),
            );
        }
        Keys::Recovery => {
            let code = hex::encode(context.random.bytes::<32>());
            let (newer, file) = ring.with_recovery(code.as_bytes(), &context.random).map_err(trouble)?;
            app.vault.ring.replace(newer, &file)?;
            recorded(&app, "keys.recovery_made", json!({})).await?;
            let words = format!(
                "{code}\nIt opens everything and is not shown again: write it down, and keep it away from here."
            );
            context.result(&json!({"code": code}), words);
        }
        Keys::Secret => {
            let secret = hex::encode(context.random.bytes::<32>());
            let (newer, file) = ring.with_secret(secret.as_bytes(), &context.random).map_err(trouble)?;
            app.vault.ring.replace(newer, &file)?;
            recorded(&app, "keys.secret_made", json!({})).await?;
            let words = format!(
                "{secret}\nIt is not shown again: put it in the place of the one before, in TANOD_SECRET or {}.",
                app.settings.secret_file
            );
            context.result(&json!({"secret": secret}), words);
        }
    }
    Ok(())
}
