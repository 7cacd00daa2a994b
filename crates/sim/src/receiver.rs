//! A platform's endpoint for Standard Webhooks, simulated: it checks each signature by its own code, keeps what came, and
//! misbehaves on demand. <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::ncmec::Clock;

/// How far a message's time may be from the receiver's, in seconds: the specification's example.
const TOLERANCE: i64 = 300;

/// What the endpoint does with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// Answers 204.
    Take,
    /// Answers this status, with a body.
    Answer(u16),
    /// Waits so long, then takes it.
    Slow(Duration),
    /// Sends the caller elsewhere.
    Redirect(String),
    /// Takes it, and follows the link that stands in `data.acknowledge`.
    Acknowledge,
}

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, in seconds.
    pub at: i64,
    /// Whether one of the signatures is right, and the time is near the receiver's.
    pub genuine: bool,
    /// Whether the same id had been taken before.
    pub again: bool,
    /// What it says.
    pub body: serde_json::Value,
}

/// An endpoint. Clones are the same one.
#[derive(Clone)]
pub struct Receiver(Arc<Inner>);

struct Inner {
    clock: Clock,
    state: Mutex<Kept>,
}

struct Kept {
    secret: Vec<u8>,
    received: Vec<Received>,
    taken: HashSet<String>,
    next: VecDeque<How>,
    always: How,
}

impl Receiver {
    /// An endpoint with this secret (`whsec_…`); none when the secret is no secret.
    pub fn new(secret: &str, clock: Clock) -> Option<Self> {
        let secret = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
        let kept =
            Kept { secret, received: Vec::new(), taken: HashSet::new(), next: VecDeque::new(), always: How::Take };
        Some(Self(Arc::new(Inner { clock, state: Mutex::new(kept) })))
    }

    /// Serves until the listener fails.
    pub async fn serve(self, listener: tokio::net::TcpListener) -> std::io::Result<()> {
        axum::serve(listener, Router::new().fallback(take).with_state(self)).await
    }

    /// From now on it checks with this secret alone; what is no secret changes nothing.
    pub fn learn(&self, secret: &str) {
        if let Some(secret) = secret.strip_prefix("whsec_").and_then(|coded| STANDARD.decode(coded).ok()) {
            self.kept().secret = secret;
        }
    }

    /// What came, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.kept().received.clone()
    }

    /// The same without the first so many.
    pub fn received_since(&self, known: usize) -> Vec<Received> {
        self.kept().received.get(known..).unwrap_or_default().to_vec()
    }

    /// What to do with the next message; several calls queue up.
    pub fn next(&self, how: How) {
        self.kept().next.push_back(how);
    }

    /// What to do with every message for which nothing else was said.
    pub fn always(&self, how: How) {
        self.kept().always = how;
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, headers: &HeaderMap, body: &[u8]) -> (Received, How) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let (id, time) = (text("webhook-id"), text("webhook-timestamp"));
        let at: i64 = time.parse().unwrap_or_default();
        let near = ((self.0.clock)().as_second() - at).abs() <= TOLERANCE;
        let mut kept = self.kept();
        let signed = signs(&kept.secret, &id, &time, body, &text("webhook-signature"));
        let how = kept.next.pop_front().unwrap_or_else(|| kept.always.clone());
        let again = kept.taken.contains(&id);
        if matches!(how, How::Take | How::Acknowledge | How::Slow(_)) {
            kept.taken.insert(id.clone());
        }
        let body = serde_json::from_slice(body).unwrap_or_default();
        let received = Received { id, at, genuine: signed && near, again, body };
        kept.received.push(received.clone());
        (received, how)
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let (message, how) = receiver.keep(&headers, &body);
    if !message.genuine {
        return (StatusCode::UNAUTHORIZED, "the signature is not right").into_response();
    }
    match how {
        How::Take => StatusCode::NO_CONTENT.into_response(),
        How::Answer(status) => {
            (StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT), "as asked\n".repeat(500)).into_response()
        }
        How::Slow(time) => {
            tokio::time::sleep(time).await;
            StatusCode::NO_CONTENT.into_response()
        }
        How::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        How::Acknowledge => {
            let link = message.body.pointer("/data/acknowledge").and_then(|link| link.as_str()).unwrap_or_default();
            match press(link).await {
                Ok(()) => StatusCode::NO_CONTENT.into_response(),
                Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
            }
        }
    }
}

/// Presses the one button behind a link, as a browser would.
async fn press(link: &str) -> std::io::Result<()> {
    let rest = link.strip_prefix("http://").unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or_default();
    let mut stream = tokio::net::TcpStream::connect(host).await?;
    let request = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\nsec-fetch-site: same-origin\r\n\
         content-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let pressed = answer.starts_with("HTTP/1.1 303");
    if pressed { Ok(()) } else { Err(std::io::Error::other(answer.lines().next().unwrap_or_default().to_owned())) }
}

/// Whether one of the signatures in the header is right: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.
pub fn signs(secret: &[u8], id: &str, timestamp: &str, body: &[u8], header: &str) -> bool {
    let mut signed = format!("{id}.{timestamp}.").into_bytes();
    signed.extend_from_slice(body);
    let right = hmac(secret, &signed);
    let mut versions = header.split(' ').filter_map(|one| one.strip_prefix("v1,"));
    versions.any(|coded| STANDARD.decode(coded).is_ok_and(|given| given == right))
}

/// HMAC-SHA256 (RFC 2104), spelt out: the sender's own code is not asked.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block.iter_mut().zip(Sha256::digest(key)).for_each(|(to, byte)| *to = byte);
    } else {
        block.iter_mut().zip(key).for_each(|(to, byte)| *to = *byte);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, cases 1, 2 and 6 (a key longer than a block).
    #[test]
    fn the_published_cases_of_hmac() {
        let cases: [(Vec<u8>, &[u8], &str); 3] = [
            (vec![0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, text, expected) in cases {
            assert_eq!(hex::encode(hmac(&key, text)), expected);
        }
    }

    #[test]
    fn the_specifications_example_verifies_and_a_changed_one_does_not() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let header = "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,x";
        assert!(signs(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body, header));
        assert!(!signs(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265331", body, header));
        assert!(!signs(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b"{}", header));
        assert!(!signs(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body, ""));
    }
}
