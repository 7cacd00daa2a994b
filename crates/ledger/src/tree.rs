//! The Merkle tree of RFC 6962: hashes, a compact frontier for appending, and proofs.

use sha2::{Digest, Sha256};

/// A SHA-256 hash of a leaf or a node.
pub type Hash = [u8; 32];

/// The hash of an entry (RFC 6962: a zero byte first).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of two subtrees (RFC 6962: a one byte first).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of an empty tree.
fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The largest power of two below `n`, for `n` of at least two.
fn split(n: usize) -> usize {
    1 << (usize::BITS - 1 - (n - 1).leading_zeros())
}

/// The root over leaf hashes.
pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(split(many.len()));
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

/// The right edge of a tree: enough to append to it and to know its root, however large it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, largest first: one for each bit that is set in the size.
    roots: Vec<Hash>,
}

/// Parts that make no frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frontier of size {size} has {} hashes, not {hashes}", size.count_ones())]
pub struct FrontierError {
    size: u64,
    hashes: usize,
}

impl Frontier {
    /// A frontier as it was kept.
    pub fn from_parts(size: u64, hashes: Vec<Hash>) -> Result<Self, FrontierError> {
        if usize::try_from(size.count_ones()) == Ok(hashes.len()) {
            Ok(Self { size, roots: hashes })
        } else {
            Err(FrontierError { size, hashes: hashes.len() })
        }
    }

    /// How many entries the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, largest first, for keeping.
    pub fn hashes(&self) -> &[Hash] {
        &self.roots
    }

    /// Appends the hash of an entry.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing one bit of the size is a subtree as large as ours: the two become one.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// The root over everything appended.
    pub fn root(&self) -> Hash {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else { return empty_root() };
        roots.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The hashes that lead from one entry to the root. Empty when there is no such entry.
pub fn inclusion_proof(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if index >= leaves.len() || leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, sibling) = if index < left.len() {
        (inclusion_proof(left, index), root_of(right))
    } else {
        (inclusion_proof(right, index - left.len()), root_of(left))
    };
    proof.push(sibling);
    proof
}

/// Whether an entry's hash stands at this place in the tree of this size and root (RFC 9162 section 2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// The hashes that show that the tree of `old` entries is the beginning of this one. Empty when there is nothing to show.
pub fn consistency_proof(leaves: &[Hash], old: usize) -> Vec<Hash> {
    if old == 0 || old >= leaves.len() { Vec::new() } else { prove_prefix(leaves, old, true) }
}

fn prove_prefix(leaves: &[Hash], old: usize, whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![root_of(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, sibling) = if old <= left.len() {
        (prove_prefix(left, old, whole), root_of(right))
    } else {
        (prove_prefix(right, old - left.len(), false), root_of(left))
    };
    proof.push(sibling);
    proof
}

/// Whether the tree of the new size and root begins with the tree of the old (RFC 9162 section 2.1.4.2).
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size > new_size || (old_size == new_size && !proof.is_empty()) {
        return false;
    }
    if old_size == new_size {
        return old_root == new_root;
    }
    if old_size == 0 {
        return proof.is_empty() && *old_root == empty_root();
    }
    let mut hashes = proof.iter();
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let first = if old_size.is_power_of_two() { Some(old_root) } else { hashes.next() };
    let Some(first) = first else { return false };
    let (mut small, mut large) = (*first, *first);
    for sibling in hashes {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            small = node_hash(sibling, &small);
            large = node_hash(sibling, &large);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            large = node_hash(&large, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && small == *old_root && large == *new_root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaves(n: usize) -> Vec<Hash> {
        (0..n).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    /// The tree of eight entries that Certificate Transparency implementations share as their test.
    #[test]
    fn known_answers() {
        let entries =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let hashes: Vec<Hash> = entries.iter().map(|entry| leaf_hash(&hex::decode(entry).unwrap())).collect();
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (size, root) in roots.iter().enumerate() {
            assert_eq!(hex::encode(root_of(&hashes[..size])), *root, "at {size}");
        }
    }

    #[test]
    fn every_place_and_every_beginning_of_small_trees_is_proved() {
        let all = leaves(70);
        for size in 1..=all.len() {
            let (tree, root) = (&all[..size], root_of(&all[..size]));
            for (index, leaf) in tree.iter().enumerate() {
                let proof = inclusion_proof(tree, index);
                for claimed in 0..=size {
                    let holds = verify_inclusion(leaf, claimed as u64, size as u64, &proof, &root);
                    assert_eq!(holds, claimed == index, "{index} as {claimed} of {size}");
                }
            }
            for old in 0..=size {
                let (before, proof) = (root_of(&all[..old]), consistency_proof(tree, old));
                assert!(verify_consistency((old as u64, &before), (size as u64, &root), &proof), "{old} of {size}");
                let other = leaf_hash(b"another");
                assert!(!verify_consistency((old as u64, &other), (size as u64, &root), &proof));
                let rootless = old == 0;
                assert!(!verify_consistency((old as u64, &before), (size as u64, &other), &proof) || rootless);
            }
        }
    }

    #[test]
    fn the_frontier_has_the_root_of_the_tree() {
        let all = leaves(600);
        let mut frontier = Frontier::default();
        for n in 0..all.len() {
            assert_eq!(frontier.root(), root_of(&all[..n]), "at {n}");
            let kept = Frontier::from_parts(frontier.size(), frontier.hashes().to_vec()).unwrap();
            assert_eq!(kept, frontier);
            frontier.append(all[n]);
        }
        assert!(Frontier::from_parts(3, vec![all[0]]).is_err());
    }

    proptest! {
        #[test]
        fn every_entry_proves_its_place(size in 1_usize..600, index in 0_usize..600, flip in 0_usize..64) {
            let (all, index) = (leaves(size), index % size);
            let (root, proof) = (root_of(&all), inclusion_proof(&all, index));
            let at = index as u64;
            prop_assert!(verify_inclusion(&all[index], at, size as u64, &proof, &root));
            prop_assert!(!verify_inclusion(&leaf_hash(b"another"), at, size as u64, &proof, &root));
            prop_assert!(!verify_inclusion(&all[index], at + 1, size as u64, &proof, &root) || size == 1);
            if !proof.is_empty() {
                let mut bent = proof;
                let n = flip % bent.len();
                bent[n][flip % 32] ^= 1;
                prop_assert!(!verify_inclusion(&all[index], at, size as u64, &bent, &root));
                bent[n][flip % 32] ^= 1;
                prop_assert!(!verify_inclusion(&all[index], at, size as u64, &bent[1..], &root));
                bent.push(root);
                prop_assert!(!verify_inclusion(&all[index], at, size as u64, &bent, &root));
            }
        }

        #[test]
        fn every_beginning_proves_itself(size in 1_usize..600, old in 0_usize..600, flip in 0_usize..64) {
            let (all, old) = (leaves(size), old % (size + 1));
            let (before, after) = (root_of(&all[..old]), root_of(&all));
            let proof = consistency_proof(&all, old);
            prop_assert!(verify_consistency((old as u64, &before), (size as u64, &after), &proof));
            let other = leaf_hash(b"another");
            prop_assert!(!verify_consistency((old as u64, &other), (size as u64, &after), &proof));
            if !proof.is_empty() {
                let mut bent = proof;
                let n = flip % bent.len();
                bent[n][flip % 32] ^= 1;
                prop_assert!(!verify_consistency((old as u64, &before), (size as u64, &after), &bent));
                bent[n][flip % 32] ^= 1;
                prop_assert!(!verify_consistency((old as u64, &before), (size as u64, &after), &bent[1..]));
                bent.push(after);
                prop_assert!(!verify_consistency((old as u64, &before), (size as u64, &after), &bent));
            }
        }
    }
}
