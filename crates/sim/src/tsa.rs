//! A simulator of a time-stamping authority (RFC 3161), written from the RFC alone: it has a root and a certificate of its own, made
//! from a seed, and stamps whatever it is asked to at the time it is told.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// How it misbehaves, until told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Not at all.
    Well,
    /// Not up.
    Down,
    /// It refuses.
    Refuses,
    /// It stamps something else than it was asked to.
    Confused,
    /// An answer that is none.
    Garbage,
}

/// The simulator. Cheap to clone.
#[derive(Clone)]
pub struct Authority {
    inner: Arc<Inner>,
}

struct Inner {
    own: EcdsaKeyPair,
    certificate: Vec<u8>,
    root_certificate: Vec<u8>,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    state: Mutex<(Mood, u64)>,
}

// --- DER, as far as it is needed ---

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut out = vec![tag];
    match u8::try_from(body.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        Ok(byte) => out.extend([0x81, byte]),
        Err(_) => {
            out.push(0x82);
            out.extend(u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    out.extend(body);
    out
}

/// An object identifier from its numbers.
fn oid(numbers: &[u32]) -> Vec<u8> {
    let mut body = Vec::new();
    if let [first, second, rest @ ..] = numbers {
        for number in std::iter::once(first * 40 + second).chain(rest.iter().copied()) {
            let mut groups = vec![u8::try_from(number & 0x7f).unwrap_or(0)];
            let mut left = number >> 7;
            while left > 0 {
                groups.push(u8::try_from(left & 0x7f).unwrap_or(0) | 0x80);
                left >>= 7;
            }
            groups.reverse();
            body.extend(groups);
        }
    }
    tlv(6, &[&body])
}

fn integer(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let from = bytes.iter().position(|byte| *byte != 0).unwrap_or(7);
    let significant = bytes.get(from..).unwrap_or(&bytes);
    let sign: &[u8] = if significant.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
    tlv(2, &[sign, significant])
}

fn sha256_algorithm() -> Vec<u8> {
    tlv(0x30, &[&oid(&[2, 16, 840, 1, 101, 3, 4, 2, 1])])
}

fn ecdsa_sha256() -> Vec<u8> {
    tlv(0x30, &[&oid(&[1, 2, 840, 10_045, 4, 3, 2])])
}

fn named(words: &str) -> Vec<u8> {
    let name = tlv(0x30, &[&oid(&[2, 5, 4, 3]), &tlv(0x0c, &[words.as_bytes()])]);
    tlv(0x30, &[&tlv(0x31, &[&name])])
}

/// One element of DER at the beginning: its tag, what it holds, and what follows it.
fn first(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => rest.split_first_chunk::<2>().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
        _ => return None,
    };
    let (body, rest) = rest.split_at_checked(length)?;
    Some((*tag, body, rest))
}

fn key() -> Option<EcdsaKeyPair> {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok()
}

fn sign(key: &EcdsaKeyPair, bytes: &[u8]) -> Vec<u8> {
    key.sign(&SystemRandom::new(), bytes).map(|signature| signature.as_ref().to_vec()).unwrap_or_default()
}

fn certificate(
    serial: u64,
    subject: &str,
    key: &EcdsaKeyPair,
    issuer: (&str, &EcdsaKeyPair),
    extensions: &[u8],
) -> Vec<u8> {
    let times = tlv(0x30, &[&tlv(0x17, &[b"200101000000Z"]), &tlv(0x17, &[b"491231235959Z"])]);
    let algorithm = tlv(0x30, &[&oid(&[1, 2, 840, 10_045, 2, 1]), &oid(&[1, 2, 840, 10_045, 3, 1, 7])]);
    let public = tlv(0x30, &[&algorithm, &tlv(3, &[&[0], key.public_key().as_ref()])]);
    let content = tlv(
        0x30,
        &[
            &tlv(0xa0, &[&integer(2)]),
            &integer(serial),
            &ecdsa_sha256(),
            &named(issuer.0),
            &times,
            &named(subject),
            &public,
            &tlv(0xa3, &[&tlv(0x30, &[extensions])]),
        ],
    );
    let signature = sign(issuer.1, &content);
    tlv(0x30, &[&content, &ecdsa_sha256(), &tlv(3, &[&[0], &signature])])
}

fn extension(name: &[u32], value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&oid(name), &[1, 1, 0xff], &tlv(4, &[value])])
}

const ROOT: &str = "Simulated root";
const OWN: &str = "Simulated time-stamping authority";

impl Authority {
    /// One that tells the time of this clock.
    ///
    /// # Errors
    /// When no key could be made.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Result<Self, &'static str> {
        let (Some(root), Some(own)) = (key(), key()) else { return Err("no key could be made") };
        let authority = extension(&[2, 5, 29, 19], &tlv(0x30, &[&[1, 1, 0xff]]));
        let signs_certificates = extension(&[2, 5, 29, 15], &[3, 2, 2, 4]);
        let root_certificate = certificate(1, ROOT, &root, (ROOT, &root), &[authority, signs_certificates].concat());
        let purpose = tlv(0x30, &[&oid(&[1, 3, 6, 1, 5, 5, 7, 3, 8])]);
        let certificate = certificate(2, OWN, &own, (ROOT, &root), &extension(&[2, 5, 29, 37], &purpose));
        let state = Mutex::new((Mood::Well, 0));
        Ok(Self { inner: Arc::new(Inner { own, certificate, root_certificate, now: Box::new(now), state }) })
    }

    /// Its root, in PEM.
    #[must_use]
    pub fn root(&self) -> String {
        let text = STANDARD.encode(&self.inner.root_certificate);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    /// Changes how it behaves.
    pub fn set_mood(&self, mood: Mood) {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner).0 = mood;
    }

    /// How often it stamped.
    #[must_use]
    pub fn stamped(&self) -> u64 {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Serves it.
    pub fn router(&self) -> Router {
        Router::new().route("/tsa", post(answer)).with_state(self.clone())
    }

    /// The response to a request; nothing where it is none.
    #[must_use]
    pub fn respond(&self, request: &[u8]) -> Option<Vec<u8>> {
        let (mood, serial) = {
            let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.1 += u64::from(matches!(state.0, Mood::Well | Mood::Confused));
            *state
        };
        if mood == Mood::Refuses {
            return Some(tlv(0x30, &[&tlv(0x30, &[&integer(2)])]));
        }
        let (0x30, request, []) = first(request)? else { return None };
        let (2, [1], rest) = first(request)? else { return None };
        let (0x30, imprint, rest) = first(rest)? else { return None };
        let (0x30, _, hashed) = first(imprint)? else { return None };
        let (4, hashed, []) = first(hashed)? else { return None };
        let nonce = match first(rest) {
            Some((2, nonce, _)) => tlv(2, &[nonce]),
            _ => Vec::new(),
        };
        let confused = [7; 32];
        let hashed = if mood == Mood::Confused { &confused[..] } else { hashed };
        let now = (self.inner.now)();
        let time = now.strftime("%Y%m%d%H%M%SZ").to_string();
        let info = tlv(
            0x30,
            &[
                &integer(1),
                &oid(&[1, 2, 3, 4, 1]),
                &tlv(0x30, &[&sha256_algorithm(), &tlv(4, &[hashed])]),
                &integer(serial),
                &tlv(0x18, &[time.as_bytes()]),
                &nonce,
            ],
        );
        Some(tlv(0x30, &[&tlv(0x30, &[&integer(0)]), &self.token(&info)]))
    }

    /// `ContentInfo` with `SignedData` over this content.
    fn token(&self, info: &[u8]) -> Vec<u8> {
        let tst_info = oid(&[1, 2, 840, 113_549, 1, 9, 16, 1, 4]);
        let hash = |bytes: &[u8]| tlv(4, &[Sha256::digest(bytes).as_ref()]);
        let attribute = |name: &[u32], value: &[u8]| tlv(0x30, &[&oid(name), &tlv(0x31, &[value])]);
        let named_by = tlv(0x30, &[&tlv(0x30, &[&tlv(0x30, &[&hash(&self.inner.certificate)])])]);
        let mut attributes = [
            attribute(&[1, 2, 840, 113_549, 1, 9, 3], &tst_info),
            attribute(&[1, 2, 840, 113_549, 1, 9, 4], &hash(info)),
            attribute(&[1, 2, 840, 113_549, 1, 9, 16, 2, 47], &named_by),
        ];
        attributes.sort();
        let attributes = attributes.concat();
        let signature = sign(&self.inner.own, &tlv(0x31, &[&attributes]));
        let signer = tlv(
            0x30,
            &[
                &integer(1),
                &tlv(0x30, &[&named(ROOT), &integer(2)]),
                &sha256_algorithm(),
                &tlv(0xa0, &[&attributes]),
                &ecdsa_sha256(),
                &tlv(4, &[&signature]),
            ],
        );
        let data = tlv(
            0x30,
            &[
                &integer(3),
                &tlv(0x31, &[&sha256_algorithm()]),
                &tlv(0x30, &[&tst_info, &tlv(0xa0, &[&tlv(4, &[info])])]),
                &tlv(0xa0, &[&self.inner.certificate]),
                &tlv(0x31, &[&signer]),
            ],
        );
        tlv(0x30, &[&oid(&[1, 2, 840, 113_549, 1, 7, 2]), &tlv(0xa0, &[&data])])
    }
}

async fn answer(State(authority): State<Authority>, body: Bytes) -> Response {
    let mood = authority.inner.state.lock().unwrap_or_else(PoisonError::into_inner).0;
    let kind = [(header::CONTENT_TYPE, "application/timestamp-reply")];
    match mood {
        Mood::Down => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Mood::Garbage => (kind, "this is no time stamp").into_response(),
        _ => match authority.respond(&body) {
            Some(response) => (kind, response).into_response(),
            None => StatusCode::BAD_REQUEST.into_response(),
        },
    }
}
