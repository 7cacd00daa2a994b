//! A camera, simulated: it answers the few questions of RTSP (RFC 2326) that a viewer asks, on loopback only, and sends the RTP that
//! somebody hands to it in the same connection (10.12). It wants a name and a password (RFC 7617).

use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;

use base64::Engine as _;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Mutex;

/// Longer questions end the conversation.
const LONGEST: u64 = 16 << 10;
/// A datagram of RTP, at most.
const DATAGRAM: usize = 64 << 10;

/// A camera. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Camera {
    description: Arc<str>,
    pictures: Arc<UdpSocket>,
    login: Arc<str>,
}

/// One question of a viewer.
struct Asked {
    method: String,
    address: String,
    headers: Vec<(String, String)>,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

impl Camera {
    /// One that describes itself by this SDP with one picture in it, sends what comes to this socket, and lets in who says this
    /// `name:password`.
    pub fn new(description: &str, pictures: UdpSocket, login: &str) -> Self {
        // What is said of where the RTP goes holds no more: the viewer says so.
        let own = description.lines().filter(|line| !line.starts_with("a=control:") && !line.starts_with("SDP:"));
        let description = own.map(|line| format!("{line}\r\n")).chain(["a=control:picture\r\n".to_owned()]);
        Self { description: description.collect::<String>().into(), pictures: Arc::new(pictures), login: login.into() }
    }

    /// Serves one viewer after the other until the listener fails.
    pub async fn serve(self, listener: TcpListener) -> Result<()> {
        loop {
            let (line, _) = listener.accept().await?;
            // A conversation that breaks off is the viewer's matter.
            drop(self.converse(line).await);
        }
    }

    async fn converse(&self, line: TcpStream) -> Result<()> {
        let (reads, mut writes) = line.into_split();
        let mut reads = BufReader::new(reads);
        loop {
            let asked = ask(&mut reads).await?;
            let (status, more) = self.answer(&asked);
            let head = format!("RTSP/1.0 {status}\r\nCSeq: {}\r\n{more}", asked.header("CSeq"));
            writes.write_all(head.as_bytes()).await?;
            if asked.method == "PLAY" && status.starts_with("200") {
                break;
            }
        }
        let writes = Mutex::new(writes);
        let answers = async {
            loop {
                // Whatever a viewer asks while it is shown something, it is told yes.
                let yes =
                    format!("RTSP/1.0 200 OK\r\nCSeq: {}\r\nSession: 7\r\n\r\n", ask(&mut reads).await?.header("CSeq"));
                writes.lock().await.write_all(yes.as_bytes()).await?;
            }
        };
        let pictures = async {
            let mut datagram = vec![0; DATAGRAM];
            loop {
                let length = self.pictures.recv(&mut datagram).await?;
                let [high, low] = u16::try_from(length).map_err(|_| Error::from(ErrorKind::InvalidData))?.to_be_bytes();
                let framed = [&[b'$', 0, high, low], datagram.get(..length).unwrap_or_default()].concat();
                writes.lock().await.write_all(&framed).await?;
            }
        };
        tokio::select! {
            ended = answers => ended,
            ended = pictures => ended,
        }
    }

    fn answer(&self, asked: &Asked) -> (&'static str, String) {
        let login = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(&*self.login));
        let session = "Session: 7;timeout=60\r\n";
        match asked.method.as_str() {
            "OPTIONS" => ("200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n".to_owned()),
            _ if asked.header("Authorization") != login => {
                ("401 Unauthorized", "WWW-Authenticate: Basic realm=\"camera\"\r\n\r\n".to_owned())
            }
            "DESCRIBE" => {
                let (base, length) = (asked.address.trim_end_matches('/'), self.description.len());
                let head =
                    format!("Content-Type: application/sdp\r\nContent-Base: {base}/\r\nContent-Length: {length}");
                ("200 OK", format!("{head}\r\n\r\n{}", self.description))
            }
            "SETUP" if asked.header("Transport").contains("interleaved=0-1") => {
                ("200 OK", format!("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n{session}\r\n"))
            }
            "SETUP" => ("461 Unsupported Transport", "\r\n".to_owned()),
            "PLAY" | "TEARDOWN" => ("200 OK", format!("{session}\r\n")),
            _ => ("501 Not Implemented", "\r\n".to_owned()),
        }
    }
}

/// The next question; what a viewer says of how it receives comes between two of them, and is passed over.
async fn ask(reads: &mut (impl AsyncBufRead + Unpin)) -> Result<Asked> {
    let mut lines = Vec::<String>::new();
    let mut limited = reads.take(LONGEST);
    loop {
        if lines.is_empty() && limited.fill_buf().await?.first() == Some(&b'$') {
            let mut head = [0; 4];
            limited.read_exact(&mut head).await?;
            let [_, _, high, low] = head;
            let length = u64::from(u16::from_be_bytes([high, low]));
            if tokio::io::copy(&mut (&mut limited).take(length), &mut tokio::io::sink()).await? < length {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            limited.set_limit(LONGEST);
            continue;
        }
        let mut line = String::new();
        if limited.read_line(&mut line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" if lines.is_empty() => {}
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut lines = lines.into_iter();
    let first = lines.next().unwrap_or_default();
    let mut words = first.split(' ').map(str::to_owned);
    let (method, address) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers =
        lines.filter_map(|line| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned())));
    Ok(Asked { method, address, headers: headers.collect() })
}
