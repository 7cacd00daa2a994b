//! How Tanod says no: a stable slug, a status, a sentence, and what to do about it.
//!
//! Each domain declares its refusals as constants beside its verbs; `web` turns one into RFC 9457 problem JSON or a
//! sentence on a page. Refusals are data rather than one enum a domain, so that one table documents them all.

use crate::store::StoreError;

/// One way of saying no. The slug never changes once published.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Stable name, the last part of the problem's type.
    pub slug: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What is wrong, as a sentence.
    pub title: &'static str,
    /// What to do about it, for a person: it names no address of the API.
    pub remedy: &'static str,
    /// What a program needs beside it: addresses, fields, headers.
    pub program: Option<&'static str>,
}

impl Kind {
    /// Declares a refusal.
    pub const fn new(status: u16, slug: &'static str, title: &'static str, remedy: &'static str) -> Self {
        Self { slug, status, title, remedy, program: None }
    }

    /// The same, with what a program needs beside the remedy. No page shows it.
    #[must_use]
    pub const fn program(self, words: &'static str) -> Self {
        Self { program: Some(words), ..self }
    }

    /// What to do about it, for a program: all there is to say.
    pub fn whole_remedy(&self) -> String {
        self.program.map_or_else(|| self.remedy.to_owned(), |program| format!("{} {program}", self.remedy))
    }

    /// This refusal, with what was wrong this time.
    pub fn because(&'static self, detail: impl Into<String>) -> Error {
        Error::Refused(Box::new(Refusal {
            kind: self,
            detail: Some(detail.into()),
            rows: Vec::new(),
            retry_after: None,
        }))
    }

    /// This refusal of something with several rows, each with its own fault.
    pub fn rows(&'static self, rows: Vec<RowFault>) -> Error {
        Error::Refused(Box::new(Refusal { kind: self, detail: None, rows, retry_after: None }))
    }

    /// This refusal, worth another try after so many seconds.
    pub fn retry_after(&'static self, seconds: u64) -> Error {
        Error::Refused(Box::new(Refusal { kind: self, detail: None, rows: Vec::new(), retry_after: Some(seconds) }))
    }
}

/// A refusal as it happened.
#[derive(Debug)]
pub struct Refusal {
    /// Which.
    pub kind: &'static Kind,
    /// What was wrong this time.
    pub detail: Option<String>,
    /// For imports: which rows, and why.
    pub rows: Vec<RowFault>,
    /// Seconds after which another try makes sense.
    pub retry_after: Option<u64>,
}

/// What is wrong with one row of an import.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct RowFault {
    /// Counted from 1, the header not included.
    pub row: u64,
    /// What is wrong, and what was expected.
    pub message: String,
}

/// What a verb answers when it does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller can do something about it.
    #[error("{}", .0.kind.title)]
    Refused(Box<Refusal>),
    /// Nobody outside can; it is logged once and shown as a 500 with a request id.
    #[error("{0}")]
    Internal(&'static str, #[source] Option<Box<dyn std::error::Error + Send + Sync>>),
}

impl Error {
    /// A fault of ours, with its cause.
    pub fn internal(doing: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(doing, Some(cause.into()))
    }

    /// The slug, if it is a refusal.
    pub fn slug(&self) -> Option<&'static str> {
        match self {
            Self::Refused(refusal) => Some(refusal.kind.slug),
            Self::Internal(..) => None,
        }
    }
}

impl From<&'static Kind> for Error {
    fn from(kind: &'static Kind) -> Self {
        Self::Refused(Box::new(Refusal { kind, detail: None, rows: Vec::new(), retry_after: None }))
    }
}

/// No room is left for what should be kept.
pub static NO_SPACE: Kind = Kind::new(
    507,
    "no-space",
    "There is no room left to keep this, so it was not done.",
    "Try it again later; nothing that was answered is lost. An administrator makes room on the disk, or takes a larger one.",
);
/// The place where things are kept does not answer, or takes nothing.
pub static STORAGE_AWAY: Kind = Kind::new(
    503,
    "storage-away",
    "The database or the object store does not answer or cannot be written to, so this was not done.",
    "Try it again in a minute; nothing that was answered is lost. If it stays, an administrator runs tanod doctor.",
);

/// What any domain may refuse, because what it keeps things in fails.
pub const REFUSALS: &[&Kind] = &[&NO_SPACE, &STORAGE_AWAY];

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = if error.is_full() {
            &NO_SPACE
        } else if error.is_away() {
            &STORAGE_AWAY
        } else {
            return Self::internal("reading or writing the database", error);
        };
        tracing::error!(cause = ?error, "{}", kind.title);
        kind.into()
    }
}

impl From<vault::ObjectsError> for Error {
    fn from(error: vault::ObjectsError) -> Self {
        let kind = if error.is_full() {
            &NO_SPACE
        } else if error.is_away() {
            &STORAGE_AWAY
        } else {
            return Self::internal("reading or writing sealed objects", error);
        };
        tracing::error!(cause = ?error, "{}", kind.title);
        kind.into()
    }
}

/// What verbs answer.
pub type Result<T> = std::result::Result<T, Error>;
