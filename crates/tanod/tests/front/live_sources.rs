//! Streams as other kinds of servers give them: each is read by its own way, and what a list knows is found in it.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode, Uri};
use serde_json::json;
use sim::rtsp::Camera;
use tanod::livestream::watching::Mode;
use tokio::net::{TcpListener, UdpSocket};

use super::watching::{KNOWN, Running, begin, confined, ffmpeg, made, seen, until, watching};

/// A camera that asks for a password sends its pictures in the connection that asks for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_camera_is_read_by_rtsp_and_its_password_is_said_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let (bed, key) = watching(folder.path(), |_| {}).await;
    let (shown, described) = (made(folder.path(), "shown.ts", KNOWN, "8"), folder.path().join("camera.sdp"));
    let pictures = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to = format!("rtp://127.0.0.1:{}?pkt_size=1400", pictures.local_addr().unwrap().port());
    let (shown, said) = (shown.to_str().unwrap(), described.to_str().unwrap());
    let words = ["-re", "-stream_loop", "-1", "-i", shown, "-map", "0:v", "-c", "copy", "-sdp_file", said, "-f", "rtp"];
    let _sender = Running(ffmpeg(&[words.as_slice(), &[&to]].concat()).spawn().unwrap());
    let began = Instant::now();
    let description = loop {
        match fs_err::read_to_string(&described) {
            Ok(text) if text.contains("sprop-parameter-sets") => break text,
            _ => assert!(began.elapsed() < Duration::from_secs(20), "the sender does not describe itself"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let camera = Camera::new(&description, pictures, "night:watch-7731");
    #[expect(clippy::disallowed_methods, reason = "a camera of the test's own, which ends with it")]
    tokio::spawn(camera.serve(listener));
    let url = |login: &str| format!("rtsp://{login}127.0.0.1:{port}/hall");
    let shut = begin(&bed, &key, "shut", &url("night:guess@"), Mode::Thorough).await;
    until(&bed, &shut, "tried", |stream| stream["scan"]["gaps"][0]["because"] == "source_ended").await;
    bed.post(&format!("/v1/streams/{shut}/end"), &key, &json!({})).await.ok();
    let stream = begin(&bed, &key, "hall", &url("night:watch-7731@"), Mode::Thorough).await;
    let found = until(&bed, &stream, "known", |stream| stream["signals"][0]["cause"] == "frames").await;
    assert!(found["scan"]["frames"].as_i64().unwrap() >= 3, "{found}");
    assert!(!found.to_string().contains("watch-7731"));
    assert_eq!(seen(&bed, &shut).await["scan"]["frames"], 0, "nothing without the password");
    bed.app.tasks.end().await;
    bed.ledger_verifies().await;
}

/// A playlist of the low-latency kind, as it is at this time (RFC 8216bis): whole segments first, the parts of the one that is being
/// made behind them.
fn playlist(segments: &[String], began: Instant) -> String {
    const PART: Duration = Duration::from_millis(500);
    let parts = (began.elapsed().as_millis() / PART.as_millis()).try_into().unwrap_or(usize::MAX) + 12;
    let (whole, more) = ((parts / 4).min(segments.len()), parts % 4);
    let head = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART-INF:PART-TARGET=0.5\n\
                #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,CAN-SKIP-UNTIL=12.0\n";
    let first = whole.saturating_sub(6);
    let mut lines = vec![format!("{head}#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-MAP:URI=\"init.mp4\"")];
    lines.extend(segments.iter().take(whole).skip(first).map(|name| format!("#EXTINF:2.0,\n{name}")));
    if let Some(next) = segments.get(whole) {
        lines.extend((0..more).map(|part| format!("#EXT-X-PART:DURATION=0.5,URI=\"{next}?part={part}\"")));
        lines.push(format!("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{next}?part={more}\""));
    }
    lines.join("\n") + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_of_the_low_latency_kind_is_read_and_a_known_clip_found_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_owned();
    let (bed, key) = watching(&at, |_| {}).await;
    let card = "testsrc2=s=640x360:r=25";
    let graph = format!(
        "{card},trim=duration=10,setpts=PTS-STARTPTS[x];{KNOWN},trim=duration=8,setpts=PTS-STARTPTS[y];\
         {card},trim=duration=22,setpts=PTS-STARTPTS[z];[x][y][z]concat=n=3"
    );
    let whole = made(&at, "whole.ts", &graph, "40");
    let words = ["-i", whole.to_str().unwrap(), "-map", "0", "-c", "copy", "-bsf:a", "aac_adtstoasc", "-f", "hls"];
    let more =
        ["-hls_time", "2", "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init.mp4", "-hls_list_size", "0"];
    let list = at.join("made.m3u8");
    let made = ffmpeg(&[words.as_slice(), &more].concat()).arg(&list).current_dir(&at).status().unwrap();
    assert!(made.success());
    let text = fs_err::read_to_string(&list).unwrap();
    let segments: Vec<String> = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    assert!(segments.len() >= 18, "{text}");
    let began = Instant::now();
    let answer = move |uri: Uri| {
        let answer = match uri.path() {
            "/live.m3u8" => Ok(playlist(&segments, began).into_bytes()),
            path => fs_err::read(at.join(path.trim_start_matches('/'))).map_err(|_| StatusCode::NOT_FOUND),
        };
        async move { answer }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/live.m3u8", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "a server of the test's own, which ends with it")]
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await.unwrap() });
    let stream = begin(&bed, &key, "s1", &url, Mode::Thorough).await;
    let found = until(&bed, &stream, "known", |stream| stream["signals"][0]["cause"] == "frames").await;
    assert!(found["scan"]["frames"].as_i64().unwrap() >= 8, "what came before it was seen too: {found}");
    bed.app.tasks.end().await;
}

/// Pictures come by WebRTC from a server that has nothing in common with us, a key frame whenever one is wanted; when the stream is
/// over, the server hears of it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the Python environment of script/setup"]
async fn a_server_is_read_by_whep_and_hears_when_its_stream_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let (bed, key) = watching(folder.path(), |_| {}).await;
    let shown = made(folder.path(), "shown.ts", KNOWN, "8");
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/front/whep.py");
    #[expect(clippy::disallowed_methods, reason = "the server is another program")]
    let mut server = Command::new(std::env::var_os("TANOD_TEST_PYTHON").unwrap());
    let server =
        server.args(["-u", program]).arg(&shown).arg("night-watch-7731==").stdout(Stdio::piped()).spawn().unwrap();
    let mut server = Running(server);
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let port = lines.next().unwrap();
    let said = Arc::new(Mutex::new(Vec::<String>::new()));
    let hears = Arc::clone(&said);
    std::thread::spawn(move || lines.for_each(|line| hears.lock().unwrap().push(line)));
    let count = |what: &str| said.lock().unwrap().iter().filter(|line| line.starts_with(what)).count();

    let url = |token: &str| format!("whep://{token}@127.0.0.1:{port}/hall/whep");
    let shut = begin(&bed, &key, "shut", &url("guess"), Mode::Thorough).await;
    until(&bed, &shut, "tried", |stream| stream["scan"]["gaps"][0]["because"] == "source_refuses").await;
    bed.post(&format!("/v1/streams/{shut}/end"), &key, &json!({})).await.ok();
    for (id, mode) in [("keys", Mode::Economical), ("all", Mode::Thorough)] {
        let stream = begin(&bed, &key, id, &url("night-watch-7731=="), mode).await;
        let found = until(&bed, &stream, "known", |stream| stream["signals"][0]["cause"] == "frames").await;
        assert!(found["scan"]["gaps"].as_array().unwrap().len() <= 1, "it was seen from its first frame on: {found}");
        assert!(!found.to_string().contains("7731"));
        assert!(count("key frame") > 0, "nobody sends a key frame who is not asked");
        confined("webrtc");
        let before = count("DELETE");
        bed.post(&format!("/v1/streams/{stream}/end"), &key, &json!({})).await.ok();
        for _ in 0..100 {
            if count("DELETE /hall/") > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(count("DELETE /hall/"), before + 1);
    }
    assert_eq!(seen(&bed, &shut).await["scan"]["frames"], 0, "nothing without the token");
    bed.app.tasks.end().await;
    bed.ledger_verifies().await;
}

/// Whoever writes an answer does not decide who is called: no datagram goes to an address that was not named, no question after a
/// redirect, no end of a session to somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn by_whep_nobody_is_called_who_was_not_named() {
    let folder = tempfile::tempdir().unwrap();
    let (bed, key) = watching(folder.path(), |_| {}).await;
    let trap = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    let web_trap = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let (there, elsewhere) = (trap.local_addr().unwrap(), web_trap.local_addr().unwrap());
    let answer = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 108\r\n\
         c=IN IP4 127.0.0.2\r\na=candidate:1 1 udp 1 {} {} typ host\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n",
        there.ip(),
        there.port(),
    );
    let asked = Arc::new(Mutex::new(Vec::<String>::new()));
    let says = Arc::clone(&asked);
    let router = axum::Router::new().fallback(move |method: Method, uri: Uri| {
        says.lock().unwrap().push(format!("{method} {}", uri.path()));
        let (status, name, value, text) = match uri.path() {
            "/moved" => (StatusCode::TEMPORARY_REDIRECT, "location", format!("http://{elsewhere}/whep"), String::new()),
            "/garbage" => {
                (StatusCode::CREATED, "location", format!("http://{elsewhere}/1"), "v=0\r\nnonsense".to_owned())
            }
            _ => (StatusCode::CREATED, "location", format!("http://{elsewhere}/1"), answer.clone()),
        };
        async move { (status, [(name, value)], text) }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    #[expect(clippy::disallowed_methods, reason = "a server of the test's own, which ends with it")]
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let mut streams = Vec::new();
    let ways = [("/there", "source_not_allowed"), ("/moved", "source_refuses"), ("/garbage", "source_not_allowed")];
    for (path, because) in ways {
        let url = format!("whep://127.0.0.1:{port}{path}");
        let stream = begin(&bed, &key, path, &url, Mode::Economical).await;
        until(&bed, &stream, "tried", |stream| stream["scan"]["gaps"][0]["because"] == because).await;
        streams.push(stream);
    }
    let tried = |path: &str| asked.lock().unwrap().iter().filter(|one| **one == format!("POST {path}")).count();
    for (path, _) in ways {
        for _ in 0..300 {
            if tried(path) >= 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(tried(path) >= 2, "{path} was not tried again");
    }
    bed.app.tasks.end().await;
    assert!(trap.try_recv(&mut [0; 9]).is_err(), "a datagram went to who was not named");
    let came = tokio::time::timeout(Duration::from_millis(200), web_trap.accept()).await;
    assert!(came.is_err(), "somebody was asked who was not named");
    assert!(asked.lock().unwrap().iter().all(|one| one.starts_with("POST ")));
    for stream in &streams {
        assert_eq!(seen(&bed, stream).await["scan"]["frames"], 0);
    }
}
