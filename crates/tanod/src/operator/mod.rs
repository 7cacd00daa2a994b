//! Who the operator is, and whether a detector may run: nothing is looked at until that is answered (US-08, EU-01).
//!
//! Pure: settings, world and time in, an answer out. The sentences here are read by an operator who wonders why uploads are
//! `unscanned: detector_off`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::World;

/// How the work is organised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Not answered.
    #[default]
    #[serde(rename = "")]
    #[value(skip)]
    Unanswered,
    /// One person does everything: what a second person would approve waits for a while instead.
    Solo,
    /// Nobody here looks at depictions.
    NoLook,
    /// Several people, with roles.
    Team,
}

/// Where the uploads that are sent here were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// Whoever uses the platform can see them.
    Public,
    /// Sent between people, or kept by one, and readable by the platform.
    Private,
    /// End-to-end encrypted.
    Encrypted,
}

/// What the operator is in the words of 18 U.S.C. 2258E (US-01).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ProviderClass {
    /// Not known: the duty to report is taken to apply.
    #[default]
    Unknown,
    /// An electronic communication service.
    Ecs,
    /// A remote computing service.
    Rcs,
    /// Both.
    Both,
}

/// At whose wish a detector runs (US-09).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    /// Not answered.
    #[default]
    #[serde(rename = "")]
    #[value(skip)]
    Unanswered,
    /// The operator's own decision.
    Operator,
    /// A law that asks it of every service of a kind.
    Statute,
    /// A government's agency or officer asked for it. Refused: a search at their wish is theirs, and spoils the evidence.
    Government,
}

/// Who runs this installation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// How the work is organised.
    pub profile: Profile,
    /// Where the operator is, ISO 3166-1 alpha-2.
    pub country: String,
    /// Other countries whose duties it has taken on, for instance because it has users there.
    pub also_in: Vec<String>,
    /// What it is in the words of the US law.
    pub provider_class: ProviderClass,
    /// Whether it is an internet service provider (PH-30).
    pub internet_access: bool,
    /// Whether money moves through it (PH-40).
    pub payments: bool,
    /// Where the uploads that are sent here were made.
    pub surfaces: Vec<Surface>,
}

impl Operator {
    /// Whether it answers to the law of this country.
    pub fn is_in(&self, country: &str) -> bool {
        std::iter::once(&self.country).chain(&self.also_in).any(|own| own.eq_ignore_ascii_case(country))
    }

    /// Whether it answers to the law of the European Union.
    pub fn is_in_union(&self) -> bool {
        UNION.iter().any(|member| self.is_in(member))
    }
}

/// The member states.
pub const UNION: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Why a detector runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// The legal basis, in the operator's words.
    pub legal_basis: String,
    /// At whose wish.
    pub asked_by: AskedBy,
}

/// Why a detector does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Off {
    /// Questions that are not answered yet, by their settings.
    Unanswered(Vec<String>),
    /// An answer that forbids it.
    Refused(String),
}

impl std::fmt::Display for Off {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unanswered(settings) => write!(f, "not answered yet: {}", settings.join(", ")),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

/// What to do about a detector that is off.
pub const REMEDY: &str = "Answer with `tanod setup`, or in the settings under [operator] and [detectors].";

/// From when and until when Regulation (EU) 2026/1881 lets private messages be looked at (EU-01).
const UNION_FROM: &str = "2026-07-31T00:00:00Z";
const UNION_UNTIL: &str = "2028-04-03T00:00:00Z";

/// Whether a detector may run now. In a demo nothing is real, so nothing is asked.
pub fn may_run(operator: &Operator, name: &str, basis: &Basis, world: World, now: Timestamp) -> Result<(), Off> {
    if world == World::Demo {
        return Ok(());
    }
    if basis.asked_by == AskedBy::Government {
        return Err(Off::Refused(format!(
            "detectors.{name}.asked_by says that a government asked for it; a detector runs by the operator's own decision \
             or a law that binds every such service, never at the wish of an agency or officer (US-09)"
        )));
    }
    let two_letters = operator.country.len() == 2 && operator.country.bytes().all(|byte| byte.is_ascii_alphabetic());
    let answers = [
        ("operator.profile".to_owned(), operator.profile != Profile::Unanswered),
        ("operator.country".to_owned(), two_letters),
        ("operator.surfaces".to_owned(), !operator.surfaces.is_empty()),
        (format!("detectors.{name}.legal_basis"), basis.legal_basis.trim().chars().count() >= 8),
        (format!("detectors.{name}.asked_by"), basis.asked_by != AskedBy::Unanswered),
    ];
    let open: Vec<String> = answers.into_iter().filter(|(_, given)| !given).map(|(setting, _)| setting).collect();
    if !open.is_empty() {
        return Err(Off::Unanswered(open));
    }
    in_the_union(operator, now)
}

/// What the law of the European Union says of private messages.
fn in_the_union(operator: &Operator, now: Timestamp) -> Result<(), Off> {
    if !operator.is_in_union() {
        return Ok(());
    }
    if operator.surfaces.contains(&Surface::Encrypted) {
        return Err(Off::Refused(
            "operator.surfaces names `encrypted`, and Regulation (EU) 2026/1881 excludes end-to-end encrypted messages; send \
             no uploads from there, and take it out of the list"
                .to_owned(),
        ));
    }
    let day = |text: &str| text.parse::<Timestamp>().unwrap_or(Timestamp::MAX);
    if operator.surfaces.contains(&Surface::Private) && !(day(UNION_FROM)..day(UNION_UNTIL)).contains(&now) {
        return Err(Off::Refused(
            "operator.surfaces names `private`, and Regulation (EU) 2026/1881 lets private messages be looked at only from \
             31 July 2026 until 3 April 2028; ask counsel which law applies now"
                .to_owned(),
        ));
    }
    Ok(())
}

/// What else the operator should know about its own answers, one sentence each.
pub fn remarks(operator: &Operator) -> Vec<String> {
    let mut said = Vec::new();
    if operator.is_in_union() && operator.surfaces.contains(&Surface::Private) {
        said.push(
            "Private messages in the European Union: Regulation (EU) 2026/1881 applies, until 3 April 2028. It asks for an \
             impact assessment and prior consultation (EU-02), a person's confirmation of everything that is not known \
             already (EU-05), and destruction within 12 months (EU-09)."
                .to_owned(),
        );
    }
    if operator.provider_class == ProviderClass::Unknown {
        said.push(
            "operator.provider_class is unknown, so the duty to report under 18 U.S.C. 2258A is taken to apply (US-01)."
                .to_owned(),
        );
    }
    if operator.profile == Profile::NoLook {
        said.push("Nobody here sees depictions; reports say that no file was viewed.".to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered() -> (Operator, Basis) {
        let operator = Operator {
            profile: Profile::Team,
            country: "PH".to_owned(),
            surfaces: vec![Surface::Public],
            ..Operator::default()
        };
        (operator, Basis { legal_basis: "our terms of service".to_owned(), asked_by: AskedBy::Operator })
    }

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    fn ask(operator: &Operator, basis: &Basis, now: Timestamp) -> Result<(), Off> {
        may_run(operator, "hash_match", basis, World::Live, now)
    }

    #[test]
    fn every_open_question_keeps_a_detector_off_and_is_named() {
        let (operator, basis) = answered();
        assert_eq!(ask(&operator, &basis, now()), Ok(()));
        assert_eq!(may_run(&Operator::default(), "hash_match", &Basis::default(), World::Demo, now()), Ok(()));
        let Err(Off::Unanswered(open)) = ask(&Operator::default(), &Basis::default(), now()) else { panic!() };
        assert_eq!(
            open,
            [
                "operator.profile",
                "operator.country",
                "operator.surfaces",
                "detectors.hash_match.legal_basis",
                "detectors.hash_match.asked_by"
            ]
        );
        let wrong_country = Operator { country: "Philippines".to_owned(), ..operator };
        assert!(ask(&wrong_country, &basis, now()).unwrap_err().to_string().contains("operator.country"));
    }

    #[test]
    fn a_governments_wish_is_refused_whatever_else_is_answered() {
        let (operator, basis) = answered();
        let basis = Basis { asked_by: AskedBy::Government, ..basis };
        assert!(matches!(ask(&operator, &basis, now()), Err(Off::Refused(why)) if why.contains("US-09")));
    }

    #[test]
    fn in_the_union_private_messages_have_their_time_and_encrypted_ones_none() {
        let (operator, basis) = answered();
        let of = |country: &str, also: &str, surface| Operator {
            country: country.to_owned(),
            also_in: vec![also.to_owned()],
            surfaces: vec![Surface::Public, surface],
            ..operator.clone()
        };
        let day = |text: &str| text.parse::<Timestamp>().unwrap();
        let refused = |operator: &Operator, at| matches!(ask(operator, &basis, at), Err(Off::Refused(_)));
        for operator in [of("DE", "PH", Surface::Private), of("US", "ie", Surface::Private)] {
            assert!(refused(&operator, day("2026-07-30T23:59:59Z")));
            assert!(!refused(&operator, day("2026-07-31T00:00:00Z")));
            assert!(!refused(&operator, day("2028-04-02T23:59:59Z")));
            assert!(refused(&operator, day("2028-04-03T00:00:00Z")));
        }
        assert!(refused(&of("FR", "US", Surface::Encrypted), now()));
        assert!(!refused(&of("PH", "US", Surface::Encrypted), now()));
        assert!(!refused(&of("FR", "US", Surface::Public), day("2030-01-01T00:00:00Z")));
        assert!(remarks(&of("FR", "US", Surface::Private)).iter().any(|said| said.contains("2026/1881")));
    }
}
