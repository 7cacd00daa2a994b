//! Passkeys (W3C Web Authentication, level 3): whether what a browser says about a key that it made or used is to be believed.
//!
//! No attestation is asked for: who built somebody's device is not our question, and what is not asked for need not be read. So
//! nothing here reads CBOR or X.509: the browser gives the public key as it gives it to everybody (section 5.2.1.1), and what
//! remains are a challenge, an origin, a few flags and one signature. Pure: the challenge comes from outside.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde::Deserialize;

use crate::signed::{Algorithm, Form, Key};

/// What a browser is offered, the best first, as COSE numbers it.
pub const ALGORITHMS: [i64; 3] = [-7, -8, -257];
/// Bytes of anything that a browser says.
const MOST: usize = 4_096;
/// Bytes of a credential's id (section 4).
const MOST_ID: usize = 1_023;

/// Who asks: the relying party. It comes from the settings, never from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The name of the host.
    pub id: String,
    /// Scheme, host and port.
    pub origin: String,
}

impl Party {
    /// The party of a console at this address; none where browsers make no passkeys: under a bare number, or in the clear but on
    /// this machine.
    pub fn of(address: &str) -> Option<Self> {
        let url = reqwest::Url::parse(address).ok()?;
        let id = url.domain()?.to_owned();
        let here = id == "localhost" || id.ends_with(".localhost");
        let fits = url.scheme() == "https" || (url.scheme() == "http" && here);
        fits.then(|| Self { id, origin: url.origin().ascii_serialization() })
    }
}

/// Why it is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(&'static str),
    /// Made for something else.
    #[error("it was made for something else")]
    OtherCeremony,
    /// It answers another question, or one that was asked too long ago.
    #[error("it answers another question, or one that was asked too long ago")]
    OtherChallenge,
    /// It was given to another page.
    #[error("it was given to another page than this console's")]
    OtherOrigin,
    /// It is a key of another host.
    #[error("it is a key of another host")]
    OtherParty,
    /// Nobody touched the device.
    #[error("nobody touched the device")]
    NobodyThere,
    /// Not a key that we can check.
    #[error("its key is none that can be checked here")]
    Key,
    /// Signed by another key, or not over this.
    #[error("its signature is wrong")]
    Signature,
    /// Its counter stands still or goes back: there may be two of it.
    #[error("its counter does not go on, so there may be a copy of it")]
    Copied,
}

/// A key that somebody registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// As its device calls it.
    pub id: Vec<u8>,
    /// As COSE numbers it.
    pub algorithm: i64,
    /// A SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
    /// How often its device says that it was used; 0 where it does not count.
    pub counter: u32,
}

/// What a browser says when a key was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The credential's id.
    pub id: Vec<u8>,
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `getAuthenticatorData()`.
    pub authenticator_data: Vec<u8>,
    /// `getPublicKey()`.
    pub public_key: Vec<u8>,
    /// `getPublicKeyAlgorithm()`.
    pub algorithm: i64,
}

/// What a browser says when a key was used.
#[derive(Clone, Debug)]
pub struct Used {
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// `signature`.
    pub signature: Vec<u8>,
}

/// What a use proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proved {
    /// Whether the device made sure of its person, by a PIN or a finger.
    pub verified: bool,
    /// How often it was used by now.
    pub counter: u32,
}

#[derive(Deserialize)]
struct ClientData<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    challenge: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    origin: std::borrow::Cow<'a, str>,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

fn read_client_data(bytes: &[u8]) -> Result<ClientData<'_>, Fault> {
    let within = Some(bytes).filter(|bytes| bytes.len() <= MOST).ok_or(Fault::Unreadable("client data"))?;
    serde_json::from_slice(within).map_err(|_| Fault::Unreadable("client data"))
}

/// The challenge that client data answers, to find the question by.
pub fn challenge_of(client_data: &[u8]) -> Result<Vec<u8>, Fault> {
    let said = read_client_data(client_data)?;
    BASE64URL.decode(said.challenge.as_bytes()).map_err(|_| Fault::Unreadable("challenge"))
}

/// Sections 7.1 (steps 7 to 11) and 7.2 (steps 10 to 14).
fn check_client_data(bytes: &[u8], kind: &str, challenge: &[u8], party: &Party) -> Result<(), Fault> {
    let said = read_client_data(bytes)?;
    if said.kind != kind {
        return Err(Fault::OtherCeremony);
    }
    if BASE64URL.decode(said.challenge.as_bytes()).ok().as_deref() != Some(challenge) {
        return Err(Fault::OtherChallenge);
    }
    if said.origin != party.origin || said.cross_origin {
        return Err(Fault::OtherOrigin);
    }
    Ok(())
}

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const MAY_BE_BACKED_UP: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// Authenticator data (section 6.1), as far as it concerns us: what follows the credential's id is the key once more, in CBOR.
struct AuthenticatorData<'a> {
    flags: u8,
    counter: u32,
    credential: Option<&'a [u8]>,
}

fn check_authenticator_data<'a>(bytes: &'a [u8], party: &Party) -> Result<AuthenticatorData<'a>, Fault> {
    let unreadable = Fault::Unreadable("authenticator data");
    if bytes.len() > MOST {
        return Err(unreadable);
    }
    let (host, rest) = bytes.split_first_chunk::<32>().ok_or(unreadable)?;
    let (&[flags, a, b, c, d], rest) = rest.split_first_chunk::<5>().ok_or(unreadable)?;
    if host != digest(&SHA256, party.id.as_bytes()).as_ref() {
        return Err(Fault::OtherParty);
    }
    if flags & PRESENT == 0 {
        return Err(Fault::NobodyThere);
    }
    if flags & BACKED_UP != 0 && flags & MAY_BE_BACKED_UP == 0 {
        return Err(unreadable);
    }
    let credential = if flags & HAS_CREDENTIAL == 0 {
        if flags & HAS_EXTENSIONS == 0 && !rest.is_empty() {
            return Err(unreadable);
        }
        None
    } else {
        let (_model, rest) = rest.split_first_chunk::<16>().ok_or(unreadable)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(unreadable)?;
        let length = usize::from(u16::from_be_bytes(*length));
        Some(rest.get(..length).filter(|id| !id.is_empty()).ok_or(unreadable)?)
    };
    Ok(AuthenticatorData { flags, counter: u32::from_be_bytes([a, b, c, d]), credential })
}

/// A key that was just made, for this question (section 7.1).
pub fn registered(party: &Party, challenge: &[u8], made: &Made) -> Result<Credential, Fault> {
    check_client_data(&made.client_data, "webauthn.create", challenge, party)?;
    let data = check_authenticator_data(&made.authenticator_data, party)?;
    if data.credential != Some(made.id.as_slice()) || made.id.len() > MOST_ID {
        return Err(Fault::Unreadable("the credential's id"));
    }
    let known = Algorithm::of_cose(made.algorithm).filter(|_| made.public_key.len() <= MOST).ok_or(Fault::Key)?;
    if !known.takes(&made.public_key) {
        return Err(Fault::Key);
    }
    Ok(Credential {
        id: made.id.clone(),
        algorithm: made.algorithm,
        public_key: made.public_key.clone(),
        counter: data.counter,
    })
}

/// Whether this question was answered by that key (section 7.2).
pub fn proved(party: &Party, challenge: &[u8], key: &Credential, used: &Used) -> Result<Proved, Fault> {
    check_client_data(&used.client_data, "webauthn.get", challenge, party)?;
    let data = check_authenticator_data(&used.authenticator_data, party)?;
    let message = [used.authenticator_data.as_slice(), digest(&SHA256, &used.client_data).as_ref()].concat();
    let algorithm = Algorithm::of_cose(key.algorithm).ok_or(Fault::Key)?;
    if !algorithm.verifies(Form::Asn1, &Key::Bytes(key.public_key.clone()), &message, &used.signature) {
        return Err(Fault::Signature);
    }
    if (data.counter, key.counter) != (0, 0) && data.counter <= key.counter {
        return Err(Fault::Copied);
    }
    Ok(Proved { verified: data.flags & VERIFIED != 0, counter: data.counter })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_is_a_name_over_tls_or_this_machine() {
        let party = |address| Party::of(address).map(|party| format!("{} {}", party.id, party.origin));
        assert_eq!(party("https://tanod.example/").as_deref(), Some("tanod.example https://tanod.example"));
        assert_eq!(party("https://T.example:8443/a").as_deref(), Some("t.example https://t.example:8443"));
        assert_eq!(party("http://localhost:8080").as_deref(), Some("localhost http://localhost:8080"));
        for none in ["http://tanod.example", "https://192.0.2.1", "http://127.0.0.1:8080", "https://[::1]", "tanod", ""]
        {
            assert_eq!(party(none), None, "{none}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(client: Vec<u8>, data: Vec<u8>, key: Vec<u8>, id: Vec<u8>, algorithm in -300_i64..300) {
            let party = Party { id: "localhost".into(), origin: "http://localhost:1".into() };
            let made = Made { id, client_data: client.clone(), authenticator_data: data.clone(), public_key: key.clone(), algorithm };
            proptest::prop_assert!(registered(&party, &[1; 32], &made).is_err());
            let used = Used { client_data: client, authenticator_data: data, signature: key.clone() };
            let credential = Credential { id: vec![1], algorithm, public_key: key, counter: 0 };
            proptest::prop_assert!(proved(&party, &[1; 32], &credential, &used).is_err());
        }
    }
}
