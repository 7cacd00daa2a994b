//! What is said to the CyberTipline, as types: nothing can be written in the wrong order.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::xml::Writer;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// The destination's exact words.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

words! {
    /// What happened.
    IncidentType {
        /// Child sexual abuse material.
        AbuseMaterial => "Child Pornography (possession, manufacture, and distribution)",
        /// A child sold for sex.
        Trafficking => "Child Sex Trafficking",
        /// Travelling to abuse.
        Tourism => "Child Sex Tourism",
        /// Abuse in person.
        Molestation => "Child Sexual Molestation",
        /// A name that lures.
        MisleadingDomain => "Misleading Domain Name",
        /// Words or pictures that lure.
        MisleadingWords => "Misleading Words or Digital Images on the Internet",
        /// A child talked into sexual acts, live ones among them.
        Enticement => "Online Enticement of Children for Sexual Acts",
        /// Obscene material sent to a child.
        ObscenityToChild => "Unsolicited Obscene Material Sent to a Child",
    }
}

words! {
    /// What more is known of the whole report.
    ReportAnnotation {
        /// Blackmail.
        Sextortion => "sextortion",
        /// Asking for material.
        CsamSolicitation => "csamSolicitation",
        /// Between minors.
        MinorToMinorInteraction => "minorToMinorInteraction",
        /// Sent in bulk.
        Spam => "spam",
        /// Cruelty as an aim.
        SadisticOnlineExploitation => "sadisticOnlineExploitation",
    }
}

words! {
    /// What more is known of a file.
    FileAnnotation {
        /// Drawn.
        AnimeDrawingVirtualHentai => "animeDrawingVirtualHentai",
        /// Passed on in outrage or as a joke.
        PotentialMeme => "potentialMeme",
        /// Spreading fast.
        Viral => "viral",
        /// Made by the child.
        PossibleSelfProduction => "possibleSelfProduction",
        /// Bodily harm.
        PhysicalHarm => "physicalHarm",
        /// Violence.
        ViolenceGore => "violenceGore",
        /// Animals.
        Bestiality => "bestiality",
        /// From a live stream.
        LiveStreaming => "liveStreaming",
        /// An infant.
        Infant => "infant",
        /// Made by a model.
        GenerativeAi => "generativeAi",
    }
}

words! {
    /// What an address was used for.
    IpKind {
        /// Signing in.
        Login => "Login",
        /// Making the account.
        Registration => "Registration",
        /// Buying.
        Purchase => "Purchase",
        /// Uploading this.
        Upload => "Upload",
        /// Something else.
        Other => "Other",
        /// Nobody knows.
        Unknown => "Unknown",
    }
}

words! {
    /// Whether a file is what is reported, or context.
    FileRelevance {
        /// What is reported.
        Reported => "Reported",
        /// Context, such as a conversation (18 U.S.C. 2258A(b)(5)).
        Supplemental => "Supplemental Reported",
    }
}

words! {
    /// The industry's scale: A prepubescent, B pubescent; 1 sex act, 2 lascivious exhibition.
    IndustryClassification {
        /// Prepubescent, sex act.
        A1 => "A1",
        /// Prepubescent, lascivious exhibition.
        A2 => "A2",
        /// Pubescent, sex act.
        B1 => "B1",
        /// Pubescent, lascivious exhibition.
        B2 => "B2",
    }
}

/// A document, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The text.
    pub xml: String,
    /// How many characters were left out because XML 1.0 forbids them.
    pub removed_characters: usize,
}

/// A report, in the order of the schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What happened, and when.
    pub summary: IncidentSummary,
    /// Where on the internet.
    pub internet: Vec<InternetDetails>,
    /// Who reports.
    pub reporter: Reporter,
    /// Whose account it was.
    pub reported: Option<ReportedAccount>,
    /// For whom it was meant; never among the suspects.
    #[serde(default)]
    pub recipients: Vec<ReportedAccount>,
    /// Victims; never among the suspects.
    #[serde(default)]
    pub victims: Vec<ReportedAccount>,
    /// Anything else.
    pub additional_info: Option<String>,
}

/// What happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentSummary {
    /// What.
    pub incident_type: IncidentType,
    /// The application's full name.
    pub platform: Option<String>,
    /// The reason why this cannot wait. Its presence escalates the report.
    pub escalate: Option<String>,
    /// What more is known.
    pub annotations: BTreeSet<ReportAnnotation>,
    /// When; never in the future.
    pub incident_at: Timestamp,
    /// What that time means.
    pub incident_at_means: Option<String>,
}

/// Where on the internet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InternetDetails {
    /// On a page.
    WebPage(WebPage),
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebPage {
    /// Its addresses.
    pub urls: Vec<String>,
    /// Anything else.
    pub additional_info: Option<String>,
    /// Whether somebody else hosts it.
    pub third_party_hosted: Option<bool>,
}

/// Who reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporter {
    /// The reporting contact; an e-mail address is needed.
    pub person: Person,
    /// Whom law enforcement should call instead.
    pub contact: Option<Person>,
    /// Where to serve legal process, how long data are kept, the number for the night.
    pub company_template: Option<String>,
    /// The rule that was broken.
    pub terms_of_service: Option<String>,
    /// A page about legal process.
    pub legal_url: Option<String>,
}

/// A person, or a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
}

/// An account: a suspect, a recipient or a victim, by the element it stands in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedAccount {
    /// The person behind it.
    pub person: Option<Person>,
    /// Its unique id on the platform.
    pub esp_identifier: Option<String>,
    /// The product it used.
    pub esp_service: Option<String>,
    /// Whether somebody else may have used it.
    #[serde(default)]
    pub compromised: Option<bool>,
    /// Its name.
    pub screen_name: Option<String>,
    /// Names as shown.
    pub display_names: Vec<String>,
    /// Where its profile is.
    pub profile_urls: Vec<String>,
    /// Addresses it came from.
    pub ip_events: Vec<IpEvent>,
    /// Numbers of earlier reports about it, in the same environment.
    pub prior_reports: Vec<i64>,
    /// Anything else.
    pub additional_info: Option<String>,
}

/// An address at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpEvent {
    /// The address.
    pub address: IpAddr,
    /// What it was used for.
    pub kind: Option<IpKind>,
    /// When.
    pub at: Option<Timestamp>,
    /// Whether it may hide another.
    pub possible_proxy: Option<bool>,
    /// The source port, which tells people behind one address apart.
    pub port: Option<u16>,
}

/// What is said about one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDetails {
    /// The report's number.
    pub report_id: i64,
    /// The file's id at the destination.
    pub file_id: String,
    /// Its name as uploaded.
    pub original_file_name: Option<String>,
    /// When it was uploaded to the platform.
    pub uploaded_at: Option<Timestamp>,
    /// Where it can be seen.
    pub location: Option<String>,
    /// Whether the platform viewed its entire contents.
    pub viewed_by_esp: Option<bool>,
    /// Whether the platform viewed its EXIF data. True only with `viewed_by_esp`; otherwise it is not written.
    pub exif_viewed_by_esp: Option<bool>,
    /// Whether everyone could see all of it.
    pub publicly_available: Option<bool>,
    /// Reported, or context.
    pub relevance: Option<FileRelevance>,
    /// What more is known.
    pub annotations: BTreeSet<FileAnnotation>,
    /// The industry's scale.
    pub industry_classification: Option<IndustryClassification>,
    /// Digests of the file as first uploaded: algorithm and hexadecimal.
    pub original_hashes: Vec<(String, String)>,
    /// The address of the upload.
    pub ip_event: Option<IpEvent>,
    /// Further hashes: name and value.
    pub hash_details: Vec<(String, String)>,
    /// Anything else.
    pub additional_info: Vec<String>,
}

fn boolean(writer: &mut Writer, name: &str, value: Option<bool>) {
    writer.maybe(name, value.map(|value| if value { "true" } else { "false" }));
}

fn person(writer: &mut Writer, name: &str, person: &Person) {
    writer.within(name, &[], |writer| {
        writer.maybe("firstName", person.first_name.as_deref());
        writer.maybe("lastName", person.last_name.as_deref());
        for email in &person.emails {
            writer.text("email", email);
        }
    });
}

fn ip_event(writer: &mut Writer, event: &IpEvent) {
    writer.within("ipCaptureEvent", &[], |writer| {
        writer.text("ipAddress", &event.address.to_string());
        writer.maybe("eventName", event.kind.map(IpKind::as_str));
        writer.maybe("dateTime", event.at.map(|at| at.to_string()).as_deref());
        boolean(writer, "possibleProxy", event.possible_proxy);
        writer.maybe("port", event.port.map(|port| port.to_string()).as_deref());
    });
}

impl Report {
    /// The document for `submit`.
    pub fn to_xml(&self) -> Document {
        let mut writer = Writer::new();
        writer.within("report", &[], |writer| {
            self.summary.write(writer);
            for details in &self.internet {
                writer.within("internetDetails", &[], |writer| details.write(writer));
            }
            self.reporter.write(writer);
            if let Some(reported) = &self.reported {
                reported.write(writer, "personOrUserReported");
            }
            for recipient in &self.recipients {
                recipient.write(writer, "intendedRecipient");
            }
            for victim in &self.victims {
                victim.write(writer, "victim");
            }
            writer.maybe("additionalInfo", self.additional_info.as_deref());
        });
        let (xml, removed_characters) = writer.finish();
        Document { xml, removed_characters }
    }
}

impl IncidentSummary {
    fn write(&self, writer: &mut Writer) {
        writer.within("incidentSummary", &[], |writer| {
            writer.text("incidentType", self.incident_type.as_str());
            writer.maybe("platform", self.platform.as_deref());
            writer.maybe("escalateToHighPriority", self.escalate.as_deref());
            if !self.annotations.is_empty() {
                writer.within("reportAnnotations", &[], |writer| {
                    for annotation in &self.annotations {
                        writer.flag(annotation.as_str());
                    }
                });
            }
            writer.text("incidentDateTime", &self.incident_at.to_string());
            writer.maybe("incidentDateTimeDescription", self.incident_at_means.as_deref());
        });
    }
}

impl InternetDetails {
    fn write(&self, writer: &mut Writer) {
        let Self::WebPage(page) = self;
        let hosted = page.third_party_hosted.map(|hosted| if hosted { "true" } else { "false" });
        let attributes: Vec<_> = hosted.map(|hosted| ("thirdPartyHostedContent", hosted)).into_iter().collect();
        writer.within("webPageIncident", &attributes, |writer| {
            for url in &page.urls {
                writer.text("url", url);
            }
            writer.maybe("additionalInfo", page.additional_info.as_deref());
        });
    }
}

impl Reporter {
    fn write(&self, writer: &mut Writer) {
        writer.within("reporter", &[], |writer| {
            person(writer, "reportingPerson", &self.person);
            if let Some(contact) = &self.contact {
                person(writer, "contactPerson", contact);
            }
            writer.maybe("companyTemplate", self.company_template.as_deref());
            writer.maybe("termsOfService", self.terms_of_service.as_deref());
            writer.maybe("legalURL", self.legal_url.as_deref());
        });
    }
}

impl ReportedAccount {
    fn write(&self, writer: &mut Writer, element: &str) {
        writer.within(element, &[], |writer| {
            let empty = Person::default();
            // The schema asks for a victim's person, be it empty.
            if let Some(behind) = self.person.as_ref().or((element == "victim").then_some(&empty)) {
                person(writer, &format!("{element}Person"), behind);
            }
            writer.maybe("espIdentifier", self.esp_identifier.as_deref());
            writer.maybe("espService", self.esp_service.as_deref());
            boolean(writer, "compromisedAccount", self.compromised);
            writer.maybe("screenName", self.screen_name.as_deref());
            for name in &self.display_names {
                writer.text("displayName", name);
            }
            for url in &self.profile_urls {
                writer.text("profileUrl", url);
            }
            for event in &self.ip_events {
                ip_event(writer, event);
            }
            for number in &self.prior_reports {
                writer.text("priorCTReports", &number.to_string());
            }
            writer.maybe("additionalInfo", self.additional_info.as_deref());
        });
    }
}

impl FileDetails {
    /// The document for `fileinfo`.
    pub fn to_xml(&self) -> Document {
        let mut writer = Writer::new();
        writer.within("fileDetails", &[], |writer| {
            writer.text("reportId", &self.report_id.to_string());
            writer.text("fileId", &self.file_id);
            writer.maybe("originalFileName", self.original_file_name.as_deref());
            writer.maybe("uploadedToEspTimestamp", self.uploaded_at.map(|at| at.to_string()).as_deref());
            writer.maybe("locationOfFile", self.location.as_deref());
            boolean(writer, "fileViewedByEsp", self.viewed_by_esp);
            // The destination refuses EXIF that was viewed in a file that was not.
            let exif = self.exif_viewed_by_esp.filter(|viewed| !viewed || self.viewed_by_esp == Some(true));
            boolean(writer, "exifViewedByEsp", exif);
            boolean(writer, "publiclyAvailable", self.publicly_available);
            writer.maybe("fileRelevance", self.relevance.map(FileRelevance::as_str));
            if !self.annotations.is_empty() {
                writer.within("fileAnnotations", &[], |writer| {
                    for annotation in &self.annotations {
                        writer.flag(annotation.as_str());
                    }
                });
            }
            let classification = self.industry_classification.map(IndustryClassification::as_str);
            writer.maybe("industryClassification", classification);
            for (algorithm, digest) in &self.original_hashes {
                writer.text_with("originalFileHash", &[("hashType", algorithm)], digest);
            }
            if let Some(event) = &self.ip_event {
                ip_event(writer, event);
            }
            if !self.hash_details.is_empty() {
                writer.within("details", &[("type", "HASH")], |writer| {
                    for (name, value) in &self.hash_details {
                        writer.within("nameValuePair", &[], |writer| {
                            writer.text("name", name);
                            writer.text("value", value);
                        });
                    }
                });
            }
            for text in &self.additional_info {
                writer.text("additionalInfo", text);
            }
        });
        let (xml, removed_characters) = writer.finish();
        Document { xml, removed_characters }
    }
}
