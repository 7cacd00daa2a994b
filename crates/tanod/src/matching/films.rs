//! Known films, in one index with the pictures: every telling frame is an entry of the index, whose id says which film it
//! is of and for which time it stands.

use std::collections::HashMap;

use fingerprint::{Alike, Id, Pdq, Print, Stretch, VideoFrame, Vpdq, covered, stretches};

use super::{Hit, Lists, Near, Seen, Strength};
use crate::banks::{Kind, Signal, usual_quality};
use crate::store::EntryId;

/// How ids of frames begin. Those of entries begin with the time when they were made, and this is in the year 10,756.
const MARK: [u8; 4] = [0xfb; 4];
/// The last frame stands for so long, where nothing says how long it is shown.
const LAST_MS: u32 = 1_000;
/// Two films with less than this share of either in common must have two frames in common: one may be no more than a title.
const LEAST_PERCENT: u8 = 20;
/// More pairs of alike frames than this say nothing more about one film.
const MOST_PAIRS: usize = 20_000;

/// Where an upload and an entry show the same.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Overlap {
    /// How much of the upload the entry knows, of what has enough structure to be compared.
    pub upload_percent: u8,
    /// How much of the entry the upload shows.
    pub entry_percent: u8,
    /// The longest stretches in common, longest first.
    pub ranges: Vec<Range>,
}

/// A stretch in common, in milliseconds from the beginning. A picture has no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Range {
    /// From when to when in the upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<[u32; 2]>)]
    pub upload_ms: Option<Stretch>,
    /// From when to when in the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<[u32; 2]>)]
    pub entry_ms: Option<Stretch>,
}

/// The films that frames in the index belong to.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Films {
    known: Vec<Film>,
    #[serde(skip)]
    numbers: HashMap<EntryId, u32>,
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Film {
    entry: EntryId,
    /// How much time its telling frames stand for.
    telling_ms: u64,
}

/// For which time each frame stands: until the next one. Times that are the same are made different.
fn spans(frames: impl IntoIterator<Item = u32>) -> Vec<Stretch> {
    let mut starts: Vec<u32> = frames.into_iter().collect();
    let mut least = 0;
    for start in &mut starts {
        *start = (*start).max(least);
        least = start.saturating_add(1);
    }
    let ends = starts.iter().skip(1).copied().chain(starts.last().map(|last| last.saturating_add(LAST_MS)));
    starts.iter().copied().zip(ends).collect()
}

fn id(film: u32, (from, to): Stretch) -> Id {
    let mut id = [0; 16];
    let parts = [MARK, film.to_be_bytes(), from.to_be_bytes(), to.to_be_bytes()];
    id.iter_mut().zip(parts.as_flattened()).for_each(|(into, byte)| *into = *byte);
    id
}

/// Which film, and when, an id of the index stands for; none for an entry that is a picture or a digest.
fn of(id: &Id) -> Option<(u32, Stretch)> {
    let [mark, film, from, to] = id.as_chunks::<4>().0 else { return None };
    let number = |bytes: &[u8; 4]| u32::from_be_bytes(*bytes);
    (*mark == MARK).then(|| (number(film), (number(from), number(to))))
}

impl Films {
    /// The films as they were kept beside an index.
    pub(super) fn numbered(mut self) -> Self {
        self.numbers = self.known.iter().map(|film| film.entry).zip(0..).collect();
        self
    }

    /// Ids and hashes of an entry's telling frames.
    pub(super) fn learn(&mut self, entry: EntryId, film: &Vpdq) -> Vec<(Id, Pdq)> {
        let number = *self.numbers.entry(entry).or_insert_with(|| {
            self.known.push(Film { entry, telling_ms: 0 });
            u32::try_from(self.known.len() - 1).unwrap_or(u32::MAX)
        });
        let spans = spans(film.frames().iter().map(|frame| frame.at_ms));
        let telling = |(frame, _): &(&VideoFrame, Stretch)| frame.quality >= usual_quality();
        let telling: Vec<_> = film.frames().iter().zip(spans).filter(telling).collect();
        let known = usize::try_from(number).ok().and_then(|at| self.known.get_mut(at));
        if let Some(film) = known {
            film.telling_ms = covered(telling.iter().map(|(_, span)| *span).collect());
        }
        telling.into_iter().map(|(frame, span)| (id(number, span), frame.hash)).collect()
    }

    fn get(&self, number: u32) -> Option<&Film> {
        self.known.get(usize::try_from(number).ok()?)
    }
}

/// What is gathered about one film while the frames of an upload are looked up.
struct Met {
    best: (Near, Seen),
    pairs: Vec<Alike>,
    /// Frames of the upload that met it.
    frames: usize,
    last: Option<Stretch>,
}

/// What the frames of an upload met in the index.
pub(super) struct Meeting<'a> {
    lists: &'a Lists,
    films: HashMap<u32, Met>,
    hits: Vec<Hit>,
}

impl<'a> Meeting<'a> {
    pub(super) fn new(lists: &'a Lists) -> Self {
        Self { lists, films: HashMap::new(), hits: Vec::new() }
    }

    /// One frame, seen in one way; `when` is for which time of the upload it stands, if it has a time.
    pub(super) fn see(&mut self, seen: Seen, when: Option<Stretch>) {
        self.meet(self.lists.near(seen), seen, when);
    }

    /// What the index found near one frame.
    pub(super) fn meet(&mut self, found: Vec<Near>, seen: Seen, when: Option<Stretch>) {
        for near in found {
            let Some((film, there)) = of(&near.id) else {
                let hit = self.lists.near_hit(near, near.id, seen, Signal::Pdq);
                self.hits.extend(hit.map(|hit| Hit { in_common: when.map(of_a_still), ..hit }));
                continue;
            };
            let met =
                self.films.entry(film).or_insert(Met { best: (near, seen), pairs: Vec::new(), frames: 0, last: None });
            if near.distance < met.best.0.distance {
                met.best = (near, seen);
            }
            if met.frames == 0 || met.last != when {
                (met.frames, met.last) = (met.frames + 1, when);
            }
            if met.pairs.len() < MOST_PAIRS {
                met.pairs.push(Alike { here: when.unwrap_or((0, 1)), there });
            }
        }
    }

    /// All hits. `telling_ms` is how much time of the upload could be compared; none of a picture.
    pub(super) fn end(self, telling_ms: Option<u64>) -> Vec<Hit> {
        let Self { lists, films, mut hits } = self;
        for (number, met) in films {
            let Some(film) = lists.films.get(number) else { continue };
            let (near, seen) = met.best;
            let Some(hit) = lists.near_hit(near, *film.entry.0.as_bytes(), seen, Signal::Vpdq) else { continue };
            let side = |side: fn(&Alike) -> Stretch| covered(met.pairs.iter().map(side).collect());
            let entry_percent = percent(side(|pair| pair.there), film.telling_ms);
            let upload_percent = telling_ms.map_or(100, |telling| percent(side(|pair| pair.here), telling));
            if telling_ms.is_some() && met.frames < 2 && upload_percent.max(entry_percent) < LEAST_PERCENT {
                continue;
            }
            let range = |run: Alike| Range { upload_ms: telling_ms.map(|_| run.here), entry_ms: Some(run.there) };
            let ranges = stretches(met.pairs).into_iter().map(range).collect();
            hits.push(Hit { in_common: Some(Overlap { upload_percent, entry_percent, ranges }), ..hit });
        }
        hits
    }
}

/// A known still in a film.
fn of_a_still(when: Stretch) -> Overlap {
    Overlap { upload_percent: 1, entry_percent: 100, ranges: vec![Range { upload_ms: Some(when), entry_ms: None }] }
}

/// At least one, for what there is at all.
fn percent(part: u64, whole: u64) -> u8 {
    let percent = part.saturating_mul(100).div_ceil(whole.max(1)).min(100);
    u8::try_from(percent).unwrap_or(100)
}

/// The frames of a look with the times for which they stand.
pub(super) fn times(look: &decode::Look) -> Vec<Option<Stretch>> {
    match look.video {
        Some(_) => spans(look.frames.iter().map(|frame| frame.at_ms)).into_iter().map(Some).collect(),
        None => vec![None; look.frames.len()],
    }
}

/// What stands in the index for the frames of a film.
pub(super) fn prints(frames: Vec<(Id, Pdq)>, label: u32) -> impl Iterator<Item = (Id, u32, Print)> {
    frames.into_iter().map(move |(id, hash)| (id, label, Print::Pdq(hash)))
}

impl Lists {
    /// What is known of one frame of a stream: of each bank the closest entry, those left out that only count or silence.
    pub fn glimpsed(&self, frame: &decode::FrameHash) -> Vec<Hit> {
        let mut meeting = Meeting::new(self);
        for seen in Seen::all(frame) {
            meeting.see(seen, None);
        }
        let mut hits = meeting.end(None);
        hits.retain(|hit| !hit.shadow && hit.kind != Kind::Exception);
        hits.sort_by_key(Hit::order);
        let mut banks = std::collections::HashSet::new();
        hits.retain(|hit| banks.insert(hit.bank));
        hits
    }

    /// A near entry as a hit, under the id that the entry has outside.
    fn near_hit(&self, near: Near, entry: Id, seen: Seen, signal: Signal) -> Option<Hit> {
        let hit = self.hit(entry, near.label, signal)?;
        Some(Hit {
            strength: Strength::Near,
            distance: Some(near.distance),
            threshold: Some(self.reach(near.label).within),
            orientation: Some(seen.orientation),
            trimmed: seen.trimmed,
            ..hit
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_frames_say_which_film_and_when() {
        assert_eq!(of(&id(7, (1_000, 2_500))), Some((7, (1_000, 2_500))));
        assert_eq!(of(uuid::Uuid::max().as_bytes()), None);
        assert_eq!(of(uuid::Uuid::nil().as_bytes()), None);
    }

    #[test]
    fn frames_stand_until_the_next_one() {
        assert_eq!(spans([0, 1_000, 1_000, 4_000]), [(0, 1_000), (1_000, 1_001), (1_001, 4_000), (4_000, 5_000)]);
        assert_eq!(spans([]), []);
        assert_eq!(spans([u32::MAX, u32::MAX]).len(), 2);
    }
}
