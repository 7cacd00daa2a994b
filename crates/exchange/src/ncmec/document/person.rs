//! People and how to reach them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::sample::Random;
use super::super::xml::Node;
use super::element::{Attribute, element, words};
use super::place::Address;

words! {
    /// What a number is for.
    PhoneKind {
        /// Mobile.
        Mobile => "Mobile",
        /// At home.
        Home => "Home",
        /// Of a business.
        Business => "Business",
        /// At work.
        Work => "Work",
        /// Fax.
        Fax => "Fax",
        /// Over the internet.
        Internet => "Internet",
        /// To recover an account.
        Recovery => "Recovery",
    }
}

words! {
    /// What an e-mail address is for.
    EmailKind {
        /// Private.
        Home => "Home",
        /// At work.
        Work => "Work",
        /// Of a business.
        Business => "Business",
        /// To recover an account.
        Recovery => "Recovery",
    }
}

/// Whether somebody proved to have a number or address. A date stands only beside a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verified {
    /// It was not proven.
    No,
    /// It was; when is not known.
    Yes,
    /// It was, then.
    On(Timestamp),
}

impl Attribute for Option<Verified> {
    fn put(&self, node: &mut Node, name: &str) {
        if let Some(verified) = self {
            (*verified != Verified::No).put(node, name);
        }
        if let Some(Verified::On(at)) = self {
            at.put(node, "verificationDate");
        }
    }

    fn get(node: &Node, name: &str) -> Option<Self> {
        let at: Option<Timestamp> = Attribute::get(node, "verificationDate")?;
        let yes: Option<bool> = Attribute::get(node, name)?;
        Some(match (yes, at) {
            (Some(true), Some(at)) => Some(Verified::On(at)),
            (Some(true), None) => Some(Verified::Yes),
            (Some(false), None) => Some(Verified::No),
            (None, None) => None,
            (None | Some(false), Some(_)) => return None,
        })
    }

    fn sample(random: &mut Random, _: &str) -> Self {
        let at = random.past();
        random.of(&[None, Some(Verified::No), Some(Verified::Yes), Some(Verified::On(at))])
    }
}

element! {
    /// A telephone number, without the calling code if that stands beside it.
    #[derive(Default)]
    #[serde(default)]
    Phone (
        /// What it is for.
        kind: Option<PhoneKind> = "type",
        /// Whether somebody proved to have it.
        verified: Option<Verified> = "verified",
        /// Plus and one to three digits.
        calling_code: Option<String> = "countryCallingCode",
        /// Up to ten digits.
        extension: Option<String> = "extension",
    ) [
        /// The number.
        number: String
    ] {}
}

element! {
    /// An e-mail address.
    #[derive(Default)]
    #[serde(default, from = "StoredEmail")]
    Email (
        /// What it is for.
        kind: Option<EmailKind> = "type",
        /// Whether somebody proved to have it.
        verified: Option<Verified> = "verified",
    ) [
        /// The address.
        address: String
    ] {}
}

/// Older drafts have the bare address.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredEmail {
    Bare(String),
    Whole { kind: Option<EmailKind>, verified: Option<Verified>, address: String },
}

impl From<StoredEmail> for Email {
    fn from(stored: StoredEmail) -> Self {
        match stored {
            StoredEmail::Bare(address) => address.into(),
            StoredEmail::Whole { kind, verified, address } => Self { kind, verified, address },
        }
    }
}

impl From<String> for Email {
    fn from(address: String) -> Self {
        Self { kind: None, verified: None, address }
    }
}

element! {
    /// A person, or a role.
    #[derive(Default)]
    #[serde(default)]
    Person {
        /// Given name.
        first_name: Option<String> = "firstName",
        /// Family name.
        last_name: Option<String> = "lastName",
        /// Telephone numbers.
        phones: Vec<Phone> = "phone",
        /// E-mail addresses.
        emails: Vec<Email> = "email",
        /// Postal addresses.
        addresses: Vec<Address> = "address",
        /// Age in years.
        age: Option<u8> = "age",
        /// Whether the age that was stated is doubted. Newer than the schema of 2025.
        age_discrepancy: Option<bool> = "ageAssertionDiscrepancy",
        /// Date of birth.
        date_of_birth: Option<Date> = "dateOfBirth",
    }
}

element! {
    /// Whom law enforcement should call.
    #[derive(Default)]
    #[serde(default)]
    Contact {
        /// Given name.
        first_name: Option<String> = "firstName",
        /// Family name.
        last_name: Option<String> = "lastName",
        /// Telephone numbers.
        phones: Vec<Phone> = "phone",
        /// E-mail addresses.
        emails: Vec<Email> = "email",
        /// Postal addresses.
        addresses: Vec<Address> = "address",
    }
}
