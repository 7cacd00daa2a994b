//! Standard Webhooks, the sending side: a body is signed with a shared secret and posted to an address; what came back decides
//! whether it is sent again. <https://www.standardwebhooks.com>

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use zeroize::Zeroizing;

/// How long an endpoint may take, usually.
pub const TIME: Duration = Duration::from_secs(15);
/// So much of an answer is read, and no more is ever kept.
pub const MOST_ANSWER: usize = 1_024;
/// Secrets of fewer bytes are refused; the specification asks for 24 to 64.
const LEAST_SECRET: usize = 24;

/// A shared secret: `whsec_` and base64. Never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A secret that is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// Not `whsec_` and base64.
    #[error("it is not `whsec_` and base64")]
    Form,
    /// Too easy to guess.
    #[error("it decodes to fewer than 24 bytes")]
    Short,
}

impl Secret {
    /// Reads a secret as it stands in the settings.
    pub fn parse(text: &str) -> Result<Self, BadSecret> {
        let coded = text.strip_prefix("whsec_").ok_or(BadSecret::Form)?;
        let bytes = Zeroizing::new(STANDARD.decode(coded).map_err(|_| BadSecret::Form)?);
        if bytes.len() < LEAST_SECRET { Err(BadSecret::Short) } else { Ok(Self(bytes)) }
    }

    /// The value of `webhook-signature`: over id, time in seconds and body.
    pub fn sign(&self, id: &str, at: Timestamp, body: &str) -> String {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        for part in [id, ".", &at.as_second().to_string(), ".", body] {
            context.update(part.as_bytes());
        }
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

/// What a receiver may check a message with: the secret of today, and for a while the one before it, so that a receiver changes
/// at its own time and no message is refused meanwhile.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Signs always.
    pub now: Secret,
    /// Signs as well before this time.
    pub before: Option<(Secret, Timestamp)>,
}

impl Secrets {
    /// The value of `webhook-signature`: one signature for each secret that counts at that time, the newest first.
    pub fn sign(&self, id: &str, at: Timestamp, body: &str) -> String {
        let new = self.now.sign(id, at, body);
        match &self.before {
            Some((old, until)) if at < *until => format!("{new} {}", old.sign(id, at, body)),
            _ => new,
        }
    }
}

/// What an endpoint answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The beginning of the body, as text: at most [`MOST_ANSWER`] bytes.
    pub said: String,
}

/// No answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// It did not answer in time.
    #[error("no answer in time")]
    TimeOut,
    /// It could not be reached, or the line broke.
    #[error("{0}")]
    Broken(String),
}

/// Posts webhooks. It follows no redirect: no address is called but the one that was configured.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    time: Duration,
}

impl Client {
    /// A client on top of the one kind of HTTP client there is, that waits so long for an answer.
    pub fn new(http: reqwest::Client, time: Duration) -> Self {
        Self { http, time }
    }

    /// Posts one body. The same `id` again is the same message again, and a receiver may drop it.
    pub async fn post(
        &self,
        url: &str,
        secrets: &Secrets,
        id: &str,
        at: Timestamp,
        body: String,
    ) -> Result<Answer, Lost> {
        let signature = secrets.sign(id, at, &body);
        let request = self
            .http
            .post(url)
            .timeout(self.time)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at.as_second().to_string())
            .header("webhook-signature", signature)
            .body(body);
        let mut response = request.send().await.map_err(lost)?;
        let status = response.status().as_u16();
        let mut said = Vec::new();
        // The status decides; a body that breaks off or never ends changes nothing.
        while said.len() < MOST_ANSWER
            && let Ok(Some(piece)) = response.chunk().await
        {
            said.extend(piece.iter().take(MOST_ANSWER - said.len()));
        }
        Ok(Answer { status, said: String::from_utf8_lossy(&said).into_owned() })
    }

    /// Calls an address that only wants to be called, such as an outside watcher's.
    pub async fn knock(&self, url: &str) -> Result<(), Lost> {
        let answer = self.http.get(url).timeout(self.time).send().await.map_err(lost)?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(Lost::Broken(format!("it answered {}", answer.status())))
        }
    }
}

/// What went wrong, without the address: it may hold a secret of its own.
fn lost(error: reqwest::Error) -> Lost {
    if error.is_timeout() {
        return Lost::TimeOut;
    }
    Lost::Broken(crate::http::words(&error.without_url()))
}

/// An address that may be called: HTTPS, or plain HTTP to this machine. No name or password in it.
pub fn may_call(address: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(address) else { return false };
    let host = url.host_str().unwrap_or_default();
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost" || inner.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let plain = url.username().is_empty() && url.password().is_none() && !host.is_empty();
    plain && (url.scheme() == "https" || (url.scheme() == "http" && loopback))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn the_specifications_example_is_signed_as_it_says() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn a_secret_is_marked_and_long_enough() {
        assert_eq!(Secret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").err(), Some(BadSecret::Form));
        assert_eq!(Secret::parse("whsec_?").err(), Some(BadSecret::Form));
        assert_eq!(Secret::parse("whsec_c2hvcnQ=").err(), Some(BadSecret::Short));
        assert_eq!(Secret::parse("").err(), Some(BadSecret::Form));
    }

    #[test]
    fn the_secret_before_signs_as_well_until_its_time_is_over() {
        let secret = |byte: u8| Secret::parse(&format!("whsec_{}", STANDARD.encode([byte; 32]))).unwrap();
        let until = Timestamp::from_second(2_000).unwrap();
        let both = Secrets { now: secret(1), before: Some((secret(2), until)) };
        let of = |second| both.sign("id", Timestamp::from_second(second).unwrap(), "body");
        let alone = |byte, second| secret(byte).sign("id", Timestamp::from_second(second).unwrap(), "body");
        assert_eq!(of(1_999), format!("{} {}", alone(1, 1_999), alone(2, 1_999)));
        assert_eq!(of(2_000), alone(1, 2_000));
        assert_eq!(Secrets { now: secret(1), before: None }.sign("id", until, "body"), alone(1, 2_000));
    }

    #[test]
    fn only_https_or_this_machine_is_called() {
        for good in ["https://platform.example/in", "http://127.0.0.1:8080/x", "http://[::1]:1/", "http://localhost/x"]
        {
            assert!(may_call(good), "{good}");
        }
        for bad in [
            "http://platform.example/in",
            "http://127.0.0.1.platform.example/",
            "ftp://127.0.0.1/",
            "https://user:word@platform.example/",
            "https://",
            "file:///x",
            "platform.example",
            "",
        ] {
            assert!(!may_call(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn another_id_time_body_or_secret_has_another_signature(
            id in "[a-z0-9_]{1,40}", second in 0_i64..4_000_000_000, body in ".{0,200}", key in proptest::collection::vec(any::<u8>(), 24..64),
        ) {
            let secret = Secret::parse(&format!("whsec_{}", STANDARD.encode(&key))).unwrap();
            let at = Timestamp::from_second(second).unwrap();
            let signature = secret.sign(&id, at, &body);
            prop_assert_eq!(&secret.sign(&id, at, &body), &signature);
            prop_assert_ne!(&secret.sign(&format!("{id}x"), at, &body), &signature);
            prop_assert_ne!(&secret.sign(&id, Timestamp::from_second(second + 1).unwrap(), &body), &signature);
            prop_assert_ne!(&secret.sign(&id, at, &format!("{body}x")), &signature);
            let mut other = key;
            other[0] ^= 1;
            let other = Secret::parse(&format!("whsec_{}", STANDARD.encode(&other))).unwrap();
            prop_assert_ne!(&other.sign(&id, at, &body), &signature);
        }
    }
}
