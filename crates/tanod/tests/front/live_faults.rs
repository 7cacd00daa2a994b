//! What becomes of a stream that falls silent, changes its size or its coding, and of what was seen while the database was away: no
//! frame is lost that was seen, and no time is clean that nobody saw.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::Role;
use tanod::livestream::watching::Mode;

use super::watching::{KNOWN, Running, begin, ffmpeg, free_port, made, seen, sends, until, watching};

const OTHER: &str = "testsrc2=s=640x360:r=25";
const SMALLER: &str = "testsrc2=s=480x270:r=25";

/// The same with other words for ffmpeg.
fn again(folder: &Path, file: &Path, name: &str, words: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let status =
        ffmpeg(&["-i", file.to_str().unwrap()]).args(words).args(["-f", "mpegts"]).arg(&path).status().unwrap();
    assert!(status.success());
    path
}

/// Somebody who is called by TCP: with each call these files, each within so many seconds, and then nothing more.
fn plays(calls: Vec<Vec<(PathBuf, usize)>>) -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for files in calls {
            let (mut to, _) = listener.accept().unwrap();
            for (file, seconds) in files {
                let bytes = fs_err::read(file).unwrap();
                for piece in bytes.chunks(bytes.len().div_ceil(seconds * 20)) {
                    if to.write_all(piece).is_err() {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            silent.push(to);
        }
        std::thread::park();
    });
    port
}

fn gaps(stream: &Value) -> &Vec<Value> {
    stream["scan"]["gaps"].as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_another_size_and_another_coding_are_survived_and_never_clean() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (bed, key) = watching(at, |_| {}).await;
    let other = made(at, "other.ts", OTHER, "4");
    let first = made(at, "first.ts", OTHER, "3");
    let smaller = made(at, "plain.ts", SMALLER, "6");
    let smaller = again(at, &smaller, "smaller.ts", &["-c", "copy", "-output_ts_offset", "3"]);
    let coded = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=50:log-level=none", "-c:a", "copy"];
    let recoded = again(at, &first, "hevc.ts", &coded);
    let recoded = again(at, &recoded, "recoded.ts", &["-c", "copy", "-output_ts_offset", "9"]);
    let known = made(at, "shown.ts", KNOWN, "8");
    let known = again(at, &known, "known-hevc.ts", &coded);
    let port = plays(vec![vec![(other, 4)], vec![(first, 3), (smaller, 6), (recoded, 3)], vec![(known, 8)]]);
    let stream = begin(&bed, &key, "s1", &format!("tcp://127.0.0.1:{port}"), Mode::Thorough).await;
    let seeing = |stream: &Value| stream["scan"]["seeing"] == json!(true);
    let began = until(&bed, &stream, "seen", seeing).await;
    assert_eq!(gaps(&began).len(), 1);

    // Who sends says nothing more, and the connection stands.
    let stalled = |stream: &Value| gaps(stream).last().is_some_and(|gap| gap["because"] == "stalled");
    until(&bed, &stream, "stalled", |stream| !seeing(stream) && stalled(stream)).await;
    let called = until(&bed, &stream, "seen again", seeing).await;
    assert_eq!(gaps(&called).len(), 2, "{}", called["scan"]);

    // Pictures of another size go on being seen; what is coded in another way is not, until it is called anew.
    let frames = |stream: &Value| stream["scan"]["frames"].as_i64().unwrap();
    let before = frames(&called);
    until(&bed, &stream, "both sizes seen", |stream| frames(stream) >= before + 18).await;
    let both = seen(&bed, &stream).await;
    assert_eq!(gaps(&both).len(), 2, "another size leaves no hole: {}", both["scan"]);
    let known = |stream: &Value| stream["signals"].as_array().is_some_and(|all| !all.is_empty());
    let found = until(&bed, &stream, "known", |stream| known(stream) && gaps(stream).len() > 2).await;
    assert_eq!(found["signals"][0]["cause"], "frames", "in the other coding");
    // From the change of coding until it was called anew. What a decoder still gives at its end is a moment, and no more.
    let time = |hole: &Value, what: &str| hole[what].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let holes =
        gaps(&found)[2..].iter().map(|hole| time(hole, "until").duration_since(time(hole, "from")).as_secs_f64());
    let length: f64 = holes.sum();
    assert!(length > 2.0, "{}", found["scan"]);
    bed.app.tasks.end().await;
    bed.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn key_frames_of_every_coding_are_seen_as_they_come() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (bed, key) = watching(at, |_| {}).await;
    let known = made(at, "shown.ts", KNOWN, "8");
    let hevc = |more: &str| format!("keyint=50:min-keyint=50:log-level=none:bframes=3:{more}");
    let (closed, open) = (hevc("no-open-gop=1"), hevc("open-gop=1"));
    let codings: [(&str, &[&str]); 4] = [
        ("hevc", &["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", &closed]),
        ("hevc, open groups", &["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", &open]),
        (
            "h264, open groups",
            &["-c:v", "libx264", "-x264-params", "open-gop=1:keyint=50:min-keyint=50:scenecut=0:bframes=3"],
        ),
        ("mpeg2", &["-c:v", "mpeg2video", "-b:v", "3M", "-g", "50", "-bf", "2"]),
    ];
    let mut streams = Vec::new();
    for (nth, (coding, words)) in codings.iter().enumerate() {
        let file = again(at, &known, &format!("coded-{nth}.ts"), &[*words, &["-c:a", "copy"]].concat());
        let port = free_port();
        let sent = sends(&file, port, "1", "-1");
        let url = format!("tcp://127.0.0.1:{port}");
        streams.push((coding, begin(&bed, &key, coding, &url, Mode::Economical).await, sent));
    }
    // And by SRT, of one who waits to be called.
    let port = free_port();
    let to = format!("srt://127.0.0.1:{port}?mode=listener");
    let words =
        ["-re", "-stream_loop", "-1", "-i", known.to_str().unwrap(), "-map", "0", "-c", "copy", "-f", "mpegts", &to];
    let called = Running(ffmpeg(&words).spawn().unwrap());
    let url = format!("srt://127.0.0.1:{port}");
    streams.push((&"h264 by srt", begin(&bed, &key, "srt", &url, Mode::Economical).await, called));
    for (coding, stream, _) in &streams {
        let known = |stream: &Value| stream["signals"].as_array().is_some_and(|all| !all.is_empty());
        let found = until(&bed, stream, coding, known).await;
        assert_eq!(found["scan"]["mode"], "economical", "{coding}");
    }
    bed.app.tasks.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_seen_while_the_database_is_away_is_written_down_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (bed, key) = watching(folder.path(), |settings| settings.live.after_seconds = 2).await;
    let mixed =
        format!("{OTHER},trim=duration=8,setpts=PTS-STARTPTS[a];{KNOWN},trim=duration=6,setpts=PTS-STARTPTS[b]");
    let mixed = made(folder.path(), "mixed.ts", &format!("{mixed};[a][b]concat=n=2"), "14");
    let port = free_port();
    let _sent = sends(&mixed, port, "1", "0");
    let stream = begin(&bed, &key, "s1", &format!("tcp://127.0.0.1:{port}"), Mode::Thorough).await;
    let began = until(&bed, &stream, "seen", |stream| stream["scan"]["seeing"] == json!(true)).await;
    let report = json!({"events": [{"id": "e1", "kind": "report", "text": "look", "reason": "live_abuse"}]});
    bed.post(&format!("/v1/streams/{stream}/events"), &key, &report).await.ok();

    let away = bed.without_database().await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    away.back().await;
    let found = until(&bed, &stream, "known", |stream| {
        stream["signals"].as_array().is_some_and(|all| all.iter().any(|one| one["cause"] == "frames"))
    })
    .await;
    // What was acknowledged before is there, and what was seen meanwhile came after it; nobody was blind.
    assert!(found["signals"].as_array().unwrap().iter().any(|one| one["cause"] == "report"), "{found}");
    assert_eq!(gaps(&found).len(), gaps(&began).len(), "{}", found["scan"]);
    let kept =
        |stream: &Value| stream["segments"].as_array().unwrap().iter().filter(|one| one["item"].is_string()).count();
    until(&bed, &stream, "both stretches kept", |stream| kept(stream) >= 2).await;
    let lead = bed.person(Role::Lead).await;
    let case = found["case"].as_str().unwrap();
    assert_eq!(bed.get(&format!("/v1/cases/{case}"), &lead).await.ok()["priority"], "P0");
    bed.app.tasks.end().await;
    bed.ledger_verifies().await;
}
