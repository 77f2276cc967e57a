//! The families of paths: what a path begins with says in whose words faults are told, and how strictly a query is read.

/// Whose interface a path is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Ours.
    Management,
    /// The reference's jobs.
    Reference,
    /// The reference's DSAR jobs.
    Compliance,
    /// The reference's legal requests.
    Requests,
    /// What a recipient's link leads to.
    Delivery,
    /// What stands by itself: health, figures, pages.
    Plain,
}

/// What each family's paths begin with.
const BEGINNINGS: [(&str, Family); 12] = [
    ("~", Family::Reference),
    ("/api/public", Family::Reference),
    ("/api/v1", Family::Management),
    ("/v1/compliance", Family::Compliance),
    ("/v1/delivery", Family::Delivery),
    ("/requests", Family::Requests),
    ("/subjects", Family::Requests),
    ("/tenants", Family::Requests),
    ("/policies", Family::Requests),
    ("/init", Family::Requests),
    ("/status", Family::Requests),
    ("/errors", Family::Requests),
];

impl Family {
    /// That of a path, whether or not something stands there.
    pub(crate) fn of(path: &str) -> Self {
        let is_below = |base: &str| {
            let rest = path.strip_prefix(base);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let found = BEGINNINGS.iter().find(|(base, _)| is_below(base));
        found.map_or(Self::Plain, |(_, family)| *family)
    }

    /// Whether a query may hold nothing but what is heeded. Clients of the reference send what they always sent.
    pub(crate) const fn checks_queries(self) -> bool {
        matches!(self, Self::Management | Self::Compliance)
    }

    /// Whether what its paths name has a state that may forbid what is asked, be it only to look.
    pub(crate) const fn has_states(self) -> bool {
        matches!(self, Self::Compliance | Self::Requests)
    }

    /// As what faults are told.
    pub(crate) const fn fault_type(self) -> &'static str {
        match self {
            Self::Reference | Self::Compliance | Self::Requests => "application/json",
            Self::Management | Self::Delivery | Self::Plain => "application/problem+json",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_of_the_family_that_it_begins_with() {
        for (path, family) in [
            ("~/jobs/{id}/status", Family::Reference),
            ("/api/public/v2/jobs/7/status", Family::Reference),
            ("/api/v1/jobs", Family::Management),
            ("/v1/compliance/dsar", Family::Compliance),
            ("/v1/delivery/7", Family::Delivery),
            ("/requests", Family::Requests),
            ("/requests/7/hold", Family::Requests),
            ("/requestsand", Family::Plain),
            ("/healthz", Family::Plain),
            ("/errors/7", Family::Requests),
        ] {
            assert_eq!(Family::of(path), family, "{path}");
        }
    }
}
