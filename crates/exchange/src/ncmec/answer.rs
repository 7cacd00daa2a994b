//! What the destination answers, and what an answer means for what was asked.

use std::time::Duration;

use super::xml;

/// No answer is longer.
pub(crate) const MOST_ANSWER: usize = 1 << 20;

/// An answer that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not one of the CyberTipline's: {0}")]
pub struct ParseError(String);

/// An answer's content. Either root is read on every call, and unknown elements are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// 0 is success.
    pub code: i32,
    /// In words.
    pub description: String,
    /// The report's number.
    pub report_id: Option<i64>,
    /// The file's id.
    pub file_id: Option<String>,
    /// MD5 of the file as received.
    pub hash: Option<String>,
    /// Ids of all files of a finished report.
    pub files: Vec<String>,
}

impl Parsed {
    /// Reads an answer's body, by its own prolog and not by any header.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > MOST_ANSWER {
            return Err(ParseError("too long".to_owned()));
        }
        let root = xml::parse(bytes).map_err(ParseError)?;
        if root.name != "reportResponse" && root.name != "reportDoneResponse" {
            return Err(ParseError("another root".to_owned()));
        }
        let text =
            |name: &str| root.child(name).map(|node| node.text.trim().to_owned()).filter(|text| !text.is_empty());
        let code = text("responseCode").and_then(|text| text.parse().ok());
        let number = |text: String| text.parse().map_err(|_| ParseError("a report id that is no number".to_owned()));
        Ok(Self {
            code: code.ok_or_else(|| ParseError("no response code".to_owned()))?,
            description: text("responseDescription").unwrap_or_default(),
            report_id: text("reportId").map(number).transpose()?,
            file_id: text("fileId"),
            hash: text("hash"),
            files: root
                .child("files")
                .into_iter()
                .flat_map(|files| files.all("fileId"))
                .map(|node| node.text.trim().to_owned())
                .collect(),
        })
    }
}

/// An answer as it arrived. The one to `finish` is evidence: raw bytes, headers and time are kept.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub http_status: u16,
    /// What to quote to the destination's support.
    pub request_id: Option<String>,
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub raw: Vec<u8>,
}

impl Answer {
    /// What it means.
    pub fn outcome(&self) -> Outcome {
        let retry_after = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
        let retry_after = retry_after.and_then(|(_, value)| value.trim().parse().ok()).map(Duration::from_secs);
        classify(self.http_status, Parsed::from_xml(&self.raw), retry_after)
    }
}

/// No answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It was certainly not sent.
    #[error("the destination could not be reached: {0}")]
    NotSent(String),
    /// It may have been received and acted on.
    #[error("the destination's answer did not arrive: {0}")]
    Lost(String),
}

impl CallError {
    /// What it means.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::NotSent(why) => Outcome::NotSent { why: why.clone() },
            Self::Lost(why) => Outcome::Lost { why: why.clone() },
        }
    }
}

/// What an answer, or its absence, means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done as asked.
    Accepted(Parsed),
    /// The report was finished before (5102).
    AlreadyFinished,
    /// The report was taken back before (5101).
    AlreadyRetracted,
    /// The destination knows no such report (5001): it expired, or never was.
    NoSuchReport,
    /// Never again unchanged: a person must look (4xxx, and what else speaks of the request itself).
    Refused {
        /// The destination's code.
        code: i32,
        /// Its words.
        description: String,
    },
    /// Our credentials or rights are refused (401, 2000, 3xxx).
    Credentials {
        /// In words.
        why: String,
    },
    /// Not now (1xxx, 429, server errors). Whether it was acted on is not known.
    Retry {
        /// As long as the destination asks.
        after: Option<Duration>,
        /// In words.
        why: String,
    },
    /// No answer. Whether it was acted on is not known.
    Lost {
        /// In words.
        why: String,
    },
    /// It was certainly not received.
    NotSent {
        /// In words.
        why: String,
    },
}

/// What a status and a body mean together. Success is a 2xx status and a readable body and the code 0; anything that
/// contradicts itself counts as not known, never as success.
pub fn classify(status: u16, body: Result<Parsed, ParseError>, after: Option<Duration>) -> Outcome {
    let success = (200..300).contains(&status);
    match body {
        Ok(parsed) => match parsed.code {
            0 if success => Outcome::Accepted(parsed),
            0 => Outcome::Retry { after, why: format!("code 0 with HTTP {status}") },
            5_001 => Outcome::NoSuchReport,
            5_101 => Outcome::AlreadyRetracted,
            5_102 => Outcome::AlreadyFinished,
            2_000 | 3_000..=3_999 => {
                Outcome::Credentials { why: format!("code {}: {}", parsed.code, parsed.description) }
            }
            4_000..=4_999 | 5_002 => Outcome::Refused { code: parsed.code, description: parsed.description },
            code => Outcome::Retry { after, why: format!("code {code}: {}", parsed.description) },
        },
        Err(_) if status == 401 || status == 403 => Outcome::Credentials { why: format!("HTTP {status}") },
        Err(_) if matches!(status, 400 | 405 | 411 | 413 | 415 | 422) => {
            Outcome::Refused { code: i32::from(status), description: format!("HTTP {status} without an explanation") }
        }
        Err(error) => Outcome::Retry { after, why: format!("HTTP {status}: {error}") },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "it stands for a body that was read")]
    fn body(code: i32) -> Result<Parsed, ParseError> {
        Ok(Parsed { code, ..Parsed::default() })
    }

    #[test]
    fn both_roots_are_read_and_strange_elements_passed_over() {
        let one = Parsed::from_xml(
            b"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<reportResponse><responseCode>0</responseCode>\
              <news>x</news><reportId>77</reportId><fileId>ab</fileId><hash>cd</hash></reportResponse>",
        )
        .unwrap();
        assert_eq!((one.code, one.report_id, one.file_id.as_deref()), (0, Some(77), Some("ab")));
        let done = b"<reportDoneResponse><responseCode>0</responseCode><reportId>77</reportId>\
                     <files><fileId>a</fileId><fileId>b</fileId></files></reportDoneResponse>";
        assert_eq!(Parsed::from_xml(done).unwrap().files, ["a", "b"]);
        for bad in [
            "",
            "<html/>",
            "<reportResponse/>",
            "<!DOCTYPE a><reportResponse><responseCode>0</responseCode></reportResponse>",
        ] {
            assert!(Parsed::from_xml(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_code_means_the_same_under_either_mapping_of_statuses() {
        for (code, modern) in [(1_000, 500), (1_110, 500), (1_210, 404), (9_999, 500)] {
            for status in [modern, 200] {
                assert!(matches!(classify(status, body(code), None), Outcome::Retry { .. }), "{code} {status}");
            }
        }
        for (code, modern) in [(2_000, 401), (3_000, 403), (3_100, 403), (3_300, 403)] {
            for status in [modern, 200] {
                assert!(matches!(classify(status, body(code), None), Outcome::Credentials { .. }), "{code} {status}");
            }
        }
        for (code, modern) in [(4_000, 400), (4_100, 400), (4_110, 400), (4_200, 400), (5_002, 404)] {
            for status in [modern, 200] {
                assert!(matches!(classify(status, body(code), None), Outcome::Refused { .. }), "{code} {status}");
            }
        }
        for status in [200, 404, 409] {
            assert_eq!(classify(status, body(5_001), None), Outcome::NoSuchReport);
            assert_eq!(classify(status, body(5_101), None), Outcome::AlreadyRetracted);
            assert_eq!(classify(status, body(5_102), None), Outcome::AlreadyFinished);
        }
        assert!(matches!(classify(200, body(0), None), Outcome::Accepted(_)));
        assert!(matches!(classify(500, body(0), None), Outcome::Retry { .. }));
        let empty = || Parsed::from_xml(b"");
        assert!(matches!(classify(401, empty(), None), Outcome::Credentials { .. }));
        assert!(matches!(classify(200, empty(), None), Outcome::Retry { .. }));
        let after = Some(Duration::from_secs(9));
        assert!(matches!(classify(429, empty(), after), Outcome::Retry { after: Some(_), .. }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in any::<Vec<u8>>(), text in "\\PC*") {
            drop(Parsed::from_xml(&bytes));
            drop(Parsed::from_xml(format!("<reportResponse>{text}</reportResponse>").as_bytes()));
        }
    }
}
