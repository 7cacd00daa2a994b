//! `tanod live`: looks at streams while they run, and says what the lists know of them.

use std::time::Duration;

use serde_json::json;

use super::{Context, Done, Trouble};
use crate::livestream::watching::{Mode, Trial};
use crate::roles;

/// Streams while they run.
#[derive(clap::Subcommand)]
pub(super) enum Live {
    /// Look at sources, and say what the lists know of them and for how long nobody saw them. Nothing is kept, and no case is made.
    #[command(
        after_help = "Example:\n  tanod live watch rtmp://127.0.0.1/live/KEY --data /var/lib/tanod\n  tanod live watch https://origin.example/a/index.m3u8 --mode thorough --seconds 60 --json"
    )]
    Watch {
        /// Where they are read: rtmp, rtsp, http or https (HLS, or a transport stream), whep or wheps, srt, or a transport stream by tcp.
        #[arg(required = true)]
        urls: Vec<String>,
        /// How closely.
        #[arg(long, value_enum, default_value = "economical")]
        mode: Mode,
        /// End after so many seconds; without it, when you say so (Ctrl-C).
        #[arg(long)]
        seconds: Option<u64>,
    },
}

const NO_LIST: &str = "there is no list of abuse material, so nothing could be looked for: `tanod bank create NAME --kind csam`, \
                       then `tanod bank import NAME FILE`";

pub(super) async fn run(context: &Context, live: Live) -> Done {
    let Live::Watch { urls, mode, seconds } = live;
    let app = context.open().await?;
    app.lists.catch_up(&app.db).await?;
    if app.lists.with(crate::matching::Lists::as_of).is_none() {
        return Err(Trouble::Said(NO_LIST.to_owned()));
    }
    let mut trials = Vec::new();
    for url in &urls {
        trials.push((url, Trial::begin(&app, url, mode)?, None, 0_usize));
    }
    let over = async {
        match seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => roles::asked_to_stop().await,
        }
    };
    tokio::pin!(over);
    let mut ends = false;
    while !ends {
        ends = tokio::select! {
            () = &mut over => true,
            () = tokio::time::sleep(Duration::from_millis(200)) => false,
        };
        for (url, trial, said, known) in &mut trials {
            for hit in trial.hits() {
                *known += 1;
                let words = format!(
                    "{url}: a frame at {} is like an entry of {}, {} bits apart",
                    hit.at, hit.list, hit.distance
                );
                context.result(&json!({"event": "frame", "url": url, "hit": hit}), words);
            }
            let (scan, because) = trial.scan(app.db.clock().now());
            let now = because.or((!scan.seeing).then_some("frames_missing"));
            if now != *said {
                *said = now;
                let words = now.map_or_else(|| format!("{url}: seen"), |why| format!("{url}: not seen, {why}"));
                context.result(&json!({"event": "sight", "url": url, "not_seen": now}), words);
            }
        }
    }
    let now = app.db.clock().now();
    let all: Vec<_> = trials.iter().map(|(url, trial, _, known)| (*url, trial.scan(now).0, *known)).collect();
    let unscanned: f64 = all.iter().map(|(_, scan, _)| scan.unscanned_seconds).sum();
    let known: usize = all.iter().map(|(.., known)| known).sum();
    let sources: Vec<_> =
        all.iter().map(|(url, scan, known)| json!({"url": url, "known_frames": known, "scan": scan})).collect();
    let words = format!("{known} known frames, {unscanned:.1} s unscanned in {} sources", all.len());
    context.result(&json!({"sources": sources, "known_frames": known, "unscanned_s": unscanned}), words);
    for (_, trial, ..) in trials {
        trial.end().await;
    }
    // Servers hear that nobody looks any more.
    app.tasks.end().await;
    Ok(())
}
