//! Streams as other kinds of servers give them: each is read by its own way, and what a list knows is found in it.

use std::time::{Duration, Instant};

use axum::http::{StatusCode, Uri};
use sim::rtsp::Camera;
use tanod::livestream::watching::Mode;
use tokio::net::{TcpListener, UdpSocket};

use super::watching::{KNOWN, Running, begin, ffmpeg, made, seen, until, watching};

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
    bed.post(&format!("/v1/streams/{shut}/end"), &key, &serde_json::json!({})).await.ok();
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
