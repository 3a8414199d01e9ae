//! Which words mark the outputs that users reject, against those they take?
//!
//! An output counts for a word once, however often it has it: one that repeats itself would else decide alone. Its odds are of outputs
//! with the word to outputs without, so that a word which all have marks none, however long their texts are. The order and the p-values
//! take users for what they are; the published z-score is given beside.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::phrases::{Place, Seen};
use super::vocabulary::{Token, Vocabulary};
use super::{MOST_CHARS_OF_ONE, Read, read};
use crate::domain::decision::{Decision, Manner};
use crate::metrics::Estimate;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::cluster::Sizes;
use crate::stats::level::{Interval, Level};
use crate::stats::log_odds::{Clusters, Counts, LogOdds};
use crate::stats::multiple;
use crate::store::texts::{Kind, Written};

/// Outputs that a word must be in to be looked at.
pub const LEAST_OUTPUTS: u64 = 5;
/// Among the words that are told, the share of those that mark nothing is kept below this.
pub const FALSE_DISCOVERIES: f64 = 0.05;
/// What the prior is worth, in outputs that have each word as often as all of them together.
const PRIOR: f64 = 20.0;

/// What tells the two sets of outputs apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// Rejected or undone, against taken.
    #[default]
    Decision,
    /// Judged wrong, against right.
    Judgement,
    /// Rated in the lower half of the scale by most of its raters, against the upper half.
    Rating,
}

impl Against {
    /// Whether an output is in the worse set, if it is in one.
    fn is_worse(self, output: &Written) -> Option<bool> {
        match self {
            Against::Decision => {
                let decision = Decision::from_code(output.decision).filter(|decision| decision.is_decided())?;
                // What the app took by itself says nothing about what users take.
                let is_automatic = output.manner == Manner::Automatic.code();
                (decision == Decision::Undone || !is_automatic)
                    .then(|| decision == Decision::Undone || !decision.is_taken())
            }
            Against::Judgement => output.correct.map(|correct| !correct),
            Against::Rating => output.liked.filter(|liked| *liked != 0.5).map(|liked| liked < 0.5),
        }
    }
}

#[derive(Clone)]
pub struct Question {
    pub query: Query,
    pub kind: Kind,
    pub against: Against,
    /// Users whose outputs must have a word; an output without a user stands for one.
    pub least_users: u64,
    /// Words on each side.
    pub limit: usize,
}

/// A word that is more frequent in one set than in the other.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MarkedWord {
    pub word: String,
    /// How much more, as a natural logarithm of odds, with the interval clustered by user; above 0 for the worse set.
    pub log_odds: Estimate,
    /// The z-score as published, which takes each word for independent.
    pub z: f64,
    /// From the clustered standard error, adjusted for how many words were looked at.
    pub p_adjusted: f64,
    /// Outputs of the worse set that have it.
    pub worse_outputs: u64,
    /// Outputs of the better set that have it.
    pub better_outputs: u64,
    /// Ids of the newest outputs of its set that have it, each of another user.
    pub examples: Vec<String>,
}

#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Marks {
    /// Outputs in the worse set: rejected, wrong, or rated low.
    pub worse_outputs: u64,
    pub better_outputs: u64,
    /// Words that were looked at.
    pub tested: u64,
    /// Words that mark the worse set, the surest first.
    pub worse: Vec<MarkedWord>,
    /// Words that mark the better set, the surest first.
    pub better: Vec<MarkedWord>,
}

pub fn run(conn: &mut PgConnection, sources: &Sources, question: &Question) -> Result<Read<Marks>, QueryError> {
    read(conn, sources, &question.query, question.kind, |written| {
        let mut vocabulary = Vocabulary::default();
        let sets = Sets::new(&mut vocabulary, written, question.against);
        sets.marks(&vocabulary, question)
    })
}

/// An output in one of the sets.
struct Member<'a> {
    id: &'a str,
    place: Place,
    has_user: bool,
    is_worse: bool,
    /// Its words, each once.
    words: Vec<Token>,
}

/// Something in the worse set, and in the better one.
type Both = (f64, f64);

/// What is known of one word.
#[derive(Default)]
struct Word {
    worse: Seen,
    better: Seen,
    users: u64,
    /// Outputs with it, by cluster: the cluster's number, and how many in each set.
    by_cluster: Vec<(usize, Both)>,
}

struct Sets<'a> {
    members: Vec<Member<'a>>,
    words: HashMap<Token, Word>,
    /// Outputs, by cluster.
    totals: Vec<Both>,
}

impl<'a> Sets<'a> {
    fn new(vocabulary: &mut Vocabulary, written: &'a [Written], against: Against) -> Sets<'a> {
        let mut members: Vec<Member> = Vec::new();
        for (age, output) in written.iter().enumerate() {
            let Some(is_worse) = against.is_worse(output) else {
                continue;
            };
            let text: String = output.text.chars().take(MOST_CHARS_OF_ONE).collect();
            let mut words = vocabulary.read(&text);
            words.retain(|token| vocabulary.is_word(*token));
            words.sort_unstable();
            words.dedup();
            members.push(Member {
                id: &output.output_id,
                place: Place {
                    output: 0,
                    cluster: output.cluster(),
                    age,
                },
                has_user: output.user_key.is_some(),
                is_worse,
                words,
            });
        }
        members.sort_by_key(|member| (member.place.cluster, member.place.age));
        let numbers = members.iter_mut().enumerate();
        numbers.for_each(|(number, member)| member.place.output = number);
        let (words, totals) = counted(&members);
        Sets { members, words, totals }
    }

    fn marks(&self, vocabulary: &Vocabulary, question: &Question) -> Marks {
        let total = |of: fn(&Both) -> f64| self.totals.iter().map(of).sum::<f64>();
        let (worse, better) = (total(|both| both.0), total(|both| both.1));
        let all = Counts {
            first: worse,
            second: better,
            prior: PRIOR,
        };
        let clusters = Clusters::new(self.totals.iter().copied());
        let mut tested: Vec<Tested> = Vec::new();
        if worse > 0.0 && better > 0.0 {
            let frequent = self
                .words
                .iter()
                .filter(|(_, word)| word.is_frequent(question.least_users));
            tested.extend(frequent.filter_map(|(token, word)| Tested::new(*token, word, all, &clusters, &self.totals)));
        }
        tested.sort_by_key(|word| word.token);
        let p_values: Vec<f64> = tested.iter().map(Tested::p_value).collect();
        let mut found: Vec<(f64, &Tested)> = multiple::benjamini_hochberg(&p_values)
            .into_iter()
            .zip(&tested)
            .collect();
        found.retain(|(p, _)| *p <= FALSE_DISCOVERIES);
        found.sort_by(|(_, one), (_, other)| other.statistic().abs().total_cmp(&one.statistic().abs()));
        let told = |is_worse: bool| {
            let side = found.iter().filter(|(_, word)| (word.odds.value > 0.0) == is_worse);
            let side = side.take(question.limit);
            side.map(|(p, word)| self.told(vocabulary, word, *p, question.query.level))
                .collect()
        };
        let worse_outputs = self.members.iter().filter(|member| member.is_worse).count() as u64;
        Marks {
            worse_outputs,
            better_outputs: self.members.len() as u64 - worse_outputs,
            tested: tested.len() as u64,
            worse: told(true),
            better: told(false),
        }
    }

    fn told(&self, vocabulary: &Vocabulary, tested: &Tested, p_adjusted: f64, level: Level) -> MarkedWord {
        let (odds, word) = (&tested.odds, tested.word);
        let seen = if odds.value > 0.0 { &word.worse } else { &word.better };
        let examples = seen.examples().filter_map(|output| self.members.get(output));
        let half_width = tested.sizes.critical(level) * tested.standard_error;
        let log_odds = Estimate {
            users: Some(word.users),
            ..Estimate::point(odds.value, word.outputs())
        };
        MarkedWord {
            word: vocabulary.written(&[tested.token]),
            log_odds: log_odds
                .with_standard_error(Some(tested.standard_error))
                .within(Some(Interval::around(odds.value, half_width)), "linear_cluster_exact"),
            z: odds.z(),
            p_adjusted,
            worse_outputs: word.worse.outputs,
            better_outputs: word.better.outputs,
            examples: examples.map(|member| member.id.to_owned()).collect(),
        }
    }
}

/// Where each word is, and how many outputs each cluster has.
fn counted(members: &[Member]) -> (HashMap<Token, Word>, Vec<Both>) {
    let mut words: HashMap<Token, Word> = HashMap::new();
    let mut totals = Vec::new();
    for own in members.chunk_by(|one, other| one.place.cluster == other.place.cluster) {
        let number = totals.len();
        let mut total = (0.0, 0.0);
        for member in own {
            let one: Both = if member.is_worse { (1.0, 0.0) } else { (0.0, 1.0) };
            for token in &member.words {
                let word = words.entry(*token).or_default();
                match word.by_cluster.last_mut().filter(|(cluster, _)| *cluster == number) {
                    Some((_, count)) => add(count, one),
                    None => {
                        word.by_cluster.push((number, one));
                        word.users += u64::from(member.has_user);
                    }
                }
                let seen = if member.is_worse {
                    &mut word.worse
                } else {
                    &mut word.better
                };
                seen.meet(member.place);
            }
            add(&mut total, one);
        }
        totals.push(total);
    }
    (words, totals)
}

fn add(sum: &mut Both, one: Both) {
    sum.0 += one.0;
    sum.1 += one.1;
}

impl Word {
    fn outputs(&self) -> u64 {
        self.worse.outputs + self.better.outputs
    }

    fn is_frequent(&self, least_users: u64) -> bool {
        self.outputs() >= LEAST_OUTPUTS && self.by_cluster.len() as u64 >= least_users
    }
}

/// A word that was looked at.
struct Tested<'a> {
    token: Token,
    word: &'a Word,
    odds: LogOdds,
    /// The larger of that between users and that of independent words: few users who happen to agree prove little.
    standard_error: f64,
    sizes: Sizes,
}

impl<'a> Tested<'a> {
    fn new(token: Token, word: &'a Word, all: Counts, clusters: &Clusters, totals: &[Both]) -> Option<Tested<'a>> {
        let pooled = word.outputs() as f64 / (all.first + all.second);
        let counts = Counts {
            first: word.worse.outputs as f64,
            second: word.better.outputs as f64,
            prior: all.prior * pooled,
        };
        let odds = LogOdds::new(counts, all)?;
        let own = word.by_cluster.iter();
        let own = own.filter_map(|(cluster, count)| Some((*count, *totals.get(*cluster)?)));
        let variance = clusters.variance(&odds, own)?.max(odds.variance);
        Some(Tested {
            token,
            word,
            odds,
            standard_error: variance.sqrt(),
            // Who has the word moves its odds, however many outputs others have: each counts alike.
            sizes: Sizes::equal(clusters.clusters),
        })
    }

    fn statistic(&self) -> f64 {
        self.odds.value / self.standard_error
    }

    fn p_value(&self) -> f64 {
        self.sizes.p_value(self.statistic())
    }
}
