use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sha2::{Digest, Sha256};

/// The one source of chance. What comes out depends on the seed and the labels alone, never on what was asked before,
/// so that a table's rows stay the same when another table changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entropy {
    seed: u64,
}

impl Entropy {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    fn digest(self, labels: &[&str]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.seed.to_be_bytes());
        for label in labels {
            hasher.update((label.len() as u64).to_be_bytes());
            hasher.update(label.as_bytes());
        }
        hasher.finalize().into()
    }

    /// Lower-case hexadecimal digits, at most 64.
    pub(crate) fn hex(self, labels: &[&str], length: usize) -> String {
        let digits: String = self.digest(labels).iter().map(|byte| format!("{byte:02x}")).collect();
        digits.chars().take(length).collect()
    }

    /// A random (version 4) UUID.
    pub(crate) fn uuid(self, labels: &[&str]) -> String {
        let mut bytes = self.digest(labels);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex: String = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    }

    /// One value of a strategy; `None` where the strategy rejects everything.
    pub(crate) fn sample<S: Strategy>(self, strategy: &S, labels: &[&str]) -> Option<S::Value> {
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &self.digest(labels));
        // The default configuration reads the environment; what a run makes must not depend on that.
        let config = Config { failure_persistence: None, ..Config::with_cases(1) };
        let mut runner = TestRunner::new_with_rng(config, random);
        strategy.new_tree(&mut runner).ok().map(|tree| tree.current())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_labels_give_the_same_and_another_label_another() {
        let entropy = Entropy::new(7);
        assert_eq!(entropy.uuid(&["a", "b"]), Entropy::new(7).uuid(&["a", "b"]));
        assert_ne!(entropy.uuid(&["a", "b"]), entropy.uuid(&["ab", ""]), "labels are kept apart");
        assert_ne!(entropy.uuid(&["a"]), Entropy::new(8).uuid(&["a"]));
    }

    #[test]
    fn an_identifier_is_a_version_4_uuid() {
        let uuid = Entropy::new(1).uuid(&["x"]);
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes().get(14), Some(&b'4'));
    }

    #[test]
    fn a_strategy_is_sampled_the_same_way_twice() {
        let draw = || Entropy::new(3).sample(&(0..1_000_000_i64), &["n"]);
        assert_eq!(draw(), draw());
        assert!(draw().is_some());
    }
}
