//! `tanod vocabulary`.

use std::path::PathBuf;

use serde_json::json;

use super::{Context, Done};
use crate::accounts::Caller;
use crate::livestream::vocabulary;

/// Words of yours that rules look for in what is written in streams.
#[derive(clap::Subcommand)]
pub(super) enum Vocabulary {
    /// List the vocabularies. Nobody can say what stands in them.
    #[command(after_help = "Example:\n  tanod vocabulary ls --data /var/lib/tanod")]
    Ls,
    /// Import a vocabulary, in the place of the one that had its name. Only keyed hashes of its entries are kept.
    #[command(after_help = "Example:\n  tanod vocabulary import orders words.txt --data /var/lib/tanod")]
    Import {
        /// Its name, as rules have it: `words.NAME`.
        name: String,
        /// A text, one entry of one to six words a line. Keep it nowhere that others read.
        file: PathBuf,
    },
    /// Let go of a vocabulary for good.
    #[command(after_help = "Example:\n  tanod vocabulary rm orders --data /var/lib/tanod")]
    Rm {
        /// Its name.
        name: String,
    },
}

pub(super) async fn run(context: &Context, vocabulary: Vocabulary) -> Done {
    let app = context.open().await?;
    let caller = Caller::Operator;
    let mut tx = app.db.write().await?;
    match vocabulary {
        Vocabulary::Ls => {
            let lists = vocabulary::list(&mut tx, &caller).await?;
            if lists.is_empty() {
                context.say("no vocabulary yet, and none ships; take in yours with `tanod vocabulary import`");
            }
            for list in lists {
                let words = format!("{:<32} {:>6} entries  imported {}", list.name, list.entries, list.imported_at);
                context.result(&list, words);
            }
        }
        Vocabulary::Import { name, file } => {
            let text = fs_err::read_to_string(file)?;
            let rows: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
            let (list, proof) = vocabulary::import(&mut tx, &caller, &app.vocabularies.key, &name, &rows).await?;
            tx.commit(proof).await?;
            context.result(&list, format!("{} entries in {}", list.entries, list.name));
        }
        Vocabulary::Rm { name } => {
            let proof = vocabulary::remove(&mut tx, &caller, &name).await?;
            tx.commit(proof).await?;
            context.result(&json!({"removed": name}), format!("{name} is gone"));
        }
    }
    Ok(())
}
