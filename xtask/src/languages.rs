//! The laws of what pages say: each text in each language, the same things put into it, nothing said in a template.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

/// Where the texts are: a folder a language.
const TEXTS: &str = "crates/tanod/languages/";
/// The language that the others are held against.
const FIRST: &str = "en";
/// What a text may hold of HTML; where its one link leads is said by the page.
const ELEMENTS: [&str; 6] = ["kbd", "strong", "em", "code", "bdi", "a"];
/// Names, and what is written the same everywhere.
const NAMES: [&str; 3] = ["SHA", "Tanod", "UTC"];
/// Attributes that a person reads or hears.
const READ: [&str; 4] = ["aria-label", "placeholder", "title", "alt"];
/// Texts that no page names by their key alone.
const SPOKEN: [&str; 6] = ["language-", "refusal-", "because-", "clock-", "basis-", "hours-"];
/// Texts whose English stands in code or data: of refusals and what was wrong this time, of deadlines (`config/clocks.toml`), of bases (`config/holds.toml`),
/// of when a number answers (`config/numbers.toml`).
const ENGLISH_ELSEWHERE: [&str; 5] = ["refusal-", "because-", "clock-", "basis-", "hours-"];

/// Templates that still speak English only. The list gets shorter, never longer.
pub(crate) const STILL_ENGLISH: &[&str] = &[];

/// The texts of a language, each with what is put into it; an attribute after a dot.
type Texts = BTreeMap<String, BTreeSet<String>>;

fn put_into(pattern: &Pattern<&str>, names: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            expressed(expression, names);
        }
    }
}

fn expressed(expression: &Expression<&str>, names: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => inlined(inline, names),
        Expression::Select { selector, variants } => {
            inlined(selector, names);
            for variant in variants {
                put_into(&variant.value, names);
            }
        }
    }
}

fn inlined(inline: &InlineExpression<&str>, names: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            names.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => expressed(expression, names),
        InlineExpression::FunctionReference { arguments, .. } => {
            arguments.positional.iter().for_each(|one| inlined(one, names));
        }
        _ => {}
    }
}

/// What the files of each language hold, and what is wrong in one of them.
fn texts(tree: &[(String, String)], broken: &mut Vec<String>) -> BTreeMap<String, Texts> {
    let mut languages: BTreeMap<String, Texts> = BTreeMap::new();
    for (path, text) in tree {
        let Some((language, _)) = path.strip_prefix(TEXTS).and_then(|path| path.split_once('/')) else { continue };
        let texts = languages.entry(language.to_owned()).or_default();
        let resource = fluent_syntax::parser::parse(text.as_str()).unwrap_or_else(|(resource, errors)| {
            broken.extend(errors.iter().map(|error| format!("{path}: {error}")));
            resource
        });
        for entry in resource.body {
            let Entry::Message(message) = entry else { continue };
            let mut add = |key: String, pattern: &Pattern<&str>| {
                let mut names = BTreeSet::new();
                put_into(pattern, &mut names);
                if texts.insert(key.clone(), names).is_some() {
                    broken.push(format!("{path}: {key} is said twice"));
                }
            };
            let id = message.id.name;
            if let Some(pattern) = &message.value {
                add(id.to_owned(), pattern);
            }
            message.attributes.iter().for_each(|one| add(format!("{id}.{}", one.id.name), &one.value));
        }
        for element in text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(element, _)| element) {
            if !ELEMENTS.contains(&element.trim_start_matches('/')) {
                broken.push(format!("{path}: a text holds no <{element}>, only {ELEMENTS:?} without attributes"));
            }
        }
    }
    languages
}

/// Every language says the same texts, with the same things put into them.
pub(crate) fn languages_agree(tree: &[(String, String)]) -> Vec<String> {
    let mut broken = Vec::new();
    let languages = texts(tree, &mut broken);
    let Some(first) = languages.get(FIRST) else { return broken };
    for (language, texts) in &languages {
        for (key, names) in first {
            match texts.get(key) {
                None => broken.push(format!("{TEXTS}{language}: {key} is not said")),
                Some(theirs) if !theirs.is_subset(names) => {
                    broken
                        .push(format!("{TEXTS}{language}: {key} has {theirs:?} put into it, but pages put {names:?}"));
                }
                Some(_) => {}
            }
        }
        let elsewhere = |key: &&String| ENGLISH_ELSEWHERE.iter().any(|kind| key.starts_with(kind));
        for key in texts.keys().filter(|key| !first.contains_key(*key) && !elsewhere(key)) {
            broken.push(format!("{TEXTS}{language}: {key} is said in no other language"));
        }
    }
    broken
}

/// What stands between quotes before or after a mark.
fn quoted<'a>(text: &'a str, before: &'a str, after: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(before).filter_map(move |(at, mark)| {
        let (inside, rest) = text.get(at.checked_add(mark.len())?..)?.split_once('"')?;
        rest.starts_with(after).then_some(inside)
    })
}

/// Every text that a page names is there, and every text is named by a page.
pub(crate) fn texts_are_used(tree: &[(String, String)]) -> Vec<String> {
    let languages = texts(tree, &mut Vec::new());
    let Some(first) = languages.get(FIRST) else { return Vec::new() };
    let mut broken = Vec::new();
    let (mut named, mut words) = (BTreeSet::new(), BTreeSet::new());
    // What `tanod doctor` finds is a page too.
    let is_page = |path: &str| {
        path.starts_with("crates/tanod/src/") && !path.starts_with("crates/tanod/src/cli/")
            || path.ends_with("/doctor.rs")
    };
    for (path, text) in tree.iter().filter(|(path, _)| is_page(path) && !path.ends_with("web/languages.rs")) {
        let said = quoted(text, "\"", "|say").chain(quoted(text, "say(\"", ""));
        for key in said.filter(|key| !key.is_empty() && !first.contains_key(*key)) {
            broken.push(format!("{path}: \"{key}\" is said in no language"));
        }
        let words_of = ["word(\"", "word_if_any(\""].into_iter().flat_map(|call| quoted(text, call, ""));
        words.extend(quoted(text, "\"", "|word").chain(words_of));
        named.extend(text.split('"'));
    }
    let used = |key: &str| {
        let key = key.split('.').next().unwrap_or(key);
        named.contains(key)
            || SPOKEN.iter().any(|start| key.starts_with(start))
            || words.iter().any(|kind| key.strip_prefix(kind).is_some_and(|rest| rest.starts_with('-')))
    };
    broken.extend(first.keys().filter(|key| !used(key)).map(|key| format!("{TEXTS}{FIRST}: no page says {key}")));
    broken
}

/// The key of what was wrong this time, as `web/languages.rs` makes it of the English words.
fn key_of(words: &str) -> String {
    let words = words.to_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut key = words.fold("because".to_owned(), |key, word| format!("{key}-{word}"));
    key.truncate(68);
    key.trim_end_matches('-').to_owned()
}

/// What was wrong this time is said in every language, where it is more than a value: all of it, or what stands before the
/// colon behind which the value is.
pub(crate) fn details_are_said(tree: &[(String, String)]) -> Vec<String> {
    let languages = texts(tree, &mut Vec::new());
    let mut broken = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| path.starts_with("crates/tanod/src/")) {
        let close: String = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("because( ", "because(");
        let close = close.replace("format!( ", "format!(");
        let fixed = quoted(&close, "because(\"", "").filter(|words| !words.contains('\\'));
        let before = quoted(&close, "because(format!(\"", "");
        let before = before.filter_map(|words| words.split_once(": {").map(|(before, _)| before));
        for words in fixed.chain(before.filter(|words| !words.contains('{'))) {
            let key = key_of(words);
            for (language, texts) in languages.iter().filter(|(language, _)| *language != FIRST) {
                if !texts.contains_key(&key) {
                    broken.push(format!("{path}: \"{words}\" is not said in {language}: {key}"));
                }
            }
        }
    }
    broken
}

/// Takes out everything between two marks.
fn without(text: &str, from: &str, to: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(from) {
        kept.push_str(before);
        kept.push(' ');
        rest = after.split_once(to).map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

fn has_words(text: &str) -> bool {
    text.split(|c: char| !c.is_alphabetic()).any(|word| word.chars().count() > 1 && !NAMES.contains(&word))
}

/// What a template says itself.
fn own_words(template: &str) -> Vec<String> {
    let mut text = template.to_owned();
    for (from, to) in [
        ("{#", "#}"),
        ("{%", "%}"),
        ("{{", "}}"),
        ("<kbd>", "</kbd>"),
        ("<code>", "</code>"),
        ("<script", "</script>"),
        ("<style", "</style>"),
    ] {
        text = without(&text, from, to);
    }
    let mut said = Vec::new();
    for name in READ {
        said.extend(quoted(&text, &format!(" {name}=\""), "").map(str::to_owned));
    }
    let bare: String = text.replace("&nbsp;", " ");
    said.extend(without(&bare, "<", ">").lines().map(str::to_owned));
    said.retain(|line| has_words(line));
    said
}

/// Templates say nothing themselves.
pub(crate) fn templates_only_name(tree: &[(String, String)]) -> Vec<String> {
    let mut broken = Vec::new();
    let pages = tree.iter().filter_map(|(path, text)| {
        Some((path.strip_prefix("crates/tanod/src/")?, own_words(text)))
            .filter(|_| std::path::Path::new(path).extension().is_some_and(|end| end == "html"))
    });
    for (path, said) in pages {
        match (said.first(), STILL_ENGLISH.contains(&path)) {
            (Some(line), false) => {
                broken.push(format!("{path}: says \"{}\" itself; texts live in {TEXTS}", line.trim()));
            }
            (None, true) => broken.push(format!("{path}: take it off STILL_ENGLISH, it is not any more")),
            _ => {}
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> (String, String) {
        (path.to_owned(), text.to_owned())
    }

    #[test]
    fn languages_say_the_same() {
        let en = file("crates/tanod/languages/en/a.ftl", "a-b = One { $n }\n    .c = Two\n");
        let same =
            file("crates/tanod/languages/ar/a.ftl", "a-b = { $n ->\n    [one] x\n   *[other] y\n}\n    .c = z\n");
        assert_eq!(languages_agree(&[en.clone(), same]), Vec::<String>::new());
        for bad in ["a-b = x", "a-b = { $m }\n    .c = z", "a-b = x\n    .c = z\nd = e", "a-b = <p>\n    .c = z", "= ="]
        {
            let other = file("crates/tanod/languages/ar/a.ftl", &format!("{bad}\n"));
            assert!(!languages_agree(&[en.clone(), other]).is_empty(), "{bad}");
        }
    }

    #[test]
    fn texts_and_pages_name_each_other() {
        let en = file("crates/tanod/languages/en/a.ftl", "a = One\nstate-open = open\n");
        let page = |text: &str| file("crates/tanod/src/x/pages/x.html", text);
        assert_eq!(
            texts_are_used(&[en.clone(), page("{{ \"a\"|say }} {{ \"state\"|word(s) }}")]),
            Vec::<String>::new()
        );
        assert_eq!(texts_are_used(&[en.clone(), page("{{ \"a\"|say }}")]).len(), 1);
        assert_eq!(texts_are_used(&[en, page("{{ \"a\"|say }} {{ \"b\"|say }} {{ \"state\"|word(s) }}")]).len(), 1);
    }

    #[test]
    fn what_was_wrong_is_said_in_each_language() {
        let en = file("crates/tanod/languages/en/a.ftl", "a = One\n");
        let ar = file("crates/tanod/languages/ar/a.ftl", "a = One\nbecause-choose-a-role = x\nbecause-no-day = y\n");
        let code = |text: &str| file("crates/tanod/src/x/mod.rs", text);
        let broken = |text: &str| details_are_said(&[en.clone(), ar.clone(), code(text)]).len();
        assert_eq!(broken("BAD.because(\n    \"choose a role\",\n)"), 0);
        assert_eq!(broken("BAD.because(format!(\"no day: {text}\"))"), 0);
        assert_eq!(broken("BAD.because(format!(\"{n} days\"))"), 0);
        assert_eq!(broken("BAD.because(\"choose a day\")"), 1);
        assert_eq!(broken("BAD.because(format!(\"no time: {text}\"))"), 1);
    }

    #[test]
    fn a_template_that_speaks_is_found() {
        for bad in ["<p>Hello</p>", "<p aria-label=\"Say it\">{{ x }}</p>", "{% if a %}yes{% endif %}"] {
            assert_eq!(templates_only_name(&[file("crates/tanod/src/x/x.html", bad)]).len(), 1, "{bad}");
        }
        let good = "<p class=\"sheet\" title=\"{{ \"a\"|say }}\">{{ \"b\"|say }} <kbd>Enter</kbd> UTC · {% if x %}{% endif %}</p>";
        assert_eq!(templates_only_name(&[file("crates/tanod/src/x/x.html", good)]), Vec::<String>::new());
    }
}
