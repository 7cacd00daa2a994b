//! A stream while it runs. One child becomes an ffmpeg that takes the stream from one port of this machine and writes it down as a
//! transport stream; it decodes nothing. Another, without any network, looks at what the parent passes on to it, and says a
//! fingerprint for each frame. The parent reads no byte of the stream: it keeps them, and passes them on. A stream that is sent to us by
//! RTMP, or that comes by WebRTC, is received by a third, which holds the connection and nothing else.

mod eye;
mod parameters;
mod publisher;
mod transport;
mod webrtc;

use std::ffi::OsString;
use std::io::{self, BufReader, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::Instant;

use crate::film::{ffmpeg, wide};
use crate::protocol::Answer;
use crate::{FrameHash, Limits, Unscanned, Wanted, confine};

pub(crate) use eye::look;
use publisher::MOST_NAME;
pub(crate) use publisher::hear;
use transport::PACKET;
pub(crate) use transport::Sieve;
use webrtc::Line;
pub(crate) use webrtc::receive;
pub use webrtc::{WebRtc, peer};

/// The word that makes a child one that looks at a stream. Behind it: how, and the limit of memory.
pub(crate) const FOR_A_STREAM: &str = "stream";
/// The word that makes a child hold the connection of one who sends a stream. Behind it: the limit of memory.
pub(crate) const FOR_A_PUBLISHER: &str = "publisher";
/// The word that makes a child receive a stream by WebRTC. Behind it: its own address, and the limit of memory.
pub(crate) const FOR_WEBRTC: &str = "webrtc";
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

impl Mode {
    /// What tells an eye to look so from here on: shown to it between what a source gave. More closely than before, it begins with
    /// what it left out since the last key frame.
    pub fn order(self) -> Bytes {
        static ORDERS: [[u8; PACKET]; 2] = [transport::order(Mode::Economical), transport::order(Mode::Thorough)];
        let [economical, thorough] = &ORDERS;
        Bytes::from_static(if self == Self::Economical { economical } else { thorough })
    }
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
    /// SRT, which is called at this address, or waited for at it, as its settings say.
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
    /// Nothing: what it takes comes by its standard input.
    Nothing,
}

impl Reach {
    fn word(self) -> String {
        match self {
            Self::Door(port) => format!("door:{port}"),
            Self::Datagrams => "datagrams".to_owned(),
            Self::Nothing => "nothing".to_owned(),
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        match word.split_once(':') {
            Some(("door", port)) => Some(Self::Door(port.parse().ok()?)),
            None if word == "datagrams" => Some(Self::Datagrams),
            None if word == "nothing" => Some(Self::Nothing),
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

fn words(protocols: &str, formats: &str, more: &[&str], url: String) -> Vec<String> {
    let own = ["-protocol_whitelist", protocols, "-format_whitelist", formats];
    own.iter().chain(more).map(|word| (*word).to_owned()).chain(["-i".to_owned(), url]).collect()
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
        self.taken(way.reach(), way.words(), Stdio::null(), None)
    }

    /// Takes what is sent to us.
    pub(crate) fn sent(&self, publisher: Publisher) -> Result<Source, Unscanned> {
        let Publisher { child, out } = publisher;
        let out = out.into_owned_fd().map_err(|_| Unscanned::DecoderDown)?;
        let words = words("pipe", "flv", &["-f", "flv"], "pipe:0".to_owned());
        self.taken(Reach::Nothing, words, out.into(), Some(child))
    }

    pub(crate) fn publisher(&self, connection: std::net::TcpStream) -> Result<Publisher, Unscanned> {
        connection.set_nonblocking(false).map_err(|_| Unscanned::DecoderDown)?;
        let memory = self.limits.max_memory_bytes.to_string();
        let input = Stdio::from(std::os::fd::OwnedFd::from(connection));
        let mut child = self.start(&[FOR_A_PUBLISHER.to_owned(), memory], input)?;
        let out = child.stdout.take().ok_or(Unscanned::DecoderDown)?;
        Ok(Publisher { child, out })
    }

    fn taken(&self, reach: Reach, from: Vec<String>, input: Stdio, sender: Option<Child>) -> Result<Source, Unscanned> {
        let memory = self.limits.max_memory_bytes.to_string();
        let fixed = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let mut words = vec![FOR_A_SOURCE.to_owned(), reach.word(), memory, "--".to_owned()];
        words.extend(fixed(&["-hide_banner", "-nostdin", "-v", "quiet"]));
        words.extend(fixed(&["-fflags", "+genpts+discardcorrupt", "-analyzeduration", "1500000"]));
        words.extend(from);
        words.extend(fixed(&["-map", "0:V:0", "-map", "0:a:0?", "-map_metadata", "-1", "-c", "copy"]));
        // Nothing waits for a sound that does not come.
        words.extend(fixed(&["-max_interleave_delta", "200000", "-f", "mpegts", "-mpegts_start_pid", "256"]));
        // Sound is gathered for a tenth of a second, so that there is less to pass on.
        words.extend(fixed(&["-mpegts_pmt_start_pid", "4096", "-muxdelay", "0.2", "-muxpreload", "0"]));
        // A frame's length stands before it where it can, so that nobody waits for the next one to know its end.
        words.extend(fixed(&["-omit_video_pes_length", "0", "-flush_packets", "1", "pipe:1"]));
        Source::of(self.start(&words, input)?, sender, None)
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

/// How often it is looked whether something came.
const ROUND: Duration = Duration::from_millis(60);
/// And whether a datagram did, for which nobody else waits: a connection comes about by a few of them, one after the other.
const DATAGRAMS: Duration = Duration::from_millis(10);

/// Waits for the next round, which is the same for all streams: what comes between two of them is taken together, and a machine with
/// hundreds of streams wakes up no more often than one with a few. Who waits for each piece by itself wakes up for each piece.
pub async fn next_round() {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let rounds = BEGAN.elapsed().as_millis() / ROUND.as_millis() + 1;
    tokio::time::sleep_until(*BEGAN + ROUND * u32::try_from(rounds).unwrap_or(u32::MAX)).await;
}

/// Bytes that are taken together, at most.
const PIECE: usize = 64 << 10;

/// The child that takes a stream. It ends with this.
#[derive(Debug)]
pub struct Source {
    // Dropping them kills them.
    child: Child,
    _sender: Option<Child>,
    /// By which a child reaches its server that has no network.
    line: Option<Line>,
    /// It is asked in rounds, and never waited for.
    out: OwnedFd,
    piece: Vec<u8>,
    /// So much of it came.
    came: usize,
}

impl Source {
    fn of(mut child: Child, sender: Option<Child>, line: Option<Line>) -> Result<Self, Unscanned> {
        let out = child.stdout.take().and_then(|out| out.into_owned_fd().ok()).ok_or(Unscanned::DecoderDown)?;
        rustix::io::ioctl_fionbio(&out, true).map_err(|_| Unscanned::DecoderDown)?;
        // What comes between two rounds has room in it.
        wide(&out);
        Ok(Self { child, _sender: sender, line, out, piece: vec![0; PIECE], came: 0 })
    }

    /// What came next, in whole packets; none when the stream ended or the child did. May be given up at any point.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = &self.line {
                line.pass();
            }
            let whole = self.came / PACKET * PACKET;
            if whole > 0 {
                // As long as it is, for it may be kept.
                let packets = Bytes::copy_from_slice(self.piece.get(..whole)?);
                self.piece.copy_within(whole..self.came, 0);
                self.came -= whole;
                return Some(packets);
            }
            match rustix::io::read(&self.out, self.piece.get_mut(self.came..)?) {
                Ok(0) => return None,
                Ok(read) => self.came += read,
                Err(rustix::io::Errno::AGAIN) if self.line.is_some() => tokio::time::sleep(DATAGRAMS).await,
                Err(rustix::io::Errno::AGAIN) => next_round().await,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return None,
            }
        }
    }

    /// Its process id, for looking at it from outside.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }
}

/// The child that holds the connection of one who sends a stream by RTMP. It ends with this.
#[derive(Debug)]
pub struct Publisher {
    // Dropping it kills it.
    child: Child,
    out: ChildStdout,
}

impl Publisher {
    /// Under which name it sends; none when it is gone before it says so. To be asked once.
    pub async fn name(&mut self) -> Option<String> {
        let length = self.out.read_u16_le().await.ok().map(usize::from).filter(|length| *length <= MOST_NAME)?;
        let mut name = vec![0; length];
        self.out.read_exact(&mut name).await.ok()?;
        String::from_utf8(name).ok()
    }
}

/// Holds the connection that is our standard input, and writes what is sent by it to standard output.
pub(crate) fn publish(max_memory: u64, output: &mut impl Write) -> io::Result<()> {
    let input = io::stdin();
    let to = ToInput(input.as_fd().try_clone_to_owned()?);
    confine::confine(max_memory);
    publisher::hear(BufReader::with_capacity(64 << 10, input.lock()), to, output)
}

/// The other direction of the connection that is our standard input.
struct ToInput(OwnedFd);

impl Write for ToInput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.0, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
