//! Addresses as the destination takes them: what must be percent-encoded is, and nothing else is touched.

/// An address with what must not stand in one percent-encoded, and how many characters that were: white space, control
/// characters, what RFC 3986 has no place for, and a `%` that begins no escape. Only behind the host, which is left alone; what
/// is no web address is given back as it is.
pub(super) fn repaired(text: &str) -> (String, usize) {
    let trimmed = text.trim();
    let around = text.chars().count() - trimmed.chars().count();
    let Some((scheme, rest)) = trimmed.split_once("://") else { return (text.to_owned(), 0) };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return (text.to_owned(), 0);
    }
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let mut out = format!("{scheme}://{host}");
    let mut encoded = around;
    for (at, c) in path.char_indices() {
        let escape = || {
            let digits = path.get(at + 1..at + 3);
            digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        let fits = match c {
            '%' => escape(),
            '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' => false,
            c => c.is_ascii_graphic(),
        };
        if fits {
            out.push(c);
            continue;
        }
        encoded += 1;
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            out.push('%');
            out += &hex::encode_upper([byte]);
        }
    }
    (out, encoded)
}

/// Whether an address, repaired, is one that the destination takes.
pub fn fits(text: &str) -> bool {
    super::validate::is_url(&repaired(text).0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_can_be_repaired_is_and_the_rest_is_left_alone() {
        for (text, expected, encoded) in [
            ("https://x.example/a?b=c&d=%20#e", "https://x.example/a?b=c&d=%20#e", 0),
            (" https://x.example/a b\n", "https://x.example/a%20b", 3),
            ("https://x.example/50%/%zz", "https://x.example/50%25/%25zz", 2),
            ("http://x.example?q=\u{e9}\"", "http://x.example?q=%C3%A9%22", 2),
            ("https://\u{e9}.example/", "https://\u{e9}.example/", 0),
            ("https://a host/p", "https://a host/p", 0),
            ("ftp://x.example/a b", "ftp://x.example/a b", 0),
            ("no address", "no address", 0),
        ] {
            assert_eq!(repaired(text), (expected.to_owned(), encoded), "{text}");
        }
        assert!(fits("https://x.example/a b") && !fits("https://a host/p") && !fits("ftp://x.example/"));
        assert!(!fits(&format!("https://x.example/{}", "\u{e9}".repeat(500))));
    }

    proptest! {
        /// What is behind the host fits afterwards, and once is enough.
        #[test]
        fn once_is_enough(path in any::<String>()) {
            let text = format!("https://x.example/{path}");
            let (once, _) = repaired(&text);
            prop_assert_eq!(repaired(&once), (once.clone(), 0));
            prop_assert!(once.chars().count() > 2_083 || fits(&once), "{}", once);
        }
    }
}
