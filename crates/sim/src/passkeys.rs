//! A simulator of a device with a passkey and the browser before it, written from the W3C's text alone (Web Authentication, level 3):
//! it makes one key, uses it, and says so as browsers do (`PublicKeyCredential.toJSON()`).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

/// A device with one key. What it does wrong is set from outside.
pub struct Device {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    /// How often it was used; one that does not count stays at 0.
    pub counter: u32,
    /// Whether somebody touches it.
    pub touched: bool,
    /// Whether it makes sure of its person.
    pub verifies: bool,
    /// The page that the browser is on.
    pub origin: String,
    /// The host whose key it is.
    pub host: String,
    /// Whether the page stands in a frame of another site's.
    pub framed: bool,
}

fn coded(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL.encode(bytes)
}

impl Device {
    /// A new device before a page of this origin.
    pub fn new(host: &str, origin: &str) -> Option<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok()?;
        let id = digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec();
        let (origin, host) = (origin.to_owned(), host.to_owned());
        Some(Self { key, id, counter: 0, touched: true, verifies: true, origin, host, framed: false })
    }

    fn client_data(&self, kind: &str, challenge: &str) -> String {
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.framed}).to_string()
    }

    /// Section 6.1. The model is unknown; the key as COSE has it (RFC 9053) follows a new credential.
    fn authenticator_data(&mut self, new: bool) -> Vec<u8> {
        self.counter = self.counter.saturating_add(1);
        let mut flags = 0;
        for (set, bit) in [(self.touched, 0x01), (self.verifies, 0x04), (new, 0x40)] {
            flags |= if set { bit } else { 0 };
        }
        let mut data = digest(&SHA256, self.host.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        if new {
            data.extend([0; 16]);
            data.extend(u16::try_from(self.id.len()).unwrap_or(0).to_be_bytes());
            data.extend(&self.id);
            let point = self.key.public_key().as_ref();
            let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
            // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
            data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
            data.extend(x);
            data.extend([0x22, 0x58, 0x20]);
            data.extend(y);
        }
        data
    }

    /// Makes its key for a page that asks with these options (`PublicKeyCredentialCreationOptionsJSON`).
    pub fn make(&mut self, options: &Value) -> Value {
        let client = self.client_data("webauthn.create", options["challenge"].as_str().unwrap_or_default());
        let data = self.authenticator_data(true);
        let public_key = self.key.public_key().as_der().map(|der| coded(der.as_ref())).unwrap_or_default();
        // {"fmt": "none", "attStmt": {}, "authData": …}, the length in two bytes.
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        attestation.extend(u16::try_from(data.len()).unwrap_or(0).to_be_bytes());
        attestation.extend(&data);
        json!({
            "id": coded(&self.id), "rawId": coded(&self.id), "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": coded(client), "authenticatorData": coded(data), "transports": ["usb"],
                "publicKey": public_key, "publicKeyAlgorithm": -7, "attestationObject": coded(attestation),
            },
        })
    }

    /// Uses its key for a page that asks with these options (`PublicKeyCredentialRequestOptionsJSON`).
    pub fn answer(&mut self, options: &Value) -> Value {
        let client = self.client_data("webauthn.get", options["challenge"].as_str().unwrap_or_default());
        let data = self.authenticator_data(false);
        let message = [data.as_slice(), digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &message);
        json!({
            "id": coded(&self.id), "rawId": coded(&self.id), "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": coded(client), "authenticatorData": coded(data),
                "signature": signature.map(coded).unwrap_or_default(),
            },
        })
    }
}
