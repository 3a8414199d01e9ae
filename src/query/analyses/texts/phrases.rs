//! The phrases that many users have in common, in what they changed.
//!
//! A phrase of n tokens is counted only where both phrases of n − 1 tokens in it are had by enough users (Agrawal and Srikant 1994):
//! what is held grows with what is found, not with the texts.

use std::collections::HashMap;

use super::vocabulary::Token;

/// Tokens of the longest phrase.
pub const LONGEST: usize = 12;
/// Outputs that are given as examples.
pub const EXAMPLES: usize = 10;
/// A longer phrase that is in so many of the outputs of its part stands for it: in nine of ten.
const STANDS_FOR: (u64, u64) = (9, 10);

const ROOT: u32 = 0;
const NONE: u32 = u32::MAX;

/// Phrases by their beginnings.
#[derive(Default)]
pub struct Trie {
    children: HashMap<(u32, Token), u32>,
    /// By node, less the root: the node of the phrase without its last token, and that token.
    nodes: Vec<(u32, Token)>,
}

impl Trie {
    pub fn of<'a>(phrases: impl Iterator<Item = &'a [Token]>) -> (Trie, Vec<u32>) {
        let mut trie = Trie::default();
        let ends = phrases.map(|phrase| phrase.iter().fold(ROOT, |node, token| trie.add(node, *token)));
        let ends = ends.collect();
        (trie, ends)
    }

    fn add(&mut self, parent: u32, token: Token) -> u32 {
        let next = self.nodes.len() as u32 + 1;
        *self.children.entry((parent, token)).or_insert_with(|| {
            self.nodes.push((parent, token));
            next
        })
    }

    /// How many nodes there are, the root too.
    pub fn size(&self) -> usize {
        self.nodes.len() + 1
    }

    fn node(&self, node: u32) -> Option<(u32, Token)> {
        self.nodes.get((node as usize).checked_sub(1)?).copied()
    }

    fn phrase(&self, mut node: u32) -> Vec<Token> {
        let mut tokens = Vec::new();
        while let Some((parent, token)) = self.node(node) {
            tokens.push(token);
            node = parent;
        }
        tokens.reverse();
        tokens
    }

    fn find(&self, phrase: &[Token]) -> Option<u32> {
        let mut tokens = phrase.iter();
        tokens.try_fold(ROOT, |node, token| self.children.get(&(node, *token)).copied())
    }

    /// Visits every occurrence of every phrase in some tokens.
    pub fn occurrences(&self, tokens: &[Token], mut visit: impl FnMut(u32)) {
        for start in 0..tokens.len() {
            let mut node = ROOT;
            for token in tokens.iter().skip(start) {
                match self.children.get(&(node, *token)) {
                    Some(child) => node = *child,
                    None => break,
                }
                visit(node);
            }
        }
    }
}

/// Who did something, as outputs come in the order of their clusters.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub times: u64,
    pub outputs: u64,
    pub clusters: u64,
    last: Option<(usize, i64)>,
    /// The newest output of each of some clusters, by age; the newest first.
    examples: Vec<(usize, usize)>,
}

/// The number of an output, the cluster that it is in, and how many are newer.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub output: usize,
    pub cluster: i64,
    pub age: usize,
}

impl Seen {
    pub fn meet(&mut self, place: Place) {
        self.times += 1;
        let last = self.last.replace((place.output, place.cluster));
        if last.is_some_and(|(output, _)| output == place.output) {
            return;
        }
        self.outputs += 1;
        if last.is_some_and(|(_, cluster)| cluster == place.cluster) {
            return;
        }
        self.clusters += 1;
        let at = self.examples.partition_point(|(age, _)| *age < place.age);
        self.examples.insert(at, (place.age, place.output));
        self.examples.truncate(EXAMPLES);
    }

    /// The numbers of outputs of different clusters, the newest first.
    pub fn examples(&self) -> impl Iterator<Item = usize> + '_ {
        self.examples.iter().map(|(_, output)| *output)
    }
}

/// A phrase that enough clusters have.
pub struct Phrase {
    pub tokens: Vec<Token>,
    pub seen: Seen,
}

/// The phrases that at least so many clusters have in some runs of tokens, without those that a longer one stands for. The runs come
/// in the order of their clusters and outputs.
pub fn common(runs: &[(Place, &[Token])], least_clusters: u64) -> Vec<Phrase> {
    let mut trie = Trie::default();
    let mut seen = vec![Seen::default()];
    let is_common = |seen: &[Seen], node: u32| {
        let seen = seen.get(node as usize);
        seen.is_some_and(|seen| seen.clusters >= least_clusters)
    };
    // By run and start: the node of the phrase of the last length that starts there, if it is common.
    let mut starts: Vec<Vec<u32>> = runs.iter().map(|(_, tokens)| vec![ROOT; tokens.len() + 1]).collect();
    for length in 1..=LONGEST {
        for ((place, tokens), nodes) in runs.iter().zip(&mut starts) {
            let last = tokens.iter().skip(length - 1).enumerate();
            for (start, token) in last {
                let (Some(own), Some(next)) = (nodes.get(start).copied(), nodes.get(start + 1).copied()) else {
                    break;
                };
                let node = if own == NONE || next == NONE {
                    NONE
                } else {
                    trie.add(own, *token)
                };
                if seen.len() < trie.size() {
                    seen.push(Seen::default());
                }
                if node != NONE
                    && let Some(seen) = seen.get_mut(node as usize)
                {
                    seen.meet(*place);
                }
                if let Some(slot) = nodes.get_mut(start) {
                    *slot = node;
                }
            }
            // Fewer phrases fit with each token that they have more.
            nodes.truncate((tokens.len() + 1).saturating_sub(length));
        }
        let mut is_any = false;
        for node in starts.iter_mut().flatten() {
            if *node != NONE && !is_common(&seen, *node) {
                *node = NONE;
            }
            is_any |= *node != NONE;
        }
        if !is_any {
            break;
        }
    }
    let outputs = |node: u32| seen.get(node as usize).map_or(0, |seen| seen.outputs);
    let mut stood_for = vec![false; trie.size()];
    for node in (1..trie.size() as u32).filter(|node| is_common(&seen, *node)) {
        let phrase = trie.phrase(node);
        let parts = [
            trie.node(node).map(|(parent, _)| parent),
            trie.find(phrase.get(1..).unwrap_or_default()),
        ];
        for part in parts.into_iter().flatten().filter(|part| *part != ROOT) {
            let stands = outputs(node) * STANDS_FOR.1 >= outputs(part) * STANDS_FOR.0;
            if let Some(slot) = stood_for.get_mut(part as usize) {
                *slot |= stands;
            }
        }
    }
    let found = (1..trie.size() as u32).zip(stood_for.into_iter().skip(1));
    let found: Vec<u32> = found
        .filter(|(node, stood_for)| !stood_for && is_common(&seen, *node))
        .map(|(node, _)| node)
        .collect();
    let phrases = found.into_iter().map(|node| Phrase {
        tokens: trie.phrase(node),
        seen: seen.get(node as usize).cloned().unwrap_or_default(),
    });
    phrases.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(output: usize, cluster: i64) -> Place {
        Place {
            output,
            cluster,
            age: 100 - output,
        }
    }

    #[test]
    fn a_longer_phrase_stands_for_its_parts() {
        let runs: Vec<(Place, &[Token])> = vec![
            (place(0, 1), &[1, 2, 3, 4]),
            (place(1, 1), &[1, 2, 3, 9]),
            (place(2, 2), &[8, 1, 2, 3]),
            (place(3, 3), &[3]),
        ];
        let mut found = common(&runs, 2);
        found.sort_by_key(|phrase| phrase.tokens.len());
        let short: Vec<_> = found
            .iter()
            .map(|phrase| (phrase.tokens.clone(), phrase.seen.outputs, phrase.seen.clusters))
            .collect();
        assert_eq!(short, [(vec![3], 4, 3), (vec![1, 2, 3], 3, 2)]);
        // The newest of each cluster; age counts down here.
        assert_eq!(found[0].seen.examples().collect::<Vec<_>>(), [3, 2, 0]);
    }

    /// All phrases of a run, however rare.
    fn counted(runs: &[(Place, Vec<Token>)], phrase: &[Token]) -> (u64, u64) {
        let having = |tokens: &Vec<Token>| tokens.windows(phrase.len()).any(|window| window == phrase);
        let mut places: Vec<_> = runs
            .iter()
            .filter(|(_, run)| having(run))
            .map(|(place, _)| (place.cluster, place.output))
            .collect();
        places.dedup();
        let outputs = places.len() as u64;
        places.dedup_by_key(|(cluster, _)| *cluster);
        (outputs, places.len() as u64)
    }

    proptest! {
        #[test]
        fn counts_are_those_of_looking_at_each(runs in prop::collection::vec((0..4_usize, prop::collection::vec(0..3_u32, 0..8)), 0..12)) {
            let mut runs: Vec<(Place, Vec<Token>)> = runs.into_iter().map(|(output, run)| (place(output, output as i64 / 2), run)).collect();
            runs.sort_by_key(|(place, _)| place.output);
            let borrowed: Vec<(Place, &[Token])> = runs.iter().map(|(place, run)| (*place, run.as_slice())).collect();
            let found = common(&borrowed, 2);
            for phrase in &found {
                prop_assert_eq!(counted(&runs, &phrase.tokens), (phrase.seen.outputs, phrase.seen.clusters), "{:?}", phrase.tokens);
            }
            // Whatever two clusters have is there, or is a part of something that is.
            for (_, run) in &runs {
                for phrase in (1..=run.len()).flat_map(|n| run.windows(n)).filter(|phrase| counted(&runs, phrase).1 >= 2) {
                    let in_it = |one: &Phrase| one.tokens.windows(phrase.len()).any(|window| window == phrase);
                    prop_assert!(found.iter().any(in_it), "{:?}", phrase);
                }
            }
        }
    }
}
