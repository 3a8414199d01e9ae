//! The dimensions that a question names, against those that its project has.

use std::collections::BTreeSet;

use super::request::{Query, QueryError, declarable};
use crate::domain::dimension::Dimension;
use crate::store::projects::Project;

/// Refuses dimensions that the project does not have, and attributes that it has not declared.
pub fn check(query: &Query, project: &Project) -> Result<(), QueryError> {
    match undeclared(query.dimensions(), project)?.pop_first() {
        Some(name) => Err(unknown_dimension(&Dimension::of_attribute(&name), project)),
        None => Ok(()),
    }
}

/// The attributes by their full names that the project has not declared. Refuses other dimensions that it does not have.
pub fn undeclared<'a>(
    asked: impl Iterator<Item = &'a Dimension>,
    project: &Project,
) -> Result<BTreeSet<String>, QueryError> {
    let is_declared = |name: &String| project.dimensions.binary_search(name).is_ok();
    let mut undeclared = BTreeSet::new();
    for dimension in asked {
        match dimension {
            Dimension::Attribute(name) if !is_declared(name) => return Err(unknown_dimension(name, project)),
            Dimension::AnyAttribute(name) if !is_declared(name) => {
                // It will be a column of the answer. By its full name it is no built-in dimension.
                declarable(&Dimension::full_name(name)).map_err(|reason| QueryError::NoDimension { reason })?;
                undeclared.insert(name.clone());
            }
            _ => {}
        }
    }
    Ok(undeclared)
}

fn unknown_dimension(name: &str, project: &Project) -> QueryError {
    let built_in = Dimension::BUILT_IN.iter().map(|dimension| dimension.name().to_owned());
    let declared = project.dimensions.iter().map(|name| Dimension::of_attribute(name));
    QueryError::UnknownDimension {
        name: name.to_owned(),
        known: built_in.chain(declared).collect(),
    }
}
