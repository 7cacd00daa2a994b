//! An ID token (OpenID Connect Core 1.0, section 2): whether it is this provider's word, to us, now, for this attempt. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::signed::{Algorithm, Form, Key};

/// The longest token that is read.
const LONGEST: usize = 32 * 1024;
/// How far the provider's clock may be from ours, in seconds.
const APART: i64 = 60;

/// The keys of a provider (RFC 7517).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Keys {
    keys: Vec<Jwk>,
}

#[derive(Clone, Debug, Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Jwk {
    /// The key, if it is one for this algorithm.
    fn key(&self, algorithm: Algorithm, name: &str) -> Option<Key> {
        let meant = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        if !meant || self.alg.as_deref().is_some_and(|alg| alg != name) {
            return None;
        }
        let part = |text: &Option<String>| BASE64URL.decode(text.as_deref()?).ok();
        match (algorithm, self.kty.as_str(), self.crv.as_deref()) {
            (Algorithm::Rs256 | Algorithm::Ps256, "RSA", _) => Some(Key::Rsa(part(&self.n)?, part(&self.e)?)),
            (Algorithm::Es256, "EC", Some("P-256")) => {
                let (x, y) = (part(&self.x)?, part(&self.y)?);
                ((x.len(), y.len()) == (32, 32)).then(|| Key::Bytes([[4].as_slice(), &x, &y].concat()))
            }
            (Algorithm::EdDsa, "OKP", Some("Ed25519")) => Some(Key::Bytes(part(&self.x)?)),
            _ => None,
        }
    }
}

/// What the token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// Us.
    pub client_id: &'a str,
    /// This attempt.
    pub nonce: &'a str,
    /// The time.
    pub now: Timestamp,
    /// Where somebody had to prove anew who they are: not before this.
    pub proved_since: Option<Timestamp>,
    /// The claim that lists somebody's groups, where one does.
    pub groups: Option<&'a str>,
}

/// Who somebody is at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// As the provider calls them, for ever.
    pub subject: String,
    /// How they proved it (RFC 8176), and at which level.
    pub methods: Vec<String>,
    /// Their address, where the provider made sure that it is theirs.
    pub email: Option<String>,
    /// The groups that they are in there; none where it does not say.
    pub groups: Vec<String>,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not a signed token.
    #[error("it cannot be read")]
    Unreadable,
    /// `none`, a shared secret, or what is not known here.
    #[error("it is not signed in a way that is accepted here")]
    Algorithm,
    /// No key of the provider's signed it.
    #[error("no key of the provider signed it")]
    Signature,
    /// Another provider's.
    #[error("it is of another issuer")]
    Issuer,
    /// For somebody else.
    #[error("it is for another program")]
    Audience,
    /// For another attempt.
    #[error("it is of another attempt")]
    Nonce,
    /// Too old, or of the future.
    #[error("it is not of this time")]
    Time,
    /// Proved before it was asked for.
    #[error("it does not say that its person proved anew who they are")]
    NotAnew,
    /// Of nobody.
    #[error("it names nobody")]
    Subject,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nonce: Option<String>,
    auth_time: Option<f64>,
    #[serde(default)]
    amr: Vec<String>,
    acr: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    #[serde(flatten)]
    others: serde_json::Map<String, serde_json::Value>,
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Fault> {
    let bytes = BASE64URL.decode(text).map_err(|_| Fault::Unreadable)?;
    serde_json::from_slice(&bytes).map_err(|_| Fault::Unreadable)
}

/// Judges an ID token (section 3.1.3.7).
pub fn verify(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Identity, Fault> {
    let Some((signed, signature)) = token.rsplit_once('.').filter(|_| token.len() <= LONGEST) else {
        return Err(Fault::Unreadable);
    };
    let (header, claims) = signed.split_once('.').ok_or(Fault::Unreadable)?;
    let header: Header = part(header)?;
    let algorithm = Algorithm::of_jose(&header.alg).filter(|_| header.crit.is_none()).ok_or(Fault::Algorithm)?;
    let signature = BASE64URL.decode(signature).map_err(|_| Fault::Unreadable)?;
    // Without the name of a key each that fits is tried; there are few.
    let named = |key: &&Jwk| header.kid.is_none() || key.kid == header.kid;
    let mut fitting = keys.keys.iter().take(64).filter(named).filter_map(|key| key.key(algorithm, &header.alg));
    if !fitting.any(|key| algorithm.verifies(Form::Fixed, &key, signed.as_bytes(), &signature)) {
        return Err(Fault::Signature);
    }
    judge(part(claims)?, expected)
}

fn judge(claims: Claims, expected: &Expected<'_>) -> Result<Identity, Fault> {
    if claims.iss != expected.issuer {
        return Err(Fault::Issuer);
    }
    let (one, many) = match &claims.aud {
        OneOrMany::One(one) => (one == expected.client_id, false),
        OneOrMany::Many(all) => (all.iter().any(|one| one == expected.client_id), all.len() > 1),
    };
    let party = claims.azp.as_deref().map_or(!many, |party| party == expected.client_id);
    if !one || !party {
        return Err(Fault::Audience);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(Fault::Nonce);
    }
    let away = |second: f64| second - seconds(expected.now);
    let apart = seconds_of(APART);
    // A token is redeemed at once: one of ten minutes ago was somebody else's.
    if away(claims.exp) < -apart || away(claims.iat) > apart || away(claims.iat) < -apart - 600.0 {
        return Err(Fault::Time);
    }
    if let Some(since) = expected.proved_since
        && claims.auth_time.is_none_or(|at| at < seconds(since) - apart)
    {
        return Err(Fault::NotAnew);
    }
    if claims.sub.is_empty() || claims.sub.len() > 255 {
        return Err(Fault::Subject);
    }
    let methods = claims.amr.into_iter().chain(claims.acr).collect();
    let email = claims.email.filter(|_| claims.email_verified);
    let groups = expected.groups.and_then(|claim| claims.others.get(claim));
    let groups = groups.and_then(|groups| OneOrMany::deserialize(groups).ok());
    let groups = groups.map_or_else(Vec::new, |groups| match groups {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    });
    Ok(Identity { subject: claims.sub, methods, email, groups })
}

fn seconds(at: Timestamp) -> f64 {
    at.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64()
}

fn seconds_of(seconds: i64) -> f64 {
    SignedDuration::from_secs(seconds).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_harm(token in ".{0,200}", keys in ".{0,200}") {
            let keys: Keys = serde_json::from_str(&keys).unwrap_or_default();
            let expected = Expected { issuer: "i", client_id: "c", nonce: "n", now: Timestamp::UNIX_EPOCH, proved_since: None, groups: Some("groups") };
            proptest::prop_assert!(verify(&token, &keys, &expected).is_err());
        }
    }
}
