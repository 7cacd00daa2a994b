//! A client of one connection that costs the machine little: what is measured is the other side.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use bytes::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::Trouble;

/// No answer of ours is longer.
const MOST_ANSWER: usize = 16 << 20;

/// One open connection.
pub(super) struct Connection {
    send: SendRequest<Body>,
    token: String,
    // Moves the bytes; ends with the connection.
    _wire: JoinSet<()>,
}

fn broken(error: impl std::fmt::Display) -> Trouble {
    Trouble::Said(format!("the service does not answer: {error}"))
}

/// What was sent, in whole.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) path: String,
    pub(super) kind: &'static str,
    /// An `Idempotency-Key`, as a platform would send it.
    pub(super) key: Option<String>,
    pub(super) body: Bytes,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr, token: &str) -> Result<Self, Trouble> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (send, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let mut wire = JoinSet::new();
        wire.spawn(async move {
            // A connection that breaks is noticed by whoever waits for its answer.
            connection.await.ok();
        });
        Ok(Self { send, token: token.to_owned(), _wire: wire })
    }

    async fn call(&mut self, request: Request<Body>) -> Result<(StatusCode, Bytes), Trouble> {
        self.send.ready().await.map_err(broken)?;
        let answer = self.send.send_request(request).await.map_err(broken)?;
        let status = answer.status();
        let body = axum::body::to_bytes(Body::new(answer.into_body()), MOST_ANSWER).await.map_err(broken)?;
        Ok((status, body))
    }

    pub(super) async fn get(&mut self, path: &str) -> Result<StatusCode, Trouble> {
        let request = Request::get(path).header(header::HOST, "localhost").body(Body::empty()).map_err(broken)?;
        Ok(self.call(request).await?.0)
    }

    /// Posts, and reads the answer; one that is no success is the end of the measurement.
    pub(super) async fn post<T: DeserializeOwned>(&mut self, message: Message) -> Result<T, Trouble> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(message.path)
            .header(header::HOST, "localhost")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, message.kind);
        if let Some(key) = message.key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Body::from(message.body)).map_err(broken)?;
        let (status, body) = self.call(request).await?;
        if !status.is_success() {
            let words = String::from_utf8_lossy(&body);
            return Err(Trouble::Said(format!("the service answers {status}: {words}")));
        }
        serde_json::from_slice(&body).map_err(broken)
    }
}
