//! The package of a case for an officer (EV-09): exhibits, manifest with digests, chain of custody, looks by staff number, proofs
//! of the ledger, receipts, and a page to read. It checks without this program, and its page shows no depiction.
//!
//! ```text
//! READ-ME.txt  index.html  certificate.txt  check.py  SHA256SUMS  manifest.json
//! exhibits/NNN-…  context/N.json  reports/N/sent-NNN-….xml, texts of ours, receipt, receipt-headers
//! custody.json  views.json  holds.json  ledger/checkpoint, proofs.json
//! ```
//!
//! It is an AES-256 ZIP (WinZip's AE-2), or a plain ZIP inside an age file for the recipient's key. One exhibit at a time is in memory.

use std::collections::BTreeMap;
use std::io::{self, Write};

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::words::{self, STEPS};
use super::{BAD_PROCESS, Package, Process};
use crate::accounts;
use crate::audit::{self, Written};
use crate::clock::Random;
use crate::context;
use crate::evidence::{self, Exhibit, Hold, Vault};
use crate::intake::{self, Item};
use crate::refusal::{Error, Result};
use crate::reporting::{self, Receipt, Report};
use crate::review::{self, Case};
use crate::store::{ContextId, Tx};
use crate::web::languages::Language;

/// Refuses what is no public key of age.
pub fn check_recipient(key: &str) -> Result<()> {
    recipient(key).map(drop)
}

fn recipient(key: &str) -> Result<age::x25519::Recipient> {
    key.trim().parse().map_err(|error: &str| BAD_PROCESS.because(format!("the recipient's key: {error}")))
}

/// Letters and digits that nobody confuses on the telephone.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A passphrase of 120 bits in groups of four, to be read aloud.
pub fn passphrase(random: &Random) -> String {
    let bytes: [u8; 24] = random.bytes();
    let letters: Vec<char> =
        bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|b| char::from(*b)).collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// One look, by staff number.
#[derive(Serialize)]
struct Look {
    exhibit: String,
    staff: i64,
    purpose: evidence::Purpose,
    whole: bool,
    veiled: bool,
    at: Timestamp,
}

/// One file of the case.
struct Kept {
    item: Item,
    /// Its path in the package; none where the media is not kept.
    path: Option<String>,
    exhibit: Option<Exhibit>,
}

/// One report: itself, every document that was sent with the step it went with, and its receipt.
type Filed = (Report, Vec<(String, String)>, Option<Receipt>);

/// Everything that a package says, but for the bytes of exhibits.
pub struct Contents {
    package: Package,
    process: Process,
    case: Case,
    made_at: Timestamp,
    operator: String,
    files: Vec<Kept>,
    looks: Vec<Look>,
    custody: Vec<Written>,
    holds: Vec<Hold>,
    reports: Vec<Filed>,
    contexts: Vec<(ContextId, i64)>,
    checkpoint: String,
    proofs: serde_json::Value,
}

/// Reads what a package says. The record must be sequenced first, so that every entry has its proof.
pub async fn gather(tx: &mut Tx, package: Package, process: Process, operator: &str, vkey: &str) -> Result<Contents> {
    let case = review::case(tx, package.case).await?;
    let (mut files, mut looks) = (Vec::new(), Vec::new());
    let items: std::collections::BTreeSet<_> =
        review::signals(tx, case.id).await?.into_iter().filter_map(|signal| signal.item).collect();
    for (id, nth) in items.into_iter().zip(1..) {
        let item = intake::find(tx, id).await?;
        let exhibit = match evidence::exhibit(tx, id).await {
            Ok(exhibit) => exhibit.wrapped_key.is_some().then_some(exhibit),
            Err(Error::Refused(_)) => None,
            Err(error) => return Err(error),
        };
        let path = exhibit.is_some().then(|| format!("exhibits/{nth:03}-{}", plain_name(&item)));
        for view in evidence::views(tx, id).await? {
            looks.push(Look {
                exhibit: path.clone().unwrap_or_else(|| id.to_string()),
                staff: accounts::staff_of(tx, view.person).await?,
                purpose: view.purpose,
                whole: view.whole,
                veiled: view.veiled,
                at: view.at,
            });
        }
        files.push(Kept { item, path, exhibit });
    }
    let custody = audit::custody(tx, case.id, vkey).await?;
    let entries: Vec<_> = custody
        .proofs
        .into_iter()
        .map(|proof| {
            let path: Vec<String> = proof.path.iter().map(hex::encode).collect();
            json!({"position": proof.position, "leaf": BASE64.encode(proof.leaf), "proof": path})
        })
        .collect();
    let mut reports = Vec::new();
    for report in reporting::of_case(tx, case.id).await? {
        let receipt = reporting::receipt(tx, report.id).await?;
        let sent = reporting::sent(tx, report.id).await?;
        reports.push((report, sent, receipt));
    }
    let contexts = context::answers(tx, case.id).await?;
    Ok(Contents {
        made_at: tx.now(),
        operator: operator.to_owned(),
        looks,
        custody: custody.entries,
        holds: evidence::holds_on(tx, case.id).await?,
        reports,
        contexts: contexts.into_iter().map(|version| (version.id, version.version)).collect(),
        checkpoint: custody.checkpoint,
        proofs: json!({"vkey": vkey, "entries": entries}),
        package,
        process,
        case,
        files,
    })
}

/// A name that is safe in any file system: letters, digits, dots, dashes of the uploader's name.
fn plain_name(item: &Item) -> String {
    let name = item.facts.as_ref().and_then(|facts| facts.file_name.as_deref()).unwrap_or("file");
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    let plain = plain.trim_start_matches('.');
    let tail: String = plain.chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
    if tail.is_empty() { "file".to_owned() } else { tail }
}

/// Counts and digests what passes.
struct Measured<W> {
    to: W,
    digest: Sha256,
    bytes: i64,
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let n = self.to.write(piece)?;
        self.digest.update(piece.get(..n).unwrap_or_default());
        self.bytes = self.bytes.saturating_add(i64::try_from(n).unwrap_or(i64::MAX));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The files of a package on their way into the archive, with their sums.
struct Packing<W: Write> {
    zip: zip::ZipWriter<zip::write::StreamWriter<W>>,
    passphrase: Option<String>,
    sums: BTreeMap<String, String>,
}

fn trouble(error: impl std::fmt::Display) -> Error {
    Error::internal("writing the package", error.to_string())
}

impl<W: Write> Packing<W> {
    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .unix_permissions(0o600)
            .large_file(bytes.len() > 1 << 30);
        match self.passphrase.as_deref() {
            Some(words) => self.zip.start_file(name, options.with_aes_encryption(zip::AesMode::Aes256, words)),
            None => self.zip.start_file(name, options),
        }
        .map_err(trouble)?;
        self.zip.write_all(bytes).map_err(trouble)?;
        self.sums.insert(name.to_owned(), hex::encode(Sha256::digest(bytes)));
        Ok(())
    }

    fn json(&mut self, name: &str, value: &impl Serialize) -> Result<()> {
        let mut bytes = serde_json::to_vec_pretty(value).map_err(trouble)?;
        bytes.push(b'\n');
        self.add(name, &bytes)
    }

    fn sums(&mut self) -> Result<()> {
        let lines: Vec<String> = self.sums.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect();
        self.add("SHA256SUMS", lines.concat().as_bytes())
    }
}

/// Writes the package; answers its SHA-256 and its length. With a passphrase it is an AES-256 ZIP, with the package's key an age file.
pub async fn write<W: Write + Send>(
    contents: &Contents,
    vault: &Vault,
    tx: &mut Tx,
    to: W,
    passphrase: Option<&str>,
) -> Result<([u8; 32], i64)> {
    let mut measured = Measured { to, digest: Sha256::new(), bytes: 0 };
    match &contents.package.age_recipient {
        Some(key) => {
            let key = recipient(key)?;
            let to = age::Encryptor::with_recipients(std::iter::once(&key as _)).map_err(trouble)?;
            let to = to.wrap_output(&mut measured).map_err(trouble)?;
            let to = fill(contents, vault, tx, to, None).await?;
            to.finish().map_err(trouble)?;
        }
        None => {
            fill(contents, vault, tx, &mut measured, passphrase.map(str::to_owned)).await?;
        }
    }
    measured.flush().map_err(trouble)?;
    Ok((measured.digest.finalize().into(), measured.bytes))
}

async fn fill<W: Write>(
    contents: &Contents,
    vault: &Vault,
    tx: &mut Tx,
    to: W,
    passphrase: Option<String>,
) -> Result<W> {
    let language = Language::of(&contents.package.language);
    let mut packing = Packing { zip: zip::ZipWriter::new_stream(to), passphrase, sums: BTreeMap::new() };
    packing.add("READ-ME.txt", words::read_me(language).as_bytes())?;
    packing.add("index.html", contents.page(language)?.as_bytes())?;
    packing.add("certificate.txt", contents.certificate(language).as_bytes())?;
    packing.add("check.py", include_bytes!("check.py"))?;
    packing.json("manifest.json", &contents.manifest())?;
    packing.json("custody.json", &contents.custody)?;
    packing.json("views.json", &contents.looks)?;
    packing.json("holds.json", &contents.holds)?;
    packing.add("ledger/checkpoint", contents.checkpoint.as_bytes())?;
    packing.json("ledger/proofs.json", &contents.proofs)?;
    for ((report, sent, receipt), nth) in contents.reports.iter().zip(1..) {
        packing.json(&format!("reports/{nth}/report.json"), report)?;
        for ((step, text), call) in sent.iter().zip(1..) {
            packing.add(&format!("reports/{nth}/sent-{call:03}-{step}.xml"), text.as_bytes())?;
        }
        for (name, text) in report.texts()? {
            packing.add(&format!("reports/{nth}/{name}"), text.as_bytes())?;
        }
        if let Some(receipt) = receipt {
            packing.add(&format!("reports/{nth}/receipt"), receipt.answer.as_bytes())?;
            packing.add(
                &format!("reports/{nth}/receipt-headers"),
                receipt.headers.as_deref().unwrap_or_default().as_bytes(),
            )?;
        }
    }
    for (id, version) in &contents.contexts {
        match context::open(tx, vault, *id).await {
            Ok(body) => packing.add(&format!("context/{version}.json"), &body)?,
            // Destroyed in its time: the custody record says when.
            Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    for kept in &contents.files {
        if let (Some(path), Some(exhibit)) = (&kept.path, &kept.exhibit) {
            let media = vault.open(exhibit).await?;
            if fingerprint::Digests::of(&media) != kept.item.digests {
                return Err(Error::internal("writing the package", format!("{} is not what was sealed", exhibit.id)));
            }
            packing.add(path, &media)?;
        }
    }
    packing.sums()?;
    packing.zip.finish().map(zip::write::StreamWriter::into_inner).map_err(trouble)
}

#[derive(Template)]
#[template(path = "legal/pages/package.html")]
struct Page<'a> {
    language: Language,
    contents: &'a Contents,
    made_at: String,
    files: Vec<FileRow>,
}

struct FileRow {
    name: String,
    kept: bool,
    bytes: i64,
    sha256: String,
    uploaded: String,
    from: String,
    viewed: String,
}

impl Contents {
    fn page(&self, language: Language) -> Result<String> {
        let files = self.files.iter().map(|kept| self.row(kept, language)).collect();
        let page = Page { language, contents: self, made_at: self.made_at.to_string(), files };
        page.render().map_err(trouble)
    }

    fn row(&self, kept: &Kept, language: Language) -> FileRow {
        let facts = kept.item.facts.as_ref();
        let from = facts.and_then(|facts| facts.upload_ip).map_or_else(String::new, |ip| {
            let port =
                facts.and_then(|facts| facts.upload_port).map_or_else(String::new, |port| format!(" port {port}"));
            format!("{ip}{port}")
        });
        let name = kept.path.clone().unwrap_or_else(|| kept.item.id.to_string());
        let looks: Vec<_> = self.looks.iter().filter(|look| look.exhibit == name).collect();
        let viewed = if looks.is_empty() {
            language.say("package-nobody").to_string()
        } else {
            let whole = looks.iter().filter(|look| look.whole).count();
            language.say("package-looks").with("all", looks.len()).with("whole", whole).to_string()
        };
        FileRow {
            kept: kept.path.is_some(),
            bytes: kept.exhibit.as_ref().map_or(0, |exhibit| exhibit.bytes),
            sha256: hex::encode(kept.item.digests.sha256),
            uploaded: facts.and_then(|facts| facts.uploaded_at).unwrap_or(kept.item.received_at).to_string(),
            name,
            from,
            viewed,
        }
    }

    fn certificate(&self, language: Language) -> String {
        let said =
            |language| words::certificate(language, self.package.id, self.case.number, &self.operator, self.made_at);
        let english = Language::default();
        if language == english {
            return said(english);
        }
        format!("{}\n----\n\n{}", said(english), said(language))
    }

    fn manifest(&self) -> serde_json::Value {
        let files: Vec<_> = self
            .files
            .iter()
            .map(|kept| {
                let facts = kept.item.facts.as_ref();
                json!({
                    "item": kept.item.id, "path": kept.path,
                    "md5": hex::encode(kept.item.digests.md5), "sha1": hex::encode(kept.item.digests.sha1),
                    "sha256": hex::encode(kept.item.digests.sha256),
                    "bytes": kept.exhibit.as_ref().map(|exhibit| exhibit.bytes),
                    "file_name": facts.and_then(|facts| facts.file_name.as_deref()),
                    "received_at": kept.item.received_at,
                    "uploaded_at": facts.and_then(|facts| facts.uploaded_at),
                    "upload_ip": facts.and_then(|facts| facts.upload_ip),
                    "upload_port": facts.and_then(|facts| facts.upload_port),
                    "account": facts.and_then(|facts| facts.account.as_ref()),
                })
            })
            .collect();
        json!({
            "format": "tanod-package-v1", "package": self.package, "process": self.process, "case": self.case,
            "made_at": self.made_at, "made_by": concat!("tanod ", env!("CARGO_PKG_VERSION")), "operator": self.operator, "files": files,
        })
    }
}
