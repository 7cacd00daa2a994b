//! The box filters and the decimation of one axis as one linear map: each of the 64 cells is a weighted sum of pixels.
//!
//! A running mean applied twice weighs pixels like a tent around the cell's middle. Weights depend on the true length of
//! the axis only, so that they may be applied to pixels, or folded onto whatever a picture's codec stores instead.

use super::{SIDE, Stretch, middle, window};

/// One axis of a picture, from its pixels to the 64 cells of the decimated picture.
#[derive(Clone, Debug)]
pub struct Axis {
    length: usize,
    /// For each cell: its first pixel, and where its weights begin.
    starts: Vec<(usize, usize)>,
    weights: Vec<f32>,
}

impl Axis {
    /// The map for a side of this many pixels. Mirrored: pixels are counted from the other end, as they are when the
    /// picture is stored the other way round.
    pub fn new(length: usize, mirrored: bool) -> Self {
        let window = window(length);
        let (mut starts, mut weights) = (Vec::with_capacity(SIDE), Vec::with_capacity(length + SIDE));
        for cell in 0..SIDE {
            let outer = Stretch::around(middle(cell, length), length, window);
            let (first, last) =
                (Stretch::around(outer.start, length, window), Stretch::around(outer.end - 1, length, window));
            // Where each inner mean begins and ends its share; the running sum of it is the tent.
            let mut steps = vec![0.0_f64; last.end - first.start + 1];
            for at in outer.start..outer.end {
                let inner = Stretch::around(at, length, window);
                let share = 1.0 / (as_f64(outer.end - outer.start) * as_f64(inner.end - inner.start));
                for (at, share) in [(inner.start, share), (inner.end, -share)] {
                    if let Some(step) = steps.get_mut(at - first.start) {
                        *step += share;
                    }
                }
            }
            starts.push((if mirrored { length - last.end } else { first.start }, weights.len()));
            let begun = weights.len();
            let mut height = 0.0;
            for step in steps.iter().take(last.end - first.start) {
                height += step;
                #[expect(clippy::cast_possible_truncation, reason = "weights need no more than single precision")]
                weights.push(height as f32);
            }
            if let (true, Some(tent)) = (mirrored, weights.get_mut(begun..)) {
                tent.reverse();
            }
        }
        Self { length, starts, weights }
    }

    /// Pixels on this axis.
    pub fn length(&self) -> usize {
        self.length
    }

    /// For each of the 64 cells the first pixel that it sees, and the weight of that one and those after it. The weights
    /// of a cell sum to 1.
    pub fn tents(&self) -> impl Iterator<Item = (usize, &[f32])> {
        let ends = self.starts.iter().skip(1).map(|(_, begun)| *begun).chain([self.weights.len()]);
        self.starts
            .iter()
            .zip(ends)
            .map(|((first, begun), end)| (*first, self.weights.get(*begun..end).unwrap_or_default()))
    }

    /// The same map seen from the pixels: for each one the cells that see it, with their weights.
    pub(super) fn by_pixel(&self) -> Vec<Vec<(usize, f32)>> {
        let mut pixels = vec![Vec::new(); self.length];
        for (cell, (first, weights)) in self.tents().enumerate() {
            for (pixel, weight) in pixels.iter_mut().skip(first).zip(weights) {
                pixel.push((cell, *weight));
            }
        }
        pixels
    }
}

#[expect(clippy::cast_precision_loss, reason = "windows are far below 2^52")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cell_sees_pixels_of_its_own_and_their_weights_sum_to_one(length in 1_usize..5_000) {
            let axis = Axis::new(length, false);
            prop_assert_eq!(axis.tents().count(), SIDE);
            for (cell, (first, weights)) in axis.tents().enumerate() {
                prop_assert!(first + weights.len() <= length);
                prop_assert!((first..first + weights.len()).contains(&middle(cell, length)));
                prop_assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            }
        }

        #[test]
        fn a_mirrored_axis_sees_the_same_from_the_other_end(length in 1_usize..3_000) {
            let (plain, mirrored) = (Axis::new(length, false), Axis::new(length, true));
            for ((first, weights), (other, mirror)) in plain.tents().zip(mirrored.tents()) {
                prop_assert_eq!(other + mirror.len(), length - first);
                prop_assert!(weights.iter().eq(mirror.iter().rev()));
            }
        }
    }
}
