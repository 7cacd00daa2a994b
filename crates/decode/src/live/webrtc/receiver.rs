//! Receives one stream by WebRTC. Nothing here opens, binds or connects.

use std::io::{self, Error, ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::error::RtcError;
use str0m::media::{Direction, Frequency, KeyframeRequestKind, MediaData, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc};

use super::answer::without_addresses;
use super::muxer::Muxer;
use super::{DATAGRAM, Parent};

/// H.264 as it is offered, all with units in fragments: payload type, that of what is sent again, profile and level.
const OFFERED: [(u8, u8, u32); 4] =
    [(108, 109, 0x0042_e01f), (127, 121, 0x0042_001f), (123, 119, 0x004d_001f), (114, 115, 0x0064_001f)];
/// What arrives is waited for so long at once; the clock of the connection goes by this.
pub(super) const TICK: Duration = Duration::from_millis(10);
/// A connection stands after this time, or not at all.
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);
/// Without a frame for this time, a stream is over.
const SILENT: Duration = Duration::from_secs(8);
/// A key frame that is missing is asked for so often at most.
const ASKS_EVERY: Duration = Duration::from_secs(1);
/// And one is wanted at the latest so long after the one before: by WebRTC none comes that nobody asked for, economical is who looks at
/// key frames alone, and what is kept begins with one.
const GROUP: Duration = Duration::from_secs(3);
/// The first frame is shown at this time, in 90 kHz, so that none before it has a negative one.
const BEGINS: u64 = 90_000;

/// No frame is shown by so much later than the one before, in 90 kHz: no stream is silent for so long.
const LEAP: u64 = 10 * 90_000;

/// An offer to receive a picture, which waits for its answer.
pub(super) struct Offered {
    rtc: Rtc,
    pending: SdpPendingOffer,
    picture: Mid,
    local: SocketAddr,
}

impl Offered {
    /// Makes an offer for a socket that is bound to `local`, which is no wildcard.
    pub(super) fn make(local: SocketAddr, now: Instant) -> io::Result<(Self, String)> {
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        let mut config = Rtc::builder().set_crypto_provider(crypto).clear_codecs();
        for (kind, again, profile) in OFFERED {
            config.codec_config().add_h264(kind.into(), Some(again.into()), true, profile);
        }
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(local, Protocol::Udp).map_err(Error::other)?);
        let mut change = rtc.sdp_api();
        let picture = change.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        let (offer, pending) = change.apply().ok_or(ErrorKind::InvalidInput)?;
        let offer = offer.to_sdp_string();
        Ok((Self { rtc, pending, picture, local }, offer))
    }

    /// Takes the answer, and the server's address out of it to which the socket is connected by now.
    pub(super) fn answered(mut self, answer: &str, peer: SocketAddr, now: Instant) -> io::Result<Receiver> {
        let answer = SdpAnswer::from_sdp_string(&without_addresses(answer)).map_err(Error::other)?;
        self.rtc.sdp_api().accept_answer(self.pending, answer).map_err(Error::other)?;
        let picture = self.rtc.media(self.picture);
        if !picture.is_some_and(|picture| picture.direction().is_receiving() && !picture.disabled()) {
            return Err(ErrorKind::Unsupported.into());
        }
        self.rtc.add_remote_candidate(Candidate::host(peer, Protocol::Udp).map_err(Error::other)?);
        Ok(Receiver {
            rtc: self.rtc,
            picture: self.picture,
            local: self.local,
            peer,
            connected: false,
            until: now + CONNECTS_WITHIN,
            last: None,
            lost: true,
            key: None,
            asked: None,
            muxer: Muxer::default(),
            written: Vec::new(),
        })
    }
}

/// A stream that is received.
pub(super) struct Receiver {
    rtc: Rtc,
    picture: Mid,
    local: SocketAddr,
    peer: SocketAddr,
    connected: bool,
    /// Something is heard until then, or it is over.
    until: Instant,
    /// The last frame that was written down.
    last: Option<Shown>,
    /// Whether a key frame is waited for: none came yet, or something was lost since. What leans on it is a guess, and nothing that was seen.
    lost: bool,
    /// When the last one came, and when one was asked for.
    key: Option<Instant>,
    asked: Option<Instant>,
    muxer: Muxer,
    written: Vec<u8>,
}

impl Receiver {
    /// Receives, and writes down what comes as a transport stream, until it ends: the server closed it, or nothing came for long.
    pub(super) fn run(mut self, parent: &Parent, out: &mut impl Write) -> io::Result<()> {
        let mut buffer = [0; DATAGRAM];
        while self.turn(parent, out)? {
            let received = parent.hear(&mut buffer)?;
            let now = Instant::now();
            // What is no datagram of WebRTC is as if it had not come.
            let received = received.and_then(|bytes| Receive::new(Protocol::Udp, self.peer, self.local, bytes).ok());
            let input = received.map_or(Input::Timeout(now), |received| Input::Receive(now, received));
            self.rtc.handle_input(input).map_err(Error::other)?;
            if !self.turn(parent, out)? || now >= self.until {
                break;
            }
            self.ask(now);
        }
        Ok(())
    }

    /// Does what the connection wants done, to the end: it must not be told anything before. False when it is over.
    fn turn(&mut self, parent: &Parent, out: &mut impl Write) -> io::Result<bool> {
        loop {
            let output = match self.rtc.poll_output() {
                Ok(output) => output,
                // What somebody sends who is passed on by the server ends no connection with the server.
                Err(RtcError::Packet(..)) => {
                    self.lost = true;
                    continue;
                }
                Err(error) => return Err(Error::other(error)),
            };
            match output {
                Output::Timeout(_) => return Ok(self.rtc.is_alive()),
                Output::Transmit(datagram) => parent.say(&datagram.contents)?,
                Output::Event(Event::Connected) => {
                    self.connected = true;
                    self.until = Instant::now() + SILENT;
                }
                // The server no longer says that it wants to send (RFC 7675).
                Output::Event(Event::IceConnectionStateChange(IceConnectionState::Disconnected) | Event::Closed) => {
                    return Ok(false);
                }
                Output::Event(Event::MediaData(frame)) if frame.mid == self.picture => {
                    self.until = Instant::now() + SILENT;
                    self.frame(&frame, out)?;
                }
                Output::Event(_) => {}
            }
        }
    }

    fn frame(&mut self, frame: &MediaData, out: &mut impl Write) -> io::Result<()> {
        let key = frame.is_keyframe();
        if key {
            self.key = Some(frame.network_time);
        }
        self.lost = !key && (self.lost || !frame.contiguous);
        if self.lost {
            return Ok(());
        }
        let shown =
            Shown::behind(self.last.as_ref(), frame.time.rebase(Frequency::NINETY_KHZ).numer(), frame.network_time);
        self.written.clear();
        self.muxer.frame(&frame.data, shown.time, key, &mut self.written);
        self.last = Some(shown);
        out.write_all(&self.written)?;
        // Its last bytes are not kept for the next one.
        out.flush()
    }

    /// Asks for a key frame when it is time. Before the first packet nobody is known who could be asked.
    fn ask(&mut self, now: Instant) {
        let over = |since: Option<Instant>, time| since.is_none_or(|since| now >= since + time);
        let wanted = self.lost || over(self.key, GROUP);
        if self.connected
            && wanted
            && over(self.asked, ASKS_EVERY)
            && let Some(mut writer) = self.rtc.writer(self.picture)
            && writer.request_keyframe(None, KeyframeRequestKind::Pli).is_ok()
        {
            self.asked = Some(now);
        }
    }
}

/// When a frame is shown.
struct Shown {
    /// As its server counts, in 90 kHz.
    said: u64,
    /// As it is written down.
    time: u64,
    arrived: Instant,
}

impl Shown {
    /// Behind the one before as its server says; where that goes back, or far ahead, the server counts anew, and it is behind
    /// by as much as it arrived later.
    fn behind(last: Option<&Self>, said: u64, arrived: Instant) -> Self {
        let time = last.map_or(BEGINS, |last| {
            let waited = arrived.saturating_duration_since(last.arrived).as_micros() * 9 / 100;
            let waited = u64::try_from(waited).unwrap_or(LEAP).clamp(1, LEAP);
            let step = said.wrapping_sub(last.said);
            last.time + if (1..LEAP).contains(&step) { step } else { waited }
        });
        Self { said, time, arrived }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_on_where_a_server_counts_anew() {
        let began = Instant::now();
        let at = |milliseconds| began + Duration::from_millis(milliseconds);
        let first = Shown::behind(None, 5_000_000, at(0));
        let second = Shown::behind(Some(&first), 5_003_600, at(39));
        let anew = Shown::behind(Some(&second), 0, at(79));
        let ahead = Shown::behind(Some(&anew), u64::MAX, at(179));
        assert_eq!([first.time, second.time, anew.time, ahead.time], [90_000, 93_600, 97_200, 106_200]);
    }

    #[test]
    fn an_answer_that_does_not_fit_is_refused() {
        for answer in ["", "v=0\r\n", "nonsense", "v=0\r\na=setup:active\r\na=fingerprint:sha-256 0\r\n"] {
            let local = "192.0.2.1:4000".parse().unwrap();
            let (offered, offer) = Offered::make(local, Instant::now()).unwrap();
            assert!(offer.contains("a=recvonly") && offer.contains("192.0.2.1 4000 typ host"));
            assert!(offered.answered(answer, "192.0.2.2:5000".parse().unwrap(), Instant::now()).is_err(), "{answer}");
        }
        assert!(Offered::make("0.0.0.0:4000".parse().unwrap(), Instant::now()).is_err());
    }
}
