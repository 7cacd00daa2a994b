//! TLS to sources, spoken by the door and not by the child behind it: what reads a stream looks at no certificate of the parts of a
//! playlist, and cannot be told to. So it speaks TLS with the door, whose certificate is made at the start and proves nothing, and the
//! door speaks with the server, whose certificate must be in order.

use std::io;
use std::sync::{Arc, LazyLock};

use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::client;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ServerConfig, crypto};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Both ends of a door.
struct Ends {
    to_child: TlsAcceptor,
    to_server: TlsConnector,
}

static ENDS: LazyLock<Result<Ends, String>> = LazyLock::new(|| ends().map_err(|error| error.to_string()));

fn ends() -> Result<Ends, Box<dyn std::error::Error>> {
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    // Whom this machine trusts.
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let client = client.with_platform_verifier()?.with_no_client_auth();
    let own = rcgen::generate_simple_self_signed(["door".to_owned()])?;
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der())?;
    let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let server = server.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key)?;
    Ok(Ends { to_child: Arc::new(server).into(), to_server: Arc::new(client).into() })
}

fn both() -> io::Result<&'static Ends> {
    ENDS.as_ref().map_err(|error| io::Error::other(error.as_str()))
}

/// Speaks TLS with a server of this name, if its certificate is in order.
pub(super) async fn to_server(host: &str, there: TcpStream) -> io::Result<client::TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
    let name = name.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    both()?.to_server.connect(name, there).await
}

/// Speaks TLS with the child, and passes on what both say.
pub(super) async fn through(child: TcpStream, mut there: client::TlsStream<TcpStream>) -> io::Result<()> {
    let mut child = both()?.to_child.accept(child).await?;
    copy_bidirectional(&mut child, &mut there).await.map(drop)
}
