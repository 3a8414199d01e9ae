//! Changes, explained.

use calibrant::domain::dimension::Dimension;
use calibrant::domain::window::Window;
use calibrant::query::analyses::explain::{self, Explained, Question};
use calibrant::query::{Query, QueryError, cuts, plan};

use super::{about, both_ways, end, world};

fn explained(query: Query, before: Window) -> Explained {
    let question = Question {
        query,
        before: Some(before),
        dimensions: Vec::new(),
    };
    let world = world();
    let found = world
        .db
        .with(|conn| explain::run(conn, &world.sources, &question, end()));
    found.unwrap()
}

/// The time before the flaw in German summaries, and after.
fn flaw() -> (Query, Window) {
    let planted = &world().truth.planted;
    let flaw = planted
        .iter()
        .find(|planted| planted.kind == "segment_regresses")
        .unwrap();
    assert_eq!(flaw.feature, "file.summary");
    let mut query = about("file.summary", &["acceptance_rate"]);
    query.from = Some(flaw.since);
    query.to = Some(end());
    let first = end() - chrono::TimeDelta::days(40);
    let before = Window {
        from: first,
        to: flaw.since,
    };
    (query, before)
}

#[test]
fn the_planted_segment_leads() {
    let (query, before) = flaw();
    for query in both_ways(&query) {
        let found = explained(query, before);
        let leading = &found.leading[0];
        assert_eq!(
            (leading.dimension.as_str(), leading.value.as_deref()),
            ("locale", Some("de")),
            "{:#?}",
            found.leading
        );
        assert!(
            leading.rate < -0.01 && leading.contribution.upper.unwrap() < 0.0,
            "{leading:?}"
        );
    }
}

#[test]
fn segments_add_up_to_the_change_in_every_dimension() {
    let (query, before) = flaw();
    let found = explained(query, before);
    let change = found.change.value.unwrap();
    assert!(found.dimensions.len() >= 2);
    for dimension in &found.dimensions {
        let sum: f64 = dimension
            .segments
            .iter()
            .map(|segment| segment.mix + segment.rate)
            .sum();
        assert!(
            (sum - change).abs() < 1e-12,
            "{}: {sum} against {change}",
            dimension.dimension
        );
        assert!((dimension.mix + dimension.rate - change).abs() < 1e-12);
        for share in [0, 1] {
            let shares = dimension
                .segments
                .iter()
                .map(|segment| [segment.share_before, segment.share_after][share]);
            assert!((shares.sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}

#[test]
fn the_error_of_a_contribution_is_that_of_leaving_users_out() {
    // The exact error is linearised over users, the one from rollups over 64 groups of them: two estimates of one thing.
    let (query, before) = flaw();
    let [exact, rolled] = both_ways(&query).map(|query| explained(query, before));
    let of = |found: &Explained| {
        let locale = found
            .dimensions
            .iter()
            .find(|dimension| dimension.dimension == "locale")
            .unwrap();
        let german = locale
            .segments
            .iter()
            .find(|segment| segment.value.as_deref() == Some("de"))
            .unwrap();
        let between = german.contribution;
        (between.value.unwrap(), between.upper.unwrap() - between.lower.unwrap())
    };
    let ((a, width), (b, other)) = (of(&exact), of(&rolled));
    assert!((a - b).abs() < 1e-12);
    assert!((0.6..1.6).contains(&(width / other)), "{width} against {other}");
}

#[test]
fn cuts_are_what_each_dimension_alone_gives() {
    let world = world();
    let dimensions = [
        Dimension::Version,
        Dimension::Attribute("locale".to_owned()),
        Dimension::Model,
    ];
    let mut asked = about("file.summary", &["acceptance_rate", "auroc_acceptance"]);
    asked.contributions = true;
    for query in both_ways(&asked) {
        let (together, apart) = world
            .db
            .with(|conn| -> Result<_, QueryError> {
                let together = cuts::rows(conn, &world.sources, &query, &dimensions, end())?;
                let apart = dimensions.iter().map(|dimension| {
                    let mut query = query.clone();
                    query.group_by = vec![dimension.clone()];
                    Ok(plan::answer(conn, &world.sources, &query, end())?.rows)
                });
                Ok((together, apart.collect::<Result<Vec<_>, QueryError>>()?))
            })
            .unwrap();
        assert!(together[0].len() > 1);
        assert_eq!(together, apart);
    }
}
