//! What do users change in what they take? The phrases that they delete, insert and replace most, and the kinds of their edits.
//!
//! Phrases are ranked by `users × ln lift`, what a phrase adds to the evidence that users treat it unlike the rest of the text (Evert 2005,
//! local mutual information): a phrase must be many users' business to lead, and more than a matter of how frequent it is.

use std::cmp::Reverse;
use std::collections::HashMap;

use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::kinds::EditKind;
use super::phrases::{Place, Seen, Trie, common};
use super::taken::{Change, Taken, Texts};
use super::vocabulary::Token;
use super::{Read, read};
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::clusters::Clusters;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::level::Level;
use crate::store::texts::Kind;

/// A phrase that is less than so many times as frequent in what was changed as in what was shown is changed like any other: where texts
/// are rewritten, articles and prepositions go too.
const LEAST_LIFT: f64 = 2.0;
/// Tokens on each side of a replacement.
const LONGEST_REPLACEMENT: usize = 6;

#[derive(Clone)]
pub struct Question {
    pub query: Query,
    /// Users who must have made the same change for it to be told; an output without a user stands for one.
    pub least_users: u64,
    /// Phrases of each list.
    pub limit: usize,
}

/// A change that several users made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PhraseChange {
    /// What was taken out; null where something was only put in.
    #[schema(required = true)]
    pub from: Option<String>,
    /// What was put in; null where something was only taken out.
    #[schema(required = true)]
    pub to: Option<String>,
    /// Outputs in which it was made.
    pub outputs: u64,
    /// Users who made it.
    pub users: u64,
    /// How often it was made, an output having perhaps several.
    pub times: u64,
    /// Of the outputs taken that had the phrase, those in which it was changed so; of the edited outputs, where something was put in.
    pub share: Estimate,
    /// How many times as frequent the phrase is in what was changed as in what was shown. For a replacement: how many times as
    /// frequent the new phrase is in place of the old one as in what was shown.
    pub lift: f64,
    /// Ids of the newest outputs, each of another user.
    pub examples: Vec<String>,
}

/// How many edits are of a kind.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KindShare {
    pub kind: EditKind,
    /// The rule; the first that holds is meant.
    pub rule: &'static str,
    /// Of the edited outputs.
    pub share: Estimate,
    /// Ids of the newest outputs, each of another user.
    pub examples: Vec<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Edits {
    /// Of the outputs taken whose text and user's text are known, those that were changed.
    pub edited: Estimate,
    /// Mean of the least number of words and marks put in, taken out or replaced, divided by those of the longer text. Letter case makes
    /// no difference.
    pub word_distance: Estimate,
    /// The word error rate (WER): the same numbers, summed, divided by all words and marks of the users' texts. Above 1 where users throw
    /// away more than they keep and write.
    pub word_error_rate: Estimate,
    /// The translation edit rate (TER; as users make the texts that it compares with, HTER): the word error rate where a block of words
    /// that was moved counts one, however long. Blocks are found as tercom and sacrebleu find them: of up to ten words, up to fifty words
    /// away, by the move that saves most, as long as one saves any. Never above the word error rate, which is told of outputs of whose texts
    /// that search finds nothing less.
    pub translation_edit_rate: Estimate,
    pub kinds: Vec<KindShare>,
    pub deleted: Vec<PhraseChange>,
    pub inserted: Vec<PhraseChange>,
    pub replaced: Vec<PhraseChange>,
    /// Outputs that are left out since a text is longer than is compared.
    pub too_long: u64,
    /// Edited outputs whose texts have too little in common: of some of their changes no phrases were taken.
    pub unresolved: u64,
    /// Edited outputs in which the search for blocks that were moved ended at a limit (a thousand moves weighed in one, more than 25 words
    /// in a row put in or taken out, or as many steps as may be spent): their translation edit rate may be less.
    pub moves_unresolved: u64,
}

pub fn run(conn: &mut PgConnection, sources: &Sources, question: &Question) -> Result<Read<Edits>, QueryError> {
    read(conn, sources, &question.query, Kind::Output, |written| {
        let mut texts = Texts::default();
        texts.read(written);
        texts.edits(question)
    })
}

/// What they come to.
impl Texts<'_> {
    fn edits(&self, question: &Question) -> Edits {
        let level = question.query.level;
        let all = Clusters::new(self.taken.iter().map(|taken| taken.member));
        let is_edited = self.taken.iter().map(|taken| Some(taken.kind.is_some()));
        let unresolved = self
            .taken
            .iter()
            .filter(|taken| taken.hunks.iter().any(|hunk| hunk.is_coarse));
        let moves_unresolved = self.taken.iter().filter(|taken| taken.is_moving_cut);
        let rate = |edits: fn(&Taken) -> usize| {
            let counts = self.taken.iter().map(|taken| [edits(taken), taken.user_words()]);
            all.rate(counts, level, Reason::NoEdits)
        };
        Edits {
            edited: all.share(is_edited, level, Reason::NoEdits),
            word_distance: all.mean(self.taken.iter().map(Taken::word_distance), level, Reason::NoEdits),
            word_error_rate: rate(|taken| taken.changed),
            translation_edit_rate: rate(|taken| taken.rearranged),
            kinds: EditKind::ALL.map(|kind| self.kind(&all, kind, level)).to_vec(),
            deleted: self.changes(question, self.one_sided(question, |(old, _)| old), |phrase| {
                [Some(phrase), None]
            }),
            inserted: self.changes(question, self.one_sided(question, |(_, new)| new), |phrase| {
                [None, Some(phrase)]
            }),
            replaced: self.replaced(question),
            too_long: self.too_long,
            unresolved: unresolved.count() as u64,
            moves_unresolved: moves_unresolved.count() as u64,
        }
    }

    fn kind(&self, all: &Clusters, kind: EditKind, level: Level) -> KindShare {
        let mut seen = Seen::default();
        let of_kind = self.taken.iter().filter(|taken| taken.kind == Some(kind));
        of_kind.for_each(|taken| seen.meet(taken.place));
        let is_of_kind = self.taken.iter().map(|taken| Some(taken.kind? == kind));
        KindShare {
            kind,
            rule: kind.rule(),
            share: all.share(is_of_kind, level, Reason::NoEdits),
            examples: self.examples(&seen),
        }
    }

    fn examples(&self, seen: &Seen) -> Vec<String> {
        let found = seen.examples().filter_map(|output| self.taken.get(output));
        found.map(|taken| taken.id.to_owned()).collect()
    }

    /// How often some phrases were shown, and how many tokens were.
    fn shown(&self, phrases: &[&[Token]]) -> (Vec<u64>, u64) {
        let (trie, ends) = Trie::of(phrases.iter().copied());
        let mut times = vec![0; trie.size()];
        for taken in &self.taken {
            trie.occurrences(&taken.shown, |node| {
                if let Some(times) = times.get_mut(node as usize) {
                    *times += 1;
                }
            });
        }
        let tokens = self.taken.iter().map(|taken| taken.shown.len() as u64).sum();
        let of = |end: &u32| times.get(*end as usize).copied().unwrap_or_default();
        (ends.iter().map(of).collect(), tokens)
    }

    /// Phrases of one side of the changes, with their lift.
    fn one_sided(&self, question: &Question, side: fn(Change<'_>) -> &[Token]) -> Vec<(Vec<Token>, Seen, f64)> {
        let runs = self
            .taken
            .iter()
            .flat_map(|taken| taken.changes().map(|change| (taken.place, side(change))));
        let runs: Vec<(Place, &[Token])> = runs.collect();
        let changed: u64 = runs.iter().map(|(_, tokens)| tokens.len() as u64).sum();
        let mut found = common(&runs, question.least_users);
        // Of two that say as much, the longer is told first.
        found.sort_by_key(|phrase| Reverse(phrase.tokens.len()));
        let phrases: Vec<&[Token]> = found.iter().map(|phrase| phrase.tokens.as_slice()).collect();
        let (shown, tokens) = self.shown(&phrases);
        let lifts: Vec<f64> = found
            .iter()
            .zip(shown)
            .map(|(phrase, shown)| lift(phrase.seen.times, changed, shown, tokens))
            .collect();
        let phrases = found.into_iter().zip(lifts);
        phrases
            .map(|(phrase, lift)| (phrase.tokens, phrase.seen, lift))
            .collect()
    }

    /// Short phrases that were put in each other's place.
    fn replaced(&self, question: &Question) -> Vec<PhraseChange> {
        let mut pairs: HashMap<Change, Seen> = HashMap::new();
        let mut olds: HashMap<&[Token], u64> = HashMap::new();
        for taken in &self.taken {
            let is_short = |side: &[Token]| (1..=LONGEST_REPLACEMENT).contains(&side.len());
            for (old, new) in taken.changes().filter(|(old, new)| is_short(old) && is_short(new)) {
                pairs.entry((old, new)).or_default().meet(taken.place);
                *olds.entry(old).or_default() += 1;
            }
        }
        let mut pairs: Vec<(Change, Seen)> = pairs
            .into_iter()
            .filter(|(_, seen)| seen.clusters >= question.least_users)
            .collect();
        pairs.sort_unstable_by_key(|(change, _)| *change);
        let news: Vec<&[Token]> = pairs.iter().map(|((_, new), _)| *new).collect();
        let (shown, tokens) = self.shown(&news);
        let found = pairs.into_iter().zip(shown).map(|(((old, new), seen), shown)| {
            let of_old = olds.get(old).copied().unwrap_or_default();
            let lift = lift(seen.times, of_old, shown, tokens);
            ((old.to_vec(), new.to_vec()), seen, lift)
        });
        self.changes(question, found.collect(), |(old, new)| [Some(old), Some(new)])
    }

    /// The leading ones of some changes.
    fn changes<P>(
        &self,
        question: &Question,
        found: Vec<(P, Seen, f64)>,
        sides: fn(P) -> [Option<Vec<Token>>; 2],
    ) -> Vec<PhraseChange> {
        let mut ranked: Vec<(f64, P, Seen, f64)> = found
            .into_iter()
            .filter(|(_, _, lift)| *lift >= LEAST_LIFT)
            .map(|(phrase, seen, lift)| (seen.clusters as f64 * lift.ln(), phrase, seen, lift))
            .collect();
        // Found in a fixed order, which ties keep.
        ranked.sort_by(|one, other| other.0.total_cmp(&one.0));
        ranked.truncate(question.limit);
        let told = ranked.into_iter().map(|(_, phrase, seen, lift)| {
            let [from, to] = sides(phrase);
            self.change(from.as_deref(), to.as_deref(), &seen, lift, question.query.level)
        });
        told.collect()
    }

    fn change(
        &self,
        from: Option<&[Token]>,
        to: Option<&[Token]>,
        seen: &Seen,
        lift: f64,
        level: Level,
    ) -> PhraseChange {
        let could = |taken: &Taken| from.map_or(taken.kind.is_some(), |from| contains(&taken.shown, from));
        let is_it = |(old, new): Change| match (from, to) {
            (Some(from), Some(to)) => (old, new) == (from, to),
            (Some(from), None) => contains(old, from),
            (None, to) => to.is_some_and(|to| contains(new, to)),
        };
        let made = |taken: &Taken| taken.changes().any(is_it);
        let affected: Vec<(&Taken, bool)> = self
            .taken
            .iter()
            .filter(|taken| could(taken))
            .map(|taken| (taken, made(taken)))
            .collect();
        let clusters = Clusters::new(affected.iter().map(|(taken, _)| taken.member));
        let makers = affected.iter().filter(|(_, made)| *made).map(|(taken, _)| taken.member);
        PhraseChange {
            from: from.map(|from| self.vocabulary.written(from)),
            to: to.map(|to| self.vocabulary.written(to)),
            outputs: seen.outputs,
            users: Clusters::new(makers).users,
            times: seen.times,
            share: clusters.share(affected.iter().map(|(_, made)| Some(*made)), level, Reason::NoCases),
            lift,
            examples: self.examples(seen),
        }
    }
}

/// How many times as frequent something is here as in what was shown. Half an occurrence more keeps what was never shown finite.
fn lift(times: u64, of: u64, shown: u64, of_shown: u64) -> f64 {
    (times as f64 / of as f64) / ((shown as f64 + 0.5) / (of_shown as f64 + 0.5))
}

fn contains(tokens: &[Token], phrase: &[Token]) -> bool {
    tokens.windows(phrase.len()).any(|window| window == phrase)
}
