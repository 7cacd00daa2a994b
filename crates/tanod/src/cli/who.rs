//! `tanod user` and `tanod key`.

use super::{Context, Done};
use crate::accounts::{self, Caller, Role, Scope};

/// People who work with the console.
#[derive(clap::Subcommand)]
pub(super) enum User {
    /// Invite a person: prints a one-time link.
    #[command(after_help = "Example:\n  tanod user add night-lead --role lead --data /var/lib/tanod")]
    Add {
        /// For signing in.
        name: String,
        /// What for.
        #[arg(long, value_enum)]
        role: Role,
    },
    /// Take a person's access away, at once.
    #[command(after_help = "Example:\n  tanod user rm night-lead --data /var/lib/tanod")]
    Rm {
        /// As they sign in.
        name: String,
    },
}

/// Keys for your programs.
#[derive(clap::Subcommand)]
pub(super) enum Key {
    /// Make a key: it is printed once and not kept.
    #[command(after_help = "Example:\n  tanod key add --role client --name uploads --data /var/lib/tanod")]
    Add {
        /// What it is for: `client` sends uploads and asks about hashes, `curator` keeps the lists, `notices`
        /// passes on what people tell, `live` tells of streams and what happens in them, `platform` says what is known around a
        /// case and whether an action was done.
        #[arg(long, value_enum, default_value = "client")]
        role: KeyRole,
        /// A name to know it by.
        #[arg(long)]
        name: String,
        /// Also sees which entry matched; keep such keys few, for licensed lists must not leak.
        #[arg(long)]
        detail: bool,
        /// At most so many requests a minute.
        #[arg(long, value_name = "N")]
        per_minute: Option<u32>,
    },
    /// Take a key's access away, at once.
    #[command(after_help = "Example:\n  tanod key rm uploads --data /var/lib/tanod")]
    Rm {
        /// The name it was made with.
        name: String,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum KeyRole {
    Client,
    Curator,
    Live,
    Notices,
    Platform,
}

pub(super) async fn user(context: &Context, user: User) -> Done {
    let app = context.open().await?;
    let mut tx = app.db.write().await?;
    let (name, role) = match user {
        User::Add { name, role } => (name, role),
        User::Rm { name } => {
            let proof = accounts::remove_person(&mut tx, &Caller::Operator, &name).await?;
            tx.commit(proof).await?;
            context.result(&serde_json::json!({"removed": name}), format!("{name} has no access any more"));
            return Ok(());
        }
    };
    let (invited, proof) = accounts::invite(&mut tx, &Caller::Operator, &name, role).await?;
    tx.commit(proof).await?;
    let link = format!("{}/console/welcome/{}", app.settings.public_url.trim_end_matches('/'), invited.invitation);
    context.result(
        &serde_json::json!({"person": invited.id, "staff": invited.staff, "link": link}),
        format!(
            "staff number {}; this link is good once, for a day:\n{link}\n(served elsewhere? set public_url)",
            invited.staff
        ),
    );
    Ok(())
}

pub(super) async fn key(context: &Context, key: Key) -> Done {
    let app = context.open().await?;
    let (role, name, detail, per_minute) = match key {
        Key::Add { role, name, detail, per_minute } => (role, name, detail, per_minute),
        Key::Rm { name } => {
            let mut tx = app.db.write().await?;
            let proof = accounts::remove_key(&mut tx, &Caller::Operator, &name).await?;
            tx.commit(proof).await?;
            context.result(&serde_json::json!({"removed": name}), format!("the key {name} opens nothing any more"));
            return Ok(());
        }
    };
    let mut scopes = match role {
        KeyRole::Client => vec![Scope::ItemsWrite, Scope::MatchesWrite],
        KeyRole::Notices => vec![Scope::NoticesWrite],
        KeyRole::Curator => vec![Scope::BanksRead, Scope::BanksWrite],
        KeyRole::Live => vec![Scope::StreamsWrite],
        KeyRole::Platform => vec![Scope::ContextWrite, Scope::ActionsAcknowledge],
    };
    if detail {
        scopes.push(Scope::MatchesDetail);
    }
    let mut tx = app.db.write().await?;
    let (key, proof) = accounts::add_key(&mut tx, &Caller::Operator, &name, &scopes, per_minute).await?;
    tx.commit(proof).await?;
    context.result(
        &serde_json::json!({"key": key.token, "id": key.id}),
        format!("{}\nKeep it now: it is not shown again.", key.token),
    );
    Ok(())
}
