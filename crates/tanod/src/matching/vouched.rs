//! Whether somebody outside has vouched for what a file is, so that nobody here needs to look at it again.

use std::collections::BTreeSet;

use super::{Hit, Strength};
use crate::banks::{Kind, Signal};

/// Who vouches for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vouched {
    /// A hotline, with its category.
    Hotline {
        /// Which.
        source: String,
        /// What it says the file is.
        category: String,
    },
    /// Members of lists, independently of each other.
    Members(BTreeSet<String>),
}

/// So many who contributed independently of each other are enough (HR-10).
const MEMBERS: usize = 2;

/// Who vouches for the file with these matches: the very file, by a digest that nobody can forge (MD5 alone never counts, HR-05),
/// on a list of vetted material, with a hotline's category or from two who contributed it.
pub fn vouched(hits: &[Hit], hotlines: &[String]) -> Option<Vouched> {
    let exact = |hit: &&Hit| {
        hit.kind == Kind::Csam
            && hit.strength == Strength::Exact
            && matches!(hit.signal, Signal::Sha1 | Signal::Sha256)
            && !hit.shadow
    };
    let mut members = BTreeSet::new();
    for hit in hits.iter().filter(exact) {
        let source = hit.source.clone().unwrap_or_else(|| hit.bank_name.clone());
        let is_hotline = hotlines.iter().any(|name| name.eq_ignore_ascii_case(source.trim()));
        if let Some(category) = hit.classification.clone().filter(|_| is_hotline) {
            return Some(Vouched::Hotline { source, category });
        }
        members.insert(source.trim().to_lowercase());
    }
    (members.len() >= MEMBERS).then_some(Vouched::Members(members))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::{BankId, EntryId};

    fn hit(kind: Kind, signal: Signal, strength: Strength, source: &str, class: Option<&str>) -> Hit {
        Hit {
            bank: BankId(uuid::Uuid::nil()),
            bank_name: "list".to_owned(),
            kind,
            entry: EntryId(uuid::Uuid::nil()),
            signal,
            strength,
            distance: None,
            threshold: None,
            orientation: None,
            in_common: None,
            trimmed: false,
            classification: class.map(str::to_owned),
            source: Some(source.to_owned()),
            shadow: false,
        }
    }

    #[test]
    fn one_hotline_or_two_members_and_never_md5_alone() {
        let exact = |signal, source, class| hit(Kind::Csam, signal, Strength::Exact, source, class);
        let hotlines = ["iwf".to_owned()];
        let by = |hits: &[Hit]| vouched(hits, &hotlines);
        let one = exact(Signal::Sha256, "platform-one", Some("A1"));
        assert_eq!(by(std::slice::from_ref(&one)), None, "one member is not enough");
        let same = exact(Signal::Sha1, " Platform-One", Some("A1"));
        assert_eq!(by(&[one.clone(), same]), None, "twice the same is one");
        let two = exact(Signal::Sha1, "platform-two", None);
        assert!(matches!(by(&[one.clone(), two]), Some(Vouched::Members(members)) if members.len() == 2));
        assert!(by(&[exact(Signal::Sha256, "IWF", Some("A"))]).is_some());
        assert_eq!(by(&[exact(Signal::Sha256, "IWF", None)]), None, "a hotline without a category says nothing");
        assert_eq!(by(&[exact(Signal::Md5, "IWF", Some("A")), exact(Signal::Md5, "platform-two", None)]), None);
        assert_eq!(by(&[one, exact(Signal::Md5, "platform-two", None)]), None);
    }

    proptest! {
        /// Whatever else matched, what is near, of another kind or MD5 never vouches.
        #[test]
        fn only_the_very_file_counts(hits in prop::collection::vec((0_usize..6, 0_usize..4, any::<bool>(), 0_usize..3, any::<bool>()), 0..8)) {
            const KINDS: [Kind; 6] = [Kind::Csam, Kind::Exploitative, Kind::NciiAdult, Kind::OwnUnconfirmed, Kind::Exception, Kind::Test];
            const SIGNALS: [Signal; 4] = [Signal::Md5, Signal::Sha1, Signal::Sha256, Signal::Pdq];
            const SOURCES: [&str; 3] = ["iwf", "one", "two"];
            let hits: Vec<Hit> = hits.into_iter().map(|(kind, signal, exact, source, class)| {
                let strength = if exact { Strength::Exact } else { Strength::Near };
                hit(KINDS[kind], SIGNALS[signal], strength, SOURCES[source], class.then_some("A1"))
            }).collect();
            let counts: Vec<&Hit> = hits.iter().filter(|hit| {
                hit.kind == Kind::Csam && hit.strength == Strength::Exact && matches!(hit.signal, Signal::Sha1 | Signal::Sha256)
            }).collect();
            let sources: BTreeSet<_> = counts.iter().map(|hit| hit.source.clone()).collect();
            let hotline = counts.iter().any(|hit| hit.source.as_deref() == Some("iwf") && hit.classification.is_some());
            prop_assert_eq!(vouched(&hits, &["iwf".to_owned()]).is_some(), hotline || sources.len() >= 2);
        }
    }
}
