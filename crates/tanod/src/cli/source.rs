//! `tanod source`.

use super::{Context, Done, Trouble};
use crate::accounts::Caller;
use crate::sources::{self, State};
use crate::store::as_word;

/// Where lists and matchers come from.
#[derive(clap::Subcommand)]
pub(super) enum Source {
    /// List the sources: who may get each, what it costs and takes, what it matches, how to ask, and how far you are.
    #[command(after_help = "Example:\n  tanod source ls --data /var/lib/tanod")]
    Ls,
    /// Say how far you are with a source.
    #[command(after_help = "Example:\n  tanod source set ncmec-hash-sharing applied --data /var/lib/tanod")]
    Set {
        /// Its name, as `tanod source ls` shows it.
        name: String,
        /// How far.
        #[arg(value_enum)]
        state: State,
    },
}

pub(super) async fn run(context: &Context, source: Source) -> Done {
    let app = context.open().await?;
    match source {
        Source::Ls => {
            let mut tx = app.db.read().await?;
            for row in sources::list(&mut tx, &Caller::Operator).await? {
                let it = &row.source;
                let words = format!(
                    "{} ({}): {}\n  who      {}\n  cost     {}\n  takes    {}\n  matches  {}\n  ask      {} {}\n  cites    {}\n",
                    it.title,
                    it.name,
                    as_word(&row.state),
                    it.who,
                    it.cost,
                    it.takes,
                    it.matches,
                    it.apply,
                    it.address,
                    it.cites
                );
                let row = serde_json::to_value(&row).map_err(|error| Trouble::Said(error.to_string()))?;
                context.result(&row, words);
            }
        }
        Source::Set { name, state } => {
            let mut tx = app.db.write().await?;
            let (row, proof) = sources::set(&mut tx, &Caller::Operator, &name, state).await?;
            tx.commit(proof).await?;
            context.result(&row, format!("{}: {}", row.source.title, as_word(&row.state)));
        }
    }
    Ok(())
}
