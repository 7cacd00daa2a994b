//! What a report says: fixed when it is intended, written in NCMEC's order when it is sent.

use std::ops::Range;

use exchange::ncmec::Finding;
use exchange::ncmec::document::{FileDetails, Level, Tip, Viewing};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::score::Score;
use super::viewing::Viewed;
use crate::store::ItemId;

/// Where a value of a report came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// What the platform said with an upload or a notice.
    Upload,
    /// What the platform answered when it was asked about the case.
    Context,
    /// The decision.
    Decision,
    /// Who the operator says they are.
    Provider,
    /// Our own records.
    Record,
    /// A person entered it.
    Person {
        /// As they appear in the record.
        staff: i64,
        /// When.
        #[schema(value_type = String)]
        at: Timestamp,
    },
}

/// Something that a report could say and does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Absent {
    /// What.
    pub what: String,
    /// Whether it could be there at all.
    pub why: Why,
    /// Why it is not, in a sentence.
    pub reason: String,
}

/// Why something is absent (18 U.S.C. 2258A(b) asks for what is reasonably available).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// There is no such thing in this case.
    NotApplicable,
    /// There may be, and we do not have it.
    NotReasonablyAvailable,
}

/// A report, as it was intended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// The document for `submit`.
    pub tip: Tip,
    /// Its files, in the order in which they are sent.
    pub files: Vec<DraftFile>,
    /// From where its values are, by the path of the element they stand in or under.
    #[serde(default)]
    pub origins: Vec<(String, Origin)>,
    /// What it does not say, and why.
    #[serde(default)]
    pub absent: Vec<Absent>,
    /// How much an officer can do with it.
    #[serde(default)]
    pub score: Option<Score>,
    /// The conversation as a file, where it could go as one and does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) conversation: Option<DraftFile>,
    /// What the destination's schema knows, as the settings had it when this was gathered.
    #[serde(default)]
    pub(super) level: Level,
}

/// One file of a report. The ids that the destination gives are put in when they are known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DraftFile {
    /// Which upload.
    pub item: ItemId,
    /// Under which name it is sent.
    pub name: String,
    /// MD5 of the bytes, to compare with the destination's.
    pub md5: String,
    /// What is said about it, but for viewing: that is read from the record when it is said.
    pub(super) details: FileDetails,
    /// From where that is.
    #[serde(default)]
    pub origins: Vec<(String, Origin)>,
    /// What the destination's schema knows.
    #[serde(default)]
    pub(super) level: Level,
    /// Its bytes, where it is a text of ours and no upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
}

/// What documents say otherwise than it was given.
#[derive(Default)]
pub(super) struct Unsaid {
    pub(super) cleaned: Vec<(String, usize)>,
    pub(super) encoded: Vec<(String, usize)>,
    pub(super) left_out: Vec<String>,
}

/// What stands for the ids that the destination has not given yet.
const NO_FILE_ID: &str = "00000000000000000000000000000000";

impl DraftFile {
    /// The document for `fileinfo`, once the destination has given its ids. The only one there is: what it says of viewing
    /// comes from a `Viewed`, whatever else is written down.
    pub fn document(&self, number: i64, file_id: &str, viewed: &Viewed) -> String {
        self.with(number, file_id, viewed.stated(), viewed.words())
    }

    /// The same without what is read when it is sent: for checking, and for changing.
    pub(super) fn sketch(&self) -> String {
        self.with(1, NO_FILE_ID, Viewing::UNSTATED, Vec::new())
    }

    /// The digests of the original.
    pub(super) fn digests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.details.original_hashes.iter().map(|digest| (&*digest.algorithm, &*digest.value))
    }

    /// What a camera wrote into it.
    pub(super) fn exif(&self) -> impl Iterator<Item = (&str, &str)> {
        self.details.details.exif.iter().map(|pair| (&*pair.name, &*pair.value))
    }

    fn with(&self, number: i64, file_id: &str, viewing: Viewing, words: Vec<String>) -> String {
        let mut details =
            FileDetails { report_id: number, file_id: file_id.to_owned(), viewing, ..self.details.clone() };
        details.additional_info.extend(words);
        details.to_xml(self.level).xml
    }
}

/// What the destination would refuse of a document, in words.
pub(super) fn faults(document: &str, now: Timestamp, level: Level) -> Vec<String> {
    let findings = exchange::ncmec::validate(document, now, level);
    findings.into_iter().map(|finding| format!("{}: {}", finding.path, finding.message)).collect()
}

impl Draft {
    /// The document for `submit`.
    pub fn document(&self) -> String {
        self.tip.to_xml(self.level).xml
    }

    /// The same for a destination whose schema knows this much.
    pub(super) fn at(mut self, level: Level) -> Self {
        self.level = level;
        for file in self.files.iter_mut().chain(&mut self.conversation) {
            file.level = level;
        }
        self
    }

    /// Its files that users uploaded; what else there is, we wrote ourselves.
    pub(super) fn uploads(&self) -> impl Iterator<Item = &DraftFile> {
        self.files.iter().filter(|file| file.text.is_none())
    }

    /// Whether the conversation goes as a file too; nothing where there is none.
    pub(super) fn conversation_as_file(&self) -> Option<bool> {
        let goes = self.files.iter().any(|file| file.text.is_some());
        (goes || self.conversation.is_some()).then_some(goes)
    }

    /// Has the conversation go as a file too, or not.
    pub(super) fn send_conversation(&mut self, as_file: bool) {
        if as_file {
            self.files.extend(self.conversation.take());
        } else if let Some(at) = self.files.iter().position(|file| file.text.is_some()) {
            self.conversation = Some(self.files.remove(at));
        }
    }

    /// What its documents say otherwise than it was given, for the record: where characters were cut that XML forbids, and how
    /// many; where characters of an address were percent-encoded; and where something is newer than the destination's schema.
    pub(super) fn unsaid(&self) -> Unsaid {
        let files = self.files.iter().map(|file| file.details.to_xml(self.level));
        let mut unsaid = Unsaid::default();
        for document in std::iter::once(self.tip.to_xml(self.level)).chain(files) {
            unsaid.cleaned.extend(document.cleaned);
            unsaid.encoded.extend(document.encoded);
            unsaid.left_out.extend(document.left_out);
        }
        unsaid
    }

    /// What the destination would refuse, of the report itself and of some of its files.
    pub fn findings(&self, now: Timestamp, part: &Range<usize>) -> Vec<Finding> {
        let mut findings = exchange::ncmec::validate(&self.document(), now, self.level);
        for file in self.files.iter().skip(part.start).take(part.len()) {
            // Of viewing, any statement is as valid as none.
            findings.extend(exchange::ncmec::validate(&file.sketch(), now, self.level));
        }
        findings
    }

    /// The same in words. Checked before a report is intended, and again before it is opened.
    pub fn faults(&self, now: Timestamp) -> Vec<String> {
        self.findings(now, &(0..usize::MAX))
            .into_iter()
            .map(|finding| format!("{}: {}", finding.path, finding.message))
            .collect()
    }
}
