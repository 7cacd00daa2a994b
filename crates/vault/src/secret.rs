//! Bytes that nobody may read by accident: they are wiped when dropped and never printed.

use std::ops::Deref;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Random;

/// `N` secret bytes, such as a key or a seed. It is not `Clone`, so that each copy is a decision somebody wrote down.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Fresh bytes.
    pub fn random(random: &dyn Random) -> Self {
        Self::filled(|out| random.fill(out))
    }

    /// Bytes that `fill` writes, in place, so that no other copy is left behind.
    pub(crate) fn filled(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Self([0; N]);
        fill(&mut secret.0);
        secret
    }

    /// A copy of bytes that lie elsewhere; `None` when there are not `N` of them.
    pub(crate) fn copied(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == N).then(|| Self::filled(|out| out.copy_from_slice(bytes)))
    }
}

impl<const N: usize> Deref for Secret<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> std::fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({N} bytes)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn prints_no_content() {
        let secret = Secret::<3>::copied(&[251, 252, 253]).unwrap();
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(3 bytes) Some(Secret(3 bytes))");
        assert_eq!(*secret, [251, 252, 253]);
        assert!(Secret::<3>::copied(&[1, 2]).is_none());
    }

    #[test]
    fn the_system_gives_fresh_bytes() {
        assert_ne!(*Secret::<32>::random(&SystemRandom), *Secret::<32>::random(&SystemRandom));
    }
}
