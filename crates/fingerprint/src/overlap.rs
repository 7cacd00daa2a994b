//! Where two films show the same: pairs of alike frames become stretches of time on both sides.

/// From when to when, in milliseconds.
pub type Stretch = (u32, u32);

/// A frame of one film that is alike to a frame of another, with the time that each stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alike {
    /// In the one that is asked about.
    pub here: Stretch,
    /// In the one that is known.
    pub there: Stretch,
}

/// Frames further apart than this on either side are not one stretch: a frame missed here and there does not end it.
const GAP_MS: u32 = 2_500;
/// A film that stands still is alike to itself everywhere; so many stretches are followed at once.
const MOST_OPEN: usize = 64;

/// The stretches, longest first. Frames that follow each other in both films, about as fast, are one.
pub fn stretches(mut pairs: Vec<Alike>) -> Vec<Alike> {
    pairs.sort_unstable();
    pairs.dedup();
    let (mut open, mut closed): (Vec<Alike>, Vec<Alike>) = (Vec::new(), Vec::new());
    let near = |end: u32, start: u32| end.abs_diff(start) <= GAP_MS || start < end;
    for pair in pairs {
        let (ended, goes_on) =
            open.into_iter().partition(|run: &Alike| run.here.1.saturating_add(GAP_MS) < pair.here.0);
        closed.extend::<Vec<Alike>>(ended);
        open = goes_on;
        let room = open.len() < MOST_OPEN;
        let follows = |run: &&mut Alike| {
            near(run.here.1, pair.here.0) && near(run.there.1, pair.there.0) && pair.there.0 >= run.there.0
        };
        // Of those it could follow, the one that it is closest to.
        let best = open.iter_mut().filter(follows).min_by_key(|run| run.there.1.abs_diff(pair.there.0));
        match best {
            Some(run) => {
                run.here.1 = run.here.1.max(pair.here.1);
                run.there.1 = run.there.1.max(pair.there.1);
            }
            None if room => open.push(pair),
            None => closed.push(pair),
        }
    }
    closed.extend(open);
    let length = |run: &Alike| (run.here.1 - run.here.0).min(run.there.1 - run.there.0);
    closed.sort_by_key(|run| (std::cmp::Reverse(length(run)), *run));
    // What lies within a longer one on both sides says nothing new.
    let mut kept: Vec<Alike> = Vec::new();
    for run in closed {
        let within = |a: Stretch, b: Stretch| b.0 <= a.0 && a.1 <= b.1;
        if kept.len() < MOST_OPEN
            && !kept.iter().any(|longer| within(run.here, longer.here) && within(run.there, longer.there))
        {
            kept.push(run);
        }
    }
    kept
}

/// How much time stretches cover together.
pub fn covered(mut stretches: Vec<Stretch>) -> u64 {
    stretches.sort_unstable();
    let (mut sum, mut until) = (0_u64, 0_u32);
    for (from, to) in stretches {
        let from = from.max(until);
        sum += u64::from(to.saturating_sub(from));
        until = until.max(to);
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn alike(here: u32, there: u32) -> Alike {
        Alike { here: (here, here + 1_000), there: (there, there + 1_000) }
    }

    #[test]
    fn a_clip_within_a_film_is_one_stretch_on_both_sides() {
        // Seconds 40 to 60 of a film are seconds 5 to 25 of another; one frame in the middle was missed.
        let pairs = (0..20).filter(|n| *n != 9).map(|n| alike(5_000 + n * 1_000, 40_000 + n * 1_000)).collect();
        assert_eq!(stretches(pairs), [Alike { here: (5_000, 25_000), there: (40_000, 60_000) }]);
    }

    #[test]
    fn a_clip_that_is_shown_twice_is_two_stretches() {
        let pairs = (0..5).flat_map(|n| [alike(n * 1_000, n * 1_000), alike(20_000 + n * 1_000, n * 1_000)]).collect();
        let found = stretches(pairs);
        assert_eq!(
            found,
            [Alike { here: (0, 5_000), there: (0, 5_000) }, Alike { here: (20_000, 25_000), there: (0, 5_000) },]
        );
    }

    #[test]
    fn what_is_played_in_another_order_is_not_one_stretch() {
        let pairs = vec![alike(0, 30_000), alike(1_000, 20_000), alike(2_000, 10_000), alike(3_000, 0)];
        assert_eq!(stretches(pairs).len(), 4);
    }

    #[test]
    fn covered_time_counts_once() {
        assert_eq!(covered(vec![(0, 10), (5, 20), (30, 40), (30, 35)]), 30);
        assert_eq!(covered(vec![(9, 3)]), 0);
    }

    proptest! {
        #[test]
        fn every_pair_lies_in_a_stretch_unless_there_are_too_many(
            pairs in prop::collection::vec((0_u32..50_000, 1_u32..4_000, 0_u32..50_000, 1_u32..4_000), 1..40),
        ) {
            let pairs: Vec<Alike> =
                pairs.iter().map(|(h, hl, t, tl)| Alike { here: (*h, h + hl), there: (*t, t + tl) }).collect();
            let found = stretches(pairs.clone());
            let within = |a: Stretch, b: Stretch| b.0 <= a.0 && a.1 <= b.1;
            for pair in pairs {
                prop_assert!(found.iter().any(|run| within(pair.here, run.here) && within(pair.there, run.there)));
            }
        }
    }
}
