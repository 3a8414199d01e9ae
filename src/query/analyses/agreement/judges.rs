//! Judges against people, and against what users did.

use serde::Serialize;
use utoipa::ToSchema;

use super::categories::Categories;
use super::{MOST_ROWS, most_frequent};
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::clusters::Clusters;
use crate::query::analyses::opinions::{Discussed, Heard, Holder, HolderKind, Said};
use crate::stats::agreement::pair::{Table, Weights};
use crate::stats::level::Level;
use crate::stats::prevalence::{self, Share};
use crate::stats::{auroc, cluster::ClusterRatio, spearman};

/// Cohen's κ by how much it counts to be near.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Kappas {
    pub nominal: Estimate,
    pub linear: Estimate,
    pub quadratic: Estimate,
}

/// A judge against the word of people: the opinion that most of them have, on outputs where one has the most.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgainstPeople {
    pub outputs: u64,
    /// Outputs that are left out because people are divided.
    pub divided: u64,
    /// The distinct opinions of both, from 0 to 1.
    pub categories: Vec<f64>,
    /// Whether there were too many, so that they were rounded to twentieths.
    pub rounded: bool,
    /// Outputs by the category of people (rows) and of the judge (columns).
    pub confusion: Vec<Vec<u64>>,
    pub agreement: Estimate,
    pub kappa: Kappas,
    /// The share of what people call right that the judge calls right.
    pub sensitivity: Estimate,
    /// The share of what people call wrong that the judge calls wrong.
    pub specificity: Estimate,
    /// The chance that the judge has a higher opinion of something right than of something wrong, by people's word.
    pub auc: Estimate,
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
    let is_judge = |said: &&Said| {
        heard
            .holders
            .get(said.holder)
            .is_some_and(|holder| holder.kind != HolderKind::Rater)
    };
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

/// What most people say of an output.
#[derive(Clone, Copy)]
struct Word {
    /// The opinion that most have, and the mean of all.
    value: f64,
    mean: f64,
    is_right: bool,
}

/// `None` inside where no opinion has the most people, or as many call it right as wrong.
fn word(heard: &Heard, case: &Case) -> Option<Option<Word>> {
    let said = case.output.said.iter();
    let mut values: Vec<&Said> = said
        .filter(|said| said.rubric == case.said.rubric && heard.is_person(said))
        .collect();
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().map(|said| said.value).sum::<f64>() / n;
    let right = values.iter().filter(|said| said.is_right).count() as f64 / n;
    values.sort_unstable_by(|a, b| a.value.total_cmp(&b.value));
    let chosen = values
        .chunk_by(|a, b| a.value == b.value)
        .map(|same| (same.len(), same));
    let most = chosen.clone().map(|(n, _)| n).max().unwrap_or_default();
    let mut leading = chosen.filter(|(n, _)| *n == most).filter_map(|(_, same)| same.first());
    let (Some(value), None) = (leading.next(), leading.next()) else {
        return Some(None);
    };
    Some((right != 0.5).then_some(Word {
        value: value.value,
        mean,
        is_right: right > 0.5,
    }))
}

fn against_people(heard: &Heard, cases: &[Case], called: &ClusterRatio, level: Level) -> Option<AgainstPeople> {
    let words: Vec<(&Case, Option<Word>)> = cases
        .iter()
        .filter_map(|case| Some((case, word(heard, case)?)))
        .collect();
    if words.is_empty() {
        return None;
    }
    let both: Vec<(&Case, Word)> = words
        .iter()
        .filter_map(|(case, word)| Some((*case, (*word)?)))
        .collect();
    let clusters = Clusters::new(both.iter().map(|(case, _)| case.output));
    let categories = Categories::of(both.iter().flat_map(|(case, word)| [case.said.value, word.value]));
    let place = |(case, word): &(&Case, Word)| (categories.place(word.value), categories.place(case.said.value));
    let mut table = Table::new(categories.values.len());
    for pair in &both {
        let (people, judge) = place(pair);
        table.add(people, judge, 1.0);
    }
    let kappa = |weights| match table.kappa(weights, &categories.values) {
        Some(kappa) => {
            let influence = both.iter().map(|pair| {
                let (people, judge) = place(pair);
                kappa.influence(people, judge)
            });
            clusters.linear(kappa.value, influence, level)
        }
        None => Estimate::none(if both.is_empty() {
            Reason::NoCases
        } else {
            Reason::OneClass
        }),
    };
    let caught = |right: bool| {
        both.iter()
            .map(move |(case, word)| (word.is_right == right).then_some(case.said.is_right == right))
    };
    let pairs: Vec<(f64, f64)> = both.iter().map(|(case, word)| (case.said.value, word.mean)).collect();
    let rows: Vec<(f64, bool)> = both
        .iter()
        .map(|(case, word)| (case.said.value, word.is_right))
        .collect();
    let agreeing = both.iter().map(|pair| {
        let (people, judge) = place(pair);
        Some(people == judge)
    });
    Some(AgainstPeople {
        outputs: clusters.outputs(),
        divided: (words.len() - both.len()) as u64,
        confusion: table
            .rows()
            .map(|row| row.iter().map(|count| *count as u64).collect())
            .collect(),
        agreement: clusters.share(agreeing, level, Reason::NoCases),
        kappa: Kappas {
            nominal: kappa(Weights::Nominal),
            linear: kappa(Weights::Linear),
            quadratic: kappa(Weights::Quadratic),
        },
        sensitivity: clusters.share(caught(true), level, Reason::OneClass),
        specificity: clusters.share(caught(false), level, Reason::OneClass),
        auc: auc(&clusters, &rows, level),
        spearman: match spearman::correlation(&pairs) {
            Some(found) => clusters.linear(found.value, found.influence.into_iter(), level),
            None => Estimate::none(Reason::OneClass),
        },
        corrected_rate: corrected(
            called,
            &clusters.ratio(caught(true)),
            &clusters.ratio(caught(false)),
            level,
        ),
        categories: categories.values,
        rounded: categories.rounded,
    })
}

fn auc(clusters: &Clusters, rows: &[(f64, bool)], level: Level) -> Estimate {
    match auroc::influence(rows) {
        Some((area, influence)) => clusters.linear(area, influence.into_iter(), level),
        None => Estimate::none(Reason::OneClass),
    }
}

/// The judge's rate corrected for its errors; each share counts as many trials as it is worth.
fn corrected(called: &ClusterRatio, sensitivity: &ClusterRatio, specificity: &ClusterRatio, level: Level) -> Estimate {
    let share = |ratio: &ClusterRatio| {
        let trials = ratio.effective_trials()?;
        Some(Share {
            successes: ratio.ratio()? * trials,
            trials,
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
    let clusters = Clusters::new(decided.iter().map(|(case, _)| case.output));
    let place = |(case, taken): &(&Case, bool)| (usize::from(*taken), usize::from(case.said.is_right));
    let mut table = Table::new(2);
    for pair in &decided {
        let (taken, right) = place(pair);
        table.add(taken, right, 1.0);
    }
    let count = |taken, right| decided.iter().filter(|pair| place(pair) == (taken, right)).count() as u64;
    let rows: Vec<(f64, bool)> = decided.iter().map(|(case, taken)| (case.said.value, *taken)).collect();
    Some(AgainstBehaviour {
        outputs: clusters.outputs(),
        confusion: [[count(0, 0), count(0, 1)], [count(1, 0), count(1, 1)]],
        agreement: clusters.share(
            decided.iter().map(|(case, taken)| Some(case.said.is_right == *taken)),
            level,
            Reason::NoCases,
        ),
        kappa: match table.kappa(Weights::Nominal, &[0.0, 1.0]) {
            Some(kappa) => {
                let influence = decided.iter().map(|pair| {
                    let (taken, right) = place(pair);
                    kappa.influence(taken, right)
                });
                clusters.linear(kappa.value, influence, level)
            }
            None => Estimate::none(Reason::OneClass),
        },
        auc: auc(&clusters, &rows, level),
    })
}
