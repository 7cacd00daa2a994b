//! Whom to call when a child may be in danger: by the child's country, else the account's, else the operator's.
//!
//! The directory stands in `config/numbers.toml`, each line with its source; the operator adds to it, and its own lines stand
//! before ours.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::operator::UNION;
use crate::web::languages;

/// What answers a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NumberKind)]
pub enum Kind {
    /// The emergency number.
    Emergency,
    /// Police that work on such cases.
    Police,
    /// A hotline that takes reports.
    Hotline,
    /// Somebody who helps children.
    Helpline,
}

/// Somebody to call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// Two letters; `EU` for all its members.
    pub country: String,
    /// What answers.
    pub kind: Kind,
    /// Who.
    pub name: String,
    /// The number as it is dialled there; empty where there is only an address.
    #[serde(default)]
    pub number: String,
    /// When somebody answers, and from where it can be dialled.
    #[serde(default)]
    pub hours: String,
    /// Their page.
    #[serde(default)]
    pub address: String,
    /// Where this stands; `operator` for a line of the settings.
    #[serde(default = "by_the_operator")]
    pub source: String,
}

impl Number {
    /// When somebody answers, in the language of who reads; what an operator wrote stays as it is.
    pub fn answers(&self) -> String {
        let said = |part: &str| {
            languages::word_if_any("hours", &part.to_lowercase().replace(' ', "-")).unwrap_or_else(|| part.to_owned())
        };
        self.hours.split("; ").map(said).collect::<Vec<_>>().join("; ")
    }
}

fn by_the_operator() -> String {
    "operator".to_owned()
}

/// What the operator adds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Numbers that stand before ours.
    #[serde(default)]
    pub numbers: Vec<Number>,
}

#[derive(Deserialize)]
struct File {
    number: Vec<Number>,
}

static NUMBERS: LazyLock<Vec<Number>> = LazyLock::new(|| {
    let read = toml::from_str::<File>(include_str!("../../../config/numbers.toml"));
    // A test reads the file that is compiled in, so this is never empty.
    read.map(|file| file.number).unwrap_or_default()
});

/// The numbers of the child's country, then the account's, then the operator's; each country's own lines of the operator
/// first. A line of the operator takes the place of ours with the same country and name.
pub fn directory(own: &[Number], child: Option<&str>, account: Option<&str>, operator: &str) -> Vec<Number> {
    let mut found: Vec<Number> = Vec::new();
    for country in child.into_iter().chain(account).chain([operator]) {
        let country = country.trim().to_ascii_uppercase();
        let of = |number: &&Number| {
            number.country.eq_ignore_ascii_case(&country)
                || (number.country == "EU" && UNION.contains(&country.as_str()))
        };
        let same = |a: &Number, b: &Number| a.country.eq_ignore_ascii_case(&b.country) && a.name == b.name;
        for number in own.iter().filter(of).chain(NUMBERS.iter().filter(of)) {
            if !found.iter().any(|known| same(known, number)) {
                found.push(number.clone());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_and_each_line_has_its_source_and_a_way() {
        let file: File = toml::from_str(include_str!("../../../config/numbers.toml")).unwrap();
        assert!(file.number.len() >= 12);
        for number in &file.number {
            assert!(number.country.len() == 2 && number.country.bytes().all(|byte| byte.is_ascii_uppercase()));
            assert!(number.source.contains("http"), "{} has no source", number.name);
            assert!(!number.number.is_empty() || number.address.starts_with("https://"), "{}", number.name);
            let dialled = number.number.chars().all(|c| c.is_ascii_digit() || " +-()".contains(c));
            assert!(dialled, "{}", number.number);
        }
    }

    #[test]
    fn the_childs_country_comes_first_and_the_operators_lines_before_ours() {
        let own = Number {
            country: "PH".to_owned(),
            kind: Kind::Police,
            name: "our liaison".to_owned(),
            number: "1".to_owned(),
            hours: String::new(),
            address: String::new(),
            source: by_the_operator(),
        };
        let found = directory(std::slice::from_ref(&own), Some("ph"), Some("DE"), "US");
        let countries: Vec<_> = found.iter().map(|number| number.country.as_str()).collect();
        assert_eq!(found[0], own);
        let first = |country| countries.iter().position(|one| *one == country).unwrap();
        assert!(first("PH") < first("EU") && first("EU") < first("US"), "{countries:?}");
        assert!(directory(&[], None, None, "US").iter().all(|number| number.country == "US"));
        assert_eq!(directory(&[], Some("US"), Some("US"), "US"), directory(&[], None, None, "US"));
        let instead = Number {
            name: found.iter().find(|n| n.country == "US").unwrap().name.clone(),
            country: "US".to_owned(),
            ..own
        };
        let changed = directory(std::slice::from_ref(&instead), None, None, "US");
        assert_eq!(changed.iter().filter(|number| number.name == instead.name).count(), 1);
        assert!(directory(&[], None, None, "").is_empty());
    }
}
