//! The child: gives everything up, then answers one question after the other until its input ends.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use crate::confine::confine;
use crate::pictures::examine;
use crate::protocol::{Answer, Ask, REQUEST, Request};

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
    let Some(max_memory) = std::env::args().next_back().and_then(|text| text.parse::<u64>().ok()) else {
        return ExitCode::FAILURE;
    };
    let confinement = confine(max_memory);
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    loop {
        match serve_one(&mut input, &mut output, confinement, max_memory, &before) {
            Ok(true) => {}
            Ok(false) => return ExitCode::SUCCESS,
            Err(_) => return ExitCode::FAILURE,
        }
    }
}

fn serve_one(
    input: &mut impl Read,
    output: &mut impl Write,
    confinement: crate::Confinement,
    max_memory: u64,
    before: &impl Fn(&[u8]),
) -> io::Result<bool> {
    let mut header = [0; REQUEST];
    let mut first = [0; 1];
    if input.read(&mut first)? == 0 {
        return Ok(false);
    }
    let [first_byte, rest @ ..] = &mut header;
    *first_byte = first[0];
    input.read_exact(rest)?;
    let request = Request::from_bytes(&header).ok_or(io::ErrorKind::InvalidData)?;
    let length = usize::try_from(request.media).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut media = Vec::new();
    media.try_reserve_exact(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
    if input.take(request.media).read_to_end(&mut media)? != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    before(&media);
    let answer = match request.ask {
        Ask::Hello => Answer::Hello(confinement),
        _ => examine(&request, &media, max_memory),
    };
    let body = answer.to_bytes();
    let length = u32::try_from(body.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    output.write_all(&length.to_le_bytes())?;
    output.write_all(&body)?;
    output.flush()?;
    Ok(true)
}
