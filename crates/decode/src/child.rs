//! The child: gives everything up, then answers one question after the other until its input ends.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use crate::Unscanned;
use crate::confine::confine;
use crate::film::{self, FilmChild};
use crate::live;
use crate::pictures::examine;
use crate::protocol::{Answer, Ask, REQUEST, Request};

/// The word that makes a child one for a film. Behind it: the seconds that ffmpeg may compute, and the limit of memory.
pub(crate) const FOR_A_FILM: &str = "film";

/// A word that makes a child behave as on a machine without ffmpeg, to see what comes of that.
#[doc(hidden)]
pub const WITHOUT_FFMPEG: &str = "without-ffmpeg";

/// Runs the child on standard input and output. Its last argument is the limit of its memory in bytes.
pub fn run() -> ExitCode {
    run_after(|_| {})
}

/// The same, with something done to each file before it is looked at: for a test's child that hangs, leaks or dies while
/// it is confined.
#[doc(hidden)]
pub fn run_after(before: impl Fn(&[u8])) -> ExitCode {
    // A panic while decoding ends the child, which the parent notices; nothing is to be printed about a hostile file.
    std::panic::set_hook(Box::new(|_| {}));
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(ended) = live::hand_over(&words).or_else(|| film::hand_over(&words)) {
        return ended;
    }
    let number = |back: usize| words.get(words.len().checked_sub(back)?)?.to_str()?.parse::<u64>().ok();
    let Some(max_memory) = number(1) else { return ExitCode::FAILURE };
    if words.iter().any(|word| word == live::FOR_A_PUBLISHER) {
        let ended = live::publish(max_memory, &mut io::BufWriter::new(io::stdout().lock()));
        return if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if words.iter().any(|word| word == live::FOR_WEBRTC) {
        let local = words.len().checked_sub(2).and_then(|at| words.get(at)?.to_str()?.parse().ok());
        let ended = local.map(|local| live::receive(local, max_memory, &mut io::stdout().lock()));
        return if ended.is_some_and(|ended| ended.is_ok()) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    if let Some((at, mode, wanted)) = live::told(&words) {
        let prefix = words.get(..at).unwrap_or_default();
        // The sieve reads in a thread of its own, which a lock cannot go to.
        drop(input);
        let ended = live::look(prefix, mode, wanted, max_memory, &mut io::stdin(), &mut output);
        return if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let ended = match words.iter().position(|word| word == FOR_A_FILM) {
        Some(at) => {
            let prefix = words.get(..at).unwrap_or_default();
            let without = prefix.iter().any(|word| word == WITHOUT_FFMPEG);
            let child = FilmChild::new(prefix, number(2).unwrap_or(0), max_memory).filter(|_| !without);
            serve_film(&mut input, &mut output, child.as_ref())
        }
        None => serve(&mut input, &mut output, max_memory, &before),
    };
    if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn serve(input: &mut impl Read, output: &mut impl Write, max_memory: u64, before: &impl Fn(&[u8])) -> io::Result<()> {
    let confinement = confine(max_memory);
    while serve_one(input, output, confinement, max_memory, before)? {}
    Ok(())
}

/// One film, and no other: what its ffmpegs did to this process ends with it.
fn serve_film(input: &mut impl Read, output: &mut impl Write, child: Option<&FilmChild>) -> io::Result<()> {
    let Some(request) = question(input)? else { return Ok(()) };
    match child {
        Some(child) => answer(output, &child.answer(&request, input)?),
        None => answer(output, &Answer::Unscanned(Unscanned::NoFfmpeg)),
    }
}

/// The next question; none when the input ends.
fn question(input: &mut impl Read) -> io::Result<Option<Request>> {
    let mut header = [0; REQUEST];
    let [first, rest @ ..] = &mut header;
    if input.read(std::slice::from_mut(first))? == 0 {
        return Ok(None);
    }
    input.read_exact(rest)?;
    Request::from_bytes(&header).map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn answer(output: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let body = answer.to_bytes();
    let length = u32::try_from(body.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    output.write_all(&length.to_le_bytes())?;
    output.write_all(&body)?;
    output.flush()
}

fn serve_one(
    input: &mut impl Read,
    output: &mut impl Write,
    confinement: crate::Confinement,
    max_memory: u64,
    before: &impl Fn(&[u8]),
) -> io::Result<bool> {
    let Some(request) = question(input)? else { return Ok(false) };
    let length = usize::try_from(request.media).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut media = Vec::new();
    media.try_reserve_exact(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
    input.take(request.media).read_to_end(&mut media)?;
    if media.len() != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if request.ask != Ask::Kind {
        before(&media);
    }
    let said = match request.ask {
        Ask::Kind if film::recognise(&media).is_some() => Answer::Film,
        Ask::Kind => Answer::NoFilm,
        Ask::Hello => Answer::Hello(confinement),
        _ => examine(&request, &media, max_memory),
    };
    answer(output, &said)?;
    Ok(true)
}
