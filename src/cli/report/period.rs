//! What the numbers of a report are about: a time range, the two periods whose change is looked at, and filters; as the dashboard has
//! them in its address. Days are UTC days.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use clap::Args;
use serde_json::json;

use super::source::Param;
use crate::domain::clock;

#[derive(Clone, Debug, Args)]
pub struct Scope {
    /// The days up to today that the numbers are of, such as 7d or 90d; or `all`
    #[arg(long, default_value = "28d", value_name = "DAYS", value_parser = days)]
    range: Days,
    /// The first day, instead of a range
    #[arg(long, value_name = "DATE", conflicts_with = "range")]
    from: Option<NaiveDate>,
    /// The last day
    #[arg(long, value_name = "DATE", conflicts_with = "range")]
    to: Option<NaiveDate>,
    /// The days whose change against as many before is looked at
    #[arg(long, default_value = "7d", value_name = "DAYS", value_parser = change_days)]
    change: i64,
    /// Only outputs like these: `locale=de`, or `version` for those without one; one dimension's values are alternatives
    #[arg(long = "filter", value_name = "DIMENSION=VALUE")]
    filters: Vec<String>,
}

/// A number of days, or all.
type Days = Option<i64>;

fn days(text: &str) -> Result<Days, String> {
    if text == "all" {
        Ok(None)
    } else {
        change_days(text).map(Some)
    }
}

fn change_days(text: &str) -> Result<i64, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    days.filter(|days| (1..=3650).contains(days))
        .ok_or_else(|| "must be a number of days such as 28d".to_owned())
}

impl Scope {
    /// Of what most questions are about.
    pub fn params(&self, now: DateTime<Utc>) -> Vec<Param> {
        let mut params = Vec::new();
        let (from, to) = self.ends(now);
        params.extend(from.map(|from| ("from", written(from))));
        params.extend(to.map(|to| ("to", written(to))));
        params.extend(self.filters());
        params
    }

    /// Of a question about a change.
    pub fn change_params(&self, now: DateTime<Utc>) -> Vec<Param> {
        let end = self.ends(now).1.unwrap_or_else(|| tomorrow(now));
        let before = |periods: i64| written(end - TimeDelta::days(self.change * periods));
        let mut params = vec![
            ("from", before(1)),
            ("to", before(0)),
            ("before_from", before(2)),
            ("before_to", before(1)),
        ];
        params.extend(self.filters());
        params
    }

    pub fn filters(&self) -> Option<Param> {
        let mut alternatives: BTreeMap<&str, Vec<Option<&str>>> = BTreeMap::new();
        for filter in &self.filters {
            let (dimension, value) = match filter.split_once('=') {
                Some((dimension, value)) => (dimension, Some(value)),
                None => (filter.as_str(), None),
            };
            alternatives.entry(dimension).or_default().push(value);
        }
        let filters: Vec<_> = alternatives
            .into_iter()
            .map(|(dimension, values)| json!({"dimension": dimension, "op": "in", "value": values}))
            .collect();
        (!filters.is_empty()).then(|| ("filters", json!(filters).to_string()))
    }

    /// The later period of a change in words.
    pub fn change_name(&self) -> String {
        format!("last {} days", self.change)
    }

    /// Half-open; an end that is missing is left to the server.
    fn ends(&self, now: DateTime<Utc>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let midnight = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
        if self.from.is_some() || self.to.is_some() {
            return (
                self.from.map(midnight),
                self.to.map(|day| midnight(day) + TimeDelta::days(1)),
            );
        }
        let end = tomorrow(now);
        let from = self.range.map(|days| end - TimeDelta::days(days));
        (from, from.map(|_| end))
    }
}

fn tomorrow(now: DateTime<Utc>) -> DateTime<Utc> {
    clock::midnight(clock::day_of(now) + 1)
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        scope: Scope,
    }

    fn scope(arguments: &[&str]) -> Scope {
        Line::parse_from([&["report"], arguments].concat()).scope
    }

    fn now() -> DateTime<Utc> {
        "2026-11-25T18:00:00Z".parse().unwrap()
    }

    fn values(params: Vec<Param>) -> Vec<String> {
        params.into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn ranges_end_with_today() {
        let params = values(scope(&[]).params(now()));
        assert_eq!(params, ["2026-10-29T00:00:00Z", "2026-11-26T00:00:00Z"]);
        assert_eq!(values(scope(&["--range", "all"]).params(now())).len(), 0);
        let params = values(scope(&["--from", "2026-11-01", "--to", "2026-11-02"]).params(now()));
        assert_eq!(params, ["2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z"]);
        assert!(Line::try_parse_from(["report", "--range", "x"]).is_err());
    }

    #[test]
    fn a_change_is_between_neighbouring_periods() {
        let params = values(scope(&["--change", "2d", "--to", "2026-11-04"]).change_params(now()));
        let wanted = [
            "2026-11-03T00:00:00Z",
            "2026-11-05T00:00:00Z",
            "2026-11-01T00:00:00Z",
            "2026-11-03T00:00:00Z",
        ];
        assert_eq!(params, wanted);
    }

    #[test]
    fn values_of_one_dimension_are_alternatives() {
        let (_, filters) = scope(&["--filter", "a=1", "--filter", "b", "--filter", "a=2"])
            .filters()
            .unwrap();
        let wanted = r#"[{"dimension":"a","op":"in","value":["1","2"]},{"dimension":"b","op":"in","value":[null]}]"#;
        assert_eq!(filters, wanted);
    }
}
