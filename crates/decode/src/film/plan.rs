//! Which frames of a video are looked at, and which packets must be decoded for them.
//!
//! Frames are wanted once a second, and where the scene changes: at a key frame out of the usual rhythm, and at a packet far
//! larger than those around it, which is how an encoder writes a picture that has little to do with the one before. Both are
//! read off the packets, so that nothing is decoded to find them. Of each group of pictures only what comes before its last
//! wanted frame is decoded, and of that only what others refer to.

use std::ops::Range;

use super::mkv::{Packet, Track};
use crate::Sampling;

/// Scene changes closer to the frame before than this are not looked at: flicker would cost more than it shows.
const LEAST_GAP_MS: i64 = 250;

/// What is known of a packet without decoding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    at: i64,
    key: bool,
    /// Whether decoding may begin here with nothing from before.
    closed: bool,
    /// No other frame of its layer or below is decoded with its help.
    unreferenced: bool,
    layer: u8,
    size: usize,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) decode: bool,
    pub(super) wanted: bool,
    /// Which frame of the video it is, in the order in which they are shown.
    pub(super) number: u32,
}

/// The plan of a whole video, group after group.
#[derive(Debug)]
pub(super) struct Planner {
    sampling: Sampling,
    every_ms: i64,
    scenes: bool,
    codec: Codec,
    /// When the next frame is due.
    due: i64,
    last_wanted: Option<i64>,
    last_key: Option<i64>,
    /// The longest time from one key frame to the next.
    rhythm: i64,
    frames: u32,
}

/// What a packet's own bytes are read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    /// H.264, with lengths of so many bytes.
    Avc(usize),
    Hevc(usize),
    Mpeg4,
    /// Every key frame begins anew; more is not read.
    Other,
}

impl Planner {
    pub(super) fn new(track: &Track, sampling: Sampling, every_ms: u32, scenes: bool) -> Self {
        let length = |at: usize| track.settings.get(at).map_or(4, |byte| usize::from(byte & 3) + 1);
        let codec = match track.codec.as_str() {
            "V_MPEG4/ISO/AVC" => Codec::Avc(length(4)),
            "V_MPEGH/ISO/HEVC" => Codec::Hevc(length(21)),
            "V_MPEG4/ISO/ASP" | "V_MPEG4/ISO/SP" | "V_MPEG4/ISO/AP" => Codec::Mpeg4,
            _ => Codec::Other,
        };
        let every_ms = i64::from(every_ms.max(1));
        Self {
            sampling,
            every_ms,
            scenes,
            codec,
            due: i64::MIN,
            last_wanted: None,
            last_key: None,
            rhythm: 0,
            frames: 0,
        }
    }

    /// Frames seen so far, also those that are not wanted.
    pub(super) fn frames(&self) -> u32 {
        self.frames
    }

    /// Plans one group of pictures: a key frame and what follows it up to the next one. `next` is that next one: a
    /// group may be cut short only where decoding begins anew after it.
    pub(super) fn plan(&mut self, group: &[Packet], next: Option<&Packet>) -> Vec<Fate> {
        let seen: Vec<Seen> = group.iter().map(|packet| self.codec.see(packet)).collect();
        let closed_after = next.is_none_or(|next| self.codec.see(next).closed);
        self.decide(&seen, closed_after)
    }

    fn decide(&mut self, group: &[Seen], closed_after: bool) -> Vec<Fate> {
        let mut fates = vec![Fate::default(); group.len()];
        let mut shown: Vec<usize> = (0..group.len()).collect();
        shown.sort_by_key(|at| group.get(*at).map(|seen| seen.at));
        let key = group.first().filter(|seen| seen.key).copied();
        let (cut, spike) = (self.out_of_rhythm(key), spike(group));
        for (at, number) in shown.into_iter().zip(self.frames..) {
            let (Some(seen), Some(fate)) = (group.get(at), fates.get_mut(at)) else { continue };
            fate.number = number;
            // Frames shown before the key frame refer to the group before, which may have been cut short.
            let leading = key.is_some_and(|key| seen.at < key.at);
            fate.wanted = match self.sampling {
                Sampling::Whole => true,
                Sampling::KeyFrames => seen.key,
                Sampling::Seconds if leading => false,
                Sampling::Seconds => {
                    let scene = if seen.key { cut } else { seen.size >= spike };
                    let apart = self.last_wanted.is_none_or(|last| seen.at - last >= LEAST_GAP_MS);
                    seen.at >= self.due || (self.scenes && scene && apart)
                }
            };
            if fate.wanted {
                self.last_wanted = Some(seen.at);
                if seen.at >= self.due {
                    self.due = (seen.at.div_euclid(self.every_ms) + 1).saturating_mul(self.every_ms);
                }
            }
        }
        self.frames = self.frames.saturating_add(u32::try_from(group.len()).unwrap_or(u32::MAX));
        let last = fates.iter().rposition(|fate| fate.wanted);
        let until = if closed_after { last.map_or(0, |last| last + 1) } else { group.len() };
        let top = group.iter().map(|seen| seen.layer).max().unwrap_or(0);
        for (seen, fate) in group.iter().zip(&mut fates).take(until) {
            let needed = !(seen.unreferenced && seen.layer == top);
            let leading = key.is_some_and(|key| seen.at < key.at);
            fate.decode = match self.sampling {
                Sampling::Whole => true,
                Sampling::KeyFrames => seen.key,
                Sampling::Seconds => fate.wanted || (needed && !(leading && closed_after && key.is_some())),
            };
        }
        fates
    }

    /// Whether this key frame came sooner than they usually do. Of the second one nobody can tell yet: it is looked at.
    fn out_of_rhythm(&mut self, key: Option<Seen>) -> bool {
        let Some(key) = key else { return false };
        let Some(last) = self.last_key.replace(key.at) else { return false };
        let distance = key.at - last;
        let sooner = self.rhythm == 0 || distance * 10 < self.rhythm * 9;
        self.rhythm = self.rhythm.max(distance);
        sooner
    }
}

/// The size from which a packet of this group stands out.
fn spike(group: &[Seen]) -> usize {
    let mut sizes: Vec<usize> = group.iter().filter(|seen| !seen.key).map(|seen| seen.size).collect();
    sizes.sort_unstable();
    let usual = sizes.get(sizes.len() * 9 / 10).copied().unwrap_or(0);
    let key = group.iter().find(|seen| seen.key).map_or(0, |seen| seen.size);
    usual.saturating_mul(3).max(key / 3).max(1)
}

impl Codec {
    fn see(self, packet: &Packet) -> Seen {
        let Packet { at, key, data } = packet;
        let plain = Seen { at: *at, key: *key, closed: *key, unreferenced: false, layer: 0, size: data.len() };
        match self {
            Self::Other => plain,
            Self::Mpeg4 => {
                // A picture's start code, then its kind in two bits: 2 is one that none refers to.
                let picture = memchr::memmem::find(data, &[0, 0, 1, 0xb6]).and_then(|at| data.get(at + 4));
                Seen { unreferenced: picture.is_some_and(|byte| byte >> 6 == 2), ..plain }
            }
            Self::Avc(length) => units(data, length).fold(plain, |seen, unit| {
                let head = data.get(unit).and_then(|unit| unit.first()).copied().unwrap_or(0);
                match head & 0x1f {
                    1..=4 => Seen { closed: false, unreferenced: head & 0x60 == 0, ..seen },
                    _ => seen,
                }
            }),
            Self::Hevc(length) => units(data, length).fold(plain, |seen, unit| {
                let Some([head, layer, ..]) = data.get(unit) else { return seen };
                match head >> 1 & 0x3f {
                    kind @ 0..16 => Seen { unreferenced: kind % 2 == 0, layer: layer & 7, ..seen },
                    _ => seen,
                }
            }),
        }
    }
}

/// The units of a packet, each behind its length.
fn units(data: &[u8], length: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let head = data.get(at..at + length)?;
        let size = head.iter().fold(0_usize, |size, byte| size << 8 | usize::from(*byte));
        let (start, end) = (at + length, (at + length).checked_add(size)?);
        at = end;
        (end <= data.len()).then_some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn planner(sampling: Sampling) -> Planner {
        Planner::new(&Track::default(), sampling, 1_000, true)
    }

    fn seen(at: i64, key: bool, size: usize) -> Seen {
        Seen { at, key, closed: key, unreferenced: false, layer: 0, size }
    }

    /// A group of 25 frames a second.
    fn group(from_ms: i64, frames: i64) -> Vec<Seen> {
        (0..frames).map(|n| seen(from_ms + n * 40, n == 0, if n == 0 { 9_000 } else { 500 })).collect()
    }

    fn wanted(group: &[Seen], fates: &[Fate]) -> Vec<i64> {
        group.iter().zip(fates).filter(|(_, fate)| fate.wanted).map(|(seen, _)| seen.at).collect()
    }

    #[test]
    fn once_a_second_and_nothing_after_the_last_one() {
        let mut planner = planner(Sampling::Seconds);
        for from in [0, 2_000, 4_000] {
            let group = group(from, 50);
            let fates = planner.decide(&group, true);
            assert_eq!(wanted(&group, &fates), [from, from + 1_000]);
            assert_eq!(fates.iter().filter(|fate| fate.decode).count(), 26);
        }
        assert_eq!(planner.frames(), 150);
    }

    #[test]
    fn a_scene_is_seen_in_the_packets() {
        let mut planner = planner(Sampling::Seconds);
        planner.decide(&group(0, 50), true);
        planner.decide(&group(2_000, 50), true);
        // A key frame after 0.4 s instead of two: the picture changed.
        planner.decide(&group(4_000, 10), true);
        let sooner = group(4_400, 50);
        assert_eq!(wanted(&sooner, &planner.decide(&sooner, true)), [4_400, 5_000, 6_000]);
        let mut spiked = group(6_400, 50);
        spiked[10].size = 7_000;
        assert_eq!(wanted(&spiked, &planner.decide(&spiked, true)), [6_800, 7_000, 8_000]);
    }

    #[test]
    fn a_group_that_others_need_is_decoded_to_its_end() {
        let mut planner = planner(Sampling::Seconds);
        let mut group = group(0, 50);
        group[3].unreferenced = true;
        let fates = planner.decide(&group, false);
        assert_eq!(fates.iter().filter(|fate| fate.decode).count(), 49);
        assert!(!fates[3].decode);
    }

    #[test]
    fn the_other_ways_of_looking() {
        let group = group(0, 50);
        let keys = planner(Sampling::KeyFrames).decide(&group, true);
        assert_eq!(keys.iter().filter(|fate| fate.decode || fate.wanted).count(), 1);
        let whole = planner(Sampling::Whole).decide(&group, true);
        assert!(whole.iter().all(|fate| fate.decode && fate.wanted));
    }

    proptest! {
        #[test]
        fn what_is_wanted_is_decoded_and_each_frame_has_its_number(
            groups in prop::collection::vec(prop::collection::vec((0_i64..5_000, any::<bool>(), 0_u8..3, 0_usize..9_000), 1..30), 1..6),
            closed in any::<bool>(),
        ) {
            let mut planner = planner(Sampling::Seconds);
            let mut numbers = Vec::new();
            for (group, from) in groups.iter().zip((0..).step_by(5_000)) {
                let group: Vec<Seen> = group.iter().enumerate().map(|(n, (at, unreferenced, layer, size))| Seen {
                    at: from + at, key: n == 0, closed: n == 0, unreferenced: *unreferenced, layer: *layer, size: *size,
                }).collect();
                let fates = planner.decide(&group, closed);
                for fate in &fates {
                    prop_assert!(fate.decode || !fate.wanted);
                    numbers.push(fate.number);
                }
            }
            numbers.sort_unstable();
            prop_assert!(numbers.iter().zip(0..).all(|(number, n)| *number == n));
        }

        #[test]
        fn any_packet_is_seen(data in any::<Vec<u8>>(), length in 1_usize..=4, key in any::<bool>()) {
            let packet = Packet { at: 0, key, data };
            for codec in [Codec::Avc(length), Codec::Hevc(length), Codec::Mpeg4, Codec::Other] {
                prop_assert_eq!(codec.see(&packet).size, packet.data.len());
            }
        }
    }
}
