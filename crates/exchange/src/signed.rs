//! Signatures of others that we believe: which kinds there are, and whether one is right. A closed list, all of them with a
//! private half that only the signer has; nothing that an answer says of itself adds to it.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, VerificationAlgorithm,
};

/// How something was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// RSA of at least 2,048 bits, PKCS #1 1.5, with SHA-256.
    Rs256,
    /// The same with PSS.
    Ps256,
    /// Ed25519.
    EdDsa,
}

/// How the two numbers of an ECDSA signature are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As ASN.1 (Web Authentication).
    Asn1,
    /// One after the other (RFC 7518).
    Fixed,
}

/// A public key as others publish it.
#[derive(Clone, Debug)]
pub enum Key {
    /// A SubjectPublicKeyInfo, a point of P-256, or the 32 bytes of Ed25519.
    Bytes(Vec<u8>),
    /// Modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
}

impl Algorithm {
    /// As COSE numbers it (RFC 9053).
    pub fn of_cose(number: i64) -> Option<Self> {
        match number {
            -7 => Some(Self::Es256),
            -257 => Some(Self::Rs256),
            -8 => Some(Self::EdDsa),
            _ => None,
        }
    }

    /// As JOSE names it (RFC 7518, RFC 8037).
    pub fn of_jose(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }

    fn verification(self, form: Form) -> &'static dyn VerificationAlgorithm {
        match (self, form) {
            (Self::Es256, Form::Asn1) => &ECDSA_P256_SHA256_ASN1,
            (Self::Es256, Form::Fixed) => &ECDSA_P256_SHA256_FIXED,
            (Self::Rs256, _) => &RSA_PKCS1_2048_8192_SHA256,
            (Self::Ps256, _) => &RSA_PSS_2048_8192_SHA256,
            (Self::EdDsa, _) => &ED25519,
        }
    }

    /// Whether these bytes are a public key for it.
    pub fn takes(self, key: &[u8]) -> bool {
        ParsedPublicKey::new(self.verification(Form::Asn1), key).is_ok()
    }

    /// Whether the signature of this message is that of this key.
    pub fn verifies(self, form: Form, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        match (self, key) {
            (_, Key::Bytes(bytes)) => ParsedPublicKey::new(self.verification(form), bytes)
                .is_ok_and(|key| key.verify_sig(message, signature).is_ok()),
            (Self::Rs256, Key::Rsa(n, e)) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            (Self::Ps256, Key::Rsa(n, e)) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PSS_2048_8192_SHA256, message, signature).is_ok()
            }
            (_, Key::Rsa(..)) => false,
        }
    }
}
