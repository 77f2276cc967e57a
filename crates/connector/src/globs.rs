//! Globs over resources: what `--include` and `--exclude` mean is the same for files and for tables.

use std::borrow::Cow;

use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

use crate::{Error, ErrorKind, Result, Scope};

/// `*` stays within one name of a path, `**` does not. A glob that is not `exact`, as the one of a target is, and has no `/`
/// is tried on every name; one that names a folder means all in it.
pub fn globs(patterns: &[String], exact: bool) -> Result<GlobSet> {
    compile(patterns, exact, '/')
}

fn compile(patterns: &[String], exact: bool, separator: char) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let anywhere = path(pattern, separator);
        let anywhere = if exact || anywhere.contains('/') {
            anywhere.into_owned()
        } else {
            format!("**/{anywhere}")
        };
        let below = format!("{}/**", anywhere.trim_end_matches('/'));
        for glob in [anywhere, below] {
            let glob = GlobBuilder::new(&glob).literal_separator(true).build();
            set.add(glob.map_err(|error| refused(pattern, error))?);
        }
    }
    set.build()
        .map_err(|error| refused(&patterns.join(" "), error))
}

fn refused(glob: &str, error: globset::Error) -> Error {
    Error::new(ErrorKind::Settings, format!("`{glob}` is not a glob"))
        .hint("`*` and `?` stand for any text and any character, `[ab]` for a choice")
        .cause(error)
}

/// Which folders a target's glob leads through, so that others need not be walked: `*` stays within one name.
#[derive(Clone, Debug, Default)]
pub struct Way(Vec<GlobMatcher>);

impl Way {
    /// The names that the glob begins with, up to the first part that may mean any number of them.
    pub fn of(glob: &str) -> Result<Self> {
        let is_open = |part: &str| {
            let count = |letter| part.matches(letter).count();
            // A slash within a choice does not end it.
            part.contains("**") || count('{') != count('}') || count('[') != count(']')
        };
        let parts = glob.split('/').filter(|part| !part.is_empty());
        let parts = parts.take_while(|part| !is_open(part));
        let parts = parts.map(|part| Ok(Glob::new(part)?.compile_matcher()));
        let parts: Result<_, globset::Error> = parts.collect();
        parts.map(Self).map_err(|error| refused(glob, error))
    }

    /// Whether something that the glob wants may be in the folder, or the glob means the folder itself.
    pub fn leads_through(&self, folder: &str) -> bool {
        let mut names = folder.split('/').zip(&self.0);
        names.all(|(name, part)| part.is_match(name))
    }
}

/// A scope, ready to be asked.
#[derive(Clone, Debug)]
pub struct Globs {
    include: GlobSet,
    exclude: GlobSet,
    separator: char,
}

impl Globs {
    /// Compiles a scope over files: `crm/customers.csv`.
    pub fn of_files(scope: &Scope) -> Result<Self> {
        Self::new(scope, '/')
    }

    /// Compiles a scope over tables: `crm.customers`.
    pub fn of_tables(scope: &Scope) -> Result<Self> {
        Self::new(scope, '.')
    }

    fn new(scope: &Scope, separator: char) -> Result<Self> {
        Ok(Self {
            include: compile(&scope.include, false, separator)?,
            exclude: compile(&scope.exclude, false, separator)?,
            separator,
        })
    }

    /// Whether the resource is wanted.
    pub fn admit(&self, resource: &str) -> bool {
        let included = || self.is_match(&self.include, resource);
        !self.excludes(resource) && (self.include.is_empty() || included())
    }

    /// Whether the resource is left out by name.
    pub fn excludes(&self, resource: &str) -> bool {
        self.is_match(&self.exclude, resource)
    }

    /// A name in quotes is one name, or as many as there are without the quotes: globs are written either way.
    fn is_match(&self, globs: &GlobSet, resource: &str) -> bool {
        let as_written = path(resource, self.separator);
        globs.is_match(&*as_written)
            || self.separator != '/'
                && resource.contains('"')
                && globs.is_match(as_written.replace(self.separator, "/"))
    }

    /// What is left out; of files it is a path as it is.
    pub fn exclude(&self) -> &GlobSet {
        &self.exclude
    }

    /// Whether anything may be left out.
    pub fn has_globs(&self) -> bool {
        !self.include.is_empty() || !self.exclude.is_empty()
    }
}

/// A resource or glob as a path.
fn path(text: &str, separator: char) -> Cow<'_, str> {
    if separator == '/' {
        text.into()
    } else if text.contains('"') {
        locard_model::names(text).join("/").into()
    } else {
        text.replace(separator, "/").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The resources, written with `/`, that are wanted as files and as tables.
    fn admitted(include: &[&str], exclude: &[&str]) -> [Vec<&'static str>; 2] {
        const RESOURCES: [&str; 5] = [
            "crm/customers",
            "crm/orders",
            "hr/customers",
            "hr/staff",
            "audit",
        ];
        let as_tables = |texts: &[&str]| texts.iter().map(|text| text.replace('/', ".")).collect();
        let as_files = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let scope = |spell: &dyn Fn(&[&str]) -> Vec<String>| Scope {
            include: spell(include),
            exclude: spell(exclude),
        };
        let files = Globs::of_files(&scope(&as_files)).unwrap();
        let tables = Globs::of_tables(&scope(&as_tables)).unwrap();
        let wanted = |admit: &dyn Fn(&str) -> bool| {
            let all = RESOURCES.into_iter();
            all.filter(|resource| admit(resource)).collect()
        };
        [
            wanted(&|resource| files.admit(resource)),
            wanted(&|resource| tables.admit(&resource.replace('/', "."))),
        ]
    }

    #[track_caller]
    fn check(include: &[&str], exclude: &[&str], expected: &[&str]) {
        assert_eq!(admitted(include, exclude), [expected, expected]);
    }

    #[test]
    fn a_folder_is_walked_only_where_a_target_s_glob_leads_through_it() {
        for (glob, through, past) in [
            ("nomatch*", "nomatch-7", "other"),
            ("*/a.csv", "any", ""),
            ("crm/[ab]*/*.csv", "crm/b2", "crm/b2/deep"),
            ("crm/**/x.csv", "crm/any/depth", "hr"),
            ("{a/b,c}/x", "z", ""),
            ("**/x", "any/where", ""),
        ] {
            let way = Way::of(glob).unwrap();
            assert!(way.leads_through(through), "{glob} through {through}");
            assert!(past.is_empty() || !way.leads_through(past), "{glob} {past}");
        }
        assert!(Way::default().leads_through("anywhere/at/all"));
    }

    #[test]
    fn a_refused_glob_is_named_as_it_was_written() {
        let scope = Scope {
            include: vec!["crm.[".to_owned()],
            ..Scope::default()
        };
        let error = Globs::of_tables(&scope).unwrap_err();
        assert!(error.sentence().contains("`crm.[`"), "{error}");
    }

    #[test]
    fn a_glob_means_the_same_for_files_and_tables() {
        let crm = ["crm/customers", "crm/orders"];
        let customers = ["crm/customers", "hr/customers"];
        check(&["crm"], &[], &crm);
        check(&["crm/*"], &[], &crm);
        check(&["cr*"], &[], &crm);
        check(&["customers"], &[], &customers);
        check(&["cust*s"], &[], &customers);
        check(&["*/customers"], &[], &customers);
        check(&["c*s"], &[], &customers);
        check(&["crm/c*", "hr/[ps]*"], &[], &["crm/customers", "hr/staff"]);
        check(&["c*/o*"], &["orders"], &[]);
        check(&[], &["audit", "crm/**"], &["hr/customers", "hr/staff"]);
    }

    #[test]
    fn a_dot_in_a_table_s_name_parts_it_as_the_glob_does() {
        let globs = |glob: &str| {
            Globs::of_tables(&Scope {
                include: vec![glob.to_owned()],
                exclude: Vec::new(),
            })
        };
        for glob in ["crm.a.b", "crm.*", "a.b", "*.b"] {
            let admits = globs(glob).unwrap().admit("crm.a.b");
            assert_eq!(admits, glob.starts_with("crm"), "{glob}");
        }
    }

    #[test]
    fn a_broken_glob_is_a_settings_error_that_names_it() {
        let error = globs(&["[".to_owned()], false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Settings);
        assert!(error.to_string().contains("`[`"), "{error}");
    }

    #[test]
    fn names_in_quotes_are_one_name_or_several() {
        let admits = |include: &str, resource: &str| {
            let scope = Scope {
                include: vec![include.to_owned()],
                ..Scope::default()
            };
            Globs::of_tables(&scope).unwrap().admit(resource)
        };
        let (first, second) = (r#""a.b"."c.d""#, r#"a."b.c.d""#);
        for (include, of_first, of_second) in [
            (r#""a.b".*"#, true, false),
            (r#""a.b"."c.d""#, true, false),
            (r#"a."b.c.d""#, false, true),
            ("a", true, true),
            ("a.b.c.d", true, true),
            ("a.b.**", true, true),
        ] {
            let found = (admits(include, first), admits(include, second));
            assert_eq!(found, (of_first, of_second), "{include}");
        }
    }
}
