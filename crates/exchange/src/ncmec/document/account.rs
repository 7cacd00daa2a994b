//! Accounts: who is suspected, for whom it was meant, who was harmed, and what belongs to them.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::sample::Random;
use super::super::xml::Node;
use super::element::{Field, Value, element, words};
use super::person::{Email, Person, Phone};
use super::place::{Address, EstimatedLocation};

words! {
    /// What an address or device was used for.
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

element! {
    /// An address at a time.
    IpEvent {
        /// The address.
        address: IpAddr = "ipAddress",
        /// What it was used for.
        kind: Option<IpKind> = "eventName",
        /// When.
        at: Option<Timestamp> = "dateTime",
        /// Whether it may hide another.
        possible_proxy: Option<bool> = "possibleProxy",
        /// The source port, which tells people behind one address apart.
        port: Option<u16> = "port",
    }
}

element! {
    /// A device.
    Device {
        /// What its number is: IMEI, ICCID, SSID, …
        id_type: String = "idType",
        /// The number.
        id_value: String = "idValue",
        /// What it was used for.
        kind: Option<IpKind> = "eventName",
        /// When.
        at: Option<Timestamp> = "dateTime",
    }
}

element! {
    /// An account that was shut for a time.
    TemporarilyDisabled (
        /// Since when.
        disabled_at: Option<Timestamp> = "disabledDate",
        /// Whether the user was told.
        user_notified: Option<bool> = "userNotified",
        /// When; not before it was shut.
        user_notified_at: Option<Timestamp> = "userNotifiedDate",
        /// When it was opened again.
        reenabled_at: Option<Timestamp> = "reenabledDate",
    ) [
        /// Whether it was shut.
        disabled: bool
    ] {}
}

element! {
    /// An account that was shut for good.
    PermanentlyDisabled (
        /// Since when.
        disabled_at: Option<Timestamp> = "disabledDate",
        /// Whether the user was told.
        user_notified: Option<bool> = "userNotified",
        /// When; not before it was shut.
        user_notified_at: Option<Timestamp> = "userNotifiedDate",
    ) [
        /// Whether it was shut.
        disabled: bool
    ] {}
}

words! {
    /// How an account belongs to another.
    AssociationKind {
        /// It pays.
        Billing => "Billing",
        /// It is linked.
        Linked => "Linked",
        /// It is a business's.
        Business => "Business",
        /// It made it.
        Creator => "Creator",
        /// It is a parent's or guardian's.
        Guardian => "Parent/Guardian",
        /// Otherwise.
        Other => "Other",
    }
}

/// How old somebody is: one or the other, never both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeOrBirth {
    /// About so many years.
    Age(u8),
    /// Born on that day.
    Born(Date),
}

impl Field for Option<AgeOrBirth> {
    fn put(&self, parent: &mut Node, age: &str) {
        match self {
            Some(AgeOrBirth::Age(years)) => years.put(parent, age),
            Some(AgeOrBirth::Born(day)) => day.put(parent, "dateOfBirth"),
            None => {}
        }
    }

    fn get(parent: &Node, age: &str) -> Option<Self> {
        let years: Option<u8> = Field::get(parent, age)?;
        let day: Option<Date> = Field::get(parent, "dateOfBirth")?;
        match (years, day) {
            (Some(_), Some(_)) => None,
            (years, day) => Some(years.map(AgeOrBirth::Age).or(day.map(AgeOrBirth::Born))),
        }
    }

    fn sample(random: &mut Random, _: &str) -> Self {
        let (years, day) = (random.age(), random.birth());
        random.of(&[None, Some(AgeOrBirth::Age(years)), Some(AgeOrBirth::Born(day))])
    }
}

element! {
    /// Where an associated account is.
    Platform (
        /// Whether the user belongs to another company.
        third_party_user: Option<bool> = "thirdPartyUser",
    ) [
        /// Its name.
        name: String
    ] {}
}

element! {
    /// An account that belongs to another.
    AssociatedAccount (
        /// How it belongs.
        kind: AssociationKind = "type",
    ) {
        /// Where it is.
        platform: Option<Platform> = "platform",
        /// Given name.
        first_name: Option<String> = "firstName",
        /// Middle name.
        middle_name: Option<String> = "middleName",
        /// Family name.
        last_name: Option<String> = "lastName",
        /// How old its user is.
        age: Option<AgeOrBirth> = "approximateAge",
        /// Whether the age that was stated is doubted. Newer than the schema of 2025.
        age_discrepancy: Option<bool> = "ageAssertionDiscrepancy",
        /// Telephone numbers.
        phones: Vec<Phone> = "phone",
        /// E-mail addresses.
        emails: Vec<Email> = "email",
        /// Whether these are all there are.
        all_emails_reported: Option<bool> = "allEmailsReported",
        /// Postal addresses.
        addresses: Vec<Address> = "address",
        /// The product it used.
        esp_service: Option<String> = "espService",
        /// Its unique id on the platform.
        esp_identifier: Option<String> = "espIdentifier",
        /// Where its profile is.
        profile_urls: Vec<String> = "profileUrl",
        /// Its name.
        screen_name: Option<String> = "screenName",
        /// Names as shown.
        display_names: Vec<String> = "displayName",
        /// What its profile says.
        profile_bio: Option<String> = "profileBio",
        /// An organised group it belongs to.
        group: Option<String> = "groupIdentifier",
        /// Whether somebody else may have used it.
        compromised: Option<bool> = "compromisedAccount",
        /// Whether it was shut for a time.
        temporarily_disabled: Option<TemporarilyDisabled> = "accountTemporarilyDisabled",
        /// Whether it was shut for good.
        permanently_disabled: Option<PermanentlyDisabled> = "accountPermanentlyDisabled",
        /// Addresses it came from.
        ip_events: Vec<IpEvent> = "ipCaptureEvent",
        /// Devices it came from.
        devices: Vec<Device> = "deviceId",
        /// Numbers of earlier reports about it, in the same environment.
        prior_reports: Vec<i64> = "priorCTReport",
        /// Anything else.
        additional_info: Option<String> = "additionalInfo",
    }
}

element! {
    /// An account, whatever its role.
    #[derive(Default)]
    #[serde(default)]
    Account {
        /// The person behind it.
        person: Option<Person> = "person",
        /// Its unique id on the platform.
        esp_identifier: Option<String> = "espIdentifier",
        /// The product it used.
        esp_service: Option<String> = "espService",
        /// Whether somebody else may have used it.
        compromised: Option<bool> = "compromisedAccount",
        /// Its name.
        screen_name: Option<String> = "screenName",
        /// Names as shown.
        display_names: Vec<String> = "displayName",
        /// Where its profile is.
        profile_urls: Vec<String> = "profileUrl",
        /// What its profile says.
        profile_bio: Option<String> = "profileBio",
        /// Addresses it came from.
        ip_events: Vec<IpEvent> = "ipCaptureEvent",
        /// Devices it came from.
        devices: Vec<Device> = "deviceId",
        /// Numbers of earlier reports about it, in the same environment.
        prior_reports: Vec<i64> = "priorCTReports",
        /// Whether it was shut for a time.
        temporarily_disabled: Option<TemporarilyDisabled> = "accountTemporarilyDisabled",
        /// Whether it was shut for good.
        permanently_disabled: Option<PermanentlyDisabled> = "accountPermanentlyDisabled",
        /// Where it seems to be.
        location: Option<EstimatedLocation> = "estimatedLocation",
        /// Whether the e-mail addresses are all there are.
        all_emails_reported: Option<bool> = "allEmailsReported",
        /// Anything else.
        additional_info: Option<String> = "additionalInfo",
    }
}

/// A role that an account has in a report: what is known of it, and what only this role may say.
macro_rules! role {
    (
        $(#[$doc:meta])*
        $name:ident, $person:literal
        { $($(#[$field_doc:meta])* $field:ident: $type:ty = $element:literal,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name {
            /// What is known of it.
            #[serde(flatten)]
            pub account: Account,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl From<Account> for $name {
            fn from(account: Account) -> Self {
                Self { account, ..Self::default() }
            }
        }

        impl Value for $name {
            fn write(&self, node: &mut Node) {
                Account { person: None, ..self.account.clone() }.write(node);
                required($person, self.account.person.clone()).put(node, $person);
                $(self.$field.put(node, $element);)*
            }

            fn read(node: &Node) -> Option<Self> {
                Some(Self {
                    account: Account { person: required($person, Field::get(node, $person)?), ..Account::read(node)? },
                    $($field: Field::get(node, $element)?,)*
                })
            }

            fn sample(random: &mut Random, _: &str) -> Self {
                Self {
                    account: Account {
                        person: required($person, Field::sample(random, $person)),
                        ..Value::sample(random, "")
                    },
                    $($field: Field::sample(random, $element),)*
                }
            }
        }
    };
}

/// The schema wants a victim's person, be it empty.
fn required(element: &str, person: Option<Person>) -> Option<Person> {
    person.or_else(|| (element == "victimPerson").then(Person::default))
}

role! {
    /// The account that is reported. The destination shows it as the suspect.
    Reported, "personOrUserReportedPerson" {
        /// A vehicle.
        vehicle: Option<String> = "vehicleDescription",
        /// Whether it is another company's user of whom nothing more is known.
        third_party_user: Option<bool> = "thirdPartyUserReported",
        /// An organised group it belongs to.
        group: Option<String> = "groupIdentifier",
        /// Accounts that belong to it.
        associated: Vec<AssociatedAccount> = "associatedAccount",
    }
}

role! {
    /// For whom it was meant; never shown as a suspect.
    Recipient, "intendedRecipientPerson" {
        /// An organised group it belongs to.
        group: Option<String> = "groupIdentifier",
    }
}

role! {
    /// Who was harmed; never shown as a suspect. The destination wants its person, be it empty.
    Victim, "victimPerson" {
        /// A school.
        school: Option<String> = "schoolName",
        /// Accounts that belong to it.
        associated: Vec<AssociatedAccount> = "associatedAccount",
    }
}
