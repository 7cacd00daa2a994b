//! What pages say, in the language of who reads them.
//!
//! The texts are Fluent files in `languages/<tag>/`, one a domain. Templates and page code name a text by its key:
//!
//! ```text
//! {{ "queue-title"|say }}                                   a text
//! {{ "queue-found"|say|with("count", cases.len()) }}        with what is put into it
//! {{ "state"|word(row.state) }}                             the text of a word of ours: the key is `state-open`
//! {{ "danger-press"|say|html }}                             a text with <kbd>, <strong>, <em>, <code>, <bdi> or <a>
//! {{ "you-none"|say|link("/console/you/passkeys")|html }}   where its <a> leads
//! ```
//!
//! The language is that of the request: one layer around the console's pages decides it ([`listen`]), so that no verb and
//! no page has to carry it. Outside of a request, English is spoken.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::refusal::Kind;
use crate::web::console::Fields;

/// Each folder of `languages/`, with its files.
static FOLDERS: &[(&str, &[&str])] = include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// The cookie that keeps what somebody chose.
const COOKIE: &str = "tanod-language";

/// First strong isolate and its end (Unicode 6.3, UAX 9): what is put into a sentence does not turn its order around.
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');

struct Texts {
    tag: &'static str,
    bundle: FluentBundle<FluentResource>,
}

static TEXTS: LazyLock<Vec<Texts>> = LazyLock::new(|| {
    let texts = FOLDERS.iter().map(|(tag, files)| {
        let mut bundle = FluentBundle::new_concurrent(tag.parse().into_iter().collect());
        // We isolate ourselves, and only where it is needed: see [`Said::with`].
        bundle.set_use_isolating(false);
        for file in *files {
            // A file that does not parse is found by the test of this module; what does parse is used.
            let (Ok(resource) | Err((resource, _))) = FluentResource::try_new((*file).to_owned());
            bundle.add_resource_overriding(resource);
        }
        Texts { tag, bundle }
    });
    texts.collect()
});

/// A language that the console speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(&'static str);

impl Default for Language {
    fn default() -> Self {
        Self("en")
    }
}

impl Language {
    /// All of them, by their tags' order.
    pub fn all() -> impl Iterator<Item = Self> {
        FOLDERS.iter().map(|(tag, _)| Self(tag))
    }

    /// By its tag (BCP 47).
    pub fn known(tag: &str) -> Option<Self> {
        // `tl` is how many systems still call Filipino.
        let tag = if tag == "tl" { "fil" } else { tag };
        Self::all().find(|language| language.0 == tag)
    }

    /// By its tag; English where it is none of ours.
    pub fn of(tag: &str) -> Self {
        Self::known(tag).unwrap_or_default()
    }

    /// As HTML names it (BCP 47).
    pub fn tag(self) -> &'static str {
        self.0
    }

    /// Which way it is written.
    pub fn direction(self) -> &'static str {
        if self.text("language-direction").is_some_and(|direction| direction == "rtl") { "rtl" } else { "ltr" }
    }

    /// Its own name.
    pub fn name(self) -> String {
        self.say("language-name").to_string()
    }

    /// One of its texts.
    pub fn say(self, key: impl Into<Cow<'static, str>>) -> Said {
        Said { language: self, key: key.into(), put: Vec::new(), link: None }
    }

    /// The text of a word of ours in it: see [`word`].
    pub fn word(self, kind: &str, word: &str) -> Said {
        self.say(format!("{kind}-{}", word.replace('_', "-")))
    }

    /// What data that ships in English calls something: the text `kind-name` of the other languages.
    pub fn named(self, kind: &str, name: &str, english: &'static str) -> Cow<'static, str> {
        self.text(&format!("{kind}-{name}")).map_or(Cow::Borrowed(english), Cow::Owned)
    }

    fn text(self, key: &str) -> Option<String> {
        self.format(key, &FluentArgs::new())
    }

    /// A text or, after a dot, one of its attributes.
    fn format(self, key: &str, put: &FluentArgs<'_>) -> Option<String> {
        let texts = TEXTS.iter().find(|texts| texts.tag == self.0)?;
        let (key, attribute) = key.split_once('.').map_or((key, None), |(key, attribute)| (key, Some(attribute)));
        let message = texts.bundle.get_message(key)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute)?.value(),
            None => message.value()?,
        };
        let mut errors = Vec::new();
        let text = texts.bundle.format_pattern(pattern, Some(put), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(key, language = self.0, ?errors, "a text of the console is wrong");
        }
        Some(text)
    }
}

tokio::task_local! {
    static SPOKEN: Language;
}

/// The language of the request that is being answered; English outside of one.
pub fn spoken() -> Language {
    SPOKEN.try_with(|language| *language).unwrap_or_default()
}

/// A text in the language of who reads.
pub fn say(key: impl Into<Cow<'static, str>>) -> Said {
    spoken().say(key)
}

/// The text of a word of ours, like a state or a role, whose key is `kind-word`; underscores become dashes.
pub fn word(kind: &str, word: &str) -> Said {
    spoken().word(kind, word)
}

/// The same where there is such a text.
pub fn word_if_any(kind: &str, word: &str) -> Option<String> {
    spoken().text(&format!("{kind}-{word}"))
}

/// What data that ships in English calls something, in the language of who reads: see [`Language::named`].
pub fn named(kind: &str, name: &str, english: &'static str) -> Cow<'static, str> {
    spoken().named(kind, name, english)
}

/// What a refusal is and what to do about it, for a person. English is in the code.
pub fn refusal(kind: &Kind) -> (Cow<'static, str>, Cow<'static, str>) {
    let text = |part: &str| spoken().text(&format!("refusal-{}{part}", kind.slug));
    (
        text("").map_or(Cow::Borrowed(kind.title), Cow::Owned),
        text(".remedy").map_or(Cow::Borrowed(kind.remedy), Cow::Owned),
    )
}

/// What was wrong this time, in the language of who reads. English stands in the code, and its words are the text's key: of the
/// whole, or of what stands before a colon, behind which is somebody's own.
pub fn because(detail: &str) -> Cow<'_, str> {
    let said = |words: &str| {
        let mut key = String::from("because");
        for word in words.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
            key.push('-');
            key.push_str(word);
        }
        key.truncate(68);
        spoken().text(key.trim_end_matches('-'))
    };
    match (said(detail), detail.split_once(": ")) {
        (Some(whole), _) => Cow::Owned(whole),
        (None, Some((what, own))) => said(what)
            .map_or(Cow::Borrowed(detail), |what| Cow::Owned(format!("{what}: {}{own}{}", ISOLATE.0, ISOLATE.1))),
        (None, None) => Cow::Borrowed(detail),
    }
}

/// A text with what is put into it.
#[derive(Clone, Debug)]
pub struct Said {
    language: Language,
    key: Cow<'static, str>,
    put: Vec<(&'static str, Put)>,
    link: Option<String>,
}

/// What is put into a text: a number, by which the language chooses its plural, or words.
#[derive(Clone, Debug)]
pub enum Put {
    /// A number.
    Number(i64),
    /// Words.
    Words(String),
}

/// What can be put into a text.
pub trait ToPut {
    /// As it is put.
    fn to_put(&self) -> Put;
}

macro_rules! numbers {
    ($($kind:ty)*) => { $(impl ToPut for $kind {
        fn to_put(&self) -> Put {
            i64::try_from(*self).map_or_else(|_| Put::Words(self.to_string()), Put::Number)
        }
    })* };
}
numbers!(i32 i64 u16 u32 u64 usize);

impl ToPut for str {
    fn to_put(&self) -> Put {
        Put::Words(self.to_owned())
    }
}

impl ToPut for String {
    fn to_put(&self) -> Put {
        Put::Words(self.clone())
    }
}

impl ToPut for Cow<'static, str> {
    fn to_put(&self) -> Put {
        Put::Words(self.to_string())
    }
}

impl ToPut for Said {
    fn to_put(&self) -> Put {
        Put::Words(self.to_string())
    }
}

impl<T: ToPut + ?Sized> ToPut for &T {
    fn to_put(&self) -> Put {
        (**self).to_put()
    }
}

impl Said {
    /// Puts something into the text, under the name that the text has for it.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToPut) -> Self {
        self.put.push((name, value.to_put()));
        self
    }

    /// The same of one of the text's attributes.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Self {
        Self { key: Cow::Owned(format!("{}.{name}", self.key)), ..self.clone() }
    }

    /// Says where the text's `<a>` leads.
    #[must_use]
    pub fn link(mut self, to: &str) -> Self {
        self.link = Some(to.to_owned());
        self
    }

    /// The text as HTML: its own few elements stay, what is put into it is escaped.
    pub fn html(&self) -> String {
        let text = self.written(escaped);
        match &self.link {
            Some(to) => text.replacen("<a>", &format!("<a href=\"{}\">", escaped(to)), 1),
            None => text,
        }
    }

    fn written(&self, words: impl Fn(&str) -> String) -> String {
        let rtl = self.language.direction() == "rtl";
        let mut put = FluentArgs::new();
        for (name, value) in &self.put {
            let value = match value {
                Put::Number(number) => FluentValue::from(*number),
                // Latin words in an Arabic sentence, and Arabic ones in a Latin sentence, keep to themselves.
                Put::Words(text) if rtl || text.chars().any(runs_leftward) => {
                    FluentValue::from(format!("{}{}{}", ISOLATE.0, words(text), ISOLATE.1))
                }
                Put::Words(text) => FluentValue::from(words(text)),
            };
            put.set(*name, value);
        }
        self.language
            .format(&self.key, &put)
            .or_else(|| Language::default().format(&self.key, &put))
            .unwrap_or_else(|| format!("⟦{}⟧", self.key))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(str::to_owned))
    }
}

/// Whether a letter belongs to a script that is written from right to left (Unicode's blocks of Hebrew, Arabic and their like).
fn runs_leftward(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// What templates say texts with.
#[expect(missing_docs, clippy::inline_always, reason = "each is documented; what askama makes of it is its own")]
pub mod filters {
    use askama::filters::Safe;
    use askama::{Result, Values};

    use super::{Said, ToPut};

    /// A text.
    #[askama::filter_fn]
    pub fn say(key: &str, _: &dyn Values) -> Result<Said> {
        Ok(super::say(key.to_owned()))
    }

    /// The text of a word of ours.
    #[askama::filter_fn]
    pub fn word(kind: &str, _: &dyn Values, word: &str) -> Result<Said> {
        Ok(super::word(kind, word))
    }

    /// Puts something into it.
    #[askama::filter_fn]
    pub fn with<V: ToPut>(said: Said, _: &dyn Values, name: &'static str, value: V) -> Result<Said> {
        Ok(said.with(name, value))
    }

    /// Says where its link leads.
    #[askama::filter_fn]
    pub fn link(said: Said, _: &dyn Values, to: &str) -> Result<Said> {
        Ok(said.link(to))
    }

    /// Leaves its few elements as they are.
    #[askama::filter_fn]
    pub fn html(said: Said, _: &dyn Values) -> Result<Safe<String>> {
        Ok(Safe(said.html()))
    }
}

/// What somebody chose, or what their browser asks for.
fn wanted(headers: &HeaderMap) -> Language {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let chosen = text(header::COOKIE).split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    let asked = text(header::ACCEPT_LANGUAGE).split(',').filter_map(|one| one.split([';', '-']).next()).map(str::trim);
    chosen.into_iter().chain(asked).find_map(Language::known).unwrap_or_default()
}

/// Answers in the language of who asks.
pub async fn listen(request: Request, next: Next) -> Response {
    let language = wanted(request.headers());
    let mut answer = SPOKEN.scope(language, next.run(request)).await;
    answer.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.0));
    answer
}

/// Keeps the language that somebody chose, and shows the page again on which they chose it.
pub async fn choose(headers: HeaderMap, body: axum::body::Bytes) -> crate::web::console::Paged {
    let form = Fields::read(&body, &["language"])?;
    let language = Language::of(form.one("language"));
    let cookie = format!("{COOKIE}={}; Path=/console; HttpOnly; SameSite=Strict; Max-Age=31536000", language.0);
    let from = headers.get(header::REFERER).and_then(|from| from.to_str().ok()).unwrap_or_default();
    let back = from.find("/console/").and_then(|at| from.get(at..)).unwrap_or("/console/queue");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(back)).into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn asked(pairs: &[(HeaderName, &str)]) -> &'static str {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        wanted(&headers).tag()
    }

    #[test]
    fn the_choice_goes_before_the_browser_and_english_before_nothing() {
        let (cookie, accept) = (header::COOKIE, header::ACCEPT_LANGUAGE);
        assert_eq!(asked(&[]), "en");
        assert_eq!(asked(&[(accept.clone(), "de-DE,de;q=0.9")]), "en");
        assert_eq!(asked(&[(accept.clone(), "de, ar-EG;q=0.8, en;q=0.5")]), "ar");
        assert_eq!(asked(&[(accept.clone(), "tl-PH")]), "fil");
        assert_eq!(asked(&[(accept.clone(), "ar"), (cookie.clone(), "a=b; tanod-language=fil")]), "fil");
        assert_eq!(asked(&[(accept, "ar"), (cookie, "tanod-language=../../etc")]), "ar");
    }

    #[test]
    fn what_is_put_into_a_text_stays_what_it_is() {
        let hostile = "<script>\"&'";
        let english = Language::of("en").say("language-sample").with("name", hostile).with("count", 1);
        assert_eq!(english.html(), "<strong>One</strong> case of &lt;script&gt;&quot;&amp;&#39;");
        let arabic = Language::of("ar").say("language-sample").with("name", hostile).with("count", 2).to_string();
        assert!(arabic.contains("\u{2068}<script>\"&'\u{2069}"), "{arabic}");
        assert!(!english.to_string().contains('\u{2068}'));
        let turned = Language::of("en").say("language-sample").with("name", "اسم").with("count", 2).to_string();
        assert_eq!(turned, "2 cases of \u{2068}اسم\u{2069}");
    }

    #[test]
    fn each_language_counts_by_its_own_rules() {
        let counted = |tag, counts: &[i64]| {
            let say = |count: &i64| Language::of(tag).say("language-sample").with("name", "x").with("count", *count);
            counts
                .iter()
                .map(|count| say(count).to_string().replace(|c: char| c.is_ascii_digit(), ""))
                .collect::<std::collections::BTreeSet<_>>()
                .len()
        };
        // Zero, one, two, few, many and other (Unicode CLDR).
        assert_eq!(counted("ar", &[0, 1, 2, 3, 11, 100]), 6);
        assert_eq!(counted("en", &[0, 1, 2, 3, 11, 100]), 2);
        assert_eq!(counted("fil", &[1, 2, 4]), 2);
    }

    #[test]
    fn a_text_that_is_missing_is_seen() {
        assert_eq!(say("no-such-text").to_string(), "⟦no-such-text⟧");
    }

    #[tokio::test]
    async fn each_refusal_is_said_in_each_language_and_no_page_speaks_of_the_api() {
        for language in Language::all() {
            for kind in crate::web::router::refusals() {
                let (title, remedy) = SPOKEN.scope(language, async { refusal(kind) }).await;
                let own = |words: &str, english: &str| words != english || language.tag() == "en";
                assert!(own(&title, kind.title) && own(&remedy, kind.remedy), "{} in {}", kind.slug, language.tag());
                for word in ["/v1/", "openapi", "POST ", "GET ", "Retry-After", "Request-Id"] {
                    assert!(!remedy.contains(word), "{} tells a person at a page: {remedy}", kind.slug);
                }
            }
        }
    }

    #[tokio::test]
    async fn what_was_wrong_is_said_too_and_what_is_somebodys_own_stays() {
        let said = async |tag: &str, detail: &'static str| {
            SPOKEN.scope(Language::of(tag), async { because(detail).into_owned() }).await
        };
        assert_eq!(said("en", "this is no day: 31").await, "this is no day: 31");
        assert_eq!(said("fil", "this is no day: 31").await, "hindi ito araw: \u{2068}31\u{2069}");
        assert_eq!(said("fil", "choose a role").await, "pumili ng tungkulin");
        assert_eq!(said("ar", "who knows").await, "who knows");
    }

    #[tokio::test]
    async fn a_request_is_answered_in_one_language_and_its_refusals_too() {
        assert_eq!(spoken().tag(), "en");
        let said = SPOKEN.scope(Language::of("ar"), async { (spoken().tag(), spoken().direction()) }).await;
        assert_eq!(said, ("ar", "rtl"));
    }
}
