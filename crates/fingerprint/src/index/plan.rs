//! Which pieces of a hash are probed how far, so that nothing within a distance can be missed.
//!
//! A hash is cut into sixteen pieces of 16 bits. Give piece i a quota q(i), with the quotas adding up to more than the
//! distance asked for. Then the differences d(i) of two hashes within that distance add up to less than the quotas, and
//! two things follow:
//!
//! - some piece has d(i) < q(i) (the pigeonhole principle);
//! - some piece i, with its neighbour to the right (the last one's is the first), has d(i) < q(i) *and*
//!   d(i) + d(i+1) < q(i) + q(i+1). For the numbers d(i) - q(i), all whole, add up to less than zero around the ring, and
//!   then there is a place to start from which every partial sum is below zero (the cycle lemma; Qin and Xiao's
//!   "pigeonring").
//!
//! So it is enough to look, for each piece, at the entries whose piece lies closer than its quota, and of these only at
//! those whose next piece keeps within both quotas. Of unrelated hashes about 1 in 400 passes the second test at distance 31,
//! and it needs no look at the entry's hash.

/// Pieces of a hash.
pub(crate) const PIECES: usize = 16;
/// Distances up to this are answered by pieces, where that is cheaper than looking at every hash.
pub(crate) const WIDEST: u32 = 64;

/// The quotas for one distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    quotas: [u8; PIECES],
}

impl Plan {
    /// The smallest quotas that suffice: they add up to `within + 1`, spread evenly. `None` beyond [`WIDEST`].
    pub(crate) fn new(within: u32) -> Option<Self> {
        if within > WIDEST {
            return None;
        }
        let sum = usize::try_from(within).ok()? + 1;
        let mut quotas = [0; PIECES];
        for (n, quota) in quotas.iter_mut().enumerate() {
            *quota = u8::try_from((n + 1) * sum / PIECES - n * sum / PIECES).ok()?;
        }
        Some(Self { quotas })
    }

    /// Each piece with its quota, and the quota of it and its neighbour together. Pieces with no quota are not probed.
    pub(crate) fn probed(&self) -> impl Iterator<Item = (usize, u8, u8)> {
        let next = self.quotas.iter().cycle().skip(1);
        self.quotas.iter().zip(next).enumerate().map(|(n, (own, next))| (n, *own, *own + *next)).filter(|of| of.1 > 0)
    }
}

/// Piece `n` of a hash and the piece after it, as one number: the piece is its upper half.
pub(crate) fn pair(words: &[u64; 4], n: usize) -> u32 {
    let [first, second, third, fourth] = words.map(u128::from);
    // Two neighbouring words, so that a pair lies within them.
    let two = match n / 4 {
        0 => first << 64 | second,
        1 => second << 64 | third,
        2 => third << 64 | fourth,
        _ => fourth << 64 | first,
    };
    #[expect(clippy::cast_possible_truncation, reason = "the upper bits belong to other pieces")]
    let pair = (two >> (96 - 16 * (n % 4))) as u32;
    pair
}

/// Patterns of flipped bits, the lighter ones first.
#[derive(Clone, Debug)]
pub(crate) struct Flips {
    patterns: Vec<u16>,
    /// How many patterns have fewer than so many bits.
    lighter: [usize; 6],
}

impl Flips {
    /// All patterns of up to four bits among the lowest `bits`.
    pub(crate) fn of(bits: u32) -> Self {
        let mut patterns: Vec<u16> = (0..=u16::MAX >> (16 - bits)).filter(|flip| flip.count_ones() <= 4).collect();
        patterns.sort_by_key(|flip| flip.count_ones());
        let lighter = [0, 1, 2, 3, 4, 5].map(|than| patterns.partition_point(|flip| flip.count_ones() < than));
        Self { patterns, lighter }
    }

    /// Patterns of fewer bits than this (at most five).
    pub(crate) fn lighter_than(&self, quota: u8) -> &[u16] {
        let upto = self.lighter.get(usize::from(quota)).copied().unwrap_or(self.patterns.len());
        self.patterns.get(..upto).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotas_are_just_enough() {
        for within in 0..=WIDEST {
            let plan = Plan::new(within).unwrap();
            assert_eq!(plan.quotas.iter().map(|quota| u32::from(*quota)).sum::<u32>(), within + 1);
            assert!(plan.quotas.iter().all(|quota| *quota <= 5));
        }
        assert_eq!(Plan::new(WIDEST + 1), None);
        assert!(Plan::new(31).unwrap().probed().all(|(_, own, both)| (own, both) == (2, 4)));
    }

    #[test]
    fn flips_are_counted() {
        let flips = Flips::of(16);
        let counts = [0, 1, 17, 137, 697, 2517];
        for (quota, count) in (0..).zip(counts) {
            assert_eq!(flips.lighter_than(quota).len(), count);
            assert!(flips.lighter_than(quota).iter().all(|flip| flip.count_ones() < u32::from(quota)));
        }
        assert_eq!(Flips::of(8).lighter_than(2).len(), 9);
    }

    #[test]
    fn pairs_are_neighbours() {
        let words = [0x0001_0002_0003_0004, 0x0005_0006_0007_0008, 0x0009_000a_000b_000c, 0x000d_000e_000f_0010];
        for n in 0..16_u32 {
            let next = (n + 1) % 16 + 1;
            assert_eq!(pair(&words, n as usize), (n + 1) << 16 | next);
        }
    }

    proptest! {
        /// The principle itself: whatever differs within the distance, some piece lets it pass.
        #[test]
        fn some_piece_lets_it_pass(within in 0..=WIDEST, places in prop::collection::hash_set(0_u32..256, 0..=64)) {
            let mut words = [0_u64; 4];
            for place in places.iter().take(within as usize) {
                words[(place / 64) as usize] |= 1 << (place % 64);
            }
            let passes = Plan::new(within).unwrap().probed().any(|(n, own, both)| {
                let pair = pair(&words, n);
                (pair >> 16).count_ones() < u32::from(own) && pair.count_ones() < u32::from(both)
            });
            prop_assert!(passes);
        }
    }
}
