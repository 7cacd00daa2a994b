//! The kernels that look at many numbers in a row. Each is written once, compiled for several processors, and the best
//! version is chosen when the program runs; all give equal results.

#![expect(
    clippy::inline_always,
    reason = "each version of a kernel must hold the code itself to be compiled for its processor"
)]

use multiversion::multiversion;

/// Neighbour bits that are tested at one time. Lists of them are padded by as many.
pub(crate) const LANES: usize = 32;
/// Rows of the head at one time.
const ROWS: usize = 16;

/// A stretch of a list of neighbour bits that one probe looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Where it begins in the list of all pieces.
    pub(crate) start: usize,
    /// How long it is.
    pub(crate) len: u32,
    /// Its group among those of its piece.
    pub(crate) group: u32,
    /// The query's neighbour bits.
    pub(crate) bits: u16,
    /// How many of them may differ.
    pub(crate) may: u16,
    /// The piece.
    pub(crate) piece: u8,
}

/// A posting that passed: which of which run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) run: u32,
    pub(crate) nth: u32,
}

#[inline(always)]
fn scan_runs_here(list: &[u16], runs: &[Run], most: usize, passed: &mut Vec<Passed>) {
    for (run, number) in runs.iter().zip(0_u32..) {
        let stretch = list.get(run.start..).unwrap_or_default();
        let mut at = 0;
        while at < run.len {
            let Some(lanes) = stretch.get(at as usize..).and_then(|rest| rest.first_chunk::<LANES>()) else { break };
            if lanes.iter().fold(false, |any, bits| any | passes(*bits, run)) {
                let mut mask = 0_u32;
                for (bits, lane) in lanes.iter().zip(0..) {
                    mask |= u32::from(passes(*bits, run)) << lane;
                }
                while mask != 0 {
                    let nth = at + mask.trailing_zeros();
                    // Past the end of the run lie postings of another group: they are tested too, and not taken.
                    if nth < run.len {
                        passed.push(Passed { run: number, nth });
                    }
                    mask &= mask - 1;
                }
            }
            at += 32;
        }
        if passed.len() > most {
            return;
        }
    }
}

#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "at most 16 bits differ; comparing 16-bit numbers keeps the lanes small"
)]
fn passes(bits: u16, run: &Run) -> bool {
    (bits ^ run.bits).count_ones() as u16 <= run.may
}

/// Which postings of these runs differ in few enough neighbour bits. Stops soon after more than `most` were found.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512vl+avx512bitalg+avx512vpopcntdq+avx2+bmi1+bmi2+lzcnt+popcnt",
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt",
    "x86_64+popcnt",
))]
pub(crate) fn scan_runs(list: &[u16], runs: &[Run], most: usize, passed: &mut Vec<Passed>) {
    scan_runs_here(list, runs, most, passed);
}

/// Every row within a distance.
#[multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt+popcnt", "x86_64+popcnt"))]
pub(crate) fn scan_rows(rows: &[[u64; 4]], query: [u64; 4], within: u32, found: &mut Vec<(usize, u32)>) {
    for (n, row) in rows.iter().enumerate() {
        let distance = apart(row, &query);
        if distance <= within {
            found.push((n, distance));
        }
    }
}

/// How many bits differ.
#[inline(always)]
pub(crate) fn apart(one: &[u64; 4], other: &[u64; 4]) -> u32 {
    one.iter().zip(other).map(|(one, other)| (one ^ other).count_ones()).sum()
}

#[inline(always)]
fn scan_planes_here(planes: [&[u64]; 4], query: [u64; 4], within: u32, found: &mut Vec<(usize, u32)>) {
    let [first, second, third, fourth] = planes;
    let halves = first.chunks(ROWS).zip(second.chunks(ROWS)).zip(third.chunks(ROWS).zip(fourth.chunks(ROWS)));
    for (n, ((first, second), (third, fourth))) in halves.enumerate() {
        // Half the bits tell nearly always, and half the memory is left alone.
        let near = match (first.as_array::<ROWS>(), second.as_array::<ROWS>()) {
            (Some(first), Some(second)) => half_near(first, second, query, within),
            _ => true,
        };
        if near {
            let rows = first.iter().zip(second).zip(third.iter().zip(fourth)).enumerate();
            for (row, ((first, second), (third, fourth))) in rows {
                let distance = apart(&[*first, *second, *third, *fourth], &query);
                if distance <= within {
                    found.push((n * ROWS + row, distance));
                }
            }
        }
    }
}

/// Whether one of these rows is within the distance by its first two words.
#[inline(always)]
fn half_near(first: &[u64; ROWS], second: &[u64; ROWS], query: [u64; 4], within: u32) -> bool {
    let [one, two, _, _] = query;
    let rows = first.iter().zip(second);
    rows.fold(false, |any, (first, second)| {
        any | (u64::from((first ^ one).count_ones()) + u64::from((second ^ two).count_ones()) <= u64::from(within))
    })
}

/// Every row within a distance, where the four words of a row lie in four lists of one length.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512vl+avx512bitalg+avx512vpopcntdq+avx2+bmi1+bmi2+lzcnt+popcnt",
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt",
    "x86_64+popcnt",
))]
pub(crate) fn scan_planes(planes: [&[u64]; 4], query: [u64; 4], within: u32, found: &mut Vec<(usize, u32)>) {
    scan_planes_here(planes, query, within, found);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The versions for lesser processors, beside the one that this machine chooses and the plain one.
    mod lesser {
        use multiversion::multiversion;

        use super::super::{Passed, Run, scan_planes_here, scan_runs_here};

        #[multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"))]
        pub(super) fn scan_runs(list: &[u16], runs: &[Run], most: usize, passed: &mut Vec<Passed>) {
            scan_runs_here(list, runs, most, passed);
        }

        #[multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"))]
        pub(super) fn scan_planes(planes: [&[u64]; 4], query: [u64; 4], within: u32, found: &mut Vec<(usize, u32)>) {
            scan_planes_here(planes, query, within, found);
        }
    }

    proptest! {
        #[test]
        fn runs_are_scanned_alike(
            list in prop::collection::vec(any::<u16>(), 0..200),
            ends in prop::collection::vec((0_usize..200, 0_usize..200), 1..5),
            bits in any::<u16>(),
            may in 0_u16..9,
        ) {
            let runs: Vec<Run> = ends.iter().map(|(one, other)| {
                let (start, end) = ((*one).min(*other).min(list.len()), (*one).max(*other).min(list.len()));
                Run { start, len: u32::try_from(end - start).unwrap(), group: 0, bits, may, piece: 0 }
            }).collect();
            let mut expected = Vec::new();
            for (run, number) in runs.iter().zip(0..) {
                for (nth, neighbour) in (0..run.len).zip(&list[run.start..]) {
                    if (neighbour ^ bits).count_ones() <= u32::from(may) {
                        expected.push(Passed { run: number, nth });
                    }
                }
            }
            let mut padded = list.clone();
            padded.extend([bits; LANES]);
            for version in [scan_runs, lesser::scan_runs, scan_runs_here] {
                let mut passed = Vec::new();
                version(&padded, &runs, usize::MAX, &mut passed);
                prop_assert_eq!(&passed, &expected);
            }
        }

        #[test]
        fn rows_are_scanned_alike(
            rows in prop::collection::vec(any::<[u64; 4]>(), 0..70),
            copies in prop::collection::vec((0_usize..70, 0_u32..256), 0..40),
            within in 0_u32..=140,
        ) {
            let query = [0x0123_4567_89ab_cdef; 4];
            let mut rows = rows;
            // Some near the query: it with a growing stretch of ones.
            for (at, ones) in copies {
                if let Some(row) = rows.get_mut(at) {
                    *row = query;
                    for bit in 0..ones {
                        row[(bit / 64) as usize] |= 1 << (bit % 64);
                    }
                }
            }
            let expected: Vec<(usize, u32)> = rows
                .iter()
                .enumerate()
                .map(|(n, row)| (n, (0..4).map(|k| (row[k] ^ query[k]).count_ones()).sum()))
                .filter(|(_, distance)| *distance <= within)
                .collect();
            let mut found = Vec::new();
            scan_rows(&rows, query, within, &mut found);
            prop_assert_eq!(&found, &expected);
            let planes: [Vec<u64>; 4] = std::array::from_fn(|k| rows.iter().map(|row| row[k]).collect());
            for version in [scan_planes, lesser::scan_planes, scan_planes_here] {
                let mut found = Vec::new();
                version(planes.each_ref().map(Vec::as_slice), query, within, &mut found);
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}
