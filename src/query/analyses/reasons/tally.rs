//! Outputs of one group and their reasons, counted by cluster, and what they come to.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::iter::Sum;
use std::ops::AddAssign;

use polars::prelude::*;

use super::{GroupReasons, Others, ReasonCount, ReasonForm};
use crate::domain::clock;
use crate::domain::decision::Decision;
use crate::domain::window::Window;
use crate::metrics::{Estimate, Reason, facts as f};
use crate::query::analyses::clusters::share;
use crate::query::request::QueryError;
use crate::query::snapshot::Snapshot;
use crate::stats::cluster::{ClusterRatio, difference};
use crate::stats::level::Level;
use crate::store::cells::CellId;

/// What is read of each output.
const READ: [&str; 7] = [
    f::CELL,
    f::CLUSTER,
    f::USER,
    f::SHOWN_AT,
    f::DECISION,
    f::MISSED,
    f::REASON,
];

/// Outputs of one cluster: shown, and rejected or undone.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    shown: u64,
    rejected: u64,
}

/// The outputs that have one reason.
#[derive(Default)]
struct Given {
    by_cluster: HashMap<i64, Counts>,
    decisions: BTreeMap<&'static str, u64>,
}

impl Given {
    fn outputs(&self) -> u64 {
        self.decisions.values().sum()
    }
}

/// What one group comes to.
#[derive(Default)]
pub struct Tally {
    clusters: BTreeMap<i64, Counts>,
    /// Clusters that are users.
    users: HashSet<i64>,
    reasons: BTreeMap<String, Given>,
}

/// The outputs shown in a window, by group.
pub fn tallies(
    snapshot: &mut Snapshot,
    group_of_cell: &HashMap<CellId, u32>,
    window: &Window,
) -> Result<HashMap<u32, Tally>, QueryError> {
    let mut tallies: HashMap<u32, Tally> = HashMap::new();
    for day in snapshot.days(window) {
        let stated = snapshot.segment(day, Some(&READ))?;
        add(&mut tallies, group_of_cell, window, &stated)?;
    }
    Ok(tallies)
}

fn add(
    tallies: &mut HashMap<u32, Tally>,
    group_of_cell: &HashMap<CellId, u32>,
    window: &Window,
    stated: &DataFrame,
) -> PolarsResult<()> {
    let (cells, clusters) = (stated.column(f::CELL)?.i32()?, stated.column(f::CLUSTER)?.i64()?);
    let (users, times) = (stated.column(f::USER)?.i64()?, stated.column(f::SHOWN_AT)?.i64()?);
    let (decisions, missed) = (stated.column(f::DECISION)?.i32()?, stated.column(f::MISSED)?.bool()?);
    let reasons = stated.column(f::REASON)?.str()?;
    for row in 0..stated.height() {
        let group = cells.get(row).and_then(|cell| group_of_cell.get(&cell));
        let place = group.zip(clusters.get(row)).zip(times.get(row));
        let Some(((group, cluster), time)) = place else {
            continue;
        };
        let time = clock::from_micros(time);
        if time < window.from || time >= window.to || missed.get(row) == Some(true) {
            continue;
        }
        let decision = decisions
            .get(row)
            .and_then(|code| Decision::from_code(i16::try_from(code).ok()?));
        let decision = decision.unwrap_or(Decision::Undecided);
        let own = Counts {
            shown: 1,
            rejected: u64::from(matches!(decision, Decision::Rejected | Decision::Undone)),
        };
        let tally = tallies.entry(*group).or_default();
        tally.clusters.entry(cluster).or_default().add(own);
        if users.get(row).is_some() {
            tally.users.insert(cluster);
        }
        if let Some(reason) = reasons.get(row) {
            if !tally.reasons.contains_key(reason) {
                tally.reasons.insert(reason.to_owned(), Given::default());
            }
            if let Some(given) = tally.reasons.get_mut(reason) {
                given.by_cluster.entry(cluster).or_default().add(own);
                *given.decisions.entry(decision.name()).or_default() += 1;
            }
        }
    }
    Ok(())
}

impl Counts {
    fn add(&mut self, own: Counts) {
        self.shown += own.shown;
        self.rejected += own.rejected;
    }
}

impl AddAssign<&Tally> for Tally {
    fn add_assign(&mut self, other: &Tally) {
        for (cluster, counts) in &other.clusters {
            self.clusters.entry(*cluster).or_default().add(*counts);
        }
        self.users.extend(&other.users);
        for (reason, given) in &other.reasons {
            let own = self.reasons.entry(reason.clone()).or_default();
            for (cluster, counts) in &given.by_cluster {
                own.by_cluster.entry(*cluster).or_default().add(*counts);
            }
            for (decision, outputs) in &given.decisions {
                *own.decisions.entry(decision).or_default() += outputs;
            }
        }
    }
}

impl<'a> Sum<&'a Tally> for Tally {
    fn sum<I: Iterator<Item = &'a Tally>>(parts: I) -> Tally {
        parts.fold(Tally::default(), |mut all, part| {
            all += part;
            all
        })
    }
}

impl Tally {
    pub fn told(&self, group: Vec<Option<String>>, before: Option<&Tally>, level: Level, limit: usize) -> GroupReasons {
        let mut reasons: Vec<ReasonCount> = self
            .leading(limit)
            .into_iter()
            .map(|(reason, given)| self.reason(reason, given, before, level))
            .collect();
        reasons.sort_by(|one, other| {
            let least = |reason: &ReasonCount| reason.share_of_shown.lower.unwrap_or_default();
            least(other)
                .total_cmp(&least(one))
                .then(other.outputs.cmp(&one.outputs))
        });
        let rest = reasons.len().min(limit);
        let listed: u64 = reasons.iter().take(rest).map(|reason| reason.outputs).sum();
        let given: u64 = self.reasons.values().map(Given::outputs).sum();
        reasons.truncate(rest);
        let mut explained: HashMap<i64, u64> = HashMap::new();
        for (cluster, counts) in self.reasons.values().flat_map(|given| &given.by_cluster) {
            *explained.entry(*cluster).or_default() += counts.rejected;
        }
        GroupReasons {
            group,
            shown: self.clusters.values().map(|counts| counts.shown).sum(),
            explained: self.share(
                |cluster, all| (explained.get(&cluster).copied().unwrap_or_default(), all.rejected),
                level,
            ),
            others: Others {
                reasons: (self.reasons.len() - reasons.len()) as u64,
                outputs: given - listed,
            },
            reasons,
        }
    }

    /// Reasons that may lead by their lower ends: those of most outputs, and those of most clusters.
    fn leading(&self, limit: usize) -> BTreeMap<&str, &Given> {
        let mut leading = BTreeMap::new();
        let keys: [fn(&Given) -> u64; 2] = [Given::outputs, |given| given.by_cluster.len() as u64];
        for key in keys {
            let mut all: Vec<(&str, &Given)> = self
                .reasons
                .iter()
                .map(|(reason, given)| (reason.as_str(), given))
                .collect();
            all.sort_by_key(|(_, given)| std::cmp::Reverse(key(given)));
            leading.extend(all.into_iter().take(limit));
        }
        leading
    }

    fn reason(&self, reason: &str, given: &Given, before: Option<&Tally>, level: Level) -> ReasonCount {
        let own = |cluster: i64| given.by_cluster.get(&cluster).copied().unwrap_or_default();
        ReasonCount {
            reason: reason.to_owned(),
            form: if reason.contains(char::is_whitespace) {
                ReasonForm::Words
            } else {
                ReasonForm::Code
            },
            outputs: given.outputs(),
            users: given
                .by_cluster
                .keys()
                .filter(|cluster| self.users.contains(cluster))
                .count() as u64,
            decisions: given.decisions.clone(),
            share_of_shown: self.share(|cluster, all| (own(cluster).shown, all.shown), level),
            share_of_rejected: self.share(|cluster, all| (own(cluster).rejected, all.rejected), level),
            before: before.map(|before| {
                let earlier = before.reasons.get(reason);
                before.share(|cluster, all| (shown_by(earlier, cluster), all.shown), level)
            }),
            change: before.map(|before| self.change(given, before, before.reasons.get(reason), level)),
        }
    }

    /// A share of outputs, from its numerator and denominator in each cluster.
    fn share(&self, of: impl Fn(i64, &Counts) -> (u64, u64), level: Level) -> Estimate {
        let totals: Vec<(f64, f64)> = self
            .clusters
            .iter()
            .map(|(cluster, counts)| of(*cluster, counts))
            .map(|(n, d)| (n as f64, d as f64))
            .collect();
        let having = self
            .clusters
            .iter()
            .filter(|(cluster, counts)| self.users.contains(cluster) && of(**cluster, counts).1 > 0);
        share(
            &ClusterRatio::from_totals(&totals),
            having.count() as u64,
            level,
            Reason::NoCases,
        )
    }

    /// The share of all outputs shown that have a reason, minus that of the period before; users of both periods count as one.
    fn change(&self, given: &Given, before: &Tally, earlier: Option<&Given>, level: Level) -> Estimate {
        let shown = |tally: &Tally, cluster: i64| tally.clusters.get(&cluster).map_or(0, |counts| counts.shown) as f64;
        let clusters: HashSet<i64> = self.clusters.keys().chain(before.clusters.keys()).copied().collect();
        let mut clusters: Vec<i64> = clusters.into_iter().collect();
        clusters.sort_unstable();
        let totals: Vec<(f64, f64, f64, f64)> = clusters
            .iter()
            .map(|cluster| {
                let (now, then) = (shown_by(Some(given), *cluster), shown_by(earlier, *cluster));
                (now as f64, shown(self, *cluster), then as f64, shown(before, *cluster))
            })
            .collect();
        let Some(found) = difference(&totals) else {
            return Estimate::none(Reason::NoData);
        };
        let users = self.users.union(&before.users).count() as u64;
        let outputs: f64 = totals.iter().map(|(_, now, _, then)| now + then).sum();
        Estimate {
            users: Some(users),
            ..Estimate::point(found.value, outputs as u64)
        }
        .with_standard_error(found.standard_error)
        .within(found.interval(level), "linear_cluster_exact")
    }
}

fn shown_by(given: Option<&Given>, cluster: i64) -> u64 {
    let counts = given.and_then(|given| given.by_cluster.get(&cluster));
    counts.map_or(0, |counts| counts.shown)
}
