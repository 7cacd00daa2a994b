//! A simulator of a provider of identity, written from the texts of OpenID Connect and of JOSE alone: it knows one client, signs anybody
//! in whom it is told to, and says of them what it should, or what it should not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64URL};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What is wrong with what it says, until told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bend {
    /// Nothing.
    Straight,
    /// The nonce of another attempt.
    Nonce,
    /// A token for another program.
    Audience,
    /// A token for several, without who asked for it.
    Several,
    /// A token that has run out.
    Expired,
    /// A token of the future.
    Future,
    /// A token of another issuer.
    Issuer,
    /// Not signed.
    Unsigned,
    /// Signed with the public key as if it were a shared secret.
    Shared,
    /// Signed by a key that it does not publish.
    OtherKey,
    /// Nobody.
    Nobody,
    /// It does not say when somebody proved who they are.
    Silent,
    /// Another issuer in what it says of itself.
    Impostor,
    /// A token endpoint at another host.
    Elsewhere,
    /// Not up.
    Down,
    /// No JSON.
    Garbage,
}

/// Who signs in.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// As it calls them.
    pub subject: String,
    /// How they proved it.
    pub methods: Vec<String>,
    /// Their address, and whether it is known to be theirs.
    pub email: Option<(String, bool)>,
    /// The groups that they are in, where it says so.
    pub groups: Option<Vec<String>>,
}

struct Attempt {
    subject: Subject,
    fields: HashMap<String, String>,
}

struct Inner {
    issuer: String,
    client: (String, String),
    key: EcdsaKeyPair,
    other: EcdsaKeyPair,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    bend: Mutex<Bend>,
    attempts: Mutex<HashMap<String, Attempt>>,
}

/// The simulator. Cheap to clone.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

/// The fields of a form or a query.
fn fields(text: &str) -> HashMap<String, String> {
    let decoded = |text: &str| {
        let mut out = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            out.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let pair = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
                    hex::decode(pair).ok().and_then(|byte| byte.first().copied()).unwrap_or(b'?')
                }
                other => other,
            });
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

/// Says something else in the place of what was said.
fn set(said: &mut Value, name: &str, value: Value) {
    if let Some(said) = said.as_object_mut() {
        said.insert(name.to_owned(), value);
    }
}

impl Provider {
    /// A provider at this address, which knows one client and its secret.
    pub fn new(
        issuer: &str,
        client: (&str, &str),
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Option<Self> {
        let key = || EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok();
        Some(Self(Arc::new(Inner {
            issuer: issuer.to_owned(),
            client: (client.0.to_owned(), client.1.to_owned()),
            key: key()?,
            other: key()?,
            now: Box::new(now),
            bend: Mutex::new(Bend::Straight),
            attempts: Mutex::default(),
        })))
    }

    /// From now on it behaves so.
    pub fn set(&self, bend: Bend) {
        *self.0.bend.lock().unwrap_or_else(PoisonError::into_inner) = bend;
    }

    fn bend(&self) -> Bend {
        *self.0.bend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody who was sent here signs in; answers where they are sent back to. Nothing, where the client asks for what it may not.
    pub fn signs_in(&self, address: &str, subject: &Subject) -> Option<String> {
        let asked = fields(address.split_once('?')?.1);
        let says = |name: &str| asked.get(name).map(String::as_str);
        let known = says("client_id") == Some(&self.0.client.0)
            && says("response_type") == Some("code")
            && says("code_challenge_method") == Some("S256")
            && says("scope").is_some_and(|scope| scope.split(' ').any(|word| word == "openid"));
        let (back, state) = (says("redirect_uri")?.to_owned(), says("state")?.to_owned());
        let mut attempts = self.0.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let code = format!("code-{}", attempts.len() + 1);
        attempts.insert(code.clone(), Attempt { subject: subject.clone(), fields: asked });
        known.then(|| format!("{back}?code={code}&state={state}"))
    }

    fn token(&self, attempt: &Attempt) -> String {
        let (inner, bend) = (&*self.0, self.bend());
        let now = (inner.now)().as_second();
        let asked = |name: &str| attempt.fields.get(name).cloned().unwrap_or_default();
        let mut claims = json!({
            "iss": inner.issuer, "sub": attempt.subject.subject, "aud": inner.client.0, "iat": now, "exp": now + 300,
            "nonce": asked("nonce"), "auth_time": now, "amr": attempt.subject.methods,
        });
        if let Some((email, verified)) = &attempt.subject.email {
            set(&mut claims, "email", json!(email));
            set(&mut claims, "email_verified", json!(verified));
        }
        if let Some(groups) = &attempt.subject.groups {
            set(&mut claims, "groups", json!(groups));
        }
        match bend {
            Bend::Nonce => set(&mut claims, "nonce", json!("another")),
            Bend::Audience => set(&mut claims, "aud", json!(["another"])),
            Bend::Several => set(&mut claims, "aud", json!([inner.client.0, "another"])),
            Bend::Expired => set(&mut claims, "exp", json!(now - 600)),
            Bend::Future => set(&mut claims, "iat", json!(now + 600)),
            Bend::Issuer => set(&mut claims, "iss", json!("https://elsewhere.example")),
            Bend::Nobody => set(&mut claims, "sub", json!("")),
            Bend::Silent => set(&mut claims, "auth_time", Value::Null),
            _ => {}
        }
        let algorithm = match bend {
            Bend::Unsigned => "none",
            Bend::Shared => "HS256",
            _ => "ES256",
        };
        let header = json!({"alg": algorithm, "kid": "k1", "typ": "JWT"});
        let signed = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
        let by = |key: &EcdsaKeyPair| {
            let signature = key.sign(&SystemRandom::new(), signed.as_bytes());
            signature.map(|signature| BASE64URL.encode(signature)).unwrap_or_default()
        };
        let signature = match bend {
            Bend::Unsigned => String::new(),
            Bend::Shared => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, inner.key.public_key().as_ref());
                BASE64URL.encode(hmac::sign(&key, signed.as_bytes()))
            }
            Bend::OtherKey => by(&inner.other),
            _ => by(&inner.key),
        };
        format!("{signed}.{signature}")
    }

    fn discovery(&self) -> Value {
        let issuer = &self.0.issuer;
        let mut said = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        match self.bend() {
            Bend::Impostor => set(&mut said, "issuer", json!("https://elsewhere.example")),
            Bend::Elsewhere => set(&mut said, "token_endpoint", json!("http://192.0.2.1/token")),
            _ => {}
        }
        said
    }

    fn keys(&self) -> Value {
        let point = self.0.key.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256", "x": BASE64URL.encode(x), "y": BASE64URL.encode(y),
        }]})
    }

    /// A code is redeemed once, by who asked for it (RFC 6749, section 4.1.3, and RFC 7636, section 4.6).
    fn redeem(&self, headers: &HeaderMap, body: &[u8]) -> Response {
        let refused = |why: &str| (StatusCode::BAD_REQUEST, json!({"error": why}).to_string()).into_response();
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (id, secret) = &self.0.client;
        if given != format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))) {
            return refused("invalid_client");
        }
        let asked = fields(&String::from_utf8_lossy(body));
        let says = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
        let attempt = self.0.attempts.lock().unwrap_or_else(PoisonError::into_inner).remove(says("code"));
        let Some(attempt) = attempt else { return refused("invalid_grant") };
        let began = |name: &str| attempt.fields.get(name).map(String::as_str).unwrap_or_default();
        let challenge = BASE64URL.encode(digest(&SHA256, says("code_verifier").as_bytes()));
        if began("code_challenge") != challenge || began("redirect_uri") != says("redirect_uri") {
            return refused("invalid_grant");
        }
        let token = json!({"access_token": "unused", "token_type": "Bearer", "id_token": self.token(&attempt)});
        ([(header::CONTENT_TYPE, "application/json")], token.to_string()).into_response()
    }

    /// Its addresses.
    pub fn router(&self) -> Router {
        fn said(provider: &Provider, value: fn(&Provider) -> Value) -> Response {
            match provider.bend() {
                Bend::Down => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                Bend::Garbage => "<html>".into_response(),
                _ => value(provider).to_string().into_response(),
            }
        }
        let discovery = get(|State(provider): State<Self>| async move { said(&provider, Self::discovery) });
        Router::new()
            .route("/.well-known/openid-configuration", discovery)
            .route("/keys", get(|State(provider): State<Self>| async move { said(&provider, Self::keys) }))
            .route(
                "/token",
                post(|State(provider): State<Self>, headers: HeaderMap, body: Bytes| async move {
                    provider.redeem(&headers, &body)
                }),
            )
            .with_state(self.clone())
    }
}
