//! From cosine coefficients back to samples, with the very rounding of the decoder that most programs use.
//!
//! T.81 leaves the precision of this transform open. libjpeg's "slow integer" one (its `jidctint`, after Loeffler, Ligtenberg and
//! Moschytz, ICASSP 1989) takes 13 bits behind the point, keeps two of them between columns and rows, and rounds twice. Here
//! it goes over the columns of some blocks at a time, for which the compiler finds wide registers.

#![expect(clippy::inline_always, reason = "the passes must become part of the kernel for wide registers")]

/// Blocks that go side by side.
pub(super) const TOGETHER: usize = 4;
const SIDE_BY_SIDE: usize = 8 * TOGETHER;

/// The columns or rows of some blocks, eight of each: first the first values of all, then the second ones.
type Lines = [[i32; SIDE_BY_SIDE]; 8];

/// Bits behind the point of the constants, and those that are kept between the two passes.
const BITS: u32 = 13;
const BETWEEN: u32 = 2;

/// A constant with [`BITS`] bits behind the point.
#[expect(clippy::cast_possible_truncation, reason = "constants are below 4")]
const fn fixed(value: f64) -> i32 {
    (value * 8192.0 + 0.5) as i32
}

/// The transform along one axis of many lines side by side. Takes `down` bits off again.
#[inline(always)]
#[expect(
    clippy::indexing_slicing,
    reason = "a loop over the length of the lines, which is what becomes wide registers"
)]
fn pass(lines: &mut Lines, down: u32) {
    let [l0, l1, l2, l3, l4, l5, l6, l7] = lines;
    for n in 0..SIDE_BY_SIDE {
        let (f0, f1, f2, f3, f4, f5, f6, f7) = (l0[n], l1[n], l2[n], l3[n], l4[n], l5[n], l6[n], l7[n]);
        let times = |value: i32, factor: i32| value.wrapping_mul(factor);
        let turned = times(f2.wrapping_add(f6), fixed(0.541_196_100));
        let two = turned.wrapping_sub(times(f6, fixed(1.847_759_065)));
        let three = turned.wrapping_add(times(f2, fixed(0.765_366_865)));
        let (zero, one) = (f0.wrapping_add(f4) << BITS, f0.wrapping_sub(f4) << BITS);
        // With half of what a shift cuts off, for rounding.
        let half = 1 << (down - 1);
        let (zero, one) = (zero.wrapping_add(half), one.wrapping_add(half));
        let (e0, e3) = (zero.wrapping_add(three), zero.wrapping_sub(three));
        let (e1, e2) = (one.wrapping_add(two), one.wrapping_sub(two));

        let (f73, f51) = (f7.wrapping_add(f3), f5.wrapping_add(f1));
        let all = times(f73.wrapping_add(f51), fixed(1.175_875_602));
        let z1 = times(f7.wrapping_add(f1), -fixed(0.899_976_223));
        let z2 = times(f5.wrapping_add(f3), -fixed(2.562_915_447));
        let z3 = times(f73, -fixed(1.961_570_560)).wrapping_add(all);
        let z4 = times(f51, -fixed(0.390_180_644)).wrapping_add(all);
        let o0 = times(f1, fixed(1.501_321_110)).wrapping_add(z1).wrapping_add(z4);
        let o1 = times(f3, fixed(3.072_711_026)).wrapping_add(z2).wrapping_add(z3);
        let o2 = times(f5, fixed(2.053_119_869)).wrapping_add(z2).wrapping_add(z4);
        let o3 = times(f7, fixed(0.298_631_336)).wrapping_add(z1).wrapping_add(z3);

        let (sum, difference) =
            (|e: i32, o: i32| e.wrapping_add(o) >> down, |e: i32, o: i32| e.wrapping_sub(o) >> down);
        (l0[n], l7[n]) = (sum(e0, o0), difference(e0, o0));
        (l1[n], l6[n]) = (sum(e1, o1), difference(e1, o1));
        (l2[n], l5[n]) = (sum(e2, o2), difference(e2, o2));
        (l3[n], l4[n]) = (sum(e3, o3), difference(e3, o3));
    }
}

/// Columns for rows, in each block.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "below eight, and below eight for each of the blocks")]
fn transposed(lines: &Lines) -> Lines {
    let mut out = [[0; SIDE_BY_SIDE]; 8];
    for block in 0..TOGETHER {
        for x in 0..8 {
            for y in 0..8 {
                out[x][8 * block + y] = lines[y][8 * block + x];
            }
        }
    }
    out
}

/// The one sample of a block that is even, as many are. None if it is not.
#[inline(always)]
#[expect(clippy::cast_sign_loss, reason = "clamped to a byte")]
pub(super) fn even(block: &[i16; 64], steps: &[i32; 64]) -> Option<u8> {
    let ([first, others @ ..], [step, ..]) = (block, steps);
    // Both passes come down to this.
    let level = (i32::from(*first).wrapping_mul(*step).wrapping_add(4) >> 3).wrapping_add(128);
    (others.iter().fold(0, |any, value| any | value) == 0).then_some(level.clamp(0, 255) as u8)
}

/// The samples of some blocks, row by row, from their coefficients and the quantisation steps, both row by row.
#[inline(always)]
#[expect(clippy::cast_sign_loss, reason = "clamped to a byte")]
pub(super) fn samples(blocks: [&[i16; 64]; TOGETHER], steps: &[i32; 64]) -> [[[u8; 8]; TOGETHER]; 8] {
    let mut lines = [[0; SIDE_BY_SIDE]; 8];
    for (line, (out, steps)) in lines.iter_mut().zip(steps.as_chunks::<8>().0).enumerate() {
        for (out, block) in out.as_chunks_mut::<8>().0.iter_mut().zip(&blocks) {
            let values = block.as_chunks::<8>().0.get(line).copied().unwrap_or_default();
            for (out, (value, step)) in out.iter_mut().zip(values.iter().zip(steps)) {
                *out = i32::from(*value).wrapping_mul(*step);
            }
        }
    }
    pass(&mut lines, BITS - BETWEEN);
    let mut lines = transposed(&lines);
    pass(&mut lines, BITS + BETWEEN + 3);
    let lines = transposed(&lines);
    let mut out = [[[0; 8]; TOGETHER]; 8];
    for (out, line) in out.iter_mut().zip(&lines) {
        for (out, value) in out.as_flattened_mut().iter_mut().zip(line) {
            // Samples are stored around 0.
            *out = value.wrapping_add(128).clamp(0, 255) as u8;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::cast_precision_loss, clippy::cast_lossless, reason = "small numbers")]

    use proptest::prelude::*;

    use super::*;

    /// T.81, A.3.3, as it stands there.
    fn by_definition(block: &[i16; 64], steps: &[i32; 64]) -> [[f64; 8]; 8] {
        let scale = |frequency: usize| if frequency == 0 { 0.125_f64.sqrt() } else { 0.5 };
        let wave = |at: usize, frequency: usize| {
            ((2 * at + 1) as f64 * frequency as f64 * std::f64::consts::PI / 16.0).cos() * scale(frequency)
        };
        std::array::from_fn(|y| {
            std::array::from_fn(|x| {
                let sum: f64 =
                    (0..64).map(|n| (block[n] as i32 * steps[n]) as f64 * wave(x, n % 8) * wave(y, n / 8)).sum();
                sum + 128.0
            })
        })
    }

    proptest! {
        #[test]
        fn samples_are_those_of_the_definition_but_for_rounding(
            block in prop::collection::vec(-40_i16..40, 64), kept in 0..64_usize, step in 1..12_i32,
        ) {
            let mut block: [i16; 64] = block.try_into().unwrap();
            block[kept + 1..].fill(0);
            let steps = [step; 64];
            let exact = by_definition(&block, &steps);
            for (ours, exact) in samples([&[0; 64], &block, &[9; 64], &block], &steps).iter().zip(exact) {
                let [zeros, second, _, fourth] = ours;
                prop_assert_eq!((*zeros, second), ([128; 8], fourth));
                for (ours, exact) in second.iter().zip(exact) {
                    prop_assert!((f64::from(*ours) - exact.clamp(0.0, 255.0)).abs() <= 1.0, "{ours} and {exact}");
                }
            }
        }

        #[test]
        fn any_coefficients_are_transformed_without_harm(block in prop::collection::vec(any::<i16>(), 64), step in 0..65_536_i32) {
            let block = block.try_into().unwrap();
            samples([&block; TOGETHER], &[step; 64]);
        }

        #[test]
        fn an_even_block_is_no_exception(first in any::<i16>(), step in 0..256_i32) {
            let mut block = [0; 64];
            block[0] = first;
            let long = samples([&block; TOGETHER], &[step; 64]);
            // What a file can mean has no more than 15 bits.
            if (i32::from(first) * step).abs() < 1 << 15 {
                prop_assert_eq!(long[3][2][5], even(&block, &[step; 64]).unwrap());
            }
        }
    }
}
