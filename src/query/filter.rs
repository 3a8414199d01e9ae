//! Conditions on dimensions.

use crate::domain::dimension::{Cell, Dimension};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// One of the values.
    In,
    /// None of the values.
    NotIn,
}

/// A condition on one dimension. `None` among the values stands for outputs without that dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter {
    pub dimension: Dimension,
    pub operator: Operator,
    pub values: Vec<Option<String>>,
}

impl Filter {
    /// Keeps outputs with this value.
    pub fn is(dimension: Dimension, value: impl Into<String>) -> Filter {
        Filter {
            dimension,
            operator: Operator::In,
            values: vec![Some(value.into())],
        }
    }

    pub fn accepts(&self, cell: &Cell) -> bool {
        self.accepts_value(cell.value(&self.dimension))
    }

    pub fn accepts_value(&self, found: Option<&str>) -> bool {
        let listed = self.values.iter().any(|value| value.as_deref() == found);
        listed == (self.operator == Operator::In)
    }
}
