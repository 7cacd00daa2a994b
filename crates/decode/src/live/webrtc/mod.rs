//! A stream by WebRTC. A child makes the offer and does everything that is said and sent after the answer: ICE, DTLS, SRTP, gathering
//! packets into frames. It has no network: a datagram goes to the parent, which passes it on to the one address that was chosen, and
//! brings what that one sends. The parent reads nothing of it.

mod answer;
mod muxer;
mod receiver;

use std::io::{self, Write};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::Stdio;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair, sockopt};
use tokio::process::Child;

use super::{FOR_WEBRTC, Source, Starter, next_round};
use crate::{Unscanned, confine};
pub use answer::peer;
use receiver::{Offered, TICK};

/// No datagram of WebRTC is longer.
const DATAGRAM: usize = 2_048;
/// Nor is an offer or an answer.
const SESSION: usize = 64 << 10;
/// So many datagrams are passed on at once, so that a flood is no reason to do nothing else.
const AT_ONCE: usize = 1_000;
/// Bytes that wait in a socket until the next round, where the system allows so many.
const WAITING: usize = 1 << 20;

/// A child that has an offer to receive a picture, and waits for the answer. It ends with this.
#[derive(Debug)]
pub struct WebRtc {
    child: Child,
    line: OwnedFd,
}

impl Starter<'_> {
    pub(crate) fn webrtc(&self, local: SocketAddr) -> Result<WebRtc, Unscanned> {
        // Datagrams stay whole, and their end is seen.
        let flags = SocketFlags::CLOEXEC;
        let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None);
        let (line, theirs) = pair.map_err(|_| Unscanned::DecoderDown)?;
        rustix::io::ioctl_fionbio(&line, true).map_err(|_| Unscanned::DecoderDown)?;
        sockopt::set_socket_send_buffer_size(&line, WAITING).ok();
        let words = [FOR_WEBRTC.to_owned(), local.to_string(), self.limits.max_memory_bytes.to_string()];
        let child = self.start(&words, Stdio::from(theirs))?;
        Ok(WebRtc { child, line })
    }
}

impl WebRtc {
    /// What it offers, as SDP; none when it is gone. To be asked once.
    pub async fn offer(&mut self) -> Option<String> {
        let mut offer = vec![0; SESSION];
        loop {
            match rustix::io::read(&self.line, &mut offer) {
                Ok(0) => return None,
                Ok(length) => {
                    offer.truncate(length);
                    return String::from_utf8(offer).ok();
                }
                Err(Errno::AGAIN | Errno::INTR) => next_round().await,
                Err(_) => return None,
            }
        }
    }

    /// Begins to receive what comes of this answer, by a socket that is connected to the server's address: see [`peer`]. Datagrams
    /// pass whenever the source is asked for what came.
    pub fn answered(self, answer: &str, server: UdpSocket) -> Result<Source, Unscanned> {
        let begin = || {
            server.set_nonblocking(true)?;
            // Where the system does not allow as much, a datagram that is lost is asked for again.
            sockopt::set_socket_recv_buffer_size(&server, WAITING).ok();
            let said = format!("{}\n{answer}", server.peer_addr()?);
            rustix::io::write(&self.line, said.as_bytes())?;
            Ok::<_, io::Error>(())
        };
        begin().map_err(|_| Unscanned::DecoderDown)?;
        Source::of(self.child, None, Some(Line { child: self.line, server }))
    }
}

/// Between a child and the server that sends to it.
#[derive(Debug)]
pub(super) struct Line {
    child: OwnedFd,
    server: UdpSocket,
}

impl Line {
    /// Passes on what came by now in both directions. What a child has no room for waits where it came.
    pub(super) fn pass(&self) {
        let mut datagram = [0; DATAGRAM];
        for _ in 0..AT_ONCE {
            let Ok(length) = self.server.recv(&mut datagram) else { break };
            // An empty one would say that this is the end.
            if length > 0 && rustix::io::write(&self.child, datagram.get(..length).unwrap_or_default()).is_err() {
                break;
            }
        }
        for _ in 0..AT_ONCE {
            let Ok(length @ 1..) = rustix::io::read(&self.child, &mut datagram) else { break };
            self.server.send(datagram.get(..length).unwrap_or_default()).ok();
        }
    }
}

/// The other end of it, in the child.
struct Parent(OwnedFd);

impl Parent {
    fn say(&self, datagram: &[u8]) -> io::Result<()> {
        match rustix::io::write(&self.0, datagram) {
            Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The next datagram; none when it did not come in time.
    fn hear<'a>(&self, into: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        match rustix::io::read(&self.0, &mut *into) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => Ok(into.get(..length)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Offers to receive a picture at this address, and writes down what comes of the answer as a transport stream.
pub(crate) fn receive(local: SocketAddr, max_memory: u64, output: &mut impl Write) -> io::Result<()> {
    let parent = Parent(io::stdin().as_fd().try_clone_to_owned()?);
    sockopt::set_socket_timeout(&parent.0, sockopt::Timeout::Recv, Some(TICK))?;
    // A key is made for it, for which the system is asked; nothing foreign was read by then.
    let (offered, offer) = Offered::make(local, Instant::now())?;
    confine::confine(max_memory);
    parent.say(offer.as_bytes())?;
    let mut answer = vec![0; SESSION];
    let answer = loop {
        if let Some(answer) = parent.hear(&mut answer)? {
            break answer.to_vec();
        }
    };
    let answer = String::from_utf8(answer).map_err(io::Error::other)?;
    let (server, answer) = answer.split_once('\n').ok_or(io::ErrorKind::InvalidData)?;
    let server = server.parse().map_err(io::Error::other)?;
    offered.answered(answer, server, Instant::now())?.run(&parent, output)
}
