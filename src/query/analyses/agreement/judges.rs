//! Judges against people, and against what users did.

use serde::Serialize;
use utoipa::ToSchema;

use super::paired::Paired;
use super::{MOST_ROWS, most_frequent};
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::clusters::Clusters;
use crate::query::analyses::opinions::{Discussed, Heard, Holder, HolderKind, Said};
use crate::stats::agreement::pair::Weights;
use crate::stats::level::Level;
use crate::stats::prevalence::{self, Share};
use crate::stats::{cluster::ClusterRatio, spearman};

/// Cohen's κ by how much it counts to be near.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Kappas {
    pub nominal: Estimate,
    pub linear: Estimate,
    pub quadratic: Estimate,
}

/// A judge against the word of people on the same outputs: of human judges, or of raters where no human judges.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgainstPeople {
    pub outputs: u64,
    /// Outputs on which no opinion has the most people: categories, agreement and κ are of the others.
    pub divided: u64,
    /// The distinct opinions of both, from 0 to 1.
    pub categories: Vec<f64>,
    /// Whether there were too many, so that they were rounded to twentieths.
    pub rounded: bool,
    /// Outputs by the category of people (rows) and of the judge (columns).
    pub confusion: Vec<Vec<u64>>,
    pub agreement: Estimate,
    pub kappa: Kappas,
    /// The share of what most people call right that the judge calls right.
    pub sensitivity: Estimate,
    /// The share of what most people call wrong that the judge calls wrong.
    pub specificity: Estimate,
    /// The chance that the judge has a higher opinion of something right than of something wrong, by people's word.
    pub auc: Estimate,
    /// Rank correlation of the judge's opinion and the mean of people's.
    pub spearman: Estimate,
    /// The share that is right, from what the judge calls right, corrected for the judge's errors (Rogan and Gladen).
    pub corrected_rate: Estimate,
}

/// A judge against what users did with the output.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgainstBehaviour {
    pub outputs: u64,
    /// Outputs by whether they were taken (rows: no, yes) and whether the judge calls them right (columns: no, yes).
    pub confusion: [[u64; 2]; 2],
    /// Taken and called right, or not taken and called wrong.
    pub agreement: Estimate,
    pub kappa: Estimate,
    /// The chance that the judge has a higher opinion of something taken than of something not taken.
    pub auc: Estimate,
}

/// One judge on one rubric.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JudgeAgreement {
    pub judge: Holder,
    /// Null is the output as a whole.
    #[schema(required = true)]
    pub rubric: Option<String>,
    /// Outputs that it judged.
    pub outputs: u64,
    /// The share of them that it calls right.
    pub called_right: Estimate,
    /// Null where people said nothing of the same outputs; never for people.
    #[schema(required = true)]
    pub against_people: Option<AgainstPeople>,
    /// Null where no judged output was decided.
    #[schema(required = true)]
    pub against_behaviour: Option<AgainstBehaviour>,
}

pub fn against_others(heard: &Heard, level: Level) -> Vec<JudgeAgreement> {
    let all = heard.outputs.iter().flat_map(|output| &output.said);
    // Human judges are compared with what users did like any other; raters are mostly users themselves.
    let is_judge = |said: &&Said| heard.kind(said) != Some(HolderKind::Rater);
    let judges = most_frequent(all.filter(is_judge).map(|said| (said.holder, said.rubric)));
    let judges = judges.into_iter().take(MOST_ROWS);
    judges
        .filter_map(|((judge, rubric), _)| one(heard, judge, rubric, level))
        .collect()
}

/// An output that the judge judged.
struct Case<'a> {
    output: &'a Discussed,
    said: &'a Said,
}

fn one(heard: &Heard, judge: usize, rubric: usize, level: Level) -> Option<JudgeAgreement> {
    let holder = heard.holders.get(judge)?;
    let cases: Vec<Case> = heard
        .outputs
        .iter()
        .filter_map(|output| {
            let said = output
                .said
                .iter()
                .find(|said| said.holder == judge && said.rubric == rubric)?;
            Some(Case { output, said })
        })
        .collect();
    let clusters = Clusters::new(cases.iter().map(|case| case.output));
    let called = || cases.iter().map(|case| Some(case.said.is_right));
    let against_people = if holder.kind.is_person() {
        None
    } else {
        against_people(heard, &cases, &clusters.ratio(called()), level)
    };
    Some(JudgeAgreement {
        judge: holder.clone(),
        rubric: heard.rubrics.get(rubric)?.clone(),
        outputs: clusters.outputs(),
        called_right: clusters.share(called(), level, Reason::NoCases),
        against_people,
        against_behaviour: against_behaviour(&cases, level),
    })
}

/// What people say of an output together.
struct Word {
    mean: f64,
    /// The opinion that most have, if one has the most.
    value: Option<f64>,
    /// What more than half of them say.
    is_right: Option<bool>,
}

/// `None` where people say nothing.
fn word(heard: &Heard, case: &Case) -> Option<Word> {
    let mut said = heard.people(case.output, case.said.rubric);
    if said.is_empty() {
        return None;
    }
    let right = said.iter().filter(|said| said.is_right).count();
    said.sort_unstable_by(|a, b| a.value.total_cmp(&b.value));
    let chosen = said.chunk_by(|a, b| a.value == b.value);
    let most = chosen.clone().map(<[_]>::len).max();
    let mut leading = chosen.filter(|same| Some(same.len()) == most);
    let leader = leading.next().and_then(<[_]>::first).map(|said| said.value);
    Some(Word {
        mean: said.iter().map(|said| said.value).sum::<f64>() / said.len() as f64,
        value: leader.filter(|_| leading.next().is_none()),
        is_right: (2 * right != said.len()).then_some(2 * right > said.len()),
    })
}

fn against_people(heard: &Heard, cases: &[Case], called: &ClusterRatio, level: Level) -> Option<AgainstPeople> {
    let words: Vec<(&Case, Word)> = cases
        .iter()
        .filter_map(|case| Some((case, word(heard, case)?)))
        .collect();
    if words.is_empty() {
        return None;
    }
    let all = Clusters::new(words.iter().map(|(case, _)| case.output));
    let named: Vec<(&Discussed, f64, f64)> = words
        .iter()
        .filter_map(|(case, word)| Some((case.output, word.value?, case.said.value)))
        .collect();
    let named = Paired::new(&named);
    // Whether the judge calls right what people do, or wrong, of the outputs on which most people say so.
    let caught = |right: bool| {
        let words = words.iter();
        words.map(move |(case, word)| (word.is_right == Some(right)).then_some(case.said.is_right == right))
    };
    let pairs: Vec<(f64, f64)> = words.iter().map(|(case, word)| (case.said.value, word.mean)).collect();
    let sided: Vec<(&Case, bool)> = words
        .iter()
        .filter_map(|(case, word)| Some((*case, word.is_right?)))
        .collect();
    Some(AgainstPeople {
        outputs: all.outputs(),
        divided: words.iter().filter(|(_, word)| word.value.is_none()).count() as u64,
        confusion: named.confusion(),
        agreement: named.agreement(level),
        kappa: Kappas {
            nominal: named.kappa(Weights::Nominal, level),
            linear: named.kappa(Weights::Linear, level),
            quadratic: named.kappa(Weights::Quadratic, level),
        },
        sensitivity: all.share(caught(true), level, Reason::OneClass),
        specificity: all.share(caught(false), level, Reason::OneClass),
        auc: auc(&sided, level),
        spearman: match spearman::correlation(&pairs) {
            Some(found) => all.linear(found.value, found.influence.into_iter(), level),
            None => Estimate::none(Reason::OneClass),
        },
        corrected_rate: corrected(called, &all.ratio(caught(true)), &all.ratio(caught(false)), level),
        rounded: named.categories.rounded,
        categories: named.categories.values,
    })
}

/// Of the judge's opinions, for what is so and what is not.
fn auc(cases: &[(&Case, bool)], level: Level) -> Estimate {
    let rows: Vec<(f64, bool)> = cases.iter().map(|(case, is_so)| (case.said.value, *is_so)).collect();
    let clusters = Clusters::new(cases.iter().map(|(case, _)| case.output));
    clusters
        .area(&rows, level)
        .unwrap_or_else(|| Estimate::none(Reason::OneClass))
}

/// The judge's rate corrected for its errors; each share counts as many trials as it is worth, and is known as well as it has users.
fn corrected(called: &ClusterRatio, sensitivity: &ClusterRatio, specificity: &ClusterRatio, level: Level) -> Estimate {
    let share = |ratio: &ClusterRatio| {
        let trials = ratio.effective_trials()?;
        Some(Share {
            successes: ratio.ratio()? * trials,
            trials,
            clusters: (!ratio.is_independent()).then_some(ratio.sizes()),
        })
    };
    let (Some(called_share), Some(sensitivity), Some(specificity)) =
        (share(called), share(sensitivity), share(specificity))
    else {
        return Estimate::none(Reason::TooFew);
    };
    match prevalence::corrected(called_share, sensitivity, specificity, level) {
        Some(found) => {
            Estimate::point(found.value, called.denominator as u64).within(Some(found.interval), "lang_reiczigel")
        }
        // A judge that is no better than a coin says nothing.
        None => Estimate::none(Reason::NoCases),
    }
}

fn against_behaviour(cases: &[Case], level: Level) -> Option<AgainstBehaviour> {
    let decided: Vec<(&Case, bool)> = cases
        .iter()
        .filter_map(|case| Some((case, case.output.taken?)))
        .collect();
    if decided.is_empty() {
        return None;
    }
    let number = |is: bool| f64::from(u8::from(is));
    let pairs: Vec<(&Discussed, f64, f64)> = decided
        .iter()
        .map(|(case, taken)| (case.output, number(*taken), number(case.said.is_right)))
        .collect();
    let paired = Paired::new(&pairs);
    let count = |taken: bool, right: bool| {
        let such = decided
            .iter()
            .filter(|(case, own)| *own == taken && case.said.is_right == right);
        such.count() as u64
    };
    Some(AgainstBehaviour {
        outputs: decided.len() as u64,
        confusion: [false, true].map(|taken| [false, true].map(|right| count(taken, right))),
        agreement: paired.agreement(level),
        kappa: paired.kappa(Weights::Nominal, level),
        auc: auc(&decided, level),
    })
}
