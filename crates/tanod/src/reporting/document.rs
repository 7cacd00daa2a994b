//! What a report says: gathered from the case at the decision, fixed there, and written in NCMEC's order.

use exchange::ncmec::document::{
    FileDetails, FileRelevance, IncidentSummary, InternetDetails, IpEvent, IpKind, Person, Report as Tip,
    ReportedAccount, Reporter, WebPage,
};
use jiff::Timestamp;

use super::Settings;
use crate::evidence;
use crate::intake::{self, Item};
use crate::matching::Strength;
use crate::refusal::{Error, Result};
use crate::review::{Case, Decision};
use crate::store::{ItemId, Tx};

/// What was seen of a file, as the report may state it (US-15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Viewed {
    /// The deciding person viewed this upload whole and without a veil, and said so: the flag is true.
    Whole,
    /// Somebody looked, but not at all of it, or did not state it: the flag is left out, and the text says why.
    Partly,
    /// Nobody looked: the flag is false.
    Nobody,
}

/// A report, as it was intended.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Draft {
    /// The document for `submit`.
    pub tip: Tip,
    /// Its files, in the order in which they are sent.
    pub files: Vec<DraftFile>,
}

/// One file of a report. The ids that the destination gives are put in when they are known.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct DraftFile {
    /// Which upload.
    pub item: ItemId,
    /// Under which name it is sent.
    pub name: String,
    /// MD5 of the bytes, to compare with the destination's.
    pub md5: String,
    /// What was seen of it.
    pub viewed: Viewed,
    /// What is said about it.
    pub details: FileDetails,
}

/// Gathers a report from the case.
pub(super) async fn draft(
    tx: &mut Tx,
    case: &Case,
    decision: &Decision,
    items: &[ItemId],
    prior: Vec<i64>,
    settings: &Settings,
) -> Result<Draft> {
    let kind = decision.incident_type.as_deref().and_then(super::incident_type);
    let kind = kind.ok_or_else(|| Error::internal("drafting a report", "the decision has no incident type"))?;
    let mut files = Vec::new();
    let mut uploads = Vec::new();
    for id in items {
        let item = intake::find(tx, *id).await?;
        let viewed = viewed(tx, decision, *id).await?;
        files.push(DraftFile {
            item: *id,
            name: file_name(&item),
            md5: hex::encode(item.digests.md5),
            viewed,
            details: details(&item, viewed),
        });
        uploads.push(item);
    }
    // The incident is the first upload of what is reported; when the platform named no time, its arrival here.
    let first = uploads.iter().min_by_key(|item| incident_time(item));
    let (incident_at, means) = first.map_or((case.knowledge_at, MEANS_ARRIVAL), |item| {
        let named = item.facts.as_ref().is_some_and(|facts| facts.uploaded_at.is_some());
        (incident_time(item), if named { MEANS_UPLOAD } else { MEANS_ARRIVAL })
    });
    let mut urls: Vec<String> = Vec::new();
    for url in uploads.iter().filter_map(|item| item.facts.as_ref()).flat_map(|facts| facts.urls.iter()) {
        if !urls.contains(url) {
            urls.push(url.clone());
        }
    }
    let internet = if urls.is_empty() {
        Vec::new()
    } else {
        vec![InternetDetails::WebPage(WebPage { urls, additional_info: None, third_party_hosted: None })]
    };
    let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    Ok(Draft {
        tip: Tip {
            summary: IncidentSummary {
                incident_type: kind,
                platform: some(&settings.platform),
                escalate: None,
                incident_at,
                incident_at_means: Some(means.to_owned()),
                annotations: std::collections::BTreeSet::default(),
            },
            internet,
            reporter: Reporter {
                person: Person {
                    first_name: some(&settings.first_name),
                    last_name: some(&settings.last_name),
                    emails: vec![settings.email.clone()],
                },
                contact: None,
                company_template: some(&settings.company_template),
                terms_of_service: None,
                legal_url: some(&settings.legal_url),
            },
            reported: account(&uploads, prior, settings),
            additional_info: Some(format!(
                "Found by comparing uploads with lists of known material; a person decided to report. Our case number {}.",
                case.number
            )),
        },
        files,
    })
}

const MEANS_UPLOAD: &str =
    "The time at which the first of the reported files was uploaded, as recorded by the platform.";
const MEANS_ARRIVAL: &str =
    "The time at which the first of the reported files reached the matching system; the upload was at or before it.";

fn incident_time(item: &Item) -> Timestamp {
    // The destination refuses a time in the future; a platform's clock may be ahead of ours.
    let named = item.facts.as_ref().and_then(|facts| facts.uploaded_at);
    named.map_or(item.received_at, |at| at.min(item.received_at))
}

fn account(uploads: &[Item], prior: Vec<i64>, settings: &Settings) -> Option<ReportedAccount> {
    let facts: Vec<_> = uploads.iter().filter_map(|item| item.facts.as_ref().map(|facts| (item, facts))).collect();
    let account = facts.iter().find_map(|(_, facts)| facts.account.as_ref());
    let mut ip_events: Vec<IpEvent> = Vec::new();
    for (item, facts) in &facts {
        if let Some(event) = ip_event(item, facts)
            && !ip_events.contains(&event)
        {
            ip_events.push(event);
        }
    }
    if account.is_none() && ip_events.is_empty() {
        return None;
    }
    let person = account.and_then(|account| account.email.clone()).map(|email| Person {
        first_name: None,
        last_name: None,
        emails: vec![email],
    });
    Some(ReportedAccount {
        person,
        esp_identifier: account.map(|account| account.id.clone()),
        esp_service: (!settings.platform.is_empty()).then(|| settings.platform.chars().take(100).collect()),
        screen_name: account.and_then(|account| account.screen_name.clone()),
        display_names: Vec::new(),
        profile_urls: account.and_then(|account| account.profile_url.clone()).into_iter().collect(),
        ip_events,
        prior_reports: prior,
        additional_info: None,
    })
}

fn ip_event(item: &Item, facts: &intake::Facts) -> Option<IpEvent> {
    // The address is that of the upload, and is called so; its time is the upload's (US-16).
    facts.upload_ip.map(|address| IpEvent {
        address,
        kind: Some(IpKind::Upload),
        at: Some(incident_time(item)),
        port: facts.upload_port,
        possible_proxy: None,
    })
}

/// What was seen of this very upload: never of an identical file of another (US-15).
async fn viewed(tx: &mut Tx, decision: &Decision, item: ItemId) -> Result<Viewed> {
    let views = evidence::views(tx, item).await?;
    let whole = views.iter().any(|view| view.person == decision.by && view.whole && !view.veiled);
    Ok(if whole && decision.viewed_whole.contains(&item) {
        Viewed::Whole
    } else if views.is_empty() {
        Viewed::Nobody
    } else {
        Viewed::Partly
    })
}

fn file_name(item: &Item) -> String {
    let named = item.facts.as_ref().and_then(|facts| facts.file_name.as_deref());
    named.map_or_else(|| item.id.to_string(), str::to_owned)
}

fn details(item: &Item, viewed: Viewed) -> FileDetails {
    let facts = item.facts.as_ref();
    let found = match item.strength {
        Some(Strength::Exact) => "Matched a list of known material by exact digest of the file.",
        Some(Strength::Near) => {
            "Matched a list of known material by similarity of the picture; a possible match until a person confirmed it."
        }
        None => "Came with a person's notice; no list of known material was found to know it.",
    };
    let mut said = vec![found.to_owned()];
    if viewed == Viewed::Partly {
        said.push(
            "A person saw part of this file, or a blurred or reduced form of it; nobody states to have viewed all of it."
                .to_owned(),
        );
    }
    FileDetails {
        report_id: 0,
        file_id: String::new(),
        original_file_name: facts.and_then(|facts| facts.file_name.clone()),
        uploaded_at: facts.and_then(|facts| facts.uploaded_at).map(|at| at.min(item.received_at)),
        location: facts.and_then(|facts| facts.urls.first().cloned()),
        viewed_by_esp: match viewed {
            Viewed::Whole => Some(true),
            Viewed::Partly => None,
            Viewed::Nobody => Some(false),
        },
        exif_viewed_by_esp: None,
        publicly_available: facts.and_then(|facts| facts.public),
        relevance: Some(FileRelevance::Reported),
        annotations: std::collections::BTreeSet::default(),
        industry_classification: None,
        original_hashes: vec![
            ("MD5".to_owned(), hex::encode(item.digests.md5)),
            ("SHA1".to_owned(), hex::encode(item.digests.sha1)),
            ("SHA256".to_owned(), hex::encode(item.digests.sha256)),
        ],
        ip_event: facts.and_then(|facts| ip_event(item, facts)),
        hash_details: item.frames.first().map(|(pdq, _)| ("PDQ".to_owned(), pdq.clone())).into_iter().collect(),
        additional_info: said,
    }
}

impl DraftFile {
    /// The document for `fileinfo`, once the destination has given its ids.
    pub fn document(&self, number: i64, file_id: &str) -> String {
        let details = FileDetails { report_id: number, file_id: file_id.to_owned(), ..self.details.clone() };
        details.to_xml().xml
    }
}

impl Draft {
    /// What the destination would refuse, in words. Checked before a report is intended, and again before it is opened.
    pub fn faults(&self, now: Timestamp) -> Vec<String> {
        let mut findings = exchange::ncmec::validate(&self.tip.to_xml().xml, now);
        for file in &self.files {
            findings.extend(exchange::ncmec::validate(&file.document(1, &"0".repeat(32)), now));
        }
        findings.into_iter().map(|finding| format!("{}: {}", finding.path, finding.message)).collect()
    }
}
