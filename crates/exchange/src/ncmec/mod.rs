//! NCMEC's CyberTipline reporting API: the document, its rules, and the calls.
//!
//! Written against NCMEC's technical documentation (copy of June 2025) and schema (November 2025).

mod answer;
mod breaker;
mod client;
pub mod document;
pub mod form;
mod grammar;
mod sample;
mod schema;
mod url;
mod validate;
mod xml;

pub use answer::{Answer, CallError, Outcome, ParseError, Parsed, classify};
pub use breaker::{Breaker, Standing};
pub use client::Client;
pub use sample::Random;
pub use schema::Schema;
pub use url::fits as url_fits;

pub use crate::http::Credentials;
pub use validate::{Finding, Origin, validate};
