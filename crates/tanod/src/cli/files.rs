//! `tanod hash` and `tanod match`: files on this machine.

use std::path::PathBuf;

use bytes::Bytes;
use decode::{Limits, Pool};
use fingerprint::Digests;
use serde_json::{Value, json};

use super::{Context, Done, Trouble};
use crate::intake;
use crate::matching::Verdict;

/// Compute the fingerprints of files.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tanod hash picture.jpg --json")]
pub(super) struct HashArgs {
    /// Files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Say what the lists know of files.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tanod match picture.jpg --data /var/lib/tanod")]
pub(super) struct MatchArgs {
    /// Files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub(super) async fn hash(context: &Context, args: HashArgs) -> Done {
    let pool = Pool::new(std::env::current_exe()?, vec!["decode-child".into()], 2, Limits::default());
    let mut failed = false;
    for file in args.files {
        let media = match fs_err::read(&file) {
            Ok(media) => Bytes::from(media),
            Err(error) => {
                context.result(&json!({"file": file, "error": error.to_string()}), error.to_string());
                failed = true;
                continue;
            }
        };
        let digests = Digests::of(&media);
        let mut prints = json!({"md5": digests.md5_hex(), "sha1": digests.sha1_hex(), "sha256": digests.sha256_hex()});
        let mut row = json!({"file": file});
        let seen = match pool.look(media, decode::Wanted::default()).await {
            Ok(look) => look.frames.first().map_or_else(String::new, |first| {
                let hash = first.hash.to_string();
                if let Some(prints) = prints.as_object_mut() {
                    prints.insert("pdq".to_owned(), json!({"hash": hash, "quality": first.quality}));
                }
                format!("pdq {hash} (quality {})", first.quality)
            }),
            Err(why) => {
                if let Some(row) = row.as_object_mut() {
                    row.insert("unscanned".to_owned(), Value::from(why.slug()));
                }
                format!("no pdq: {why}")
            }
        };
        if let Some(row) = row.as_object_mut() {
            row.insert("fingerprints".to_owned(), prints);
        }
        let words = format!(
            "{}\n  md5 {}\n  sha1 {}\n  sha256 {}\n  {seen}",
            file.display(),
            digests.md5_hex(),
            digests.sha1_hex(),
            digests.sha256_hex()
        );
        context.result(&row, words);
    }
    if failed { Err(Trouble::Quiet) } else { Ok(()) }
}

pub(super) async fn matches(context: &Context, args: MatchArgs) -> Done {
    let app = context.open().await?;
    app.lists.catch_up(&app.db).await?;
    for file in args.files {
        let media = Bytes::from(fs_err::read(&file)?);
        let prints = intake::examine(&app.pool, &media).await;
        let judged = app.lists.with(|lists| lists.judge(&prints, app.db.clock().now()));
        let first = judged.hits.first().map_or_else(String::new, |hit| {
            let how = hit.distance.map_or_else(|| "the same bytes".to_owned(), |bits| format!("{bits} bits apart"));
            format!(": {} ({how})", hit.bank_name)
        });
        let words = match judged.verdict {
            Verdict::Match => format!("{}: match{first}", file.display()),
            Verdict::NoMatch => format!("{}: no match", file.display()),
            Verdict::Unscanned => format!("{}: unscanned, {}", file.display(), judged.reason.unwrap_or_default()),
        };
        let row = json!({
            "file": file, "verdict": judged.verdict, "reason": judged.reason, "strength": judged.strength,
            "coverage": judged.coverage, "lists_as_of": judged.lists_as_of, "matches": judged.hits,
        });
        context.result(&row, words);
    }
    Ok(())
}
