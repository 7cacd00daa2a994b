//! What is said about one file.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::sample::Random;
use super::super::xml::Node;
use super::account::{Device, IpEvent};
use super::element::{Field, element, flags, words};

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

flags!(FileAnnotation);

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

/// Whether the platform viewed a file. EXIF is viewed only with the whole file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredViewing", into = "StoredViewing")]
pub struct Viewing {
    file: Option<bool>,
    exif: Option<bool>,
}

impl Viewing {
    /// Nothing is stated.
    pub const UNSTATED: Self = Self { file: None, exif: None };
    /// Nobody looked.
    pub const NOBODY: Self = Self { file: Some(false), exif: None };
    /// Its entire contents were viewed.
    pub const WHOLE: Self = Self { file: Some(true), exif: None };

    /// Says also whether its EXIF was viewed; a yes stands only with a file that was viewed whole.
    #[must_use]
    pub fn with_exif(self, viewed: bool) -> Self {
        Self { exif: (!viewed || self.file == Some(true)).then_some(viewed), ..self }
    }

    /// Whether its entire contents were viewed, where that is stated.
    pub fn file(self) -> Option<bool> {
        self.file
    }

    /// Whether its EXIF was viewed, where that is stated.
    pub fn exif(self) -> Option<bool> {
        self.exif
    }
}

#[derive(Serialize, Deserialize)]
struct StoredViewing {
    viewed_by_esp: Option<bool>,
    exif_viewed_by_esp: Option<bool>,
}

impl From<StoredViewing> for Viewing {
    fn from(stored: StoredViewing) -> Self {
        let viewing = Self { file: stored.viewed_by_esp, exif: None };
        stored.exif_viewed_by_esp.map_or(viewing, |exif| viewing.with_exif(exif))
    }
}

impl From<Viewing> for StoredViewing {
    fn from(viewing: Viewing) -> Self {
        Self { viewed_by_esp: viewing.file, exif_viewed_by_esp: viewing.exif }
    }
}

impl Field for Viewing {
    fn put(&self, parent: &mut Node, _: &str) {
        self.file.put(parent, "fileViewedByEsp");
        self.exif.put(parent, "exifViewedByEsp");
    }

    fn get(parent: &Node, _: &str) -> Option<Self> {
        let viewing =
            Self { file: Field::get(parent, "fileViewedByEsp")?, exif: Field::get(parent, "exifViewedByEsp")? };
        (viewing.exif != Some(true) || viewing.file == Some(true)).then_some(viewing)
    }

    fn sample(random: &mut Random, _: &str) -> Self {
        let viewing = random.of(&[Self::UNSTATED, Self::NOBODY, Self::WHOLE]);
        let exif = random.maybe();
        random.of(&[viewing, viewing.with_exif(exif)])
    }
}

/// Whether a file is what is reported, or context, and what may be said of it as such: context is no potential meme and has
/// no class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredRelevance", into = "StoredRelevance")]
pub struct Relevance {
    kind: FileRelevance,
    annotations: BTreeSet<FileAnnotation>,
    classification: Option<IndustryClassification>,
}

impl Relevance {
    /// A file that is reported.
    pub fn reported(annotations: BTreeSet<FileAnnotation>, classification: Option<IndustryClassification>) -> Self {
        Self { kind: FileRelevance::Reported, annotations, classification }
    }

    /// A file that is context. Nothing, if it is called a potential meme.
    pub fn supplemental(annotations: BTreeSet<FileAnnotation>) -> Option<Self> {
        (!annotations.contains(&FileAnnotation::PotentialMeme)).then_some(Self {
            kind: FileRelevance::Supplemental,
            annotations,
            classification: None,
        })
    }

    /// Which it is.
    pub fn kind(&self) -> FileRelevance {
        self.kind
    }

    /// What more is known.
    pub fn annotations(&self) -> &BTreeSet<FileAnnotation> {
        &self.annotations
    }

    /// The industry's scale.
    pub fn classification(&self) -> Option<IndustryClassification> {
        self.classification
    }
}

#[derive(Serialize, Deserialize)]
struct StoredRelevance {
    relevance: Option<FileRelevance>,
    #[serde(default)]
    annotations: BTreeSet<FileAnnotation>,
    industry_classification: Option<IndustryClassification>,
}

impl TryFrom<StoredRelevance> for Relevance {
    type Error = &'static str;

    fn try_from(stored: StoredRelevance) -> Result<Self, Self::Error> {
        match (stored.relevance, stored.industry_classification) {
            (None | Some(FileRelevance::Reported), class) => Ok(Self::reported(stored.annotations, class)),
            (Some(FileRelevance::Supplemental), None) => Self::supplemental(stored.annotations).ok_or(NO_CONTEXT),
            (Some(FileRelevance::Supplemental), Some(_)) => Err(NO_CONTEXT),
        }
    }
}

const NO_CONTEXT: &str = "a supplemental file has neither the annotation potentialMeme nor an industry classification";

impl From<Relevance> for StoredRelevance {
    fn from(known: Relevance) -> Self {
        let Relevance { kind, annotations, classification } = known;
        Self { relevance: Some(kind), annotations, industry_classification: classification }
    }
}

impl Field for Relevance {
    fn put(&self, parent: &mut Node, name: &str) {
        self.kind.put(parent, name);
        self.annotations.put(parent, "fileAnnotations");
        self.classification.put(parent, "industryClassification");
    }

    fn get(parent: &Node, name: &str) -> Option<Self> {
        let stored = StoredRelevance {
            relevance: Field::get(parent, name)?,
            annotations: Field::get(parent, "fileAnnotations")?,
            industry_classification: Field::get(parent, "industryClassification")?,
        };
        stored.try_into().ok()
    }

    fn sample(random: &mut Random, _: &str) -> Self {
        let annotations: BTreeSet<FileAnnotation> = Field::sample(random, "");
        let reported = Self::reported(annotations.clone(), Field::sample(random, ""));
        if random.maybe() { Self::supplemental(annotations).unwrap_or(reported) } else { reported }
    }
}

element! {
    /// A digest of the file as first uploaded.
    Digest (
        /// Which: MD5, SHA1, …
        algorithm: String = "hashType",
    ) [
        /// In hexadecimal.
        value: String
    ] {}
}

element! {
    /// A name and a value.
    NameValue {
        /// The name.
        name: String = "name",
        /// The value.
        value: String = "value",
    }
}

/// Pairs of one kind; without a pair nothing is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pairs {
    /// EXIF data.
    pub exif: Vec<NameValue>,
    /// Hashes that are no digests of the original, such as PDQ.
    #[serde(alias = "hash_details")]
    pub hashes: Vec<NameValue>,
    /// Others.
    pub others: Vec<NameValue>,
}

impl Field for Pairs {
    fn put(&self, parent: &mut Node, name: &str) {
        for (kind, pairs) in [(Some("HASH"), &self.hashes), (Some("EXIF"), &self.exif), (None, &self.others)] {
            if pairs.is_empty() {
                continue;
            }
            let mut details = Node::named(name);
            details.attributes.extend(kind.map(|kind| ("type".to_owned(), kind.to_owned())));
            pairs.put(&mut details, "nameValuePair");
            parent.children.push(details);
        }
    }

    fn get(parent: &Node, name: &str) -> Option<Self> {
        let mut all = Self::default();
        for details in parent.all(name) {
            let pairs: Vec<NameValue> = Field::get(details, "nameValuePair")?;
            match details.attribute("type") {
                Some("HASH") => all.hashes.extend(pairs),
                Some("EXIF") => all.exif.extend(pairs),
                Some(_) => return None,
                None => all.others.extend(pairs),
            }
        }
        Some(all)
    }

    fn sample(random: &mut Random, _: &str) -> Self {
        let mut pairs = || Field::sample(random, "nameValuePair");
        Self { exif: pairs(), hashes: pairs(), others: pairs() }
    }
}

element! {
    /// What is said about one file of a plain report.
    FileDetails {
        /// The report's number.
        report_id: i64 = "reportId",
        /// The file's id at the destination.
        file_id: String = "fileId",
        /// Its name as uploaded.
        original_file_name: Option<String> = "originalFileName",
        /// When it was uploaded to the platform.
        uploaded_at: Option<Timestamp> = "uploadedToEspTimestamp",
        /// Where it can be seen.
        location: Option<String> = "locationOfFile",
        /// Whether the platform viewed it.
        #[serde(flatten)]
        viewing: Viewing = "fileViewedByEsp",
        /// Whether everyone could see all of it.
        publicly_available: Option<bool> = "publiclyAvailable",
        /// Whether it is what is reported, or context; and what more is known.
        #[serde(flatten)]
        relevance: Relevance = "fileRelevance",
        /// Digests of the file as first uploaded.
        original_hashes: Vec<Digest> = "originalFileHash",
        /// The address of the upload; there is room for one.
        ip_event: Option<IpEvent> = "ipCaptureEvent",
        /// Devices of the upload.
        #[serde(default)]
        devices: Vec<Device> = "deviceId",
        /// What else is known, as names and values.
        #[serde(flatten)]
        details: Pairs = "details",
        /// Anything else.
        #[serde(default)]
        additional_info: Vec<String> = "additionalInfo",
    }
}

/// Why one file came from many accounts: the annotations of the one file of a batched report, never none and never another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// It spreads fast.
    Viral,
    /// It is passed on in outrage or as a joke.
    PotentialMeme,
    /// Both.
    Both,
}

impl Spread {
    const ALL: [Self; 3] = [Self::Viral, Self::PotentialMeme, Self::Both];

    fn flags(self) -> BTreeSet<FileAnnotation> {
        match self {
            Self::Viral => [FileAnnotation::Viral].into(),
            Self::PotentialMeme => [FileAnnotation::PotentialMeme].into(),
            Self::Both => [FileAnnotation::Viral, FileAnnotation::PotentialMeme].into(),
        }
    }
}

impl Field for Spread {
    fn put(&self, parent: &mut Node, name: &str) {
        self.flags().put(parent, name);
    }

    fn get(parent: &Node, name: &str) -> Option<Self> {
        let flags: BTreeSet<FileAnnotation> = Field::get(parent, name)?;
        Self::ALL.into_iter().find(|spread| spread.flags() == flags)
    }

    fn sample(random: &mut Random, _: &str) -> Self {
        random.of(&Self::ALL)
    }
}

element! {
    /// What is said about the one file of a batched report: nothing that tells of one account.
    BatchedFile {
        /// The report's number.
        report_id: i64 = "reportId",
        /// The file's id at the destination.
        file_id: String = "fileId",
        /// When it was uploaded to the platform.
        uploaded_at: Option<Timestamp> = "uploadedToEspTimestamp",
        /// Whether the platform viewed it.
        #[serde(flatten)]
        viewing: Viewing = "fileViewedByEsp",
        /// Whether everyone could see all of it.
        publicly_available: Option<bool> = "publiclyAvailable",
        /// Why it came from many.
        spread: Spread = "fileAnnotations",
        /// The industry's scale.
        classification: Option<IndustryClassification> = "industryClassification",
    }
}
