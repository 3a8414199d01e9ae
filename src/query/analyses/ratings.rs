//! What do raters say, step by step of their scale?
//!
//! A mean of ranks says little by itself: a feature that half love and half hate has the mean of one that nobody minds. So each rater's
//! newest rating of each output is counted on its own scale, beside how many outputs were rated at all. Ratings on a rubric are left
//! out, as everywhere.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::clusters::share;
use super::opinions::MOST_OPINIONS;
use crate::metrics::facts::RATING_SCALE;
use crate::metrics::{Estimate, Reason};
use crate::query::answer::{Answer, Row};
use crate::query::origin::check_kept;
use crate::query::plan;
use crate::query::request::{MAX_GROUPS, Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::calibration::bin_index;
use crate::stats::cluster::ClusterRatio;
use crate::stats::level::Level;
use crate::store::opinions::{self, Rated};

/// The metrics that stand beside the distribution.
pub const METRICS: [&str; 4] = ["feedback_rate", "positive_rating_rate", "rating_mean", "rating_flips"];
/// A scale of whole numbers with at most so many steps between its ends is told step by step.
const MOST_STEPS: i64 = 20;
/// Any other scale is told in so many bands.
const BANDS: usize = 10;
/// The scale of ratings of which only their place on it is known.
const PLACES: (f64, f64) = (0.0, 1.0);

/// What the steps of a scale are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScaleForm {
    /// 0 is down, 1 is up.
    Thumbs,
    /// Whole numbers.
    Steps,
    /// Ten bands of the same width, each with its upper end and without its lower one; the first has both.
    Bands,
}

/// The ratings on one step of a scale.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RatingStep {
    pub from: f64,
    /// The same as `from`, unless steps are bands.
    pub to: f64,
    pub ratings: u64,
    /// Of the ratings on this scale.
    pub share: Estimate,
}

/// The ratings on one scale.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RatedScale {
    pub lowest: f64,
    pub highest: f64,
    pub form: ScaleForm,
    pub ratings: u64,
    /// Share of the ratings in the upper half of the scale; thumbs up, for thumbs.
    pub positive: Estimate,
    /// From the lowest to the highest, those that nobody chose too.
    pub steps: Vec<RatingStep>,
}

/// The ratings in one group.
pub struct GroupRatings {
    /// The estimates of [`METRICS`].
    pub row: Row,
    /// That with the most ratings first.
    pub scales: Vec<RatedScale>,
}

pub struct Ratings {
    pub groups: Vec<GroupRatings>,
    pub answer: Answer,
}

pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Ratings, QueryError> {
    sources.asked(conn, query, |snapshot, _, _| {
        let answer = plan::answer(snapshot.conn()?, sources, query, now)?;
        check_kept(snapshot, &answer.window)?;
        let (values, cells) = snapshot.view.groups(&query.filters, &query.group_by);
        if values.len() > MAX_GROUPS {
            return Err(QueryError::TooManyGroups { found: values.len() });
        }
        let group_of_cell: HashMap<i32, u32> = cells.into_iter().collect();
        let ids: Vec<i32> = group_of_cell.keys().copied().collect();
        let range = (answer.window.from, answer.window.to);
        let rated = opinions::ratings(snapshot.conn()?, query.project, &ids, range, MOST_OPINIONS + 1)?;
        if rated.len() as i64 > MOST_OPINIONS {
            return Err(QueryError::TooManyOpinions { limit: MOST_OPINIONS });
        }
        let mut tallies: HashMap<&[Option<String>], BTreeMap<Scale, Tally>> = HashMap::new();
        for own in &rated {
            let number = group_of_cell.get(&own.cell_id);
            let Some(group) = number.and_then(|number| values.get(*number as usize)) else {
                continue;
            };
            let scales = tallies.entry(group.as_slice()).or_default();
            scales.entry(Scale::of(own)).or_default().add(own);
        }
        let groups = answer.rows.iter().map(|row| {
            let scales = tallies.remove(row.group.as_slice()).unwrap_or_default();
            let mut scales: Vec<RatedScale> = scales
                .into_iter()
                .map(|(scale, tally)| tally.told(scale, query.level))
                .collect();
            scales.sort_by_key(|scale| std::cmp::Reverse(scale.ratings));
            GroupRatings {
                row: row.clone(),
                scales,
            }
        });
        Ok(Ratings {
            groups: groups.collect(),
            answer,
        })
    })
}

/// The ends of a scale, in units that compare exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Scale {
    lowest: i64,
    highest: i64,
}

/// As sums of ratings are kept: a rating is found again whatever rounding its place on the scale went through.
fn whole(rating: f64) -> i64 {
    (rating * RATING_SCALE).round() as i64
}

fn real(rating: i64) -> f64 {
    rating as f64 / RATING_SCALE
}

const ONE: i64 = RATING_SCALE as i64;

impl Scale {
    fn of(rated: &Rated) -> Scale {
        let (lowest, highest) = rated.lowest.zip(rated.highest).unwrap_or(PLACES);
        Scale {
            lowest: whole(lowest),
            highest: whole(highest),
        }
    }

    /// The rating at a place from 0 to 1.
    fn at(self, place: f64) -> i64 {
        let (low, high) = (real(self.lowest), real(self.highest));
        whole(low + place * (high - low))
    }

    /// What the steps are, if these are the ratings.
    fn form(self, mut ratings: impl Iterator<Item = i64>) -> ScaleForm {
        let is_whole = |rating: i64| rating % ONE == 0;
        let ends = [self.lowest, self.highest];
        let steps = (self.highest - self.lowest) / ONE;
        if steps > MOST_STEPS || !ends.into_iter().all(is_whole) || !ratings.all(is_whole) {
            return ScaleForm::Bands;
        }
        match ends {
            [0, ONE] => ScaleForm::Thumbs,
            _ => ScaleForm::Steps,
        }
    }

    /// The ends of all steps, in their order.
    fn steps(self, form: ScaleForm) -> Vec<(i64, i64)> {
        match form {
            ScaleForm::Bands => {
                let edge = |band: usize| self.at(band as f64 / BANDS as f64);
                (0..BANDS).map(|band| (edge(band), edge(band + 1))).collect()
            }
            _ => {
                let steps = (self.highest - self.lowest) / ONE;
                let rating = |step: i64| self.lowest + step * ONE;
                (0..=steps).map(|step| (rating(step), rating(step))).collect()
            }
        }
    }

    /// The step of a rating.
    fn step(self, form: ScaleForm, rating: i64) -> usize {
        let above = rating - self.lowest;
        match form {
            ScaleForm::Bands => bin_index(above as f64 / (self.highest - self.lowest) as f64, BANDS),
            _ => (above / ONE) as usize,
        }
    }
}

/// The ratings on one scale: by the user of the rated output, or the output where no user is known, then by rating.
#[derive(Default)]
struct Tally {
    clusters: BTreeMap<i64, BTreeMap<i64, u64>>,
    /// Clusters that are users.
    users: HashSet<i64>,
}

impl Tally {
    fn add(&mut self, rated: &Rated) {
        let cluster = rated.cluster();
        if rated.user_key.is_some() {
            self.users.insert(cluster);
        }
        let rating = Scale::of(rated).at(rated.value);
        let own = self.clusters.entry(cluster).or_default();
        *own.entry(rating).or_default() += rated.ratings.unsigned_abs();
    }

    fn told(&self, scale: Scale, level: Level) -> RatedScale {
        let form = scale.form(self.clusters.values().flat_map(BTreeMap::keys).copied());
        let steps = scale.steps(form).into_iter().enumerate().map(|(number, (from, to))| {
            let share = self.share(|rating| scale.step(form, rating) == number, level);
            RatingStep {
                from: real(from),
                to: real(to),
                ratings: share.numerator.unwrap_or_default() as u64,
                share,
            }
        });
        let positive = self.share(|rating| 2 * rating > scale.lowest + scale.highest, level);
        RatedScale {
            lowest: real(scale.lowest),
            highest: real(scale.highest),
            form,
            ratings: positive.n,
            steps: steps.collect(),
            positive,
        }
    }

    /// The share of the ratings that are `counted`.
    fn share(&self, counted: impl Fn(i64) -> bool, level: Level) -> Estimate {
        let total = |own: &BTreeMap<i64, u64>| {
            let mut total = (0.0, 0.0);
            for (rating, number) in own {
                let number = *number as f64;
                total.1 += number;
                if counted(*rating) {
                    total.0 += number;
                }
            }
            total
        };
        let totals: Vec<(f64, f64)> = self.clusters.values().map(total).collect();
        let ratio = ClusterRatio::from_totals(&totals);
        share(&ratio, self.users.len() as u64, level, Reason::NoRatings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARS: Scale = Scale {
        lowest: ONE,
        highest: 5 * ONE,
    };

    #[test]
    fn whole_numbers_are_steps_and_halves_are_not() {
        let thumbs = Scale {
            lowest: 0,
            highest: ONE,
        };
        assert_eq!(thumbs.form([0, ONE].into_iter()), ScaleForm::Thumbs);
        assert_eq!(thumbs.form([ONE / 2].into_iter()), ScaleForm::Bands);
        assert_eq!(STARS.form([ONE, 4 * ONE].into_iter()), ScaleForm::Steps);
        assert_eq!(STARS.form([ONE, 9 * ONE / 2].into_iter()), ScaleForm::Bands);
        let percent = Scale {
            lowest: 0,
            highest: 100 * ONE,
        };
        assert_eq!(percent.form([7 * ONE].into_iter()), ScaleForm::Bands);
    }

    #[test]
    fn ratings_are_found_again_from_their_places() {
        for steps in 1..=MOST_STEPS {
            let scale = Scale {
                lowest: -3 * ONE,
                highest: (steps - 3) * ONE,
            };
            let all = scale.steps(ScaleForm::Steps);
            assert_eq!(all.len() as i64, steps + 1);
            for (number, (rating, _)) in all.into_iter().enumerate() {
                let place = (real(rating) - real(scale.lowest)) / (real(scale.highest) - real(scale.lowest));
                assert_eq!(
                    (scale.at(place), scale.step(ScaleForm::Steps, rating)),
                    (rating, number)
                );
            }
        }
    }

    #[test]
    fn every_rating_is_in_one_band_between_its_ends() {
        let bands = STARS.steps(ScaleForm::Bands);
        assert_eq!((bands.len(), bands[0].0, bands[9].1), (BANDS, ONE, 5 * ONE));
        for rating in (ONE..=5 * ONE).step_by(ONE as usize / 100) {
            let (from, to) = bands[STARS.step(ScaleForm::Bands, rating)];
            assert!(from <= rating && rating <= to, "{rating} is not from {from} to {to}");
        }
    }
}
