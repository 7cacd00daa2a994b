//! Our tree beside that of the crate `ct-merkle`, which shares no line with it: the same roots, and each takes the other's proofs.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use ledger::{Frontier, Hash, consistency_proof, inclusion_proof, leaf_hash, verify_consistency, verify_inclusion};
use proptest::prelude::*;
use sha2::Sha256;

/// Its tree of these entries, at this size.
fn theirs(entries: &[Vec<u8>]) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    for entry in entries {
        tree.push(entry.clone());
    }
    tree
}

fn hash(root: &RootHash<Sha256>) -> Hash {
    (*root.as_bytes()).into()
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks::<32>().0.to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn two_implementations_agree(
        entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..300),
        index in any::<usize>(),
        old in any::<usize>(),
    ) {
        let (index, old) = (index % entries.len(), 1 + old % entries.len());
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let mut ours = Frontier::default();
        for leaf in &leaves {
            ours.append(*leaf);
        }
        let (tree, earlier) = (theirs(&entries), theirs(&entries[..old]));
        let (root, old_root) = (tree.root(), earlier.root());
        prop_assert_eq!(ours.root(), hash(&root));
        let (size, at) = (entries.len() as u64, index as u64);

        let placed = inclusion_proof(&leaves, index);
        let their_placed = tree.prove_inclusion(index);
        prop_assert_eq!(hashes(their_placed.as_bytes()), placed.clone());
        prop_assert!(verify_inclusion(&leaves[index], at, size, &hashes(their_placed.as_bytes()), &ours.root()));
        let proof = InclusionProof::<Sha256>::try_from_bytes(placed.concat()).unwrap();
        prop_assert!(root.verify_inclusion(&entries[index], at, &proof).is_ok());

        if old < entries.len() {
            let grown = consistency_proof(&leaves, old);
            let their_grown = tree.prove_consistency(entries.len() - old);
            prop_assert_eq!(hashes(their_grown.as_bytes()), grown.clone());
            let (before, now) = ((old as u64, &hash(&old_root)), (size, &ours.root()));
            prop_assert!(verify_consistency(before, now, &hashes(their_grown.as_bytes())));
            let proof = ConsistencyProof::<Sha256>::try_from_bytes(grown.concat()).unwrap();
            prop_assert!(root.verify_consistency(&old_root, &proof).is_ok());
        }
    }
}
