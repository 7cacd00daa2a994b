//! `tanod keys`.

use std::path::{Path, PathBuf};

use serde_json::json;
use vault::Lock;
use zeroize::Zeroizing;

use super::{Context, Done, Trouble};
use crate::accounts::Caller;
use crate::accounts::sessions::factors;
use crate::audit::{self, Entry};
use crate::config;
use crate::evidence::{self, Opens, Ring};
use crate::plan::{self, App};
use crate::reporting::credentials;

/// The ring of wrapping keys, and the ways into it.
#[derive(clap::Subcommand)]
pub(super) enum Keys {
    /// Show how many wrapping keys there are, and what opens the ring.
    #[command(after_help = "Example:\n  tanod keys ls --data /var/lib/tanod")]
    Ls,
    /// Make a new wrapping key and wrap every data key with it. No sealed object is touched, and the service may go on.
    #[command(after_help = "Example:\n  tanod keys rotate --data /var/lib/tanod")]
    Rotate,
    /// Make a recovery identity that opens the ring where the secret is lost, in the place of an earlier one. It is shown once:
    /// write it down and keep it in a safe. With `--identity`, use it: a new secret takes the lost one's place.
    #[command(after_help = "Examples:
  tanod keys recovery --data /var/lib/tanod                        makes one and shows it
  tanod keys recovery --recipient age1… --data /var/lib/tanod      one that you made yourself with age-keygen
  tanod keys recovery --identity paper.txt --data /var/lib/tanod   after the secret was lost")]
    Recovery {
        /// The public half of an identity that you keep.
        #[arg(long, value_name = "AGE1…", conflicts_with = "identity")]
        recipient: Option<String>,
        /// A file with the identity (AGE-SECRET-KEY-1…), or `-` for standard input: opens the ring and makes a new secret.
        #[arg(long, value_name = "FILE")]
        identity: Option<PathBuf>,
    },
    /// Make a new secret in the place of the one before, which then opens nothing. It is shown once.
    #[command(
        after_help = "Examples:\n  tanod keys secret --data /var/lib/tanod\n  tanod keys secret --none --data /var/lib/tanod"
    )]
    Secret {
        /// No secret any more: the key management service and the recovery identity alone open the ring.
        #[arg(long)]
        none: bool,
    },
}

async fn recorded(app: &App, kind: &'static str, detail: serde_json::Value) -> Result<(), Trouble> {
    let mut tx = app.db.write().await?;
    let proof = audit::record(&mut tx, Entry::by(&Caller::Operator, kind).detail(detail)).await?;
    Ok(tx.commit(proof).await?)
}

pub(super) async fn run(context: &Context, keys: Keys) -> Done {
    if let Keys::Recovery { identity: Some(file), .. } = &keys {
        return recover(context, file).await;
    }
    let app = context.open().await?;
    let ring = app.vault.ring.now()?;
    let random = &context.random;
    match keys {
        Keys::Ls => {
            let names = ring.locks().iter().map(|lock| match lock {
                Lock::Secret { .. } | Lock::EarlierSecret { .. } => "secret".to_owned(),
                Lock::Recovery { recipient, .. } => format!("the identity of {recipient}"),
                Lock::EarlierCode { .. } => "recovery code".to_owned(),
                Lock::Kms { key, .. } => format!("awskms {key}"),
            });
            let names: Vec<String> = names.collect();
            let words = format!("{} wrapping keys; opened by: {}", ring.len(), names.join(", "));
            context.result(&json!({"keys": ring.len(), "opened_by": names}), words);
        }
        Keys::Rotate => {
            // Its file first: what is wrapped from here on opens also after a crash.
            let count = app.vault.ring.change(|ring| ring.rotate(random))?.len();
            if let Opens::Kms(kms, _) = app.vault.ring.opens() {
                // Closed by the service's key as it is now.
                app.vault.ring.adopt(kms, random).await?;
            }
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
            // What people sign in with and what was issued to us: few, and at once.
            let mut tx = app.db.write().await?;
            let secrets = factors::rewrap(&mut tx, &app.vault.ring).await?
                + credentials::rewrap(&mut tx, &app.vault.ring).await?;
            let entry = Entry::by(&Caller::Operator, "keys.secrets_rewrapped").detail(json!({"count": secrets}));
            let proof = audit::record(&mut tx, entry).await?;
            tx.commit(proof).await?;
            context.result(
                &json!({"keys": count, "rewrapped": wrapped, "secrets": secrets}),
                format!(
                    "wrapping key {count} wraps from now on; {wrapped} data keys and those of {secrets} authenticators and credentials were wrapped with it"
                ),
            );
        }
        Keys::Recovery { recipient, .. } => {
            if !app.settings.recovery_recipient.is_empty() {
                // It would come back at the next start.
                return Err(Trouble::Said(
                    "the settings name a recovery recipient: write another there, or take recovery_recipient out first"
                        .to_owned(),
                ));
            }
            let made = recipient.is_none().then(vault::recovery_identity);
            let recipient =
                recipient.or_else(|| made.as_ref().map(|(_, recipient)| recipient.clone())).unwrap_or_default();
            let mut tx = app.db.write().await?;
            let proof = evidence::set_recovery(&mut tx, &app.vault.ring, &recipient).await?;
            tx.commit(proof).await?;
            let identity = made.map(|(identity, _)| identity);
            let words = match &identity {
                Some(identity) => format!("{}\n{PAPER}", identity.as_str()),
                None => format!("the identity of {recipient} opens the ring from now on"),
            };
            let identity = identity.as_ref().map(|identity| identity.as_str());
            context.result(&json!({"recipient": recipient, "identity": identity}), words);
        }
        Keys::Secret { none: true } => {
            if !matches!(app.vault.ring.opens(), Opens::Kms(..)) || ring.recovery().is_none() {
                let words = "without a key management service and a recovery recipient the secret is needed";
                return Err(Trouble::Said(words.to_owned()));
            }
            app.vault.ring.change(|ring| ring.without_secret(random))?;
            recorded(&app, "keys.secret_dropped", json!({})).await?;
            context.result(&json!({"secret": null}), "no secret opens the ring any more");
        }
        Keys::Secret { none: false } => {
            let secret = hex::encode(random.bytes::<32>());
            app.vault.ring.change(|ring| ring.with_secret(secret.as_bytes(), random))?;
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

/// What is said where a recovery identity is shown.
pub(super) const PAPER: &str =
    "It opens everything and is not shown again: write it down, and keep it on paper, away from here.";

/// Opens the ring with the recovery identity and puts a new secret in the place of the lost one.
async fn recover(context: &Context, file: &Path) -> Done {
    let read =
        if file == Path::new("-") { std::io::read_to_string(std::io::stdin())? } else { fs_err::read_to_string(file)? };
    let read = Zeroizing::new(read);
    // age-keygen writes remarks above it.
    let identity = read.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-1"));
    let identity =
        identity.ok_or_else(|| Trouble::Said("there is no identity in it: a line AGE-SECRET-KEY-1…".to_owned()))?;
    let settings = context.settings()?;
    let identity = Opens::Secret(Zeroizing::new(identity.to_owned()));
    let ring = Ring::open(&plan::ring_file(&settings)?, identity, &context.random, &context.clock).await?;
    let db = plan::database(&settings, context.clock.clone(), context.random.clone()).await?;
    let mut tx = db.write().await?;
    let (secret, proof) = evidence::recover(&mut tx, &ring).await?;
    tx.commit(proof).await?;
    let place = Path::new(&settings.secret_file);
    let kept = !place.exists();
    if kept {
        config::keep_secret(place, &secret)?;
    }
    let next = if kept {
        format!("It is in {} and opens the ring from now on; keep a copy elsewhere.", place.display())
    } else {
        format!("Put it in the place of the lost one, in TANOD_SECRET or {}.", place.display())
    };
    context.result(&json!({"secret": secret.as_str(), "kept": kept}), format!("{}\n{next}", secret.as_str()));
    Ok(())
}
