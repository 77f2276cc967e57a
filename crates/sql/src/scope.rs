//! Which entities a scope wants.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use locard_connector::{Error, ErrorKind, Result, Scope};

/// The globs of a scope, compiled. `*` stops at no dot, so `crm*` holds `crm.customers`.
#[derive(Clone, Debug)]
pub struct Globs {
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Globs {
    /// Compiles a scope's globs.
    pub fn new(scope: &Scope) -> Result<Self> {
        let include = (!scope.include.is_empty())
            .then(|| compile(&scope.include))
            .transpose()?;
        Ok(Self {
            include,
            exclude: compile(&scope.exclude)?,
        })
    }

    /// Whether the resource (`schema.table`) is wanted.
    pub fn admit(&self, resource: &str) -> bool {
        self.include
            .as_ref()
            .is_none_or(|globs| globs.is_match(resource))
            && !self.exclude.is_match(resource)
    }
}

fn compile(globs: &[String]) -> Result<GlobSet> {
    let fault = |glob: &str| {
        Error::new(ErrorKind::Settings, format!("`{glob}` is not a glob"))
            .hint("`*` and `?` stand for any text and any character, `[ab]` for a choice")
    };
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(
            GlobBuilder::new(glob)
                .literal_separator(false)
                .build()
                .map_err(|_| fault(glob))?,
        );
    }
    set.build().map_err(|_| fault(&globs.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(include: &[&str], exclude: &[&str], resource: &str) -> bool {
        let own = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
        Globs::new(&Scope {
            include: own(include),
            exclude: own(exclude),
        })
        .unwrap()
        .admit(resource)
    }

    #[test]
    fn nothing_included_means_all() {
        assert!(check(&[], &[], "crm.customers"));
        assert!(!check(&[], &["crm.*"], "crm.customers"));
        assert!(check(&["crm*"], &[], "crm.customers"));
        assert!(!check(&["hr.*"], &[], "crm.customers"));
    }

    #[test]
    fn a_broken_glob_is_a_settings_error() {
        let scope = Scope {
            include: vec!["[".into()],
            exclude: Vec::new(),
        };
        assert_eq!(Globs::new(&scope).unwrap_err().kind(), ErrorKind::Settings);
    }
}
