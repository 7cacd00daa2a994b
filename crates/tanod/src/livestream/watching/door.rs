//! The door between a child that takes a stream and the network: a port of this machine, the only one that the child reaches. Who
//! is behind it is decided here: by name and by address, whatever a playlist says.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::client::TlsStream;

use super::sources::Sources;
use super::tls;

/// Bytes of a question to a proxy.
const MOST_HEAD: usize = 16 << 10;
/// How long a connection may take to come about.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections at once through one door.
const MOST_AT_ONCE: usize = 16;
/// Bytes that are passed on together at most.
const PIECE: usize = 32 << 10;

/// Where a door leads.
#[derive(Clone, Debug)]
pub(super) enum To {
    /// To this host and port, whatever comes.
    One(String, u16),
    /// To whom it is asked for, as a proxy is, where that host was named.
    Asked,
}

/// An open door. It shuts with this, and what went through it ends.
pub(super) struct Door {
    pub(super) port: u16,
    // Dropping it ends them.
    _serving: JoinSet<()>,
}

impl Door {
    pub(super) async fn open(sources: Arc<Sources>, to: To) -> io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut through = JoinSet::new();
            loop {
                tokio::select! {
                    came = listener.accept() => {
                        let Ok((from, _)) = came else { continue };
                        while through.try_join_next().is_some() {}
                        if through.len() < MOST_AT_ONCE {
                            let (sources, to) = (Arc::clone(&sources), to.clone());
                            // What fails here fails there: the child sees its connection end.
                            through.spawn(async move { drop(pass(from, &sources, to).await) });
                        }
                    }
                    Some(_) = through.join_next() => {}
                }
            }
        });
        Ok(Self { port, _serving: serving })
    }
}

async fn pass(mut from: TcpStream, sources: &Sources, to: To) -> io::Result<()> {
    from.set_nodelay(true)?;
    let mut came = Vec::new();
    let (host, port, question) = match to {
        To::One(host, port) => (host, port, None),
        To::Asked => {
            let first = tokio::time::timeout(PATIENCE, head(&mut from, &mut came)).await;
            let first = first.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            let Some(asked) = asked(&first).filter(|asked| sources.names(&asked.host)) else {
                return from.write_all(b"HTTP/1.1 403 Not named in live.sources\r\ncontent-length: 0\r\n\r\n").await;
            };
            (asked.host.clone(), asked.port, Some((asked, first)))
        }
    };
    let connecting = async { TcpStream::connect(sources.find(&host, port).await?).await };
    let there = match tokio::time::timeout(PATIENCE, connecting).await {
        Ok(Ok(there)) => there,
        _ if question.is_some() => {
            return from.write_all(b"HTTP/1.1 502 Not reached\r\ncontent-length: 0\r\n\r\n").await;
        }
        _ => return Err(io::ErrorKind::TimedOut.into()),
    };
    there.set_nodelay(true)?;
    if question.as_ref().is_some_and(|(asked, _)| asked.connect) {
        let Some(there) = trusted(&host, there).await else {
            return from.write_all(b"HTTP/1.1 502 Not trusted\r\ncontent-length: 0\r\n\r\n").await;
        };
        from.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        return tls::through(from, there).await;
    }
    let (mut reads, mut writes) = from.split();
    let there = Rounds::of(there)?;
    let Some((asked, first)) = question else {
        return tokio::select! {
            ended = there.ask(&mut reads) => ended,
            ended = there.bring(&mut writes) => ended,
        };
    };
    let questions = async {
        let mut head_now = first;
        loop {
            there.write(&direct(&asked, &head_now)?).await?;
            head_now = head(&mut reads, &mut came).await?;
        }
    };
    tokio::select! {
        ended = questions => ended,
        ended = there.bring(&mut writes) => ended,
    }
}

/// A server that proves to be who it was asked for; none that does not, or takes too long for it.
async fn trusted(host: &str, there: TcpStream) -> Option<TlsStream<TcpStream>> {
    match tokio::time::timeout(PATIENCE, tls::to_server(host, there)).await {
        Ok(Ok(there)) => Some(there),
        Ok(Err(error)) => {
            tracing::warn!(host, %error, "a source of streams does not prove who it is, and is not read");
            None
        }
        Err(_) => None,
    }
}

/// A connection to a server that is asked in rounds whether something came.
struct Rounds(std::net::TcpStream);

impl Rounds {
    fn of(connection: TcpStream) -> io::Result<Self> {
        connection.into_std().map(Self)
    }

    async fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match (&self.0).read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => decode::next_round().await,
                read => return read,
            }
        }
    }

    async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match (&self.0).write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => decode::next_round().await,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Passes on what the child says.
    async fn ask(&self, from: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
        let mut piece = vec![0; 4 << 10];
        loop {
            let read = from.read(&mut piece).await?;
            if read == 0 {
                return Ok(());
            }
            self.write(piece.get(..read).unwrap_or_default()).await?;
        }
    }

    /// Passes on what the server says.
    async fn bring(&self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        loop {
            let read = self.read(&mut piece).await?;
            if read == 0 {
                return Ok(());
            }
            to.write_all(piece.get(..read).unwrap_or_default()).await?;
        }
    }
}

/// The next question: everything up to an empty line. What has come behind it stays in `came`.
async fn head(from: &mut (impl AsyncRead + Unpin), came: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    loop {
        if let Some(at) = came.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = came.split_off(at + 4);
            return Ok(std::mem::replace(came, rest));
        }
        if came.len() >= MOST_HEAD || from.read_buf(came).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// A question as the server itself is asked it, not a proxy. On one connection only one server is asked.
fn direct(first: &Asked, head: &[u8]) -> io::Result<Vec<u8>> {
    let other = || io::Error::from(io::ErrorKind::InvalidData);
    if asked(head).as_ref() != Some(first) {
        return Err(other());
    }
    let (line, rest) =
        head.iter().position(|byte| *byte == b'\r').and_then(|at| head.split_at_checked(at)).ok_or_else(other)?;
    let line = std::str::from_utf8(line).map_err(|_| other())?;
    let behind = line.split_once("://").map_or("", |(_, behind)| behind);
    // A host without a path is asked for its root.
    let path = match behind.find(['/', ' ']).and_then(|at| behind.split_at_checked(at)) {
        Some((_, path)) if path.starts_with('/') => path.to_owned(),
        Some((_, version)) => format!("/{version}"),
        None => return Err(other()),
    };
    Ok([b"GET ", path.as_bytes(), rest].concat())
}

/// What a proxy is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    host: String,
    port: u16,
    /// For a way through, not for an answer.
    connect: bool,
}

/// Whom the first line asks for. The child that asks has read a stranger's playlist.
fn asked(head: &[u8]) -> Option<Asked> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let connect = method == "CONNECT";
    let address = if connect { format!("http://{target}") } else { target.to_owned() };
    let url = url::Url::parse(&address).ok().filter(|url| url.scheme() == "http" && url.username().is_empty())?;
    if !connect && method != "GET" {
        return None;
    }
    // `Url` leaves the usual port out.
    Some(Asked { host: url.host_str()?.to_owned(), port: url.port().unwrap_or(80), connect })
}

/// What a door is asked for, for fuzzing.
#[doc(hidden)]
pub fn asks(head: &[u8]) {
    if let Some(asked) = asked(head) {
        assert!(!asked.host.is_empty(), "somebody is asked for who has no name");
        if let Ok(direct) = direct(&asked, head) {
            assert!(direct.starts_with(b"GET /"), "a server is asked as a proxy is");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_proxy_is_asked_for_a_host() {
        let ask = |line: &str| asked(format!("{line}\r\nHost: x\r\n\r\n").as_bytes());
        let of = |host: &str, port, connect| Some(Asked { host: host.to_owned(), port, connect });
        assert_eq!(ask("GET http://live.example/x?y HTTP/1.1"), of("live.example", 80, false));
        assert_eq!(ask("GET http://live.example:8080/x HTTP/1.1"), of("live.example", 8080, false));
        assert_eq!(ask("CONNECT live.example:443 HTTP/1.1"), of("live.example", 443, true));
        for line in
            ["GET /x HTTP/1.1", "POST http://live.example/ HTTP/1.1", "GET ftp://live.example/ HTTP/1.1", "", "GET"]
        {
            assert_eq!(ask(line), None, "{line}");
        }
        let first = Asked { host: "live.example".to_owned(), port: 80, connect: false };
        let directly = |line: &str| direct(&first, format!("{line}\r\nHost: x\r\n\r\n").as_bytes()).ok();
        let of = |line: &str| Some(format!("{line}\r\nHost: x\r\n\r\n").into_bytes());
        assert_eq!(directly("GET http://live.example/a/b?c=/d HTTP/1.1"), of("GET /a/b?c=/d HTTP/1.1"));
        assert_eq!(directly("GET http://live.example HTTP/1.1"), of("GET / HTTP/1.1"));
        assert_eq!(directly("GET http://other.example/ HTTP/1.1"), None, "one connection asks one server");
        assert_eq!(ask("GET http://live.example@10.0.0.1/ HTTP/1.1"), None, "a name before the host is no host");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "(GET|CONNECT) \\PC{0,60}") {
            asks(&bytes);
            asks(text.as_bytes());
        }
    }
}
