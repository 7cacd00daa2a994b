//! What the load is made of: pictures that no list knows, and among them copies of listed ones that must be found.

use std::path::Path;

use ::sim::pictures::{self, jpeg, photograph, resized};
use bytes::Bytes;
use decode::{Pool, Wanted};
use fingerprint::{Digests, Pdq};
use serde::Deserialize;
use serde_json::json;

use super::client::Message;
use super::{Trouble, files};
use crate::banks::usual_quality;
use crate::matching::{Strength, Verdict};

/// Among so many uploads two are copies of a listed picture: first the very file, then a smaller one.
const PLANTED_EVERY: u64 = 80;
/// Distinct generated pictures, and how many of them are listed.
const GENERATED: u32 = 80;
/// One picture of so many is listed.
const LISTED_EVERY: usize = 5;
const BOUNDARY: &str = "tanod-bench-part";

/// How an upload must be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    NoMatch,
    Match(Strength),
}

/// The part of an answer that is checked.
#[derive(Debug, Deserialize)]
pub(super) struct ItemAnswer {
    verdict: Verdict,
    strength: Option<Strength>,
}

/// How the answers were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) done: u32,
    pub(super) planted: u32,
    pub(super) found: u32,
    pub(super) false_hits: u32,
    pub(super) unscanned: u32,
}

impl Tally {
    pub(super) fn count(&mut self, expected: Expected, answer: &ItemAnswer) {
        self.done += 1;
        self.unscanned += u32::from(answer.verdict == Verdict::Unscanned);
        match expected {
            Expected::Match(strength) => {
                self.planted += 1;
                self.found += u32::from(answer.verdict == Verdict::Match && answer.strength == Some(strength));
            }
            Expected::NoMatch => self.false_hits += u32::from(answer.verdict == Verdict::Match),
        }
    }

    pub(super) fn and(mut self, other: &Self) -> Self {
        self.done += other.done;
        self.planted += other.planted;
        self.found += other.found;
        self.false_hits += other.false_hits;
        self.unscanned += other.unscanned;
        self
    }

    /// Whether everything was answered as it must be. No planted upload at all shows nothing.
    pub(super) fn good(&self) -> bool {
        self.planted > 0 && self.found == self.planted && self.false_hits == 0 && self.unscanned == 0
    }
}

/// Files to upload.
pub(super) struct Stock {
    unlisted: Vec<Bytes>,
    exact: Vec<Bytes>,
    near: Vec<Bytes>,
    /// Rows for the list: signal and value.
    pub(super) entries: Vec<(&'static str, String)>,
}

impl Stock {
    /// Makes the files and looks at each, so that it is known, and not assumed, how far they are from what is listed.
    pub(super) async fn make(pool: &Pool, side: u32, folder: Option<&Path>) -> Result<Self, Trouble> {
        let made = match folder {
            Some(folder) => files(folder)?.iter().map(fs_err::read).collect::<std::io::Result<Vec<_>>>()?,
            None => (0..GENERATED).map(|n| jpeg(&photograph(90_000 + n, side, side), 85)).collect(),
        };
        let mut stock = Self { unlisted: Vec::new(), exact: Vec::new(), near: Vec::new(), entries: Vec::new() };
        let mut listed: Vec<Pdq> = Vec::new();
        let mut others = Vec::new();
        for (n, file) in made.into_iter().enumerate() {
            let Some(hash) = hash(pool, &file).await else { continue };
            if !n.is_multiple_of(LISTED_EVERY) {
                others.push((hash, file));
                continue;
            }
            let Some(picture) = pictures::read(&file) else { continue };
            let (width, height) = (picture.width() * 3 / 4, picture.height() * 3 / 4);
            let smaller = jpeg(&resized(&picture, width.max(1), height.max(1)), 80);
            // A copy near the threshold would measure rounding, and not whether entries are found.
            if self::hash(pool, &smaller).await.is_none_or(|near| near.distance(&hash) > 24) {
                continue;
            }
            stock.entries.push(("sha256", Digests::of(&file).sha256_hex()));
            stock.entries.push(("pdq", hash.to_string()));
            listed.push(hash);
            stock.exact.push(file.into());
            stock.near.push(smaller.into());
        }
        let strange = |hash: &Pdq| listed.iter().all(|listed| listed.distance(hash) > 40);
        stock.unlisted = others.into_iter().filter(|(hash, _)| strange(hash)).map(|(_, file)| file.into()).collect();
        if stock.unlisted.is_empty() || stock.exact.is_empty() {
            return Err(Trouble::Said(
                "these pictures are too few, too plain or too much alike to measure with".to_owned(),
            ));
        }
        Ok(stock)
    }

    fn nth(&self, n: u64) -> Option<(&Bytes, Expected)> {
        let pick = |files: &'_ [Bytes], n: u64| {
            let count = u64::try_from(files.len()).unwrap_or(u64::MAX).max(1);
            usize::try_from(n % count).unwrap_or(0)
        };
        let (files, turn, expected) = match n % PLANTED_EVERY {
            0 => (&self.exact, n / PLANTED_EVERY, Expected::Match(Strength::Exact)),
            1 => (&self.near, n / PLANTED_EVERY, Expected::Match(Strength::Near)),
            _ => (&self.unlisted, n, Expected::NoMatch),
        };
        files.get(pick(files, turn)).map(|file| (file, expected))
    }

    /// The n-th upload, as a platform would send it, and how it must be answered.
    pub(super) fn message(&self, n: u64) -> Result<(Message, Expected), Trouble> {
        let (media, expected) = self.nth(n).ok_or_else(|| Trouble::Said("there is nothing to send".to_owned()))?;
        let item = json!({
            "content_id": format!("bench-{n}"), "account": {"id": format!("account-{}", n % 997)}, "surface": "post",
            "uploaded_at": "2026-01-05T10:11:12+00:00", "upload_ip": "192.0.2.10", "public": n.is_multiple_of(3),
        });
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"item\"\r\n\r\n{item}\r\n--{BOUNDARY}\r\n\
             content-disposition: form-data; name=\"media\"; filename=\"media\"\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let body = [head.as_bytes(), media, tail.as_bytes()].concat().into();
        let kind = "multipart/form-data; boundary=tanod-bench-part";
        Ok((Message { path: "/v1/items".to_owned(), kind, key: Some(format!("bench-{n}")), body }, expected))
    }

    /// How large the files are on average, of those that no list knows.
    pub(super) fn mean_bytes(&self) -> usize {
        self.unlisted.iter().map(Bytes::len).sum::<usize>() / self.unlisted.len().max(1)
    }
}

/// The hash of the first frame, where it says enough to be compared.
async fn hash(pool: &Pool, file: &[u8]) -> Option<Pdq> {
    let wanted = Wanted { exact: true, ..Wanted::default() };
    let look = pool.look(Bytes::copy_from_slice(file), wanted).await.ok()?;
    look.frames.first().filter(|frame| frame.quality >= usual_quality()).map(|frame| frame.hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(verdict: Verdict, strength: Option<Strength>) -> ItemAnswer {
        ItemAnswer { verdict, strength }
    }

    #[test]
    fn a_miss_a_false_hit_and_an_upload_not_looked_at_are_no_success() {
        let mut good = Tally::default();
        assert!(!good.good());
        good.count(Expected::Match(Strength::Near), &answered(Verdict::Match, Some(Strength::Near)));
        good.count(Expected::NoMatch, &answered(Verdict::NoMatch, None));
        assert!(good.good());
        let near = Expected::Match(Strength::Near);
        for (expected, verdict, strength) in [
            (near, Verdict::NoMatch, None),
            (near, Verdict::Unscanned, None),
            (Expected::Match(Strength::Exact), Verdict::Match, Some(Strength::Near)),
            (Expected::NoMatch, Verdict::Match, Some(Strength::Near)),
            (Expected::NoMatch, Verdict::Unscanned, None),
        ] {
            let mut one = Tally::default();
            one.count(expected, &answered(verdict, strength));
            assert!(!good.clone().and(&one).good(), "{expected:?} answered {verdict:?}");
        }
    }

    #[test]
    fn uploads_hold_both_sorts_of_copies() {
        let file = |text: &'static str| vec![Bytes::from_static(text.as_bytes())];
        let stock = Stock { unlisted: file("other"), exact: file("same"), near: file("near"), entries: Vec::new() };
        let expected: Vec<Expected> = (0..PLANTED_EVERY).map(|n| stock.message(n).unwrap().1).collect();
        let count = |wanted| expected.iter().filter(|expected| **expected == wanted).count();
        assert_eq!((count(Expected::Match(Strength::Exact)), count(Expected::Match(Strength::Near))), (1, 1));
        let body = stock.message(0).unwrap().0.body;
        assert!(String::from_utf8_lossy(&body).ends_with("\r\n\r\nsame\r\n--tanod-bench-part--\r\n"));
    }
}
