//! `tanod bench live`: streams are published to a real server on this machine, with a known clip in every second one. Measured from when
//! the clip's first frame is sent to when the platform has acknowledged that a frame is known, and that the stream is before a person.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use decode::Wanted;
use fs_err as fs;
use serde_json::{Value, json};
use sim::receiver::Receiver;
use tokio::io::AsyncBufReadExt as _;

use super::client::{Connection, Message};
use super::load::Installation;
use super::process::Usage;
use super::{Context, Done, Trouble, number, thousandths};
use crate::clock::Clock;
use crate::config::Settings;
use crate::livestream;
use crate::livestream::watching::{self, Mode};
use crate::plan::App;
use crate::roles::{self, Role};
use crate::store::{StreamId, World};

/// Streams with planted clips, published to nginx and looked at.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tanod bench live --streams 8 --mode economical

720p30, H.264, a key frame every two seconds. It needs ffmpeg and nginx with its RTMP module, which script/setup installs. It
exits 0 only if every planted clip was found and nothing in the streams without one.")]
pub(in crate::cli) struct Args {
    /// How many at once; every second one has a known clip in it.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=500))]
    streams: u32,
    /// How closely they are looked at.
    #[arg(long, value_enum, default_value = "economical")]
    mode: Mode,
}

/// nginx's part that speaks RTMP, where Debian has it.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
/// A secret for this run's messages.
const SECRET: &str = "whsec_dGhpcyBpcyBmb3IgbWVhc3VyaW5nIGFuZCBubyBzZWNyZXQ=";
/// As [`KNOWN`] and [`OTHER`] have them.
const FRAMES_A_SECOND: u32 = 30;
/// Seconds between two key frames.
const GROUP: u32 = 2;
/// Seconds of each stream, beside those that it takes to begin all of them.
const LENGTH: u32 = 40;
/// Where the clip begins in each kind of stream, in milliseconds: at different distances from a key frame.
const OFFSETS: [u32; 8] = [26_125, 26_375, 26_625, 26_875, 27_125, 27_375, 27_625, 27_875];
/// Between the beginnings of two streams: not all key frames come at once.
const APART: Duration = Duration::from_millis(90);
/// What it takes a stream to begin is not what it takes to look at it: so long after the last one began, processor time is counted.
const SETTLED: Duration = Duration::from_secs(5);
/// Milliseconds of it that are shown.
const PLANTED: u32 = 3_000;
const KNOWN: &str =
    "mandelbrot=s=1280x720:r=30:maxiter=80:start_x=-0.7436:start_y=0.1318:start_scale=0.6:end_scale=0.5:end_pts=960";
const OTHER: &str = "testsrc2=s=1280x720:r=30";
/// What is done to the clip besides coding it anew: a bar as of a caption, smaller, and larger again.
const EDITED: &str = "drawbox=x=500:y=ih-60:w=280:h=20:color=white@0.6:t=fill,scale=854:480,scale=1280:720";

pub(super) async fn run(context: &Context, args: &Args) -> Done {
    if decode::ffmpeg().is_none() || !Path::new(MODULE).is_file() {
        return Err(Trouble::Said(
            "ffmpeg, nginx-light and libnginx-mod-rtmp are needed; script/setup installs them".to_owned(),
        ));
    }
    let own = Installation {
        folder: tempfile::Builder::new().prefix("tanod-bench-").tempdir()?,
        program: std::env::current_exe()?,
    };
    let folder = own.folder.path().to_owned();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let settings = settings(&folder, &format!("http://{}/", listener.local_addr()?))?;
    let platform = Receiver::new(SECRET, std::sync::Arc::new(|| Clock::System.now()));
    let platform = platform.ok_or_else(|| Trouble::Said("the receiver has no secret".to_owned()))?;
    let heard = platform.clone();
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move { drop(heard.serve(listener).await) });

    context.say("making clips");
    let clips = Clips::make(&folder).await?;
    own.tell(&["bank", "create", "generated", "--kind", "csam", "--licence", "own"]).await?;
    let app = context.open_with(settings).await?;
    let list = clips.list(&app, &folder).await?;
    own.tell(&["bank", "import", "generated", &list.to_string_lossy()]).await?;
    let key = own.key("live").await?;
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let here = door.local_addr()?;
    roles::run(&app, Role::All, Some(door)).await?;
    let mut told = Connection::open(here, &key).await?;
    let port = free_port()?;
    let server = serve(&folder, port)?;
    let measured = Measured::of(&app, &mut told, args, &clips, (port, server.id()), &platform).await;
    app.tasks.end().await;
    drop(server);
    drop(serving);
    let result = measured?.result(args);
    let ok = result.get("ok") == Some(&Value::Bool(true));
    context.result(&result, result.to_string());
    if ok { Ok(()) } else { Err(Trouble::Quiet) }
}

fn settings(folder: &Path, platform: &str) -> Result<Settings, Trouble> {
    let fresh = Settings::fresh(&folder.join("data"));
    let mut settings = fresh.map_err(|error| Trouble::Said(error.to_string()))?;
    settings.world = Some(World::Demo);
    settings.live.sources = vec!["127.0.0.1".to_owned()];
    settings.webhooks = vec![crate::webhooks::Settings {
        name: "bench".to_owned(),
        url: platform.to_owned(),
        secret: SECRET.to_owned(),
        old_secret: String::new(),
        old_secret_until: None,
        events: Vec::new(),
    }];
    Ok(settings)
}

#[expect(clippy::disallowed_methods, reason = "streams are made, sent and served by other programs")]
fn program(path: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(path);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

fn free_port() -> Result<u16, Trouble> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// nginx, until it is dropped.
fn serve(folder: &Path, port: u16) -> Result<tokio::process::Child, Trouble> {
    let (at, file) = (folder.display(), folder.join("nginx.conf"));
    let text = format!(
        "load_module {MODULE};\ndaemon off;\nmaster_process off;\npid {at}/nginx.pid;\nerror_log {at}/nginx.log;\n\
         events {{ worker_connections 4096; }}\nrtmp {{ server {{ listen 127.0.0.1:{port}; application live {{ live on; }} }} }}\n"
    );
    fs::write(&file, text)?;
    Ok(program("/usr/sbin/nginx").arg("-p").arg(folder).arg("-c").arg(&file).spawn()?)
}

/// What is published.
struct Clips {
    known: PathBuf,
    /// One for each of [`OFFSETS`].
    planted: Vec<PathBuf>,
    plain: PathBuf,
}

impl Clips {
    async fn make(folder: &Path) -> Result<Self, Trouble> {
        let coded = async |name: &str, graph: &str, seconds: f64| {
            let path = folder.join(name);
            let graph = format!("{graph}[v];sine=d={seconds}[a]");
            let seconds = seconds.to_string();
            let mut command = program("/usr/bin/ffmpeg");
            command.args([
                "-v",
                "error",
                "-y",
                "-filter_complex",
                &graph,
                "-map",
                "[v]",
                "-map",
                "[a]",
                "-t",
                &seconds,
            ]);
            command
                .args(["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-b:v", "2500k", "-g", "60"]);
            // Pictures and sound alternate as those who broadcast send them. A transport stream gathers sound for a quarter of a second,
            // and what is behind it would be sent so much later.
            command.args(["-sc_threshold", "0", "-c:a", "aac", "-f", "flv"]).arg(&path);
            let made = command.status().await?.success();
            if made { Ok(path) } else { Err(Trouble::Said(format!("ffmpeg did not make {name}"))) }
        };
        let known = coded("known.flv", KNOWN, 8.0).await?;
        let second = |ms: u32| f64::from(ms) / 1e3;
        let mut planted = Vec::new();
        for offset in OFFSETS {
            let part = |from: f64, length: f64| format!("{OTHER},trim={from}:{},setpts=PTS-STARTPTS", from + length);
            let shown = format!("{KNOWN},trim=2:{},setpts=PTS-STARTPTS,{EDITED}", 2.0 + second(PLANTED));
            let rest = f64::from(LENGTH) - second(offset) - second(PLANTED);
            let before = part(0.0, second(offset));
            let after = part(second(offset), rest);
            let graph = format!("{before}[a];{shown}[b];{after}[c];[a][b][c]concat=n=3");
            planted.push(coded(&format!("planted-{offset}.flv"), &graph, f64::from(LENGTH)).await?);
        }
        let plain = coded("plain.flv", OTHER, f64::from(LENGTH)).await?;
        Ok(Self { known, planted, plain })
    }

    /// A list of the known clip, as others would send it.
    async fn list(&self, app: &App, folder: &Path) -> Result<PathBuf, Trouble> {
        let media = fs::read(&self.known)?;
        let look = app.pool.look(media.into(), Wanted { exact: true, ..Wanted::default() }).await;
        let film = look.ok().and_then(|look| look.vpdq());
        let film = film.ok_or_else(|| Trouble::Said("the known clip cannot be read".to_owned()))?;
        let path = folder.join("list.csv");
        fs::write(&path, format!("signal,value\nvpdq,\"{}\"\n", film.to_string().replace('"', "\"\"")))?;
        Ok(path)
    }
}

/// A stream that was published.
struct Published {
    id: StreamId,
    sender: tokio::process::Child,
    /// When its first frame was sent, as its sender says how far it is.
    began: Arc<Mutex<Instant>>,
    /// Where the clip begins in it; none where there is none.
    offset: Option<Duration>,
    /// When the platform acknowledged that a list knows a frame, and that the stream is before a person.
    known: Option<Instant>,
    signalled: Option<Instant>,
    hits: usize,
    unscanned: f64,
}

impl Published {
    fn began(&self) -> Instant {
        *self.began.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long after its first known frame that was.
    fn late(&self, heard: Option<Instant>) -> Option<f64> {
        Some(heard?.saturating_duration_since(self.began() + self.offset?).as_secs_f64())
    }
}

/// Hears how many frames a sender has sent: it began at least so long ago. How far it says it is would be further, for a frame that
/// others lean on is sent before them and shown after them.
async fn follow(said: tokio::process::ChildStdout, began: Arc<Mutex<Instant>>) {
    let mut lines = tokio::io::BufReader::new(said).lines();
    let mut first = true;
    while let Ok(Some(line)) = lines.next_line().await {
        let sent =
            line.strip_prefix("frame=").and_then(|sent| sent.trim().parse::<u32>().ok()).filter(|sent| *sent > 0);
        let took = sent.map(|sent| Duration::from_secs(1) * (sent - 1) / FRAMES_A_SECOND);
        let Some(at) = took.and_then(|took| Instant::now().checked_sub(took)) else { continue };
        let mut began = began.lock().unwrap_or_else(PoisonError::into_inner);
        *began = if std::mem::take(&mut first) { at } else { at.min(*began) };
    }
}

/// What came of it.
struct Measured {
    streams: Vec<Published>,
    cpu: Duration,
    wall: Duration,
    load: f64,
}

impl Measured {
    async fn of(
        app: &App,
        told: &mut Connection,
        args: &Args,
        clips: &Clips,
        (port, server): (u16, Option<u32>),
        platform: &Receiver,
    ) -> Result<Self, Trouble> {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (mut streams, mut following) = (Vec::new(), tokio::task::JoinSet::new());
        let begin = Instant::now();
        for nth in 0..args.streams {
            let (file, offset) = match usize::try_from(nth / 2) {
                Ok(kind) if nth % 2 == 0 => {
                    let kind = kind % OFFSETS.len();
                    (clips.planted.get(kind).unwrap_or(&clips.plain), OFFSETS.get(kind))
                }
                _ => (&clips.plain, None),
            };
            let url = format!("rtmp://127.0.0.1:{port}/live/s{nth}");
            let mut command = program("/usr/bin/ffmpeg");
            command
                .args(["-v", "error", "-nostdin", "-stats_period", "0.2", "-progress", "pipe:1", "-re", "-i"])
                .arg(file);
            command.args(["-map", "0", "-c", "copy", "-flush_packets", "1", "-f", "flv", &url]).stdout(Stdio::piped());
            let (mut sender, first) = (command.spawn()?, Arc::new(Mutex::new(Instant::now())));
            if let Some(said) = sender.stdout.take() {
                following.spawn(follow(said, Arc::clone(&first)));
            }
            let id = begun(told, nth, &url, args.mode).await?;
            let offset = offset.map(|ms| Duration::from_millis(u64::from(*ms)));
            streams.push(Published {
                id,
                sender,
                began: first,
                offset,
                known: None,
                signalled: None,
                hits: 0,
                unscanned: 0.0,
            });
            tokio::time::sleep(APART).await;
        }
        tokio::time::sleep(SETTLED).await;
        let (from, before) = (Instant::now(), Self::cpu(&streams, server)?);
        // Until the first clip; then what is left is heard.
        let counted = begin + Duration::from_millis(OFFSETS.first().copied().unwrap_or_default().into());
        let over = begin + Duration::from_secs(u64::from(LENGTH) + 4) + APART * args.streams;
        let (mut spent, mut heard) = (None, 0);
        while Instant::now() < over {
            let now = Instant::now();
            if now >= counted && spent.is_none() {
                spent = Some((Self::cpu(&streams, server)?.saturating_sub(before), from.elapsed()));
            }
            for message in platform.received_since(heard) {
                heard += 1;
                let said = |name: &str| message.body.pointer(name).and_then(Value::as_str);
                let of = streams.iter_mut().find(|one| said("/data/stream") == Some(&*one.id.to_string()));
                match (said("/type"), of) {
                    (Some("stream.frame_known"), Some(one)) => drop(one.known.get_or_insert(now)),
                    (Some("stream.signalled"), Some(one)) => drop(one.signalled.get_or_insert(now)),
                    _ => {}
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for one in &mut streams {
            one.sender.kill().await.ok();
            let mut tx = app.db.read().await?;
            let stream = livestream::known(&mut tx, one.id).await?;
            one.hits = livestream::hits(&mut tx, one.id, stream.started_at).await?.len();
            let gaps = watching::scan_of(&mut tx, &stream).await?.map(|scan| scan.gaps).unwrap_or_default();
            // Before the first frame there was nothing to see, and behind the last key frame nobody looks any more.
            let length = Duration::from_secs(u64::from(LENGTH - GROUP));
            let end = stream.started_at.checked_add(length).unwrap_or(stream.started_at);
            let within = gaps.iter().skip(1).filter(|gap| gap.from < end);
            one.unscanned = within.map(|gap| gap.until.min(end).duration_since(gap.from).as_secs_f64()).sum();
        }
        let spent = spent.unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").ok().and_then(|text| text.split(' ').next()?.parse().ok());
        Ok(Self { streams, cpu: spent.0, wall: spent.1, load: load.unwrap_or_default() })
    }

    /// Of this process and all that look; not of who sends and serves.
    fn cpu(streams: &[Published], server: Option<u32>) -> Result<Duration, Trouble> {
        let others: Vec<u32> = streams.iter().filter_map(|one| one.sender.id()).chain(server).collect();
        Usage::below(std::process::id(), &others)
    }

    fn result(&self, args: &Args) -> Value {
        let planted: Vec<&Published> = self.streams.iter().filter(|one| one.offset.is_some()).collect();
        let sorted = |mut late: Vec<f64>| {
            late.sort_by(f64::total_cmp);
            late
        };
        let late = sorted(planted.iter().filter_map(|one| one.late(one.known)).collect());
        let signalled = sorted(planted.iter().filter_map(|one| one.late(one.signalled)).collect());
        // Between the two nearest, as half of an even number lies between two.
        let at = |late: &[f64], percent: usize| {
            let (place, part) =
                (late.len().saturating_sub(1) * percent / 100, late.len().saturating_sub(1) * percent % 100);
            let (low, high) = (late.get(place)?, late.get(place + 1).or(late.get(place))?);
            Some(thousandths(low + (high - low) * number(part as u64) / 100.0))
        };
        let false_hits: usize = self.streams.iter().filter(|one| one.offset.is_none()).map(|one| one.hits).sum();
        let missed = planted.len() - signalled.len();
        let unscanned: f64 = self.streams.iter().map(|one| one.unscanned).sum();
        let share = self.cpu.as_secs_f64() / self.wall.as_secs_f64().max(1e-9);
        let count = number(self.streams.len() as u64);
        json!({
            "ok": missed == 0 && false_hits == 0, "streams": args.streams, "mode": args.mode, "planted": planted.len(),
            "known_p50_s": at(&late, 50), "known_p95_s": at(&late, 95),
            "signalled_p50_s": at(&signalled, 50), "signalled_p95_s": at(&signalled, 95),
            "recall": thousandths(number(signalled.len() as u64) / number(planted.len().max(1) as u64)), "false_hits": false_hits,
            "unscanned_s": thousandths(unscanned), "cpu_share": thousandths(share),
            "streams_per_core": thousandths(count / share.max(1e-9)), "machine_load": self.load,
        })
    }
}

async fn begun(told: &mut Connection, nth: u32, url: &str, mode: Mode) -> Result<StreamId, Trouble> {
    #[derive(serde::Deserialize)]
    struct Begun {
        id: String,
    }
    let new = json!({"content_id": format!("s{nth}"), "public": true, "watch": {"url": url, "mode": mode}});
    let body = new.to_string().into();
    let message = Message { path: "/v1/streams".to_owned(), kind: "application/json", key: None, body };
    let Begun { id } = told.post(message).await?;
    id.parse().map_err(|_| Trouble::Said("the service gave no id".to_owned()))
}
