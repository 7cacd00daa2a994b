//! Project Arachnid Shield, of the Canadian Centre for Child Protection: a matcher that is asked, not a list to keep.
//!
//! Written from its published client libraries (Python 0.2.2, Rust 0.1.1, PHP). By default only PDQ hashes leave.

mod answer;
mod client;

pub use answer::{Classification, Match, MatchType, ParseError, ScannedMedia, read_hashes, read_media};
pub use client::{Client, Trouble};

pub use crate::http::Credentials;
