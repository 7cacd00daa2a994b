//! Ten hours of streams that no list knows, faster than they would run: nothing of them is a hit. And the same apparatus knows what is
//! known.

use std::path::Path;
use std::process::{Child, Stdio};

use decode::{Glimpse, Mode, Wanted};
use tanod::matching::Lists;
use tokio::io::AsyncReadExt as _;

use super::bed::*;
use super::watching::{KNOWN, ffmpeg, made, watching};

/// What is streamed, an hour each: four frames a second of things that move.
const OTHERS: [&str; 10] = [
    "testsrc2=s=256x144:r=4",
    "testsrc=s=256x144:r=4",
    "life=s=64x36:r=4:seed=7:ratio=0.3:mold=10:life_color=white:death_color=gray,scale=256:144:flags=neighbor",
    "cellauto=s=256x144:r=4:rule=110:seed=3:scroll=1",
    "gradients=s=256x144:r=4:seed=5:speed=0.02:n=5",
    "sierpinski=s=256x144:r=4:seed=5:jump=20:type=carpet",
    "sierpinski=s=256x144:r=4:seed=11:jump=40:type=triangle",
    "life=s=128x72:r=4:seed=2:ratio=0.1:rule=S23/B36:mold=4,scale=256:144",
    "cellauto=s=128x72:r=4:rule=30:seed=1,scale=256:144",
    "testsrc2=s=256x144:r=4,negate,hflip",
];
const HOUR: usize = 60 * 60;

/// Coded as a live encoder does, a key frame every two seconds.
fn coded(graph: &str, seconds: usize) -> Child {
    let seconds = seconds.to_string();
    let words = ["-f", "lavfi", "-i", graph, "-t", &seconds, "-pix_fmt", "yuv420p", "-threads", "1", "-c:v", "libx264"];
    let coded = ["-preset", "ultrafast", "-g", "8", "-f", "mpegts", "-muxdelay", "0", "pipe:1"];
    ffmpeg(&[words.as_slice(), &coded].concat()).stdout(Stdio::piped()).spawn().unwrap()
}

/// How many frames are looked at, and how many of them a list knows.
async fn looked_at(bed: &Bed, mut media: impl tokio::io::AsyncRead + Unpin) -> (usize, usize) {
    let eye = bed.app.pool.eye(Mode::Thorough, Wanted::default()).unwrap();
    let (mut shown, mut told) = (eye.shown, eye.told);
    let show = async move {
        let mut piece = vec![0; 64 << 10];
        loop {
            let read = media.read(&mut piece).await.unwrap();
            if read == 0 || !shown.show(&piece[..read]).await {
                break;
            }
        }
    };
    let hear = async {
        let (mut frames, mut known) = (0, 0);
        while let Some(glimpse) = told.next().await {
            if let Glimpse::Frame(frame) = glimpse {
                frames += 1;
                known += usize::from(!bed.app.lists.with(|lists: &Lists| lists.glimpsed(&frame)).is_empty());
            }
        }
        (frames, known)
    };
    tokio::join!(show, hear).1
}

async fn an_hour(bed: &Bed, graph: &str) -> (usize, usize) {
    let mut source = coded(graph, HOUR);
    let media = tokio::process::ChildStdout::from_std(source.stdout.take().unwrap()).unwrap();
    let counted = looked_at(bed, media).await;
    source.wait().unwrap();
    counted
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_hours_of_other_streams_are_no_hit() {
    let folder = tempfile::tempdir().unwrap();
    let (bed, _) = watching(folder.path(), |_| {}).await;
    let shown = fs_err::read(made(Path::new(folder.path()), "shown.ts", KNOWN, "8")).unwrap();
    let (frames, known) = looked_at(&bed, shown.as_slice()).await;
    assert!(frames >= 20 && known >= frames * 9 / 10, "{known} of {frames} are known");
    // Two at once: as many as a small machine has cores.
    for two in OTHERS.chunks(2) {
        let counted = futures_util::future::join_all(two.iter().map(|graph| an_hour(&bed, graph))).await;
        for (graph, (frames, known)) in two.iter().zip(counted) {
            assert!(frames >= HOUR * 4 * 9 / 10, "{graph}: {frames} frames in an hour");
            assert_eq!(known, 0, "{graph}");
        }
    }
    bed.app.tasks.end().await;
}
