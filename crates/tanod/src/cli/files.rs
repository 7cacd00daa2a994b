//! `tanod hash` and `tanod match`: files on this machine, and folders of them, on all cores.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use decode::{Limits, Pool, Wanted};
use fingerprint::Digests;
use futures_util::{Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio::task::JoinError;
use tokio_util::task::TaskTracker;

use super::{Context, Done, Trouble};
use crate::intake;
use crate::matching::{Judgement, Prints, Verdict};

/// Compute the fingerprints of files.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  tanod hash picture.jpg --json\n  tanod hash /srv/pictures --json > pictures.ndjson"
)]
pub(super) struct HashArgs {
    /// Files, and folders with everything in them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Say what the lists know of files.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  tanod match picture.jpg --data /var/lib/tanod\n  tanod match /srv/pictures --data /var/lib/tanod --json"
)]
pub(super) struct MatchArgs {
    /// Files, and folders with everything in them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub(super) async fn hash(context: &Context, args: HashArgs) -> Done {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let pool = Pool::new(std::env::current_exe()?, vec!["decode-child".into()], cores, Limits::default());
    // What is published is exact to the last bit.
    let wanted = Wanted { exact: true, ..Wanted::default() };
    each(context, &pool, wanted, args.files, "hashing", |file, prints| {
        let seen = match &prints.look {
            Some(Ok(look)) if look.video.is_some() => {
                let lines =
                    look.vpdq().map_or_else(String::new, |film| film.to_string().trim_end().replace('\n', "\n  "));
                format!("vpdq, a line for each frame: number, quality, hash, seconds\n  {lines}")
            }
            Some(Ok(look)) => look
                .frames
                .first()
                .map_or_else(String::new, |first| format!("pdq {} (quality {})", first.hash, first.quality)),
            Some(Err(why)) => format!("no pdq: {why}"),
            None => String::new(),
        };
        let digests = &prints.digests;
        let words = format!(
            "{}\n  md5 {}\n  sha1 {}\n  sha256 {}\n  {seen}",
            file.display(),
            digests.md5_hex(),
            digests.sha1_hex(),
            digests.sha256_hex()
        );
        context.result(&hashed(file, prints), words);
    })
    .await
}

fn hashed(file: &Path, prints: &Prints) -> Value {
    let Digests { md5, sha1, sha256 } = prints.digests;
    let mut found = json!({"md5": hex::encode(md5), "sha1": hex::encode(sha1), "sha256": hex::encode(sha256)});
    let mut row = json!({"file": file});
    let (Some(found_fields), Some(fields)) = (found.as_object_mut(), row.as_object_mut()) else { return row };
    match &prints.look {
        Some(Ok(look)) => {
            if let (Some(film), Some(video)) = (look.vpdq(), look.video) {
                let lines: Vec<String> = film.frames().iter().map(ToString::to_string).collect();
                let length = f64::from(video.length_ms) / 1_000.0;
                let vpdq = json!({"frames": lines, "coverage": look.coverage, "seconds": length, "cut_short": video.cut_short});
                found_fields.insert("vpdq".to_owned(), vpdq);
            } else if let Some(first) = look.frames.first() {
                let pdq = json!({"hash": first.hash.to_string(), "quality": first.quality});
                found_fields.insert("pdq".to_owned(), pdq);
            }
        }
        Some(Err(why)) => drop(fields.insert("unscanned".to_owned(), Value::from(why.slug()))),
        None => {}
    }
    fields.insert("fingerprints".to_owned(), found);
    row
}

pub(super) async fn matches(context: &Context, args: MatchArgs) -> Done {
    let app = context.open().await?;
    app.lists.catch_up(&app.db).await?;
    let wanted = app.wanted();
    each(context, &app.pool, wanted, args.files, "matching", |file, prints| {
        let judged = app.lists.with(|lists| lists.judge(prints, app.db.clock().now()));
        let row = json!({
            "file": file, "verdict": judged.verdict, "reason": judged.reason, "strength": judged.strength,
            "coverage": judged.coverage, "lists_as_of": judged.lists_as_of, "matches": judged.hits,
        });
        context.result(&row, judgement_in_words(file, &judged));
    })
    .await
}

fn judgement_in_words(file: &Path, judged: &Judgement) -> String {
    let first = judged.hits.first().map_or_else(String::new, |hit| {
        let mut how = hit.distance.map_or_else(|| "the same bytes".to_owned(), |bits| format!("{bits} bits apart"));
        if let Some(common) = &hit.in_common {
            how = format!("{how}; {} % of the file, {} % of the entry", common.upload_percent, common.entry_percent);
        }
        format!(": {} ({how})", hit.bank_name)
    });
    match judged.verdict {
        Verdict::Match => format!("{}: match{first}", file.display()),
        Verdict::NoMatch => format!("{}: no match", file.display()),
        Verdict::Unscanned => format!("{}: unscanned, {}", file.display(), judged.reason.unwrap_or_default()),
    }
}

/// Examines each file, as many at a time as there are cores to do it, and tells of them in their order.
async fn each(
    context: &Context,
    pool: &Pool,
    wanted: Wanted,
    named: Vec<PathBuf>,
    what: &'static str,
    tell: impl Fn(&Path, &Prints),
) -> Done {
    let files = walk(named)?;
    let bar = context.progress(files.len(), what);
    let mut failed = false;
    let mut examined = std::pin::pin!(examine_all(pool, wanted, files));
    while let Some(one) = examined.next().await {
        let (file, prints) = one.map_err(|error| Trouble::Said(format!("examining a file failed: {error}")))?;
        match prints {
            Ok(prints) => bar.suspend(|| tell(&file, &prints)),
            Err(error) => {
                failed = true;
                bar.suspend(|| context.result(&json!({"file": file, "error": error.to_string()}), error.to_string()));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if failed { Err(Trouble::Quiet) } else { Ok(()) }
}

/// What each file is, in order; ended tasks wait for their turn.
fn examine_all(
    pool: &Pool,
    wanted: Wanted,
    files: Vec<PathBuf>,
) -> impl Stream<Item = Result<(PathBuf, std::io::Result<Prints>), JoinError>> + use<> {
    // Twice as many as cores: one is read and digested while another is decoded.
    let at_once = 2 * std::thread::available_parallelism().map_or(2, usize::from);
    let (pool, tasks) = (pool.clone(), TaskTracker::new());
    let examine = move |file: PathBuf| {
        let pool = pool.clone();
        tasks.spawn(async move {
            let prints = match fs_err::tokio::read(&file).await {
                Ok(media) => Ok(intake::examine(&pool, &Bytes::from(media), wanted).await),
                Err(error) => Err(error),
            };
            (file, prints)
        })
    };
    futures_util::stream::iter(files).map(examine).buffered(at_once)
}

/// The files themselves, and those in folders, in the order of their names.
fn walk(named: Vec<PathBuf>) -> Result<Vec<PathBuf>, Trouble> {
    let mut files = Vec::new();
    let mut waiting: Vec<PathBuf> = named.into_iter().rev().collect();
    while let Some(path) = waiting.pop() {
        // A link is not followed: it may lead in a circle, or out of the folder.
        if path.is_dir() && !path.is_symlink() {
            let mut inner: Vec<_> =
                fs_err::read_dir(&path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
            inner.sort_unstable();
            waiting.extend(inner.into_iter().rev());
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
