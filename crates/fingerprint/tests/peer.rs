//! Our PDQ and that of the `pdqhash` wheel, over generated pictures.
//!
//! Needs `TANOD_TEST_PYTHON`, the path of a Python that has the wheel; `script/test` makes one.

use std::io::Write as _;
use std::process::{Command, Stdio};

use fingerprint::{Pdq, pdq_rgb8};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

const PICTURES: usize = 260;

struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

/// Blobs, gradients, stripes, blocks and noise in changing shares, from thumbnails to two megapixels.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "drawing")]
fn picture(seed: usize) -> Picture {
    let mut rng = ChaCha20Rng::seed_from_u64(seed as u64);
    let largest: usize = if seed.is_multiple_of(20) { 1_600 } else { 420 };
    let (width, height) = (rng.random_range(32..largest), rng.random_range(32..largest));
    let blobs: Vec<[f32; 6]> = (0..rng.random_range(3..14)).map(|_| std::array::from_fn(|_| rng.random())).collect();
    let (stripes, noise) = (rng.random_range(0.0..40.0_f32), rng.random_range(0.0..60.0_f32));
    let tilt: [f32; 2] = [rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0)];
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
            let mut colour = [90.0 + 80.0 * (tilt[0] * u + tilt[1] * v); 3];
            for [bx, by, radius, r, g, b] in &blobs {
                let near = ((u - bx).powi(2) + (v - by).powi(2)) / (0.02 + radius * 0.1);
                let weight = 160.0 * (-near).exp();
                for (value, share) in colour.iter_mut().zip([r, g, b]) {
                    *value += weight * (share - 0.5);
                }
            }
            let stripe = if ((u * 12.0 + v * 7.0 * tilt[0]) as i32) % 2 == 0 { stripes } else { -stripes };
            for value in colour {
                let noise = noise * (rng.random::<f32>() - 0.5);
                rgb.push((value + stripe + noise).clamp(0.0, 255.0) as u8);
            }
        }
    }
    Picture { width, height, rgb }
}

#[test]
#[ignore = "needs TANOD_TEST_PYTHON with the wheel; script/test runs it"]
#[expect(clippy::disallowed_methods, reason = "the wheel runs in another program")]
fn agrees_with_the_reference() {
    let python = std::env::var("TANOD_TEST_PYTHON").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut ours = Vec::new();
    {
        let mut input = child.stdin.take().unwrap();
        for seed in 0..PICTURES {
            let Picture { width, height, rgb } = picture(seed);
            let path = folder.path().join(seed.to_string());
            std::fs::File::create(&path).unwrap().write_all(&rgb).unwrap();
            writeln!(input, "{width} {height} {}", path.display()).unwrap();
            ours.push(pdq_rgb8(width, height, &rgb).unwrap());
        }
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(theirs.lines().count(), PICTURES);
    let (mut same, mut telling) = (0, 0);
    for (seed, (ours, line)) in ours.iter().zip(theirs.lines()).enumerate() {
        let (hash, quality) = line.split_once(' ').unwrap();
        let hash: Pdq = hash.parse().unwrap();
        let quality: u8 = quality.parse().unwrap();
        let distance = ours.hash.distance(&hash);
        same += usize::from(distance == 0 && ours.quality == quality);
        if quality >= 50 {
            telling += 1;
            assert!(distance <= 2, "picture {seed}: {distance} bits apart");
            assert!(ours.quality.abs_diff(quality) <= 1, "picture {seed}: quality {} and {quality}", ours.quality);
        }
    }
    assert!(telling >= 200, "only {telling} pictures say something");
    assert!(same * 100 >= PICTURES * 99, "{same} of {PICTURES} agree to the bit");
}
