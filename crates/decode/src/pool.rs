//! The parent's side: a few warm children, one question each at a time, replaced after any fault.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::Semaphore;

use crate::child::FOR_A_FILM;
use crate::film::wide;
use crate::live::{Eye, Mode, Publisher, Source, Starter, Way};
use crate::protocol::{Answer, Ask, HEAD, MOST_ANSWER, Request};
use crate::{Confinement, Exif, Limits, Look, Mark, Shows, Unscanned, Veil, Wanted, WebRtc};

/// A child answers this many questions, then makes room for a fresh one.
const MOST_ANSWERS: u32 = 500;

/// Of a file that is larger a child is shown its head first: a film is not passed through the memory of a child for pictures.
const LARGE: usize = 1 << 20;

/// What a child may take beyond the time for a film, to say what it saw by then.
const FILM_GRACE: Duration = Duration::from_secs(10);

/// Children that look at files.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    program: PathBuf,
    args: Vec<OsString>,
    limits: Limits,
    places: Semaphore,
    idle: Mutex<Vec<Running>>,
    /// When a child answered last.
    answered: Mutex<Option<Instant>>,
}

struct Running {
    // Dropping a child kills it; an ffmpeg that it started ends with it.
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    answered: u32,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("program", &self.0.program).finish_non_exhaustive()
    }
}

impl Pool {
    /// A pool of at most `size` children of this program. They start when they are needed, or with [`Pool::warm`].
    pub fn new(program: PathBuf, args: Vec<OsString>, size: usize, limits: Limits) -> Self {
        let places = Semaphore::new(size.max(1));
        Self(Arc::new(Inner { program, args, limits, places, idle: Mutex::default(), answered: Mutex::default() }))
    }

    /// Starts one child and asks what holds it: the pool works, and this well confined.
    pub async fn warm(&self) -> Result<Confinement, Unscanned> {
        match self.ask(Ask::Hello, Bytes::new()).await? {
            Answer::Hello(confinement) => Ok(confinement),
            _ => Err(Unscanned::Crashed),
        }
    }

    /// Whether files are looked at. With every child at work nobody waits for one to be free: it is enough that one has
    /// answered within the time that a look may take.
    pub async fn works(&self) -> Result<(), Unscanned> {
        let lately = || {
            let answered = *self.0.answered.lock().unwrap_or_else(PoisonError::into_inner);
            answered.is_some_and(|at| at.elapsed() <= self.0.limits.time)
        };
        if self.0.places.available_permits() == 0 && lately() { Ok(()) } else { self.warm().await.map(drop) }
    }

    /// Looks at a file: fingerprints of its frames, and what else is wanted of them.
    pub async fn look(&self, media: Bytes, wanted: Wanted) -> Result<Look, Unscanned> {
        match self.ask(Ask::Fingerprints(wanted), media).await? {
            Answer::Look(look) => Ok(look),
            Answer::Unscanned(why) => Err(why),
            _ => Err(Unscanned::Crashed),
        }
    }

    /// The first frame as a new JPEG, at most `max_side` pixels on a side, with the mark on it.
    pub async fn picture(&self, media: Bytes, max_side: u32, shows: Shows, mark: Mark) -> Result<Vec<u8>, Unscanned> {
        match self.ask(Ask::Picture { max_side, shows, mark }, media).await? {
            Answer::Picture(jpeg) => Ok(jpeg),
            Answer::Unscanned(why) => Err(why),
            _ => Err(Unscanned::Crashed),
        }
    }

    /// Frames of a film beside each other as a new JPEG, evenly spaced over its length; small, grey, blurred and marked.
    pub async fn strip(&self, media: Bytes, veil: Veil, mark: Mark) -> Result<Vec<u8>, Unscanned> {
        match self.ask(Ask::Strip { veil, mark }, media).await? {
            Answer::Picture(jpeg) => Ok(jpeg),
            Answer::Unscanned(why) => Err(why),
            _ => Err(Unscanned::Crashed),
        }
    }

    /// Frames of a film one after the other, each a new JPEG with the mark on it: evenly spaced over its length, not closer than the
    /// quarter of a second, and how many milliseconds lie between two. There is no sound in it.
    pub async fn reel(&self, media: Bytes, shows: Shows, mark: Mark) -> Result<(u32, Vec<Vec<u8>>), Unscanned> {
        match self.ask(Ask::Reel { shows, mark }, media).await? {
            Answer::Reel(every_ms, pictures) => Ok((every_ms, pictures)),
            Answer::Unscanned(why) => Err(why),
            _ => Err(Unscanned::Crashed),
        }
    }

    /// What a camera wrote into a picture. It has no part in any verdict: a look does not ask for it.
    pub async fn exif(&self, media: Bytes) -> Result<Exif, Unscanned> {
        match self.ask(Ask::Exif, media).await? {
            Answer::Exif(exif) => Ok(exif),
            Answer::Unscanned(why) => Err(why),
            _ => Err(Unscanned::Crashed),
        }
    }

    /// Begins to take a stream. The child ends with what is returned.
    pub fn source(&self, way: &Way) -> Result<Source, Unscanned> {
        self.streams().source(way)
    }

    /// A child that holds the connection of one who wants to send a stream by RTMP. It ends with what is returned.
    pub fn publisher(&self, connection: std::net::TcpStream) -> Result<Publisher, Unscanned> {
        self.streams().publisher(connection)
    }

    /// Begins to take what such a one sends. Its child ends with what is returned.
    pub fn sent(&self, publisher: Publisher) -> Result<Source, Unscanned> {
        self.streams().sent(publisher)
    }

    /// A child that offers to receive a stream by WebRTC at this address. It ends with what is returned.
    pub fn webrtc(&self, local: std::net::SocketAddr) -> Result<WebRtc, Unscanned> {
        self.streams().webrtc(local)
    }

    /// A child that looks at a stream, once it is shown one. It ends with what is returned.
    pub fn eye(&self, mode: Mode, wanted: Wanted) -> Result<Eye, Unscanned> {
        self.streams().eye(mode, wanted)
    }

    fn streams(&self) -> Starter<'_> {
        let Inner { program, args, limits, .. } = &*self.0;
        Starter { program, args, limits }
    }

    /// Process ids of the children that wait for work, for looking at them from outside.
    pub fn idle_children(&self) -> Vec<u32> {
        self.idle().iter().filter_map(|running| running.child.id()).collect()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Running>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, ask: Ask, media: Bytes) -> Result<Answer, Unscanned> {
        let _place = self.0.places.acquire().await.map_err(|_| Unscanned::DecoderDown)?;
        let Limits { max_pixels, max_frames, time, film_time, max_film_frames, .. } = self.0.limits;
        let length = u64::try_from(media.len()).map_err(|_| Unscanned::TooMuchMemory)?;
        let time_ms = u32::try_from(film_time.as_millis()).unwrap_or(u32::MAX);
        let request = Request { ask, max_pixels, max_frames, time_ms, media: length };
        let film = Request { max_frames: max_film_frames, ..request };
        if let Some(head) = media.get(..HEAD).filter(|_| media.len() > LARGE) {
            let kind = Request { ask: Ask::Kind, media: HEAD as u64, ..request };
            match self.ask_of_pictures(kind, head, time).await? {
                // No camera's fields are read of a film.
                Answer::Film if ask == Ask::Exif => return Ok(Answer::Exif(Exif::default())),
                Answer::Film => return self.ask_of_films(film, &media).await,
                _ => {}
            }
        }
        match self.ask_of_pictures(request, &media, time).await? {
            Answer::Film => self.ask_of_films(film, &media).await,
            answer => Ok(answer),
        }
    }

    /// A child of its own for one film.
    async fn ask_of_films(&self, request: Request, media: &[u8]) -> Result<Answer, Unscanned> {
        let film_time = self.0.limits.film_time;
        let mut running = self.start(&[FOR_A_FILM.into(), (film_time.as_secs() + 1).to_string().into()])?;
        wide(&running.input);
        match tokio::time::timeout(film_time + FILM_GRACE, running.ask(request, media)).await {
            Err(_) => Err(Unscanned::TimedOut),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Unscanned::Crashed),
        }
    }

    async fn ask_of_pictures(&self, request: Request, media: &[u8], time: Duration) -> Result<Answer, Unscanned> {
        // A child that died while it waited is no fault of this file: one fresh one is tried.
        for waited in [true, false] {
            let taken = if waited { self.idle().pop() } else { None };
            let reused = taken.is_some();
            let mut running = match taken {
                Some(running) => running,
                None if waited => continue,
                None => self.start(&[])?,
            };
            match tokio::time::timeout(time, running.ask(request, media)).await {
                Err(_) => return Err(Unscanned::TimedOut),
                Ok(Ok(answer)) => {
                    *self.0.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                    running.answered += 1;
                    if running.answered < MOST_ANSWERS {
                        self.idle().push(running);
                    }
                    return Ok(answer);
                }
                Ok(Err(Fault::BeforeSent)) if reused => {}
                Ok(Err(_)) => return Err(Unscanned::Crashed),
            }
        }
        Err(Unscanned::DecoderDown)
    }

    fn start(&self, words: &[OsString]) -> Result<Running, Unscanned> {
        #[expect(clippy::disallowed_methods, reason = "the decode pool is the one place that starts programs")]
        let mut command = tokio::process::Command::new(&self.0.program);
        let started = command
            .args(&self.0.args)
            .args(words)
            .arg(self.0.limits.max_memory_bytes.to_string())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let mut child = started.map_err(|error| {
            tracing::error!(%error, program = %self.0.program.display(), "the decoder cannot be started");
            Unscanned::DecoderDown
        })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Unscanned::DecoderDown);
        };
        Ok(Running { child, input, output, answered: 0 })
    }
}

enum Fault {
    /// The child was gone before it got the whole question.
    BeforeSent,
    /// It got the question and gave no answer.
    NoAnswer,
}

impl Running {
    async fn ask(&mut self, request: Request, media: &[u8]) -> Result<Answer, Fault> {
        let sent = async {
            self.input.write_all(&request.to_bytes()).await?;
            self.input.write_all(media).await?;
            self.input.flush().await
        };
        sent.await.map_err(|_| Fault::BeforeSent)?;
        let length = self.output.read_u32_le().await.map_err(|_| Fault::NoAnswer)?;
        if length > MOST_ANSWER {
            return Err(Fault::NoAnswer);
        }
        let mut body = Vec::new();
        (&mut self.output).take(u64::from(length)).read_to_end(&mut body).await.map_err(|_| Fault::NoAnswer)?;
        Answer::from_bytes(&body).ok_or(Fault::NoAnswer)
    }
}
