//! How an ffmpeg is started: our own binary is started once more, gives up everything but what loading a program needs, and
//! becomes ffmpeg. It has its pipes and, to read, the sealed memory with the film; no file but the system's libraries, no
//! network, no second process, and it ends with the child that started it.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};

use crate::confine;

/// Where Debian has it, and where one is put that was built by hand.
const PLACES: [&str; 2] = ["/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"];
/// Bytes that a pipe holds: as many as everybody may ask for.
const WIDE: usize = 1 << 20;
/// What stands between the words for us and those for ffmpeg.
const HANDS_OVER: &str = "--";

/// Where ffmpeg is; none on a machine without.
pub(crate) fn ffmpeg() -> Option<PathBuf> {
    PLACES.into_iter().map(PathBuf::from).find(|place| place.is_file())
}

/// Starts ffmpegs that are held by limits.
pub(crate) struct Starter {
    pub(crate) program: PathBuf,
    /// Words that make the program a child.
    pub(crate) prefix: Vec<OsString>,
    pub(crate) seconds: u64,
    pub(crate) max_memory: u64,
    /// Opened before nothing can be opened any more.
    pub(crate) nowhere: File,
}

impl Starter {
    pub(crate) fn start(&self, input: Stdio, words: &[&str]) -> io::Result<Child> {
        #[expect(clippy::disallowed_methods, reason = "the film's child starts ffmpeg, and nothing else does")]
        let mut command = Command::new(&self.program);
        let child = command
            .args(&self.prefix)
            .args(["ffmpeg", &self.seconds.to_string(), &self.max_memory.to_string(), HANDS_OVER])
            .args(["-hide_banner", "-nostdin", "-v", "quiet"])
            .args(words)
            .env_clear()
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(self.nowhere.try_clone()?)
            .spawn()?;
        if let Some(input) = &child.stdin {
            wide(input);
        }
        if let Some(output) = &child.stdout {
            wide(output);
        }
        Ok(child)
    }
}

/// Lets a pipe hold more than the usual 64 KiB, so that the two at its ends wait for each other less often. One that stays narrow
/// does the same work.
pub(crate) fn wide(pipe: &impl AsFd) {
    rustix::pipe::fcntl_setpipe_size(pipe, WIDE).ok();
}

/// Becomes ffmpeg, if these are the words for it.
pub(crate) fn hand_over(words: &[OsString]) -> Option<ExitCode> {
    let at = words.iter().position(|word| word == HANDS_OVER)?;
    let number = |back: usize| words.get(at.checked_sub(back)?)?.to_str()?.parse::<u64>().ok();
    let (Some(seconds), Some(max_memory), Some(ffmpeg)) = (number(2), number(1), ffmpeg()) else {
        return Some(ExitCode::FAILURE);
    };
    confine::as_ffmpeg(&ffmpeg, seconds, max_memory);
    #[expect(clippy::disallowed_methods, reason = "this process becomes ffmpeg")]
    let mut command = Command::new(ffmpeg);
    drop(command.args(words.get(at + 1..).unwrap_or_default()).exec());
    Some(ExitCode::FAILURE)
}
