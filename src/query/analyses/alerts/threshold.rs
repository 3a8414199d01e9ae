//! Is the whole interval on the wrong side of a level?

use super::look::{AlertCause, AlertLook, AlertState, Looked, Transition};
use super::reader::Reader;
use super::{AlertSide, Memory, words};
use crate::query::request::QueryError;

pub fn look(
    reader: &mut Reader,
    memory: &mut Memory,
    day: i32,
    side: AlertSide,
    level: f64,
    hysteresis: f64,
) -> Result<Looked, QueryError> {
    let estimate = reader.lately(day)?;
    let look = AlertLook::at(reader.rule, day, reader.level.get(), &estimate);
    let transition = step(memory, &look, day, side, level, hysteresis).map(|(to, cause)| Transition {
        to,
        cause,
        sentence: words::threshold(reader.rule, &look, side, level, to),
    });
    Ok(Looked {
        look,
        state: memory.state,
        transition,
    })
}

/// What a look does to the state.
fn step(
    memory: &mut Memory,
    look: &AlertLook,
    day: i32,
    side: AlertSide,
    level: f64,
    hysteresis: f64,
) -> Option<(AlertState, AlertCause)> {
    let (lower, upper) = look.lower.zip(look.upper).filter(|_| look.is_told())?;
    let beyond = match side {
        AlertSide::Below => upper < level,
        AlertSide::Above | AlertSide::Either => lower > level,
    };
    let back = match side {
        AlertSide::Below => upper >= level + hysteresis,
        AlertSide::Above | AlertSide::Either => lower <= level - hysteresis,
    };
    match memory.state {
        AlertState::Firing => memory.is_calm(back).then(|| {
            memory.turn(AlertState::Ok, day);
            (AlertState::Ok, AlertCause::Recovered)
        }),
        AlertState::Waiting | AlertState::Ok if beyond => {
            memory.turn(AlertState::Firing, day);
            Some((AlertState::Firing, AlertCause::Crossed))
        }
        AlertState::Waiting | AlertState::Ok => {
            memory.state = AlertState::Ok;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::LookStanding;
    use super::*;
    use crate::stats::cluster::ClusterRatio;
    use crate::stats::level::Level;
    use crate::stats::random::Random;
    use crate::stats::watch;

    fn look(lower: f64, upper: f64) -> AlertLook {
        AlertLook {
            from: chrono::DateTime::UNIX_EPOCH,
            to: chrono::DateTime::UNIX_EPOCH,
            value: Some(f64::midpoint(lower, upper)),
            lower: Some(lower),
            upper: Some(upper),
            level: 0.95,
            n: 100,
            users: Some(50),
            standing: LookStanding::Told,
            verdict: None,
            baseline: None,
            evidence: None,
            evidence_needed: None,
            due: None,
        }
    }

    #[test]
    fn fires_on_the_interval_and_clears_beyond_the_margin_twice() {
        let mut memory = Memory::default();
        let mut see = |lower, upper| {
            step(&mut memory, &look(lower, upper), 7, AlertSide::Below, 0.5, 0.02).map(|(_, cause)| cause)
        };
        // The value is below, the interval is not.
        assert_eq!(see(0.40, 0.51), None);
        assert_eq!(see(0.40, 0.49), Some(AlertCause::Crossed));
        assert_eq!(see(0.40, 0.49), None);
        // Back past the level, within the margin.
        assert_eq!(see(0.45, 0.51), None);
        assert_eq!(see(0.46, 0.53), None);
        // Calm looks must follow each other.
        assert_eq!(see(0.45, 0.51), None);
        assert_eq!(see(0.46, 0.53), None);
        assert_eq!(see(0.46, 0.53), Some(AlertCause::Recovered));
        assert_eq!(memory.state, AlertState::Ok);
    }

    #[test]
    fn what_is_too_little_neither_fires_nor_clears() {
        let mut memory = Memory::default();
        let few = AlertLook {
            standing: LookStanding::TooFew,
            ..look(0.1, 0.2)
        };
        let mut see = |look: &AlertLook| step(&mut memory, look, 7, AlertSide::Below, 0.5, 0.0);
        assert_eq!(see(&few), None);
        assert!(see(&look(0.1, 0.2)).is_some());
        let calm = AlertLook {
            standing: LookStanding::TooFew,
            ..look(0.8, 0.9)
        };
        assert_eq!(see(&calm), None);
        assert_eq!(see(&calm), None);
        assert_eq!(memory.state, AlertState::Firing);
    }

    /// A feature whose true rate is the threshold itself, looked at every day for a month: each user has a rate of their own, and comes
    /// back. Gives whether it ever fires.
    fn fires(random: &mut Random, level: Level) -> bool {
        const USERS: usize = 120;
        const WINDOW: usize = 7;
        let rates: Vec<f64> = (0..USERS)
            .map(|_| 0.5 + 0.45 * (2.0 * random.uniform() - 1.0))
            .collect();
        let mut days: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut memory = Memory::default();
        for day in 0..WINDOW + 30 {
            days.push(vec![(0.0, 0.0); USERS]);
            for (user, rate) in rates.iter().enumerate() {
                if random.uniform() < 0.4 {
                    let taken = f64::from(u8::from(random.uniform() < *rate));
                    days[day][user] = (taken, 1.0);
                }
            }
            if day < WINDOW {
                continue;
            }
            let totals: Vec<(f64, f64)> = (0..USERS)
                .map(|user| {
                    let own = days[day + 1 - WINDOW..=day].iter().map(|day| day[user]);
                    own.fold((0.0, 0.0), |sum, day| (sum.0 + day.0, sum.1 + day.1))
                })
                .filter(|total| total.1 > 0.0)
                .collect();
            let interval = ClusterRatio::from_totals(&totals).wilson(level).unwrap();
            let seen = look(interval.lower, interval.upper);
            if step(&mut memory, &seen, 7, AlertSide::Below, 0.5, 0.0).is_some() {
                return true;
            }
        }
        false
    }

    #[test]
    fn looking_every_day_seldom_fires_where_nothing_is_wrong() {
        const SERIES: u32 = 300;
        let mut shares = [0, 0];
        for (share, level) in shares.iter_mut().zip([watch::level(0.05).unwrap(), Level::default()]) {
            let mut random = Random::new(21);
            *share = (0..SERIES).map(|_| u32::from(fires(&mut random, level))).sum();
        }
        let [shared, alone] = shares;
        // The users of a feature are a sample too: their own rate may be below, and then every look says so.
        assert!(shared <= SERIES / 20, "{shared} of {SERIES}");
        assert!(
            alone > SERIES / 20,
            "intervals of a single look are not honest: {alone} of {SERIES}"
        );
    }
}
