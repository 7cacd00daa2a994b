//! Time stamps of others on our checkpoints: RFC 3161, with the hashes of RFC 5816. They say that a checkpoint was there at some
//! time, by the word of an authority that is not us (EV-05).
//!
//! What is stamped is the SHA-256 of a checkpoint's text, without its signatures, so that `openssl ts -verify -data TEXT` says the
//! same. A response is at most 64 KiB and strict DER.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerInfo};
use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{Decode as _, Encode as _, Tag, Tagged as _};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};

use crate::Hash;

/// The longest response that is read.
pub const LONGEST: usize = 64 * 1024;

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.12";
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
const SHA256_OID: &str = "2.16.840.1.101.3.4.2.1";
const SHA384_OID: &str = "2.16.840.1.101.3.4.2.2";
const SHA512_OID: &str = "2.16.840.1.101.3.4.2.3";
const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";

/// The purpose that a stamping certificate must have, 1.3.6.1.5.5.7.3.8.
const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];

/// A time stamp that proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// It cannot be read.
    #[error("it does not have the form of a time stamp")]
    Malformed,
    /// The authority did not grant it.
    #[error("the authority refused it, with status {0}")]
    Refused(u8),
    /// It is about something else, or answers another request.
    #[error("it stamps something else")]
    Other,
    /// It is signed in a way that is not known here.
    #[error("it is signed in a way that is not known here")]
    Unknown,
    /// Its signature does not fit.
    #[error("its signature does not fit")]
    BadSignature,
    /// Its certificate does not lead to a root that is trusted for time stamps.
    #[error("its certificate does not lead to a trusted root")]
    Untrusted,
}

/// Roots that are trusted for time stamps.
#[derive(Clone, Debug, Default)]
pub struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    /// Certificates in PEM, one after the other.
    pub fn pem(text: &str) -> Result<Self, StampError> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        let roots = read.map_err(|_| StampError::Malformed)?;
        if roots.is_empty() || roots.iter().any(|root| webpki::anchor_from_trusted_cert(root).is_err()) {
            return Err(StampError::Malformed);
        }
        Ok(Self(roots))
    }

    fn anchors(&self) -> Vec<TrustAnchor<'_>> {
        self.0.iter().filter_map(|root| webpki::anchor_from_trusted_cert(root).ok()).collect()
    }
}

fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// What is sent to an authority, as `application/timestamp-query`. The nonce comes back in its answer.
pub fn request(stamped: &Hash, nonce: u64) -> Vec<u8> {
    let tlv = |tag: u8, parts: &[&[u8]]| {
        let body = parts.concat();
        // All of it is shorter than a length that needs a second byte.
        let mut out = vec![tag, u8::try_from(body.len()).unwrap_or(u8::MAX)];
        out.extend_from_slice(&body);
        out
    };
    let bytes = nonce.to_be_bytes();
    let significant =
        bytes.iter().position(|byte| *byte != 0).map_or(&bytes[7..], |at| bytes.get(at..).unwrap_or(&bytes));
    let sign: &[u8] = if significant.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
    let sha256 = tlv(0x06, &[oid(SHA256_OID).as_bytes()]);
    let imprint = tlv(0x30, &[&tlv(0x30, &[&sha256]), &tlv(0x04, &[stamped])]);
    let nonce = tlv(0x02, &[sign, significant]);
    tlv(0x30, &[&[2, 1, 1], &imprint, &nonce, &[1, 1, 0xff]])
}

/// What an authority said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// When, in seconds since 1970.
    pub at: u64,
    /// Its number at the authority, in hexadecimal.
    pub serial: String,
}

/// Whether a response stamps this, answers the request with this nonce, is signed by the certificate that it names, and, where
/// roots are given, that certificate leads to one of them.
pub fn verify(
    response: &[u8],
    stamped: &Hash,
    nonce: Option<u64>,
    roots: Option<&Roots>,
) -> Result<Stamped, StampError> {
    if response.len() > LONGEST {
        return Err(StampError::Malformed);
    }
    let parts = sequence(response)?;
    let status = parts.first().map(|status| sequence(&der(status)?)).ok_or(StampError::Malformed)??;
    match status.first().map(Any::value) {
        Some([0 | 1]) => {}
        Some([status]) => return Err(StampError::Refused(*status)),
        _ => return Err(StampError::Malformed),
    }
    let token = parts.get(1).filter(|_| parts.len() == 2).ok_or(StampError::Malformed)?;
    let token: ContentInfo = token.decode_as().map_err(|_| StampError::Malformed)?;
    if token.content_type != oid(SIGNED_DATA) {
        return Err(StampError::Malformed);
    }
    let data: SignedData = token.content.decode_as().map_err(|_| StampError::Malformed)?;
    if data.encap_content_info.econtent_type != oid(TST_INFO) {
        return Err(StampError::Malformed);
    }
    let content = data.encap_content_info.econtent.as_ref().ok_or(StampError::Malformed)?;
    let content = content.decode_as::<OctetString>().map_err(|_| StampError::Malformed)?;
    let said = info(content.as_bytes(), stamped, nonce)?;
    let [signer] = data.signer_infos.0.as_slice() else { return Err(StampError::Malformed) };
    signed(&data, signer, content.as_bytes(), said.at, roots)?;
    Ok(said)
}

fn sequence(bytes: &[u8]) -> Result<Vec<Any>, StampError> {
    Vec::<Any>::from_der(bytes).map_err(|_| StampError::Malformed)
}

fn der(part: &Any) -> Result<Vec<u8>, StampError> {
    part.to_der().map_err(|_| StampError::Malformed)
}

/// `TSTInfo`: what is stamped, when, under which number.
fn info(content: &[u8], stamped: &Hash, nonce: Option<u64>) -> Result<Stamped, StampError> {
    let parts = sequence(content)?;
    let [version, policy, imprint, serial, time, rest @ ..] = parts.as_slice() else {
        return Err(StampError::Malformed);
    };
    let tags = [version.tag(), policy.tag(), serial.tag(), time.tag()];
    if tags != [Tag::Integer, Tag::ObjectIdentifier, Tag::Integer, Tag::GeneralizedTime] || version.value() != [1] {
        return Err(StampError::Malformed);
    }
    let imprint = sequence(&der(imprint)?)?;
    let [algorithm, hashed] = imprint.as_slice() else { return Err(StampError::Malformed) };
    let algorithm = sequence(&der(algorithm)?)?;
    let sha256 = algorithm.first().is_some_and(|name| name.value() == oid(SHA256_OID).as_bytes());
    if !sha256 || hashed.value() != stamped {
        return Err(StampError::Other);
    }
    if let Some(nonce) = nonce {
        let ours = nonce.to_be_bytes();
        let bare = |bytes: &[u8]| bytes.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<u8>>();
        let theirs = rest.iter().find(|part| part.tag() == Tag::Integer).map(|part| bare(part.value()));
        if theirs != Some(bare(&ours)) {
            return Err(StampError::Other);
        }
    }
    Ok(Stamped { at: seconds(time.value())?, serial: hex::encode(serial.value()) })
}

/// `YYYYMMDDhhmmss`, a fraction that is left out, and `Z`.
fn seconds(text: &[u8]) -> Result<u64, StampError> {
    let text = std::str::from_utf8(text).ok().and_then(|text| text.strip_suffix('Z')).ok_or(StampError::Malformed)?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(fraction) {
        return Err(StampError::Malformed);
    }
    let part = |from: usize, to: usize| whole.get(from..to).and_then(|part| part.parse::<u16>().ok()).unwrap_or(0);
    let byte = |from: usize| u8::try_from(part(from, from + 2)).unwrap_or(u8::MAX);
    let time = der::DateTime::new(part(0, 4), byte(4), byte(6), byte(8), byte(10), byte(12));
    time.map(|time| time.unix_duration().as_secs()).map_err(|_| StampError::Malformed)
}

/// Whether the signer's certificate signed this content, at a time when it was good for that.
fn signed(
    data: &SignedData,
    signer: &SignerInfo,
    content: &[u8],
    at: u64,
    roots: Option<&Roots>,
) -> Result<(), StampError> {
    let attributes = signer.signed_attrs.as_ref().ok_or(StampError::Malformed)?;
    let attribute = |name: &str| {
        let found = attributes.iter().find(|attribute| attribute.oid == oid(name))?;
        found.values.as_slice().first()
    };
    let kind = attribute(CONTENT_TYPE).map(Any::value);
    if kind != Some(oid(TST_INFO).as_bytes()) {
        return Err(StampError::Malformed);
    }
    let name = signer.digest_alg.oid.to_string();
    let algorithm = match name.as_str() {
        SHA256_OID => &SHA256,
        SHA384_OID => &SHA384,
        SHA512_OID => &SHA512,
        _ => return Err(StampError::Unknown),
    };
    let digested = attribute(MESSAGE_DIGEST).map(Any::value);
    if digested != Some(digest(algorithm, content).as_ref()) {
        return Err(StampError::BadSignature);
    }
    // The attributes name the certificate by its hash, so that no other can stand in for it.
    let (named, hash) = match (attribute(SIGNING_CERTIFICATE_V2), attribute(SIGNING_CERTIFICATE)) {
        (Some(named), _) => (named, None),
        (None, Some(named)) => (named, Some(&SHA1_FOR_LEGACY_USE_ONLY)),
        (None, None) => return Err(StampError::Malformed),
    };
    let (expected, hash) = named_certificate(named, hash)?;
    let mut certificates = Vec::new();
    for one in data.certificates.iter().flat_map(|set| set.0.iter()) {
        if let CertificateChoices::Certificate(certificate) = one {
            certificates.push((certificate, certificate.to_der().map_err(|_| StampError::Malformed)?));
        }
    }
    let found = certificates.iter().find(|(_, bytes)| digest(hash, bytes).as_ref() == expected);
    let (certificate, own) = found.ok_or(StampError::Malformed)?;
    let key = &certificate.tbs_certificate.subject_public_key_info;
    let parameter = key.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    let how = method(&key.algorithm.oid.to_string(), parameter.map(|name| name.to_string()).as_deref(), &name)?;
    let said = attributes.to_der().map_err(|_| StampError::Malformed)?;
    let bits = key.subject_public_key.as_bytes().ok_or(StampError::Malformed)?;
    UnparsedPublicKey::new(how, bits)
        .verify(&said, signer.signature.as_bytes())
        .map_err(|_| StampError::BadSignature)?;
    let Some(roots) = roots else { return Ok(()) };
    let own = CertificateDer::from(own.as_slice());
    let between: Vec<CertificateDer<'_>> =
        certificates.iter().map(|(_, bytes)| CertificateDer::from(bytes.as_slice())).collect();
    let end = webpki::EndEntityCert::try_from(&own).map_err(|_| StampError::Untrusted)?;
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at));
    end.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &roots.anchors(),
        &between,
        time,
        webpki::KeyUsage::required(TIME_STAMPING),
        None,
        None,
    )
    .map(drop)
    .map_err(|_| StampError::Untrusted)
}

/// The hash of a certificate in `SigningCertificate` or, with an algorithm that it may name itself, in `SigningCertificateV2`.
fn named_certificate(
    named: &Any,
    hash: Option<&'static aws_lc_rs::digest::Algorithm>,
) -> Result<(Vec<u8>, &'static aws_lc_rs::digest::Algorithm), StampError> {
    let list = sequence(&der(named)?)?;
    let ids = sequence(&der(list.first().ok_or(StampError::Malformed)?)?)?;
    let id = sequence(&der(ids.first().ok_or(StampError::Malformed)?)?)?;
    let first = id.first().ok_or(StampError::Malformed)?;
    if first.tag() == Tag::OctetString {
        return Ok((first.value().to_vec(), hash.unwrap_or(&SHA256)));
    }
    let (None, Some(value)) = (hash, id.get(1)) else { return Err(StampError::Malformed) };
    let algorithm = sequence(&der(first)?)?;
    let name = algorithm.first().map(Any::value);
    let known = [(SHA256_OID, &SHA256), (SHA384_OID, &SHA384), (SHA512_OID, &SHA512)];
    let found = known.into_iter().find(|(known, _)| name == Some(oid(known).as_bytes()));
    Ok((value.value().to_vec(), found.ok_or(StampError::Unknown)?.1))
}

fn method(key: &str, curve: Option<&str>, hash: &str) -> Result<&'static dyn VerificationAlgorithm, StampError> {
    Ok(match (key, curve, hash) {
        (RSA, _, SHA256_OID) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (RSA, _, SHA384_OID) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (RSA, _, SHA512_OID) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (EC, Some(P256), SHA256_OID) => &signature::ECDSA_P256_SHA256_ASN1,
        (EC, Some(P256), SHA384_OID) => &signature::ECDSA_P256_SHA384_ASN1,
        (EC, Some(P384), SHA256_OID) => &signature::ECDSA_P384_SHA256_ASN1,
        (EC, Some(P384), SHA384_OID) => &signature::ECDSA_P384_SHA384_ASN1,
        _ => return Err(StampError::Unknown),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;

    // Made once with OpenSSL's own authority (`openssl ts -reply`), with keys that were thrown away: RSA with SHA-256, P-384 with
    // SHA-384, and RSA with SHA-512 whose time has a fraction and whose certificate is named by SHA-1.
    const ROOT: &str = include_str!("../testdata/root.pem");
    const STAMPS: [&[u8]; 3] = [
        include_bytes!("../testdata/rsa.tsr"),
        include_bytes!("../testdata/ec.tsr"),
        include_bytes!("../testdata/fraction.tsr"),
    ];
    const NONCE: u64 = 0x39e1_a8ba_e236_b11b;

    fn stamped() -> Hash {
        Sha256::digest("example.log\n12\nAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n").into()
    }

    #[test]
    fn what_openssl_asks_we_ask_and_what_it_stamps_we_accept() {
        let asked = "30430201013031300d0609608648016503040201050004209ada5e6b4031d3cbb39d4f9702ec23771983b985e8a965fe2b21139aadf7fbae\
            020839e1a8bae236b11b0101ff";
        // OpenSSL writes the parameters of SHA-256 as NULL, we leave them out; both are allowed (RFC 5754).
        assert_eq!(
            hex::encode(request(&stamped(), NONCE)),
            asked.replace("3043", "3041").replace("3031300d", "302f300b").replace("0500", "")
        );
        assert_eq!(
            hex::encode(request(&stamped(), 0xff)),
            asked
                .replace("3043", "303b")
                .replace("3031300d", "302f300b")
                .replace("0500", "")
                .replace("020839e1a8bae236b11b", "020200ff")
        );
        let roots = Roots::pem(ROOT).unwrap();
        for stamp in STAMPS {
            let said = verify(stamp, &stamped(), Some(NONCE), Some(&roots)).unwrap();
            assert!((1_795_650_000..1_795_660_000).contains(&said.at), "{said:?}");
            assert_eq!(verify(stamp, &stamped(), Some(NONCE + 1), None), Err(StampError::Other));
            assert_eq!(verify(stamp, &[7; 32], None, None), Err(StampError::Other));
        }
        assert_eq!(verify(&[0x30, 5, 0x30, 3, 2, 1, 2], &stamped(), None, None), Err(StampError::Refused(2)));
        assert_eq!(verify(&[0x30, 5, 0x30, 3, 2, 1, 0], &stamped(), None, None), Err(StampError::Malformed));
        assert!(Roots::pem("no certificate").is_err());
    }

    /// Another root, which signed nothing here.
    #[test]
    fn a_root_that_is_not_its_own_is_not_trusted() {
        let other = Roots(vec![CertificateDer::from(named_in(STAMPS[0]))]);
        assert_eq!(verify(STAMPS[1], &stamped(), None, Some(&other)), Err(StampError::Untrusted));
        assert!(verify(STAMPS[1], &stamped(), None, None).is_ok(), "without roots the signature alone is looked at");
    }

    /// The certificate that a stamp carries.
    fn named_in(stamp: &[u8]) -> Vec<u8> {
        let token: ContentInfo = sequence(stamp).unwrap()[1].decode_as().unwrap();
        let data: SignedData = token.content.decode_as().unwrap();
        match &data.certificates.unwrap().0.as_slice()[0] {
            CertificateChoices::Certificate(certificate) => certificate.to_der().unwrap(),
            CertificateChoices::Other(_) => Vec::new(),
        }
    }

    #[test]
    fn no_altered_byte_is_accepted_and_none_does_harm() {
        let roots = Roots::pem(ROOT).unwrap();
        for stamp in STAMPS {
            let whole = verify(stamp, &stamped(), Some(NONCE), Some(&roots)).unwrap();
            for at in 0..stamp.len() {
                let mut bent = stamp.to_vec();
                bent[at] ^= 1;
                // What is outside the signature may be bent without changing what is said.
                if let Ok(said) = verify(&bent, &stamped(), Some(NONCE), Some(&roots)) {
                    assert_eq!(said, whole, "byte {at}");
                }
                assert!(verify(&stamp[..at], &stamped(), None, None).is_err());
            }
        }
        assert_eq!(verify(&vec![0x30; LONGEST + 1], &stamped(), None, None), Err(StampError::Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..400), at in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>()) {
            prop_assert!(verify(&bytes, &stamped(), None, None).is_err());
            let mut bent = STAMPS[1].to_vec();
            let at = at.index(bent.len());
            for (to, from) in bent[at..].iter_mut().zip(&bytes) {
                *to = *from;
            }
            bent.truncate(cut.index(bent.len()));
            prop_assert!(verify(&bent, &stamped(), None, None).is_err());
        }
    }
}
