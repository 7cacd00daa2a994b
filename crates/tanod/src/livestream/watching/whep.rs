//! Streams by WHEP: a server is asked by HTTP, and sends its pictures to a socket of ours that is connected to one address of it.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use decode::{Source, Unscanned};
use exchange::whep;
use url::Url;

use super::sources::{Address, Sources};
use crate::plan::App;
use crate::roles::Tasks;

/// The server does not let us in, or has no such stream.
pub(super) const SOURCE_REFUSES: &str = "source_refuses";
/// The address that is to be called was not named.
pub(super) const NOT_ALLOWED: &str = "source_not_allowed";

/// A session at a server, which is ended with this.
pub(super) struct Session {
    tasks: Tasks,
    session: Option<whep::Session>,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.tasks.spawn(session.end());
        }
    }
}

/// Takes a stream; why it cannot be taken.
pub(super) async fn take(app: &App, sources: &Sources, address: &Address) -> Result<(Source, Session), &'static str> {
    const UNREACHABLE: &str = "unreachable";
    let Address { url, host, port } = address;
    let server = sources.find(host, *port).await.map_err(|_| UNREACHABLE)?;
    let asked = url.as_str().strip_prefix("whep").map(|rest| format!("http{rest}"));
    let asked = asked.and_then(|asked| Url::parse(&asked).ok()).ok_or(UNREACHABLE)?;
    let (socket, local) = towards(server).map_err(|_| UNREACHABLE)?;
    let mut child = app.pool.webrtc(local).map_err(Unscanned::slug)?;
    let offer = child.offer().await.ok_or(Unscanned::DecoderDown.slug())?;
    let (session, answer) = whep::offer(asked, server, offer).await.map_err(|lost| match lost {
        whep::Lost::Refused(_) => SOURCE_REFUSES,
        whep::Lost::Broken(_) | whep::Lost::Unreadable => UNREACHABLE,
    })?;
    let session = Session { tasks: app.tasks.clone(), session: Some(session) };
    let answer = answer.read().await.map_err(|_| UNREACHABLE)?;
    // Its own address, or another that was named: whoever wrote the answer does not decide who is called.
    let own = decode::peer(&answer, |ip| ip.to_canonical() == server.ip().to_canonical());
    let peer = own.or_else(|| decode::peer(&answer, |ip| sources.named(ip) && ip.is_ipv4() == server.is_ipv4()));
    let peer = peer.ok_or(NOT_ALLOWED)?;
    socket.connect(peer).map_err(|_| UNREACHABLE)?;
    Ok((child.answered(&answer, socket).map_err(Unscanned::slug)?, session))
}

/// A socket for datagrams, and its address as that server sees it.
fn towards(server: SocketAddr) -> std::io::Result<(UdpSocket, SocketAddr)> {
    let any: SocketAddr =
        if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any)?;
    // Nothing is sent by it: the system says which of its addresses it would send from.
    socket.connect(server)?;
    let local = socket.local_addr()?;
    Ok((socket, local))
}
