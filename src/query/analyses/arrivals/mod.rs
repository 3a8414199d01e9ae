//! On which days and in which segments are users not spread over the arms as planned?
//!
//! A mismatch of all users says that assignment is broken; this says where, so that the cause can be found (Fabijan et al. 2019). Each
//! user of an arm is counted once, on the UTC day of the first output there, with the values that the outputs of that day have: later on
//! the arm itself decides who stays, and which versions, models and screens users come to see. The users of all days are therefore those of
//! the arm. Days and segments are [tested](balance::by_place) together against the planned shares. Where one platform is broken, so is every
//! country that has users of it: only those places stand out between which the shares [differ](balance::alike).
//!
//! A difference between segments may be what the arms do rather than what is wrong with them:
//!
//! * A dimension that the arms' filters name is left out: it says who is in which arm by definition.
//! * So is one that follows the arms, of which no value is in all of them: the version that came with the candidate, say. It may also be what decides
//!   the arm, which counts of users cannot tell apart, so that the answer names it.
//! * A single value that an arm hardly has is tested, since a platform that an arm never reached looks the same, and the answer says that
//!   the arm may be the reason.
//! * A dimension with one value says what all users say, and is not repeated.

mod finding;
mod read;
mod words;

use std::collections::HashSet;

use diesel::pg::PgConnection;

pub use self::finding::{
    LeftOut, LeftOutReason, PeriodBalance, PlaceBalance, PlacesBalance, SegmentBalance, SharesDiffer,
};
use self::read::{Arrivals, ByValue};
use crate::domain::clock;
use crate::domain::dimension::Dimension;
use crate::domain::window::{Granularity, Window};
use crate::query::filter::Filter;
use crate::query::request::{MAX_BUCKETS, Query, QueryError};
use crate::query::snapshot::Snapshot;
use crate::query::sources::Sources;
use crate::stats::balance;
use crate::stats::multiple;
use crate::store::projects;

/// What shares may differ by besides dimensions, none of which may be called so.
const TIME: &str = "time";
/// Segments of a dimension that are tested: those with most users.
pub const MOST_SEGMENTS: usize = 50;
/// An arm with less than this share of the users due to it hardly has a segment.
const HARDLY: f64 = 0.1;

/// An arm whose users are counted.
pub struct Arriving<'a> {
    pub name: &'a str,
    pub filters: &'a [Filter],
    /// Users that were to be in it, in proportion to the shares of the others.
    pub share: f64,
}

/// Looks at the users of arms in the caller's transaction, which sees one state of the database. `None` where days and segments cannot
/// be told apart: where outputs would have to be read that are too many or no longer kept.
pub fn find(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    window: &Window,
    arms: &[Arriving],
) -> Result<Option<PlacesBalance>, QueryError> {
    let project = projects::find(conn, query.project)?;
    let mut query = query.clone();
    query.arms = arms.iter().map(|arm| arm.filters.to_vec()).collect();
    let mut snapshot = Snapshot::new(conn, sources, &project)?;
    let Some(arrivals) = read::read(&mut snapshot, &query, &project, window)? else {
        return Ok(None);
    };
    let declared = project.dimensions.iter().cloned().map(Dimension::Attribute);
    let dimensions = Dimension::BUILT_IN.into_iter().chain(declared);
    Ok(Some(places(&arrivals, arms, dimensions)))
}

fn places(arrivals: &Arrivals, arms: &[Arriving], dimensions: impl Iterator<Item = Dimension>) -> PlacesBalance {
    let shares: Vec<f64> = arms.iter().map(|arm| arm.share).collect();
    let (granularity, mut over_time) = over_time(arrivals, &shares);
    let defining: HashSet<&str> = arms
        .iter()
        .flat_map(|arm| arm.filters)
        .map(|filter| filter.dimension.name())
        .collect();
    let mut differences = Differences::default();
    differences.add(TIME, over_time.iter().map(|period| &*period.balance.users), &shares);
    let (mut by_segment, mut left_out, mut segments_not_tested) = (Vec::new(), Vec::new(), 0);
    for dimension in dimensions {
        let mut leave_out = |reason| {
            left_out.push(LeftOut {
                dimension: dimension.name().to_owned(),
                reason,
            });
        };
        if defining.contains(dimension.name()) {
            leave_out(LeftOutReason::DefinesArms);
            continue;
        }
        let found = arrivals.by_value(|cell| cell.value(&dimension).map(str::to_owned));
        if found.len() < 2 {
            continue;
        }
        let segments = segments(&found, arms, &shares, &dimension);
        if !segments.is_empty() && segments.iter().all(|segment| !segment.hardly_in.is_empty()) {
            leave_out(LeftOutReason::FollowsArms);
            continue;
        }
        differences.add(dimension.name(), found.values().map(Vec::as_slice), &shares);
        segments_not_tested += (found.len() - segments.len()) as u64;
        by_segment.extend(segments);
    }
    let differences = differences.judged();
    let differ: HashSet<&str> = differences
        .iter()
        .filter(|own| own.differ)
        .map(|own| &*own.by)
        .collect();
    let all = || {
        let periods = over_time.iter().map(|period| &period.balance);
        periods.chain(by_segment.iter().map(|segment| &segment.balance))
    };
    let chances = balance::by_place(all().map(|place| &*place.users), &shares);
    let periods = over_time.iter_mut().map(|period| (TIME, &mut period.balance));
    let segments = by_segment.iter_mut();
    let places = periods.chain(segments.map(|segment| (&*segment.dimension, &mut segment.balance)));
    places
        .zip(chances)
        .for_each(|((by, place), chance)| place.judge(chance, differ.contains(by)));
    by_segment.sort_by(|one, other| one.balance.rank().total_cmp(&other.balance.rank()));
    let mut found = PlacesBalance {
        sentence: String::new(),
        mismatch: over_time.iter().any(|period| period.balance.mismatch)
            || by_segment.iter().any(|segment| segment.balance.mismatch),
        arms: arms.iter().map(|arm| arm.name.to_owned()).collect(),
        over_time,
        granularity,
        by_segment,
        segments_not_tested,
        shares: differences,
        left_out,
    };
    found.sentence = words::sentence(&found);
    found
}

/// The tests of whether shares differ, before they are adjusted for how many there are.
#[derive(Default)]
struct Differences(Vec<(String, f64)>);

impl Differences {
    /// Tests the places that are large enough, and the others as one if they are.
    fn add<'a>(&mut self, by: &str, places: impl Iterator<Item = &'a [u64]>, shares: &[f64]) {
        let (mut tested, small): (Vec<&[u64]>, Vec<&[u64]>) =
            places.partition(|users| balance::is_testable(users, shares));
        let mut others = vec![0; shares.len()];
        for own in small {
            others.iter_mut().zip(own).for_each(|(users, own)| *users += own);
        }
        if balance::is_testable(&others, shares) {
            tested.push(&others);
        }
        if let Some(p_value) = balance::alike(&tested) {
            self.0.push((by.to_owned(), p_value));
        }
    }

    fn judged(self) -> Vec<SharesDiffer> {
        let p_values: Vec<f64> = self.0.iter().map(|(_, p_value)| *p_value).collect();
        let tests = self.0.into_iter().zip(multiple::holm(&p_values));
        tests
            .map(|((by, p_value), adjusted_p_value)| SharesDiffer {
                by,
                p_value,
                adjusted_p_value,
                differ: adjusted_p_value < balance::DIFFERENT,
            })
            .collect()
    }
}

/// The new users of each day, or of each week or month where the days are many.
fn over_time(arrivals: &Arrivals, shares: &[f64]) -> (Granularity, Vec<PeriodBalance>) {
    let mut days = arrivals.by_day.keys();
    let first = days.next().copied().unwrap_or_default();
    let window = Window {
        from: clock::midnight(first),
        to: clock::midnight(days.next_back().copied().unwrap_or(first) + 1),
    };
    let granularity = match Granularity::Auto.resolve(&window) {
        Granularity::Hour => Granularity::Day,
        longer => longer,
    };
    let buckets = granularity
        .buckets(&window, chrono_tz::UTC, MAX_BUCKETS)
        .unwrap_or_default();
    let periods = buckets.into_iter().filter_map(|bucket| {
        let Window { from, to } = bucket.window;
        let mut users = vec![0; shares.len()];
        for own in arrivals
            .by_day
            .range(clock::day_of(from)..clock::day_of(to))
            .map(|(_, own)| own)
        {
            users.iter_mut().zip(own).for_each(|(users, own)| *users += own);
        }
        let balance = PlaceBalance::of(users, shares);
        balance
            .users
            .iter()
            .any(|users| *users > 0)
            .then_some(PeriodBalance { from, to, balance })
    });
    (granularity, periods.collect())
}

/// The segments of a dimension that are large enough to be tested, the largest of them.
fn segments(found: &ByValue, arms: &[Arriving], shares: &[f64], dimension: &Dimension) -> Vec<SegmentBalance> {
    let mut tested: Vec<SegmentBalance> = found
        .iter()
        .filter(|(_, users)| balance::is_testable(users, shares))
        .map(|(value, users)| {
            let balance = PlaceBalance::of(users.clone(), shares);
            let users = arms.iter().zip(&balance.users).zip(&balance.expected);
            let hardly = users.filter(|((_, users), due)| (**users as f64) < HARDLY * **due);
            SegmentBalance {
                dimension: dimension.name().to_owned(),
                value: value.clone(),
                hardly_in: hardly.map(|((arm, _), _)| arm.name.to_owned()).collect(),
                balance,
            }
        })
        .collect();
    tested.sort_by_key(|segment| std::cmp::Reverse(segment.balance.users.iter().sum::<u64>()));
    tested.truncate(MOST_SEGMENTS);
    tested
}
