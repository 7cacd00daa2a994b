//! One who sends a stream to us by RTMP, as far as that needs to be understood: it shakes hands, says under which name it sends, and
//! what it sends is written down as FLV, which ffmpeg reads. After Adobe's RTMP 1.0 (5.2 handshake, 5.3 chunks, 5.4 and 7 messages),
//! AMF 0 (2) and FLV 10.1 (E.4). It is a child of its own that holds the connection and a pipe, and can reach nothing else.

use std::collections::HashMap;
use std::io::{self, Read, Write};

/// Bytes of a message, at most. A frame is smaller.
const MOST_MESSAGE: usize = 8 << 20;
/// And of all that are begun together.
const MOST_BEGUN: usize = 16 << 20;
/// Bytes of a name under which a stream is sent.
pub(super) const MOST_NAME: usize = 200;
/// What we may send at once, and after how many bytes we want to hear of it.
const OUR_CHUNK: u32 = 4_096;
const WINDOW: u32 = 2_500_000;
/// Bytes of what is exchanged first.
const HANDSHAKE: usize = 1_536;

/// What a message is (5.4, 7.1).
mod kind {
    pub(super) const CHUNK_SIZE: u8 = 1;
    pub(super) const ABORT: u8 = 2;
    pub(super) const ACKNOWLEDGED: u8 = 3;
    pub(super) const USER_CONTROL: u8 = 4;
    pub(super) const WINDOW: u8 = 5;
    pub(super) const BANDWIDTH: u8 = 6;
    pub(super) const SOUND: u8 = 8;
    pub(super) const PICTURE: u8 = 9;
    pub(super) const AGGREGATE: u8 = 22;
    pub(super) const COMMAND: u8 = 20;
    /// A command in the newer notation, behind a byte that says that it is not.
    pub(super) const COMMAND_3: u8 = 17;
}

fn bent() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

fn be(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// A message of the other side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Message {
    kind: u8,
    /// Milliseconds.
    at: u32,
    body: Vec<u8>,
}

/// What is known of one of the lines that messages come by.
#[derive(Debug, Default)]
struct Line {
    /// The time of the last message, or how much later it was than the one before.
    field: u32,
    at: u32,
    extended: bool,
    length: usize,
    kind: u8,
    body: Vec<u8>,
}

/// Reads messages, which come in pieces, between each other.
struct Chunks<R> {
    from: R,
    most: usize,
    lines: HashMap<u32, Line>,
    /// Bytes that were read so far.
    read: u64,
}

impl<R: Read> Chunks<R> {
    fn new(from: R) -> Self {
        Self { from, most: 128, lines: HashMap::new(), read: 0 }
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        self.read += N as u64;
        Ok(bytes)
    }

    /// The next whole message; none at the end.
    fn next(&mut self) -> io::Result<Option<Message>> {
        loop {
            let mut first = [0];
            if self.from.read(&mut first)? == 0 {
                return Ok(None);
            }
            self.read += 1;
            let [first] = first;
            let id = match first & 0x3f {
                0 => 64 + be(&self.bytes::<1>()?),
                1 => {
                    let [low, high] = self.bytes()?;
                    64 + u32::from(low) + (u32::from(high) << 8)
                }
                id => u32::from(id),
            };
            if let Some(message) = self.chunk(first >> 6, id)? {
                return Ok(Some(message));
            }
        }
    }

    fn chunk(&mut self, form: u8, id: u32) -> io::Result<Option<Message>> {
        let mut line = self.lines.remove(&id).unwrap_or_default();
        let begins = line.body.is_empty();
        if form < 3 {
            let field = be(&self.bytes::<3>()?);
            if form < 2 {
                let [a, b, c, kind] = self.bytes()?;
                (line.length, line.kind) = (be(&[a, b, c]) as usize, kind);
            }
            if form == 0 {
                self.bytes::<4>()?;
            }
            line.extended = field == 0x00ff_ffff;
            line.field = field;
        }
        if line.extended {
            line.field = be(&self.bytes::<4>()?);
        }
        if begins {
            line.at = if form == 0 { line.field } else { line.at.wrapping_add(line.field) };
        } else if form != 3 {
            return Err(bent());
        }
        let begun: usize = self.lines.values().map(|line| line.body.len()).sum();
        if line.length > MOST_MESSAGE || begun + line.length > MOST_BEGUN || self.lines.len() > 100 {
            return Err(bent());
        }
        let piece = (line.length - line.body.len()).min(self.most);
        if (&mut self.from).take(piece as u64).read_to_end(&mut line.body)? != piece {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read += piece as u64;
        let whole = line.body.len() == line.length;
        let message = whole.then(|| Message { kind: line.kind, at: line.at, body: std::mem::take(&mut line.body) });
        self.lines.insert(id, line);
        Ok(message)
    }
}

/// What is said to the other side.
struct Says<W>(W);

impl<W: Write> Says<W> {
    fn message(&mut self, line: u8, kind: u8, stream: u32, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len()).map_err(|_| bent())?.to_be_bytes();
        let [_, length @ ..] = length;
        let mut all = vec![line, 0, 0, 0];
        all.extend(length);
        all.push(kind);
        all.extend(stream.to_le_bytes());
        all.extend_from_slice(body);
        self.0.write_all(&all)?;
        self.0.flush()
    }

    fn number(&mut self, kind: u8, number: u32) -> io::Result<()> {
        self.message(2, kind, 0, &number.to_be_bytes())
    }

    fn command(&mut self, stream: u32, name: &str, number: f64, values: &[u8]) -> io::Result<()> {
        let mut body = Vec::new();
        amf::text(&mut body, name);
        amf::number(&mut body, number);
        body.extend_from_slice(values);
        self.message(3, kind::COMMAND, stream, &body)
    }

    /// That it may go on, in the words that are expected (7.2.1.1, 7.2.2.6).
    fn accepted(&mut self, stream: u32, name: &str, number: f64, code: &str) -> io::Result<()> {
        let mut values = vec![amf::NULL, amf::OBJECT];
        for (key, value) in [("level", "status"), ("code", code), ("description", "")] {
            amf::key(&mut values, key);
            amf::text(&mut values, value);
        }
        values.extend(amf::END);
        self.command(stream, name, number, &values)
    }
}

/// The little of AMF 0 that commands are written in.
mod amf {
    pub(super) const NULL: u8 = 5;
    pub(super) const OBJECT: u8 = 3;
    pub(super) const END: [u8; 3] = [0, 0, 9];

    pub(super) fn key(into: &mut Vec<u8>, key: &str) {
        into.extend(u16::try_from(key.len()).unwrap_or_default().to_be_bytes());
        into.extend_from_slice(key.as_bytes());
    }

    pub(super) fn text(into: &mut Vec<u8>, text: &str) {
        into.push(2);
        key(into, text);
    }

    pub(super) fn number(into: &mut Vec<u8>, number: f64) {
        into.push(0);
        into.extend(number.to_be_bytes());
    }

    /// A text at the beginning, and what is behind it.
    pub(super) fn read_text(from: &[u8]) -> Option<(&str, &[u8])> {
        let [2, high, low, rest @ ..] = from else { return None };
        let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
        Some((std::str::from_utf8(text).ok()?, rest))
    }

    /// A number at the beginning, and what is behind it.
    pub(super) fn read_number(from: &[u8]) -> Option<(f64, &[u8])> {
        let (0, rest) = from.split_first()? else { return None };
        let (number, rest) = rest.split_first_chunk()?;
        Some((f64::from_be_bytes(*number), rest))
    }
}

/// Hears one who sends, and says under which name; then writes down what it sends, until it ends.
pub(crate) fn hear(mut from: impl Read, mut to: impl Write, mut out: impl Write) -> io::Result<()> {
    shake(&mut from, &mut to)?;
    let (mut chunks, mut says) = (Chunks::new(from), Says(to));
    let (mut window, mut acknowledged, mut named) = (u64::from(WINDOW), 0, false);
    while let Some(Message { kind, at, body }) = chunks.next()? {
        match kind {
            kind::CHUNK_SIZE => {
                let most = usize::try_from(be(body.get(..4).ok_or_else(bent)?)).map_err(|_| bent())?;
                chunks.most = Some(most).filter(|most| (1..=MOST_MESSAGE).contains(most)).ok_or_else(bent)?;
            }
            kind::ABORT => {
                if let Some(line) = chunks.lines.get_mut(&be(body.get(..4).ok_or_else(bent)?)) {
                    line.body.clear();
                }
            }
            kind::WINDOW => window = u64::from(be(body.get(..4).ok_or_else(bent)?)).max(1 << 10),
            kind::USER_CONTROL => {
                // Whether we are there (7.1.7).
                if let Some([0, 6, time @ ..]) = body.get(..6) {
                    says.message(2, kind::USER_CONTROL, 0, &[&[0, 7], time].concat())?;
                }
            }
            kind::COMMAND | kind::COMMAND_3 => {
                let body = if kind == kind::COMMAND_3 { body.get(1..).unwrap_or_default() } else { &body };
                if command(body, &mut says, &mut out, &mut named)? {
                    return Ok(());
                }
            }
            kind::SOUND | kind::PICTURE if named => tag(&mut out, kind, at, &body)?,
            // Nobody who sends is known to pack them; a part of a stream must not be passed over without a word.
            kind::AGGREGATE => return Err(bent()),
            _ => {}
        }
        if chunks.read - acknowledged >= window {
            acknowledged = chunks.read;
            // It begins anew after four gigabytes (5.4.3).
            says.number(kind::ACKNOWLEDGED, u32::try_from(acknowledged & 0xffff_ffff).unwrap_or_default())?;
        }
    }
    Ok(())
}

/// Both sides show that they hear the other (5.2).
fn shake(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut first = [0; 1 + HANDSHAKE];
    from.read_exact(&mut first)?;
    let [version, theirs @ ..] = first;
    if version != 3 {
        return Err(bent());
    }
    to.write_all(&[&[3], [0; HANDSHAKE].as_slice(), &theirs].concat())?;
    to.flush()?;
    let mut last = [0; HANDSHAKE];
    from.read_exact(&mut last)
}

/// Does what is asked for. Whether that was to end.
fn command<W: Write>(body: &[u8], says: &mut Says<W>, out: &mut impl Write, named: &mut bool) -> io::Result<bool> {
    let read = || {
        let (name, rest) = amf::read_text(body)?;
        let (number, rest) = amf::read_number(rest)?;
        Some((name, number, rest))
    };
    let (name, number, rest) = read().ok_or_else(bent)?;
    match name {
        "connect" => {
            says.number(kind::WINDOW, WINDOW)?;
            says.message(2, kind::BANDWIDTH, 0, &[WINDOW.to_be_bytes().as_slice(), &[2]].concat())?;
            says.number(kind::CHUNK_SIZE, OUR_CHUNK)?;
            says.accepted(0, "_result", number, "NetConnection.Connect.Success")?;
        }
        "createStream" => {
            let mut values = vec![amf::NULL];
            amf::number(&mut values, 1.0);
            says.command(0, "_result", number, &values)?;
        }
        "publish" if !*named => {
            let rest = rest.strip_prefix(&[amf::NULL]).ok_or_else(bent)?;
            let (name, _) = amf::read_text(rest).ok_or_else(bent)?;
            let name = name.split('?').next().unwrap_or_default();
            if name.is_empty() || name.len() > MOST_NAME {
                return Err(bent());
            }
            *named = true;
            let length = u16::try_from(name.len()).map_err(|_| bent())?;
            out.write_all(&[length.to_le_bytes().as_slice(), name.as_bytes()].concat())?;
            // Both sound and pictures may come.
            out.write_all(b"FLV\x01\x05\0\0\0\x09\0\0\0\0")?;
            out.flush()?;
            says.message(2, kind::USER_CONTROL, 0, &[0, 0, 0, 0, 0, 1])?;
            says.accepted(1, "onStatus", 0.0, "NetStream.Publish.Start")?;
        }
        // Who plays what others send is at the wrong door.
        "play" | "deleteStream" | "closeStream" | "FCUnpublish" | "publish" => return Ok(true),
        _ => {}
    }
    Ok(false)
}

/// Writes down one frame or a piece of sound (E.4.1).
fn tag(out: &mut impl Write, kind: u8, at: u32, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(|_| bent())?;
    let ([_, length_bytes @ ..], [high, low @ ..]) = (length.to_be_bytes(), at.to_be_bytes());
    let mut all = Vec::with_capacity(body.len() + 15);
    all.push(kind);
    all.extend(length_bytes);
    all.extend(low);
    all.extend([high, 0, 0, 0]);
    all.extend_from_slice(body);
    all.extend((length + 11).to_be_bytes());
    out.write_all(&all)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A message as others send it: on this line, in pieces of so many bytes, a whole header first and none after.
    fn sent(line: u8, kind: u8, at: u32, body: &[u8], piece: usize) -> Vec<u8> {
        let extended = at >= 0x00ff_ffff;
        let field = if extended { 0x00ff_ffff } else { at };
        let mut all = vec![line];
        all.extend(&field.to_be_bytes()[1..]);
        all.extend(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
        all.push(kind);
        all.extend(1_u32.to_le_bytes());
        for (nth, piece) in body.chunks(piece).enumerate() {
            if nth > 0 {
                all.push(0xc0 | line);
            }
            if extended {
                all.extend(at.to_be_bytes());
            }
            all.extend(piece);
        }
        all
    }

    fn said(name: &str, number: f64, more: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        amf::text(&mut body, name);
        amf::number(&mut body, number);
        body.extend(more);
        sent(3, kind::COMMAND, 0, &body, 128)
    }

    /// Up to where pictures may be sent.
    fn beginning(name: &str) -> Vec<u8> {
        let mut publish = vec![amf::NULL];
        amf::text(&mut publish, name);
        amf::text(&mut publish, "live");
        let mut all = vec![3];
        all.extend([7; HANDSHAKE]);
        all.extend([0; HANDSHAKE]);
        all.extend(said("connect", 1.0, &[amf::OBJECT, 0, 0, 9]));
        all.extend(said("createStream", 2.0, &[amf::NULL]));
        all.extend(said("publish", 3.0, &publish));
        all
    }

    fn heard(bytes: &[u8]) -> (Vec<u8>, Vec<u8>, bool) {
        let (mut to, mut out) = (Vec::new(), Vec::new());
        let ended = hear(bytes, &mut to, &mut out).is_ok();
        (to, out, ended)
    }

    #[test]
    fn who_sends_is_answered_and_named_and_its_frames_are_written_down() {
        let frame = vec![9; 5_000];
        let mut all = beginning("key-1?more");
        all.extend(sent(4, kind::PICTURE, 40, &frame, 128));
        all.extend(sent(2, kind::CHUNK_SIZE, 0, &1_000_u32.to_be_bytes(), 128));
        all.extend(sent(4, kind::SOUND, 0x0100_0000, &[8; 1_500], 1_000));
        // The same header again, so much later, and the next after as long.
        all.extend([0x84, 0, 0, 20]);
        all.extend([&[7; 1_000][..], &[0xc4], &[7; 500]].concat());
        let (to, out, ended) = heard(&all);
        assert!(ended);
        assert_eq!(to[0], 3);
        assert_eq!(to[1 + HANDSHAKE..][..HANDSHAKE], [7; HANDSHAKE], "theirs comes back");
        for word in ["NetConnection.Connect.Success", "NetStream.Publish.Start"] {
            assert!(to.windows(word.len()).any(|words| words == word.as_bytes()), "{word}");
        }
        assert_eq!(out[..7], *b"\x05\0key-1");
        let flv = &out[7..];
        assert_eq!(flv[..13], *b"FLV\x01\x05\0\0\0\x09\0\0\0\0");
        assert_eq!(flv[13..24], [9, 0, 0x13, 0x88, 0, 0, 40, 0, 0, 0, 0]);
        let second = &flv[13 + 11 + 5_000 + 4..];
        assert_eq!(second[..11], [8, 0, 5, 0xdc, 0, 0, 0, 1, 0, 0, 0], "later than four hours");
        let third = &second[11 + 1_500 + 4..];
        assert_eq!(third[..11], [8, 0, 5, 0xdc, 0, 0, 20, 1, 0, 0, 0]);
        assert_eq!(third.len(), 11 + 1_500 + 4);
    }

    #[test]
    fn nothing_is_written_down_of_one_without_a_name() {
        let mut all = beginning("");
        all.extend(sent(4, kind::PICTURE, 40, &[9; 100], 128));
        let (_, out, ended) = heard(&all);
        assert!(out.is_empty() && !ended);
        let mut all = beginning("name")[..=2 * HANDSHAKE].to_vec();
        all.extend(sent(4, kind::PICTURE, 40, &[9; 100], 128));
        let (_, out, ended) = heard(&all);
        assert!(out.is_empty() && ended);
        // A message without an end is not waited for with memory.
        let mut all = beginning("name");
        all.extend([4, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0]);
        assert!(!heard(&all).2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(
            bytes in prop::collection::vec(any::<u8>(), 0..600), bent in any::<(prop::sample::Index, u8)>(), cut in any::<prop::sample::Index>(),
        ) {
            heard(&bytes);
            let mut all = beginning("name");
            all.extend(&bytes);
            heard(&all);
            let at = 1 + 2 * HANDSHAKE + bent.0.index(all.len() - 1 - 2 * HANDSHAKE);
            all[at] = bent.1;
            heard(&all[..=cut.index(all.len())]);
        }

        /// However messages are cut into pieces and laid between each other, they come out whole.
        #[test]
        fn messages_come_out_whole(
            bodies in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..700), any::<u32>()), 1..6),
        ) {
            let mut all = Vec::new();
            let mut pieces: Vec<Vec<Vec<u8>>> = Vec::new();
            for (nth, (body, at)) in bodies.iter().enumerate() {
                let line = u8::try_from(nth + 3).unwrap();
                let whole = sent(line, kind::PICTURE, *at, body, 128);
                // Each piece with the byte before it; the first with its header.
                let (more, head) = if *at >= 0x00ff_ffff { (4, 12) } else { (0, 12) };
                let mut cut = vec![whole[..(head + more + body.len().min(128))].to_vec()];
                cut.extend(whole[head + more + body.len().min(128)..].chunks(1 + more + 128).map(<[u8]>::to_vec));
                pieces.push(cut);
            }
            for round in 0..6 {
                for cut in &pieces {
                    all.extend(cut.get(round).into_iter().flatten());
                }
            }
            let mut chunks = Chunks::new(all.as_slice());
            let mut read = Vec::new();
            while let Some(message) = chunks.next().unwrap() {
                read.push(message);
            }
            read.sort_by(|a, b| (a.at, &a.body).cmp(&(b.at, &b.body)));
            let mut expected: Vec<_> =
                bodies.into_iter().map(|(body, at)| Message { kind: kind::PICTURE, at, body }).collect();
            expected.sort_by(|a, b| (a.at, &a.body).cmp(&(b.at, &b.body)));
            prop_assert_eq!(read, expected);
        }
    }
}
