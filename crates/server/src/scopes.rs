//! Scopes: the parts of the interface to which a key can be narrowed, by the names in its paths.
//!
//! A scope never lets do what the role of the key does not.

use std::collections::BTreeSet;

use axum::http::Method;

use crate::auth::Who;
use crate::routes::ROUTES;

/// What a scope ends with that lets look only.
const READ: &str = ":read";

/// Of those that legal requests are worked on by, which have paths of the reference.
const REQUESTS: [&str; 4] = ["requests", "subjects", "tenants", "policies"];

/// The part of the interface that a route belongs to.
pub(crate) fn of(path: &str) -> &str {
    let path = path.strip_prefix('~').unwrap_or(path);
    let bases = ["/api/public/v1", "/api/public/v2", "/api/v1", "/v1"];
    let rest = bases.iter().find_map(|base| path.strip_prefix(base));
    let first = rest.unwrap_or(path).trim_start_matches('/');
    let first = first.split('/').next().unwrap_or_default();
    // A form of a list belongs to the list.
    let name = first.split('.').next().unwrap_or_default();
    if REQUESTS.contains(&name) {
        "requests"
    } else {
        name
    }
}

/// Every part of the interface that needs a key.
pub(crate) fn all() -> BTreeSet<&'static str> {
    let routes = ROUTES.iter().filter(|route| route.who != Who::Anybody);
    routes.map(|route| of(route.path)).collect()
}

/// Whether a scope can be given.
pub(crate) fn is_known(scope: &str) -> bool {
    all().contains(scope.strip_suffix(READ).unwrap_or(scope))
}

/// Whether scopes reach a part of the interface; none at all reach everything.
pub(crate) fn reach(scopes: &[String], part: &str, method: &Method) -> bool {
    scopes.is_empty() || scopes.iter().any(|scope| reaches(scope, part, method))
}

fn reaches(scope: &str, part: &str, method: &Method) -> bool {
    match scope.strip_suffix(READ) {
        Some(within) => within == part && method == Method::GET,
        None => scope == part,
    }
}

/// Whether whoever has the first scopes may hand out the others: a narrow key makes no wider one.
pub(crate) fn cover(own: &[String], given: &[String]) -> bool {
    let is_within = |scope: &String| {
        let whole = scope.strip_suffix(READ);
        own.contains(scope) || whole.is_some_and(|whole| own.iter().any(|it| it == whole))
    };
    own.is_empty() || (!given.is_empty() && given.iter().all(is_within))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn every_route_belongs_to_a_part() {
        for route in ROUTES {
            for path in route.paths() {
                assert_eq!(of(&path), of(route.path), "{path}");
            }
            assert!(
                route.who == Who::Anybody || is_known(of(route.path)),
                "{}",
                route.path
            );
        }
        assert_eq!(of("/api/v1/findings.csv"), "findings");
        assert_eq!(of("/policies/custom/register"), "requests");
        assert_eq!(of("/v1/compliance/dsar/{id}"), "compliance");
        assert!(is_known("jobs") && is_known("jobs:read"));
        assert!(!is_known("") && !is_known("odd") && !is_known("jobs:write"));
    }

    #[test]
    fn a_scope_reaches_its_part_and_a_narrow_key_makes_no_wider_one() {
        let some = scopes(&["jobs", "sources:read"]);
        assert!(reach(&some, "jobs", &Method::POST) && reach(&some, "sources", &Method::GET));
        assert!(!reach(&some, "sources", &Method::POST) && !reach(&some, "keys", &Method::GET));
        assert!(reach(&[], "keys", &Method::DELETE));
        assert!(cover(&[], &[]) && cover(&some, &scopes(&["jobs:read"])));
        assert!(!cover(&some, &[]) && !cover(&some, &scopes(&["sources"])));
    }
}
