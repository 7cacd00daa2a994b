//! Places: countries, states, addresses, coordinates.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::grammar;
use super::super::sample::Random;
use super::element::{Word, element, words};

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $list:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(&'static str);

        impl $name {
            /// All codes that the destination takes.
            pub fn all() -> impl Iterator<Item = Self> {
                grammar::words($list).into_iter().flatten().filter(|code| !code.is_empty()).map(Self)
            }

            /// The code in capitals, if the destination takes it.
            pub fn new(code: &str) -> Option<Self> {
                Self::all().find(|known| known.0 == code)
            }

            /// As the destination writes it.
            pub fn as_str(self) -> &'static str {
                self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = String::deserialize(deserializer)?;
                let unknown = || serde::de::Error::custom(format!("{code} is no code that the destination takes"));
                Self::new(&code).ok_or_else(unknown)
            }
        }

        impl Word for $name {
            fn text(&self) -> String {
                self.0.to_owned()
            }

            fn from_text(text: &str) -> Option<Self> {
                Self::new(text)
            }

            fn sample(random: &mut Random, _: &str) -> Self {
                random.of(&Self::all().collect::<Vec<_>>())
            }
        }
    };
}

code! {
    /// A country: two capitals of ISO 3166-1, and the few others that the destination takes.
    Country, "country"
}

code! {
    /// A state or territory of the United States, as the post abbreviates it.
    State, "state"
}

words! {
    /// What an address is for.
    AddressKind {
        /// Where somebody lives.
        Home => "Home",
        /// Where somebody works.
        Business => "Business",
        /// Where bills go.
        Billing => "Billing",
        /// Where goods go.
        Shipping => "Shipping",
        /// Of a registration.
        Technical => "Technical",
    }
}

element! {
    /// A postal address.
    #[derive(Default)]
    #[serde(default)]
    Address (
        /// What it is for.
        kind: Option<AddressKind> = "type",
    ) {
        /// Street and number.
        street: Option<String> = "address",
        /// City.
        city: Option<String> = "city",
        /// Postal code.
        zip: Option<String> = "zipCode",
        /// State of the United States.
        state: Option<State> = "state",
        /// State or province elsewhere.
        non_usa_state: Option<String> = "nonUsaState",
        /// Country.
        country: Option<Country> = "country",
    }
}

element! {
    /// Where an account seems to be. In the United States the region is a state's abbreviation, and needed beside a city.
    EstimatedLocation (
        /// Whether that was checked.
        verified: Option<bool> = "verified",
        /// When it was so.
        at: Option<Timestamp> = "timestamp",
    ) {
        /// City.
        city: Option<String> = "city",
        /// State, province, region.
        region: Option<String> = "region",
        /// Country; the destination wants one wherever there is a location.
        country: Country = "countryCode",
    }
}

/// Latitude or longitude, to a millionth of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Degrees(i32);

impl Degrees {
    /// Degrees; nothing where they are beyond a full turn or no number.
    pub fn new(degrees: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, reason = "a number of at most 360 million fits")]
        (degrees.abs() <= 360.0).then(|| Self((degrees * 1e6).round() as i32))
    }

    /// As a number.
    pub fn degrees(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

impl TryFrom<f64> for Degrees {
    type Error = &'static str;

    fn try_from(degrees: f64) -> Result<Self, Self::Error> {
        Self::new(degrees).ok_or("these are no degrees")
    }
}

impl From<Degrees> for f64 {
    fn from(degrees: Degrees) -> Self {
        degrees.degrees()
    }
}

impl Word for Degrees {
    fn text(&self) -> String {
        self.degrees().to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::new(text.trim().parse().ok()?)
    }

    fn sample(random: &mut Random, _: &str) -> Self {
        Self(random.within(-90_000_000, 90_000_000))
    }
}
