//! Languages in which names of columns are known.

use crate::Rule;
use crate::words::LANGUAGES;

/// A language that names of columns may be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// ISO 639-1: `ja`.
    pub code: &'static str,
    /// Its English name, in lower case: `japanese`.
    pub name: &'static str,
    /// A name of a column in it that says what the column holds.
    pub specimen: &'static str,
    /// ISO 3166 codes of the countries whose rules are looked for in it.
    countries: Vec<&'static str>,
}

impl Language {
    /// All that are known, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        LANGUAGES.iter().filter_map(|line| {
            let mut parts = line.split(" | ");
            Some(Self {
                code: parts.next()?,
                name: parts.next()?,
                countries: parts.next()?.split(' ').collect(),
                specimen: parts.next()?,
            })
        })
    }

    /// The language of that English name or code, in capitals or not, with or without a country behind: `JAPANESE`, `ja-JP`.
    pub fn named(text: &str) -> Option<Self> {
        let wanted = text.trim().to_lowercase();
        let code = wanted.split(['-', '_']).next().unwrap_or_default();
        Self::all().find(|language| language.name == wanted || language.code == code)
    }

    /// Whether somebody who writes it means such a rule: what is of no country, or of one where it is written.
    pub fn means(&self, rule: &Rule) -> bool {
        rule.regions.is_empty()
            || rule
                .regions
                .iter()
                .any(|region| self.countries.contains(&region.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Library;

    #[test]
    fn each_language_is_known_and_its_specimen_tells() {
        let library = Library::builtin().unwrap();
        let all: Vec<Language> = Language::all().collect();
        assert_eq!(all.len(), LANGUAGES.len(), "every line is understood");
        let countries: std::collections::BTreeSet<&str> = library
            .rules()
            .iter()
            .flat_map(|rule| rule.regions.iter().map(String::as_str))
            .collect();
        for language in all {
            assert_eq!(Language::named(language.code).as_ref(), Some(&language));
            let shouted = language.name.to_uppercase();
            assert_eq!(Language::named(&shouted).as_ref(), Some(&language));
            let told = library.told_by_name(language.specimen, Some(&language));
            assert!(!told.is_empty(), "{} says nothing", language.specimen);
            for country in &language.countries {
                assert!(countries.contains(country), "{}: {country}", language.name);
            }
        }
        assert_eq!(Language::named("ja-JP").unwrap().name, "japanese");
        assert_eq!(Language::named("klingon"), None);
        assert_eq!(Language::named(""), None);
    }

    #[test]
    fn rules_of_other_countries_are_not_meant() {
        let library = Library::builtin().unwrap();
        let told = |language: Option<&str>| {
            let language = language.and_then(Language::named);
            let told = library.told_by_name("codice fiscale", language.as_ref());
            told.iter()
                .map(|told| told.rule.id.clone())
                .collect::<Vec<_>>()
        };
        assert!(!told(None).is_empty());
        assert_eq!(told(Some("italian")), told(None));
        assert_eq!(told(Some("japanese")), Vec::<String>::new());
    }
}
