//! The index of near hashes: for each piece, postings grouped by the piece's upper bits.
//!
//! A posting is 4 bytes and two bits: the 16 bits of the hash that follow the group's bits (the rest of the piece and the
//! beginning of the next one), and the row. Rows of a group rise; of each the lower 16 bits are kept as they are, and
//! the upper ones in a row of marks: for each block of 65,536 rows a one for each of the group's postings in it, then a zero.
//! So 68 bytes an entry serve sixteen pieces.
//!
//! A query does not follow one posting after the other. It first collects all its groups, then touches their bits, then
//! tests them, then finds rows, then compares: in each step the reads do not depend on each other, so that the
//! processor waits for many of them at once.

use super::pages::{NoMemory, Pages};
use super::plan::{Flips, PIECES, Plan, pair};
use super::scan::{LANES, Passed, Run, apart, scan_rows, scan_runs};

/// Fewer rows than this are quicker looked at one by one.
pub(crate) const FEWEST: usize = 2048;
/// What a group, a posting and a posting that passes cost, in hashes that could be looked at meanwhile (measured).
const GROUP: usize = 60;
const POSTINGS_A_HASH: usize = 2;
const PASSING: usize = 110;
/// How many of 65,536 random neighbour bits differ in at most so many.
const PASSING_BY_CHANCE: [usize; 17] =
    [1, 17, 137, 697, 2517, 6885, 14893, 26333, 39203, 50643, 58651, 63019, 64839, 65399, 65519, 65535, 65536];
/// Rows of a block: those that share all but the lowest 16 bits.
const BLOCK: usize = 1 << 16;

/// Of what a query found, room for so much is kept for the next one.
const KEPT: usize = 16 * 1024;

/// The pieces of all hashes of a column.
pub(crate) struct Pieces {
    rows: usize,
    bits: u32,
    flips: Flips,
    /// For each piece where each group begins, and the end.
    pub(crate) begins: Pages<u32>,
    /// For each piece the neighbour bits of each posting; padded.
    pub(crate) neighbours: Pages<u16>,
    /// For each piece the lower bits of each posting's row.
    pub(crate) lows: Pages<u16>,
    /// For each piece the marks that hold the upper bits.
    pub(crate) marks: Pages<u64>,
}

/// What a query needs while it runs; kept between queries, it saves allocations.
#[derive(Default)]
pub(crate) struct Scratch {
    runs: Vec<Run>,
    passed: Vec<Passed>,
    rows: Vec<(u32, u8)>,
    /// Rows within the distance, each once.
    pub(crate) found: Vec<(usize, u32)>,
    /// Whether all hashes must be looked at.
    all: bool,
}

/// How many upper bits of a piece make a group: as many as leave each group some eight postings, up to the whole piece.
pub(crate) fn group_bits(rows: usize) -> u32 {
    (rows / 8).max(1).ilog2().clamp(6, 16)
}

impl Pieces {
    fn groups(&self) -> usize {
        1 << self.bits
    }

    fn blocks(&self) -> usize {
        self.rows.div_ceil(BLOCK)
    }

    fn words(&self) -> usize {
        (self.rows + self.groups() * self.blocks()).div_ceil(64)
    }

    /// Room for so many rows; nothing in it yet.
    pub(crate) fn room(rows: usize, bits: u32) -> Result<Self, NoMemory> {
        let flips = Flips::of(bits.clamp(1, 16));
        let mut pieces = Self {
            rows,
            bits,
            flips,
            begins: Pages::default(),
            neighbours: Pages::default(),
            lows: Pages::default(),
            marks: Pages::default(),
        };
        pieces.begins = Pages::try_zeroed(PIECES * (pieces.groups() + 1))?;
        pieces.neighbours = Pages::try_zeroed(PIECES.checked_mul(rows).ok_or(NoMemory)? + LANES)?;
        pieces.lows = Pages::try_zeroed(PIECES.checked_mul(rows).ok_or(NoMemory)?)?;
        pieces.marks = Pages::try_zeroed(PIECES * pieces.words())?;
        Ok(pieces)
    }

    /// The pieces of these hashes.
    pub(crate) fn of(hashes: &[[u64; 4]]) -> Result<Self, NoMemory> {
        let mut pieces = Self::room(hashes.len(), group_bits(hashes.len()))?;
        let (rows, bits, groups, blocks, words) =
            (pieces.rows, pieces.bits, pieces.groups(), pieces.blocks(), pieces.words());
        let mut pairs = Pages::<u32>::try_zeroed(rows)?;
        let mut sorted = Pages::<u32>::try_zeroed(rows)?;
        let begins = pieces.begins.as_mut_slice().chunks_exact_mut(groups + 1);
        let neighbours = pieces.neighbours.as_mut_slice().chunks_exact_mut(rows.max(1));
        let lows = pieces.lows.as_mut_slice().chunks_exact_mut(rows.max(1));
        let marks = pieces.marks.as_mut_slice().chunks_exact_mut(words.max(1));
        for (n, (((begins, neighbours), lows), marks)) in begins.zip(neighbours).zip(lows).zip(marks).enumerate() {
            let pairs = pairs.as_mut_slice();
            for (place, hash) in pairs.iter_mut().zip(hashes) {
                *place = pair(hash, n);
            }
            group(pairs, bits, begins, sorted.as_mut_slice(), marks, blocks);
            for ((posting, neighbour), low) in sorted.as_slice().iter().zip(neighbours).zip(lows) {
                (*neighbour, *low) = halves(*posting);
            }
        }
        Ok(pieces)
    }

    pub(crate) fn bits(&self) -> u32 {
        self.bits
    }

    /// Whether the groups begin where groups can.
    pub(crate) fn is_sound(&self) -> bool {
        self.begins.as_slice().chunks_exact(self.groups() + 1).all(|begins| {
            begins.first() == Some(&0)
                && begins.is_sorted()
                && begins.last().is_some_and(|last| *last as usize == self.rows)
        })
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.begins.memory_bytes()
            + self.neighbours.memory_bytes()
            + self.lows.memory_bytes()
            + self.marks.memory_bytes()
    }

    /// Every row of these hashes within a distance of each query, each once, into the queries' scratches.
    pub(crate) fn near(&self, hashes: &[[u64; 4]], queries: &[[u64; 4]], within: u32, scratches: &mut [Scratch]) {
        let plan = Plan::new(within);
        let each = || queries.iter();
        for (query, scratch) in each().zip(scratches.iter_mut()) {
            scratch.clear();
            match &plan {
                Some(plan) => self.collect(plan, query, scratch),
                None => scratch.all = true,
            }
        }
        for scratch in scratches.iter_mut().filter(|scratch| !scratch.all) {
            self.touch(&scratch.runs);
        }
        for scratch in scratches.iter_mut().filter(|scratch| !scratch.all) {
            // Near a crowd of hashes far more pass than by chance: then looking at all is quicker, or hardly slower.
            let most = (self.rows / 64).max(256);
            scan_runs(self.neighbours.as_slice(), &scratch.runs, most, &mut scratch.passed);
            scratch.all = scratch.passed.len() > most;
        }
        for scratch in scratches.iter_mut().filter(|scratch| !scratch.all) {
            self.touch_rows(scratch);
        }
        for scratch in scratches.iter_mut().filter(|scratch| !scratch.all) {
            self.find_rows(scratch);
        }
        for (query, scratch) in each().zip(scratches) {
            if scratch.all {
                scan_rows(hashes, *query, within, &mut scratch.found);
            } else if let Some(plan) = &plan {
                self.compare(plan, hashes, query, within, scratch);
            }
        }
    }

    /// The groups that a query must look at; all hashes if that is less work.
    fn collect(&self, plan: &Plan, query: &[u64; 4], scratch: &mut Scratch) {
        let (begins, down) = (self.begins.as_slice(), 32 - self.bits);
        let (mut postings, mut passing) = (0_usize, 0_usize);
        for (n, own, both) in plan.probed() {
            let pair = pair(query, n);
            let (home, bits) = (pair >> down, self.following(pair));
            let Some(begins) = begins.get(n * (self.groups() + 1)..) else { continue };
            let base = n * self.rows;
            for flip in self.flips.lighter_than(own) {
                let group = home ^ u32::from(*flip);
                let Some([start, end]) = begins.get(group as usize..).and_then(|rest| rest.first_chunk()) else {
                    continue;
                };
                let len = end.saturating_sub(*start);
                postings += len as usize;
                if len > 0 {
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "a flip has at most four bits, a piece is one of 16"
                    )]
                    let (may, piece) = (u16::from(both) - 1 - flip.count_ones() as u16, n as u8);
                    passing += len as usize * PASSING_BY_CHANCE.get(usize::from(may)).copied().unwrap_or(BLOCK);
                    scratch.runs.push(Run { start: base + *start as usize, len, group, bits, may, piece });
                }
            }
        }
        let cost = GROUP * scratch.runs.len() + postings / POSTINGS_A_HASH + PASSING * passing / BLOCK;
        scratch.all = cost > self.rows;
    }

    /// The bits after the group's.
    fn following(&self, pair: u32) -> u16 {
        halves(pair << self.bits).0
    }

    /// Reads something of every cache line of the runs, for nothing but to have them near.
    fn touch(&self, runs: &[Run]) {
        let list = self.neighbours.as_slice();
        let mut sum = 0_u16;
        for run in runs {
            let mut at = run.start;
            let end = at + run.len as usize;
            while at < end {
                sum ^= list.get(at).copied().unwrap_or_default();
                at += LANES;
            }
            sum ^= list.get(end).copied().unwrap_or_default();
        }
        std::hint::black_box(sum);
    }

    /// Where the marks of a group begin, in bits.
    fn marks_of(&self, run: &Run) -> usize {
        let start = run.start - usize::from(run.piece) * self.rows;
        usize::from(run.piece) * self.words() * 64 + start + run.group as usize * self.blocks()
    }

    fn touch_rows(&self, scratch: &Scratch) {
        let (lows, marks) = (self.lows.as_slice(), self.marks.as_slice());
        let mut sum = 0_u64;
        for passed in &scratch.passed {
            let Some(run) = scratch.runs.get(passed.run as usize) else { continue };
            sum ^= u64::from(lows.get(run.start + passed.nth as usize).copied().unwrap_or_default());
            sum ^= marks.get(self.marks_of(run) / 64).copied().unwrap_or_default();
        }
        std::hint::black_box(sum);
    }

    fn find_rows(&self, scratch: &mut Scratch) {
        let (lows, marks) = (self.lows.as_slice(), self.marks.as_slice());
        let mut reader = Marks::default();
        for passed in &scratch.passed {
            let Some(run) = scratch.runs.get(passed.run as usize) else { continue };
            if reader.run != Some(passed.run) {
                reader = Marks::from(passed.run, self.marks_of(run));
            }
            let block = reader.zeros_before(marks, passed.nth);
            let low = lows.get(run.start + passed.nth as usize).copied().unwrap_or_default();
            scratch.rows.push((block << 16 | u32::from(low), run.piece));
        }
    }

    /// Compares whole hashes. What several pieces let pass is reported by the first of them.
    fn compare(&self, plan: &Plan, hashes: &[[u64; 4]], query: &[u64; 4], within: u32, scratch: &mut Scratch) {
        for (row, piece) in &scratch.rows {
            let row = *row as usize;
            let Some(hash) = hashes.get(row) else { continue };
            let distance = apart(hash, query);
            if distance <= within && self.first(plan, hash, query) == Some(usize::from(*piece)) {
                scratch.found.push((row, distance));
            }
        }
    }

    /// The first piece that lets a hash pass.
    fn first(&self, plan: &Plan, hash: &[u64; 4], query: &[u64; 4]) -> Option<usize> {
        let mut first = plan.probed().filter(|(n, own, both)| {
            let differing = pair(hash, *n) ^ pair(query, *n);
            let flip = (differing >> (32 - self.bits)).count_ones();
            flip < u32::from(*own) && flip + self.following(differing).count_ones() < u32::from(*both)
        });
        first.next().map(|(n, _, _)| n)
    }
}

impl Scratch {
    pub(crate) fn clear(&mut self) {
        self.runs.clear();
        self.passed.clear();
        self.rows.clear();
        self.found.clear();
        self.all = false;
        // A crowd that was met once does not keep its memory.
        self.passed.shrink_to(KEPT);
        self.rows.shrink_to(KEPT);
        self.found.shrink_to(KEPT);
    }
}

/// Reads the upper bits of rows from a group's marks, forwards.
#[derive(Default)]
struct Marks {
    run: Option<u32>,
    from: usize,
    /// The word that is being read, and how many ones the words before it have.
    word: usize,
    before: u32,
}

impl Marks {
    fn from(run: u32, from: usize) -> Self {
        Self { run: Some(run), from, word: from / 64, before: 0 }
    }

    /// How many zeros stand before the nth one. Asked in rising order.
    fn zeros_before(&mut self, marks: &[u64], nth: u32) -> u32 {
        loop {
            let Some(word) = marks.get(self.word) else { return u32::MAX >> 16 };
            let word = if self.word == self.from / 64 { word >> (self.from % 64) << (self.from % 64) } else { *word };
            let ones = word.count_ones();
            if nth - self.before < ones {
                let mut rest = word;
                for _ in self.before..nth {
                    rest &= rest - 1;
                }
                let at = self.word * 64 + rest.trailing_zeros() as usize - self.from;
                #[expect(clippy::cast_possible_truncation, reason = "a group has at most 65,536 blocks")]
                let zeros = (at as u64).wrapping_sub(u64::from(nth)) as u32;
                return zeros & 0xffff;
            }
            self.before += ones;
            self.word += 1;
        }
    }
}

/// The two halves of a number.
#[expect(clippy::cast_possible_truncation, reason = "halves are what is wanted")]
fn halves(number: u32) -> (u16, u16) {
    ((number >> 16) as u16, number as u16)
}

/// Sorts rows by group, stably: where groups begin, each posting, and the marks of the rows' upper bits.
#[expect(clippy::indexing_slicing, reason = "a group is below 2^bits, a posting below the number of rows, as counted")]
fn group(pairs: &[u32], bits: u32, begins: &mut [u32], sorted: &mut [u32], marks: &mut [u64], blocks: usize) {
    let down = 32 - bits;
    for pair in pairs {
        begins[(pair >> down) as usize + 1] += 1;
    }
    let mut sum = 0;
    for begin in begins.iter_mut() {
        sum += *begin;
        *begin = sum;
    }
    let mut nexts = begins.to_vec();
    for (pair, row) in pairs.iter().zip(0_u32..) {
        let group = (pair >> down) as usize;
        let next = &mut nexts[group];
        let posting = *next as usize;
        *next += 1;
        sorted[posting] = (pair << bits) & 0xffff_0000 | row & 0xffff;
        let mark = posting + group * blocks + (row >> 16) as usize;
        marks[mark / 64] |= 1 << (mark % 64);
    }
}
