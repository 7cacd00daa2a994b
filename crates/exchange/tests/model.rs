//! The least, the usual and the most that can be said, as it goes over the wire. A change here is a change of what NCMEC gets.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::collections::BTreeSet;

use exchange::ncmec::document::{BatchedFile, Document, FileDetails, Level, Tip};
use exchange::ncmec::{Random, validate};
use jiff::Timestamp;

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn shown(document: &Document, level: Level) -> String {
    assert_eq!(validate(&document.xml, now(), level), [], "{}", document.xml);
    document.xml.replace("><", ">\n<")
}

macro_rules! documents {
    ($($name:ident: $type:ty = $file:literal at $level:ident;)*) => {$(
        #[test]
        fn $name() {
            let said: $type = serde_json::from_str(include_str!(concat!("model/", $file))).unwrap();
            let document = said.to_xml(Level::$level);
            insta::assert_snapshot!(shown(&document, Level::$level));
            assert_eq!(<$type>::from_xml(&document.xml), Some(said));
        }
    )*};
}

documents! {
    the_least: Tip = "minimal.json" at November2025;
    the_usual: Tip = "typical.json" at November2025;
    the_most: Tip = "maximal.json" at Unconfirmed;
    many_accounts: Tip = "batched.json" at November2025;
    a_file: FileDetails = "file.json" at November2025;
    a_file_that_is_context: FileDetails = "context-file.json" at November2025;
    the_file_of_many_accounts: BatchedFile = "batched-file.json" at November2025;
}

fn names(xml: &str) -> BTreeSet<&str> {
    xml.split('<').skip(2).filter_map(|piece| piece.split([' ', '>', '/']).find(|name| !name.is_empty())).collect()
}

/// The most holds everything: no random document has an element that it has not.
#[test]
fn nothing_is_missing_from_the_most() {
    let level = Level::Unconfirmed;
    let most: Tip = serde_json::from_str(include_str!("model/maximal.json")).unwrap();
    let file: FileDetails = serde_json::from_str(include_str!("model/file.json")).unwrap();
    let (most, file) = (most.to_xml(level).xml, file.to_xml(level).xml);
    let mut random = Random::new(9, now(), level);
    for _ in 0..60 {
        if let tip @ Tip::Plain(_) = random.tip() {
            assert_eq!(names(&tip.to_xml(level).xml).difference(&names(&most)).next(), None);
        }
        assert_eq!(names(&random.file().to_xml(level).xml).difference(&names(&file)).next(), None);
    }
}
