//! From cosine coefficients back to samples, with the very rounding of the decoder that most programs use.
//!
//! T.81 leaves the precision of this transform open. libjpeg's "slow integer" one (its `jidctint`, after Loeffler, Ligtenberg and
//! Moschytz, ICASSP 1989) takes 13 bits behind the point, keeps two of them between columns and rows, and rounds twice. It
//! is written here over eight columns at a time, so that the compiler finds wide registers for them.

#![expect(clippy::inline_always, reason = "the passes must become part of the kernel for wide registers")]

/// Eight values side by side.
type Lanes = [i32; 8];

/// Bits behind the point of the constants, and those that are kept between the two passes.
const BITS: u32 = 13;
const BETWEEN: u32 = 2;

/// A constant with [`BITS`] bits behind the point.
#[expect(clippy::cast_possible_truncation, reason = "constants are below 4")]
const fn fixed(value: f64) -> i32 {
    (value * 8192.0 + 0.5) as i32
}

// Loops over places that are there, for an array's own `map` is a function that knows no wide registers.
#[inline(always)]
fn each(one: Lanes, other: Lanes, work: impl Fn(i32, i32) -> i32) -> Lanes {
    let mut out = one;
    for (out, other) in out.iter_mut().zip(other) {
        *out = work(*out, other);
    }
    out
}

#[inline(always)]
fn plus(one: Lanes, other: Lanes) -> Lanes {
    each(one, other, i32::wrapping_add)
}

#[inline(always)]
fn less(one: Lanes, other: Lanes) -> Lanes {
    each(one, other, i32::wrapping_sub)
}

#[inline(always)]
fn times(one: Lanes, factor: i32) -> Lanes {
    each(one, [factor; 8], i32::wrapping_mul)
}

/// The transform along one axis of eight lines side by side. Takes `down` bits off again.
#[inline(always)]
fn pass(frequencies: &[Lanes; 8], down: u32) -> [Lanes; 8] {
    let [f0, f1, f2, f3, f4, f5, f6, f7] = *frequencies;
    let turned = times(plus(f2, f6), fixed(0.541_196_100));
    let (two, three) = (less(turned, times(f6, fixed(1.847_759_065))), plus(turned, times(f2, fixed(0.765_366_865))));
    let (zero, one) = (times(plus(f0, f4), 1 << BITS), times(less(f0, f4), 1 << BITS));
    let even = [plus(zero, three), plus(one, two), less(one, two), less(zero, three)];

    let all = times(plus(plus(f7, f3), plus(f5, f1)), fixed(1.175_875_602));
    let (z1, z2) = (times(plus(f7, f1), -fixed(0.899_976_223)), times(plus(f5, f3), -fixed(2.562_915_447)));
    let z3 = plus(times(plus(f7, f3), -fixed(1.961_570_560)), all);
    let z4 = plus(times(plus(f5, f1), -fixed(0.390_180_644)), all);
    let odd = [
        plus(times(f1, fixed(1.501_321_110)), plus(z1, z4)),
        plus(times(f3, fixed(3.072_711_026)), plus(z2, z3)),
        plus(times(f5, fixed(2.053_119_869)), plus(z2, z4)),
        plus(times(f7, fixed(0.298_631_336)), plus(z1, z3)),
    ];

    let [e0, e1, e2, e3] = even;
    let [o0, o1, o2, o3] = odd;
    let mut out = [
        plus(e0, o0),
        plus(e1, o1),
        plus(e2, o2),
        plus(e3, o3),
        less(e3, o3),
        less(e2, o2),
        less(e1, o1),
        less(e0, o0),
    ];
    for value in out.as_flattened_mut() {
        *value = value.wrapping_add(1 << (down - 1)) >> down;
    }
    out
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "three bits of eight")]
fn transposed(lines: &[Lanes; 8]) -> [Lanes; 8] {
    let mut out = [[0; 8]; 8];
    for (x, out) in out.iter_mut().enumerate() {
        for (out, line) in out.iter_mut().zip(lines) {
            *out = line[x & 7];
        }
    }
    out
}

/// The samples of a block, row by row, from its coefficients and their quantisation steps, both row by row.
#[inline(always)]
#[expect(clippy::cast_sign_loss, reason = "clamped to a byte")]
pub(super) fn samples(block: &[i16; 64], steps: &[i32; 64]) -> [[u8; 8]; 8] {
    let [first, others @ ..] = block;
    if others.iter().fold(0, |any, value| any | value) == 0 {
        // An even block, as many are: both passes come down to this.
        let [step, ..] = steps;
        let level = (i32::from(*first).wrapping_mul(*step).wrapping_add(4) >> 3).wrapping_add(128);
        return [[level.clamp(0, 255) as u8; 8]; 8];
    }
    let mut frequencies = [[0; 8]; 8];
    for (out, (value, step)) in frequencies.as_flattened_mut().iter_mut().zip(block.iter().zip(steps)) {
        *out = i32::from(*value).wrapping_mul(*step);
    }
    let columns = pass(&frequencies, BITS - BETWEEN);
    let rows = transposed(&pass(&transposed(&columns), BITS + BETWEEN + 3));
    let mut out = [[0; 8]; 8];
    for (out, value) in out.as_flattened_mut().iter_mut().zip(rows.as_flattened()) {
        // Samples are stored around 0.
        *out = value.wrapping_add(128).clamp(0, 255) as u8;
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
            for (ours, exact) in samples(&block, &steps).iter().flatten().zip(by_definition(&block, &steps).iter().flatten()) {
                prop_assert!((f64::from(*ours) - exact.clamp(0.0, 255.0)).abs() <= 1.0, "{ours} and {exact}");
            }
        }

        #[test]
        fn any_coefficients_are_transformed_without_harm(block in prop::collection::vec(any::<i16>(), 64), step in 0..65_536_i32) {
            samples(&block.try_into().unwrap(), &[step; 64]);
        }
    }
}
