//! Whether the destination's schema is one that the documents were written for.

use super::document::Level;

/// Schemas that we know, by SHA-256. The files themselves are not ours to publish.
const KNOWN: [(&str, Level); 1] =
    [("aee4c88099409b8a27d1403a5bc9bf0809bdc4819c079081abc1e2275efb392b", Level::November2025)];

/// What was served as the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schema {
    /// One that we know.
    Known(Level),
    /// Another. Reports are still sent; a person compares it with `tanod report check --xsd`.
    Drifted {
        /// Of the file.
        sha256: String,
    },
    /// None.
    Absent {
        /// What came instead.
        why: String,
    },
}

impl Schema {
    /// Which one these bytes are.
    pub fn of(bytes: &[u8]) -> Self {
        let sha256 = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes));
        match KNOWN.iter().find(|(known, _)| *known == sha256) {
            Some((_, level)) => Self::Known(*level),
            None => Self::Drifted { sha256 },
        }
    }
}
