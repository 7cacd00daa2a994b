//! The kernels that look at many numbers in a row. Each is written once, compiled for several processors, and the best
//! version is chosen when the program runs; all give equal results.

use multiversion::multiversion;

/// Tests of neighbouring pieces at one time. Lists of them are padded by as many.
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
        let mut at = 0_u32;
        while at < run.len {
            let from = run.start + at as usize;
            let Some(lanes) = list.get(from..).and_then(|rest| rest.first_chunk::<LANES>()) else { break };
            // Past the end of the run lie postings of another group: they are tested too, and not taken.
            let mut any = false;
            for bits in lanes {
                any |= (bits ^ run.bits).count_ones() as u16 <= run.may;
            }
            if any {
                for (bits, nth) in lanes.iter().zip(at..run.len) {
                    if (bits ^ run.bits).count_ones() as u16 <= run.may {
                        passed.push(Passed { run: number, nth });
                    }
                }
            }
            at += LANES as u32;
        }
        if passed.len() > most {
            return;
        }
    }
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

#[inline(always)]
fn scan_rows_here(rows: &[[u64; 4]], query: [u64; 4], within: u32, mut found: impl FnMut(usize, u32)) {
    for (n, row) in rows.iter().enumerate() {
        let distance = apart(row, &query);
        if distance <= within {
            found(n, distance);
        }
    }
}

/// Every row within a distance.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512vl+avx512bitalg+avx512vpopcntdq+avx2+bmi1+bmi2+lzcnt+popcnt",
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt",
    "x86_64+popcnt",
))]
pub(crate) fn scan_rows(rows: &[[u64; 4]], query: [u64; 4], within: u32, found: &mut Vec<(usize, u32)>) {
    scan_rows_here(rows, query, within, |n, distance| found.push((n, distance)));
}

/// How many bits differ.
#[inline(always)]
pub(crate) fn apart(one: &[u64; 4], other: &[u64; 4]) -> u32 {
    one.iter().zip(other).map(|(a, b)| (a ^ b).count_ones()).sum()
}

#[inline(always)]
fn scan_planes_here(planes: [&[u64]; 4], query: [u64; 4], within: u32, found: &mut Vec<(usize, u32)>) {
    let [a, b, c, d] = planes;
    let [p, q, r, s] = query;
    let within = u64::from(within);
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<ROWS>(), b.as_chunks::<ROWS>());
    let ((c, c_rest), (d, d_rest)) = (c.as_chunks::<ROWS>(), d.as_chunks::<ROWS>());
    for (n, ((a, b), (c, d))) in a.iter().zip(b).zip(c.iter().zip(d)).enumerate() {
        // Half the bits tell nearly always, and half the memory is left alone.
        let mut any = false;
        for (a, b) in a.iter().zip(b) {
            any |= u64::from((a ^ p).count_ones()) + u64::from((b ^ q).count_ones()) <= within;
        }
        if any {
            take(n * ROWS, a, b, c, d, query, within, found);
        }
    }
    let done = a.len() * ROWS;
    take(done, a_rest, b_rest, c_rest, d_rest, [p, q, r, s], within, found);
}

#[inline(always)]
fn take(
    from: usize,
    a: &[u64],
    b: &[u64],
    c: &[u64],
    d: &[u64],
    query: [u64; 4],
    within: u64,
    found: &mut Vec<(usize, u32)>,
) {
    for (n, ((a, b), (c, d))) in a.iter().zip(b).zip(c.iter().zip(d)).enumerate() {
        let distance = apart(&[*a, *b, *c, *d], &query);
        if u64::from(distance) <= within {
            found.push((from + n, distance));
        }
    }
}

/// Every row within a distance, where the four words of a row lie in four lists.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512vl+avx512bitalg+avx512vpopcntdq+avx2+bmi1+bmi2+lzcnt+popcnt",
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt",
    "x86_64+popcnt",
))]
pub(crate) fn scan_planes(planes: [&[u64]; 4], query: [u64; 4], within: u32, found: &mut Vec<(usize, u32)>) {
    scan_planes_here(planes, query, within, found);
}
