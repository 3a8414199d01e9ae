//! What waits in the rollups is merged from time to time.

use calibrant::domain::event::Event;
use calibrant::fold::step;
use calibrant::query::Sources;

use super::world::World;
use super::{computed, fold};
use crate::support::tables;

fn event(number: usize) -> Event {
    let kind = if number % 3 == 2 { "reject" } else { "accept" };
    let text = format!(
        r#"{{"type":"{kind}","output_id":"o{}","feature":"f{}","user_id":"u{}","confidence":0.5,"occurred_at":"2026-03-01T0{}:00:00Z"}}"#,
        number / 2,
        number / 2 % 3,
        number / 2 % 7,
        number % 9,
    );
    serde_json::from_str(&text).unwrap()
}

/// No one sees a difference: neither who followed all along nor who comes afterwards.
#[test]
fn merging_changes_no_number() {
    let world = World::new();
    let mut conn = world.db.dedicated().unwrap();
    for number in 0..150 {
        world.store(&[(number, event(number))]);
        fold(&mut conn);
        if number % 10 == 0 {
            world.answer();
        }
    }
    let rows = |table: &str| tables::rows(&world.db, &format!("SELECT day FROM {table}")).len();
    assert!(rows("rollup_columns") > 0, "it was merged");
    assert!(rows("rollup_differences") > 0, "something waits");
    let (followed, numbers) = (world.answer(), computed(&world.db));
    assert!(followed.contains("feature\":\"f2"), "{followed:.200}");
    assert_eq!(world.answer_from(&Sources::default()), followed);

    step::rebuild(&mut conn, |_| ()).unwrap();
    fold(&mut conn);
    assert_eq!(computed(&world.db), numbers);
    assert_eq!(world.answer(), followed);
}
