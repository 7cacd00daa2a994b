//! A text becomes words that are the same however they are written: pure, and the same for what is imported and what is met.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Signs that are not seen, and one that only draws a word out: tatweel.
const UNSEEN: [char; 4] = ['\u{ad}', '\u{640}', '\u{2060}', '\u{feff}'];

/// The words of a text: letters and digits without marks above and below them, in small letters, by their compatibility forms (Unicode
/// UAX #15, NFKD). Everything else stands between words.
pub(super) fn words(text: &str) -> Vec<String> {
    let unseen = |c: &char| is_combining_mark(*c) || UNSEEN.contains(c) || ('\u{200b}'..='\u{200f}').contains(c);
    // Small letters may have marks again, and no capitals: a second time changes nothing more.
    let plain: String =
        text.nfkd().filter(|c| !unseen(c)).flat_map(char::to_lowercase).nfkd().filter(|c| !unseen(c)).collect();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_in_another_way_is_the_same() {
        for (one, other) in [
            ("Blue  KITE", "blue-kite"),
            ("p\u{ad}ie", "pie"),
            ("Ｂｌｕｅ", "blue"),
            ("niño", "nin\u{303}o"),
            ("niño", "nino"),
            ("مُرَحَّب", "مرحب"),
            ("مـرحـب", "مرحب"),
            ("Straße 7", "straße,7"),
        ] {
            assert_eq!(words(one), words(other), "{one}");
        }
        assert_ne!(words("blue kite"), words("bluekite"));
        assert!(words(" \u{200b}!…").is_empty());
    }

    proptest! {
        /// Said again it is the same, and words have nothing but letters and digits in them.
        #[test]
        fn words_are_as_plain_as_they_become(text in "\\PC{0,200}") {
            let once = words(&text);
            prop_assert_eq!(words(&once.join(" ")), once.clone());
            prop_assert!(once.iter().all(|word| !word.is_empty() && word.chars().all(char::is_alphanumeric)));
        }
    }
}
