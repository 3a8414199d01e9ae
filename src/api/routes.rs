//! The routes of the API, as they are described: which there are, what they take, and who may call them.

use std::collections::BTreeSet;

use actix_web::web;
use serde_json::Value;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

use super::error::{ApiError, ErrorCode};
use crate::domain::scope::Scope;

/// All of them.
#[derive(Clone, Debug)]
pub struct Routes(Vec<Path>);

#[derive(Clone, Debug)]
struct Path {
    template: String,
    routes: Vec<Route>,
    /// Those of the routes, and HEAD where there is GET.
    methods: Vec<&'static str>,
}

/// What is described of a route.
#[derive(Clone, Debug)]
pub struct Route {
    method: &'static str,
    /// The names of its parameters in the query.
    parameters: Vec<String>,
    /// The scopes that its keys must have.
    scopes: Vec<String>,
}

impl Routes {
    pub fn of(api: &OpenApi) -> Routes {
        let paths = api.paths.paths.iter();
        let known = paths.map(|(template, item)| {
            let routes = routes(item);
            let methods = routes.iter().flat_map(|route| match route.method {
                "GET" => vec!["GET", "HEAD"],
                method => vec![method],
            });
            Path {
                template: template.clone(),
                methods: methods.collect(),
                routes,
            }
        });
        Routes(known.collect())
    }

    /// The methods that some path takes.
    pub fn methods(&self) -> BTreeSet<&'static str> {
        self.0.iter().flat_map(|path| path.methods.iter().copied()).collect()
    }

    /// What a path takes as itself: literal templates come before those with a name at the same place.
    pub fn methods_at(&self, path: &str) -> Option<&[&'static str]> {
        self.0
            .iter()
            .find(|known| matches(&known.template, path))
            .map(|known| known.methods.as_slice())
    }

    /// The route that takes a method at a path. HEAD has become GET by now.
    pub fn route(&self, method: &str, path: &str) -> Option<&Route> {
        let known = self.0.iter().filter(|known| matches(&known.template, path));
        known
            .flat_map(|known| &known.routes)
            .find(|route| route.method == method)
    }
}

fn routes(item: &PathItem) -> Vec<Route> {
    [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PATCH", &item.patch),
        ("PUT", &item.put),
        ("DELETE", &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some(Route::of(method, operation.as_ref()?)))
    .collect()
}

impl Route {
    fn of(method: &'static str, operation: &Operation) -> Route {
        let parameters = operation.parameters.iter().flatten();
        let parameters = parameters.filter_map(|parameter| match parameter {
            RefOr::T(parameter) => (parameter.parameter_in == ParameterIn::Query).then_some(parameter),
            RefOr::Ref(_) => None,
        });
        let security = serde_json::to_value(&operation.security).unwrap_or_default();
        let scopes = security.pointer("/0/api_key").and_then(Value::as_array);
        Route {
            method,
            parameters: parameters.map(|parameter| parameter.name.clone()).collect(),
            scopes: scopes
                .into_iter()
                .flatten()
                .filter_map(|scope| Some(scope.as_str()?.to_owned()))
                .collect(),
        }
    }

    /// Whether a key that may only read opens it.
    pub fn is_open_to_readers(&self) -> bool {
        self.scopes.iter().all(|scope| scope == Scope::Read.name())
    }

    /// Refuses a query with a parameter that it does not take.
    pub fn check_names(&self, query: &str) -> Result<(), ApiError> {
        let given = web::Query::<Vec<(String, String)>>::from_query(query)
            .map_err(|error| ApiError::new(ErrorCode::InvalidParameter, error.to_string()))?;
        let Some((name, _)) = given.iter().find(|(name, _)| !self.parameters.contains(name)) else {
            return Ok(());
        };
        let taken = match self.parameters.is_empty() {
            true => "this route takes none".to_owned(),
            false => format!("this route takes {}", self.parameters.join(", ")),
        };
        Err(ApiError::new(
            ErrorCode::InvalidParameter,
            format!("there is no parameter `{name}`: {taken}"),
        ))
    }
}

/// Whether a path fits a template such as `/keys/{id}`.
fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part == segment || (part.starts_with('{') && !segment.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_match_segment_by_segment() {
        assert!(matches("/keys/{id}", "/keys/7"));
        assert!(!matches("/keys/{id}", "/keys/"));
        assert!(!matches("/keys/{id}", "/keys/7/x"));
        assert!(!matches("/keys", "/key"));
    }
}
