//! Streams that are sent to us, by programs that people broadcast with and by a server that passes them on. Who has no key is cut off.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::Role;

use super::bed::Bed;
use super::watching::{KNOWN, Running, confined, ffmpeg, free_port, made, seen, until, watching};

const OTHER: &str = "testsrc2=s=640x360:r=25";

/// Somebody who sends this at its own pace, with errors kept from the test's output.
fn sends(file: &Path, form: &str, to: &str) -> Running {
    let words = ["-re", "-i", file.to_str().unwrap(), "-map", "0", "-c", "copy", "-f", form, to];
    Running(ffmpeg(&words).stderr(Stdio::null()).spawn().unwrap())
}

/// Whether somebody who sends is cut off within ten seconds.
async fn cut_off(mut sender: Running) -> bool {
    for _ in 0..200 {
        if sender.0.try_wait().unwrap().is_some() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

/// Waits until a stream is so that somebody sends, who calls again when nobody hears, as programs for broadcasting do.
async fn until_sent(
    bed: &Bed,
    stream: &str,
    what: &str,
    is: impl Fn(&Value) -> bool,
    send: impl Fn() -> Running,
) -> Running {
    let (mut sender, lead) = (send(), bed.person(Role::Lead).await);
    for _ in 0..400 {
        if sender.0.try_wait().unwrap().is_some() {
            sender = send();
        }
        if is(&bed.get(&format!("/v1/streams/{stream}"), &lead).await.ok()) {
            return sender;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never {what}: {}", seen(bed, stream).await);
}

fn seeing(stream: &Value) -> bool {
    stream["scan"]["seeing"] == json!(true)
}

fn signalled(stream: &Value) -> bool {
    stream["signals"].as_array().is_some_and(|all| !all.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_sent_by_rtmp_is_looked_at_and_who_has_no_key_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let port = free_port();
    let (bed, key) = watching(at, |settings| settings.live.rtmp_listen = format!("127.0.0.1:{port}")).await;
    let begin =
        async |id: &str, watch: Value| bed.post("/v1/streams", &key, &json!({"content_id": id, "watch": watch})).await;
    let told = begin("s1", json!({"push": "rtmp", "mode": "thorough"})).await.ok();
    let (stream, to) = (told["id"].as_str().unwrap(), told["send_to"].as_str().unwrap());
    let start = format!("rtmp://127.0.0.1:{port}/live/");
    let secret = to.strip_prefix(&start).unwrap();
    assert!(secret.len() >= 32, "{secret}");
    // Told again, it is the same, and it is said again where it is sent; nobody else hears of it.
    assert_eq!(begin("s1", json!({"push": "rtmp"})).await.ok()["send_to"], to);
    assert!(!seen(&bed, stream).await.to_string().contains(secret));
    let waited =
        until(&bed, stream, "waited for", |stream| stream["scan"]["gaps"][0]["because"] == "nobody_sends").await;
    assert!(!seeing(&waited));

    let (known, other) = (made(at, "shown.ts", KNOWN, "8"), made(at, "other.ts", OTHER, "30"));
    for name in ["somebody-elses-key-of-32-letters", "short", "a?b"] {
        assert!(cut_off(sends(&known, "flv", &format!("{start}{name}"))).await, "{name}");
    }
    assert_eq!(seen(&bed, stream).await["scan"]["frames"], 0, "nothing of it was looked at");

    let first = sends(&other, "flv", to);
    let frames = |stream: &Value| stream["scan"]["frames"].as_i64().unwrap();
    let now = until(&bed, stream, "seen", |stream| seeing(stream) && frames(stream) > 4).await;
    assert!(!signalled(&now));
    confined("publisher");
    // The connection before is thought to be there still: who sends anew is heard.
    let second = until_sent(&bed, stream, "known", signalled, || sends(&known, "flv", to)).await;
    let found = seen(&bed, stream).await;
    assert_eq!(found["signals"][0]["cause"], "frames");
    assert!(cut_off(first).await, "one stream has one source");
    drop(second);
    until(&bed, stream, "not seen", |stream| {
        !seeing(stream) && stream["scan"]["gaps"].as_array().unwrap().last().unwrap()["because"].is_string()
    })
    .await;
    // Once it is over, its key opens nothing.
    bed.post(&format!("/v1/streams/{stream}/end"), &key, &json!({})).await.ok();
    assert!(cut_off(sends(&known, "flv", to)).await);

    assert_eq!(begin("bad", json!({"push": "srt"})).await.slug(), "push-is-off");
    for watch in [
        json!({}),
        json!({"push": "rtmp", "url": "rtmp://127.0.0.1/live/x"}),
        json!({"url": "rtmp://127.0.0.1/live/x", "key": "abcdefghijklmnop"}),
        json!({"push": "rtmp", "key": "short"}),
        json!({"push": "rtmp", "key": "abcdefghijklmnop/"}),
    ] {
        assert_eq!(begin("bad", watch.clone()).await.slug(), "bad-stream", "{watch}");
    }
    bed.app.tasks.end().await;
    bed.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_passes_on_is_looked_at_under_a_key_of_the_platforms() {
    const MODULE: &str = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (port, server) = (free_port(), free_port());
    let (bed, key) = watching(at, |settings| settings.live.rtmp_listen = format!("127.0.0.1:{port}")).await;
    let watch = json!({"push": "rtmp", "mode": "thorough", "key": "of-the-platform-0001"});
    let told = bed.post("/v1/streams", &key, &json!({"content_id": "s1", "watch": watch})).await.ok();
    let taken = bed.post("/v1/streams", &key, &json!({"content_id": "s2", "watch": watch})).await;
    assert_eq!(taken.slug(), "bad-stream", "a key opens one stream");
    let shown = at.display();
    let text = format!(
        "load_module {MODULE};\ndaemon off;\nmaster_process off;\npid {shown}/pid;\nerror_log {shown}/error.log;\nevents {{}}\n\
         rtmp {{ server {{ listen 127.0.0.1:{server}; application live {{ live on; push rtmp://127.0.0.1:{port}/live; }} }} }}\n"
    );
    fs_err::write(at.join("nginx.conf"), text).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the real server is another program")]
    let mut nginx = Command::new("/usr/sbin/nginx");
    nginx.arg("-p").arg(at).arg("-c").arg(at.join("nginx.conf"));
    let _nginx = Running(nginx.stderr(Stdio::null()).spawn().unwrap());
    while std::net::TcpStream::connect(("127.0.0.1", server)).is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let known = made(at, "shown.ts", KNOWN, "8");
    let send = || sends(&known, "flv", &format!("rtmp://127.0.0.1:{server}/live/of-the-platform-0001"));
    drop(until_sent(&bed, told["id"].as_str().unwrap(), "known", signalled, send).await);
    bed.app.tasks.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_sent_by_srt_is_looked_at_and_who_has_no_passphrase_is_not_heard() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let port = free_port();
    let (bed, key) = watching(at, |settings| settings.live.srt_listen = format!("127.0.0.1:{port}-{port}")).await;
    let watch = json!({"push": "srt", "mode": "thorough"});
    let begin = async |id: &str| bed.post("/v1/streams", &key, &json!({"content_id": id, "watch": watch})).await;
    let told = begin("s1").await.ok();
    let (stream, to) = (told["id"].as_str().unwrap(), told["send_to"].as_str().unwrap());
    assert!(to.starts_with(&format!("srt://127.0.0.1:{port}?passphrase=")), "{to}");
    assert_eq!(begin("s2").await.slug(), "no-port-for-stream");

    let known = made(at, "shown.ts", KNOWN, "8");
    let wrong = format!("srt://127.0.0.1:{port}?passphrase=somebody-elses-phrase&pbkeylen=32");
    assert!(cut_off(sends(&known, "mpegts", &wrong)).await);
    assert!(cut_off(sends(&known, "mpegts", &format!("srt://127.0.0.1:{port}"))).await, "in the clear");
    assert_eq!(seen(&bed, stream).await["scan"]["frames"], 0, "nothing of it was looked at");
    // It is waited for as long as it takes, and after it ended again.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let send = || sends(&known, "mpegts", to);
    drop(until_sent(&bed, stream, "known", signalled, send).await);
    until(&bed, stream, "not seen", |stream| !seeing(stream)).await;
    drop(until_sent(&bed, stream, "seen again", seeing, send).await);

    bed.post(&format!("/v1/streams/{stream}/end"), &key, &json!({})).await.ok();
    begin("s2").await.ok();
    bed.app.tasks.end().await;
}
