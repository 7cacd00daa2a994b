//! Streams that are looked at while they run: with real programs that send them. What a list knows is found, what came before a
//! signal is kept, nothing is kept without one, and time that nobody saw is never clean.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use decode::Wanted;
use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};
use tanod::config::Settings;
use tanod::livestream::watching::Mode;
use tanod::roles;

use super::bed::*;

/// What is known: eight seconds of a slow way into a picture.
pub(crate) const KNOWN: &str =
    "mandelbrot=s=640x360:r=25:maxiter=80:start_x=-0.7436:start_y=0.1318:start_scale=0.6:end_scale=0.5:end_pts=800";
/// What nobody knows: a test card on which things move.
const OTHER: &str = "testsrc2=s=640x360:r=25,trim=duration=12,setpts=PTS-STARTPTS";
/// What is done to the clip besides coding it anew: a bar as of a caption, smaller, and larger again.
const EDITED: &str = "drawbox=x=250:y=ih-30:w=140:h=10:color=white@0.6:t=fill,scale=480:270,scale=640:360";

/// Starts another program, which ends with the test.
#[expect(clippy::disallowed_methods, reason = "streams are made and sent by another program")]
pub(crate) fn ffmpeg(words: &[&str]) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]).args(words).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// A program that is ended with this.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A transport stream of what these filters make, with a key frame every two seconds and a sound.
pub(crate) fn made(folder: &Path, name: &str, graph: &str, seconds: &str) -> PathBuf {
    let path = folder.join(name);
    let sound = format!("{graph}[v];sine=d={seconds}[a]");
    let words = [
        "-filter_complex",
        &sound,
        "-map",
        "[v]",
        "-map",
        "[a]",
        "-t",
        seconds,
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libx264",
    ];
    let coded = ["-preset", "veryfast", "-g", "50", "-sc_threshold", "0", "-c:a", "aac", "-f", "mpegts"];
    let status = ffmpeg(&[words.as_slice(), &coded].concat()).arg(&path).status().unwrap();
    assert!(status.success());
    path
}

/// Somebody who is called by TCP and sends this, at this many times its own pace, over and over if need be.
pub(crate) fn sends(file: &Path, port: u16, pace: &str, again: &str) -> Running {
    let to = format!("tcp://127.0.0.1:{port}?listen=1");
    let words = [
        "-readrate",
        pace,
        "-stream_loop",
        again,
        "-i",
        file.to_str().unwrap(),
        "-map",
        "0",
        "-c",
        "copy",
        "-f",
        "mpegts",
        &to,
    ];
    Running(ffmpeg(&words).spawn().unwrap())
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An installation that looks at streams of this machine, by itself, with a list that knows the clip.
pub(crate) async fn watching(folder: &Path, change: impl FnOnce(&mut Settings)) -> (Bed, String) {
    let bed = Bed::in_time(|settings, _| {
        settings.live.sources = vec!["127.0.0.1".to_owned()];
        change(settings);
    })
    .await;
    let known = made(folder, "known.ts", KNOWN, "8");
    let known = fs_err::read(known).unwrap();
    let look = bed.app.pool.look(known.into(), Wanted { exact: true, ..Wanted::default() }).await.unwrap();
    let vpdq = look.vpdq().unwrap().to_string();
    bed.bank("csam", &[("vpdq", format!("\"{}\"", vpdq.replace('"', "\"\"")))]).await;
    roles::run(&bed.app, roles::Role::Worker, None).await.unwrap();
    let key = bed.key(&[Scope::StreamsWrite]).await;
    (bed, key)
}

pub(crate) async fn begin(bed: &Bed, key: &str, id: &str, url: &str, mode: Mode) -> String {
    let new = json!({
        "content_id": id, "account": {"id": format!("caster-{id}")}, "public": true, "watch": {"url": url, "mode": mode},
    });
    bed.post("/v1/streams", key, &new).await.ok()["id"].as_str().unwrap().to_owned()
}

/// A stream as a lead sees it.
pub(crate) async fn seen(bed: &Bed, stream: &str) -> Value {
    let lead = bed.person(Role::Lead).await;
    bed.get(&format!("/v1/streams/{stream}"), &lead).await.ok()
}

/// Waits until a stream is so.
pub(crate) async fn until(bed: &Bed, stream: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let lead = bed.person(Role::Lead).await;
    for _ in 0..1_200 {
        let now = bed.get(&format!("/v1/streams/{stream}"), &lead).await.ok();
        if is(&now) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never {what}: {}", seen(bed, stream).await);
}

fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn kept(stream: &Value, part: &str) -> Option<Value> {
    rows(&stream["segments"]).iter().find(|one| one["part"] == part).cloned()
}

/// The children of this process whose words have one of these.
fn children(word: &str) -> Vec<i32> {
    let own = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in fs_err::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        let read = |name: &str| fs_err::read_to_string(entry.path().join(name)).unwrap_or_default();
        let parent = read("stat").rsplit(')').next().unwrap_or_default().split_whitespace().nth(1).map(str::to_owned);
        if parent.as_deref() == Some(&own) && read("cmdline").split('\0').any(|one| one == word) {
            found.push(pid);
        }
    }
    found
}

/// Asks the kernel about each child of this kind: it can make no call but the few that arithmetic needs, no file and no connection more than
/// the three that it was given.
pub(crate) fn confined(word: &str) {
    let children = children(word);
    assert!(!children.is_empty(), "there is no child for {word}");
    for pid in children {
        let read = |name: &str| fs_err::read_to_string(format!("/proc/{pid}/{name}")).unwrap();
        let (status, limits) = (read("status"), read("limits"));
        let says = |line: &str| status.lines().any(|one| one.split_whitespace().collect::<String>() == line);
        assert!(says("Seccomp:2") && says("NoNewPrivs:1"), "{word}: {status}");
        let open = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        assert_eq!(open.split_whitespace().nth(3), Some("3"), "{word}: {open}");
        assert!(fs_err::read(format!("/proc/{pid}/environ")).unwrap().is_empty());
    }
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_clip_in_a_stream_is_found_and_what_came_before_is_kept_and_of_another_stream_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let (bed, key) = watching(folder.path(), |settings| settings.live.after_seconds = 4).await;
    // Three seconds of it within something else: smaller, coded anew, with a bar of signs across it.
    let part = format!("{KNOWN},trim=2:5,setpts=PTS-STARTPTS,{EDITED}");
    let mixed = made(folder.path(), "mixed.ts", &format!("{OTHER}[a];{part}[b];{OTHER}[c];[a][b][c]concat=n=3"), "27");
    let control = made(folder.path(), "control.ts", &format!("{OTHER}[a];{OTHER},hue=h=90[b];[a][b]concat"), "24");
    let [mixed_at, control_at] = [free_port(), free_port()];
    let sent = (sends(&mixed, mixed_at, "1", "0"), sends(&control, control_at, "1", "0"));
    let stream = begin(&bed, &key, "s1", &format!("tcp://127.0.0.1:{mixed_at}"), Mode::Economical).await;
    let other = begin(&bed, &key, "s2", &format!("tcp://127.0.0.1:{control_at}"), Mode::Economical).await;

    let found = until(&bed, &stream, "found", |stream| !rows(&stream["signals"]).is_empty()).await;
    let hits = rows(&found["hits"]);
    assert!(hits.len() >= 2, "never one frame alone: {hits:?}");
    assert_eq!((&found["signals"][0]["cause"], &found["scan"]["mode"]), (&json!("frames"), &json!("economical")));
    let lead = bed.person(Role::Lead).await;
    let case = bed.get(&format!("/v1/cases/{}", found["case"].as_str().unwrap()), &lead).await.ok();
    // A recording that is shown again is a replay, not somebody in danger now.
    assert_eq!((&case["priority"], &case["account"]), (&json!("P2"), &json!("caster-s1")));
    let found = until(&bed, &stream, "kept", |stream| kept(stream, "after").is_some()).await;
    let client = bed.key(&[Scope::ItemsWrite, Scope::MatchesDetail]).await;
    let mut verdicts = Vec::new();
    for part in ["before", "after"] {
        let item = kept(&found, part).unwrap()["item"].as_str().unwrap().to_owned();
        verdicts.push(bed.get(&format!("/v1/items/{item}"), &client).await.ok()["verdict"].clone());
    }
    assert!(verdicts.contains(&json!("match")), "what is kept shows it: {verdicts:?}");
    // The other one is seen to its end, and nothing of it is known or kept.
    let seen_whole = |stream: &Value| stream["scan"]["frames"].as_i64().unwrap_or(0) >= 10;
    let clean = until(&bed, &other, "seen", seen_whole).await;
    assert_eq!((&clean["hits"], &clean["signals"], &clean["segments"]), (&json!([]), &json!([]), &json!([])));
    bed.post(&format!("/v1/streams/{other}/end"), &key, &json!({})).await.ok();
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM exhibits").await, 2, "the two stretches of the other stream");
    drop(sent);
    bed.app.tasks.end().await;
    bed.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewers_report_keeps_more_than_a_minute_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (bed, key) = watching(folder.path(), |settings| settings.live.after_seconds = 2).await;
    let shown = made(folder.path(), "shown.ts", OTHER, "12");
    let port = free_port();
    // Six times its own pace, so that the test need not last as long as what it shows.
    let _sent = sends(&shown, port, "6", "-1");
    let stream = begin(&bed, &key, "s1", &format!("tcp://127.0.0.1:{port}"), Mode::Economical).await;
    let time = |value: &Value| value.as_str().unwrap_or("2000-01-01T00:00:00Z").parse::<jiff::Timestamp>().unwrap();
    let shown = |stream: &Value| {
        let first = stream["scan"]["gaps"].as_array().and_then(|gaps| Some(time(&gaps.first()?["until"])));
        let seen = first.zip(Some(time(&stream["scan"]["seen_until"])));
        seen.is_some_and(|(first, last)| last.duration_since(first) >= jiff::SignedDuration::from_secs(13))
    };
    until(&bed, &stream, "shown for 78 s", shown).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM exhibits").await, 0, "without a signal nothing is kept");
    assert!(bed.app.vault.objects.list().await.unwrap().is_empty());
    let events = json!({"events": [
        {"kind": "join", "account": "v1", "address": "192.0.2.1", "port": 50_001},
        {"kind": "chat", "account": "v1", "text": "what was written"},
        {"kind": "report", "account": "v2", "text": "a child is hurt"},
    ]});
    bed.post(&format!("/v1/streams/{stream}/events"), &key, &events).await.ok();
    let known = until(&bed, &stream, "kept", |stream| kept(stream, "after").is_some()).await;
    let before = kept(&known, "before").unwrap();
    // What was sealed opens to a film of that length.
    let mut tx = bed.app.db.read().await.unwrap();
    let item = before["item"].as_str().unwrap().parse().unwrap();
    let exhibit = tanod::evidence::exhibit(&mut tx, item).await.unwrap();
    drop(tx);
    let media = bed.app.vault.open(&exhibit).await.unwrap();
    let film = bed.app.pool.look(media, Wanted::default()).await.unwrap().video.unwrap();
    assert!(film.frames >= 60 * 25, "{film:?}");
    // It is one case: the notice, the people, and what was shown.
    let lead = bed.person(Role::Lead).await;
    let case = known["case"].as_str().unwrap();
    let case = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok();
    assert_eq!(case["priority"], "P0");
    // The report will say of what was kept that it is of a live stream.
    let draft = bed.get(&format!("/v1/cases/{}/draft", known["case"].as_str().unwrap()), &lead).await.ok();
    let said = rows(&draft["files"]).iter().find(|one| one["item"] == before["item"]).unwrap();
    assert!(said["document"].as_str().unwrap().contains("<liveStreaming"), "{said}");
    bed.app.tasks.end().await;
    bed.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_is_replaced_and_what_nobody_saw_is_unscanned() {
    let folder = tempfile::tempdir().unwrap();
    let (bed, key) = watching(folder.path(), |_| {}).await;
    let shown = made(folder.path(), "shown.ts", OTHER, "12");
    let port = free_port();
    let mut sent = Some(sends(&shown, port, "1", "-1"));
    let stream = begin(&bed, &key, "s1", &format!("tcp://127.0.0.1:{port}"), Mode::Thorough).await;
    let seeing = |stream: &Value| stream["scan"]["seeing"] == json!(true);
    let gaps = |stream: &Value| rows(&stream["scan"]["gaps"]).len();
    let first = until(&bed, &stream, "seen", seeing).await;
    // Until the first frame nobody saw it.
    assert_eq!(gaps(&first), 1, "{}", first["scan"]);

    // Who looks is killed: another looks within two seconds, also at what came meanwhile.
    let eye = *children("stream").first().unwrap();
    let killed = Instant::now();
    kill(eye);
    let frames = |stream: &Value| stream["scan"]["frames"].as_i64().unwrap();
    while children("stream").first().is_none_or(|another| *another == eye) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(killed.elapsed() < Duration::from_secs(2), "{:?}", killed.elapsed());
    let before = frames(&seen(&bed, &stream).await);
    let looked = until(&bed, &stream, "seen again", |stream| frames(stream) > before + 8).await;
    assert_eq!(gaps(&looked), 1, "what was in memory was looked at again: {}", looked["scan"]);

    // Who takes it from the network is killed, and so is who sends: from the last frame to the next one nobody saw it.
    for (what, why) in [("source", "source_ended"), ("sender", "source_ended")] {
        let before = gaps(&seen(&bed, &stream).await);
        if what == "source" {
            kill(children("-mpegts_start_pid")[0]);
        } else {
            drop(sent.take());
        }
        let blind = until(&bed, &stream, "not seen", |stream| gaps(stream) > before && !seeing(stream)).await;
        let last = rows(&blind["scan"]["gaps"]).last().unwrap().clone();
        assert_eq!(last["because"], why, "{what}: {last}");
        // The sender is called once, and ends with the call.
        drop(sent.take());
        sent = Some(sends(&shown, port, "1", "-1"));
        let again = until(&bed, &stream, "seen again", seeing).await;
        assert_eq!(gaps(&again), before + 1, "{what}: {}", again["scan"]);
        assert!(again["scan"]["unscanned_seconds"].as_f64() > first["scan"]["unscanned_seconds"].as_f64());
    }
    // Garbage is not seen, however much of it comes.
    drop(sent.take());
    let garbage = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let noise = std::thread::spawn(move || {
        let (mut to, _) = garbage.accept().unwrap();
        let mut byte = 7_u8;
        for _ in 0..400 {
            let bytes: Vec<u8> = (0..18_800)
                .map(|nth| {
                    byte = byte.wrapping_mul(109).wrapping_add(89);
                    if nth % 188 == 0 { 0x47 } else { byte }
                })
                .collect();
            if std::io::Write::write_all(&mut to, &bytes).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let blind = until(&bed, &stream, "not seen", |stream| !seeing(stream)).await;
    noise.join().unwrap();
    assert_eq!(frames(&seen(&bed, &stream).await), frames(&blind));
    bed.post(&format!("/v1/streams/{stream}/end"), &key, &json!({})).await.ok();
    let lead = bed.person(Role::Lead).await;
    let record = bed.get("/v1/audit", &lead).await.ok().to_string();
    assert!(record.contains("stream.unscanned"), "every gap has its entry");
    bed.app.tasks.end().await;
    bed.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_read_only_where_the_operator_named_its_host() {
    let bed = Bed::with(|settings, _| settings.live.sources = vec!["live.example".to_owned()]).await;
    let key = bed.key(&[Scope::StreamsWrite]).await;
    let ask = async |url: &str| bed.post("/v1/streams", &key, &json!({"content_id": url, "watch": {"url": url}})).await;
    assert_eq!(ask("rtmp://127.0.0.1/live/x").await.slug(), "source-not-allowed");
    assert_eq!(ask("rtmp://other.example/live/x").await.slug(), "source-not-allowed");
    for url in ["file:///etc/passwd", "concat:a|b", "live.example", "srt://live.example", "http://"] {
        assert_eq!(ask(url).await.slug(), "bad-stream", "{url}");
    }
    let said = ask("rtmp://live.example/live/secret-key").await.ok();
    assert_eq!(said["mode"], "economical");
    assert!(!said.to_string().contains("\"source\""), "where it is read may hold a key: {said}");
    // How closely can be changed while it runs, of what is looked at.
    let stream = said["id"].as_str().unwrap();
    let mode = |stream: &str| format!("/v1/streams/{stream}/mode");
    let closely = bed.post(&mode(stream), &key, &json!({"mode": "thorough"})).await.ok();
    assert_eq!(closely["mode"], "thorough");
    let plain = bed.post("/v1/streams", &key, &json!({"content_id": "plain"})).await.ok();
    let plain = plain["id"].as_str().unwrap();
    assert_eq!(bed.post(&mode(plain), &key, &json!({"mode": "thorough"})).await.slug(), "stream-not-watched");
    bed.post(&format!("/v1/streams/{stream}/end"), &key, &json!({})).await.ok();
    assert_eq!(bed.post(&mode(stream), &key, &json!({"mode": "thorough"})).await.slug(), "stream-over");
}

/// A server on this machine that answers each path with these bytes, and says who asked for what.
async fn serves(
    host: &str,
    files: Vec<(&'static str, Vec<u8>)>,
) -> (u16, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind((host, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let says = std::sync::Arc::clone(&asked);
    let router = axum::Router::new().fallback(move |uri: axum::http::Uri| {
        says.lock().unwrap().push(uri.path().to_owned());
        let found = files.iter().find(|(path, _)| *path == uri.path()).map(|(_, bytes)| bytes.clone());
        async move {
            match found {
                Some(bytes) => (axum::http::StatusCode::OK, bytes),
                None => (axum::http::StatusCode::NOT_FOUND, Vec::new()),
            }
        }
    });
    #[expect(clippy::disallowed_methods, reason = "a server of the test's own, which ends with it")]
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (port, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_leads_to_no_file_and_to_no_host_that_was_not_named() {
    let folder = tempfile::tempdir().unwrap();
    let (bed, key) = watching(folder.path(), |_| {}).await;
    let shown = fs_err::read(made(folder.path(), "shown.ts", OTHER, "12")).unwrap();
    let secret = folder.path().join("secret.ts");
    fs_err::write(&secret, &shown).unwrap();
    // Another address of this machine, which nobody named.
    let (trap, asked_there) = serves("127.0.0.2", vec![("/part.ts", shown.clone())]).await;
    let list = |part: &str| {
        let head =
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:12\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n";
        format!("{head}#EXTINF:12.0,\n{part}\n#EXT-X-ENDLIST\n").into_bytes()
    };
    let there = format!("http://127.0.0.2:{trap}/part.ts");
    let master =
        format!("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\nhttp://127.0.0.2:{trap}/list.m3u8\n").into_bytes();
    let files = vec![
        ("/good.m3u8", list("part.ts")),
        ("/part.ts", shown),
        ("/elsewhere.m3u8", list(&there)),
        ("/file.m3u8", list(&format!("file://{}", secret.display()))),
        ("/bare.m3u8", list(secret.to_str().unwrap())),
        ("/joined.m3u8", list(&format!("concat:{}|{there}", secret.display()))),
        ("/tcp.m3u8", list(&format!("tcp://127.0.0.2:{trap}"))),
        ("/udp.m3u8", list(&format!("udp://127.0.0.2:{trap}"))),
        ("/master.m3u8", master),
    ];
    let hostile: Vec<&str> =
        files.iter().map(|(path, _)| *path).filter(|path| !matches!(*path, "/good.m3u8" | "/part.ts")).collect();
    let (port, asked) = serves("127.0.0.1", files.clone()).await;
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let good = begin(&bed, &key, "good", &url("/good.m3u8"), Mode::Economical).await;
    until(&bed, &good, "seen", |stream| stream["scan"]["frames"].as_i64().unwrap_or(0) >= 3).await;
    let mut streams = Vec::new();
    for path in &hostile {
        streams.push(begin(&bed, &key, path, &url(path), Mode::Economical).await);
    }
    // Each was asked for more than once: it was tried, and tried again.
    for path in &hostile {
        for _ in 0..600 {
            if asked.lock().unwrap().iter().filter(|one| one == path).count() >= 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(asked.lock().unwrap().iter().filter(|one| one == path).count() >= 2, "{path} was not tried");
    }
    assert_eq!(*asked_there.lock().unwrap(), Vec::<String>::new(), "nobody was called who was not named");
    for (path, stream) in hostile.iter().zip(&streams) {
        let now = seen(&bed, stream).await;
        assert_eq!((&now["scan"]["frames"], &now["scan"]["seeing"]), (&json!(0), &json!(false)), "{path}");
    }
    // A server that sends elsewhere by its answers leads nowhere either; the child has no other way out than the door.
    bed.app.tasks.end().await;
}

/// A server that proves by this certificate that it is 127.0.0.1, and answers every question with these bytes.
async fn serves_by_tls(certificate: &rcgen::CertifiedKey<rcgen::KeyPair>, bytes: Vec<u8>) -> u16 {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::rustls::{ServerConfig, crypto, pki_types::PrivateKeyDer};
    let provider = std::sync::Arc::new(crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.cert.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    #[expect(clippy::disallowed_methods, reason = "a server of the test's own, which ends with it")]
    tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            let Ok(mut connection) = acceptor.accept(connection).await else { continue };
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") && connection.read_buf(&mut asked).await.is_ok_and(|read| read > 0) {}
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", bytes.len());
            drop(connection.write_all(&[head.as_bytes(), &bytes].concat()).await);
            drop(connection.shutdown().await);
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_by_https_proves_who_it_is_or_is_not_read() {
    use base64::Engine as _;
    let folder = tempfile::tempdir().unwrap();
    let mut bed = Bed::in_time(|_, _| {}).await;
    known(&bed, 1).await;
    let file = bed.data().join("look.toml");
    let mut settings = bed.settings.clone();
    settings.world = Some(tanod::store::World::Demo);
    fs_err::write(&file, toml::to_string(&settings).unwrap()).unwrap();
    let certificate = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let body = base64::engine::general_purpose::STANDARD.encode(certificate.cert.der());
    let trusted = folder.path().join("trusted.pem");
    fs_err::write(&trusted, format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")).unwrap();
    let shown = fs_err::read(made(folder.path(), "shown.ts", OTHER, "12")).unwrap();
    let port = serves_by_tls(&certificate, shown).await;
    let frames = |trusts: Option<&Path>| {
        #[expect(clippy::disallowed_methods, reason = "the program is started with other trust")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_tanod"));
        let url = format!("https://127.0.0.1:{port}/shown.ts");
        command.args(["live", "watch", &url, "--seconds", "6", "--json", "--config"]).arg(&file).env_clear();
        if let Some(trusts) = trusts {
            command.env("SSL_CERT_FILE", trusts);
        }
        let said = command.output().unwrap();
        let text = String::from_utf8(said.stdout).unwrap();
        let last = text.lines().last().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&said.stderr)));
        let last: Value = serde_json::from_str(last).unwrap();
        last["sources"][0]["scan"]["frames"].as_i64().unwrap()
    };
    assert!(frames(Some(&trusted)) > 0);
    assert_eq!(frames(None), 0, "nobody vouches for it");
    bed.servers.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_gone_is_replaced_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let mut bed = Bed::in_time(|settings, _| settings.live.sources = vec!["127.0.0.1".to_owned()]).await;
    known(&bed, 1).await;
    let shown = made(folder.path(), "shown.ts", OTHER, "12");
    let (port, file) = (free_port(), bed.data().join("worker.toml"));
    let mut settings = bed.settings.clone();
    settings.world = Some(tanod::store::World::Demo);
    fs_err::write(&file, toml::to_string(&settings).unwrap()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the program is started to be killed")]
    let worker = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tanod"));
        command.args(["serve", "--role", "worker", "--config"]).arg(&file);
        command.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
        Running(command.spawn().unwrap())
    };
    let key = bed.key(&[Scope::StreamsWrite]).await;
    let sent = sends(&shown, port, "1", "-1");
    let stream = begin(&bed, &key, "s1", &format!("tcp://127.0.0.1:{port}"), Mode::Thorough).await;
    let first = worker();
    let seeing = |stream: &Value| stream["scan"]["seeing"] == json!(true);
    let now = until(&bed, &stream, "seen", seeing).await;
    let gaps = rows(&now["scan"]["gaps"]).len();
    drop(first);
    // Nobody is left to say that nobody looks; it is known all the same.
    until(&bed, &stream, "not seen", |stream| !seeing(stream)).await;
    drop(sent);
    let _sent = sends(&shown, port, "1", "-1");
    let _second = worker();
    let now = until(&bed, &stream, "seen again", seeing).await;
    let all = rows(&now["scan"]["gaps"]);
    assert_eq!((all.len(), &all[gaps]["because"]), (gaps + 1, &json!("watcher_gone")), "{now}");
    bed.servers.shutdown().await;
}

/// The settings of nginx as the documentation shows them, with the places of this test.
fn documented(places: &[(&str, &str)]) -> String {
    let text = fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/live.md")).unwrap();
    let block = text.split("```nginx\n").nth(1).unwrap().split("```").next().unwrap().to_owned();
    places.iter().fold(block, |text, (from, to)| {
        assert!(text.contains(from), "the documentation has no {from}");
        text.replace(from, to)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_to_nginx_is_told_by_its_hooks_looked_at_and_kept() {
    const MODULE: &str = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
    assert!(Path::new(MODULE).is_file(), "script/setup installs nginx-light and libnginx-mod-rtmp");
    let folder = tempfile::tempdir().unwrap();
    let (bed, key) = watching(folder.path(), |settings| settings.live.after_seconds = 3).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap().to_string();
    let router = bed.router.clone().into_make_service_with_connect_info::<std::net::SocketAddr>();
    #[expect(clippy::disallowed_methods, reason = "a server of the test's own, which ends with it")]
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let (rtmp, hooks) = (free_port().to_string(), free_port().to_string());
    let shown = documented(&[("1935", &rtmp), ("8088", &hooks), ("127.0.0.1:8080", &here), ("KEY", &key)]);
    let at = folder.path().display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {at}/{what};\n"))
        .concat();
    let shown = shown.replacen("http {", &format!("http {{\naccess_log off;\n{temporary}"), 1);
    let file = folder.path().join("nginx.conf");
    let head = format!(
        "load_module {MODULE};\ndaemon off;\nmaster_process off;\npid {at}/pid;\nerror_log {at}/error.log;\nevents {{}}\n"
    );
    fs_err::write(&file, format!("{head}{shown}")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the real server is another program")]
    let mut nginx = Command::new("/usr/sbin/nginx");
    nginx.args(["-p", folder.path().to_str().unwrap(), "-c", file.to_str().unwrap()]);
    let _nginx = Running(nginx.stderr(Stdio::null()).spawn().unwrap());

    let part = format!("{KNOWN},trim=2:6,setpts=PTS-STARTPTS,{EDITED}");
    let mixed = made(folder.path(), "mixed.ts", &format!("{OTHER}[a];{part}[b];{OTHER}[c];[a][b][c]concat=n=3"), "24");
    let control = made(folder.path(), "control.ts", &format!("{OTHER}[a];{OTHER},hue=h=90[b];[a][b]concat"), "24");
    let publish = |file: &Path, name: &str| {
        let to = format!("rtmp://127.0.0.1:{rtmp}/live/{name}");
        for _ in 0..100 {
            if std::net::TcpStream::connect(format!("127.0.0.1:{rtmp}")).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let words = ["-re", "-i", file.to_str().unwrap(), "-map", "0", "-c", "copy", "-f", "flv", &to];
        Running(ffmpeg(&words).spawn().unwrap())
    };
    let published = (publish(&mixed, "mixed"), publish(&control, "control"));
    let lead = bed.person(Role::Lead).await;
    let named = async |name: &str| {
        for _ in 0..600 {
            let rows = bed.get("/v1/streams", &lead).await.ok()["rows"].clone();
            if let Some(one) = rows.as_array().unwrap().iter().find(|one| one["content_id"] == name) {
                return one["id"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "nobody told of {name}: {}",
            fs_err::read_to_string(folder.path().join("error.log")).unwrap_or_default()
        );
    };
    let (stream, other) = (named("mixed").await, named("control").await);
    let found = until(&bed, &stream, "kept", |stream| kept(stream, "before").is_some()).await;
    assert!(kept(&found, "before").unwrap()["item"].is_string(), "{found}");
    assert_eq!(found["signals"][0]["cause"], "frames");
    // Who publishes ends it, and so it is told.
    drop(published);
    until(&bed, &stream, "over", |stream| stream["state"] == "ended").await;
    let clean = until(&bed, &other, "over", |stream| stream["state"] == "ended").await;
    assert!(clean["scan"]["frames"].as_i64().unwrap() >= 2, "{clean}");
    assert_eq!((&clean["hits"], &clean["segments"]), (&json!([]), &json!([])));
    bed.app.tasks.end().await;
}
