//! Streams that are sent to us: by RTMP to one port for all, under a name that is the key; by SRT to a port of its own, under a
//! passphrase. Who has no key is cut off, and nothing of what it sends is looked at or kept.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use decode::Publisher;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::store;
use crate::livestream::{BAD_STREAM, Settings};
use crate::refusal::{Kind, Result};
use crate::store::Tx;

/// Streams are not taken in this way.
pub static NOTHING_IS_SENT_HERE: Kind = Kind::new(
    422,
    "push-is-off",
    "This installation takes no streams that are sent to it in this way.",
    "An administrator sets live.rtmp_listen or live.srt_listen; or say where the stream is read.",
);
/// Every port is taken.
pub static NO_PORT: Kind = Kind::new(
    429,
    "no-port-for-stream",
    "Every port at which a stream can be sent is taken by one that runs.",
    "Say when streams are over; an administrator may name more ports in live.srt_listen.",
);

/// How a stream is sent to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StreamPush)]
pub enum Push {
    /// By RTMP.
    Rtmp,
    /// By SRT, encrypted.
    Srt,
}

/// Characters of a key: those of ours have 160 bits.
const KEY: RangeInclusive<usize> = 16..=64;
const OURS: usize = 32;

/// Where streams may be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Doors {
    pub(super) rtmp: Option<SocketAddr>,
    srt: Option<(std::net::IpAddr, RangeInclusive<u16>)>,
    /// By which name we are reached.
    name: String,
}

impl Doors {
    /// Reads what the settings say: `0.0.0.0:1935`, and `0.0.0.0:10080-10179` for one port a stream.
    pub(super) fn read(settings: &Settings) -> std::result::Result<Self, String> {
        let mut doors = Self { name: settings.push_host.trim().to_owned(), ..Self::default() };
        let (rtmp, srt) = (settings.rtmp_listen.trim(), settings.srt_listen.trim());
        if !rtmp.is_empty() {
            let address = rtmp.parse().map_err(|_| format!("live.rtmp_listen: {rtmp:?} is no address with a port"))?;
            doors.rtmp = Some(address);
        }
        if !srt.is_empty() {
            let bad = || {
                format!("live.srt_listen: {srt:?} is no address with a first and a last port, as 0.0.0.0:10080-10179")
            };
            let (first, last) = srt.rsplit_once('-').ok_or_else(bad)?;
            let first: SocketAddr = first.parse().map_err(|_| bad())?;
            let last = last.parse().map_err(|_| bad())?;
            if first.port() == 0 || last < first.port() {
                return Err(bad());
            }
            doors.srt = Some((first.ip(), first.port()..=last));
        }
        let everywhere = |ip: std::net::IpAddr| ip.is_unspecified() && doors.name.is_empty();
        if doors.rtmp.is_some_and(|at| everywhere(at.ip())) || doors.srt.as_ref().is_some_and(|(ip, _)| everywhere(*ip))
        {
            return Err(
                "live.push_host: say by which name or address those who send streams reach this machine".to_owned()
            );
        }
        Ok(doors)
    }

    fn host(&self, ip: std::net::IpAddr) -> String {
        let host = if self.name.is_empty() { ip.to_string() } else { self.name.clone() };
        if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host }
    }
}

/// How a stream comes that is sent to us, as it is written down in place of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Rtmp { key: String },
    Srt { port: u16, key: String },
}

impl Sent {
    pub(super) fn of(source: &str) -> Option<Self> {
        let (way, rest) = source.strip_prefix("push:")?.split_once(':')?;
        match way {
            "rtmp" => Some(Self::Rtmp { key: rest.to_owned() }),
            "srt" => {
                let (port, key) = rest.split_once(':')?;
                Some(Self::Srt { port: port.parse().ok()?, key: key.to_owned() })
            }
            _ => None,
        }
    }

    pub(super) fn written(&self) -> String {
        match self {
            Self::Rtmp { key } => format!("push:rtmp:{key}"),
            Self::Srt { port, key } => format!("push:srt:{port}:{key}"),
        }
    }
}

impl super::Watching {
    /// Makes room for a stream that is sent to us: what is written down in place of an address.
    pub(super) async fn room(&self, tx: &mut Tx, push: Push, key: Option<&str>) -> Result<String> {
        if let Some(key) = key
            && !(KEY.contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)))
        {
            return Err(BAD_STREAM.because("watch.key must have 16 to 64 letters, digits, - and _"));
        }
        let key = key.map_or_else(|| fresh_key(tx), str::to_owned);
        let sent = match (push, &self.doors.srt) {
            (Push::Rtmp, _) if self.doors.rtmp.is_some() => Sent::Rtmp { key },
            (Push::Srt, Some((_, ports))) => {
                let taken = store::pushed(tx).await?;
                let taken: Vec<u16> = taken
                    .iter()
                    .filter_map(|source| match Sent::of(source)? {
                        Sent::Srt { port, .. } => Some(port),
                        Sent::Rtmp { .. } => None,
                    })
                    .collect();
                let port = ports.clone().find(|port| !taken.contains(port)).ok_or(&NO_PORT)?;
                Sent::Srt { port, key }
            }
            _ => return Err((&NOTHING_IS_SENT_HERE).into()),
        };
        let written = sent.written();
        if store::of_source(tx, &written).await?.is_some() {
            return Err(BAD_STREAM.because("watch.key: another stream that runs has it"));
        }
        Ok(written)
    }

    /// Where a stream is to be sent, if it is sent to us. It holds the key: only who told of the stream is to hear it.
    pub fn send_to(&self, source: &str) -> Option<String> {
        match (Sent::of(source)?, self.doors.rtmp, &self.doors.srt) {
            (Sent::Rtmp { key }, Some(at), _) => {
                Some(format!("rtmp://{}:{}/live/{key}", self.doors.host(at.ip()), at.port()))
            }
            (Sent::Srt { port, key }, _, Some((ip, _))) => {
                Some(format!("srt://{}:{port}?passphrase={key}&pbkeylen=32", self.doors.host(*ip)))
            }
            _ => None,
        }
    }

    /// Where and how a stream by SRT is waited for.
    pub(super) fn awaited(&self, port: u16, key: &str) -> Option<decode::Way> {
        let (ip, _) = self.doors.srt.as_ref()?;
        let query = format!("mode=listener&passphrase={key}&pbkeylen=32&enforced_encryption=1");
        Some(decode::Way::Srt { address: SocketAddr::new(*ip, port), query })
    }
}

fn fresh_key(tx: &Tx) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let key: [u8; OURS] = tx.random().bytes();
    key.iter().filter_map(|byte| LETTERS.get(usize::from(byte & 31))).map(|letter| char::from(*letter)).collect()
}

/// One who sends a stream and is let in, until somebody takes what comes.
#[derive(Debug, Default)]
pub(super) struct Entrance {
    came: Mutex<Option<Publisher>>,
    knock: Notify,
}

impl Entrance {
    /// Lets one in; who was let in before and not taken is sent away.
    pub(super) fn let_in(&self, publisher: Publisher) {
        *self.came.lock().unwrap_or_else(PoisonError::into_inner) = Some(publisher);
        self.knock.notify_one();
    }

    fn take(&self) -> Option<Publisher> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Who came last, once somebody has.
    pub(super) async fn next(&self) -> Publisher {
        loop {
            if let Some(publisher) = self.take() {
                return publisher;
            }
            self.knock.notified().await;
        }
    }

    /// Waits until somebody comes. May be given up at any point.
    pub(super) async fn knocked(&self) {
        while self.came.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            self.knock.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(rtmp: &str, srt: &str, name: &str) -> std::result::Result<Doors, String> {
        let mut settings = crate::config::Settings::fresh(std::path::Path::new("/nowhere")).unwrap().live;
        (settings.rtmp_listen, settings.srt_listen, settings.push_host) =
            (rtmp.to_owned(), srt.to_owned(), name.to_owned());
        Doors::read(&settings)
    }

    #[test]
    fn doors_are_read_as_they_are_written() {
        assert_eq!(doors("", "", ""), Ok(Doors::default()));
        assert!(doors("127.0.0.1:1935", "[::1]:10080-10179", "").is_ok());
        assert!(doors("0.0.0.0:1935", "0.0.0.0:10080-10080", "streams.example").is_ok());
        for (rtmp, srt, name) in [
            ("0.0.0.0:1935", "", ""),
            ("", "0.0.0.0:1-2", ""),
            ("1935", "", "x"),
            ("", "0.0.0.0:10080", "x"),
            ("", "0.0.0.0:10080-10", "x"),
            ("", "10080-10179", "x"),
        ] {
            assert!(doors(rtmp, srt, name).is_err(), "{rtmp} {srt}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for sent in [Sent::Rtmp { key: "k".to_owned() }, Sent::Srt { port: 7, key: "a-b".to_owned() }] {
            assert_eq!(Sent::of(&sent.written()), Some(sent));
        }
        for other in ["rtmp://push:rtmp:x/", "push:", "push:srt:x", "push:tcp:1:2", ""] {
            assert_eq!(Sent::of(other), None, "{other}");
        }
    }
}
