//! What raters and judges hold of the outputs of a slice.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::decision::Decision;
use crate::domain::event::JudgementSource;
use crate::domain::window::Window;
use crate::query::origin::check_kept;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::store::opinions::{self, Held, RATING};

/// Opinions that are read at most.
pub const MOST_OPINIONS: i64 = 500_000;

/// What kind of holder an opinion has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HolderKind {
    /// A person who rates.
    Rater,
    /// A person who judges.
    Human,
    /// What came of it.
    Outcome,
    /// A program.
    Code,
    /// A language model.
    Llm,
}

impl HolderKind {
    fn of(source: i16) -> HolderKind {
        match source {
            RATING => HolderKind::Rater,
            rank if rank == JudgementSource::Outcome.rank() => HolderKind::Outcome,
            rank if rank == JudgementSource::Code.rank() => HolderKind::Code,
            rank if rank == JudgementSource::Llm.rank() => HolderKind::Llm,
            _ => HolderKind::Human,
        }
    }

    pub fn is_person(self) -> bool {
        matches!(self, HolderKind::Rater | HolderKind::Human)
    }
}

/// Who holds an opinion.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
pub struct Holder {
    pub kind: HolderKind,
    /// Null for the output's own user, and for a judge without a name.
    #[schema(required = true)]
    pub name: Option<String>,
}

/// One opinion, with the numbers of its holder and rubric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    pub holder: usize,
    pub rubric: usize,
    /// From 0 to 1.
    pub value: f64,
    pub is_right: bool,
}

/// An output about which something was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Discussed {
    /// Its user, or itself.
    pub cluster: i64,
    pub has_user: bool,
    /// Whether it was taken, if it was decided.
    pub taken: Option<bool>,
    pub said: Vec<Said>,
}

/// Everything that was said.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    pub holders: Vec<Holder>,
    /// In the order of their names; `None` is the output as a whole.
    pub rubrics: Vec<Option<String>>,
    pub outputs: Vec<Discussed>,
}

impl Heard {
    pub fn kind(&self, said: &Said) -> Option<HolderKind> {
        self.holders.get(said.holder).map(|holder| holder.kind)
    }

    /// The word of people on one rubric: what human judges say of the output, and only if none does, what raters say. A rating tells
    /// how much it was liked, which is not quite whether it is right.
    pub fn people<'a>(&self, output: &'a Discussed, rubric: usize) -> Vec<&'a Said> {
        let of = |kind| {
            let said = output.said.iter().filter(move |said| said.rubric == rubric);
            said.filter(|said| self.kind(said) == Some(kind)).collect::<Vec<_>>()
        };
        let judges = of(HolderKind::Human);
        if judges.is_empty() {
            of(HolderKind::Rater)
        } else {
            judges
        }
    }
}

/// What was heard so far, opinion by opinion.
#[derive(Default)]
struct Listening {
    heard: Heard,
    /// The last output that something was said of.
    last: Option<Uuid>,
    holders: HashMap<(i16, String), usize>,
    rubrics: HashMap<String, usize>,
    opinions: i64,
}

impl Listening {
    /// Adds an opinion. Those on one output come one after another.
    fn add(&mut self, held: Held) -> Result<(), QueryError> {
        self.opinions += 1;
        if self.opinions > MOST_OPINIONS {
            return Err(QueryError::TooManyOpinions { limit: MOST_OPINIONS });
        }
        let Heard {
            holders,
            rubrics,
            outputs,
        } = &mut self.heard;
        if self.last.replace(held.output_key) != Some(held.output_key) {
            let decision = Decision::from_code(held.decision).filter(|decision| decision.is_decided());
            outputs.push(Discussed {
                cluster: held.cluster(),
                has_user: held.user_key.is_some(),
                taken: decision.map(Decision::is_taken),
                said: Vec::with_capacity(1),
            });
        }
        let said = Said {
            value: held.value,
            is_right: held.is_right,
            holder: *self
                .holders
                .entry((held.source, held.holder))
                .or_insert_with_key(|(source, name)| {
                    holders.push(Holder {
                        kind: HolderKind::of(*source),
                        name: named(name),
                    });
                    holders.len() - 1
                }),
            rubric: *self.rubrics.entry(held.rubric).or_insert_with_key(|name| {
                rubrics.push(named(name));
                rubrics.len() - 1
            }),
        };
        if let Some(output) = outputs.last_mut() {
            output.said.push(said);
        }
        Ok(())
    }
}

fn named(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}

/// What was asked for, and as of when.
pub struct Listened<T> {
    pub found: T,
    pub window: Window,
    pub log_position: i64,
}

/// Hands all opinions on the outputs that pass the question's filters to `analyse`, from one state of the database. An error where not all
/// of those outputs are kept.
pub fn listen<T>(
    conn: &mut diesel::PgConnection,
    sources: &Sources,
    query: &Query,
    analyse: impl FnOnce(&Heard) -> T,
) -> Result<Listened<T>, QueryError> {
    sources.asked(conn, query, |snapshot, project, window| {
        check_kept(snapshot, &window)?;
        let cells: Vec<i32> = snapshot.view.cells_where(&query.filters).into_iter().collect();
        let range: (DateTime<Utc>, DateTime<Utc>) = (window.from, window.to);
        let mut listening = Listening::default();
        opinions::each_on_outputs(
            snapshot.conn()?,
            query.project,
            &cells,
            range,
            MOST_OPINIONS + 1,
            |held| listening.add(held),
        )?;
        Ok(Listened {
            found: analyse(&listening.heard),
            window,
            log_position: project.folded_events,
        })
    })
}
