//! What Shield answers. Its words are an open list: one that we do not know is kept as it is, and is never taken for "nothing".

use std::collections::HashMap;

use serde::Deserialize;

/// No answer is longer.
pub(crate) const MOST_ANSWER: usize = 1 << 20;

/// An answer that cannot be read, or that does not answer what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not one of Shield's: {0}")]
pub struct ParseError(pub(crate) String);

/// As Shield classifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Classification {
    /// Child sexual abuse material.
    Csam,
    /// Harmful or abusive pictures of children that may not be illegal. Older answers say `harmful-to-children`.
    HarmfulAbusiveMaterial,
    /// Shield's own test pictures.
    Test,
    /// It knows nothing.
    NoKnownMatch,
    /// A word that we do not know.
    Other(String),
}

impl Classification {
    /// Reads Shield's word.
    pub fn of(text: &str) -> Self {
        match text {
            "csam" => Self::Csam,
            "harmful-abusive-material" | "harmful-to-children" => Self::HarmfulAbusiveMaterial,
            "test" => Self::Test,
            "no-known-match" => Self::NoKnownMatch,
            other => Self::Other(other.chars().take(60).collect()),
        }
    }

    /// Shield's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Csam => "csam",
            Self::HarmfulAbusiveMaterial => "harmful-abusive-material",
            Self::Test => "test",
            Self::NoKnownMatch => "no-known-match",
            Self::Other(word) => word,
        }
    }
}

/// How a match came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchType {
    /// The same bytes (SHA-1).
    Exact,
    /// It looks alike: PhotoDNA for media, PDQ for hashes. So is whatever we do not know.
    Near,
}

/// Something that Shield knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// As what.
    pub classification: Classification,
    /// How surely.
    pub match_type: MatchType,
}

/// What Shield says of some media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedMedia {
    /// What it knows, if anything.
    pub found: Option<Match>,
    /// The SHA-256 of the bytes as they arrived there.
    pub sha256: [u8; 32],
}

#[derive(Deserialize)]
struct Said {
    classification: Option<String>,
    match_type: Option<String>,
}

#[derive(Deserialize)]
struct Media {
    sha256_hex: String,
    #[serde(flatten)]
    said: Said,
}

#[derive(Deserialize)]
struct Hashes {
    scanned_hashes: HashMap<String, Said>,
}

impl Said {
    fn found(&self) -> Result<Option<Match>, ParseError> {
        let classification = self.classification.as_deref().map(Classification::of);
        let match_type = match self.match_type.as_deref() {
            Some("exact") => MatchType::Exact,
            _ => MatchType::Near,
        };
        match classification {
            None => Err(ParseError("no classification".to_owned())),
            Some(Classification::NoKnownMatch) if self.match_type.is_none() => Ok(None),
            // It contradicts itself: neither a match nor nothing.
            Some(Classification::NoKnownMatch) => Err(ParseError("a match that is none".to_owned())),
            Some(classification) => Ok(Some(Match { classification, match_type })),
        }
    }
}

fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ParseError> {
    if bytes.len() > MOST_ANSWER {
        return Err(ParseError("too long".to_owned()));
    }
    serde_json::from_slice(bytes).map_err(|error| ParseError(error.to_string()))
}

/// Reads the answer to a question about hashes, in the order they were asked. Every hash must have its answer.
pub fn read_hashes(bytes: &[u8], asked: &[String]) -> Result<Vec<Option<Match>>, ParseError> {
    let hashes: Hashes = json(bytes)?;
    let one = |hash: &String| match hashes.scanned_hashes.get(hash) {
        Some(said) => said.found(),
        None => Err(ParseError("a hash has no answer".to_owned())),
    };
    asked.iter().map(one).collect()
}

/// Reads the answer to media.
pub fn read_media(bytes: &[u8]) -> Result<ScannedMedia, ParseError> {
    let media: Media = json(bytes)?;
    let text = media.sha256_hex.as_bytes();
    let mut sha256 = [0; 32];
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let wrong = || ParseError("sha256_hex is no digest".to_owned());
    if text.len() != 64 {
        return Err(wrong());
    }
    for (to, pair) in sha256.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return Err(wrong()) };
        *to = digit(*high).ok_or_else(wrong)? * 16 + digit(*low).ok_or_else(wrong)?;
    }
    Ok(ScannedMedia { found: media.said.found()?, sha256 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked() -> Vec<String> {
        vec!["aa=".to_owned(), "bb=".to_owned()]
    }

    #[test]
    fn hashes_are_answered_in_the_order_they_were_asked() {
        let bytes = br#"{"scanned_hashes": {
            "bb=": {"classification": "csam", "match_type": "near", "near_match_details": {"timestamp": 0}},
            "aa=": {"classification": "no-known-match", "match_type": null, "near_match_details": null},
            "cc=": {"classification": "csam", "match_type": "exact"}}}"#;
        let found = read_hashes(bytes, &asked()).unwrap();
        assert_eq!(found, [None, Some(Match { classification: Classification::Csam, match_type: MatchType::Near })]);
    }

    #[test]
    fn what_is_not_understood_is_never_nothing() {
        for bad in [
            "",
            "{}",
            "[]",
            "<html>",
            r#"{"scanned_hashes": {}}"#,
            r#"{"scanned_hashes": {"aa=": {"classification": "no-known-match", "match_type": null}}}"#,
            r#"{"scanned_hashes": {"aa=": {}, "bb=": {}}}"#,
            r#"{"scanned_hashes": {"aa=": {"classification": null}, "bb=": {"classification": null}}}"#,
            r#"{"detail": "no"}"#,
        ] {
            assert!(read_hashes(bad.as_bytes(), &asked()).is_err(), "{bad}");
        }
        let odd = r#"{"scanned_hashes": {"aa=": {"classification": "new-word"}, "bb=": {"classification": "harmful-to-children", "match_type": "odd"}}}"#;
        let found = read_hashes(odd.as_bytes(), &asked()).unwrap();
        let words: Vec<_> =
            found.iter().map(|found| found.as_ref().map(|found| found.classification.as_str())).collect();
        assert_eq!(words, [Some("new-word"), Some("harmful-abusive-material")]);
        let contradicts = r#"{"scanned_hashes": {"aa=": {"classification": "no-known-match", "match_type": "near"}}}"#;
        assert!(read_hashes(contradicts.as_bytes(), &["aa=".to_owned()]).is_err());
    }

    #[test]
    fn media_is_answered_with_what_arrived() {
        let text = |digest: &str| {
            format!(
                r#"{{"sha1_base32": "A", "sha256_hex": "{digest}", "size_bytes": 3, "classification": "test", "match_type": "exact", "near_match_details": []}}"#
            )
        };
        let read = read_media(text(&"0f".repeat(32)).as_bytes()).unwrap();
        assert_eq!((read.sha256, read.found.unwrap().match_type), ([0x0f; 32], MatchType::Exact));
        for bad in ["", "0f", &"zz".repeat(32), &"é".repeat(32)] {
            assert!(read_media(text(bad).as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in any::<Vec<u8>>(), word in "\\PC{0,30}") {
            drop(read_hashes(&bytes, &asked()));
            drop(read_media(&bytes));
            let said = serde_json::json!({"scanned_hashes": {"aa=": {"classification": word, "match_type": null}}});
            // Only the one word means that nothing is known.
            let read = read_hashes(said.to_string().as_bytes(), &["aa=".to_owned()]).unwrap();
            prop_assert_eq!(read == [None], word == "no-known-match");
        }
    }
}
