//! A stream while it runs. One child becomes an ffmpeg that takes the stream from one port of this machine and writes it down as a
//! transport stream; it decodes nothing. Another, without any network, looks at what the parent passes on to it, and says a
//! fingerprint for each frame. The parent reads no byte of the stream: it keeps them, and passes them on.

mod eye;
mod parameters;
mod transport;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::Instant;

use crate::film::ffmpeg;
use crate::protocol::Answer;
use crate::{FrameHash, Limits, Unscanned, Wanted, confine};

pub(crate) use eye::look;
use transport::PACKET;
pub(crate) use transport::Sieve;

/// The word that makes a child one that looks at a stream. Behind it: how, and the limit of memory.
pub(crate) const FOR_A_STREAM: &str = "stream";
/// The word that makes a child become the ffmpeg that takes a stream. Behind it: what it may reach, the limit of memory, and a mark.
const FOR_A_SOURCE: &str = "source";

/// How closely a stream is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Its key frames alone.
    Economical,
    /// Four frames a second.
    Thorough,
}

/// How a stream comes to the child that takes it. What goes by a door goes to a port of this machine and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// RTMP by a door: which application and stream, and what the server calls itself.
    Rtmp {
        /// The door's port.
        door: u16,
        /// Application and stream.
        path: String,
        /// The address as the server knows it.
        known_as: String,
    },
    /// HTTP or HTTPS by a door that is asked as a proxy: HLS, or a transport stream.
    Http {
        /// The door's port.
        door: u16,
        /// The whole address.
        url: String,
    },
    /// RTSP by a door, its pictures in the same connection.
    Rtsp {
        /// The door's port.
        door: u16,
        /// Name and password with their `@`, or nothing.
        login: String,
        /// What is asked for.
        path: String,
    },
    /// A transport stream over TCP, by a door.
    Tcp {
        /// The door's port.
        door: u16,
    },
    /// SRT, which is called at this address.
    Srt {
        /// Where.
        address: SocketAddr,
        /// Its settings, as they stand behind the question mark.
        query: String,
    },
}

/// What a child that takes a stream may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This port of this machine, by TCP.
    Door(u16),
    /// Datagrams, and no TCP.
    Datagrams,
}

impl Reach {
    fn word(self) -> String {
        match self {
            Self::Door(port) => format!("door:{port}"),
            Self::Datagrams => "datagrams".to_owned(),
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        match word.split_once(':') {
            Some(("door", port)) => Some(Self::Door(port.parse().ok()?)),
            None if word == "datagrams" => Some(Self::Datagrams),
            _ => None,
        }
    }
}

/// Microseconds without a byte after which ffmpeg gives a connection up.
const STALLED: &str = "8000000";

impl Way {
    fn reach(&self) -> Reach {
        match self {
            Self::Rtmp { door, .. } | Self::Http { door, .. } | Self::Rtsp { door, .. } | Self::Tcp { door } => {
                Reach::Door(*door)
            }
            Self::Srt { .. } => Reach::Datagrams,
        }
    }

    /// What ffmpeg is told of it: the ways of reading that it needs and no other, whatever a playlist says.
    fn words(&self) -> Vec<String> {
        let words = |protocols: &str, formats: &str, more: &[&str], url: String| {
            let own = ["-protocol_whitelist", protocols, "-format_whitelist", formats];
            own.iter().chain(more).map(|word| (*word).to_owned()).chain(["-i".to_owned(), url]).collect()
        };
        match self {
            Self::Rtmp { door, path, known_as } => {
                let more = ["-rw_timeout", STALLED, "-rtmp_live", "live", "-rtmp_tcurl", known_as];
                words("rtmp,tcp", "flv,live_flv", &more, format!("rtmp://127.0.0.1:{door}/{path}"))
            }
            Self::Http { door, url } => {
                let proxy = format!("http://127.0.0.1:{door}");
                let more = ["-rw_timeout", STALLED, "-http_proxy", &proxy];
                let formats = "hls,mpegts,mov,aac,mp3,ac3,flv,matroska,webvtt";
                words("http,https,tls,tcp,httpproxy,crypto", formats, &more, url.clone())
            }
            Self::Rtsp { door, login, path } => {
                let more = ["-rtsp_transport", "tcp", "-timeout", STALLED];
                words("rtsp,rtp,tcp", "rtsp,sdp", &more, format!("rtsp://{login}127.0.0.1:{door}/{path}"))
            }
            Self::Tcp { door } => {
                words("tcp", "mpegts", &["-rw_timeout", STALLED, "-f", "mpegts"], format!("tcp://127.0.0.1:{door}"))
            }
            Self::Srt { address, query } => {
                words("srt", "mpegts", &["-f", "mpegts"], format!("srt://{address}?{query}"))
            }
        }
    }
}

/// What starts the children of streams.
pub(crate) struct Starter<'a> {
    pub(crate) program: &'a PathBuf,
    pub(crate) args: &'a [OsString],
    pub(crate) limits: &'a Limits,
}

impl Starter<'_> {
    fn start(&self, words: &[String], input: Stdio) -> Result<Child, Unscanned> {
        if ffmpeg().is_none() {
            return Err(Unscanned::NoFfmpeg);
        }
        #[expect(clippy::disallowed_methods, reason = "a stream's two children are started here, and nothing else is")]
        let mut command = Command::new(self.program);
        let command = command.args(self.args).args(words).env_clear().current_dir("/").stdin(input);
        let started = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn();
        started.map_err(|_| Unscanned::DecoderDown)
    }

    pub(crate) fn source(&self, way: &Way) -> Result<Source, Unscanned> {
        let memory = self.limits.max_memory_bytes.to_string();
        let fixed = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let mut words = vec![FOR_A_SOURCE.to_owned(), way.reach().word(), memory, "--".to_owned()];
        words.extend(fixed(&["-hide_banner", "-nostdin", "-v", "quiet"]));
        words.extend(fixed(&["-fflags", "+genpts+discardcorrupt", "-analyzeduration", "1500000"]));
        words.extend(way.words());
        words.extend(fixed(&["-map", "0:V:0", "-map", "0:a:0?", "-map_metadata", "-1", "-c", "copy"]));
        // Nothing waits for a sound that does not come.
        words.extend(fixed(&["-max_interleave_delta", "200000", "-f", "mpegts", "-mpegts_start_pid", "256"]));
        // Sound is gathered for a tenth of a second, so that there is less to pass on.
        words.extend(fixed(&["-mpegts_pmt_start_pid", "4096", "-muxdelay", "0.2", "-muxpreload", "0"]));
        // A frame's length stands before it where it can, so that nobody waits for the next one to know its end.
        words.extend(fixed(&["-omit_video_pes_length", "0", "-flush_packets", "1", "pipe:1"]));
        let mut child = self.start(&words, Stdio::null())?;
        let out = child.stdout.take().ok_or(Unscanned::DecoderDown)?;
        Ok(Source { child, out, rest: BytesMut::new(), again: Instant::now() })
    }

    pub(crate) fn eye(&self, mode: Mode, wanted: Wanted) -> Result<Eye, Unscanned> {
        let word = match mode {
            Mode::Economical => "economical",
            Mode::Thorough => "thorough",
        };
        let wanted = format!("{}{}", u8::from(wanted.turned), u8::from(wanted.trimmed));
        let memory = self.limits.max_memory_bytes.to_string();
        let words = [FOR_A_STREAM.to_owned(), word.to_owned(), wanted, memory];
        let mut child = self.start(&words, Stdio::piped())?;
        let (Some(input), Some(told)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Unscanned::DecoderDown);
        };
        let id = child.id();
        Ok(Eye { shown: ShownStream(input), told: Seeing { _child: child, told }, id })
    }
}

/// What comes within so short a time is taken together: less to wake up for.
const GATHERED: Duration = Duration::from_millis(20);

/// The child that takes a stream. It ends with this.
#[derive(Debug)]
pub struct Source {
    // Dropping it kills it.
    child: Child,
    out: ChildStdout,
    rest: BytesMut,
    /// When it may be asked again.
    again: Instant,
}

impl Source {
    /// What came next, in whole packets; none when the stream ended or the child did. May be given up at any point.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            let whole = self.rest.len() / PACKET * PACKET;
            if whole > 0 {
                return Some(self.rest.split_to(whole).freeze());
            }
            tokio::time::sleep_until(self.again).await;
            self.rest.reserve(64 << 10);
            if self.out.read_buf(&mut self.rest).await.ok()? == 0 {
                return None;
            }
            self.again = Instant::now() + GATHERED;
        }
    }

    /// Its process id, for looking at it from outside.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }
}

/// The child that looks at a stream: what it is shown, and what it sees.
#[derive(Debug)]
pub struct Eye {
    /// What it is shown.
    pub shown: ShownStream,
    /// What it sees. The child ends with this.
    pub told: Seeing,
    /// Its process id, for looking at it from outside.
    pub id: Option<u32>,
}

/// What an eye is shown.
#[derive(Debug)]
pub struct ShownStream(ChildStdin);

impl ShownStream {
    /// Shows it what a source gave. False when it is gone.
    pub async fn show(&mut self, packets: &[u8]) -> bool {
        self.0.write_all(packets).await.is_ok()
    }
}

/// What an eye sees.
#[derive(Debug)]
pub struct Seeing {
    // Dropping it kills it; the ffmpeg that decodes for it ends with it.
    _child: Child,
    told: ChildStdout,
}

/// What an eye says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Glimpse {
    /// A frame, with when it is shown in the stream's own milliseconds.
    Frame(Box<FrameHash>),
    /// The latest frame, small, grey and blurred, as a JPEG.
    Thumbnail(Bytes),
}

/// The longest that an eye says: a small picture.
const MOST_SAID: u32 = 64 << 10;

impl Seeing {
    /// What it says next; none when it is gone, or says what is not understood. Given up midway, it is not to be asked again.
    pub async fn next(&mut self) -> Option<Glimpse> {
        let length = self.told.read_u32_le().await.ok().filter(|length| *length <= MOST_SAID)?;
        let mut body = vec![0; usize::try_from(length).ok()?];
        self.told.read_exact(&mut body).await.ok()?;
        match Answer::from_bytes(&body)? {
            Answer::Look(look) => look.frames.first().copied().map(Box::new).map(Glimpse::Frame),
            Answer::Picture(jpeg) => Some(Glimpse::Thumbnail(jpeg.into())),
            _ => None,
        }
    }
}

/// Becomes the ffmpeg that takes a stream, if these are the words for it.
pub(crate) fn hand_over(words: &[OsString]) -> Option<ExitCode> {
    let at = words.iter().position(|word| word == FOR_A_SOURCE)?;
    let word = |nth: usize| words.get(at + nth)?.to_str();
    let read = || Some((Reach::of_word(word(1)?)?, word(2)?.parse().ok()?, ffmpeg()?));
    let Some((reach, memory, ffmpeg)) = read() else { return Some(ExitCode::FAILURE) };
    confine::as_source(&ffmpeg, reach, memory);
    #[expect(clippy::disallowed_methods, reason = "this process becomes ffmpeg")]
    let mut command = std::process::Command::new(ffmpeg);
    drop(std::os::unix::process::CommandExt::exec(command.args(words.get(at + 4..).unwrap_or_default())));
    Some(ExitCode::FAILURE)
}

/// How an eye was told to look: the words behind its own.
pub(crate) fn told(words: &[OsString]) -> Option<(usize, Mode, Wanted)> {
    let at = words.iter().position(|word| word == FOR_A_STREAM)?;
    let word = |nth: usize| words.get(at + nth)?.to_str();
    let mode = match word(1)? {
        "economical" => Mode::Economical,
        "thorough" => Mode::Thorough,
        _ => return None,
    };
    let wanted = word(2)?.as_bytes();
    let [turned, trimmed] = wanted else { return None };
    Some((at, mode, Wanted { turned: *turned == b'1', trimmed: *trimmed == b'1', ..Wanted::default() }))
}
